"""
The story of `golden_events` with everything in it that a client chooses at its limit.

Texts are as long as their form allows, of random characters of four bytes, which nothing
compresses; integers are the largest that an event can say; lists are repeated. Each value is tried
by itself, and kept where the event is still of its form, fits into an entry and is admitted.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from random import Random
from typing import Any

from pydantic import ValidationError

from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from ledger.wire.canonical import MAX_INT
from tests.support import builders as b
from tests.support.golden_events import STORY
from tests.support.specification import EMPTY, Attempt, Past

ROOM = 50_000
"""Bytes of a body: an entry has room for as many, and for its signatures."""

LENGTHS = (4000, 500, 60)
TIMES = (256, 2)

Place = tuple[str | int, ...]


def told_at_the_limits(topics: Collection[str] | None = None) -> tuple[list[Logged], set[str]]:
    """Return a log with events of these topics (default: all) at their limits, and of which.

    An event of the story that is not admitted after what was changed before it is left out.
    """
    past, told, covered = EMPTY, list[Logged](), set[str]()
    hashes: dict[str, str] = {}
    for number, body in enumerate(STORY):
        plain = _renamed(body, hashes)
        attempt = past.when(plain)
        if attempt.refusal is not None:
            continue
        if topics is None or body.TOPIC in topics:
            attempt = _stretched(past, plain, attempt, Random(number))
            covered.add(body.TOPIC)
        hashes[b.hash_of(body)] = b.hash_of(attempt.event.body)
        told.append(Logged(attempt.event, attempt.context.position, attempt.context.accepted))
        past = attempt.then_admitted()
    return told, covered


def _renamed(body: Body, hashes: dict[str, str]) -> Body:
    """Return a body that refers to events as they were changed."""
    text = body.model_dump_json()
    for old, new in hashes.items():
        text = text.replace(old, new)
    return type(body).model_validate(json.loads(text))


def _stretched(past: Past, body: Body, attempt: Attempt, chance: Random) -> Attempt:
    told = body.model_dump(mode="json")
    for place, value in list(_leaves(told)):
        for other in _limits(value, chance):
            changed = json.loads(json.dumps(told))
            within = changed
            for name in place[:-1]:
                within = within[name]
            within[place[-1]] = other
            tried = _admitted(past, type(body), changed)
            if tried is not None:
                told, attempt = changed, tried
                break
    return attempt


def _admitted(past: Past, kind: type[Body], told: dict[str, Any]) -> Attempt | None:
    if len(json.dumps(told, ensure_ascii=False).encode()) > ROOM:
        return None
    try:
        attempt = past.when(kind.model_validate(told))
    except ValidationError:
        return None
    return attempt if attempt.refusal is None else None


def _leaves(value: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield texts, integers and lists that are not empty, with the way to each, inner ones first.

    Behind a list that was repeated its first items have their place still.
    """
    items: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for name, item in items:
        yield from _leaves(item, (*at, name))
    if at and value and isinstance(value, str | int | list) and not isinstance(value, bool):
        yield at, value


def _limits(value: Any, chance: Random) -> Iterator[Any]:
    match value:
        case str():
            for length in LENGTHS:
                yield "".join(chr(chance.randrange(0x20000, 0x2A6D7)) for _ in range(length))
        case int():
            yield MAX_INT
            yield -MAX_INT
        case list():
            for times in TIMES:
                yield value * times
