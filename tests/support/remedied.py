"""
What a refusal says would help is done, and must help.

A step is taken as a client would take it: members of the payload are changed, those that are asked
for come from the test, other events are recorded before, or instead, with the test's word for what
the step leaves open; who is to sign, signs. Then the event is admitted, or refused for another
reason that says what helps.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from ledger.domain.core.body import Body
from ledger.domain.core.context import OpeningMalformed, OpeningRequired
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, Step, Way
from ledger.domain.core.types import HANOI, parse_instant
from ledger.domain.registry import TOPICS

STEPS = 4
"""How many refusals an event may meet on its way, each with its remedy."""


class Unhelpful(AssertionError):
    """What a refusal says would help does not."""


def changed(body: Body, changes: Mapping[str, Any]) -> Body:
    """Return a body with these members, by their pointers into the payload; a list may grow."""
    whole: dict[str, Any] = {"body": body.model_dump(mode="json")}
    for pointer, value in changes.items():
        if not pointer.startswith("/body/"):
            continue
        *path, last = pointer.split("/")[1:]
        holder: Any = whole
        for part in path:
            holder = holder[int(part) if isinstance(holder, list) else part]
        if isinstance(holder, list):
            holder[int(last) :] = [deepcopy(value), *holder[int(last) + 1 :]]
        else:
            holder[last] = deepcopy(value)
    return type(body).model_validate(whole["body"])


def told(other: Other, word: Mapping[str, Any]) -> Body:
    """Return another event's body, with the test's word for what is not known of it."""
    return TOPICS[other.topic].model_validate({**word, **other.body})


def header(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes to members of the payload beside its body."""
    read = {"signers": tuple, "seen": int, "issued_at": parse_instant, "not_after": parse_instant}
    read |= {"signatures": tuple, "event_id": str}
    given = {pointer.removeprefix("/"): value for pointer, value in changes.items()}
    return {name: of(given[name]) for name, of in read.items() if name in given}


ENGLISH = re.compile(r"(?:^|\s)(?:and|by|not|of|only|or|the|this|who|with)(?=\s|$)")
"""Words by which English is told from names, codes and numbers that stand in both languages."""


def helping_words(way: Way | None, step: Step | None) -> tuple[str, str]:
    """Return what helps in words: in English and in Vietnamese."""
    assert way is not None
    assert step is not None
    return way.say(step.told, vietnamese=False), way.say(step.told, vietnamese=True)


def must_be_words(way: Way, step: Step) -> None:
    """Fail unless each language says all, and in its own words."""
    english, vietnamese = helping_words(way, step)
    if "…" in english + vietnamese:
        raise Unhelpful(f"words are left untold: {english}")
    if ENGLISH.search(vietnamese):
        raise Unhelpful(f"English words in Vietnamese: {vietnamese}")


def must_tell(refusal: Refusal) -> Step | None:
    """Return what to do, None where nothing helps, or an opening. Fail where neither is said."""
    step, way = refusal.step, refusal.way
    if way is None:
        name = f"{refusal.code}/{step.case}" if step.case else refusal.code
        raise Unhelpful(
            f"{name} says nothing of what helps: say it in ledger/domain/core/ways.json"
        )
    must_be_words(way, step)
    if not way.helps:
        if step.does:
            raise Unhelpful(f"{refusal.code} says that nothing helps, and what does")
        return None
    if isinstance(refusal, OpeningRequired | OpeningMalformed):
        return None  # No event, and no member of one, but what stands beside it.
    if not step.does:
        raise Unhelpful(f"{refusal.code} says what helps, and not what to do: {refusal}")
    return step


def lacks(refusal: Refusal, word: Mapping[str, Any]) -> bool:
    """Say whether a step waits for what only the sender knows, and the test does not say."""
    step = refusal.step
    others = (*step.first, *((step.instead,) if step.instead else ()))
    try:
        for other in others:
            told(other, word.get(other.topic, {}))
    except ValidationError:
        if any(other.topic in word for other in others):
            raise
        return True
    return not word.keys() >= set(refusal.asked)


def instant(after: date) -> datetime:
    """Return when a step may be taken that says from when on."""
    if isinstance(after, datetime):
        return after
    return datetime(after.year, after.month, after.day, 9, tzinfo=HANOI)
