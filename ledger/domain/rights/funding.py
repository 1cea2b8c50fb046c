"""
Who paid for a technology, and who made it: what author pay and title to State-funded results need.

Contributors own in proportion (Law 93/2025 art. 25(1)), so their parts are exact fractions of the
whole. Authors are random tokens; who they are stands in the vault. All co-authors have one share
between them, which they split by agreement (Decree 267/2025 art. 34(3)) or not at all.
Read in this order: events, admit, evolve; the state stands in `technology`.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import StringConstraints, TypeAdapter, model_validator

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context, if_opened, reveal
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import not_in_future, require_known
from ledger.domain.core.money import Part, RateRange, ShareSum, check_parts
from ledger.domain.core.remedy import Step, joining, leaving_out, listed, naming_one_of
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    NOT_EMPTY,
    Day,
    Model,
    PartyId,
    PartyIds,
    RightId,
    Sealed,
    Sha256,
    Text,
)
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.right import Holding, must_be_whole
from ledger.domain.rights.technology import (
    KIND,
    Authors,
    Funding,
    Technology,
    TechnologyId,
    must_be_owner,
)
from ledger.quoted import repeated

PersonToken = Annotated[str, StringConstraints(pattern=r"^party:tok\.[0-9a-f]{32}$")]
Persons = Annotated[tuple[PersonToken, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
Parts = Annotated[tuple[Part, ...], FROM_LIST, NOT_EMPTY]


class Contributor(Holding):
    """A funder and its fraction of the whole; `state` says whether it is the State's money."""

    state: bool
    """Whether this is the State's money: author pay and title to the result depend on it."""


class FunderTerm(Model):
    """What a funder keeps or asks, such as a royalty-free right reserved to it."""

    funder: PartyId
    """One of the contributors."""
    kind: Literal["reserved_right", "ownership", "publication", "local_use", "other"]
    """What it is about: a right reserved to the funder, ownership, publication, local use, or
    something else.
    """
    text: Text
    """The term itself, in words."""


class FundingAgreed(Body):
    """Owners and funders agree who pays which part of the task that makes a technology.

    It takes the place of what was agreed or declared before.
    """

    TOPIC: ClassVar[str] = "funding.agreed/1"
    TITLE = "Funding agreed"
    TITLE_VI = "Thỏa thuận tài trợ"
    SUBJECTS = "technology owners/* contributors/*/party"
    SIGNERS = "owners/* contributors/*/party"
    OPPOSED = "owners/*~contributors/*/party"

    technology: TechnologyId
    """The technology that the task makes."""
    owners: PartyIds
    """All who own the technology now. All of them sign."""
    contributors: Annotated[tuple[Contributor, ...], FROM_LIST, NOT_EMPTY]
    """Who pays, each once, with fractions of the whole that add up to 1. All of them sign."""
    task: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None
    """Number of the State's task by which the technology is made; null where there is none."""
    task_assigned_on: Day | None
    """Day on which that task was assigned, not after the day of recording: it decides which
    rule of author pay holds (Law 93/2025 arts. 28(3), 73). Null where it is not known.
    """
    terms: Annotated[tuple[FunderTerm, ...], FROM_LIST]
    """What funders keep or ask; empty for nothing."""
    agreed_on: Day
    """Day of the agreement, not after the day of recording."""

    @model_validator(mode="after")
    def _funders_are_listed_once(self) -> "FundingAgreed":
        funders = [contributor.party for contributor in self.contributors]
        if (twice := repeated(funders)) is not None:
            raise ValueError(f"a contributor is listed twice: {twice}")
        for term in self.terms:
            if term.funder not in funders:
                raise ValueError(f"a term is of a contributor, which {term.funder} is not")
        return self


class AuthorsDeclared(Body):
    """Who made a technology, as the authors say, or its owner by the acceptance council's minutes.

    All authors have one share between them.
    """

    TOPIC: ClassVar[str] = "authors.declared/1"
    TITLE = "Authors declared"
    TITLE_VI = "Khai báo tác giả"
    SUBJECTS = "technology declared_by/* authors/*"
    SIGNERS = "declared_by/*"

    technology: TechnologyId
    """Technology whose co-authors they are."""
    authors: Persons | Sealed
    """Who made it, as random tokens (`party:tok.` and 32 hex digits); sealed, the log has only
    the commitment to the list.
    """
    split: Parts | Sealed | None
    """What the authors agreed, in parts per million of their one share: a part for each author
    and for nobody else, 1,000,000 in all, open or sealed. Null: nothing is agreed, and their
    part waits (Decree 267/2025 art. 34(3)).
    """
    declared_by: PartyIds
    """All the authors, with owners beside them if they like; or, where minutes are named,
    owners alone. All of them sign.
    """
    minutes_sha256: Sha256 | None
    """SHA-256 of the minutes of the acceptance council, by which an owner declares; null where
    the authors do.
    """


class ContributionRecorded(Body):
    """A party brought something in: IP of before, IP made on the way, the use of a laboratory.

    It is evidence of who contributed what; it moves no share.
    """

    TOPIC: ClassVar[str] = "contribution.recorded/1"
    TITLE = "Contribution recorded"
    TITLE_VI = "Ghi nhận phần đóng góp"
    SUBJECTS = "technology contributor witness right"
    SIGNERS = "contributor witness"
    OPPOSED = "contributor~witness"

    technology: TechnologyId
    """The technology that it was brought into."""
    contributor: PartyId
    """Who brought it in."""
    witness: PartyId
    """Another party, which confirms it and signs too."""
    kind: Literal["background", "foreground", "lab_use"]
    """What it is: rights of before (`background`), rights made on the way (`foreground`), or
    the use of a laboratory (`lab_use`).
    """
    right: RightId | None
    """Right that was brought in; null where it is none."""
    description: Text
    """What was brought in, in words, without personal data."""
    recorded_on: Day
    """Day on which it was noted down, not after the day of recording here."""
    document_sha256: Sha256 | None
    """SHA-256 of the paper that shows it; null for none."""

    @model_validator(mode="after")
    def _is_witnessed_by_another(self) -> "ContributionRecorded":
        if self.witness == self.contributor:
            raise ValueError(
                f"a contribution is witnessed by another, not by {self.contributor} itself"
            )
        return self


