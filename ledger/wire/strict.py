"""
JSON around a payload: an envelope, its openings, whatever file somebody hands over.

It is not signed itself, so it may be spaced and ordered as its writer likes. Else it is read as
strictly as a payload, for what one parser drops or rounds another shows to a person: UTF-8 without
a byte order mark, no name twice in an object, no numbers but integers within ±(2^53-1), no half of
a surrogate pair, nothing behind the value. Which members there are is for its readers to say.
"""

import json
from pathlib import Path
from typing import Any

from ledger.wire.canonical import MAX_INT, WireError
from ledger.wire.regular import OddFile, read_regular

MAX_DEPTH = 32
"""Objects and arrays within each other: twice what a payload may have."""

_MAX_DIGITS = len(str(-MAX_INT))


class MalformedJson(WireError):
    """Bytes that are no such JSON. The message says why."""


def load_json(raw: bytes) -> Any:
    """Read a JSON value. Raises `MalformedJson`."""
    try:
        value = _READER.decode(raw.decode())
        # Half a surrogate pair cannot be written in UTF-8.
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError as error:
        place = getattr(error, "start", 0)
        raise MalformedJson(
            f"it is not UTF-8, or holds half of a surrogate pair, at {place}"
        ) from None
    except RecursionError:
        raise MalformedJson(f"it is nested more than {MAX_DEPTH} deep") from None
    except json.JSONDecodeError as error:
        told = f"it cannot be read at line {error.lineno}, column {error.colno}"
        raise MalformedJson(told) from None
    except ValueError as error:
        raise MalformedJson(str(error)) from None
    if _is_deeper(value, MAX_DEPTH):
        raise MalformedJson(f"it is nested more than {MAX_DEPTH} deep")
    return value


def _is_deeper(value: Any, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    members = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(_is_deeper(member, depth - 1) for member in members)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has the member {twice!a} twice")
    return found


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS or not -MAX_INT <= int(text) <= MAX_INT or text == "-0":
        raise ValueError(f"it has {text[:20]}, which is no integer within 2^53-1")
    return int(text)


def _no_number(text: str) -> Any:
    raise ValueError(f"it has {text[:20]}, which is no integer")


_READER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_no_number,
    parse_constant=_no_number,
)


def read_json_file(path: Path, most: int, what: str) -> bytes:
    """Return a file of so many bytes at most that is JSON, as it is.

    Raises `OddFile`, of what is no JSON too, which says what was wanted; `OSError`.
    """
    raw = read_regular(path, most)
    try:
        load_json(raw)
    except MalformedJson as error:
        raise OddFile(path, f"no {what}: {error}") from None
    return raw
