"""
The words in which parties agree: a grant, and the terms that hold beside it.

What is agreed later replaces members by name (`Changes`), so that the terms in force on a day are a
fold: what was concluded, then every change that has effect by that day, in the order of the log.
Members that came later than `contract.concluded/1` are optional, and absent where they were absent.
Pure forms, no rules: `ledger.domain.contracts.contract` says what is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import pydantic
from pydantic import (
    AfterValidator,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from ledger.domain.contracts.royalty import Royalty
from ledger.domain.core.body import Body
from ledger.domain.core.money import Currency, Price
from ledger.domain.core.remedy import Other
from ledger.domain.core.scope import Acts, Field, GrantKind, Territory, TerritoryCode
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    Day,
    Days,
    Model,
    PartyId,
    PartyIds,
    RightId,
    Sealed,
    Sha256,
    Text,
    of_kind,
)
from ledger.domain.rights.technology import Category, TechnologyId
from ledger.quoted import repeated

ContractId = Annotated[str, of_kind("contract")]
ConsentId = Annotated[str, of_kind("consent")]
GrantId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,16}$")]
ObjectIds = Annotated[
    tuple[Annotated[str, of_kind("(right|technology)")], ...], FROM_LIST, DISTINCT
]
"""Things that are licensed."""

GrantRef = Annotated[str, StringConstraints(pattern=r"^contract:[a-z0-9.-]{1,80}#[a-z0-9]{1,16}$")]
ConditionId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
ExitName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
Positive = Annotated[int, pydantic.Field(ge=1)]
Natural = Annotated[int, pydantic.Field(ge=0)]
ExitGround = Literal["convenience", "breach", "insolvency", "challenge", "control", "target"]
"""Why an exit lets a party out: at will, or because of the other side's breach, opening of
insolvency, challenge of a right, change of control, or a target that was missed."""

RoyaltyBase = Literal["net_selling_price", "net_revenue", "pre_tax_profit", "none"]
Sublicensing = Literal["no", "consent", "affiliates", "free"]
ContractKind = Literal[
    "licence",
    "know_how",
    "assignment",
    "service",
    "capital_contribution",
    "technology_transfer",
    "development",
    "state_purchase",
]
"""`state_purchase`: the State buys, and anyone whom it names may use (TTL art. 35a)."""

Form = Literal["oral", "chat_message", "data_message", "written", "notarised"]
"""In what form it was agreed, weakest first (Civil Code arts. 119, 421(3))."""

FORMS: tuple[str, ...] = ("oral", "chat_message", "data_message", "written", "notarised")
Upon = Literal["day", "permit", "registration", "conditions"]
"""What has to happen first: nothing but the day, or an act of the State, or the conditions."""


class Excluded(Model):
    """What lies within a grant's reach and is not granted: places, fields, or fields there."""

    territory: Territory | None = None
    """Places that are left out; null or absent: the `field` is left out everywhere."""
    field: Field | None = None
    """Fields that are left out; null or absent: the `territory` is left out for everything. Of
    both, those fields in those places alone are left out."""

    @model_validator(mode="after")
    def _something(self) -> "Excluded":
        if self.territory is None and self.field is None:
            raise ValueError("an exclusion names a place or a field")
        return self


