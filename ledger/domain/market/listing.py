"""
A listing: a technology, a digital solution or a need, shown on the exchange.

Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import model_validator

from ledger.domain.core.body import Body, State
from ledger.domain.core.codes import must_be_fields
from ledger.domain.core.context import Context
from ledger.domain.core.court_hold import Holds, holding
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import require_known, require_new
from ledger.domain.core.money import Price
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Other, Step, naming
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.scope import Field, HeldGrant
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    Day,
    PartyId,
    RightId,
    Sealed,
    Sha256,
    Text,
    legal_day,
    of_kind,
)
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.protection import lapse_on
from ledger.domain.rights.right import Right
from ledger.domain.rights.technology import Technology, TechnologyId

KIND = "listing"

ListingId = Annotated[str, of_kind(KIND)]


class ListingPublished(Body):
    """A lister shows what it has or needs, and a reviewer has looked at it."""

    TOPIC: ClassVar[str] = "listing.published/1"
    TITLE = "Listing published"
    TITLE_VI = "Đăng tin niêm yết"
    SUBJECTS = "listing lister reviewer rights/* coordinator technology"
    SIGNERS = "lister reviewer"
    MAY = "reviewer=@operator|#reviewer"
    COMMITS = "sum:ask"

    listing: ListingId
    """Id of the listing: a new one, or that of the lister's own draft."""
    market: Literal["hanotex", "dtmarket"]
    """Where it is shown: `hanotex`, the exchange for technologies, or `dtmarket`, that for
    digital solutions.
    """
    kind: Literal["technology", "digital_solution", "need"]
    """What is shown: a `technology`, a `digital_solution`, or a `need`, which lists neither
    rights nor a technology.
    """
    channel: Literal["online", "floor", "paper_converted"]
    """How it came in: `online`, on the `floor`, or converted from paper (`paper_converted`)."""
    title: Text
    """Title of the listing."""
    summary: Text
    """What is shown, in words, without personal data."""
    lister: PartyId
    """Who lists it. Of each right it owns a share, or has a licence that it may pass on; where
    no right is listed, it owns a share of the technology (TTL art. 7).
    """
    reviewer: PartyId
    """The operator, or a party with the role `reviewer`, who looked at it and signs too."""
    coordinator: PartyId | None
    """Party that coordinates the case, and signs nothing; null for none."""
    technology: TechnologyId | None
    """Technology that is shown; null for none."""
    rights: Annotated[tuple[RightId, ...], FROM_LIST, DISTINCT]
    """Rights that are shown, which nobody else lists, but a co-owner; empty for none."""
    fields: Field | None
    """What it is for, by codes of the lists in use on the day of recording; null where it is
    not said.
    """
    ask: Price | Sealed | None
    """What is asked, open or sealed; null where it is not said."""
    expires_on: Day | None
    """Last day on the market, inclusive; null is until it is closed."""
    scan_sha256: Sha256 | None
    """SHA-256 of the paper's scan, required where it was converted from paper (E-Transactions
    Law art. 12); else null.
    """

    @model_validator(mode="after")
    def _a_need_offers_nothing(self) -> "ListingPublished":
        if self.kind == "need" and (self.rights or self.technology is not None):
            named = ", ".join([*self.rights, *filter(None, [self.technology])])
            raise ValueError(f"a need lists neither rights nor a technology: {named}")
        return self

    def reads(self, state: State) -> Iterable[str]:
        """Return the last listings of the same rights by others."""
        for right in self.rights:
            value = state.get(right)
            if isinstance(value, Right):
                yield from value.listed.values()


class ListingDrafted(Body):
    """A lister prepares a listing; nobody can answer it before it is published under this id."""

    TOPIC: ClassVar[str] = "listing.drafted/1"
    TITLE = "Listing drafted"
    TITLE_VI = "Soạn tin niêm yết"
    SUBJECTS = "listing lister"
    SIGNERS = "lister"

    listing: ListingId
    """Id of the new listing, under which it will be published."""
    lister: PartyId
    """Who prepares it, and will list it."""
    title: Text
    """Title of the listing."""
    content_sha256: Sha256
    """SHA-256 of the draft, which stays outside the log."""


