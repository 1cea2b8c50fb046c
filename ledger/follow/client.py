"""
The SDK: signs, submits, retries what may be retried, and verifies what it gets back.

    >>> from ledger.wire.envelope import sign_envelope
    >>> with LedgerClient(url, read_trust(trust_file)) as ledger:
    ...     receipt = ledger.submit(Signed(sign_envelope(payload, keys)))
    >>> receipt.replayed, len(receipt.entry) > len(payload)
    (False, True)

A receipt is returned only after its proof has been verified against keys of one's own: nothing
that the server says is believed. The same bytes are sent again after a lost answer, never a new id.
"""

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import httpx2

from ledger import court
from ledger.follow.reader import LedgerReader
from ledger.follow.replies import (
    ClientError,
    HistoryChanged,
    NoAnswer,
    ProblemAnswer,
    ReceiptRefused,
    Verdict,
    VerifiedReceipt,
    VerifiedWord,
    WrongAnswer,
    must_be_timely,
    must_have,
    read_bulk_proof,
    read_object,
    read_proof,
)
from ledger.follow.signed import Signed
from ledger.follow.trustfile import read_trust
from ledger.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from ledger.log.dating import Bounds, bounds_of
from ledger.log.encoding import read_hash, write_base64
from ledger.log.merkle import HASH_SIZE, LogError
from ledger.log.note import MAX_NOTE, parse_note, parse_vkey
from ledger.log.policy import Policy, QuorumMissed, open_witnessed_checkpoint
from ledger.log.proof import prove_inclusion, root_of_prefix, verify_consistency
from ledger.log.receipt import TlogProof, format_tlog_proof, parse_tlog_proof
from ledger.log.statement import Promise, SignedRefusal, Statement, open_statement
from ledger.log.tiles import TILE_WIDTH, TileHashes, tile_path
from ledger.quoted import listed, quoted
from ledger.runtime.http import DEADLINE_S, SOON_S, HttpResponse
from ledger.verify.answer_files import read_entry
from ledger.verify.evidence_check import goes_on, refusal_keys, show
from ledger.verify.outcome import Check, Refused, Verified
from ledger.verify.trust import Trust
from ledger.verify.verifier import (
    EntryFindings,
    check_entry,
    lines_of_strangers,
    trust_shown,
    verify_receipt,
)
from ledger.verify.word import check_instant
from ledger.wire.canonical import WireError
from ledger.wire.entry import Entry, format_entry, parse_entry
from ledger.wire.envelope import Envelope, payload_hash

CHARTER_WAIT_S = 5.0
"""How long, in seconds, the bundle that shows new keys of the log may lag behind them."""

_LONGEST_ENTRY = 1 << 19
"""Bytes of an entry as JSON at most."""


__all__ = [
    "ClientError",
    "HistoryChanged",
    "LedgerClient",
    "NoAnswer",
    "ProblemAnswer",
    "ReceiptRefused",
    "Signed",
    "Verdict",
    "VerifiedReceipt",
    "VerifiedWord",
    "WrongAnswer",
    "read_trust",
]


@dataclass(frozen=True, slots=True)
class WitnessedHead:
    """A checkpoint that the log has signed, and as many witnesses as count; `note` is the file."""

    note: bytes
    checkpoint: Checkpoint
    bounds: Bounds


