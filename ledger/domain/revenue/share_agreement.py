"""
How the revenue of a contract is shared: who gets which part, after what, bounded by the statute.

What is distributed goes first through the waterfall, deduction by deduction; what is left is split
by parts that add up to the whole. Co-authors have one part: how they split it they agree among
themselves (`authors.declared/1`), and until they do it waits. All creditors agree; who only gets a
part may, and need not. One agreement is in force, and it is replaced with those who had a part.
Refusals come in the order in which they are defined here, existence first.
Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import cache, partial
from typing import Annotated, ClassVar, Literal

from pydantic import model_validator

from ledger.domain.contracts.agreed_share import (
    CapOf,
    Parts,
    Share,
    WaterfallStep,
    beneficiaries,
    beneficiaries_of,
    read_parts,
)
from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.contract_terms import ContractId
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context, if_opened, recall, reveal
from ledger.domain.core.court_hold import must_not_be_void
from ledger.domain.core.dated_law import law_day
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import (
    PredecessorUnknown,
    must_stand_under,
    require_known,
    require_new,
)
from ledger.domain.core.money import PPM, Part, RateRange, ShareSum, must_be_all, ppm
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, joining, leaving_out
from ledger.domain.core.remedy import Step as NextStep
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    FROM_LIST,
    Day,
    Model,
    PartyId,
    PartyIds,
    RightId,
    Sealed,
    of_kind,
)
from ledger.domain.parties.party import standing_for, strangers_to
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.revenue.author_pay import (
    BrokerOverCap,
    Result,
    ShareBelowStatute,
    must_bound_the_broker,
    must_give_authors_their_share,
    must_not_cap_the_authors,
    result_of,
)
from ledger.domain.rights.funding import read_authors
from ledger.domain.rights.right import Right
from ledger.domain.rights.technology import Technology, TechnologyId
from ledger.quoted import repeated

KIND = "share"


ShareId = Annotated[str, of_kind(KIND)]


Role = Literal["author", "host", "organiser", "broker", "investor", "state", "science", "other"]


class RoleOf(Model):
    """What a beneficiary gets its part as."""

    party: PartyId
    """Party that gets a part."""
    role: Role
    """What it is. Of a State-funded result an `author` has a least part and a `broker` a
    greatest, as law data say.
    """


class ShareAgreed(Body):
    """The creditors of a contract agreed on the parts of its revenue, with others who get one."""

    TOPIC: ClassVar[str] = "share.agreed/1"
    TITLE = "Sharing of revenue agreed"
    TITLE_VI = "Thỏa thuận phân chia doanh thu"
    SUBJECTS = "share contract agreed_by/* technology supersedes"
    SIGNERS = "agreed_by/*"
    COMMITS = "open"
    OPPOSED = "agreed_by/*"

    share: ShareId
    """Id of the new agreement."""
    contract: ContractId
    """Contract whose revenue is shared."""
    parts: Annotated[Parts | Sealed, FROM_LIST]
    """Parts of what the waterfall leaves, in parts per million, each party once, open or
    sealed; with `authors_ppm` they make 1,000,000.
    """
    agreed_by: PartyIds
    """All creditors of the contract, and all who had a part by what this supersedes, unless
    that was declared void; who gets a part may agree too. All of them sign.
    """
    effective_from: Day
    """First day of the sales that it shares. Where it supersedes another, reports tell sales
    before and from then on apart.
    """
    of: Literal["revenue", "after_tax_profit_state_part"] = "revenue"
    """What is shared: `revenue` as it comes, also if absent, or the State's part of the profit
    after tax (`after_tax_profit_state_part`).
    """
    technology: TechnologyId | None = None
    """Technology whose co-authors have a part; null or absent where none is named."""
    title: RightId | None = None
    """Right that protects the result, on whose grant author pay depends; null or absent for
    none.
    """
    authors_ppm: int | None = None
    """The one part of all co-authors of `technology`, in parts per million (0 to 1,000,000);
    null or absent for none.
    """
    roles: Annotated[tuple[RoleOf, ...], FROM_LIST] = ()
    """As what parties get their parts, each party once; absent or empty where nothing depends
    on it.
    """
    waterfall: Annotated[tuple[WaterfallStep, ...], FROM_LIST] = ()
    """What is taken before the parts, in this order; absent or empty for nothing."""
    caps: Annotated[tuple[CapOf, ...], FROM_LIST] = ()
    """Most that parties get of one distribution, each party once; somebody with a part has
    none. Absent or empty for none.
    """
    supersedes: ShareId | None = None
    """Agreement in force on the same `of` of this contract, which ends with this one; null or
    absent where there is none.
    """

    @model_validator(mode="after")
    def _well_formed(self) -> "ShareAgreed":
        if self.authors_ppm is not None and self.technology is None:
            raise ValueError(f"the authors' part, {self.authors_ppm} ppm, is of a technology")
        if self.supersedes == self.share:
            raise ValueError(f"an agreement supersedes another, not {self.share} itself")
        for listed in (self.roles, self.caps):
            if (twice := repeated(each.party for each in listed)) is not None:
                raise ValueError(f"a party is named twice: {twice}")
        return self

    def reads(self, state: State) -> Iterable[str]:
        """Return the title, on whose grant the authors' pay depends, and what was agreed before."""
        if self.title is not None:
            yield self.title
        contract = state.get(self.contract)
        if isinstance(contract, Contract) and self.of in contract.shares:
            yield contract.shares[self.of]
        earlier = state.get(str(self.supersedes))
        if isinstance(earlier, Share) and earlier.technology is not None:
            yield earlier.technology


