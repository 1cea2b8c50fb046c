"""
What helps anyone who was refused: the next step, which the ledger takes, or why there is none.

`ways.json` says in words, English and Vietnamese, what helps of each code, or why nothing does.
Anyone who raises the refusal computes the step: what to change in the event, what to record before
it or instead of it, who signs too, from when on. So a client can do it, and a test does.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any, NamedTuple


class Phrase(NamedTuple):
    """A told value that is no name, day or number, but words: in English and in Vietnamese."""

    en: str
    vi: str


@dataclass(frozen=True, slots=True)
class Way:
    """What helps, in words, or why nothing does. Words in braces are told by each step."""

    en: str
    vi: str
    helps: bool = True

    def say(self, told: Mapping[str, Any], *, vietnamese: bool) -> str:
        """Return the words with those in braces told; what is not told is an ellipsis."""
        read = {
            name: value[vietnamese] if isinstance(value, Phrase) else value
            for name, value in told.items()
        }
        return (self.vi if vietnamese else self.en).format_map(_Told(read))


class _Told(dict[str, Any]):
    def __missing__(self, word: str) -> str:
        return "…"


@cache
def ways() -> Mapping[str, Way]:
    """Return what helps: by the refusal's code or, for one of its cases, `CODE/case`."""
    told = json.loads(files("ledger.domain.core").joinpath("ways.json").read_text("utf-8"))
    return {code: Way(**words) for code, words in told.items()}


REFUSED_BEFORE = "REFUSED_BEFORE"
"""What helps anyone who sends bytes again that are dead, by whichever code they were refused."""


HERE = "here"
"""In `ask`: the member at which the refusal points, or all of those that say what is refused."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another event: its type, and what is known of its body; the rest is for who records it."""

    topic: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do so that the same end is reached. `told` are the values of the words in braces.

    `case` names which of the rule's ways it is, where what helps differs. `replace` are strings,
    such as ids, and what takes their place wherever they stand in the body, in a list of codes
    several; `change` are members of
    the payload by their pointers (RFC 6901), and what they would have to be; `ask` pointers of
    those that only the sender knows (`HERE`; `/signatures` stands for the lines); `values` are
    strings of the body that are refused, such as codes, where no member is. `first` are
    events to record before the same event comes again, `instead` the one that takes its place.
    `sign` are parties that the event binds as it is and whose lines are missing, `unsign` those
    whose lines are taken away: who comes or goes with a change of its body, admission computes.
    `after` is the first day, or instant, at which the same event is admitted.
    """

    told: Mapping[str, Any] = field(default_factory=dict)
    case: str | None = None
    replace: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    change: Mapping[str, Any] = field(default_factory=dict)
    ask: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    first: tuple[Other, ...] = ()
    instead: Other | None = None
    sign: tuple[str, ...] = ()
    unsign: tuple[str, ...] = ()
    after: date | datetime | None = None

    @property
    def does(self) -> bool:
        """Say whether there is anything to do in it."""
        done = (
            self.replace,
            self.change,
            self.ask,
            self.first,
            self.instead,
            self.sign,
            self.after,
        )
        return any(done)

    def into(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return all changes to a body, as JSON has it, by their pointers into the payload."""
        return {**dict(_replaced("/body", body, self.replace)), **self.change}


def changed(body: Mapping[str, Any], changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a body, as JSON has it, after changes by their pointers; a list may grow."""
    told: dict[str, Any] = {**deepcopy(body)}
    for pointer, value in changes.items():
        *path, last = pointer.split("/")[1:]
        if path:  # Else it is a member of the header.
            holder: Any = told
            for part in path[1:]:
                holder = holder[int(part) if isinstance(holder, list) else part]
            if isinstance(holder, list):
                holder[int(last) : int(last) + 1] = [value]
            else:
                holder[last] = value
    return told


def naming(pointer: str, party: str) -> Step:
    """Return the step of naming, at a pointer, the one party that may."""
    return Step({"who": party}, case="named", change={pointer: party})


def naming_one_of(pointer: str, parties: Iterable[str]) -> Step:
    """Return the step of naming, at a pointer, one of the parties that may."""
    may = sorted(parties)
    return naming(pointer, may[0]) if len(may) == 1 else Step({"why": listed(may)}, ask=(pointer,))


def joining(
    pointer: str, named: Iterable[str], too: Iterable[str], case: str | None = None
) -> Step:
    """Return the step in which these parties too are named, in the list at a pointer."""
    joined = sorted(too)
    return Step({"who": listed(joined)}, case=case, change={pointer: sorted({*named, *joined})})


def leaving_out(pointer: str, named: Iterable[str], strangers: Iterable[str]) -> Step:
    """Return the step in which these parties are not named in the list."""
    left = sorted({*named}.difference(strangers))
    return Step({"who": listed(strangers)}, case="stranger", change={pointer: left})


NONE = Phrase("none", "không có")


def anybody_but(party: str) -> Phrase:
    """Return everybody else, in words."""
    return Phrase(f"anybody but {party}", f"bất kỳ bên nào khác {party}")


def listed(names: Iterable[str]) -> str:
    """Return names as a sentence lists them."""
    return ", ".join(sorted(names))


def _replaced(
    pointer: str, value: Any, by: Mapping[str, str | tuple[str, ...]]
) -> Iterator[tuple[str, Any]]:
    """Yield what has to change; a list of such strings as a whole, in order, as ids are listed."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _replaced(f"{pointer}/{name}", part, by)
    elif isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        if not by.keys().isdisjoint(value):
            found = (by.get(each, each) for each in value)
            yield pointer, sorted({*chain(*((f,) if isinstance(f, str) else f for f in found))})
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _replaced(f"{pointer}/{index}", part, by)
    elif isinstance(value, str) and value in by:
        yield pointer, by[value]
