"""
Canonical JSON: a payload is its own one spelling.

A payload is a JSON object whose bytes equal what `dump` writes for it: a profile of RFC 8785 in
which every value has exactly one form and every parser reads the same value. Member names are
`[a-z][a-z0-9_]*`, sorted; no spaces; integers within ±(2^53-1) and no other numbers; strings as
`ledger.wire.text` allows; no name twice. So two parties cannot sign one text and mean two things.

    {"amount":1500000,"currency":"VND","note":"Hợp đồng","seen":null}

`load` never repairs. It reads, writes again, and refuses unless the bytes are the same.
"""

import json
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ledger.wire.text import fault_in

MAX_DEPTH = 16
"""Objects and arrays within each other, the payload itself included."""
MAX_ITEMS = 4096
"""Items of one array."""
MAX_KEYS = 512
"""Members of one object."""
MAX_STRING = 16384
"""Bytes of one string in UTF-8, before JSON escapes it."""
MAX_INT = 2**53 - 1
"""Largest integer, by absolute value, that every JSON reader takes exactly (RFC 7493 §2.2)."""

_MAX_DIGITS = len(str(-MAX_INT))

_MEANING = {
    "encoding": "is not UTF-8",
    "syntax": "is not JSON (RFC 8259)",
    "object": "is not an object",
    "depth": f"is nested more than {MAX_DEPTH} deep",
    "items": f"has more than {MAX_ITEMS} items",
    "keys": f"has more than {MAX_KEYS} members",
    "name": "has a member whose name is not [a-z][a-z0-9_]{0,63}",
    "duplicate": "has a member name twice",
    "order": "has member names out of order",
    "integer": "is an integer beyond 2^53-1",
    "fraction": "is an amount of money that is not a whole number of minor units",
    "float": "is a number with a fraction or an exponent",
    "string": f"is longer than {MAX_STRING} bytes",
    "text": "holds a control, invisible, surrogate or private code point",
    "unassigned": "holds a code point that this version of Unicode does not know",
    "nfc": "is not in Unicode Normalization Form C",
    "type": "is not a JSON value",
    "spelling": "is not spelled in the one canonical way",
}


class WireError(Exception):
    """Superclass of the errors of this package. Never raised itself."""


class NotCanonical(WireError):
    """A document that is not its own canonical form.

    `reason` is a stable word, one of those that docs/spec/event.md lists; `pointer` is the JSON
    pointer (RFC 6901) of the value at fault, empty for the document. Neither echoes the input:
    a pointer holds only member names that are themselves allowed.
    """

    def __init__(self, reason: str, pointer: str = "") -> None:
        super().__init__(reason, pointer)
        self.reason = reason
        self.pointer = pointer

    def __str__(self) -> str:
        return f"{self.pointer or 'the document'} {_MEANING[self.reason]}"


def load(raw: bytes, *, admission: bool = True) -> dict[str, Any]:
    """Read a payload. Raises `NotCanonical` unless `dump` would write the very same bytes.

    With `admission` false, as in replay, code points that this Python's Unicode does not know yet
    are let through; everything else is judged alike.
    """
    value = _read(raw)
    if type(value) is not dict:
        # How deep a text is read at all differs between versions of Python; the answer does not.
        raise NotCanonical("depth" if _is_deep(value, 0) else "object")
    check_parsed(value, raw, admission=admission)
    return value


def dump(value: Any) -> bytes:
    """Write a value of the profile in its canonical form. Raises `NotCanonical` for any other."""
    check(value, admission=False)
    return _WRITER.encode(value).encode()


def check(value: Any, *, admission: bool = True) -> None:
    """Refuse, as `NotCanonical`, a value that breaks a rule of the profile.

    Only dict, list, str, int, bool and None are JSON here, never their subclasses. A float under
    the name `amount` has the reason `fraction`, because it is a mistake of its own kind.
    """
    _walk(value, 0, _STRING_CHECKS[admission])


def check_parsed(value: dict[str, Any], raw: bytes, *, admission: bool = True) -> None:
    """Refuse what `check` refuses, in less time, where `raw` is what a JSON writer wrote for it.

    Nearly always one look at the whole text clears every string in it. The quotes around a string
    join with nothing, so the text is in NFC exactly if each string is; only behind a backslash
    can a control character hide; and a document this short holds no string that is too long.
    """
    sound = (
        len(raw) <= MAX_STRING
        and b"\\" not in raw
        and fault_in(raw.decode(), admission=admission) is None
        and _is_within_limits(value, 1)
    )
    if not sound:
        check(value, admission=admission)


def _read(raw: bytes) -> Any:
    """Parse, and refuse unless written again it is the same: so no name stands twice, either."""
    try:
        text = raw.decode()
        value = _READER.decode(text)
        same = _WRITER.encode(value) == text
    except (ValueError, RecursionError):
        raise _fault(raw) from None
    if not same:
        raise _fault(raw)
    return value


