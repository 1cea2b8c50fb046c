"""
Mandates: whether a signer had power to bind a party, for what, up to which sum, on which day.

Serves `GET /v1/parties/{id}/mandates` and `…/power`. The true axis is the mandate's own legal days;
that it was ended early is true from the day on which that was recorded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from ledger.domain.core.event import Logged
from ledger.domain.core.types import legal_day
from ledger.domain.government.ledger import LedgerOpened
from ledger.domain.parties.mandate import MandateEnded, MandateGiven
from ledger.domain.parties.party import PartyRegistered, PartyStopped
from ledger.powers import TABLE, is_boundless
from projections.engine.answer import Answer, Verdict, YesOrNo, yes_or_no
from projections.engine.projection import Journal, Tells
from projections.engine.view import Known, View, positions_of
from projections.tables.basis import answering, told
from projections.tables.key_events import keys
from projections.tables.party_facts import PartyFact, ended_on, parties
from projections.tables.reader import Reader
from projections.tables.unbound import WaitingToBind, instant_on, waiting_of

Lack = Literal["topic", "boundless", "ceiling", "currency", "not_begun", "over", "ended"]
"""What a mandate lacks; `boundless`: what the topic disposes of is within no ceiling."""

_BOUNDLESS = frozenset(each.partition("/")[0] for each, row in TABLE.items() if is_boundless(row))


@dataclass(frozen=True, slots=True)
class MandateFact:
    """A row of `read.mandates`: a principal gave a mandate, or one of the two ended it."""

    subject: str
    position: int
    accepted: datetime
    mandate: str
    holder: str
    ended: bool
    topics: tuple[str, ...]
    ceiling_amount: int | None
    ceiling_currency: str | None
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Mandate:
    """A mandate as known. It binds from the position after `given` to that of `ended`."""

    mandate: str
    principal: str
    holder: str
    topics: tuple[str, ...]
    ceiling_amount: int | None
    ceiling_currency: str | None
    valid_from: date
    valid_to: date | None
    given: int
    given_at: datetime
    ended: int | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Mandates(Answer):
    """The mandates that a party gave, as known, in the order in which it gave them."""

    party: str
    size: int
    mandates: tuple[Mandate, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that gave and ended them."""
        return positions_of([p for each in self.mandates for p in (each.given, each.ended)])


@dataclass(frozen=True, slots=True)
class JudgedMandate:
    """A mandate, and what it lacks for the question; it covers it if it lacks nothing."""

    mandate: Mandate
    lacks: tuple[Lack, ...]

    @property
    def covers(self) -> bool:
        """Say whether it covers what is to be signed."""
        return not self.lacks


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be signed: a type of event without version, and a sum; None is not asked."""

    topic: str | None = None
    amount: int | None = None
    currency: str = "VND"


@dataclass(frozen=True, slots=True)
class PowerToBind(YesOrNo):
    """Whether a signer could bind a party on a legal day, as known, and by what.

    `ended` is how one of the two had ceased to be by then.
    `waiting` is what of the two is registered or vouched for and does not bind yet; it binds nobody
    while one of the registrations waits.
    """

    party: str
    signer: str
    true_on: date
    topic: str | None
    amount: int | None
    currency: str
    size: int
    ended: PartyFact | None
    waiting: tuple[WaitingToBind, ...]
    mandates: tuple[JudgedMandate, ...]

    @property
    def itself(self) -> bool:
        """Say whether the signer is the party."""
        return self.party == self.signer

    @property
    def binds(self) -> bool:
        """Say whether the signer could bind the party."""
        registered = all(each.key_id is not None for each in self.waiting)
        covered = self.itself or any(each.covers for each in self.mandates)
        return self.ended is None and registered and covered

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the mandates and their ends, the party's end, what waits."""
        given = [p for each in self.mandates for p in (each.mandate.given, each.mandate.ended)]
        waits = [each.position for each in self.waiting]
        return positions_of(given, [self.ended.position if self.ended else None], waits)

    @property
    def _says(self) -> Verdict:
        return yes_or_no(self.binds)


