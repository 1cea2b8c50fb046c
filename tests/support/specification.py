"""
Given these events, when this one comes, then it is admitted, or refused with this code.

    given(right_filed()).when(right_filed()).then_refused(RightExists, positions=(0,))

The past is a log that `builders.ledger_opened()` opens; the given events follow it and must be
admissible themselves. Positions are indexes into what was given: 0 is the first given event, -1
the opening. Signers, signature lines, times and payload hashes are derived; `said()` overrides
them. Admission sees only the subjects that `reads` names, so that an unnamed one fails loudly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from ledger.domain.admission import Folds, admit, evolve_subject, reads
from ledger.domain.core.body import Body, Folded
from ledger.domain.core.context import Context, OpeningMalformed, OpeningRequired
from ledger.domain.core.dated_law import Law, LawDataUnknown
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.government.governance import LedgerIsClosed, SuccessionTooLate
from ledger.domain.government.ledger import EditionUnknown, LedgerAlreadyOpen, LedgerOpened, opened
from ledger.domain.parties.ledger_state import Ledger, ledger_subject
from ledger.domain.parties.party import PartyEnded, PartyRegistered
from ledger.domain.parties.signature_refusals import (
    CeilingExceeded,
    KeyExpired,
    KeyIsSuspended,
    KeyNoLongerValid,
    KeyNotYetValid,
    KeyUnknown,
    LedgerNotOpen,
    MandateExpired,
    SelfDealing,
    SignerMissing,
    WrongSigner,
)
from ledger.domain.signing.who_signs import who_signs
from ledger.events.lawbook import available_laws
from tests.support.builders import ORIGIN, hash_of, key_id, ledger_opened
from tests.support.remedied import (
    STEPS,
    Unhelpful,
    changed,
    header,
    instant,
    lacks,
    must_tell,
    told,
)
from tests.support.withheld import Told, must_still_admit, must_still_refuse, replayed

START = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
"""When position 0 was accepted; every further position is a second later, unless said otherwise."""


@dataclass(frozen=True)
class Said:
    """A body and what differs from the event that would be derived from it."""

    body: Body
    accepted: datetime | None = None
    openings: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    signed_by: tuple[str, ...] | None = None
    header: Mapping[str, Any] = field(default_factory=dict)


def said(
    body: Body,
    *,
    accepted: datetime | None = None,
    openings: Mapping[str, Any] | None = None,
    kept: Mapping[tuple[str, str], Any] | None = None,
    signed_by: Iterable[str] | None = None,
    **header: Any,
) -> Said:
    """Say a body at a time, with openings, signed by the first keys of those parties.

    `kept` is what the vault has of earlier events, by subject and commitment.
    `header` overrides fields of `Event`, such as `seen`, `signers` or `signatures` (key ids).
    """
    signers = None if signed_by is None else tuple(signed_by)
    return Said(body, accepted, openings or {}, kept or {}, signers, header)


@dataclass(frozen=True)
class Narrow(Folds):
    """State that holds what was asked for before the lock, and fails on anything else."""

    names: frozenset[str] = frozenset()

    def get(self, subject: str) -> Any:
        assert subject in self.names, f"admission reads {subject}, which reads() does not name"
        return super().get(subject)


@dataclass(frozen=True)
class Past:
    """A log so far: its folded subjects, and where each payload hash stands."""

    subjects: Mapping[str, Folded] = field(default_factory=dict)
    known: Mapping[str, int] = field(default_factory=dict)
    size: int = 0
    offset: int = 1
    laws: Mapping[str, Law] = field(default_factory=available_laws)
    told: Told = ()

    def when(self, what: Body | Said) -> "Attempt":
        """Judge an event against this past."""
        spoken = what if isinstance(what, Said) else Said(what)
        event, context = self._event(spoken)
        try:
            admit(self._narrow(event), event, context)
        except Refusal as refusal:
            return Attempt(self, event, context, refusal, spoken)
        return Attempt(self, event, context, None, spoken)

    def and_then(self, what: Body | Said) -> "Past":
        """Return the past after an event, which must be admissible."""
        return self.when(what).recorded()

    def value(self, subject: str) -> Any:
        """Return what is known of a subject."""
        return Folds(self.subjects).get(subject)

    def with_event(self, event: Event, context: Context) -> "Past":
        """Return the past after an event that was admitted."""
        logged = Logged(event, context.position, context.accepted)
        folded = {
            subject: evolve_subject(subject, self.subjects.get(subject), logged)
            for subject in event.subjects
        }
        return replace(
            self,
            subjects={**self.subjects, **folded},
            known={**self.known, event.payload_hash: self.size},
            size=self.size + 1,
            told=(*self.told, (event, context)),
        )

    def _narrow(self, event: Event) -> Narrow:
        names: frozenset[str] = frozenset()
        while True:
            loaded = {name: self.subjects[name] for name in names & self.subjects.keys()}
            wanted = reads(event, Folds(loaded))
            if wanted <= names:
                return Narrow(loaded, names)
            names |= wanted

    def _event(self, spoken: Said) -> tuple[Event, Context]:
        body = spoken.body
        accepted = spoken.accepted or START + timedelta(seconds=self.size)
        signers = tuple(sorted(who_signs(body, self._ledger(body))))
        header = {
            "ledger": ORIGIN,
            "event_id": f"01890000-0000-7000-8000-{self.size:012x}",
            "type": body.TOPIC,
            "issued_at": accepted - timedelta(seconds=1),
            "not_after": accepted + timedelta(days=30),
            "seen": None,
            "subjects": tuple(sorted(body.subjects())),
            "signers": signers,
            "body": body,
            "payload_hash": hash_of(body),
            "signatures": _lines(body, spoken.signed_by or signers),
            **spoken.header,
        }
        known = {name: self.known[name] for name in body.references() if name in self.known}
        return Event(**header), Context(
            accepted,
            self.size,
            spoken.openings,
            known,
            self.laws,
            recall=lambda subject, commitment: spoken.kept[subject, commitment],
        )

    def _ledger(self, body: Body) -> Ledger:
        if isinstance(body, LedgerOpened):
            return opened(body, self.size)
        ledger = self.value(ledger_subject(ORIGIN))
        return ledger if isinstance(ledger, Ledger) else opened(ledger_opened(), 0)


@dataclass(frozen=True)
class Attempt:
    """An event that was judged, and the answer."""

    past: Past
    event: Event
    context: Context
    refusal: Refusal | None
    spoken: Said

    def then_admitted(self) -> Past:
        """Fail unless the event was admitted, by an auditor too; return the past with it."""
        past = self.recorded()
        must_still_admit(self.past.told, self.event, self.context)
        return past

    def recorded(self) -> Past:
        """Fail unless the event was admitted; return the past with it."""
        if self.refusal is not None:
            raise AssertionError(
                f"{self.event.type} was refused: {self.refusal.code}, {self.refusal}"
            ) from self.refusal
        return self.past.with_event(self.event, self.context)

    def then_refused(
        self,
        code: type[Refusal],
        *,
        positions: Iterable[int] | None = None,
        subjects: Iterable[str] | None = None,
        word: Mapping[str, Any] | None = None,
    ) -> Refusal:
        """Fail unless the event was refused so, because of those given events and subjects.

        What the refusal says would help is done, and must help; `word` is what only the sender
        knows: values of members by their pointers, bodies of other events by their topics.
        """
        assert self.refusal is not None, f"{self.event.type} was admitted"
        assert code is type(self.refusal), f"{self.event.type} was refused: {self.refusal!r}"
        if positions is not None:
            given_at = [position - self.past.offset for position in self.refusal.positions]
            assert sorted(positions) == given_at
        if subjects is not None:
            assert tuple(sorted(subjects)) == self.refusal.subjects
        must_point_at_a_member(self.event, self.refusal)
        must_say_where(self.refusal)
        self.must_be_helped(word or {})
        if code not in (OpeningRequired, OpeningMalformed):
            must_still_refuse(
                self.past.subjects, self.past.told, self.event, self.context, code.code
            )
        return self.refusal

    def must_be_helped(self, word: Mapping[str, Any], steps: int = STEPS) -> None:
        """Fail unless what the refusal says would help does, in so many steps at most."""
        if self.refusal is None or (step := must_tell(self.refusal)) is None:
            return
        if lacks(self.refusal, word):
            return  # A test that has the sender's word tries it.
        again = self._taking(step, word)
        if again.refusal is not None and (steps == 1 or again.refusal.step == step):
            raise Unhelpful(f"{self.refusal!r}, then {again.refusal!r}") from again.refusal
        again.must_be_helped(word, steps - 1)

    def _taking(self, step: Step, word: Mapping[str, Any]) -> "Attempt":
        assert self.refusal is not None
        spoken, past = self.spoken, self.past
        if step.after is not None:
            after = max(self.context.accepted, instant(step.after))
            spoken = replace(spoken, accepted=after)
        for other in step.first:
            past = past.and_then(
                replace(Said(told(other, word.get(other.topic, {}))), accepted=spoken.accepted)
            )
        if step.instead is not None:
            return past.when(
                Said(told(step.instead, word.get(step.instead.topic, {})), spoken.accepted)
            )
        given = {pointer: word[pointer] for pointer in self.refusal.asked}
        body = changed(spoken.body, {**self.refusal.changes, **given})
        beside = {**spoken.header, **header({**self.refusal.changes, **given})}
        signed_by = spoken.signed_by
        if any(pointer.startswith("/body/") for pointer in given):
            # Who gives the word knows who signs it.
            beside = {name: value for name, value in beside.items() if name in spoken.header}
        else:
            beside.setdefault("signers", self.event.signers)
            signed_by = self._lines_after(self.refusal)
        if self.refusal.sign or self.refusal.unsign:
            beside.pop("signatures", None)
        return past.when(replace(spoken, body=body, header=beside, signed_by=signed_by))

    def _lines_after(self, refusal: Refusal) -> tuple[str, ...]:
        """Return who signs after a step that says whose lines come and go."""
        lines = {*(self.spoken.signed_by or self.event.signers)}
        return tuple(sorted(lines.difference(refusal.unsign).union(refusal.sign)))

    def then_left_out(self, *expected: tuple[str, str]) -> None:
        """Fail unless a replay admits the event, and leaves out these rules: (codes, sealed)."""
        refusal, left_out = replayed(self.past.subjects, self.event, self.context)
        assert refusal is None, f"{self.event.type} was refused: {refusal!r}"
        found = [(", ".join(each.codes), each.sealed) for each in dict.fromkeys(left_out)]
        assert found == list(expected)


def _lines(body: Body, signed_by: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of the keys that sign: those the event brings, and the parties' first keys."""
    brought = {record.key_id: party for party, record in body.new_keys()}
    newcomers = isinstance(body, LedgerOpened | PartyRegistered)
    old = {key_id(party) for party in signed_by if not (newcomers and party in brought.values())}
    return tuple(sorted(old | brought.keys()))


