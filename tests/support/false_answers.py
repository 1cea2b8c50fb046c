"""False answers to a question, leaf by leaf, and entries, tiles and checkpoints of no log."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from datetime import date, datetime
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import httpx2

from api.describe.answer_json import kinds_of
from ledger.log.tiles import tile_path
from tests.support.log import flip
from tests.support.questioned import SIZE, derives, entry_json
from tests.support.sample_log import SampleLog


def false(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Yield a JSON value once for each of its leaves, that being another of its type."""
    if isinstance(value, dict):
        for name, inner in value.items():
            for place, changed in false(inner, f"{at}.{name}"):
                yield place, {**value, name: changed}
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            for place, changed in false(inner, f"{at}[{number}]"):
                yield place, [*value[:number], changed, *value[number + 1 :]]
    elif value is not None:
        yield at, other(value)


def other(value: Any) -> Any:
    """Return another value of a type; of an instant or a day, one of another year."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    verdicts = {"answered": "yes", "yes": "no", "no": "yes"}
    year = re.match("20[0-9]{2}(?=-)", value)
    later = year and value.replace(year[0], str(int(year[0]) + 5))
    return later or verdicts.get(value, f"{value}y")


def derived(kind: Any, place: str) -> bool:
    """Say whether a place in an answer of a kind is within what follows from the rest of it."""
    for name in filter(None, re.sub(r"\[\d+\]", "", place).split(".")):
        if not is_dataclass(kind):
            return False
        if derives(kind, name):
            return True
        kind = kinds_of(kind)[name]
        while get_args(kind):
            kind = next(each for each in get_args(kind) if each is not NoneType)
    return False


def another(kind: Any, place: str, value: Any) -> Any:
    """Return another value than was asked that may stand at a place of an answer of a kind."""
    if place.endswith("codes"):
        return "iso:US" if "territory" in place else "A61K"
    for name in place.split("."):
        of = next((each for each in get_args(kind) if each is not NoneType), kind)
        kind = kinds_of(of)[name] if is_dataclass(of) else get_type_hints(of)[name]
    inner = [each for each in get_args(kind) or (kind,) if each not in (NoneType, value)]
    if get_origin(kind) is Literal:
        return inner[0]
    instant = "2031-01-01T00:00:00.000Z"
    others = {int: 5, date: "2031-01-01", datetime: instant, bool: not value}
    return others.get(inner[0], "party:y")


def content(raw: bytes) -> Callable[[], httpx2.Response]:
    return lambda: httpx2.Response(200, content=raw)


def as_json(value: object) -> Callable[[], httpx2.Response]:
    return lambda: httpx2.Response(200, json=value)


TILE = f"/{tile_path(0, 0, SIZE)}"
FORGED: dict[str, Callable[[SampleLog], tuple[str, Callable[[], httpx2.Response]]]] = {
    "another entry": lambda log: ("/v1/entries/4", as_json(entry_json(log, 5))),
    "an entry altered": lambda log: (
        "/v1/entries/4",
        content(flip(json.dumps(entry_json(log, 4)).encode(), 900)),
    ),
    "another payload beside the bytes": lambda log: (
        "/v1/entries/4",
        as_json(entry_json(log, 4, payload={"signers": ["party:vn.other"]})),
    ),
    "no entry": lambda _log: ("/v1/entries/4", lambda: httpx2.Response(404, json={"code": "NO"})),
    "an entry without end": lambda _log: ("/v1/entries/4", content(bytes(1 << 20))),
    "a tile altered": lambda log: (TILE, content(flip(log.files(SIZE)[TILE[1:]], 99))),
    "a tile cut short": lambda log: (TILE, content(log.files(SIZE)[TILE[1:]][:-32])),
    "a checkpoint of nothing": lambda _log: ("/checkpoint", content(b"")),
    "a checkpoint altered": lambda log: ("/checkpoint", content(flip(log.checkpoint(SIZE), 40))),
}
"""By name: an entry, tile or checkpoint that is not the log's, at its path."""
