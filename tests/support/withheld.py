"""
Every refusal again, as an auditor without openings sees it: with all sealed that can be.

A rule that needs what is sealed is left out, by its code; any other refuses as it did. So, of an
event that a rule forbids: seal what may be sealed, in it and in what went before, and replay.
Either the same rule refuses it, or the rule is among those that are said to be left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from ledger.domain.admission import Folds, admit, evolve_subject
from ledger.domain.core.body import Body, Folded
from ledger.domain.core.context import Context, LeftOut
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.types import Sealed

SEAL = {"commitment": f"sha256:{'5e' * 32}"}

Told = tuple[tuple[Event, Context], ...]
"""Events with the contexts in which they were admitted."""


def pointers(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every member of an object that is not null, outermost first."""
    if isinstance(value, dict):
        for name, member in value.items():
            if member is not None:
                yield (*path, name)
                yield from pointers(member, (*path, name))


def sealed_at(body: Body, path: tuple[str, ...]) -> Body | None:
    """Return the body with a section sealed, or None where the format has no seal."""
    said = body.model_dump(mode="json")
    place = said
    for name in path[:-1]:
        place = place.get(name, {})
    if path[-1] not in place:
        return None
    place[path[-1]] = SEAL
    try:
        found = type(body).model_validate(said)
    except ValidationError:
        return None
    at: Any = found
    for name in path:
        at = getattr(at, name, None)
    return found if isinstance(at, Sealed) else None


def all_sealed(body: Body) -> Body:
    """Return the body with all sections sealed that the format lets be sealed."""
    for path in list(pointers(body.model_dump(mode="json"))):
        body = sealed_at(body, path) or body
    return body


def replayed(
    subjects: Mapping[str, Folded], event: Event, context: Context
) -> tuple[Refusal | None, list[LeftOut]]:
    """Admit an event as an auditor does, without openings; return the refusal, and what is open."""
    left_out: list[LeftOut] = []
    bare = replace(context, openings={}, recall=_gone, left_out=left_out)
    try:
        admit(Folds(subjects), event, bare)
    except Refusal as refusal:
        return refusal, left_out
    return None, left_out


def _gone(_subject: str, commitment: str) -> Any:
    raise LookupError(commitment)


def folded(told: Told) -> dict[str, Folded]:
    """Fold events, each with all sealed; their payload hashes stay, so that names still fit."""
    subjects: dict[str, Folded] = {}
    for event, context in told:
        shut = replace(event, body=all_sealed(event.body))
        logged = Logged(shut, context.position, context.accepted)
        for subject in event.subjects:
            subjects[subject] = evolve_subject(subject, subjects.get(subject), logged)
    return subjects


def must_still_admit(told: Told, event: Event, context: Context) -> None:
    """Fail if a replay refuses, with all sealed, what was admitted by its openings."""
    shut = replace(event, body=all_sealed(event.body))
    refusal, _ = replayed(folded(told), shut, context)
    assert refusal is None, f"{event.type} is refused in a replay: {refusal!r}"


def must_still_refuse(
    subjects: Mapping[str, Folded], told: Told, event: Event, context: Context, code: str
) -> None:
    """Fail unless each way of sealing leaves the refusal as it was, or names it as left out."""
    paths = pointers(event.body.model_dump(mode="json"))
    bodies = [body for body in (sealed_at(event.body, path) for path in paths) if body]
    bodies.append(all_sealed(event.body))
    for past in (subjects, folded(told)):
        for body in bodies:
            refusal, left_out = replayed(past, replace(event, body=body), context)
            named = {each for one in left_out for each in one.codes}
            found = None if refusal is None else refusal.code
            assert code == found or code in named, (
                f"{event.type}: {code} became {found or 'an admission'}, left out: {named or '-'}"
            )
