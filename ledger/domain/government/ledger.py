"""
The ledger as a subject: how it was opened, and the edition of the rules in force.

Read in this order: events, refusals, admit, evolve; the state, `Ledger`, stands in `authority`.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, ClassVar

from ledger.domain.core.body import Body, KeyRecord, State, key_subject
from ledger.domain.core.context import Context
from ledger.domain.core.dated_law import Law, LawDataUnknown
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import new_keys, require_known, require_new
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    NOT_EMPTY,
    Delay,
    PartyId,
    Sha256,
    Text,
    of_kind,
)
from ledger.domain.parties.identifier import must_be_a_legal_person
from ledger.domain.parties.key import Key
from ledger.domain.parties.ledger_state import Ledger, ledger_subject
from ledger.domain.parties.party import (
    Described,
    Party,
    PartyExists,
    PartyUnknown,
    must_be_impersonal,
    registered,
)

KIND = "ledger"

EDITIONS = frozenset({"0-dev"})
"""The editions of the rules that this version can replay (docs/spec/event.md)."""


class FirstParty(Described):
    """A party that is there from position 0, with its keys."""


class LedgerOpened(Body):
    """The first event: origin, log keys (vkeys), policy, rules, law data, and the first parties."""

    TOPIC: ClassVar[str] = "ledger.opened/1"
    TITLE = "Ledger opened"
    TITLE_VI = "Mở sổ cái"
    SUBJECTS = "@ledger parties/*/party key:parties/*/keys/*/key_id"
    SIGNERS = "parties/*/party"
    MAY = "operator=!registrar"

    origin: Text
    """Name of the log, made once and never used again; the same as `ledger` in the event's
    header.
    """
    log_keys: Annotated[tuple[Text, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
    """Keys that sign checkpoints, as vkeys (C2SP signed-note)."""
    policy_sha256: Sha256
    """SHA-256 of the policy file (c2sp.org/tlog-policy) that says whose cosignatures make a
    quorum.
    """
    edition: Text
    """Edition of the rules by which events are judged: `0-dev`."""
    law_data_sha256: Sha256
    """SHA-256 of the law data that the rules consult."""
    operator: PartyId
    """Party that runs the ledger, one of `parties` and not the registrar."""
    registrar: PartyId
    """Party that speaks for the State's registers, one of `parties`."""
    delay_seconds: Delay = 0
    """Seconds that what officers register or vouch for waits before it binds; 0 or absent is
    not at all.
    """
    parties: Annotated[tuple[FirstParty, ...], FROM_LIST, NOT_EMPTY]
    """The first parties, the two officers among them, each once. They bind at once."""

    def subjects(self) -> frozenset[str]:
        """Return the ledger, the first parties and their keys."""
        return super().subjects() | {ledger_subject(self.origin)}

    def new_keys(self) -> Iterable[tuple[str, KeyRecord]]:
        """Return the keys of the first parties."""
        return ((first.party, key) for first in self.parties for key in first.keys)


class RulesAdopted(Body):
    """From the next position on another edition of the rules holds."""

    TOPIC: ClassVar[str] = "ledger.rules_adopted/1"
    TITLE = "Rules adopted"
    TITLE_VI = "Áp dụng bộ quy tắc"
    SUBJECTS = "@ledger"
    SIGNERS = "@officers"

    ledger: Annotated[str, of_kind("ledger")]
    """This ledger: `ledger:` and the hex SHA-256 of its origin."""
    edition: Text
    """Edition of the rules by which events are judged from here on: `0-dev`."""
    law_data_sha256: Sha256
    """SHA-256 of the law data that the rules consult from here on; the software must have them
    at hand.
    """

    def subjects(self) -> frozenset[str]:
        """Return the ledger."""
        return super().subjects() | {self.ledger}


class LedgerAlreadyOpen(Refusal):
    """A ledger is opened once, by the event at position 0."""

    code = "LEDGER_ALREADY_OPEN"
    title_vi = "Sổ cái đã được mở"


class OriginMismatch(Refusal):
    """The origin that the body opens is not that of the ledger the event is meant for."""

    code = "ORIGIN_MISMATCH"
    members = ("origin",)
    title_vi = "Tên gốc trong nội dung khác với sổ cái nhận sự kiện"