class Grant(Model):
    """A right to use, given by one party to another for the days `[valid_from, valid_to)`."""

    grant: GrantId
    """Short id of the grant within its contract; its ref is `contract:<id>#<grant>`."""
    licensor: PartyId
    """Who grants; a party of the contract."""
    licensee: PartyId
    """Who may use; a party of the contract, and another than the licensor."""
    rights: Annotated[tuple[RightId, ...], FROM_LIST, DISTINCT]
    """The rights that may be used; may be empty where there are `technologies`."""
    technologies: Annotated[tuple[TechnologyId, ...], FROM_LIST, DISTINCT]
    """The technologies that may be used; may be empty where there are `rights`."""
    acts: Acts
    """What the licensee may do."""
    exclusivity: GrantKind
    """`exclusive`: the licensor licenses nobody else, and uses only with the licensee's leave;
    `sole`: it licenses nobody else; `non_exclusive`: it may license others; `compulsory`: given
    by the State alone (IP Law arts. 143, 146)."""
    territory: Territory
    """Where it may be done."""
    field: Field
    """For what it may be done."""
    valid_from: Day
    """First legal day of the grant, which begins no sooner than its contract has effect."""
    valid_to: Day | None
    """The grant ends before this legal day; null has no end."""
    sublicensing: Sublicensing
    """Whether the licensee may grant sublicences (IP Law art. 142): `no`; with the licensor's
    `consent` to each; without it to `affiliates`, companies of its group; `free`, to
    anybody."""
    transferable: bool
    """Whether the licensee may transfer the licence itself to another."""
    accepts: Annotated[tuple[GrantRef, ...], FROM_LIST, DISTINCT]
    """Refs of earlier grants on the same things that the licensee puts up with; else an
    exclusive or sole grant that overlaps one is refused."""
    excluded: Excluded | None = None
    """What lies within the territory and field and is not granted; null or absent is
    nothing."""
    quantity: Positive | None = None
    """The most units that may be made or sold, counted by reports; null or absent is any
    number."""
    depth: Natural | None = None
    """How many tiers of sublicences may stand under it, 0 being none; null or absent is any
    number."""
    direct_licence: bool = False
    """Whether sublicences live on, as licences by the licensor, when the grant ends."""
    option_until: Day | None = None
    """The grant is an option of the licensee's, to be exercised (`option.exercised/1`) on this
    legal day at the latest; until then it burdens nothing. Null or absent: it is no option."""

    @model_validator(mode="after")
    def _of_something_to_another(self) -> "Grant":
        if not self.rights and not self.technologies:
            raise ValueError(f"a grant is on a right or a technology: {self.grant} is on nothing")
        if self.licensor == self.licensee:
            raise ValueError(
                f"a grant is made to another: {self.grant} is by {self.licensee} to itself"
            )
        return self

    @property
    def objects(self) -> tuple[str, ...]:
        """Return all that it is on."""
        return (*self.rights, *self.technologies)

    @property
    def reaches(self) -> tuple[tuple[Territory | None, Field | None], ...]:
        """Return the places and fields that it names: those it reaches, those it leaves out."""
        whole: tuple[Territory | None, Field | None] = (self.territory, self.field)
        left_out = self.excluded
        return (whole,) if left_out is None else (whole, (left_out.territory, left_out.field))


class Improvements(Model):
    """Who owns what is improved on, and what the licensee gives back (IP Law art. 144(2)(a))."""

    owner: Literal["maker", "licensor", "licensee", "joint"]
    """Who owns improvements: the one who is their `maker`, the licensor, the licensee, or both
    (`joint`)."""
    licence_back: Literal["none", "non_exclusive", "exclusive"]
    """Which licence of its improvements the licensee gives the licensor."""
    paid: bool
    """Whether what the licensee gives up is paid for; the clause is void if improvements belong
    to the licensor unpaid, except for marks (IP Law art. 144(2)(a))."""
    forbidden: bool = False
    """Whether the licensee may not improve at all, which makes the clause void, except for
    marks (IP Law art. 144(2)(a))."""
    clause: Text | None = None
    """The clause as worded, which a refusal quotes; null or absent: it is not repeated here."""


class ExportBan(Model):
    """A place to which the licensee may not export, and the title of the licensor's there."""

    territory: TerritoryCode
    """The place to which the licensee may not export."""
    right: RightId | None
    """A title of the licensor's there, beside those that the grants are on; null: one of those
    reaches there. Without a title there the ban is void (IP Law art. 144(2)(b))."""
    clause: Text | None = None
    """The clause as worded, which a refusal quotes; null or absent: it is not repeated here."""


class TiedPurchase(Model):
    """What the licensee must buy from whom the licensor says, and the reason in its quality."""

    item: Text
    """What must be bought."""
    quality_reason: Text | None
    """Why quality needs it; null: it does not, and the clause is void (IP Law
    art. 144(2)(c))."""
    clause: Text | None = None
    """The clause as worded, which a refusal quotes; null or absent: it is not repeated here."""


