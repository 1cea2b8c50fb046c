"""
Open findings: what a fact contradicts that was recorded before it, or leaves to be decided.

Serves `GET /v1/findings`. Facts of the State and doubts about keys are recorded whatever they
contradict; nothing is computed again silently. `suspects` lists the facts that may contradict
something; what each does contradict is looked up when it is asked, from what is known then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from ledger.domain.core.body import Body, key_subject
from ledger.domain.core.event import Logged
from ledger.domain.core.periods import months_later
from ledger.domain.core.types import legal_day
from ledger.domain.disputes.dispute import DisputeOpened
from ledger.domain.disputes.ruling import RulingMade
from ledger.domain.parties.key import KeyRevoked
from ledger.domain.revenue.distribution import ProfitDistributed, RevenueDistributed
from ledger.domain.revenue.payment import PaymentConfirmed
from ledger.domain.rights.enforcement import SecurityEnforced
from ledger.domain.rights.right_status import RightRestored, effect_of
from ledger.domain.rights.title import AssignmentRegistered
from projections.engine.answer import Answer
from projections.engine.projection import Journal
from projections.engine.view import RECORDED, bound_parameters, positions_of, read_snapshot
from projections.questions.dispute_record import dispute_of
from projections.questions.dues import distributed_by, releases_of
from projections.questions.lapses import lapse_effects, standings
from projections.questions.party_keys import signed_by
from projections.questions.remaining_scope import granted_from
from projections.questions.title_over import overtaken, terms_of
from projections.tables.basis import listing, named
from projections.tables.dependencies import dependencies, falls_with
from projections.tables.dispute_events import orders
from projections.tables.liens import liens_on
from projections.tables.reader import Reader
from projections.tables.title_events import title


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row of `read.suspects`: a fact that may contradict what was recorded before it.

    `effective_from` is the day from which it has effect, `detail` what its kind needs to be looked
    into: the event declared void, the day on which a claimant knew.
    """

    subject: str
    position: int
    accepted: datetime
    code: str
    effective_from: date | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a fact contradicts: the events concerned. `open` until something settles it."""

    suspect: Suspect
    open: bool
    contradicts: tuple[int, ...]
    settled_by: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Findings(Answer):
    """A page of findings in order of the facts, folded up to `size` entries.

    Of one `subject`, if that was asked; those that were `settled`, too, if that was. `next_after`
    is the cursor of the next page, None on the last.
    """

    subject: str | None
    settled: bool
    size: int
    findings: tuple[Finding, ...]
    after: int
    limit: int
    next_after: int | None

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the facts and of what they contradict."""
        return positions_of(
            [finding.suspect.position for finding in self.findings],
            *(finding.contradicts for finding in self.findings),
            *(finding.settled_by for finding in self.findings),
        )


Suspicion = tuple[str, str, date | None, str | None]
"""A subject, a code, the day of effect, and the detail."""


def _ended(body: Any) -> list[Suspicion]:
    effect = effect_of(body)
    return [] if effect is None else [(body.right, "RIGHT_ENDED", effect[1], None)]


def _registered(body: AssignmentRegistered) -> list[Suspicion]:
    return [
        (right, code, body.effective_on, body.assignment)
        for right in body.rights
        for code in ("REGISTERED_OVER", "TITLE_MOVED_UNDER_FREEZE")
    ]


def _enforced(body: SecurityEnforced) -> list[Suspicion]:
    return [(right, "LIENS_AFTER_ENFORCEMENT", None, body.security) for right in body.rights]


def _disputed(body: DisputeOpened) -> list[Suspicion]:
    if body.known_since is None:
        return []
    return [(body.dispute, "DISPUTE_OUT_OF_TIME", body.known_since, None)]


def _voided(body: RulingMade) -> list[Suspicion]:
    voiding = {order.deeds()[0]: order for order in body.orders if order.event is not None}
    return [
        (deed, "DEED_VOID", order.start, order.event) for deed, order in sorted(voiding.items())
    ]