def _emit(logged: Logged) -> list[MandateFact]:
    body = logged.event.body
    assert isinstance(body, MandateGiven | MandateEnded)
    at = (logged.position, logged.accepted, body.mandate, body.holder)
    if isinstance(body, MandateEnded):
        return [MandateFact(body.principal, *at, True, (), None, None, None, None)]  # noqa: FBT003
    return [
        MandateFact(
            body.principal,
            *at,
            False,  # noqa: FBT003  (a column in its place)
            tuple(sorted(body.topics)),
            ceiling.amount if (ceiling := body.ceiling) else None,
            ceiling.currency if ceiling else None,
            body.valid_from,
            body.valid_to,
        )
    ]


mandates = Journal(
    name="mandates",
    version=2,
    row=MandateFact,
    emit=_emit,
    bodies=frozenset((MandateGiven, MandateEnded)),
    identity=("subject", "mandate"),
    indexes=(("subject", "holder", "position"),),
    tells={
        "mandate": Tells(("position", "principal", "holder", "ended")),
        "party": Tells(
            ("mandates",),
            rest="parties",
            unaffected_by={
                "who is new, or was stopped before it bound, has given none": (
                    *(LedgerOpened, PartyRegistered, PartyStopped),
                )
            },
        ),
    },
)


def mandates_of(reader: Reader, party: str) -> Mandates:
    """Return the mandates that a party gave, as known at a position or instant (default: now).

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, mandates) as view:
        known = reader.as_of(view)
        answer = Mandates(party, view.size, _mandates(view, party, known))
        return told(view, answer, known, party)


def _mandates(view: View, party: str, known: Known) -> tuple[Mandate, ...]:
    rows = view.recorded(mandates, known, subject=party)
    ends = {row.mandate: row for row in rows if row.ended}
    return tuple(_mandate(row, ends.get(row.mandate)) for row in rows if not row.ended)


def _mandate(row: MandateFact, end: MandateFact | None) -> Mandate:
    assert row.valid_from is not None, "a mandate that is given has a first day"
    return Mandate(
        mandate=row.mandate,
        principal=row.subject,
        holder=row.holder,
        topics=row.topics,
        ceiling_amount=row.ceiling_amount,
        ceiling_currency=row.ceiling_currency,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        given=row.position,
        given_at=row.accepted,
        ended=None if end is None else end.position,
        ended_at=None if end is None else end.accepted,
    )


def power_of(
    reader: Reader, party: str, *, signer: str, true_on: date, act: Act, now: datetime
) -> PowerToBind:
    """Return whether a signer could bind a party by an act on a legal day, as known.

    Of what waits it is said what does so now or, of another day, as it ends or begins.
    """
    with answering(reader, mandates, parties, keys) as view:
        known = reader.as_of(view)
        held = [each for each in _mandates(view, party, known) if each.holder == signer]
        judged = tuple(_judged(each, true_on, act) for each in held)
        ended = _ended(view, (party, signer), true_on, known)
        waiting = waiting_of(view, (party, signer), known, instant_on(true_on, now))
        answer = PowerToBind(
            party,
            signer,
            true_on,
            act.topic,
            act.amount,
            act.currency,
            view.size,
            ended,
            waiting,
            judged,
        )
        return told(view, answer, known, party, signer)


def _ended(view: View, both: Sequence[str], on: date, known: Known) -> PartyFact | None:
    facts = view.recorded(parties, known, subject=list(both))
    return ended_on(facts, on)


def _judged(mandate: Mandate, on: date, act: Act) -> JudgedMandate:
    lacks: list[Lack] = []
    if act.topic is not None and not {"*", act.topic}.intersection(mandate.topics):
        lacks.append("topic")
    if act.topic in _BOUNDLESS and mandate.ceiling_amount is not None:
        lacks.append("boundless")
    if act.amount is not None and mandate.ceiling_amount is not None:
        if act.currency != mandate.ceiling_currency:
            lacks.append("currency")
        elif act.amount > mandate.ceiling_amount:
            lacks.append("ceiling")
    lacks += _lacks_on(mandate, on)
    return JudgedMandate(mandate, tuple(lacks))


def _lacks_on(mandate: Mandate, on: date) -> Iterator[Lack]:
    if on < mandate.valid_from:
        yield "not_begun"
    if mandate.valid_to is not None and mandate.valid_to <= on:
        yield "over"
    if mandate.ended_at is not None and legal_day(mandate.ended_at) <= on:
        yield "ended"