class ListingClosed(Body):
    """A listing ended: a deal was made, or it was withdrawn, or its time was over."""

    TOPIC: ClassVar[str] = "listing.closed/1"
    TITLE = "Listing closed"
    TITLE_VI = "Đóng tin niêm yết"
    SUBJECTS = "listing closed_by"
    SIGNERS = "closed_by"

    listing: ListingId
    """The listing, which was not closed before."""
    reason: Literal["deal", "withdrawn", "expired"]
    """Why: a `deal` was made, it was `withdrawn`, or its time is over (`expired`)."""
    closed_by: PartyId
    """Its lister or its reviewer."""


class Reviewed(Body):
    """What a suspension and a resumption say alike. Never an event itself."""

    SUBJECTS = "listing reviewer"
    SIGNERS = "reviewer"
    MAY = "reviewer=@operator|#reviewer"

    listing: ListingId
    """The listing, which is not closed."""
    reason: Text
    """Why it is taken off the market, or put back on it."""
    reviewer: PartyId
    """The operator, or a party with the role `reviewer`."""


class ListingSuspended(Reviewed):
    """A reviewer took a listing off the market, for a reason."""

    TOPIC: ClassVar[str] = "listing.suspended/1"
    TITLE = "Listing suspended"
    TITLE_VI = "Tạm ngừng tin niêm yết"


class ListingResumed(Reviewed):
    """A reviewer put a listing back on the market."""

    TOPIC: ClassVar[str] = "listing.resumed/1"
    TITLE = "Listing resumed"
    TITLE_VI = "Mở lại tin niêm yết"


@dataclass(frozen=True, slots=True)
class Listing:
    """A listing as its answers see it: who may end it, and whether it still runs.

    `suspended` and `closed` are the positions of the events that did so; it runs up to and
    including the legal day `expires_on`. A draft takes no answers, nor does a mirrored listing.
    `taken` are the exclusive grants of the contracts that followed from it.
    """

    position: int
    lister: str
    reviewer: str
    expires_on: date | None
    suspended: int | None = None
    closed: int | None = None
    holds: Holds = field(default_factory=dict)
    rights: tuple[str, ...] = ()
    technology: str | None = None
    stage: Literal["draft", "published", "mirrored"] = "published"
    taken: tuple[HeldGrant, ...] = ()


class ListingNoTitle(Refusal):
    """Who lists something owns a share of it, or holds a licence that it may pass on."""

    code = "LISTING_NO_TITLE"
    title_vi = "Bên niêm yết không sở hữu phần nào của đối tượng niêm yết"
    article = "Luật Chuyển giao công nghệ, Điều 7"


class ListingDuplicate(Refusal):
    """The same right is on the market already, here or on a linked exchange, for another owner."""

    code = "LISTING_DUPLICATE"
    title_vi = "Quyền này đang được niêm yết bởi một bên khác, tại đây hoặc trên sàn liên thông"


class ListingNotOpen(Refusal):
    """The listing is closed, suspended or past its last day."""

    code = "LISTING_NOT_OPEN"
    title_vi = "Niêm yết đã đóng, bị tạm dừng hoặc hết hạn"


class ContentMissing(Refusal):
    """The event lacks what the law asks of its kind."""

    code = "CONTENT_MISSING"
    members = ("grants", "grant", "sold", "equity", "scan_sha256")
    title_vi = "Thiếu nội dung bắt buộc theo luật"
    article = (
        "Luật Sở hữu trí tuệ, Điều 144; Luật Chuyển giao công nghệ, Điều 23; "
        "Luật Giao dịch điện tử, Điều 12"
    )


def must_be_open(state: State, listing: str, context: Context, pointer: str | None = None) -> None:
    """Refuse an answer to a listing that is off the market, or whose right is not to be had.

    A listing is suspended by itself while one of its rights is frozen, has lapsed, or belongs to
    others than its lister. `pointer` is where the payload names it, if not by its id.
    """
    found = require_known(state, listing, Listing)
    today = legal_day(context.accepted)
    stops = [position for position in (found.suspended, found.closed) if position is not None]
    stops += [hold.position for hold in holding(found.holds, today).values()]
    stops += [found.position] if found.stage != "published" else []
    for right in found.rights:
        stops += _stopped_by(require_known(state, right, Right), found.lister, today)
    over = found.expires_on is not None and today > found.expires_on
    if stops or over:
        told = "is not on the market" if stops else f"ran until {found.expires_on}"
        raise ListingNotOpen(
            f"{listing} {told}",
            positions=stops or (found.position,),
            subjects=(listing,),
            pointer=pointer,
            step=_back_on_the_market(listing, found, over=over),
        )