def _revoked(body: KeyRevoked) -> list[Suspicion]:
    if body.compromised_since is None:
        return []
    return [(key_subject(body.key_id), "NEEDS_RECONFIRMATION", None, body.key_id)]


def _paid(body: PaymentConfirmed) -> list[Suspicion]:
    return [(body.distribution, "PAID_UNDER_HOLD", body.paid_on, body.payee)]


def _waiting(body: Any) -> list[Suspicion]:
    if not body.suspense:
        return []
    return [(body.distribution, "AUTHOR_SPLIT_MISSING", None, body.contract)]


_SUSPECTED: Mapping[type[Body], Callable[[Any], list[Suspicion]]] = {
    **dict.fromkeys(standings.folds - {RightRestored}, _ended),
    AssignmentRegistered: _registered,
    SecurityEnforced: _enforced,
    DisputeOpened: _disputed,
    RulingMade: _voided,
    KeyRevoked: _revoked,
    RevenueDistributed: _waiting,
    ProfitDistributed: _waiting,
    PaymentConfirmed: _paid,
}


def _suspects(logged: Logged) -> list[Suspect]:
    body = logged.event.body
    return [
        Suspect(subject, logged.position, logged.accepted, code, day, detail)
        for subject, code, day, detail in _SUSPECTED[type(body)](body)
    ]


suspects = Journal(
    name="suspects",
    version=4,
    row=Suspect,
    emit=_suspects,
    bodies=frozenset(_SUSPECTED),
    identity=("subject", "code"),
    indexes=(("position",),),
    besides={"a fact that may contradict what was recorded before it": tuple(_SUSPECTED)},
)


@dataclass(frozen=True, slots=True)
class Case:
    """What a look at a suspect needs."""

    reader: Reader
    suspect: Suspect


Looked = tuple[tuple[int, ...], tuple[int, ...]]
"""The positions of what is contradicted, and of what has settled it."""


def _look_at_end(case: Case) -> Looked:
    """Grants that should run beyond the end of their right, and money of days after it."""
    suspect = case.suspect
    assert suspect.effective_from is not None, "an end has a day"
    effects = [
        each
        for each in lapse_effects(case.reader, suspect.subject).ends
        if each.end.position == suspect.position
    ]
    licensed = granted_from(case.reader, suspect.subject, suspect.effective_from)
    before = [grant.position for grant in licensed]
    contradicted = positions_of(
        [position for position in before if position < suspect.position],
        *([row.position for row in each.reports] for each in effects),
        *([row.position for row in each.payments] for each in effects),
    )
    # Restored from the very day, it never was out of force.
    whole = [each for each in effects if each.restored_from == suspect.effective_from]
    return contradicted, (suspect.position,) if whole else ()


def _look_at_registration(case: Case) -> Looked:
    """Orders that froze the title when the office moved it."""
    suspect = case.suspect
    with read_snapshot(case.reader.pool, orders) as view:
        found = view.rows(
            orders,
            """subject = %(right)s AND effect = 'FREEZE_TITLE' AND position < %(at)s
                AND (lifted_position IS NULL OR lifted_position > %(at)s)""",
            {"right": suspect.subject, "at": suspect.position},
            order="position, name",
        )
    day = legal_day(suspect.accepted)
    standing = [row for row in found if row.start <= day and (row.end is None or day < row.end)]
    return (
        positions_of([row.position for row in standing]),
        positions_of([row.lifted_position for row in standing]),
    )


def _look_at_title(case: Case) -> Looked:
    """Find what had given to others what an office registered as the assignors' to give.

    A ruling by which the assignment is void settles it.
    """
    suspect = case.suspect
    assert suspect.detail is not None, "suspected by its assignment"
    with read_snapshot(case.reader.pool, title) as view:
        earlier = overtaken(view, suspect.subject, suspect.detail, suspect.position)
        ended = terms_of(view, suspect.subject, suspect.detail, case.reader.as_of(view))
    settled = [row.known_from for row in ended if row.effect == "ended"]
    return earlier, positions_of(settled) if earlier else ()


