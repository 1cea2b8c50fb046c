"""Whether the read models fold all that changes what they show (decision 46)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ledger.domain import registry
from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from projections.engine.projection import EVERY_EVENT, Projection, ReadModel, Reasons, Tells
from projections.run.catalogue import READ_MODELS
from tests.support.state_changes import Seen, Topic, could_change, names_of

Bodies = frozenset[type[Body]]


@dataclass(frozen=True)
class Domain:
    """The fields of each kind's state; by topic those that could change, and were seen to."""

    fields: Mapping[str, frozenset[str]]
    could: Mapping[Topic, frozenset[str]]
    seen: Mapping[Topic, frozenset[str]]

    def changes(self, kind: str, body: type[Body]) -> frozenset[str]:
        """Return the fields of a kind's state that a body changes, or could change."""
        none = frozenset[str]()
        return self.could.get((kind, body), none) | self.seen.get((kind, body), none)

    def bodies(self, kind: str) -> Bodies:
        """Return the bodies that fold into a kind of subject."""
        return frozenset(body for of, body in self.could if of == kind)


def domain_of(histories: Iterable[Iterable[Logged]]) -> Domain:
    """Return what is known of the domain from its folds and from these histories."""
    seen = Seen(histories)
    return Domain(
        {kind: names_of(states) for kind, states in seen.states.items()},
        {
            (kind, body): could_change(fold, seen.states[kind])
            for (kind, body), fold in registry.EVOLVES.items()
        },
        {topic: frozenset(changed) for topic, changed in seen.changed.items()},
    )


def without(model: ReadModel, *gone: type[Body]) -> ReadModel:
    """Return a read model that misses some bodies."""
    if isinstance(model, Projection):
        return replace(model, on={body: on for body, on in model.on.items() if body not in gone})
    return replace(model, bodies=model.folds - {*gone})


def faults(model: ReadModel, domain: Domain) -> list[str]:
    """Return what is wrong with what a read model says that it tells, in sentences."""
    if not isinstance(model, Projection) and model.bodies is None:
        return []  # Every event is asked.
    found = [f"{model.name} {fault}" for fault in _faults(model, domain)]
    return found if model.tells or model.besides else [f"{model.name} tells of no kind of subject"]


def _faults(model: ReadModel, domain: Domain) -> Iterator[str]:
    needed: set[type[Body]] = set()
    for kind, tells in model.tells.items():
        shown = _shown(domain, kind, tells)
        changing = {b: now for b in domain.bodies(kind) if (now := domain.changes(kind, b) & shown)}
        if tells is EVERY_EVENT:
            changing = dict.fromkeys(domain.bodies(kind), frozenset({"events"}))
        else:
            yield from _unsaid(kind, tells, domain.fields[kind])
        yield from _missed(model, kind, changing, domain)
        needed |= changing.keys()
    besides = _all(model.besides)
    for body in model.folds - needed - besides:
        yield f"folds {body.TOPIC}, which changes nothing that it shows"
    for body in (besides - model.folds) | (besides & needed):
        yield f"has no reason to fold {body.TOPIC} besides"


def _shown(domain: Domain, kind: str, tells: Tells) -> frozenset[str]:
    return domain.fields[kind] if tells is EVERY_EVENT else frozenset(tells.shows)


def _all(reasons: Reasons[Any]) -> frozenset[Any]:
    return frozenset(each for some in reasons.values() for each in some)


def _unsaid(kind: str, tells: Tells, fields: frozenset[str]) -> Iterator[str]:
    """Say which fields are named twice, are none, or are left to nobody."""
    said = [*tells.shows, *(name for names in tells.omits.values() for name in names)]
    for name in {name for name in said if said.count(name) > 1}:
        yield f"says of {_a(kind)} twice what becomes of {name}"
    for name in set(said) - fields:
        yield f"names {name}, which is no field of {_a(kind)}"
    if tells.rest is None:
        for name in fields - set(said):
            yield f"does not say of {_a(kind)} whether it shows {name}"
    elif _rests_on(tells.rest, kind) is None:
        yield f"leaves the rest of {_a(kind)} to {tells.rest}, which does not say it"
    for reason, names in tells.omits.items():
        if not _is_reason(reason, kind, names):
            yield f"has no reason to omit {', '.join(names)} of {_a(kind)}: {reason}"


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _tells(name: str, kind: str) -> Tells | None:
    return {each.name: each for each in READ_MODELS}[name].tells.get(kind)


def _rests_on(name: str, kind: str) -> Tells | None:
    told = _tells(name, kind)
    return told if told is not None and told.rest is None else None


def _is_reason(reason: str, kind: str, names: Iterable[str]) -> bool:
    """Accept a sentence, or the name of a read model that shows all of this."""
    if " " in reason:
        return True
    told = _tells(reason, kind)
    return told is EVERY_EVENT or (told is not None and set(names) <= set(told.shows))


def _missed(
    model: ReadModel, kind: str, changing: Mapping[type[Body], frozenset[str]], domain: Domain
) -> Iterator[str]:
    """Say which bodies change what is shown and are not folded, and which excuses are none."""
    shown = frozenset[str]().union(*changing.values())
    excused = _all(model.tells[kind].unaffected_by)
    for body, changed in changing.items():
        names = ", ".join(sorted(changed))
        if body in excused:
            if seen := domain.seen.get((kind, body), frozenset()) & shown:
                yield f"is affected by {body.TOPIC}: it changed {', '.join(sorted(seen))}"
        elif body not in model.folds:
            yield f"does not fold {body.TOPIC}, which changes {names} of {_a(kind)}"
    for body in excused - changing.keys():
        yield f"need not say that {body.TOPIC} changes nothing that it shows of {_a(kind)}"