class ShareByStranger(Refusal):
    """What is paid is shared out by all to whom it is due: the licensors."""

    code = "SHARE_BY_STRANGER"
    members = ("agreed_by",)
    title_vi = "Thỏa thuận phân chia thiếu bên có quyền nhận khoản tiền được phân chia"
    article = "Bộ luật Dân sự, Điều 398"


class ShareSupersede(Refusal):
    """One agreement is in force; another supersedes it, and who had a part of it agrees too."""

    code = "SHARE_SUPERSEDE"
    members = ("supersedes",)
    title_vi = "Thỏa thuận phân chia chỉ được thay thế khi các bên được hưởng theo đó đồng ý"
    article = "Bộ luật Dân sự, Điều 417"


class ShareSuperseded(Refusal):
    """A later agreement has taken the place of this one."""

    code = "SHARE_SUPERSEDED"
    title_vi = "Thỏa thuận phân chia đã được thay thế"


def must_be_a_whole(parts: tuple[Part, ...], authors_ppm: int) -> None:
    """Raise `RateRange` or `ShareSum` unless parts and the authors' part are rates of a whole."""
    must_be_all(sum(ppm(part.ppm) for part in parts) + ppm(authors_ppm))


def must_be_current(subject: str, share: Share, contract: Contract) -> None:
    """Raise `ShareSuperseded` if another agreement has taken its place."""
    if share.superseded is not None:
        raise ShareSuperseded(
            f"{subject} was superseded",
            positions=(share.superseded,),
            subjects=(subject,),
            step=NextStep(
                {"share": contract.shares[share.of]}, replace={subject: contract.shares[share.of]}
            ),
        )


