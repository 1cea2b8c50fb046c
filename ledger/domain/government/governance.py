"""
The government of the ledger: its log's keys, its witnesses, its operator, its halts and its end.

Nothing here needs to be believed from elsewhere: who verifies starts from the keys and the policy
of entry 0 and follows these events. What concerns more than the operator is signed by more than
the operator, as an operator on its own must not be able to change by whom it is watched.

Read in this order: events, state, refusals, admit, evolve; `Ledger` stands in `authority`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import NothingWaits, require_known
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    NOT_EMPTY,
    Delay,
    Instant,
    Model,
    PartyId,
    PartyIds,
    Sha256,
    Text,
    of_kind,
)
from ledger.domain.parties.ledger_state import Ledger, Speaker, ledger_of, ledger_subject
from ledger.domain.parties.party import party_of
from ledger.domain.parties.signature_refusals import BindsTooEarly

KIND = "ledger"
LedgerId = Annotated[str, of_kind("ledger")]
Size = Annotated[int, Field(ge=1, le=2**53 - 1)]
Group = Literal["state", "institutes", "firms"]
Line = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\n]*$")]

GROUPS_THAT_APPROVE = 2
"""A policy is adopted by so many of the three groups at least, the first by the State's too."""


def charter_subject(ledger: str) -> str:
    """Return the subject of what governs a ledger: `charter:<hex SHA-256 of its origin>`.

    Apart from the ledger's own, which every seal touches: who verifies offline has to see the
    whole history of this one, so it stays short.
    """
    return f"charter:{ledger.partition(':')[2]}"


class _OfLedger(Body):
    """What governs the ledger: tagged with it, and with its charter."""

    SUBJECTS = "@ledger @charter"

    ledger: LedgerId
    """This ledger: `ledger:` and the hex SHA-256 of its origin."""

    def subjects(self) -> frozenset[str]:
        """Return the ledger and its charter."""
        return super().subjects() | {self.ledger, charter_subject(self.ledger)}