class EditionUnknown(Refusal):
    """This version of the software does not know the edition of the rules."""

    code = "EDITION_UNKNOWN"
    members = ("edition",)
    final = False
    title_vi = "Phiên bản phần mềm này không biết ấn bản quy tắc được nêu"


def must_know(edition: str, adopted: int | None = None) -> None:
    """Raise `EditionUnknown` unless this version can judge by the edition.

    Where it was `adopted` before, at that position, nothing in the event helps.
    """
    if edition not in EDITIONS:
        known = ", ".join(sorted(EDITIONS))
        raise EditionUnknown(
            f"edition {edition} is none of {known}",
            positions=() if adopted is None else (adopted,),
            step=Step({"known": known}, ask=(HERE,))
            if adopted is None
            else Step({"edition": edition}, case="adopted"),
        )


def must_have_law(sha256: str, context: Context) -> Law:
    """Return the law data of a digest, or raise `LawDataUnknown`."""
    law = context.laws.get(sha256)
    if law is None:
        raise LawDataUnknown(f"no law data {sha256} is at hand")
    return law


def opened(body: LedgerOpened, position: int) -> Ledger:
    """Return the ledger that the event at `position` opens."""
    return Ledger(
        position,
        body.operator,
        body.registrar,
        body.edition,
        body.law_data_sha256,
        body.delay_seconds,
        body.log_keys,
        body.policy_sha256,
    )


@admits(LedgerOpened)
def _admit_opened(body: LedgerOpened, state: State, context: Context, event: Event) -> None:
    """Refuse a second opening, another origin, and first parties that do not hold together."""
    require_new(state, ledger_subject(body.origin), LedgerAlreadyOpen)
    if context.position != 0:
        raise LedgerAlreadyOpen("another ledger begins at position 0", positions=(0,))
    if body.origin != event.ledger:
        raise OriginMismatch(
            f"{body.origin} is opened in an event for {event.ledger}",
            step=Step({"origin": event.ledger}, change={"/body/origin": event.ledger}),
        )
    _must_hold_together(body)
    new_keys(state, body.new_keys())


def _must_hold_together(body: LedgerOpened) -> None:
    parties = [first.party for first in body.parties]
    for officer in (body.operator, body.registrar):
        if officer not in parties:
            raise PartyUnknown(
                f"{officer} is not among the first parties",
                subjects=(officer,),
                step=Step(case="listed", ask=("/body/parties",)),
            )
    for first in body.parties:
        must_be_impersonal(first)
        must_be_a_legal_person(first.party)
        if parties.count(first.party) > 1:
            raise PartyExists(
                f"{first.party} is listed twice",
                subjects=(first.party,),
                step=Step(case="listed", ask=("/body/parties",)),
            )


@admits(RulesAdopted)
def _admit_rules(body: RulesAdopted, state: State, context: Context, event: Event) -> None:
    """Refuse rules for another ledger, and an edition that this version cannot judge by."""
    must_know(body.edition)
    must_have_law(body.law_data_sha256, context)
    if body.ledger != ledger_subject(event.ledger):
        require_known(state, body.ledger, Ledger)


@evolves(KIND, LedgerOpened)
def _evolve_opened(body: LedgerOpened, logged: Logged) -> Ledger:
    return opened(body, logged.position)


@evolves(KIND, RulesAdopted)
def _evolve_rules(body: RulesAdopted, logged: Logged, value: Ledger | None) -> Ledger | None:
    if value is None:
        return None
    adopted = replace(value, edition=body.edition, law_data_sha256=body.law_data_sha256)
    return adopted.after(logged)


@evolves("party", LedgerOpened)
def _evolve_first_party(
    body: LedgerOpened, logged: Logged, _value: Party | None, subject: str
) -> Party:
    first = next(first for first in body.parties if first.party == subject)
    return registered(first, logged.position)


@evolves("key", LedgerOpened)
def _evolve_first_key(body: LedgerOpened, logged: Logged, _value: Key | None, subject: str) -> Key:
    owners = (party for party, key in body.new_keys() if key_subject(key.key_id) == subject)
    return Key(position=logged.position, party=next(owners))