EMPTY = Past(offset=0)
"""A log before its opening: positions are those of the log."""


def given(*past: Body | Said) -> Past:
    """Return the past in which the ledger was opened and then these events were admitted."""
    log = Past().and_then(ledger_opened())
    for what in past:
        log = log.and_then(what)
    return log


ABOUT_NO_MEMBER = {
    "the log or the software that judges, whatever the event says": (
        EditionUnknown,
        LawDataUnknown,
        LedgerAlreadyOpen,
        LedgerIsClosed,
        LedgerNotOpen,
        SuccessionTooLate,
    ),
    "the signatures beside the payload: who signs, by which key or mandate": (
        CeilingExceeded,
        KeyExpired,
        KeyIsSuspended,
        KeyNoLongerValid,
        KeyNotYetValid,
        KeyUnknown,
        MandateExpired,
        PartyEnded,
        SelfDealing,
        SignerMissing,
        WrongSigner,
    ),
}
"""Refusals that may be about no member of the payload, by what they are about."""


def must_point_at_a_member(event: Event, refusal: Refusal) -> None:
    """Fail unless the refusal says at which member of the payload it stands, and that is one."""
    if refusal.pointer is None:
        assert type(refusal) in chain(*ABOUT_NO_MEMBER.values()), repr(refusal)
        return
    value: Any = {"body": event.body.model_dump(mode="json"), "signers": [*event.signers]}
    value |= {"seen": event.seen, "issued_at": event.issued_at, "not_after": event.not_after}
    for part in refusal.pointer.split("/")[1:]:
        value = value[int(part) if isinstance(value, list) else part]


