"""
A witness: what it answers to `add-checkpoint`, `sign-subtree` and anyone who monitors it.

It cosigns a checkpoint of a log that it knows if the log signed it and it continues the last one
that it cosigned; never two that do not continue each other, never a smaller tree after a larger.
Cosignatures are of both kinds, Ed25519 (0x04) and ML-DSA-44 (0x06), and never dated before an
earlier one of the same log. No clock of its own: `now` is POSIX seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar

from ledger.log.cosignature import CosignatureV1Signer, MLDSA44Signer, Subtree
from ledger.log.key import BadNoteSignature
from ledger.log.merkle import EMPTY_ROOT, LogError
from ledger.log.note import (
    AmbiguousKeys,
    Note,
    NoteSignature,
    Signer,
    UnverifiedNote,
    Verifier,
    format_note,
    open_note,
    parse_note,
)
from ledger.log.proof import (
    ProofRefused,
    check_subtree,
    verify_consistency,
    verify_subtree_consistency,
)
from ledger.log.tree_head import Checkpoint, parse_checkpoint
from ledger.log.witness_request import (
    AddCheckpoint,
    SignSubtree,
    parse_add_checkpoint,
    parse_sign_subtree,
)
from ledger.witness.state import Cosigned, WitnessState

S = TypeVar("S")
T = TypeVar("T")

TEXT: Final = "text/plain; charset=utf-8"
SIZE: Final = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class WitnessResponse:
    """An HTTP status, the type of the body, and the body."""

    status: int
    body: str
    media_type: str = TEXT


@dataclass(frozen=True, slots=True)
class _Opened:
    """A checkpoint of a known log, the note that it came in, and the log's good lines."""

    checkpoint: Checkpoint
    note: Note
    lines: tuple[NoteSignature, ...]


class _Refused(Exception):
    def __init__(self, answer: WitnessResponse) -> None:
        self.answer = answer


