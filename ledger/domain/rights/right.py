"""
A right: a patent or another title to technology, its status, and all that weighs on it.

`Right` is the one value that every rule about a right reads: owners, status, liens, grants and
assignments that wait for registration. What an office says of it afterwards: `right_status`.
Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from rpds import HashTrieMap

from ledger.domain.core.body import State
from ledger.domain.core.context import Context
from ledger.domain.core.court_hold import Hold
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import all_known, not_in_future, require_new
from ledger.domain.core.office import REGIONAL, Office
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.territory import known_state
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    NOT_EMPTY,
    Day,
    Model,
    PartyId,
    RightId,
    Text,
    legal_day,
    of_kind,
)
from ledger.domain.parties.attestation import Attested
from ledger.domain.rights.encumbrances import Covenant, Lien, PendingAssignment, Priority
from ledger.domain.rights.estate import Estate
from ledger.domain.rights.fraction import must_be_writable
from ledger.domain.rights.number import must_be_named_by_its_number
from ledger.domain.rights.status_timeline import UNCHANGED, Standing
from ledger.quoted import quoted, repeated

KIND = "right"


def parse_share(value: object) -> Fraction:
    """Read a share `[n, d]` in lowest terms with 0 < n <= d; anything else is a ValueError."""
    if isinstance(value, Fraction):
        return value
    if not isinstance(value, list | tuple) or [type(part) for part in value] != [int, int]:
        raise ValueError(f"a share is [numerator, denominator], not {quoted(value)}")
    numerator, denominator = value
    if not 0 < numerator <= denominator:
        raise ValueError(
            f"a share is more than nothing and at most the whole: {numerator}/{denominator}"
        )
    share = Fraction(numerator, denominator)
    if share.denominator != denominator:
        raise ValueError(f"a share is in lowest terms, {share.numerator}/{share.denominator}")
    return share


def format_share(share: Fraction) -> list[int]:
    """Write a share as `[n, d]`."""
    return [share.numerator, share.denominator]


Share = Annotated[
    Fraction,
    BeforeValidator(parse_share),
    PlainSerializer(format_share, return_type=list[int], when_used="json"),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 1},
            "minItems": 2,
            "maxItems": 2,
            "examples": [[1, 3]],
        }
    ),
]


class Holding(Model):
    """A party's share: a fraction of the whole title, never of a part of it."""

    party: PartyId
    """Party whose fraction it is."""
    share: Share
    """The fraction as `[numerator, denominator]` in lowest terms, more than 0 and at most the
    whole, `[1, 1]`.
    """


def _one_each(holdings: tuple[Holding, ...]) -> tuple[Holding, ...]:
    if (twice := repeated(holding.party for holding in holdings)) is not None:
        raise ValueError(f"a party is listed twice: {twice}")
    return holdings


Holdings = Annotated[tuple[Holding, ...], FROM_LIST, NOT_EMPTY, AfterValidator(_one_each)]


Country = Annotated[str, StringConstraints(pattern=r"^iso:[A-Z]{2}$"), AfterValidator(known_state)]


Countries = Annotated[tuple[Country, ...], FROM_LIST, DISTINCT]


OfficeNumber = Annotated[str, StringConstraints(min_length=1, max_length=60)]


RightKind = Literal[
    "invention",
    "utility_solution",
    "design",
    "mark",
    "layout",
    "plant_variety",
    "software",
    "know_how",
    "trade_secret",
    "geographical_indication",
    "trade_name",
]