@admits(ShareAgreed)
def _admit_agreed(body: ShareAgreed, state: State, context: Context) -> None:
    """Refuse parts that are no whole, that not all agreed to, or that the statute forbids."""
    require_new(state, body.share)
    contract = require_known(state, body.contract, Contract)
    must_not_be_void(body.contract, contract.voided, body.effective_from)
    technology = (
        None if body.technology is None else require_known(state, body.technology, Technology)
    )
    earlier = None if body.supersedes is None else require_known(state, body.supersedes, Share)
    if earlier is not None:
        must_stand_under(body.contract, str(body.supersedes), earlier)
        _must_share_the_same(body, earlier, contract)
        must_be_current(str(body.supersedes), earlier, contract)
    signing = standing_for(state, body.agreed_by)
    _must_be_shared_by_creditors(body, contract, signing)
    _must_supersede(state, body, contract)

    @cache
    def giving_up() -> frozenset[str]:
        if earlier is None or earlier.voided is not None:
            return frozenset()
        return _giving_up(state, body, earlier, context)

    with if_opened(context, ShareSupersede):
        _must_be_given_up(body, earlier, giving_up() - signing)

    @cache
    def parts() -> tuple[Part, ...]:
        return reveal(body.parts, "/body/parts", context, read_parts)

    with if_opened(context, RateRange, ShareSum):
        must_be_a_whole(parts(), body.authors_ppm or 0)
        _must_leave_one_uncapped(body, parts())
    ppm(body.authors_ppm or 0)
    if technology is not None and technology.state_funded:
        title = None if body.title is None else require_known(state, body.title, Right)
        _must_be_within_the_statute(body, parts, result_of(technology, title), context)
    with if_opened(context, WrongSigner):
        concerned = beneficiaries(parts(), body.waterfall) | contract.creditors() | giving_up()
        strangers = strangers_to(state, body.agreed_by, concerned)
        if strangers:
            raise WrongSigner(
                "those who agree are the creditors, who gets a part, and who gives one up",
                positions=(contract.position,),
                subjects=strangers,
                pointer="/body/agreed_by",
                step=leaving_out("/body/agreed_by", body.agreed_by, strangers),
            )


def _must_share_the_same(body: ShareAgreed, earlier: Share, contract: Contract) -> None:
    if earlier.of != body.of:
        own = contract.shares.get(body.of)
        raise PredecessorUnknown(
            f"{body.supersedes} shares the {earlier.of}, not the {body.of}",
            positions=(earlier.position,),
            pointer="/body/supersedes",
            step=NextStep(
                {"what": body.of, "share": own or "null"},
                case="of",
                change={"/body/supersedes": own},
            ),
        )


def _must_leave_one_uncapped(body: ShareAgreed, parts: tuple[Part, ...]) -> None:
    """Refuse caps that would leave nobody to take what is above them."""
    capped = {each.party for each in body.caps}
    open_ppm = (body.authors_ppm or 0) + sum(p.ppm for p in parts if p.party not in capped)
    if not open_ppm:
        raise ShareSum(
            "somebody takes what is above the caps",
            pointer="/body/caps",
            step=NextStep(case="caps", change={"/body/caps": []}),
        )


def _must_be_shared_by_creditors(
    body: ShareAgreed, contract: Contract, signing: frozenset[str]
) -> None:
    silent = contract.creditors() - signing
    if silent:
        raise ShareByStranger(
            f"what {body.contract} makes due is due to {', '.join(sorted(silent))}, who would have"
            " to agree: `agreed_by` names all licensors",
            positions=(contract.position,),
            subjects=silent,
            step=joining("/body/agreed_by", body.agreed_by, silent),
        )


def _must_supersede(state: State, body: ShareAgreed, contract: Contract) -> None:
    """Refuse a second agreement beside the one in force."""
    name = contract.shares.get(body.of)
    if name is None or name == body.supersedes:
        return
    share = require_known(state, name, Share)
    if share.superseded is None and share.voided is None:
        raise ShareSupersede(
            f"{name} shares the {body.of} of {body.contract}: agree with its beneficiaries on"
            f" another that `supersedes` it",
            positions=(share.position,),
            subjects=(name,),
            step=NextStep({"share": name}, case="second", change={"/body/supersedes": name}),
        )


def _giving_up(state: State, body: ShareAgreed, earlier: Share, context: Context) -> frozenset[str]:
    """Return who has a part by what is superseded; the co-authors where they get less than that."""
    parties = beneficiaries_of(str(body.supersedes), earlier, context)
    keeps = body.technology == earlier.technology
    if earlier.authors_ppm <= ((body.authors_ppm or 0) if keeps else 0):
        return parties
    subject = str(earlier.technology)
    authors = require_known(state, subject, Technology).authors
    if authors is None:
        raise ShareSupersede(
            f"the co-authors of {subject} have {earlier.authors_ppm} ppm by {body.supersedes}, and"
            " nobody has declared who they are (authors.declared/1): leave them that part",
            positions=(earlier.position,),
            subjects=(str(body.supersedes),),
            step=NextStep(
                {"technology": subject},
                case="authors",
                first=(Other("authors.declared/1", {"technology": subject}),),
            ),
        )
    return parties | recall(authors.parties, subject, context, read_authors)