class LedgerClient(LedgerReader):
    """A ledger over HTTP, by a trust root. A context manager; not thread-safe."""

    def __init__(
        self,
        url: str,
        trust: Trust,
        *,
        timeout_s: float = SOON_S,
        transport: httpx2.BaseTransport | None = None,
        language: str | None = None,
    ) -> None:
        super().__init__(url, timeout_s=timeout_s, transport=transport, language=language)
        self.trust = trust
        self._charter: court.Verified | None = None
        self._opened: tuple[tuple[bytes, bool], tuple[Checkpoint, Bounds]] | None = None
        self._tiles = TileHashes(self._tile)

    def open_note(self, note: bytes, *, witnessed: bool = False) -> Checkpoint:
        """Return a checkpoint of this log that all its keys, or a quorum too, have signed.

        Signatures by others than are trusted are believed where the log's own events, signed by
        those whom they bind, lead to them from those that are: such a bundle is asked for.
        Raises `LogError`.
        """
        return self._open_note(note, witnessed=witnessed)[0]

    def head(self) -> WitnessedHead:
        """Return the newest checkpoint of the log that counts by the policy in force, verified.

        Raises `WrongAnswer` for one that does not, `ProblemAnswer`, `NoAnswer`.
        """
        note = self.get_bytes("/checkpoint", MAX_NOTE)
        try:
            return WitnessedHead(note, *self._open_note(note, witnessed=None))
        except LogError as error:
            raise WrongAnswer(f"a checkpoint that does not count: {error}") from error

    def entry_under(self, head: WitnessedHead, position: int) -> EntryFindings:
        """Return the entry at a position, held to a checkpoint as one with a receipt is.

        Raises `ReceiptRefused` where the log does not hold it, `ProblemAnswer`, `NoAnswer`.
        """
        answer = self.get_bytes(f"/v1/entries/{position}", _LONGEST_ENTRY)
        size = head.checkpoint.size
        try:
            raw, said = read_entry(answer)
            hashes = prove_inclusion(position, size, self._tiles)
            proof = TlogProof(position, tuple(hashes), head.note)
            opened, trust = (head.checkpoint, head.bounds), self._trust_at(size)
            return check_entry(raw, proof, opened, trust, self._charter, [(said, {})])
        except (LogError, Refused) as error:
            raise ReceiptRefused(str(error)) from error

    def _open_note(self, note: bytes, *, witnessed: bool | None) -> tuple[Checkpoint, Bounds]:
        size = parse_checkpoint(parse_note(note).text).size
        try:
            return _open(note, self._trust_at(size), witnessed=witnessed)
        except LogError:
            if not self._learn(size):
                raise
        return _open(note, self._trust_at(size), witnessed=witnessed)

    def _trust_at(self, size: int) -> Trust:
        """Return the trust root, with the keys and the policy of a size as far as is known.

        Adopted keys that cannot be read sign for nobody: then it is the trust root itself.
        """
        try:
            return trust_shown(size, self.trust, self._charter) if self._charter else self.trust
        except Refused:
            return self.trust

    def _learn(self, size: int) -> bool:
        """Ask who signs a checkpoint of a size; say whether others are shown than were known."""
        known, deadline = self._trust_at(size), time.monotonic() + CHARTER_WAIT_S
        while True:
            try:
                shown = show(self.evidence(), self.trust.to_json())
            except (ClientError, Refused):
                return False
            # An answer that shows less than an earlier one takes nothing back.
            if self._charter is None or goes_on(shown, self._charter):
                self._charter = shown
            if self._trust_at(size) != known:
                return True
            if shown.size >= size or time.monotonic() > deadline:
                return False
            time.sleep(0.1)

    def prove_unchanged(self, since: Checkpoint) -> Checkpoint:
        """Return the log's latest checkpoint, proven to hold all that an earlier one held.

        Raises `HistoryChanged` if it does not, `ProblemAnswer`, `NoAnswer`.
        """
        answer = self.get("/v1/consistency", since=since.size, root=write_base64(since.root))
        try:
            latest = self.open_note(str(answer["checkpoint"]).encode())
            proof = [read_hash(text, LogError) for text in answer["proof"]]
            verify_consistency(since.size, latest.size, proof, since.root, latest.root)
        except (LogError, KeyError, TypeError) as error:
            raise HistoryChanged(f"not shown to hold what it held: {error}") from error
        return latest

    def prove_continued(self, old: Checkpoint, new: Checkpoint) -> None:
        """Have the log's tiles show that a checkpoint holds all that one of no larger size held.

        Raises `HistoryChanged` where they show that it does not, `WrongAnswer` where they are those
        of another tree, `ProblemAnswer`, `NoAnswer`.
        """
        try:
            root = root_of_prefix(old.size, new.size, new.root, self._tiles)
        except LogError as error:
            raise WrongAnswer(f"tiles that are not those of size {new.size}: {error}") from error
        if root != old.root:
            raise HistoryChanged(f"the log has signed two histories of {old.size} entries")

    def _tile(self, level: int, n: int, width: int) -> bytes:
        """Return a tile, unverified, cut from the full one where the partial one is gone."""
        most = TILE_WIDTH * HASH_SIZE
        try:
            return self.get_bytes(f"/{tile_path(level, n, width)}", most)
        except ProblemAnswer:
            if width == TILE_WIDTH:
                raise
            return self.get_bytes(f"/{tile_path(level, n)}", most)[: width * HASH_SIZE]

    def submit(self, signed: Signed, *, witnessed: bool = False) -> VerifiedReceipt:
        """Submit one event; return its receipt, verified.

        `witnessed` asks for a receipt under a checkpoint that a quorum has cosigned; where none
        has in time, the receipt says so, and `witnessed_receipt` asks again.
        Raises `ProblemAnswer`, `ReceiptRefused`, `NoAnswer`.
        """
        return self._receipt(signed, self._submit(signed, "wait=witnessed" if witnessed else ""))

    def submit_promised(self, signed: Signed) -> VerifiedWord | VerifiedReceipt:
        """Submit one event; return the promise to record or refuse it in time, verified.

        Or its receipt, where it was answered at once. Raises as `submit` does.
        """
        answer = self._submit(signed, "respond-async")
        if answer.status != HTTPStatus.ACCEPTED:
            return self._receipt(signed, answer)
        word = self._word(signed, read_object(answer.content).get("promise"), Promise)
        must_be_timely(word.said, signed.envelope.payload)
        return word

    def promised_answer(self, signed: Signed) -> VerifiedReceipt | VerifiedWord | None:
        """Return what a promise came to, verified: the receipt, or a refusal; None if it waits.

        Raises `ProblemAnswer` (NOT_FOUND) where nothing of it is there, and as `submit` does.
        """
        members = self.get(f"/v1/promises/{payload_hash(signed.envelope.payload)}")
        state = members.get("state")
        if state == "waiting":
            return None
        if state == "refused":
            return self._word(signed, members.get("refusal"), SignedRefusal)
        if state != "recorded":
            raise WrongAnswer(f"state is none of waiting, recorded, refused: {quoted(state)}")
        receipt = self.get(f"/v1/events/{signed.event_id}/receipt")
        found = self._verify(signed, receipt, read_proof(receipt), replayed=True)
        return replace(found, replayed=False)

    def _submit(self, signed: Signed, prefer: str) -> HttpResponse:
        preferred = {"Prefer": prefer} if prefer else {}
        return self._post("/v1/events", signed.to_json(), "application/json", preferred)

    def _receipt(self, signed: Signed, answer: HttpResponse) -> VerifiedReceipt:
        must_have(HTTPStatus.CREATED, answer)
        members = read_object(answer.content)
        replayed = answer.headers.get("replayed") == "true"
        return self._verify(signed, members, read_proof(members), replayed=replayed)

    def _word(self, signed: Signed, note: Any, kind: type[Statement]) -> VerifiedWord:
        """Hold a note to be of that event, of a time, by a key that the log has adopted for it."""
        try:
            shown = show(self.evidence(), self.trust.to_json())
            said = open_statement(str(note).encode(), map(parse_vkey, refusal_keys(shown)))
            if isinstance(said, SignedRefusal):
                check_instant(said, shown.events[0].accepted)
        except (LogError, Refused) as error:
            raise ReceiptRefused(f"{type(error).__name__}: {error}") from error
        told = type(said), said.origin, said.event_id, said.payload
        payload = payload_hash(signed.envelope.payload)
        if told != (kind, self.trust.origin, signed.event_id, payload):
            raise ReceiptRefused(
                f"the server answers with a word about something else, event {said.event_id}"
            )
        return VerifiedWord(said, str(note).encode())

    def witnessed_receipt(self, signed: Signed, receipt: VerifiedReceipt) -> VerifiedReceipt:
        """Return the receipt of an event under a checkpoint that a quorum has cosigned.

        Raises `ProblemAnswer` (NOT_WITNESSED) while there is none, `ReceiptRefused`, `NoAnswer`.
        """
        found = self._graded(signed, receipt, "witnessed")
        if not found.witnessed:
            raise ReceiptRefused(f"not the witnessed receipt of event {receipt.event_id}")
        return found

    def degraded_receipt(
        self, signed: Signed, receipt: VerifiedReceipt, fallback: Policy
    ) -> VerifiedReceipt:
        """Return the receipt of an event under a checkpoint that a fallback policy counts.

        The policy is the caller's own, never the server's. It is not `witnessed`. Raises as
        `witnessed_receipt` does.
        """
        found = self._graded(signed, receipt, "degraded")
        note = parse_tlog_proof(found.proof).checkpoint_raw
        trust = replace(self._trust_at(found.size), policy=fallback)
        try:
            _open(note, trust, witnessed=True)
        except LogError as error:
            raise ReceiptRefused(f"{type(error).__name__}: {error}") from error
        return replace(found, witnessed=False)

    def _graded(self, signed: Signed, receipt: VerifiedReceipt, grade: str) -> VerifiedReceipt:
        members = self.get(f"/v1/events/{receipt.event_id}/receipt", grade=grade)
        found = self._verify(signed, members, read_proof(members), replayed=receipt.replayed)
        if found.position != receipt.position:
            raise ReceiptRefused(
                f"not the receipt of that event: at {found.position}, not {receipt.position}"
            )
        return found

    def submit_many(self, many: Sequence[Signed]) -> Iterator[VerifiedReceipt | ProblemAnswer]:
        """Submit many, judged in their order; yield a verified receipt or a problem for each."""
        body = b"\n".join(signed.to_json() for signed in many)
        response = self._post("/v1/events/batch", body, "application/x-ndjson", within_s=DEADLINE_S)
        must_have(HTTPStatus.OK, response)
        waiting = deque(many)
        checkpoint = b""
        for line in response.content.splitlines():
            members = read_object(line)
            if "checkpoint" in members:
                checkpoint = str(members["checkpoint"]).encode()
                continue
            if not waiting:
                raise ReceiptRefused(f"the server answers more than was asked: {listed(members)}")
            yield self._answer(waiting.popleft(), members, checkpoint)
        if waiting:
            raise ReceiptRefused(f"the server left {len(waiting)} events without an answer")

    def _answer(
        self, signed: Signed, members: Mapping[str, Any], checkpoint: bytes
    ) -> VerifiedReceipt | ProblemAnswer:
        """Return what one line of a bulk answer says, verified."""
        problem, receipt = members.get("problem"), members.get("receipt")
        if isinstance(problem, dict):
            return ProblemAnswer(problem)
        if not isinstance(receipt, dict):
            raise WrongAnswer(
                f"a line of the answer is neither a receipt nor a problem: {listed(members)}"
            )
        return self._verify(
            signed,
            receipt,
            read_bulk_proof(receipt, checkpoint),
            replayed=members.get("status") == "replayed",
        )

    def entry(self, which: str) -> tuple[Verified, dict[str, Any]]:
        """Return an entry, by event id or position, as verified, and the payload in its bytes.

        Who signed it only the log or a bundle shows: what is not checked, the answer lists.
        Raises `ReceiptRefused`, `ProblemAnswer`, `NoAnswer`.
        """
        path = f"/v1/entries/{which}" if which.isdecimal() else f"/v1/events/{which}"
        answer = self.get_bytes(path)
        position = read_object(answer).get("position")
        if type(position) is not int:
            raise WrongAnswer(f"position is no integer: {quoted(position)}")
        proof, trust = self.get_bytes(f"/v1/entries/{position}/proof"), self.trust.to_json()
        try:
            try:
                found = verify_receipt(proof, answer, trust)
            except Refused as refused:
                if refused.step != Check.CHECKPOINT:
                    raise
                # The log may have other keys since: such a bundle shows it.
                found = verify_receipt(proof, answer, trust, self.evidence())
            raw, _ = read_entry(answer)
        except Refused as refused:
            raise ReceiptRefused(str(refused)) from refused
        if which not in (str(position), found.shown["entry"]["event_id"]):
            raise ReceiptRefused(
                f"the server answers with another entry, {found.shown['entry']['event_id']}"
            )
        return found, json.loads(parse_entry(raw).payload)

    def _verify(
        self, signed: Signed, members: Mapping[str, Any], proof: TlogProof, *, replayed: bool
    ) -> VerifiedReceipt:
        """Hold the answer to all that a receipt is held to. Raises `ReceiptRefused`."""
        try:
            entry = self._entry(signed.envelope, members, proof.index if replayed else None)
            witnessed = members.get("grade") == "witnessed"
            opened = self._open(proof.checkpoint_raw, witnessed=witnessed)
            size, trust = opened[0].size, self._trust_at(opened[0].size)
            said = [(dict(members), {"checkpoint_size": size})]
            event = check_entry(entry, proof, opened, trust, self._charter, said).event
        except (LogError, WireError, KeyError, Refused) as error:
            raise ReceiptRefused(f"{type(error).__name__}: {error}") from error
        if replayed:
            self._must_be_ours(signed.envelope, entry, proof.index)
        strange = lines_of_strangers(proof.checkpoint_raw, trust, proof.index)
        return VerifiedReceipt(
            event_id=event.event_id,
            position=proof.index,
            accepted=event.entry.accepted,
            size=size,
            entry=entry,
            proof=format_tlog_proof(replace(proof, extra=None)),
            replayed=replayed,
            witnessed=witnessed,
            strangers=tuple(what for _, what in strange),
        )

    def _entry(self, envelope: Envelope, members: Mapping[str, Any], stored: int | None) -> bytes:
        """Return what must be in the log: our own envelope in its frame, or what is stored."""
        if stored is not None:
            return read_entry(self.get_bytes(f"/v1/entries/{stored}"))[0]
        of = envelope.payload_type, envelope.signatures, envelope.payload
        return format_entry(Entry(str(members["accepted"]), *of))

    def _must_be_ours(self, envelope: Envelope, entry: bytes, position: int) -> None:
        """Refuse a recorded entry that is not our event, or bears other lines than bind it.

        The first submission may have carried more signatures over the same payload, or others by
        the same keys: then a bundle has to show that each of them verifies and binds.
        """
        recorded = parse_entry(entry)
        if recorded.payload != envelope.payload:
            raise ReceiptRefused(
                f"the stored entry is another event, of payload {payload_hash(recorded.payload)}"
            )
        if recorded.signatures == envelope.signatures:
            return
        there = {line.key_id for line in recorded.signatures}
        if lacking := {line.key_id for line in envelope.signatures} - there:
            raise ReceiptRefused(
                "the stored entry lacks a line of a key that has signed here, "
                f"{listed(sorted(lacking))}"
            )
        bundle = self.evidence(f"position={position}")
        try:
            found = show(bundle, self.trust.to_json()).events.get(position)
        except Refused as refused:
            raise ReceiptRefused(f"the lines of the stored entry: {refused}") from refused
        if found is None or found.raw != entry:
            raise ReceiptRefused(
                f"the server does not show by whose keys entry {position} is signed"
            )

    def _open(self, note: bytes, *, witnessed: bool) -> tuple[Checkpoint, Bounds]:
        """Open a checkpoint; the last one is remembered, for many receipts hang from one."""
        if self._opened is None or self._opened[0] != (note, witnessed):
            self._opened = (note, witnessed), self._open_note(note, witnessed=witnessed)
        return self._opened[1]


def _open(note: bytes, trust: Trust, *, witnessed: bool | None) -> tuple[Checkpoint, Bounds]:
    """Open a checkpoint, and return what it says of time. Raises `LogError`.

    None for `witnessed` asks for a quorum where the policy does.
    """
    if witnessed is None:
        witnessed = trust.policy.quorum is not None
    if not witnessed:
        opened = open_checkpoint(note, trust.origin, trust.verifiers)
        return opened, bounds_of(note, trust.verifiers)
    if trust.policy.quorum is None:
        raise QuorumMissed("the policy that is trusted asks for no witness")
    found = open_witnessed_checkpoint(note, trust.origin, trust.verifiers, trust.policy)
    return found.checkpoint, bounds_of(note, trust.verifiers, found.times.values())
