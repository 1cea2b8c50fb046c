"""
Whatever an event says that is of its form, it is admitted and folded, or refused with a code.

A story in which every topic occurs is taken up somewhere, and goes on with bodies of the story that
were changed at random: other ids, other days, sums at their limits, lists cut short. No other
exception than a `Refusal` may leave admission, none at all a fold, and admission may read only what
`reads()` names. `ROBUST_RUNS` sets how many histories are tried, each with its number as its seed.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from pydantic import ValidationError

from tests.support import builders as b
from tests.support.contracts import LATE
from tests.support.golden_events import STORY
from tests.support.specification import EMPTY, START, Past, said

RUNS = int(os.environ.get("ROBUST_RUNS", "100"))
STEPS = 25

Place = tuple[str | int, ...]

BODIES = [
    (type(body), told | {name: LATE[name] for name in LATE.keys() & told})
    for body, told in ((body, body.model_dump(mode="json")) for body in STORY)
]
"""What is told, where it can be with a reason for being told late: the clock runs on meanwhile."""
HASHES = [b.hash_of(body) for body in STORY]
SHIFTS = (-4000, -400, -30, -1, 1, 2, 30, 400, 4000)
ENDS = ("1000-01-01", "2999-12-31")


def places(value: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield every value within a document, with the way to it."""
    yield at, value
    items: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for name, item in items:
        yield from places(item, (*at, name))


def _pools() -> tuple[Mapping[str, list[str]], Mapping[str | int, list[Any]]]:
    """Return the ids of the story by kind, and its plain values by the name of their member."""
    ids: dict[str, set[str]] = defaultdict(set)
    values: dict[str | int, set[str]] = defaultdict(set)
    for _, told in BODIES:
        for at, value in places(told):
            if isinstance(value, str) and ":" in value and not value.startswith("sha256:"):
                ids[value.partition(":")[0]].add(value)
            if at and not isinstance(value, dict | list):
                values[at[-1]].add(json.dumps(value))
    return (
        {kind: [*sorted(found), f"{kind}:unknown"] for kind, found in ids.items()},
        {name: [json.loads(each) for each in sorted(found)] for name, found in values.items()},
    )


IDS, VALUES = _pools()


def changed(told: dict[str, Any], random: Random) -> dict[str, Any]:
    """Return a body with up to three of its values changed, mostly as a subject of its own."""
    told = json.loads(json.dumps(told))
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        at, value = random.choice([each for each in places(told) if each[0]])
        within: Any = told
        for name in at[:-1]:
            within = within[name]
        within[at[-1]] = _other(value, at[-1], random)
    first = next(iter(told))
    if isinstance(told[first], str) and random.randint(0, 2):
        kind = told[first].partition(":")[0]
        if kind in IDS and kind != "party":
            told[first] = f"{kind}:new{random.randint(0, 40)}"
    return told


def _other(value: Any, name: str | int, random: Random) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return random.choice((0, 1, -1, value + 1, value - 1, value * 2, 10**15))
        case list():
            return random.choice(([], value[:1], value + value[:1], value[::-1]))
        case str():
            return _other_text(value, name, random)
    return random.choice(VALUES.get(name) or [None])


def _other_text(text: str, name: str | int, random: Random) -> Any:
    kind = text.partition(":")[0]
    if kind == "sha256":
        return random.choice(HASHES)
    if kind in IDS:
        return random.choice(IDS[kind])
    if text[4:5] == text[7:8] == "-":
        return _other_day(text, random)
    return random.choice(VALUES[name])


def _other_day(text: str, random: Random) -> str:
    """Return a day, or an instant, that is earlier or later, up to the ends of the calendar."""
    day = date.fromisoformat(text[:10]) + timedelta(days=random.choice(SHIFTS))
    return random.choice((day.isoformat(), day.isoformat(), *ENDS)) + text[10:]


def _pasts() -> list[Past]:
    past, pasts = EMPTY, []
    for body in STORY:
        past = past.and_then(body)
        pasts.append(past)
    return pasts


def test_nothing_that_is_of_its_form_breaks_a_rule_or_a_fold() -> None:
    pasts, admitted, refused = _pasts()[8:], 0, set[str]()
    for seed in range(RUNS):
        random = Random(seed)
        past = random.choice(pasts)
        now = START + timedelta(seconds=len(STORY) + 1)
        for _ in range(STEPS):
            kind, told = random.choice(BODIES)
            try:
                body = kind.model_validate(changed(told, random))
            except ValidationError:
                continue
            now += timedelta(seconds=random.choice((1, 1, 60, 5 * 86_400)))
            try:
                attempt = past.when(said(body, accepted=now))
                if attempt.refusal is None:
                    past, admitted = attempt.then_admitted(), admitted + 1
                else:
                    refused.add(attempt.refusal.code)
            except Exception as error:
                error.add_note(f"history {seed}: {body.TOPIC} {body.model_dump_json()}")
                raise
    assert admitted > RUNS
    assert len(refused) >= 50