def _must_be_given_up(body: ShareAgreed, earlier: Share | None, silent: frozenset[str]) -> None:
    if earlier is not None and silent:
        # Who has a sealed part is not told to anyone who asks.
        named = frozenset[str]() if isinstance(earlier.parts, Sealed) else silent
        raise ShareSupersede(
            f"{', '.join(sorted(named)) or 'somebody'} has a part by {body.supersedes} and would"
            " have to agree (`agreed_by`), with or without a part by this one",
            positions=(earlier.position,),
            subjects=named or (str(body.supersedes),),
            step=joining("/body/agreed_by", body.agreed_by, named)
            if named
            else NextStep(case="sealed"),
            pointer="/body/supersedes",
        )


def _must_be_within_the_statute(
    body: ShareAgreed, parts: Callable[[], tuple[Part, ...]], result: Result, context: Context
) -> None:
    """Hold the parts of a State-funded result to what the law in force gives and allows."""
    law, day = context.law, law_day(context.accepted)
    authors = {each.party for each in body.roles if each.role == "author"}
    brokers = {each.party for each in body.roles if each.role == "broker"}

    def ppm_of(parties: Collection[str]) -> int:
        return sum(part.ppm for part in parts() if part.party in parties)

    if body.of == "after_tax_profit_state_part":
        with if_opened(context, ShareBelowStatute):
            author_ppm = (body.authors_ppm or 0) + ppm_of(authors)
            left = _left_by_the_waterfall(body)
            must_give_authors_their_share(
                law, result, day, author_ppm * left // PPM, partial(_giving_authors, body, left)
            )
        if any(each.party in authors for each in body.caps):
            others = [each for each in body.caps if each.party not in authors]
            uncapped = {"/body/caps": [each.model_dump(mode="json") for each in others]}
            must_not_cap_the_authors(law, result, day, NextStep(change=uncapped))
    with if_opened(context, BrokerOverCap):
        author_ppm = (body.authors_ppm or 0) + ppm_of(authors)
        must_bound_the_broker(law, result, day, ppm_of(brokers), author_ppm)


def _giving_authors(body: ShareAgreed, left: int, least: int) -> NextStep:
    """Return the step in which the authors get so many ppm of the whole, where one other shares."""
    needed = -(-least * PPM // left) if left else PPM + 1
    one = body.parts[0] if not isinstance(body.parts, Sealed) and len(body.parts) == 1 else None
    if one is None or body.roles or body.authors_ppm is None or needed >= PPM:
        return NextStep({"least": least}, ask=("/body/parts", "/body/authors_ppm"))
    return NextStep(
        {"least": least},
        change={
            "/body/authors_ppm": needed,
            "/body/parts": [{"party": one.party, "ppm": PPM - needed}],
        },
    )


def _left_by_the_waterfall(body: ShareAgreed) -> int:
    """Return which part, in ppm, the rates of the waterfall leave to be shared; sums count as 0."""
    left = PPM
    for step in body.waterfall:
        left -= left * (step.rate_ppm or 0) // PPM
    return left


@evolves("contract", ShareAgreed)
def _evolve_contract_agreed(body: ShareAgreed, _logged: Logged, value: Contract) -> Contract:
    from_then = (body.effective_from,) if body.supersedes and body.of == "revenue" else ()
    return replace(
        value,
        shares={**value.shares, body.of: body.share},
        shared_again=value.shared_again.union(from_then),
    )


@evolves(KIND, ShareAgreed)
def _evolve_agreed(
    body: ShareAgreed, logged: Logged, value: Share | None, subject: str
) -> Share | None:
    if subject != body.share:
        return value and replace(value, superseded=logged.position)
    return Share(
        position=logged.position,
        contract=body.contract,
        parts=body.parts,
        agreed_by=frozenset(body.agreed_by),
        of=body.of,
        technology=body.technology,
        title=body.title,
        authors=frozenset(each.party for each in body.roles if each.role == "author"),
        authors_ppm=body.authors_ppm or 0,
        waterfall=body.waterfall,
        caps=body.caps,
    )