def _look_at_payment(case: Case) -> Looked:
    """Orders by which what arrived should have been held back."""
    suspect = case.suspect
    assert suspect.effective_from is not None, "suspected by its day"
    made = distributed_by(case.reader, suspect.subject)
    with read_snapshot(case.reader.pool, orders) as view:
        found = view.rows(
            orders,
            """subject = ANY(%(held)s) AND effect = 'HOLD_PAYMENT' AND position < %(at)s
                AND start <= %(day)s AND ("end" IS NULL OR %(day)s < "end")
                AND (party IS NULL OR party = %(payee)s)""",
            {
                "held": sorted(made),
                "at": suspect.position,
                "day": suspect.effective_from,
                "payee": suspect.detail,
            },
            order="position, name",
        )
    lifted = [(row, row.lifted_at and legal_day(row.lifted_at)) for row in found]
    standing = [row for row, day in lifted if day is None or day > suspect.effective_from]
    return (
        positions_of([row.position for row in standing]),
        positions_of([row.lifted_position for row in standing]),
    )


def _look_at_enforcement(case: Case) -> Looked:
    """Liens that still burden a right after a creditor enforced its own."""
    found = liens_on(
        case.reader,
        case.suspect.subject,
        true_on=legal_day(case.suspect.accepted),
    )
    others = [lien for lien in found.liens if lien.security != case.suspect.detail]
    return (found.positions if others else ()), ()


def _look_at_time(case: Case) -> Looked:
    """Flag a dispute brought later than the law allows after the claimant knew (art. 429)."""
    suspect = case.suspect
    assert suspect.effective_from is not None, "suspected by its day"
    opened_on = legal_day(suspect.accepted)
    limit = case.reader.law.find("dispute.limitation", opened_on)
    if limit is None:
        return (), ()
    last = months_later(suspect.effective_from, 12 * limit.number("years"))
    if opened_on <= last:
        return (), ()
    dispute = dispute_of(case.reader, suspect.subject)
    return (suspect.position,), positions_of([dispute.ended])


def _look_at_voidance(case: Case) -> Looked:
    """Find what rests on a deed that is void."""
    made = _maker(case)
    return falls_with(case.reader, made).positions, ()


def _maker(case: Case) -> int:
    """Return the position of the event that made a deed."""
    with read_snapshot(case.reader.pool, dependencies) as view:
        (found,) = view.rows(
            dependencies,
            "thing = %(deed)s AND role = 'makes'",
            {"deed": case.suspect.subject},
            order="position",
        )
    return found.position


def _look_at_key(case: Case) -> Looked:
    """Events signed by a compromised key, on which nobody has given a word."""
    assert case.suspect.detail is not None, "suspected by its key"
    found = signed_by(case.reader, case.suspect.detail, between="compromise", limit=1000)
    words = [word.position for each in found.signed for word in each.words]
    doubtful = [each.event.position for each in found.signed if each.open]
    settled = [each.event.position for each in found.signed if not each.open]
    return positions_of(doubtful or settled), () if doubtful else positions_of(words)


def _look_at_suspense(case: Case) -> Looked:
    """Find a part of co-authors that waits until they have agreed to split it."""
    released = releases_of(case.reader, case.suspect.subject)
    return (case.suspect.position,), released


@dataclass(frozen=True, slots=True)
class FindingKind:
    """How a suspect is looked at, and in words what is contradicted, what settles it, what helps.

    docs/reference/answers.md is made of the words.
    """

    look: Callable[[Case], Looked]
    contradicts: str
    settles: str
    helps: str


