"""What a ledger's server replies, read strictly: nothing in it is believed yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from ledger.bounded import Answer
from ledger.faults import Told
from ledger.log.merkle import LogError
from ledger.log.receipt import TlogProof, parse_tlog_proof
from ledger.log.statement import LONGEST_PROMISE_S, Promise, Statement
from ledger.wire import canonical
from ledger.wire.base64 import b64decode
from ledger.wire.canonical import WireError
from ledger.wire.instant import format_instant, parse_instant
from ledger.wire.shown import brief
from ledger.wire.strict import MalformedJson, load_json

CLOCKS_APART = timedelta(minutes=5)
"""How far the clocks of whoever signs, of whoever asks and of the server may be apart."""


class ClientError(Told):
    """Superclass of the errors of the SDK. Never raised itself."""


class ProblemAnswer(ClientError):
    """The ledger said no; `problem` holds the RFC 9457 members, `code` the stable code."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = problem
        self.code = brief(str(problem.get("code")))
        super().__init__(brief(f"{self.code}: {problem.get('detail')}"))


class ReceiptRefused(ClientError):
    """The server's answer does not prove that the event is in the log, or what was said of it."""


class WrongAnswer(ReceiptRefused):
    """What the server answers is no answer to what was asked; nothing of it was taken."""

    exit_code = 2

    def __init__(self, what: str) -> None:
        super().__init__(f"WRONG_ANSWER: {what}; ask another server of this log, or its operator")


class NotShown(ClientError):
    """What a server's answer names is not shown to be in the log that was signed."""

    exit_code = 2

    def __init__(self, what: str) -> None:
        super().__init__(f"NOT_SHOWN: {what}; nothing of the answer was taken")


class HistoryChanged(ClientError):
    """The log is not shown to continue what an earlier checkpoint of it signed."""


class NoAnswer(ClientError):
    """The server could not be reached in time; the event may be stored or not."""

    exit_code = 2

    def __init__(self, what: str) -> None:
        super().__init__(f"NO_ANSWER: {what}; ask again, the same bytes are recorded once at most")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a server says would become of an event, as of `size` entries; nobody has signed it.

    `verdict` is `admitted`, `refused` or `recorded`; `problem` is that of a refusal, and `final`
    says that these bytes are refused for good once they are submitted. `members` is all of it.
    """

    verdict: str
    size: int | None
    final: bool
    problem: ProblemAnswer | None
    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """A receipt as `ledger.verify` verifies it: the entry is in the log, under such a checkpoint.

    All of it is read from the entry and the proof, `witnessed` from the cosignatures of a quorum of
    the policy; but `replayed`, that the event was there before, is the server's word.
    """

    event_id: str
    position: int
    accepted: str
    size: int
    entry: bytes
    proof: bytes
    replayed: bool
    witnessed: bool = False


@dataclass(frozen=True, slots=True)
class VerifiedWord:
    """What a key of the log has signed of an event outside the log: `note` is the file to keep."""

    said: Statement
    note: bytes


def must_have(status: HTTPStatus, answer: Answer) -> None:
    """Raise `ProblemAnswer` for an answer of another status."""
    if answer.status != status:
        raise ProblemAnswer(read_object(answer.content))


def must_be_timely(promise: Statement, payload: bytes) -> None:
    """Refuse a promise dated before its event was issued, or ahead of one's own clock, or of long.

    The same bytes get the same promise again, so an older one than this request is good. Raises
    `ReceiptRefused`.
    """
    assert isinstance(promise, Promise), "a refusal promises nothing"
    received, answer_by = map(parse_instant, (promise.received, promise.answer_by))
    issued_at = str(canonical.load(payload, admission=False).get("issued_at"))
    earliest, now = parse_instant(issued_at) - CLOCKS_APART, datetime.now(UTC)
    if not earliest <= received <= now + CLOCKS_APART:
        told = f"issued at {issued_at}, by this clock it is {format_instant(now)}"
        raise ReceiptRefused(f"the promise says received at {promise.received}: {told}")
    if answer_by > received + timedelta(seconds=LONGEST_PROMISE_S):
        raise ReceiptRefused(
            f"the promise is to answer by {promise.answer_by}, more than a day after"
            f" {promise.received}: ask without --promise, or later"
        )


def read_proof(members: Mapping[str, Any]) -> TlogProof:
    """Return the proof in a reply. Raises `ReceiptRefused`."""
    try:
        return parse_tlog_proof(str(members.get("proof")).encode("utf-8", "replace"))
    except LogError as error:
        raise ReceiptRefused(f"no proof in the answer: {error}") from error


def read_json(content: bytes) -> Any:
    """Return a reply as JSON. Raises `WrongAnswer`."""
    try:
        return load_json(content)
    except MalformedJson as error:
        raise WrongAnswer(f"the answer is no JSON: {error}") from error


def read_object(content: bytes) -> dict[str, Any]:
    """Return a reply that is a JSON object. Raises `WrongAnswer`."""
    members = read_json(content)
    if not isinstance(members, dict):
        raise WrongAnswer("the answer is no object")
    return members


def read_bulk_proof(receipt: Mapping[str, Any], checkpoint: bytes) -> TlogProof:
    """Return the proof in a line of a bulk reply. Raises `ReceiptRefused`."""
    try:
        hashes = tuple(b64decode(item) for item in receipt["inclusion"])
        return TlogProof(int(receipt["position"]), hashes, checkpoint)
    except (WireError, KeyError, TypeError, ValueError) as error:
        raise ReceiptRefused(f"no proof in the answer: {error}") from error


def read_verdict(content: bytes, event_id: str) -> Verdict:
    """Return what would become of an event. Raises `WrongAnswer` for an answer that is none."""
    members = read_object(content)
    verdict, size, problem = (members.get(name) for name in ("verdict", "size", "problem"))
    if (
        verdict not in {"admitted", "refused", "recorded"}
        or (verdict == "refused") is not isinstance(problem, dict)
        or not isinstance(size, int | None)
        or members.get("event_id") != event_id
    ):
        raise WrongAnswer("the answer is no verdict on that event")
    told = ProblemAnswer(problem) if isinstance(problem, dict) else None
    return Verdict(verdict, size, members.get("final") is True, told, members)
