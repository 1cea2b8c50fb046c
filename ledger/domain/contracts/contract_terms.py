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
"""`state_purchase`: the State buys, and whoever it names may use (TTL art. 35a)."""

Form = Literal["oral", "chat_message", "data_message", "written", "notarised"]
"""In what form it was agreed, weakest first (Civil Code arts. 119, 421(3))."""

FORMS: tuple[str, ...] = ("oral", "chat_message", "data_message", "written", "notarised")
Upon = Literal["day", "permit", "registration", "conditions"]
"""What has to happen first: nothing but the day, or an act of the State, or the conditions."""


class Excluded(Model):
    """What lies within a grant's reach and is not granted: places, fields, or fields there."""

    territory: Territory | None = None
    field: Field | None = None

    @model_validator(mode="after")
    def _something(self) -> "Excluded":
        if self.territory is None and self.field is None:
            raise ValueError("an exclusion names a place or a field")
        return self


class Grant(Model):
    """A right to use, given by one party to another for the days `[valid_from, valid_to)`.

    A null `valid_to` has no end. `accepts` are earlier grants that the licensee puts up with.
    `quantity` caps the units; `depth` is how many tiers of sublicences may stand under it, null
    for any number; `direct_licence` lets sublicences live on when it ends; an `option_until` makes
    it a choice of the licensee's, which burdens nothing before it is exercised.
    """

    grant: GrantId
    licensor: PartyId
    licensee: PartyId
    rights: Annotated[tuple[RightId, ...], FROM_LIST, DISTINCT]
    technologies: Annotated[tuple[TechnologyId, ...], FROM_LIST, DISTINCT]
    acts: Acts
    exclusivity: GrantKind
    territory: Territory
    field: Field
    valid_from: Day
    valid_to: Day | None
    sublicensing: Sublicensing
    transferable: bool
    accepts: Annotated[tuple[GrantRef, ...], FROM_LIST, DISTINCT]
    excluded: Excluded | None = None
    quantity: Positive | None = None
    depth: Natural | None = None
    direct_licence: bool = False
    option_until: Day | None = None

    @model_validator(mode="after")
    def _of_something_to_another(self) -> "Grant":
        if not self.rights and not self.technologies:
            raise ValueError("a grant is on a right or a technology")
        if self.licensor == self.licensee:
            raise ValueError("a grant is made to another")
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
    """Who owns what is improved on, and what the licensee gives back (IP Law art. 144(2)(a)).

    `maker` is whoever made it. `paid` says whether what the licensee gives up is paid for;
    `forbidden`, that the licensee may not improve at all.
    """

    owner: Literal["maker", "licensor", "licensee", "joint"]
    licence_back: Literal["none", "non_exclusive", "exclusive"]
    paid: bool
    forbidden: bool = False
    clause: Text | None = None


class ExportBan(Model):
    """A place to which the licensee may not export, and the title of the licensor's there."""

    territory: TerritoryCode
    right: RightId | None
    clause: Text | None = None


class TiedPurchase(Model):
    """What the licensee must buy from whom the licensor says, and the reason in its quality."""

    item: Text
    quality_reason: Text | None
    clause: Text | None = None


class Performance(Model):
    """How technology is handed over: method, documents, schedule, acceptance, warranty."""

    method: Text
    documents_sha256: Annotated[tuple[Sha256, ...], FROM_LIST, DISTINCT] = ()
    training: Text | None = None
    place: Text | None = None
    acceptance_test: Text | None = None
    warranty_months: Natural | None = None
    due: Day | None = None


class Condition(Model):
    """What has to come about before the contract is in force."""

    condition: ConditionId
    what: Text


class Renewal(Model):
    """How the term goes on: by itself or by notice, for how many months, how often."""

    by: Literal["itself", "notice"]
    months: Positive
    notice_days: Days | None = None
    times: Positive | None = None


class Exit(Model):
    """A way out that was agreed: who may end the contract on which ground, and after which days.

    Any one of `who` may. The days of both run from the receipt of the notice; null is none.
    """

    exit: ExitName
    who: PartyIds
    ground: ExitGround
    notice_days: Days | None = None
    cure_days: Days | None = None


def _named_once(exits: tuple[Exit, ...]) -> tuple[Exit, ...]:
    if len({each.exit for each in exits}) < len(exits):
        raise ValueError("two exits have one name")
    return exits


class SignedOn(Model):
    """The day on which a party signed the deed."""

    party: PartyId
    on: Day


class Confirmation(Model):
    """Why all parties now confirm what had effect before it was recorded."""

    reason: Text


def reason_of(confirmation: Confirmation | None) -> str | None:
    """Return why what had effect is confirmed only now, if it is."""
    return None if confirmation is None else confirmation.reason