def _back_on_the_market(listing: str, found: Listing, *, over: bool) -> Step:
    """Return how what is off the market comes back to it."""
    if found.stage == "mirrored":
        return Step(case="mirrored")
    if found.stage == "draft":
        shown = {"listing": listing, "lister": found.lister}
        first = (Other(ListingPublished.TOPIC, shown),)
        return Step({"lister": found.lister}, case="draft", first=first)
    if found.closed is not None or over:
        relisting = Other(ListingPublished.TOPIC, {"lister": found.lister})
        return Step({"lister": found.lister}, case="over", first=(relisting,), ask=(HERE,))
    if found.suspended is not None:
        resumed = Other(ListingResumed.TOPIC, {"listing": listing, "reviewer": found.reviewer})
        return Step({"reviewer": found.reviewer}, first=(resumed,))
    return Step({"listing": listing}, case="stopped")


def rights_of(state: State, listing: str | None) -> Iterable[str]:
    """Return the rights that a listing shows, as far as it is known."""
    found = None if listing is None else state.get(listing)
    return found.rights if isinstance(found, Listing) else ()


def objects_of(listing: Listing) -> frozenset[str]:
    """Return the rights and the technology that a listing shows."""
    return frozenset(listing.rights).union(filter(None, (listing.technology,)))


def _stopped_by(right: Right, lister: str, today: date) -> Iterable[int]:
    """Yield the positions of what takes a right off the market on a day."""
    yield from (hold.position for hold in holding(right.frozen, today).values())
    lapse = lapse_on(right, today)
    if lapse is not None:
        yield lapse.position
    if not _may_list(lister, right, today):
        yield right.former.get(lister, right.titled)


def _passable(right: Right, party: str, today: date) -> list[HeldGrant]:
    """Return the licences in the right that a party holds on a day and may pass on."""
    return [held for held in _licences(right, party, today) if held.passable]


def _licences(right: Right, party: str, today: date) -> list[HeldGrant]:
    held = right.grants.held_by(party)
    return [each for each in held if each.box.end is None or today < each.box.end]


@admits(ListingDrafted)
def _admit_drafted(body: ListingDrafted, state: State) -> None:
    """Refuse a draft under an id that is taken."""
    require_new(state, body.listing)


@admits(ListingPublished)
def _admit_published(body: ListingPublished, state: State, context: Context) -> None:
    """Refuse a listing by whom it does not belong to, unreviewed, or without its paper."""
    _must_be_new_or_its_draft(state, body)
    if body.fields is not None:
        must_be_fields(body.fields, legal_day(context.accepted), context.law)
    if body.channel == "paper_converted" and body.scan_sha256 is None:
        raise ContentMissing(
            "a listing converted from paper names the hash of its scan",
            step=Step({"what": "scan_sha256"}, ask=(HERE,)),
        )
    today = legal_day(context.accepted)
    for subject in body.rights:
        right = require_known(state, subject, Right)
        _must_be_the_listers(state, body, subject, right, today)
        _must_not_be_listed_by_others(state, subject, right, body.lister, today)
    _must_own(state, body)


def _must_be_new_or_its_draft(state: State, body: ListingPublished) -> None:
    draft = state.get(body.listing)
    if isinstance(draft, Listing) and draft.stage == "draft" and draft.lister == body.lister:
        return
    require_new(state, body.listing)


def _may_list(lister: str, right: Right, today: date) -> bool:
    return lister in right.owners or bool(_passable(right, lister, today))


def _must_be_the_listers(
    state: State, body: ListingPublished, subject: str, right: Right, today: date
) -> None:
    lister = body.lister
    if _may_list(lister, right, today):
        return
    kept = [r for r in body.rights if _may_list(lister, require_known(state, r, Right), today)]
    some = Step({"rights": ", ".join(kept)}, case="some", change={"/body/rights": kept})
    held = [each.position for each in _licences(right, lister, today)]
    raise ListingNoTitle(
        f"{lister} owns no share of {subject}, and holds no licence in it that it may pass on",
        positions=held or (right.former.get(lister, right.titled),),
        subjects=(subject,),
        step=some if kept else _listed_by_owner(right.owners),
    )