class Performance(Model):
    """How technology is handed over: method, documents, schedule, acceptance, warranty."""

    method: Text
    """By which method, in words."""
    documents_sha256: Annotated[tuple[Sha256, ...], FROM_LIST, DISTINCT] = ()
    """SHA-256 of each document that is handed over."""
    training: Text | None = None
    """Which training is given; null or absent is none."""
    place: Text | None = None
    """Where it is handed over; null or absent: not said."""
    acceptance_test: Text | None = None
    """By which test it is accepted; null or absent is none."""
    warranty_months: Natural | None = None
    """For how many months there is a warranty; null or absent: not said."""
    due: Day | None = None
    """The legal day by which it is handed over; null or absent: not said."""


class Condition(Model):
    """What has to come about before the contract is in force."""

    condition: ConditionId
    """Short name of the condition, by which `condition.met/1` names it."""
    what: Text
    """What has to come about, in words."""


class Renewal(Model):
    """How the term goes on: by itself or by notice, for how many months, how often."""

    by: Literal["itself", "notice"]
    """`itself`: the term goes on unless a party gives notice; `notice`: it goes on if a party
    does."""
    months: Positive
    """For how many months it goes on each time."""
    notice_days: Days | None = None
    """How many days before the end of the term that notice is given; null or absent: not
    said."""
    times: Positive | None = None
    """How often at most; null or absent is any number of times."""


class Exit(Model):
    """A way out that was agreed: who may end the contract on which ground, and after which days."""

    exit: ExitName
    """Short name of the exit, its own within the contract, by which notices and ends name
    it."""
    who: PartyIds
    """Parties of the contract, any one of which may take it."""
    ground: ExitGround
    """On which ground: at will (`convenience`), or the other side's breach, opening of
    insolvency, challenge of a right, change of control, or a `target` that was missed."""
    notice_days: Days | None = None
    """Days between the receipt of the notice and the end; the day of receipt is not counted.
    Null or absent is none."""
    cure_days: Days | None = None
    """Days that the other side has to cure what it is blamed for, counted alike. Null or absent
    is none."""


def _named_once(exits: tuple[Exit, ...]) -> tuple[Exit, ...]:
    if (twice := repeated(each.exit for each in exits)) is not None:
        raise ValueError(f"two exits have one name: {twice}")
    return exits


class SignedOn(Model):
    """The day on which a party signed the deed."""

    party: PartyId
    """The party that signed."""
    on: Day
    """The legal day on which it signed."""


class Confirmation(Model):
    """Why all parties now confirm what had effect before it was recorded."""

    reason: Text
    """Why it is confirmed only now, in words."""


def reason_of(confirmation: Confirmation | None) -> str | None:
    """Return why what had effect is confirmed only now, if it is."""
    return None if confirmation is None else confirmation.reason


class Procurement(Model):
    """The tender package and the decision under which a State body buys."""

    package: Text
    """The tender package, as its papers name it."""
    decision: Text
    """The decision, as its papers name it."""


class TermsMembers(Model):
    """What contracts and sublicences may say beyond their first form; all of it may be amended."""

    royalty: Royalty | Sealed | None = None
    """The schedule of royalties, open or sealed; null is none."""
    improvements: Improvements | None = None
    """What is agreed on improvements; null is nothing."""
    no_challenge: Text | None = None
    """A clause by which the licensee may not dispute the licensor's rights, as worded: void by
    itself for industrial property (IP Law art. 144(2)(d)). Null is none."""
    export_bans: Annotated[tuple[ExportBan, ...], FROM_LIST] = ()
    """Where the licensee may not export."""
    tied_purchases: Annotated[tuple[TiedPurchase, ...], FROM_LIST] = ()
    """What the licensee must buy."""
    performance: Performance | None = None
    """How the technology is handed over; null: nothing is said."""
    confidential_years: Natural | None = None
    """For how many years what was disclosed is kept confidential; null: not said."""
    fee_duty: PartyId | None = None
    """The party that pays the fees that keep the right in force; null: not said."""
    governing_law: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | (
        None
    ) = None
    """The law that governs it: a country (ISO 3166-1, `VN`) or a part of one (`US-NY`); null:
    not said."""
    languages: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")], ...], FROM_LIST, DISTINCT
    ] = ()
    """Languages of the contract, by their two letters (ISO 639-1)."""
    exits: Annotated[tuple[Exit, ...], FROM_LIST, AfterValidator(_named_once)] = ()
    """Ways by which a party may end it alone, each of a name of its own."""
    sell_off_days: Days | None = None
    """For how many days after the end stock may still be sold; null is none."""
    renewal: Renewal | None = None
    """How the term goes on; null: nothing is agreed."""
    survival: Text | None = None
    """What survives the end, in words; null: not said."""