class LogKeysAdopted(_OfLedger):
    """From the next position on checkpoints are signed by these keys of the log, by all of them.

    Rotation is two of these events: one that names the old keys and the new, one the new alone.
    """

    TOPIC: ClassVar[str] = "ledger.log_keys_adopted/1"
    TITLE = "Log's keys adopted"
    TITLE_VI = "Áp dụng bộ khóa mới của sổ"
    SIGNERS = "@officers"

    log_keys: Annotated[tuple[Text, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
    """All keys of the log from here on, as vkeys (C2SP signed-note). One at least is in force
    already.
    """
    reason: Text
    """Why the keys change."""


class RefusalKeysAdopted(_OfLedger):
    """From the next position on what is refused or promised is signed by one of these keys (vkeys).

    They bind nobody and sign no checkpoint: what they sign is the operator's word about one event.
    """

    TOPIC: ClassVar[str] = "ledger.refusal_keys_adopted/1"
    TITLE = "Keys for refusals adopted"
    TITLE_VI = "Áp dụng khóa ký lời từ chối"
    SIGNERS = "@officers"

    refusal_keys: Annotated[tuple[Text, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
    """Keys of refusals and promises from here on, as vkeys (C2SP signed-note) named
    `<origin>/refusals`.
    """
    reason: Text
    """Why the keys change."""


class DelayAdopted(_OfLedger):
    """From an instant on what officers register or vouch for waits for another time, in seconds."""

    TOPIC: ClassVar[str] = "ledger.delay_adopted/1"
    TITLE = "Ledger's delay changed"
    TITLE_VI = "Đổi thời gian chờ của sổ cái"
    SUBJECTS = "@ledger @charter stopped_by"
    SIGNERS = "stopped_by|@officers"
    MAY = "stopped_by=@officers"
    WAITS = "?!stopped_by"

    delay_seconds: Delay
    """Seconds that what officers register or vouch for waits from then on. Of `stopped_by` it
    is the delay that holds anyhow.
    """
    not_before: Instant | None
    """Instant from which it holds, the old delay after acceptance at the earliest; another
    adopted before then replaces this one. Null is at once.
    """
    reason: Text
    """Why the delay changes, or is stopped from changing."""
    stopped_by: PartyId | None = None
    """The one officer who stops a delay that waits; null or absent where both officers adopt
    another.
    """


class SpokenFor(Model):
    """A party that speaks for a group of witnesses: it runs one of them."""

    group: Group
    """Group of witnesses that the party speaks for: the `state`, `institutes` or `firms`."""
    party: PartyId
    """Party that runs a witness of that group. Not the operator, and for one group only."""


class PolicyAdopted(_OfLedger):
    """From the next position on another policy says whose cosignatures make a quorum."""

    TOPIC: ClassVar[str] = "ledger.policy_adopted/1"
    TITLE = "Witness policy adopted"
    TITLE_VI = "Áp dụng chính sách nhân chứng"
    SUBJECTS = "@ledger @charter approved_by/*"
    SIGNERS = "@operator approved_by/*"
    MAY = "approved_by/*=!@operator speakers/*/party=!@operator"

    policy: Annotated[tuple[Line, ...], FROM_LIST, NOT_EMPTY]
    """Lines of the policy file (c2sp.org/tlog-policy), each without its line feed."""
    policy_sha256: Sha256
    """SHA-256 of the lines, a line feed behind each."""
    speakers: Annotated[tuple[SpokenFor, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
    """Parties that will approve the next policy, each for one group."""
    approved_by: PartyIds
    """Parties that approve this one: speakers, by the policy before it, of two of the three
    groups at least. The first is approved by the registrar, for the State, and by its own
    speakers.
    """

    def reads(self, state: State) -> Iterable[str]:
        """Return those who speak for the groups."""
        del state
        return (speaker.party for speaker in self.speakers)

    @property
    def text(self) -> bytes:
        """The policy as a file."""
        return "".join(f"{line}\n" for line in self.policy).encode()


class OperationHandedOver(_OfLedger):
    """From the next position on another legal entity operates the ledger."""

    TOPIC: ClassVar[str] = "ledger.operation_handed_over/1"
    TITLE = "Operation handed over"
    TITLE_VI = "Bàn giao việc vận hành sổ cái"
    SUBJECTS = "@ledger @charter operator"
    SIGNERS = "@officers operator"
    MAY = "operator=!@registrar"

    operator: PartyId
    """The new operator, a registered party and not the registrar. Both officers and this party
    sign.
    """
    reason: Text
    """Why another takes over."""


class LedgerResumed(_OfLedger):
    """The log had stopped signing; a person looked, and it goes on."""

    TOPIC: ClassVar[str] = "ledger.resumed/1"
    TITLE = "Signing resumed after a halt"
    TITLE_VI = "Ký tiếp sau khi dừng"
    SIGNERS = "@operator"

    halted: Text
    """Why the log had stopped signing, as its halt said."""
    reason: Text
    """What was found, and why it may go on: for example why rows were lost."""


class LedgerClosed(_OfLedger):
    """Nothing follows: the log is frozen here, and verifies for ever as it is."""

    TOPIC: ClassVar[str] = "ledger.closed/1"
    TITLE = "Ledger closed"
    TITLE_VI = "Đóng sổ cái"
    SIGNERS = "@officers"

    successor: Text | None
    """Origin of the log that follows this one; null where none does."""
    reason: Text
    """Why the ledger is closed."""


class SuccessionDeclared(_OfLedger):
    """This log follows another, of which it names the last checkpoint."""

    TOPIC: ClassVar[str] = "ledger.succession_declared/1"
    TITLE = "Succession to an earlier ledger declared"
    TITLE_VI = "Kế thừa sổ cái trước"
    SIGNERS = "@officers"

    predecessor: Text
    """Origin of the log that this one follows."""
    size: Size
    """Number of entries under the last checkpoint of that log."""
    root: Sha256
    """Root hash in that checkpoint, as `sha256:` and hex."""
    checkpoint_sha256: Sha256
    """SHA-256 of that checkpoint's signed note as it was verified; witnesses may add to the
    note since.
    """


@dataclass(frozen=True, slots=True)
class Charter:
    """That the ledger is governed otherwise than entry 0 says, and since which position."""

    position: int


class LogKeysApart(Refusal):
    """The new keys of the log have none in common with those in force, so nothing leads over."""

    code = "LOG_KEYS_APART"
    members = ("log_keys", "refusal_keys")
    title_vi = "Bộ khóa mới của sổ không có khóa chung với bộ đang dùng"


class PolicyMismatch(Refusal):
    """The digest is not that of the policy's lines."""

    code = "POLICY_MISMATCH"
    members = ("policy_sha256",)
    title_vi = "Mã băm không khớp với nội dung chính sách"


class PolicyNotApproved(Refusal):
    """A policy is approved by those who speak for two of the three groups, each for one.

    The first is approved by the registrar, who speaks for the State until there are witnesses.
    """

    code = "POLICY_NOT_APPROVED"
    members = ("approved_by",)
    title_vi = "Chính sách nhân chứng chưa được hai nhóm phê chuẩn"


class LedgerIsClosed(Refusal):
    """The ledger was closed; nothing more is recorded in it."""

    code = "LEDGER_CLOSED"
    title_vi = "Sổ cái đã đóng"


class SuccessionTooLate(Refusal):
    """A ledger says which one it follows before anything else: at position 1."""

    code = "SUCCESSION_TOO_LATE"
    title_vi = "Việc kế thừa sổ cũ phải là sự kiện thứ hai của sổ mới"


def must_be_open(ledger: Ledger) -> None:
    """Raise `LedgerIsClosed` if the ledger was closed."""
    if ledger.closed is not None:
        into = f"; it is followed by {ledger.successor}" if ledger.successor else ""
        step = Step({"successor": ledger.successor}, case="followed") if ledger.successor else None
        raise LedgerIsClosed(f"the ledger was closed{into}", positions=(ledger.closed,), step=step)


def must_be_of_this_ledger(state: State, event: Event, named: str) -> Ledger:
    """Return the ledger that the event is meant for; refuse an event that names another."""
    if named != ledger_subject(event.ledger):
        require_known(state, named, Ledger)
    return ledger_of(state, event)


@admits(LogKeysAdopted)
def _admit_log_keys(body: LogKeysAdopted, state: State, _context: Context, event: Event) -> None:
    """Refuse keys that share none with those in force."""
    ledger = must_be_of_this_ledger(state, event, body.ledger)
    if not set(body.log_keys) & set(ledger.log_keys):
        raise LogKeysApart(
            "a set of keys follows another by what they have in common",
            positions=(ledger.said_at(body.TOPIC),),
            step=Step(ask=("/body/log_keys",)),
        )


@admits(PolicyAdopted)
def _admit_policy(body: PolicyAdopted, state: State, _context: Context, event: Event) -> None:
    """Refuse a policy that is another than its digest says, or that two groups do not approve."""
    ledger = must_be_of_this_ledger(state, event, body.ledger)
    digest = f"sha256:{hashlib.sha256(body.text).hexdigest()}"
    if body.policy_sha256 != digest:
        raise PolicyMismatch(
            "policy_sha256 is that of the lines, each with its line feed",
            step=Step({"digest": digest}, change={"/body/policy_sha256": digest}),
        )
    for speaker in body.speakers:
        party_of(state, speaker.party)
    if len({each.party for each in body.speakers}) < len(body.speakers):
        raise PolicyNotApproved(
            "each party speaks for one of the groups",
            step=Step(case="one", ask=("/body/speakers",)),
        )
    # Before there are witnesses the registrar speaks for the State, the new ones for themselves.
    others = {each.party: each.group for each in body.speakers if each.group != "state"}
    now = {each.party: each.group for each in ledger.speakers}
    ruling = now or {**others, ledger.registrar: "state"}
    groups = {ruling[party] for party in body.approved_by if party in ruling}
    strangers = set(body.approved_by) - ruling.keys()
    if len(groups) < GROUPS_THAT_APPROVE or strangers:
        said = ", ".join(sorted(groups)) or "none"
        speakers = ", ".join(f"{party} ({ruling[party]})" for party in sorted(ruling))
        raise PolicyNotApproved(
            f"approved by {said} of the groups",
            positions=(ledger.said_at(body.TOPIC),),
            subjects=strangers,
            step=Step({"speakers": speakers}, ask=("/body/approved_by",)),
        )
    if not now and ledger.registrar not in body.approved_by:
        why = f"the first policy is approved by {ledger.registrar} too"
        approved_by = sorted({*body.approved_by, ledger.registrar})
        raise PolicyNotApproved(
            why,
            positions=(ledger.position,),
            subjects=(ledger.registrar,),
            step=Step(
                {"registrar": ledger.registrar},
                case="first",
                change={"/body/approved_by": approved_by},
            ),
        )


@admits(OperationHandedOver)
def _admit_handover(
    body: OperationHandedOver, state: State, _context: Context, event: Event
) -> None:
    """Refuse a new operator whom nobody knows."""
    must_be_of_this_ledger(state, event, body.ledger)
    party_of(state, body.operator)


@admits(RefusalKeysAdopted, LedgerResumed, LedgerClosed)
def _admit_plain(
    body: _OfLedger,
    state: State,
    _context: Context,
    event: Event,
) -> None:
    """Refuse what is meant for another ledger."""
    must_be_of_this_ledger(state, event, body.ledger)


@admits(DelayAdopted)
def _admit_delay(body: DelayAdopted, state: State, context: Context, event: Event) -> None:
    """Refuse to one officer alone what is no stop: nothing waits, or the delay would change."""
    now = context.accepted
    ledger = must_be_of_this_ledger(state, event, body.ledger)
    if body.stopped_by is None:
        return
    if ledger.next_delay is None or ledger.next_delay[0] <= now:
        raise NothingWaits(
            "no other delay waits",
            positions=(ledger.said_at(body.TOPIC),),
            subjects=(body.ledger,),
            step=Step(case="delay"),
        )
    holds = int(ledger.delay_at(now).total_seconds())
    if body.delay_seconds != holds:
        raise BindsTooEarly(
            f"who stops a delay that waits adopts the one that holds, {holds} s",
            positions=(ledger.said_at(body.TOPIC),),
            step=Step({"holds": holds}, case="delay", change={"/body/delay_seconds": holds}),
        )


@admits(SuccessionDeclared)
def _admit_succession(
    body: SuccessionDeclared, state: State, context: Context, event: Event
) -> None:
    """Refuse a succession that is declared when the log has begun already."""
    must_be_of_this_ledger(state, event, body.ledger)
    if context.position != 1:
        raise SuccessionTooLate("the log has begun already", positions=(1,))


@evolves("charter", LogKeysAdopted, RefusalKeysAdopted, DelayAdopted, PolicyAdopted)
@evolves("charter", OperationHandedOver, LedgerResumed, LedgerClosed, SuccessionDeclared)
def _evolve_charter(_body: Body, logged: Logged, value: Charter | None) -> Charter:
    return value or Charter(logged.position)


@evolves(KIND, LogKeysAdopted)
def _evolve_log_keys(body: LogKeysAdopted, logged: Logged, value: Ledger | None) -> Ledger | None:
    return value and replace(value, log_keys=body.log_keys).after(logged)


@evolves(KIND, RefusalKeysAdopted, SuccessionDeclared)
def _evolve_told(_body: Body, logged: Logged, value: Ledger | None) -> Ledger | None:
    """Return the ledger: what was said of it is for people, no rule asks for it."""
    return value and value.after(logged)


@evolves(KIND, DelayAdopted)
def _evolve_delay(body: DelayAdopted, logged: Logged, value: Ledger | None) -> Ledger | None:
    if value is None:
        return None
    until_then = int(value.delay_at(logged.accepted).total_seconds())
    after = body.not_before or logged.accepted, body.delay_seconds
    return replace(value, delay_seconds=until_then, next_delay=after).after(logged)


@evolves(KIND, PolicyAdopted)
def _evolve_policy(body: PolicyAdopted, logged: Logged, value: Ledger | None) -> Ledger | None:
    speakers = tuple(Speaker(each.group, each.party) for each in body.speakers)
    return value and replace(value, policy_sha256=body.policy_sha256, speakers=speakers).after(
        logged
    )


@evolves(KIND, OperationHandedOver)
def _evolve_operator(
    body: OperationHandedOver, logged: Logged, value: Ledger | None
) -> Ledger | None:
    return value and replace(value, operator=body.operator).after(logged)


@evolves(KIND, LedgerResumed)
def _evolve_resumed(_body: LedgerResumed, logged: Logged, value: Ledger | None) -> Ledger | None:
    return value and replace(value, counted=()).after(logged)


@evolves(KIND, LedgerClosed)
def _evolve_closed(body: LedgerClosed, logged: Logged, value: Ledger | None) -> Ledger | None:
    return value and replace(value, closed=logged.position, successor=body.successor).after(logged)
