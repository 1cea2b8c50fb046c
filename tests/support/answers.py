"""The type of what each read of the API answers, and answers of these types that nobody gave."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import count
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from api.describe.measures import LISTED, NAMINGS, PAIRS
from api.describe.shape import members_of_kind
from api.main import ROUTED
from ledger.domain.core.money import Money
from ledger.domain.core.scope import Field
from ledger.domain.core.types import Sealed
from ledger.domain.registry import TOPICS
from tests.support.asked_table import in_order

assert ROUTED, "it is declared where it is routed"

ANSWERS: Mapping[str, tuple[type[Any], ...]] = {
    name: question.answers for name, question in in_order()
}
"""By operation of the API."""

NO_ANSWERS = frozenset(
    {
        *("getCheckpoint", "listCheckpoints", "getWitnessPolicy", "getConsistency", "getTile"),
        *("getEntry", "getEntryProof", "getEntryCoseReceipt", "getEvent", "getReceipt"),
        *("getEvidence", "getLaw", "getPromise", "isLive", "isReady", "getMetrics"),
        *("listTypes", "getType", "followEvents"),
    }
)
"""Operations that give bytes of the log or of law data, proofs, types, or the server's state."""


def records() -> tuple[type[Any], ...]:
    """Return every type with members that an answer or an event can hold, the answers first."""
    found: dict[type[Any], None] = {}
    for kind in (*(each for kinds in ANSWERS.values() for each in kinds), *TOPICS.values()):
        _collect(kind, found)
    return tuple(found)


def _collect(kind: Any, found: dict[type[Any], None]) -> None:
    if is_record(kind):
        if kind not in found:
            found[kind] = None
            for of in members_of_kind(kind).values():
                _collect(of, found)
        return
    for inner in get_args(kind):
        _collect(inner, found)


def is_record(kind: Any) -> bool:
    """Say whether a type has named members."""
    return isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, BaseModel))


def literals(kind: Any) -> Iterator[str]:
    """Yield the texts of closed lists in a type, but not those in the records that it holds."""
    if get_origin(kind) is Literal:
        yield from (each for each in get_args(kind) if isinstance(each, str))
    elif not is_record(kind):
        for inner in get_args(kind):
            yield from literals(inner)


def alternatives(kind: Any) -> tuple[Any, ...]:
    """Return what a member can be when it is there."""
    if get_origin(kind) is Annotated:
        return alternatives(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return tuple(
            each
            for inner in get_args(kind)
            if inner is not NoneType
            for each in alternatives(inner)
        )
    return (kind,)


class Maker:
    """Makes JSON values of types, no two alike."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def members(self, kind: type[Any]) -> dict[str, Any]:
        """Return a record with every member there."""
        if kind is Field:
            symbol = self._text("", "field_codes")
            return {"scheme": "ipc", "edition": self._edition(), "codes": [symbol]}
        if kind is Money:
            return {"amount": self._amount(), "currency": "USD"}
        if kind is Sealed:
            return {"commitment": f"sha256:{next(self._numbers):064x}"}
        return {
            member: self.value(kind.__name__, member, alternatives(of)[0])
            for member, of in members_of_kind(kind).items()
        }

    def value(self, owner: str, member: str, of: Any) -> Any:
        """Return a value for a member."""
        (of, *_), origin = alternatives(of), get_origin(alternatives(of)[0])
        if is_record(of):
            return self.members(of)
        if f"{owner}.{member}" in PAIRS:
            return [self._pair(f"{owner}.{member}", get_args(get_args(of)[0]))]
        if origin is tuple:
            kinds = [each for each in get_args(of) if each is not Ellipsis]
            return [self.value(owner, member, each) for each in kinds]
        if origin is Literal:
            return get_args(of)[next(self._numbers) % len(get_args(of))]
        if of is str:
            return self._text(owner, member)
        return _PLAIN[origin or of](self)

    def _pair(self, place: str, kinds: tuple[Any, ...]) -> list[Any]:
        return [
            self.value(place, name, kind) for name, kind in zip(PAIRS[place], kinds, strict=True)
        ]

    def _text(self, owner: str, member: str) -> str:
        number = next(self._numbers)
        if member.endswith("edition"):
            return self._edition()
        choices = _choices(owner, member) or (f"text{number}",)
        return choices[number % len(choices)]

    def _edition(self) -> str:
        return f"{2000 + next(self._numbers) % 100}.01"

    def _amount(self) -> int:
        return 40_000 + 7 * next(self._numbers)

    def day(self) -> str:
        return (date(2031, 1, 2) + timedelta(next(self._numbers))).isoformat()

    def instant(self) -> str:
        at = datetime(2041, 1, 2, 3, 4, 5, tzinfo=UTC) + timedelta(hours=next(self._numbers))
        return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _choices(owner: str, member: str) -> Sequence[str]:
    """Return texts that mean something in a member, which others do not."""
    if member in _BY_MEMBER:
        return _BY_MEMBER[member]
    place = f"{owner}.{member}"
    naming = NAMINGS.get(place) or NAMINGS.get(member)
    return LISTED.get(place) or _BY_NAMING.get(naming or "", ())


_COUNTRIES = ("JP", "KR", "DE", "FR", "US", "GB", "LA", "TH", "SG", "AU")
_PLACES = tuple(f"iso:{code}" for code in _COUNTRIES)
_BY_MEMBER: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("currency", "ceiling_currency", "price_currency"), ("USD", "EUR")),
    **dict.fromkeys(("scheme", "field_scheme", "excluded_scheme"), ("ipc", "vsic")),
    **dict.fromkeys(("codes", "excluded_territory"), _PLACES),
    **dict.fromkeys(("field_codes", "excluded_codes"), ("A61K", "C12N", "G06F", "H04L")),
    "due_currency": ("JPY", "EUR"),
}
_BY_NAMING: Mapping[str, Sequence[str]] = {
    "place": _PLACES,
    "country": ("JP", "VN"),
    "law": ("JP", "US-NY"),
    "tongue": ("vi", "en"),
    "office": ("vn", "us"),
    "event": ("contract.concluded/1", "right.filed/1"),
    "field_code": ("A61K", "vsic-2025:62"),
    "member": ("survival", "dispute_body"),
    "known": ("40007", "40014", "40021"),
    "deduction": ("vat", "freight", "zeppelins"),
    "instrument": ("91/2015/QH13", "35 U.S.C."),
    "awaited": (f"registration of sha256:{7:064x}", f"registration of sha256:{8:064x}"),
    "condition": ("party:vn.a local_use: ở Việt Nam", "party:vn.b other: khác"),
}
_PLAIN: Mapping[Any, Any] = {
    int: Maker._amount,
    bool: lambda _: True,
    date: Maker.day,
    datetime: Maker.instant,
    Fraction: lambda maker: [maker._amount(), maker._amount() + 1],
    Any: lambda maker: f"text{maker._amount()}",
    Mapping: lambda maker: {f"value{maker._amount()}": maker._amount()},
}
