"""
Bodies of odd shapes, which no door admits, before those who read JSON as it comes.

A row of the table of authority leads into a body. Sums are put there that come to about a ceiling,
and what stands on the way may be wrapped, sealed, emptied or made another kind; a deputy signs. An
offer of such a shape is recorded first, and accepted by a deputy then. Both verifiers must say the
same.
"""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from ledger.powers import TABLE, subjects_of
from tests.differential.bench import Bench
from tests.differential.story import LARGE, ORIGIN, deputy, entry, lines
from tests.support import builders as b

Shaped = tuple[bytes | None, bytes]
"""An offer that is recorded before, if one is, and the entry to be judged."""

SEALED = {"commitment": f"sha256:{'0' * 64}"}
GRANT = {"licensor": b.INSTITUTE, "exclusivity": "non_exclusive"}
HALF = LARGE["amount"] // 2
AMOUNTS = (0, 5, 5, 5, HALF - 5, HALF)
"""Few of these are within a large ceiling together, and each is alone."""


def plain(kind: str, chance: Random) -> Any:
    """Return what is within a large ceiling, by the kind of word, or a day, or what a word asks."""

    def some() -> int:
        return chance.choice(AMOUNTS)

    royalty = {
        "currency": "VND",
        "tiers": [{"rate_ppm": chance.choice((0, 0, 1))}],
        "cap": {"per": "term", "amount": some()},
        "minimum": {"amount": chance.choice((0, 5, HALF // 2))},
        "milestones": [{"amount": some()}],
    }
    left_out = chance.choice((None, None, "cap", "minimum", "milestones"))
    royalty = {name: said for name, said in royalty.items() if name != left_out}
    return {
        "sum": {"amount": some(), "currency": "VND"},
        "rate": 0,
        "royalty": royalty,
        "grant": dict(GRANT),
        "day": chance.choice(DAYS),
        "condition": chance.choice((None, None, None, {"months": 1})),
    }[kind]


KINDS = ("sum", "rate", "royalty", "grant")
DAYS = ("2026-12-01", "2027-12-01", "2027-12-02", "2031-01-01")

ODD = "offer:odd"


def shaped(bench: Bench) -> Shaped | None:
    """Return an event of this step in an odd shape, signed by a deputy where one may."""
    topic = bench.step.topic
    if not bench.writer.mandated or topic == "mandate.given/1" or not _within(topic):
        return None
    if topic in ("offer.made/1", "offer.countered/1"):
        return _accepted(bench)
    return None, _signed(bench, topic, _reshaped(bench, topic, bench.step.said))


def cases_of(topic: str) -> int:
    """Return how many of the shapes of a topic make up for one of another: as it has words."""
    return sum(kind in KINDS for _, kind in _within(topic)) ** 2


def _within(topic: str) -> list[tuple[str, str]]:
    """Return the paths of a topic that a ceiling is held against, each with its kind."""
    found = dict[str, str]()
    for word in TABLE[topic].commits.split():
        what, _, condition = word.partition("?")
        kind, _, rest = what.partition(":")
        paths, _, term = rest.partition(":")
        found |= {path: kind for path in paths.split("|") if kind in KINDS}
        found |= {path: "day" for path in term.split("~") if path}
        found |= {condition: "condition"} if kind == "royalty" and condition[:1] != "!" else {}
    return sorted((path, kind) for path, kind in found.items() if path)


def _accepted(bench: Bench) -> Shaped:
    offered = {**_reshaped(bench, bench.step.topic, bench.step.said), "offer": ODD}
    by = bench.step.said["offeree"]
    before = _signed(bench, bench.step.topic, offered)
    return before, _signed(bench, "offer.accepted/1", {"offer": ODD, "accepted_by": by})


def _signed(bench: Bench, topic: str, said: dict[str, Any]) -> bytes:
    writer, step = bench.writer, bench.step
    signers = [each for each in writer.bound(topic, said) if each.startswith("party:")]
    signers = signers or step.signers
    subjects = subjects_of(TABLE[topic], said, ORIGIN) | {"offer:shaped"}
    payload = writer.payload(topic, said, signers, step.at, subjects)
    keys = [writer.key(each) for each in signers]
    if bench.chance.random() < 0.8:
        keys[bench.chance.randrange(len(keys))] = writer.key(deputy("large"))
    return entry(payload, lines(payload, [*keys, *step.new]), step.at)


def _reshaped(bench: Bench, topic: str, said: dict[str, Any]) -> dict[str, Any]:
    """Return what is said with sums about a ceiling, half of it with a place of an odd shape."""
    changed: dict[str, Any] = json.loads(json.dumps(said))
    for path, kind in _within(topic):
        _put(changed, path.split("/"), plain(kind, bench.chance))
    if bench.chance.random() < 0.5:
        return changed
    heads = {path.partition("/")[0] for path, _ in _within(topic)}
    places = [place for head in sorted(heads) for place in _places(changed, head)]
    inside, name = bench.chance.choice(places)
    found = inside[name]
    odd = ([found], {"x": found}, [[found]], SEALED, {**SEALED, "x": 1}, None, True, 0, "x", {}, [])
    inside[name] = bench.chance.choice(odd)
    return changed


def _places(inside: Any, name: Any) -> Iterator[tuple[Any, Any]]:
    """Yield where something stands, and where all within it does."""
    yield inside, name
    found = inside[name]
    if isinstance(found, dict | list):
        for each in list(found) if isinstance(found, dict) else range(len(found)):
            yield from _places(found, each)


def _put(said: dict[str, Any], names: list[str], value: Any) -> None:
    """Let a value stand at a path."""
    name, *rest = names
    if not rest:
        said[name] = value
    elif rest == ["*"]:
        said[name] = [value]
    else:
        inside = said.get(name)
        said[name] = inside if isinstance(inside, dict) else {}
        _put(said[name], rest, value)