class Witness:
    """Cosigns under one name, with a key of each kind, the logs that it is told to."""

    def __init__(
        self,
        classical: CosignatureV1Signer,
        quantum: MLDSA44Signer,
        logs: Mapping[str, Sequence[Verifier]],
        book: WitnessState,
        now: Callable[[], int],
    ) -> None:
        """Witness the logs of these origins, each known by its keys."""
        self._classical, self._quantum = classical, quantum
        self._logs, self._book, self._now = logs, book, now
        self._origins = {sha256(origin.encode()).hexdigest(): origin for origin in logs}

    def add_checkpoint(self, body: bytes) -> WitnessResponse:
        """Answer `add-checkpoint`; the book has the new checkpoint before this returns."""
        try:
            request = _read(parse_add_checkpoint, body)
            opened = self._open(request.note)
            if request.old > opened.checkpoint.size:
                return WitnessResponse(400, "the old size is above that of the checkpoint\n")
        except _Refused as refused:
            return refused.answer
        head = opened.checkpoint
        # Whatever is answered: the log signed it, and may have signed another of that size.
        note = format_note(Note(opened.note.text, opened.lines))
        self._book.keep(head.origin, head.size, head.root, self._now(), note)
        try:
            with self._book.moving():
                return self._move(request, opened)
        except _Refused as refused:
            return refused.answer

    def _move(self, request: AddCheckpoint, opened: _Opened) -> WitnessResponse:
        checkpoint, now = opened.checkpoint, self._now()
        last = self._book.latest(checkpoint.origin)
        size = 0 if last is None else last.size
        if request.old != size:
            return WitnessResponse(409, f"{size}\n", SIZE)
        if last is not None and now < last.time:
            return WitnessResponse(503, "the clock of this witness went back\n")
        _must_continue(request, checkpoint, last)
        lines = self._cosign(checkpoint, opened.note.text, now)
        note = format_note(Note(opened.note.text, (*opened.lines, *lines)))
        self._book.write(checkpoint.origin, Cosigned(checkpoint.size, checkpoint.root, now, note))
        return WitnessResponse(200, "".join(line.line for line in lines))

    def _cosign(self, checkpoint: Checkpoint, text: str, now: int) -> tuple[NoteSignature, ...]:
        # A line of type 0x06 does not cover extension lines: of such a note it would say too much.
        signers: tuple[Signer, ...] = (self._classical, self._quantum)
        signers = signers[:1] if checkpoint.extensions else signers
        return tuple(NoteSignature(s.name, s.key_id, s.sign(text, now)) for s in signers)

    def sign_subtree(self, body: bytes) -> WitnessResponse:
        """Answer `sign-subtree` by ML-DSA-44, for a checkpoint that this witness has cosigned."""
        try:
            request = _read(parse_sign_subtree, body)
            note = _read(parse_note, request.note)
            checkpoint = _read(parse_checkpoint, note.text)
            if request.end > checkpoint.size or request.start >= request.end:
                return WitnessResponse(400, "the subtree is not within the checkpoint's tree\n")
            _read(lambda _: check_subtree(request.start, request.end), b"")
            if checkpoint.origin not in self._logs:
                return WitnessResponse(404, "no log of that origin is known here\n")
            self._must_be_ours(request.note)
            _must_be_within(request, checkpoint)
        except _Refused as refused:
            return refused.answer
        subtree = Subtree(checkpoint.origin, request.start, request.end, request.root)
        blob = self._quantum.sign_subtree(subtree)
        return WitnessResponse(
            200, NoteSignature(self._quantum.name, self._quantum.key_id, blob).line
        )

    def _must_be_ours(self, note: bytes) -> None:
        ours = (self._classical.verifier(), self._quantum.verifier())
        try:
            open_note(note, ours)
        except (UnverifiedNote, BadNoteSignature):
            raise _Refused(WitnessResponse(403, "this witness has not cosigned it\n")) from None

    def checkpoint(self, origin_hash: str) -> WitnessResponse:
        """Answer a monitor: the last checkpoint cosigned, with the log's lines and our own."""
        origin = self._origins.get(origin_hash)
        last = None if origin is None else self._book.committed(origin)
        if last is None:
            return WitnessResponse(404, "no checkpoint of that log was cosigned here\n")
        return WitnessResponse(200, last.note.decode())

    def _open(self, raw: bytes) -> _Opened:
        checkpoint = _read(lambda each: parse_checkpoint(parse_note(each).text), raw)
        keys = self._logs.get(checkpoint.origin)
        if keys is None:
            raise _Refused(WitnessResponse(404, "no log of that origin is known here\n"))
        try:
            note, lines = open_note(raw, keys)
        except (UnverifiedNote, BadNoteSignature, AmbiguousKeys):
            raise _Refused(
                WitnessResponse(403, "the log has not signed this checkpoint\n")
            ) from None
        return _Opened(checkpoint, note, lines)


def _must_continue(request: AddCheckpoint, checkpoint: Checkpoint, last: Cosigned | None) -> None:
    root = EMPTY_ROOT if last is None else last.root
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise _Refused(WitnessResponse(422, "an empty tree has one root\n"))
    try:
        verify_consistency(request.old, checkpoint.size, request.proof, root, checkpoint.root)
    except ProofRefused as error:
        raise _Refused(WitnessResponse(422, f"{error}\n")) from None


def _must_be_within(request: SignSubtree, checkpoint: Checkpoint) -> None:
    try:
        verify_subtree_consistency(
            request.start,
            request.end,
            checkpoint.size,
            request.proof,
            request.root,
            checkpoint.root,
        )
    except ProofRefused as error:
        raise _Refused(WitnessResponse(422, f"{error}\n")) from None


def _read(parse: Callable[[S], T], raw: S) -> T:
    """Return what a body says, or refuse it as malformed."""
    try:
        return parse(raw)
    except LogError as error:
        raise _Refused(WitnessResponse(400, f"{error}\n")) from None