class RightFiled(Attested):
    """An application was filed: from here on there is something to own."""

    TOPIC: ClassVar[str] = "right.filed/1"
    TITLE = "Application for a right filed"
    TITLE_VI = "Nộp đơn đăng ký quyền"
    SUBJECTS = "right technology owners/*/party attested_by"

    right: RightId
    """Id of the right, made of office and application number: `right:us.15145443`."""
    office: Office
    """Office of the application, by its code (WIPO ST.3) in lower case, such as `vn`; behind a
    point, which of its registers. Of what arises without an office, that of its country.
    """
    kind: RightKind
    """Kind of right. Software, know-how, trade secrets and trade names arise without an
    office's grant (IP Law art. 6).
    """
    application_no: OfficeNumber
    """Number of the application, as its office writes it. What nobody applied for has a number
    of its owners' choice.
    """
    title_no: OfficeNumber | None
    """Number of the title, where it is known already; else null."""
    name: Text
    """What the right is called."""
    filed_on: Day
    """Day of filing, not after the day of recording."""
    owners: Holdings
    """Its first owners, each once, with fractions that add up to 1."""
    technology: Annotated[str, of_kind("technology")] | None
    """Technology that it protects; null where none is named."""
    designated: Countries = ()
    """States that a regional application is for, as `iso:` and the ISO 3166-1 code; absent or
    empty for others.
    """
    filing_day: Literal["exact", "latest"] = "exact"
    """`latest` where the source shows only that it was filed by `filed_on`; `exact`, or absent,
    where that is the day.
    """
    created_on: Day | None = None
    """Day on which a layout was created: its term runs from then, too (IP Law art. 93(5)). Null
    or absent where it is not known.
    """
    exploited_from: Day | None = None
    """Day of a layout's first commercial exploitation: its term runs from then, too (IP Law
    art. 93(5)). Null or absent where there is none.
    """


@dataclass(frozen=True, slots=True)
class Right(Estate):
    """What is known of a right.

    `filing_day` says whether it was filed `exact`ly on `filed_on`, or by then at the `latest`.
    `owners` sum to 1; `titled` is the position of the last event that moved ownership, `titled_on`
    the day on which it was recorded here; `former` maps each party that owned and ceased to, to the
    position of the event by which it did. `territory` holds the codes of the places that the title
    covers, or nothing where it knows no borders. `liens` are keyed by the subject of the security,
    `covenants` by that of the investment; `pending`, `priorities` and `settled` by that of the
    assignment that waits, has a priority notice, or waits no more. `records` map the conveyances
    that moved the title to those who took it; `office_recorded_on` is the last day on which an
    office recorded one of them. `first_attested` are the first owners, if a clerk read them from
    another register. `listed` maps each party that ever listed the right to its last listing.
    `frozen` holds forums' orders. Maps that grow are persistent: an event costs the same whether
    it is the tenth of its right or the ten-thousandth.
    """

    position: int
    kind: str
    office: str
    filed_on: date
    owners: "HashTrieMap[str, Fraction]"
    titled: int
    titled_on: date
    technology: str | None = None
    territory: tuple[str, ...] = ()
    granted_on: date | None = None
    expires_on: date | None = None
    created_on: date | None = None
    exploited_from: date | None = None
    filing_day: str = "exact"
    former: "HashTrieMap[str, int]" = HashTrieMap()
    status: Standing = UNCHANGED
    liens: "HashTrieMap[str, Lien]" = HashTrieMap()
    pending: "HashTrieMap[str, PendingAssignment]" = HashTrieMap()
    priorities: "HashTrieMap[str, Priority]" = HashTrieMap()
    settled: "HashTrieMap[str, PendingAssignment]" = HashTrieMap()
    covenants: "HashTrieMap[str, Covenant]" = HashTrieMap()
    records: "HashTrieMap[str, frozenset[str]]" = HashTrieMap()
    office_recorded_on: date | None = None
    first_attested: frozenset[str] = frozenset()
    listed: "HashTrieMap[str, str]" = HashTrieMap()
    frozen: "HashTrieMap[str, Hold]" = HashTrieMap()


def with_lien(right: Right, security: str, lien: Lien) -> Right:
    """Return the right charged with a lien."""
    return replace(right, liens=right.liens.insert(security, lien))


