"""What a ledger's server replies, read strictly: nothing in it is believed yet."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from ledger.log.merkle import LogError
from ledger.log.receipt import TlogProof, parse_tlog_proof
from ledger.log.statement import LONGEST_PROMISE_S, Promise, Statement
from ledger.quoted import quoted
from ledger.runtime.http import HttpResponse
from ledger.wire import canonical
from ledger.wire.base64 import b64decode
from ledger.wire.canonical import WireError
from ledger.wire.instant import MalformedInstant, format_instant, parse_instant
from ledger.wire.shown import brief
from ledger.wire.strict import MalformedJson, load_json
from ledger.wire.told import Told

CLOCKS_APART = timedelta(minutes=5)
"""How far the clocks of the signer, of the one who asks and of the server may be apart."""


class ClientError(Told):
    """Superclass of the errors of the SDK. Never raised itself."""


class ProblemAnswer(ClientError):
    """The ledger said no: its word. `code` is the stable code, `detail` says why.

    `problem` holds the RFC 9457 members that are of their types; the others are dropped.
    """

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = dict[str, Any]()
        for name, is_such in _PROBLEM.items():
            if is_such(problem.get(name)):
                self.problem[name] = problem[name]
        self.code = str(self.problem.setdefault("code", "NO_CODE"))
        self.detail = str(self.problem.setdefault("detail", "nothing that can be read"))
        helps = f"; what helps: {self.helps}" if self.helps else ""
        super().__init__(brief(f"{self.code}: the server says: {self.detail}{helps}"))

    @property
    def helps(self) -> str:
        """What helps, in words; why nothing does, where nothing does; else empty."""
        says = self.problem.get("remedy", {}).get("says")
        return says if isinstance(says, str) else ""

    @property
    def positions(self) -> list[int]:
        """The positions of the events that forbid it."""
        return list(self.problem.get("positions", ()))


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[A-Z][A-Z0-9_]{0,79}", value) is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _are(each: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(each, value))


_PROBLEM: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("type", "title", "detail", "pointer", "article", "parameter"), _is_text),
    **dict.fromkeys(("rule", "remedy"), lambda value: isinstance(value, dict)),
    **dict.fromkeys(("subjects", "near"), _are(_is_text)),
    "positions": _are(_is_count),
    "status": _is_count,
    "final": lambda value: value is True,
    "value": _is_text,
    "code": _is_code,
}


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

    def __init__(self, what: str, url: str = "") -> None:
        told = f"{what}, from {url}" if url else what
        helps = "see that a ledger is served there (--url, LEDGER_URL), and ask again"
        super().__init__(f"NO_ANSWER: {told}; {helps}: the same bytes are recorded once at most")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a server says would become of an event, as of `size` entries; nobody has signed it.

    `verdict` is `admitted`, `refused` or `recorded`; `problem` is that of a refusal, and `final`
    says that these bytes are refused for good once they are submitted. `members` is all of it that
    is of its type.
    """

    @property
    def positions(self) -> list[int]:
        """The positions that it names: of the event itself, or of those that forbid it."""
        stands = [self.members["position"]] if "position" in self.members else []
        return stands + (self.problem.positions if self.problem else [])

    verdict: str
    size: int | None
    final: bool
    problem: ProblemAnswer | None
    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """A receipt as `ledger.verify` verifies it: the entry is in the log, under such a checkpoint.

    All of it is read from the entry and the proof, `witnessed` from the cosignatures of a quorum of
    the policy; but `replayed`, that the event was there before, is the server's word, and the
    checkpoint in the proof may have lines of `strangers`, by keys that nobody named.
    """

    event_id: str
    position: int
    accepted: str
    size: int
    entry: bytes
    proof: bytes
    replayed: bool
    witnessed: bool = False
    strangers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifiedWord:
    """What a key of the log has signed of an event outside the log: `note` is the file to keep."""

    said: Statement
    note: bytes


def must_have(status: HTTPStatus, answer: HttpResponse) -> None:
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
        raise WrongAnswer(f"the answer is no object, but {quoted(members)}")
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
    said = {name: members[name] for name in _VERDICT if members.get(name) is not None}
    verdict, problem = said.get("verdict"), members.get("problem")
    if (
        verdict not in {"admitted", "refused", "recorded"}
        or (verdict == "refused") is not isinstance(problem, dict)
        or not all(_VERDICT[name](each) for name, each in said.items())
        or said.get("event_id") != event_id
    ):
        raise WrongAnswer(f"the answer is no verdict on event {event_id}")
    told = ProblemAnswer(problem) if isinstance(problem, dict) else None
    said |= {"problem": told.problem} if told else {}
    return Verdict(verdict, said.get("size"), said.get("final") is True, told, said)


def _is_instant(value: Any) -> bool:
    try:
        return bool(parse_instant(value))
    except (MalformedInstant, TypeError):
        return False


_VERDICT: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("verdict", "event_id", "payload_sha256"), _is_text),
    **dict.fromkeys(("size", "position"), _is_count),
    **dict.fromkeys(("judged", "accepted", "not_before", "refused"), _is_instant),
    "final": lambda value: isinstance(value, bool),
}
"""What is said of an event that was not submitted, beside the problem of a refusal."""
