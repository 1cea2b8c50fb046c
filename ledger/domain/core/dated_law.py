"""
Law as dated data: instruments, and the rules in them, each with the days on which it holds.

A rule that the State repeals still decides old facts, and a new decree is a row, not a release. A
data set is a few JSON files, known by the SHA-256 of their manifest; the ledger names the set in
force by that (`ledger.rules_adopted/1`), so that an old log is judged again as it was judged then.
A rule is found by its topic, a legal day and the keys that its row asks for; which day it is for a
private act, `law_day` says.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import combinations
from typing import Annotated, TypeVar

from pydantic import Field, StringConstraints, ValidationError, model_validator

from ledger.domain.core.ground import Ground
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.types import FROM_LIST, Day, DomainError, Model, Text, legal_day

T = TypeVar("T")


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]


Trust = Annotated[str, StringConstraints(pattern=r"^[TSM]$")]


Values = Annotated[tuple[str, ...], FROM_LIST]


def law_day(accepted: datetime) -> date:
    """Return the legal day whose law judges a private act that was recorded at an instant.

    It is the recorded day: the day that the parties say they signed on holds between themselves.
    """
    return legal_day(accepted)


class MalformedLaw(DomainError):
    """The files are no data set of law: the message names the file and the row."""


class Instrument(Model):
    """A law or decree, in force in the legal days `[valid_from, valid_to)`.

    `trust` says how far number and days are to be trusted, as for a row.
    """

    instrument: Name
    number: Text
    title_vi: Text
    title_en: Text
    valid_from: Day
    valid_to: Day | None
    trust: Trust = "M"
    note: Text | None = None


class Between(Model):
    """A key that is a day: in `[since, until)`, null having no bound."""

    since: Day | None
    until: Day | None

    def holds(self, value: object) -> bool:
        """Whether a value is a day in it."""
        return (
            isinstance(value, date)
            and (self.since is None or self.since <= value)
            and (self.until is None or value < self.until)
        )

    def meets(self, other: "Between") -> bool:
        """Whether a day can be in both."""
        return (self.until is None or other.since is None or other.since < self.until) and (
            other.until is None or self.since is None or self.since < other.until
        )


Key = Between | bool | Values


class Row(Model):
    """A rule: what `values` hold for facts with these `keys`, in `[valid_from, valid_to)`.

    A key is a range of days, a truth, or a list of the names that it may be. `trust` says how the
    row was read: in the text (T), in a secondary source (S), or from memory (M), to be checked.
    """

    rule: Name
    topic: Name
    instrument: Name
    article: Text
    title_vi: Text
    title_en: Text
    valid_from: Day
    valid_to: Day | None
    keys: dict[Name, Key]
    values: dict[Name, int | bool | str | Values]
    trust: Trust
    note: Text | None = None

    @model_validator(mode="after")
    def _holds_some_day(self) -> "Row":
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError(
                "a rule holds on one day at least: "
                f"{self.rule} from {self.valid_from} until {self.valid_to}"
            )
        return self


class _File(Model):
    """A file of a data set: what it has of an edition's name, instruments and rules."""

    edition: Name | None = None
    instruments: Annotated[tuple[Instrument, ...], FROM_LIST] = ()
    rules: Annotated[tuple[Row, ...], FROM_LIST] = Field(default=())


class LawSilent(Refusal):
    """The law data in force has no rule for such facts on that day."""

    code = "LAW_SILENT"
    title_vi = "Dữ liệu pháp luật đang áp dụng không có quy tắc cho trường hợp này"


class LawDataUnknown(Refusal):
    """This ledger's software does not hold the law data of that digest."""

    code = "LAW_DATA_UNKNOWN"
    members = ("law_data_sha256",)
    final = False
    title_vi = "Hệ thống không có bộ dữ liệu pháp luật mang mã băm này"