def debts_passed(
    liens: "HashTrieMap[str, Lien]", given: Collection[str], taken: Iterable[str]
) -> "HashTrieMap[str, Lien]":
    """Return liens after shares moved: what a debtor promised of a share stays with the share."""
    for security, lien in liens.items():
        if not lien.debtors.isdisjoint(given):
            liens = liens.insert(security, replace(lien, debtors=lien.debtors.union(taken)))
    return liens


def without_lien(right: Right, security: str) -> Right:
    """Return the right without that lien."""
    return replace(right, liens=right.liens.discard(security))


_BORDERLESS = frozenset({"software", "know_how", "trade_secret"})
"""Kinds without a title: copyright is protected wherever Berne holds, a secret by being one."""


def needs_no_title(kind: str) -> bool:
    """Whether a right of this kind arises by itself, without an office's grant."""
    return kind in _BORDERLESS or kind == "trade_name"


def covered(kind: str, office: str, states: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codes of the places that a title of this kind and office covers."""
    if states or kind in _BORDERLESS or office[:2] in REGIONAL:
        return states
    return (f"iso:{office[:2].upper()}",)


class RightExists(Refusal):
    """The right is in the log already."""

    code = "RIGHT_EXISTS"
    title_vi = "Quyền này đã được ghi trong sổ cái"


class FractionSum(Refusal):
    """Fractions do not add up: owners to the whole title, what is given to what is taken."""

    code = "FRACTION_SUM"
    members = ("assignees", "acquirers", "owners")
    title_vi = "Tổng các phần quyền không khớp"


def sum_of(holdings: Iterable[Holding]) -> Fraction:
    """Return what the holdings add up to."""
    return sum((holding.share for holding in holdings), Fraction(0))


def adding_up(pointer: str, holdings: Sequence[Holding], total: Fraction) -> Step:
    """Return the step in which the holdings listed at a pointer add up to this."""
    if len(holdings) > 1:
        return Step({"total": total}, ask=(pointer,))
    return Step({"total": total}, change={f"{pointer}/0/share": format_share(total)})


def must_be_whole(owners: Sequence[Holding], pointer: str = "/body/owners") -> None:
    """Raise `ShareTooFine` or `FractionSum` unless the owners' shares add up to the whole.

    `pointer` is where the payload lists them.
    """
    must_be_writable((holding.share for holding in owners), step=Step(ask=(pointer,)))
    total = sum_of(owners)
    if total != 1:
        raise FractionSum(
            f"the owners' shares add up to {total}, not 1",
            pointer=pointer,
            step=adding_up(pointer, owners, Fraction(1)),
        )


@admits(RightFiled)
def _admit_filed(body: RightFiled, state: State, context: Context) -> None:
    """Refuse a number in another form, a right twice, and shares that are not a whole."""
    must_be_named_by_its_number(
        body.right, body.office, body.application_no, applied_for=not needs_no_title(body.kind)
    )
    require_new(state, body.right, RightExists)
    if body.technology is not None:
        all_known(state, (body.technology,))
    not_in_future(
        context.accepted,
        filed_on=body.filed_on,
        created_on=body.created_on,
        exploited_from=body.exploited_from,
    )
    must_be_whole(body.owners)


SECRETS = frozenset({"know_how", "trade_secret"})
"""Kinds of right in a technology that is not disclosed: they are that technology, once more."""


@evolves(KIND, RightFiled)
def _evolve_filed(body: RightFiled, logged: Logged) -> Right:
    owners = {holding.party: holding.share for holding in body.owners}
    return Right(
        position=logged.position,
        kind=body.kind,
        office=body.office,
        filed_on=body.filed_on,
        filing_day=body.filing_day,
        created_on=body.created_on,
        exploited_from=body.exploited_from,
        owners=HashTrieMap(owners),
        first_attested=frozenset() if body.attested_by is None else frozenset(owners),
        titled=logged.position,
        titled_on=legal_day(logged.accepted),
        technology=body.technology,
        territory=covered(body.kind, body.office, body.designated),
    )