def _is_within_limits(value: dict[str, Any] | list[Any], depth: int) -> bool:
    """Tell, strings aside, whether `_walk` would find no fault, in a third of its time."""
    if depth > MAX_DEPTH or _fault_in_members(value):
        return False
    members: Iterable[Any] = value.values() if isinstance(value, dict) else value
    for member in members:
        kind = type(member)
        if kind is str:
            continue
        if kind is dict or kind is list:
            sound = _is_within_limits(member, depth + 1)
        elif kind is int:
            sound = -MAX_INT <= member <= MAX_INT
        else:
            sound = member is None or kind is bool
        if not sound:
            return False
    return True


def _is_deep(value: Any, depth: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    members = value.values() if isinstance(value, dict) else value
    return depth == MAX_DEPTH or any(_is_deep(member, depth + 1) for member in members)


def _walk(value: Any, depth: int, judge: Callable[[str], None]) -> None:
    """Refuse the first value at fault, and say where. `judge` refuses strings.

    A depth is refused before it is entered, so no input can exhaust the stack.
    """
    kind = type(value)
    if kind is str:
        judge(value)
    elif kind is dict or kind is list:
        if depth == MAX_DEPTH:
            raise NotCanonical("depth")
        _walk_members(value, depth + 1, judge)
    elif kind is int:
        if not -MAX_INT <= value <= MAX_INT:
            raise NotCanonical("integer")
    elif value is not None and kind is not bool:
        raise NotCanonical(_strangeness(value))


def _walk_members(
    value: dict[str, Any] | list[Any], depth: int, judge: Callable[[str], None]
) -> None:
    reason = _fault_in_members(value)
    if reason:
        raise NotCanonical(reason)
    if isinstance(value, dict) and not {str}.issuperset(map(type, value)):
        raise NotCanonical("name")
    for step, member in value.items() if isinstance(value, dict) else enumerate(value):
        try:
            _walk(member, depth, judge)
        except NotCanonical as error:
            if error.reason == "float" and not error.pointer and step == "amount":
                error.reason = "fraction"
            error.pointer = f"/{step}{error.pointer}"
            raise


def _fault_in_members(value: dict[str, Any] | list[Any]) -> str | None:
    """Return why an array or object has too many members, or names that are not allowed."""
    if type(value) is list:
        return "items" if len(value) > MAX_ITEMS else None
    if len(value) > MAX_KEYS:
        return "keys"
    return None if _known_names.issuperset(value) or _are_names(value) else "name"


def _are_names(names: Iterable[Any]) -> bool:
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        return False
    if len(_known_names) > _KNOWN_NAMES_MAX:
        _known_names.clear()
    _known_names.update(names)
    return True


_NAME = re.compile("[a-z][a-z0-9_]{0,63}")

_known_names: set[str] = set()
"""Names found to be allowed: events share few names, so nearly each one was seen before."""

_KNOWN_NAMES_MAX = 4096


def _check_string(text: str, *, admission: bool) -> None:
    reason = fault_in(text, admission=admission)
    if reason:
        raise NotCanonical(reason)
    if len(text) > MAX_STRING // 4 and len(text.encode()) > MAX_STRING:
        raise NotCanonical("string")


_STRING_CHECKS = {when: partial(_check_string, admission=when) for when in (False, True)}


def _refuse(text: str) -> None:
    raise ValueError(text)


def _short_integer(text: str) -> int:
    """Read an integer, never a long one: reading n digits costs n² steps."""
    if len(text) > _MAX_DIGITS:
        raise ValueError(text)
    return int(text)


_READER = json.JSONDecoder(parse_int=_short_integer, parse_float=_refuse, parse_constant=_refuse)
_WRITER = json.JSONEncoder(
    ensure_ascii=False,
    allow_nan=False,
    sort_keys=True,
    separators=(",", ":"),
    check_circular=False,
)


# What follows runs for refused documents only. It reads them once more, leniently, to say why.


class _Fault:
    """Stands in a parsed document where the text broke a rule that its value cannot show."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def _fault(raw: bytes) -> NotCanonical:
    """Say what is wrong with a document that `_read` refused, and where."""
    try:
        _walk(_LENIENT.decode(raw.decode()), 0, _STRING_CHECKS[False])
    except NotCanonical as error:
        return error
    except UnicodeDecodeError:
        return NotCanonical("encoding")
    except ValueError:
        return NotCanonical("syntax")
    except RecursionError:
        return NotCanonical("depth")
    return NotCanonical("spelling")


def _strangeness(value: object) -> str:
    if isinstance(value, _Fault):
        return value.reason
    return "float" if isinstance(value, float) else "type"


def _integer_or_fault(text: str) -> int | _Fault:
    if len(text) > _MAX_DIGITS:
        return _Fault("integer")
    return _Fault("spelling") if text == "-0" else int(text)


def _object_or_fault(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Fault:
    value = dict(pairs)
    if len(value) < len(pairs):
        return _Fault("duplicate")
    in_order = list(value) == sorted(value)
    return value if in_order or not _are_names(value) else _Fault("order")


_LENIENT = json.JSONDecoder(parse_int=_integer_or_fault, object_pairs_hook=_object_or_fault)