_PERSONS: TypeAdapter[tuple[str, ...]] = TypeAdapter(Persons)
_PARTS: TypeAdapter[tuple[Part, ...]] = TypeAdapter(Parts)


def read_persons(value: Any) -> tuple[str, ...]:
    """Return an opened list of persons; a ValueError if it is none."""
    return _PERSONS.validate_python(value)


def read_authors(value: Any) -> frozenset[str]:
    """Return opened co-authors; a ValueError if they are none."""
    return frozenset(read_persons(value))


def read_parts(value: Any) -> tuple[Part, ...]:
    """Return opened parts; a ValueError if they are none."""
    return _PARTS.validate_python(value)


@admits(FundingAgreed)
def _admit_funding(body: FundingAgreed, state: State, context: Context) -> None:
    """Refuse parts that are not a whole, and an agreement without one of the owners."""
    technology = require_known(state, body.technology, Technology)
    owners = technology.owners.keys()
    _must_sign(
        body.technology,
        technology,
        owners - {*body.owners},
        lambda missing: joining("/body/owners", body.owners, missing),
    )
    strangers = leaving_out("/body/owners", body.owners, {*body.owners} - owners)
    for owner in body.owners:
        must_be_owner(body.technology, technology, owner, strangers)
    must_be_whole(body.contributors, "/body/contributors")
    not_in_future(
        context.accepted, agreed_on=body.agreed_on, task_assigned_on=body.task_assigned_on
    )


def _must_sign(
    subject: str,
    technology: Technology,
    missing: Collection[str],
    step: Callable[[list[str]], Step],
) -> None:
    if missing:
        raise SignerMissing(
            f"{', '.join(sorted(missing))} says nothing of {subject}",
            positions=(technology.position,),
            subjects=missing,
            step=step(sorted(missing)),
        )


@admits(AuthorsDeclared)
def _admit_authors(body: AuthorsDeclared, state: State, context: Context) -> None:
    """Refuse authors without their word or the council's, and a split that is not a whole."""
    technology = require_known(state, body.technology, Technology)
    with if_opened(context, SignerMissing, WrongSigner):
        strangers = list(body.declared_by)
        if body.minutes_sha256 is None:
            authors = reveal(body.authors, "/body/authors", context, read_persons)
            _must_sign(
                body.technology,
                technology,
                {*authors}.difference(body.declared_by),
                lambda missing: joining("/body/declared_by", body.declared_by, missing),
            )
            strangers = sorted(set(body.declared_by).difference(authors))
        left = leaving_out("/body/declared_by", body.declared_by, strangers)
        if left.change["/body/declared_by"] == []:
            left = naming_one_of("/body/declared_by/0", technology.owners)
        for party in strangers:
            must_be_owner(body.technology, technology, party, left)
    if body.split is not None:
        _must_split_the_whole(body, technology, context)


def _must_split_the_whole(body: AuthorsDeclared, technology: Technology, context: Context) -> None:
    """Hold an agreed split to the whole, with a part for each author and for nobody else."""
    split = body.split
    assert split is not None, "asked of a split"
    with if_opened(context, RateRange, ShareSum):
        check_parts(reveal(split, "/body/split", context, read_parts))
    with if_opened(context, SignerMissing):
        authors = {*reveal(body.authors, "/body/authors", context, read_persons)}
        sharing = {part.party for part in reveal(split, "/body/split", context, read_parts)}
        for missing in (authors - sharing, sharing - authors):
            _must_sign(body.technology, technology, missing, _split)


def _split(missing: list[str]) -> Step:
    return Step({"who": listed(missing)}, case="split", ask=("/body/split",))


@admits(ContributionRecorded)
def _admit_contribution(body: ContributionRecorded, state: State, context: Context) -> None:
    """Refuse what concerns no technology here, or was recorded on a day to come."""
    require_known(state, body.technology, Technology)
    not_in_future(context.accepted, recorded_on=body.recorded_on)


@evolves(KIND, FundingAgreed)
def _evolve_funding(
    body: FundingAgreed, logged: Logged, value: Technology | None
) -> Technology | None:
    by_state = (contributor.share for contributor in body.contributors if contributor.state)
    funding = Funding(
        position=logged.position,
        state_share=sum(by_state, Fraction(0)),
        task=body.task,
        task_assigned_on=body.task_assigned_on,
    )
    return value and replace(value, funding=funding)


@evolves(KIND, AuthorsDeclared)
def _evolve_authors(
    body: AuthorsDeclared, logged: Logged, value: Technology | None
) -> Technology | None:
    authors = body.authors
    parties = authors if isinstance(authors, Sealed) else frozenset(authors)
    return value and replace(value, authors=Authors(logged.position, parties, body.split))


@evolves(KIND, ContributionRecorded)
def _evolve_contribution(
    body: ContributionRecorded, logged: Logged, value: Technology | None
) -> Technology | None:
    if value is None:
        return None
    contributed = value.contributed.insert(body.contributor, logged.position)
    return replace(value, contributed=contributed)