KINDS: Mapping[str, FindingKind] = {
    "RIGHT_ENDED": FindingKind(
        _look_at_end,
        "grants that should run beyond the end of the right, reports and payments of later days",
        "the right is restored from the very day on which it ended (`right.restored/1`)",
        "`GET /v1/rights/{right}/dependents` says whom to tell, `/lapse-effects` which money is "
        "concerned: end or amend the contracts, correct the reports",
    ),
    "TITLE_MOVED_UNDER_FREEZE": FindingKind(
        _look_at_registration,
        "orders that froze the title on the day on which its registration was recorded",
        "an order is lifted later (`hold.lifted/1`)",
        "tell the forum that ordered it: it lifts the order, or rules whether the assignment is "
        "void (`ruling.made/1`)",
    ),
    "REGISTERED_OVER": FindingKind(
        _look_at_title,
        "earlier events by which its givers had given to others what an office registered as "
        "theirs to give",
        "a ruling by which the assignment is void (`ruling.made/1`)",
        "`GET /v1/rights/{right}/chain` shows both: have the office correct its record "
        "(`conveyance.attested/1`), or open a dispute (`dispute.opened/1`)",
    ),
    "LIENS_AFTER_ENFORCEMENT": FindingKind(
        _look_at_enforcement,
        "other liens that still burden the right after a creditor enforced its own",
        "nothing: it says what was so on the day of the record",
        "`GET /v1/rights/{right}/liens` says whose: each creditor releases its own "
        "(`security.released/1`), or who acquired the right has it burdened",
    ),
    "DISPUTE_OUT_OF_TIME": FindingKind(
        _look_at_time,
        "the opening of the dispute: later after the claimant knew than the law allows",
        "the dispute ends",
        "a respondent says so before the forum, which decides; nothing is refused for it",
    ),
    "DEED_VOID": FindingKind(
        _look_at_voidance,
        "events that rest on a deed that is void",
        "nothing: what is void stays void",
        "`GET /v1/entries/{position}/falls` says which fall for certain: their parties agree "
        "again with those who have the title now",
    ),
    "NEEDS_RECONFIRMATION": FindingKind(
        _look_at_key,
        "events that the key signed between its compromise and its revocation",
        "a word on each of them (`reconfirmation.given/1`)",
        "`GET /v1/keys/{key_id}/signed?between=compromise` lists them: the party confirms or "
        "disowns each",
    ),
    "AUTHOR_SPLIT_MISSING": FindingKind(
        _look_at_suspense,
        "the distribution: the co-authors' part of it waits",
        "the part is released (`suspense.released/1`)",
        "the co-authors agree on how to split it, and release it",
    ),
    "PAID_UNDER_HOLD": FindingKind(
        _look_at_payment,
        "orders by which what was paid should have been held back",
        "an order is lifted later (`hold.lifted/1`)",
        "tell the forum that ordered it: it lifts the order, or says what goes back",
    ),
}
"""By the code of a suspect."""


def findings(
    reader: Reader,
    *,
    subject: str | None = None,
    settled: bool = False,
    after: int = -1,
    limit: int = 50,
) -> Findings:
    """Return what is open, or with `settled` all that ever was, of one subject or of all.

    Looks at up to `limit` facts whose positions are greater than `after`: a page may hold fewer.
    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with listing(reader, suspects) as view:
        known = reader.as_of(view)
        asked = {"subject": subject, "after": after, **bound_parameters(known)}
        condition = f"position > %(after)s AND {RECORDED}"
        if subject is not None:
            condition += " AND subject = %(subject)s"
        rows = view.rows(suspects, condition, asked, order="position, subject", limit=limit + 1)
        nothing = named(
            view, Findings(subject, settled, view.size, (), after, limit, None), known, subject
        )
    # A fact's rows stay on one page: the last one's may go on.
    page = rows[:limit]
    more = len(rows) > limit
    if more and page[-1].position == rows[limit].position:
        whole = [row for row in page if row.position != page[-1].position]
        page = tuple(whole) or page
    found = (_finding(Case(reader, row)) for row in page)
    return replace(
        nothing,
        findings=tuple(each for each in found if each.contradicts and (settled or each.open)),
        next_after=page[-1].position if more else None,
    )


def _finding(case: Case) -> Finding:
    contradicts, settled_by = KINDS[case.suspect.code].look(case)
    return Finding(case.suspect, bool(contradicts) and not settled_by, contradicts, settled_by)