RESTS_ON_NO_EVENT = {
    "what the event itself says, and the law data": """
        BACKDATED BANNED_TECH BASE_LINES BASE_LINES/above BROKER_OVER_CAP CAP_BELOW_STATUTE
        CONFIRM_BY_PAYER CONFIRM_BY_PAYER/bank CONTENT_MISSING CONTENT_MISSING/company
        CONTENT_MISSING/contribution CURRENCY_MISMATCH FIELD_UNKNOWN FRACTION_SUM FUTURE_FACT
        FUTURE_FACT/signed GRANT_OUTLASTS_CONTRACT GROUND_PRICE GROUND_PRICE/heirs INTEREST_MISMATCH
        INTERVAL_EMPTY INTERVAL_EMPTY/deadline INTERVAL_EMPTY/line KEY_TAKEN/twice LATE_RATE_CAP
        NUMBER_FORM NUMBER_FORM/none PARTY_EXISTS/listed PARTY_UNKNOWN/listed PERMIT_MISSING
        PERSONAL_DATA_IN_EVENT PERSONAL_DATA_IN_EVENT/person PERSONAL_DATA_IN_EVENT/token
        POLICY_MISMATCH POLICY_NOT_APPROVED/one PRIORITY_TOO_LONG RATE_RANGE REGISTRATION_NEEDED
        SHARE_BELOW_STATUTE SHARE_SUM SHARE_SUM/caps SHARE_SUM/list SHARE_TOO_FINE
        SIGNER_MISSING/exit TAX_CODE_INVALID TAX_CODE_INVALID/branch TERRITORY_EDITION""",
    "that no event says what would have to be said": """
        GROUND_PRICE/merger KEY_UNKNOWN PARTY_BY_NAME PARTY_UNKNOWN PREDECESSOR_UNKNOWN
        PREDECESSOR_UNKNOWN/accepts PREDECESSOR_UNKNOWN/hash RETURN_OF_NOTHING""",
    "what is opened beside the event": "OPENING_MALFORMED OPENING_REQUIRED",
    "whose lines stand beside the event": """
        SELF_DEALING SIGNER_MISSING SIGNER_MISSING/key WRONG_SIGNER/line WRONG_SIGNER/stranger""",
    "the time, how long the log is and what judges": """
        EDITION_UNKNOWN ISSUED_IN_FUTURE LAW_DATA_UNKNOWN LEDGER_NOT_OPEN ORIGIN_MISMATCH SEEN_AHEAD
        SUBMISSION_EXPIRED VALIDITY_TOO_LONG""",
}
"""Refusals, by code or `CODE/case`, that may name no earlier event, by what they rest on."""


def must_say_where(refusal: Refusal) -> None:
    """Fail unless the refusal names the events that it rests on, if it may rest on any."""
    named = refusal.code + (f"/{refusal.step.case}" if refusal.step.case else "")
    free = chain(*(told.split() for told in RESTS_ON_NO_EVENT.values()))
    assert refusal.positions or named in free, f"{named} names no event: {refusal}"
