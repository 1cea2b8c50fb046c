"""
What things are called, and by which words they are found.

`names` has a row for each text by which a subject goes: its names, titles, numbers, and its id.
`words` has a row for each word of such a text, so that a search is a look into an index, whatever
the size of the log: words stand there as they are read (`ledger.letters`), in ASCII but for other
scripts. Which texts of which events are found, `SAID` says; of the others, `UNFOUND` says why not.

What is sealed stands in no row. A person is a token; once it is erased it has no row any more.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Any, Literal

from ledger.domain.contracts.document import DocumentSent
from ledger.domain.contracts.filing import (
    CertificateIssued,
    CompulsoryLicenceGranted,
    FilingMade,
    PermitIssued,
    RegistrationRefused,
)
from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from ledger.domain.disputes.dispute import DisputeAdmitted, DisputeOpened
from ledger.domain.disputes.ruling import RulingMade
from ledger.domain.government.ledger import LedgerOpened
from ledger.domain.market.listing import ListingDrafted, ListingPublished
from ledger.domain.market.mirrored_listing import ListingMirrored
from ledger.domain.market.need import NeedPosted
from ledger.domain.market.offer import OfferCountered, OfferMade
from ledger.domain.parties.name_alias import PartyKnownAs
from ledger.domain.parties.party import PartyRegistered
from ledger.domain.parties.party_lifecycle import PartyIdentified, PartyRenamed, PersonErased
from ledger.domain.registry import EVOLVES, TOPICS
from ledger.domain.rights.conveyance import ConveyanceAttested
from ledger.domain.rights.enforcement import SecurityEnforced, SecurityPerfected
from ledger.domain.rights.funding import FundingAgreed
from ledger.domain.rights.right import RightFiled
from ledger.domain.rights.right_status import RightGranted, RightPublished
from ledger.domain.rights.security import SecurityCreated
from ledger.domain.rights.technology import TechnologyRegistered
from ledger.domain.rights.title import AssignmentRegistered
from ledger.letters import plain
from projections.engine.projection import On, Projection

Called = Literal["id", "name", "title", "number", "summary"]
"""What a text is to the subject that goes by it."""


@dataclass(frozen=True, slots=True)
class Name:
    """A row of `read.names`: a subject goes by this text, as the event at `position` said first.

    `called` is what the text is to it, `member` the member of the event that said it. `reads` is
    the text as it is read, a blank before each word, `read` a number made of that, and `too` what
    else it is found for, such as a number without separators.
    """

    subject: str
    position: int
    accepted: datetime
    called: Called
    member: str
    text: str
    reads: str
    read: int
    too: str


def title_of(rows: Sequence[Name]) -> str | None:
    """Return what a subject is called: as it said last itself, else as others have written it."""
    called = [row for row in rows if row.called in ("name", "title")]
    own = [row for row in called if not row.member.startswith("spelling")]
    return (own or called)[-1].text if called else None


@dataclass(frozen=True, slots=True)
class NameWord:
    """A row of `read.words`: a subject of that kind is found by a word of a text of its own.

    `read` is that of the text, `length` how many words it has.
    """

    subject: str
    position: int
    accepted: datetime
    read: int
    kind: str
    word: str
    length: int


@dataclass(frozen=True, slots=True)
class Saying:
    """A text of an event: `of` is the member with the subject that goes by it.

    Of a list `each` it is a member of each item, and so is `of`, or of the body.
    """

    called: Called
    member: str
    of: str
    each: str | None = None

    @property
    def path(self) -> str:
        """Return the members that lead to it."""
        return self.member if self.each is None else f"{self.each}/{self.member}"


SAID: Mapping[type[Body], tuple[Saying, ...]] = {
    LedgerOpened: (Saying("name", "name", of="party", each="parties"),),
    PartyRegistered: (Saying("name", "name", of="party"),),
    PartyRenamed: (Saying("name", "name", of="party"),),
    PartyKnownAs: (Saying("name", "spelling", of="party"),),
    PartyIdentified: (Saying("number", "value", of="party", each="identifiers"),),
    ConveyanceAttested: (Saying("name", "name", of="party", each="spellings"),),
    RightFiled: (
        Saying("name", "name", of="right"),
        Saying("number", "application_no", of="right"),
        Saying("number", "title_no", of="right"),
    ),
    RightPublished: (Saying("number", "publication_no", of="right"),),
    RightGranted: (Saying("number", "title_no", of="right"),),
    AssignmentRegistered: (Saying("number", "register_no", of="assignment"),),
    SecurityPerfected: (Saying("number", "register_no", of="security"),),
    SecurityEnforced: (Saying("number", "register_no", of="security"),),
    TechnologyRegistered: (
        Saying("title", "title", of="technology"),
        Saying("summary", "summary", of="technology"),
    ),
    FundingAgreed: (Saying("number", "task", of="technology"),),
    ListingDrafted: (Saying("title", "title", of="listing"),),
    ListingPublished: (
        Saying("title", "title", of="listing"),
        Saying("summary", "summary", of="listing"),
    ),
    NeedPosted: (
        Saying("title", "title", of="listing"),
        Saying("summary", "summary", of="listing"),
        Saying("summary", "challenge", of="listing"),
    ),
    ListingMirrored: (
        Saying("title", "title", of="listing"),
        Saying("number", "external_id", of="listing"),
    ),
    OfferMade: (Saying("title", "subject_matter", of="offer"),),
    OfferCountered: (Saying("title", "subject_matter", of="offer"),),
    DocumentSent: (Saying("title", "title", of="document"),),
    FilingMade: (Saying("number", "number", of="filing"),),
    CertificateIssued: (Saying("number", "number", of="contract"),),
    PermitIssued: (Saying("number", "number", of="contract"),),
    RegistrationRefused: (Saying("number", "number", of="contract"),),
    CompulsoryLicenceGranted: (Saying("number", "decision_no", of="contract"),),
    SecurityCreated: (Saying("summary", "secures", of="security"),),
    DisputeOpened: (Saying("summary", "claim", of="dispute"),),
    DisputeAdmitted: (Saying("number", "case_no", of="dispute"),),
    RulingMade: (Saying("summary", "summary", of="dispute"),),
}
"""The texts by which subjects are found beside their ids."""

UNFOUND: Mapping[str, tuple[str, ...]] = {
    "it says why, how or on which terms, and names nothing": (
        *("reason", "quality_reason", "clause", "no_challenge", "survival", "method", "training"),
        *("place", "acceptance_test", "what", "item", "package", "limits", "grounds", "question"),
        *("note", "description", "decision", "condition", "exit", "funding.agreed/1 terms/text"),
    ),
    "it is a code of a list, or a name within one contract": (
        *("algorithm", "category", "codes", "currency", "deductions", "designated", "edition"),
        *("governing_law", "grant", "grants_ended", "head_grant", "languages", "list_edition"),
        *("list_entries", "milestone", "milestones", "national_code", "office", "office_event"),
        *("order", "rule", "rules", "seat", "source", "territory", "topics", "zero_rated", "line"),
        *(
            "revenue.reported/1 deductions/kind",
            "revenue.reported/1 lines/deductions/kind",
            "share.agreed/1 waterfall/name",
        ),
    ),
    "it names somebody who is no subject of the event": ("authority", "dispute_body", "exchange"),
    "it is of the log itself, which is found by position": (
        *("chain", "halted", "log_keys", "origin", "policy", "predecessor", "projection"),
        *("public_key", "refusal_keys", "successor"),
    ),
    "the id that it stands in is found": ("record",),
}
"""Texts by which nothing is found, and why: members, or a topic and the path in its body."""

MOST_WORDS = 48
"""Words of a text that it is found by, at most: those of a summary that come first."""

MOST_LETTERS = 40
"""Letters of a word that it is found by, at most."""

MOST_READ = 240
"""Letters of a text, as it is read, that a phrase is looked for in, at most."""

MOST_PARTS = 6
"""Parts of a number that are found without what parts them, at most."""

_PADDED = 4
"""Digits of a number that has zeros in front, and is found without them, at least."""

_NOT_CALLED = frozenset(("key", "spelling", "identifier"))
"""Kinds of subject that are found otherwise: a key by its whole id, the others as names."""

KINDS = tuple(sorted({kind for kind, _ in EVOLVES} - _NOT_CALLED))
"""Kinds of subject that are found by words."""

_PERSON = "party:tok."
_RANDOM = re.compile("[0-9a-f-]{32,}")


def names_said(
    subject: str, logged: Logged, *, known: bool = False
) -> Iterator[tuple[Called, str, str]]:
    """Yield what a subject is called by an event: as what, by which member, and the text.

    One that is `known` has its id already. A person's token is told by its registration alone:
    nothing brings it back once it is erased.
    """
    body = logged.event.body
    person = subject.startswith(_PERSON)
    if isinstance(body, PartyRegistered | LedgerOpened) if person else not known:
        yield "id", "", subject.partition(":")[2]
    for saying in SAID.get(type(body), ()):
        items: Iterable[Any] = (body,) if saying.each is None else getattr(body, saying.each)
        for item in items:
            of, text = getattr(item, saying.of, None), getattr(item, saying.member)
            if isinstance(text, str) and (of or getattr(body, saying.of)) == subject:
                yield saying.called, saying.path, text


@dataclass(frozen=True)
class Read:
    """A text as it is read: its words, those it is found by, and which of these are not of it."""

    words: tuple[str, ...]
    found_by: tuple[str, ...]
    too: tuple[str, ...] = ()

    @cached_property
    def reads(self) -> str:
        """Return it as a row has it: a blank before each word."""
        return spaced(self.words)

    @cached_property
    def number(self) -> int:
        """Return a number by which readings are told apart."""
        return int.from_bytes(sha256(self.reads.encode()).digest()[:7])


@lru_cache(maxsize=1_024)  # `names` and `words` read the same texts, one after the other.
def read_as(called: Called, text: str) -> Read:
    """Return how a text is read. A number is found without what parts it, and without zeros.

    Each part of a number begins what it is with all that follows: it is found by that.
    """
    words = tuple(plain(text).split())
    if called == "id" and _RANDOM.fullmatch(text):
        whole = ("".join(words),)
        return Read(whole, whole)
    if called not in ("id", "number"):
        return Read(words, tuple(dict.fromkeys(words[:MOST_WORDS])))
    from_each = ["".join(words[at : at + MOST_PARTS]) for at in range(len(words))]
    bare = [each.lstrip("0") for each in words if len(each) >= _PADDED and each.isdecimal()]
    found_by = dict.fromkeys((*from_each[:MOST_WORDS], *bare[:MOST_WORDS]))
    return Read(words, tuple(filter(None, found_by)), tuple(found_by.keys() - {*words, ""}))


def spaced(words: Iterable[str]) -> str:
    """Return words as a text that is read: a blank before each, bounded."""
    return "".join(f" {word}" for word in words)[:MOST_READ]


def _keys(logged: Logged) -> list[str]:
    subjects = logged.event.subjects
    return [each for each in subjects if each.partition(":")[0] not in _NOT_CALLED]


def _called(subject: str, rows: tuple[Name, ...], logged: Logged) -> tuple[Name, ...]:
    texts = [*names_said(subject, logged, known=bool(rows))]
    if not texts:
        return rows
    body, said = logged.event.body, {row.read for row in rows}
    if isinstance(body, PartyRenamed):  # It may have a name again that it had.
        said.discard(read_as("name", body.name).number)
    at, new = (logged.position, logged.accepted), []
    for called, member, text, read in _unsaid(texts, said):
        too = spaced(sorted(read.too))
        new.append(Name(subject, *at, called, member, text, read.reads, read.number, too))
    return (*rows, *new) if new else rows


def _found_by(subject: str, rows: tuple[NameWord, ...], logged: Logged) -> tuple[NameWord, ...]:
    texts = [*names_said(subject, logged, known=bool(rows))]
    if not texts:
        return rows
    at, new = (logged.position, logged.accepted), []
    kind, known = subject.partition(":")[0], {row.word for row in rows}
    for called, _, _, read in _unsaid(texts, {row.read for row in rows}):
        for word in dict.fromkeys(word[:MOST_LETTERS] for word in read.found_by):
            # What a number has in common with the id is found by the id.
            if called != "number" or word not in known:
                new.append(NameWord(subject, *at, read.number, kind, word, len(read.words)))
                known.add(word)
    return (*rows, *new) if new else rows


def _unsaid(
    texts: Iterable[tuple[Called, str, str]], said: set[int]
) -> Iterator[tuple[Called, str, str, Read]]:
    """Yield the texts that read as nothing that was said before, and how they read."""
    for called, member, text in texts:
        read = read_as(called, text)
        if read.words and read.number not in said:
            said.add(read.number)
            yield called, member, text, read


def _forgotten(subject: str, rows: tuple[Any, ...], logged: Logged) -> tuple[Any, ...]:
    body = logged.event.body
    assert isinstance(body, PersonErased)
    return () if subject == body.token else rows


_EVERY = tuple(TOPICS.values())
_FOUND = {"whatever an event is about is found by its id": _EVERY}

names = Projection(
    name="names",
    version=1,
    row=Name,
    on={body: On(_keys, _forgotten if body is PersonErased else _called) for body in _EVERY},
    indexes=(("reads",),),
    besides=_FOUND,
)

words = Projection(
    name="words",
    version=1,
    row=NameWord,
    on={body: On(_keys, _forgotten if body is PersonErased else _found_by) for body in _EVERY},
    indexes=(("kind", "word", "length"), ("word",)),
    besides=_FOUND,
)