class Procurement(Model):
    """The tender package and the decision under which a State body buys."""

    package: Text
    decision: Text


class TermsMembers(Model):
    """What contracts and sublicences may say beyond their first form; all of it may be amended."""

    royalty: Royalty | Sealed | None = None
    improvements: Improvements | None = None
    no_challenge: Text | None = None
    export_bans: Annotated[tuple[ExportBan, ...], FROM_LIST] = ()
    tied_purchases: Annotated[tuple[TiedPurchase, ...], FROM_LIST] = ()
    performance: Performance | None = None
    confidential_years: Natural | None = None
    fee_duty: PartyId | None = None
    governing_law: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | (
        None
    ) = None
    languages: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")], ...], FROM_LIST, DISTINCT
    ] = ()
    exits: Annotated[tuple[Exit, ...], FROM_LIST, AfterValidator(_named_once)] = ()
    sell_off_days: Days | None = None
    renewal: Renewal | None = None
    survival: Text | None = None


class AgreedTerms(TermsMembers, Body):
    """What every contract says, whoever licenses. Never an event itself."""

    contract: ContractId
    price: Price | Sealed | None
    royalty_ppm: int | Sealed | None
    royalty_base: RoyaltyBase
    currency: Currency
    terms_sha256: Sha256
    concluded_on: Day
    dispute_body: Text | None
    form: Form = "data_message"
    effective_upon: Upon = "day"
    conditions: Annotated[tuple[Condition, ...], FROM_LIST] = ()
    list_entries: Annotated[tuple[Category, ...], FROM_LIST, DISTINCT] = ()
    state_money: bool = False
    signed: Annotated[tuple[SignedOn, ...], FROM_LIST] = ()
    confirms: Confirmation | None = None
    consents: Annotated[tuple[PartyId, ...], FROM_LIST, DISTINCT] = ()
    consents_given: Annotated[tuple[ConsentId, ...], FROM_LIST, DISTINCT] = ()

    def referred(self) -> frozenset[str]:
        """Return what admission reads besides: consents on record, titles that ban an export."""
        titles = (ban.right for ban in self.export_bans if ban.right is not None)
        return frozenset((*self.consents_given, *titles))


class Terms(TermsMembers):
    """The terms in force on a day: all that an amendment can replace."""

    grants: Annotated[tuple[Grant, ...], FROM_LIST] = ()
    price: Price | Sealed | None = None
    royalty_ppm: int | Sealed | None = None
    royalty_base: RoyaltyBase = "none"
    terms_sha256: Sha256 | None = None
    effective_to: Day | None = None
    dispute_body: Text | None = None

    @property
    def runs_to(self) -> date | None:
        """Return the first day after the term: as agreed, or when the last of its grants ends."""
        ends = [grant.valid_to for grant in self.grants]
        last = max((end for end in ends if end is not None), default=None)
        return self.effective_to or (None if None in ends else last)


class Changes(Terms):
    """The members that an amendment replaces; a member that is not named stays as it was.

    `grants` replace those of the same name and add the others; `grants_ended` end.
    """

    grants_ended: Annotated[tuple[GrantId, ...], FROM_LIST, DISTINCT] = ()

    @model_serializer(mode="wrap")
    def _named(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write the members that are named, and no defaults: those would change something."""
        return {name: said for name, said in write(self).items() if name in self.model_fields_set}

    @model_validator(mode="after")
    def _something(self) -> "Changes":
        if not self.model_fields_set:
            raise ValueError("an amendment changes something")
        if len({grant.grant for grant in self.grants}) < len(self.grants):
            raise ValueError("two grants have one name")
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
class Version:
    """The terms of a contract as the law judges them: as concluded, or as a change makes them.

    `said` is how it was concluded; `terms` is all that holds by this version, with `grants`, and
    `told` what the event itself says of it, at `place`, with the grants that are `new`. `before`
    are the grants that stood, `said_on` the day of which the parties say that they agreed on it.
    `upon` is what the version waits for; what the event cannot wait for (`may_wait`) is agreed on
    `anew`. `positions` are those of the events that a change rests on.
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
    anew: Other | None = None
    positions: tuple[int, ...] = ()

    def at(self, member: str) -> str:
        """Return where a member is said in the payload; what a change does not name is not."""
        named = not isinstance(self.told, Changes) or member in self.told.model_fields_set
        return f"{self.place}/{member}" if named else self.place


def version_of(body: AgreedTerms, kind: str, grants: tuple[Grant, ...]) -> Version:
    """Return the terms as a contract, or a sublicence, is concluded."""
    return Version(
        body, kind, body.effective_upon, body, body, grants, grants, said_on=body.concluded_on
    )