class AgreedTerms(TermsMembers, Body):
    """What every contract says, no matter who licenses. Never an event itself."""

    contract: ContractId
    """Id of the contract, which is new."""
    price: Price | Sealed | None
    """The sum that is paid, open or sealed, beside royalties; null is none."""
    royalty_ppm: int | Sealed | None
    """A bare rate of the `royalty_base` in parts per million, open or sealed; null is none."""
    royalty_base: RoyaltyBase
    """What the bare rate is of; `none` where there is no such rate."""
    currency: Currency
    """The currency in which royalties are due and revenue is shared (ISO 4217)."""
    terms_sha256: Sha256
    """SHA-256 of the document in which the terms are worded, of a compulsory licence of the
    decision."""
    concluded_on: Day
    """Legal day on which the last party signed, not one to come; of a compulsory licence that
    of the decision."""
    dispute_body: Text | None
    """Which court or arbitration decides disputes, in words; null: not said."""
    form: Form = "data_message"
    """In what form it was agreed; amendments keep to it (Civil Code art. 421(3)). Absent:
    `data_message`."""
    effective_upon: Upon = "day"
    """What it waits for: `day`, nothing but its first day; an act of the State, `permit` or
    `registration` (Technology Transfer Law art. 24); `conditions`, of which the parties declare
    that they are met. Absent: `day`."""
    conditions: Annotated[tuple[Condition, ...], FROM_LIST] = ()
    """What has to come about before it is in force (Civil Code art. 120)."""
    list_entries: Annotated[tuple[Category, ...], FROM_LIST, DISTINCT] = ()
    """Entries of the lists of restricted and banned technologies that it falls under, spelt as
    the law data spell them (Technology Transfer Law arts. 11, 28)."""
    state_money: bool = False
    """Whether it is paid with State money: then a transfer is registered even within the
    country (Technology Transfer Law art. 31)."""
    signed: Annotated[tuple[SignedOn, ...], FROM_LIST] = ()
    """On which day each party signed, if that is said."""
    confirms: Confirmation | None = None
    """Why it is recorded late: needed if it was concluded, or has effect, before the day of
    recording, but for acts of the State. Null or absent: it is not late."""
    consents: Annotated[tuple[PartyId, ...], FROM_LIST, DISTINCT] = ()
    """Others who agree and sign too: co-owners, licensees of exclusive grants, head
    licensors."""
    consents_given: Annotated[tuple[ConsentId, ...], FROM_LIST, DISTINCT] = ()
    """Consents on record (`consent.given/1`) by which others agree, in place of their
    signature."""

    def referred(self) -> frozenset[str]:
        """Return what admission reads besides: consents on record, titles that ban an export."""
        titles = (ban.right for ban in self.export_bans if ban.right is not None)
        return frozenset((*self.consents_given, *titles))