def _must_not_be_listed_by_others(
    state: State, subject: str, right: Right, lister: str, today: date
) -> None:
    """Refuse a right that another shows, unless the two own it together."""
    for other, listing in right.listed.items():
        found = require_known(state, listing, Listing)
        together = {lister, other}.issubset(right.owners)
        over = found.expires_on is not None and today > found.expires_on
        if other != lister and found.closed is None and not over and not together:
            end = {"listing": listing, "reason": "withdrawn", "closed_by": found.lister}
            raise ListingDuplicate(
                f"{other} lists {subject} as {listing}",
                positions=(found.position,),
                subjects=(subject, listing),
                step=Step({"other": other, **end}, first=(Other(ListingClosed.TOPIC, end),)),
            )


def _listed_by_owner(owners: Iterable[str]) -> Step:
    owner = min(owners)
    return Step({"owner": owner}, change={"/body/lister": owner})


def _must_own(state: State, body: ListingPublished) -> None:
    if body.technology is None:
        return
    technology = require_known(state, body.technology, Technology)
    if body.lister not in technology.owners and not body.rights:
        raise ListingNoTitle(
            f"{body.lister} owns no share of {body.technology}",
            positions=(technology.position,),
            subjects=(body.technology,),
            step=_listed_by_owner(technology.owners),
        )


@admits(ListingClosed)
def _admit_closed(body: ListingClosed, state: State) -> None:
    """Refuse to close a listing twice, or by a stranger."""
    listing = require_known(state, body.listing, Listing)
    if body.closed_by not in (listing.lister, listing.reviewer):
        raise WrongSigner(
            f"{body.closed_by} neither lists nor reviews {body.listing}",
            positions=(listing.position,),
            pointer="/body/closed_by",
            step=naming("/body/closed_by", listing.lister),
        )
    _must_not_be_closed(listing, body.listing)


@admits(ListingSuspended)
def _admit_suspended(body: ListingSuspended, state: State) -> None:
    """Refuse to suspend by whom does not review, or what is off the market already."""
    listing = require_known(state, body.listing, Listing)
    _must_not_be_closed(listing, body.listing)
    if listing.suspended is not None:
        raise ListingNotOpen(
            f"{body.listing} is suspended",
            positions=(listing.suspended,),
            subjects=(body.listing,),
            step=_DONE,
        )


@admits(ListingResumed)
def _admit_resumed(body: ListingResumed, state: State) -> None:
    """Refuse to resume by whom does not review, or what was not suspended."""
    listing = require_known(state, body.listing, Listing)
    relisting = Other(ListingPublished.TOPIC, {"lister": listing.lister})
    _must_not_be_closed(
        listing, body.listing, Step({"lister": listing.lister}, case="anew", instead=relisting)
    )
    if listing.suspended is None:
        raise ListingNotOpen(
            f"{body.listing} was not suspended",
            positions=(listing.position,),
            subjects=(body.listing,),
            step=_DONE,
        )


_DONE = Step(case="done")


def _must_not_be_closed(listing: Listing, subject: str, step: Step = _DONE) -> None:
    if listing.closed is not None:
        raise ListingNotOpen(
            f"{subject} is closed", positions=(listing.closed,), subjects=(subject,), step=step
        )


@evolves(KIND, ListingPublished)
def _evolve_published(body: ListingPublished, logged: Logged) -> Listing:
    return Listing(
        logged.position,
        body.lister,
        body.reviewer,
        body.expires_on,
        rights=body.rights,
        technology=body.technology,
    )


@evolves(KIND, ListingDrafted)
def _evolve_drafted(body: ListingDrafted, logged: Logged) -> Listing:
    return Listing(logged.position, body.lister, body.lister, None, stage="draft")


@evolves("right", ListingPublished)
def _evolve_right_listed(
    body: ListingPublished, _logged: Logged, value: Right | None
) -> Right | None:
    return value and with_listing(value, body.lister, body.listing)


def with_listing(right: Right, lister: str, listing: str) -> Right:
    """Return the right with a party's last listing of it."""
    return replace(right, listed=right.listed.insert(lister, listing))


@evolves(KIND, ListingResumed)
def _evolve_resumed(_body: ListingResumed, _logged: Logged, value: Listing) -> Listing:
    return replace(value, suspended=None)


@evolves(KIND, ListingClosed)
def _evolve_closed(_body: ListingClosed, logged: Logged, value: Listing) -> Listing:
    return replace(value, closed=logged.position)


@evolves(KIND, ListingSuspended)
def _evolve_suspended(_body: ListingSuspended, logged: Logged, value: Listing) -> Listing:
    return replace(value, suspended=logged.position)