@dataclass(frozen=True)
class Law:
    """A data set: its edition's name, its digest, its instruments and rules."""

    edition: str
    sha256: str
    instruments: Mapping[str, Instrument]
    rows: tuple[Row, ...]

    @cached_property
    def _by_topic(self) -> Mapping[str, tuple[tuple[Row, Ground], ...]]:
        found: dict[str, list[tuple[Row, Ground]]] = {}
        for row in self.rows:
            found.setdefault(row.topic, []).append((row, _ground(row, self.instruments)))
        return {topic: tuple(rows) for topic, rows in found.items()}

    def all(self, topic: str, on: date, **keys: object) -> tuple[Ground, ...]:
        """Return the rules of a topic that hold on a legal day for facts with these keys.

        A rule that asks for a key which is not given does not hold; further keys do no harm.
        """
        return tuple(
            ground
            for row, ground in self._by_topic.get(topic, ())
            if _holds(row, on) and all(_fits(key, keys.get(name)) for name, key in row.keys.items())
        )

    def about(self, topic: str, on: date) -> tuple[Ground, ...]:
        """Return the rules of a topic that hold on a legal day, whatever the facts."""
        rows = self._by_topic.get(topic, ())
        return tuple(ground for row, ground in rows if _holds(row, on))

    def turns(self, topic: str) -> frozenset[date]:
        """Return the days on which rules of a topic begin to hold, or cease to."""
        rows = [row for row, _ in self._by_topic.get(topic, ())]
        ends = {row.valid_to for row in rows if row.valid_to is not None}
        return frozenset({row.valid_from for row in rows} | ends)

    def named(self, rules: Iterable[str]) -> tuple[Ground, ...]:
        """Return the rules of these names, as far as the set has them."""
        wanted = frozenset(rules)
        found = (_ground(row, self.instruments) for row in self.rows if row.rule in wanted)
        return tuple(found)

    def find(self, topic: str, on: date, **keys: object) -> Ground | None:
        """Return the one rule that holds, or None: a data set has no two for the same facts."""
        found = self.all(topic, on, **keys)
        return found[0] if found else None

    def rule(self, topic: str, on: date, **keys: object) -> Ground:
        """Return the one rule that holds, or raise `LawSilent`."""
        found = self.find(topic, on, **keys)
        if found is None:
            raise LawSilent(f"no rule of {topic} on {on} in edition {self.edition}")
        return found


def read_law(files: Mapping[str, bytes]) -> Law:
    """Return the data set in these files, by name. Raises `MalformedLaw`."""
    parsed = {name: _parse(name, raw) for name, raw in sorted(files.items())}
    editions = [file.edition for file in parsed.values() if file.edition is not None]
    if len(editions) != 1:
        raise MalformedLaw(
            f"one of the files names the edition, once: of {len(parsed)} {len(editions)} do"
        )
    instruments = _one_each(
        "instrument", ((i.instrument, i) for file in parsed.values() for i in file.instruments)
    )
    rows = _one_each("rule", ((row.rule, row) for file in parsed.values() for row in file.rules))
    for row in rows.values():
        _must_stand_in_force(row, instruments)
    _must_not_be_ambiguous(rows.values())
    return Law(editions[0], digest_of(files), instruments, tuple(rows.values()))


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return `sha256:<hex>` of a data set: of its manifest, a JSON object of names and digests."""
    manifest = {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _parse(name: str, raw: bytes) -> _File:
    try:
        return _File.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise MalformedLaw(f"{name}: {place}: {first['msg']}") from error


def _one_each(what: str, named: Iterable[tuple[str, T]]) -> dict[str, T]:
    found: dict[str, T] = {}
    for name, each in named:
        if name in found:
            raise MalformedLaw(f"{what} {name} is there twice")
        found[name] = each
    return found


def _must_stand_in_force(row: Row, instruments: Mapping[str, Instrument]) -> None:
    instrument = instruments.get(row.instrument)
    if instrument is None:
        raise MalformedLaw(f"rule {row.rule}: no instrument {row.instrument}")
    outlives = instrument.valid_to is not None and (
        row.valid_to is None or row.valid_to > instrument.valid_to
    )
    if row.valid_from < instrument.valid_from or outlives:
        raise MalformedLaw(f"rule {row.rule} holds when {row.instrument} is not in force")


def _must_not_be_ambiguous(rows: Iterable[Row]) -> None:
    by_topic: dict[str, list[Row]] = {}
    for row in rows:
        by_topic.setdefault(row.topic, []).append(row)
    for topic, found in by_topic.items():
        for left, right in combinations(found, 2):
            if _share_a_day(left, right) and _share_facts(left, right):
                raise MalformedLaw(f"{topic}: {left.rule} and {right.rule} hold for the same facts")


def _share_a_day(left: Row, right: Row) -> bool:
    ends = [row.valid_to for row in (left, right) if row.valid_to is not None]
    return not ends or max(left.valid_from, right.valid_from) < min(ends)


def _share_facts(left: Row, right: Row) -> bool:
    return all(
        _can_meet(left.keys[name], right.keys[name]) for name in left.keys.keys() & right.keys
    )


def _can_meet(left: Key, right: Key) -> bool:
    if isinstance(left, Between) and isinstance(right, Between):
        return left.meets(right)
    if isinstance(left, tuple) and isinstance(right, tuple):
        return not set(left).isdisjoint(right)
    return left == right


def _holds(row: Row, on: date) -> bool:
    return row.valid_from <= on and (row.valid_to is None or on < row.valid_to)


def _fits(key: Key, value: object) -> bool:
    if isinstance(key, Between):
        return key.holds(value)
    return value in key if isinstance(key, tuple) else value is key


def _ground(row: Row, instruments: Mapping[str, Instrument]) -> Ground:
    number = instruments[row.instrument].number
    return Ground(
        row.rule, row.topic, number, row.article, row.valid_from, row.valid_to, dict(row.values)
    )