class Terms(TermsMembers):
    """The terms in force on a day: all that an amendment can replace."""

    grants: Annotated[tuple[Grant, ...], FROM_LIST] = ()
    """Grants: each takes the place of the one of its name, or is added."""
    price: Price | Sealed | None = None
    """The sum that is paid, open or sealed; null is none."""
    royalty_ppm: int | Sealed | None = None
    """A bare rate of the `royalty_base` in parts per million, open or sealed; null is none."""
    royalty_base: RoyaltyBase = "none"
    """What the bare rate is of; `none` where there is no such rate."""
    terms_sha256: Sha256 | None = None
    """SHA-256 of the document in which the terms are worded."""
    effective_to: Day | None = None
    """The contract ends before this legal day; null: when its grants have ended, if they do."""
    dispute_body: Text | None = None
    """Which court or arbitration decides disputes, in words; null: not said."""

    @property
    def runs_to(self) -> date | None:
        """Return the first day after the term: as agreed, or when the last of its grants ends."""
        ends = [grant.valid_to for grant in self.grants]
        last = max((end for end in ends if end is not None), default=None)
        return self.effective_to or (None if None in ends else last)


class Changes(Terms):
    """The members that an amendment replaces; a member that is not named stays as it was."""

    grants_ended: Annotated[tuple[GrantId, ...], FROM_LIST, DISTINCT] = ()
    """Names of grants of the contract that end."""

    @model_serializer(mode="wrap")
    def _named(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write the members that are named, and no defaults: those would change something."""
        return {name: said for name, said in write(self).items() if name in self.model_fields_set}

    @model_validator(mode="after")
    def _something(self) -> "Changes":
        if not self.model_fields_set:
            raise ValueError("an amendment changes something")
        if (twice := repeated(grant.grant for grant in self.grants)) is not None:
            raise ValueError(f"two grants have one name: {twice}")
        return self


def changed(terms: Terms, changes: Changes) -> Terms:
    """Return the terms after a change: what it names is replaced, grants one by one."""
    named = changes.model_fields_set - {"grants", "grants_ended"}
    update: dict[str, Any] = {name: getattr(changes, name) for name in named}
    grants = {grant.grant: grant for grant in (*terms.grants, *changes.grants)}
    kept = (grant for name, grant in grants.items() if name not in changes.grants_ended)
    return terms.model_copy(update={**update, "grants": tuple(kept)})


def read_by(terms: Terms) -> Iterator[str]:
    """Yield what the rules of terms read: what grants are on, titles that ban an export."""
    for grant in terms.grants:
        yield from grant.objects
    yield from (ban.right for ban in terms.export_bans if ban.right is not None)


def first_terms(said: AgreedTerms, grants: tuple[Grant, ...], effective_to: date | None) -> Terms:
    """Return the terms as a contract, or a sublicence, first has them."""
    shared = Terms.model_fields.keys() - {"grants", "effective_to"}
    return Terms.model_construct(
        **{name: getattr(said, name) for name in shared},
        grants=grants,
        effective_to=effective_to,
    )


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """The terms of a contract as the law judges them: as concluded, or as a change makes them.

    `said` is how it was concluded; `terms` is all that holds by this version, with `grants`, and
    `told` what the event itself says of it, at `place`, with the grants that are `new`. `before`
    are the grants that stood, `said_on` the day of which the parties say that they agreed on it.
    `upon` is what the version waits for; what the event cannot wait for (`may_wait`) is agreed on
    `instead`. `positions` are those of the events that a change rests on.
    """

    said: AgreedTerms
    kind: str
    upon: Upon
    terms: AgreedTerms | Terms
    told: AgreedTerms | Terms
    grants: tuple[Grant, ...]
    new: tuple[Grant, ...]
    before: tuple[Grant, ...] = ()
    said_on: date | None = None
    place: str = "/body"
    may_wait: tuple[Upon, ...] = ("permit", "registration")
    instead: Other | None = None
    positions: tuple[int, ...] = ()

    def at(self, member: str) -> str:
        """Return where a member is said in the payload; what a change does not name is not."""
        named = not isinstance(self.told, Changes) or member in self.told.model_fields_set
        return f"{self.place}/{member}" if named else self.place


def version_of(body: AgreedTerms, kind: str, grants: tuple[Grant, ...]) -> TermsVersion:
    """Return the terms as a contract, or a sublicence, is concluded."""
    return TermsVersion(
        body, kind, body.effective_upon, body, body, grants, grants, said_on=body.concluded_on
    )
