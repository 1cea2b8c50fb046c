"""
All who judge who may sign what, at one position of one log: the door, the audit, two verifiers.

Each is asked whether it admits an entry as the next of the log, and afterwards shown the one that
was admitted. An answer is `True`, `False`, or None where a sealed sum is not at hand.
"""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from ledger import court
from ledger.domain import admission
from ledger.domain.core.context import Context, OpeningRequired
from ledger.domain.core.refusal import Refusal
from ledger.events.intake import Invalid, decode, read_envelope, signature_checks
from ledger.events.lawbook import available_laws
from ledger.follow.audit import Replay, RuleBroken, digest_of
from ledger.verify.authority import Authority, is_authority
from ledger.verify.event import read_event
from ledger.verify.outcome import Refused
from ledger.verify.signatures import check_signatures
from ledger.wire import signing_keys
from ledger.wire.entry import parse_entry
from ledger.wire.envelope import Envelope

Answer = bool | None
JUDGES = ("door", "audit", "verify", "court")


_loaded = lru_cache(maxsize=4096)(signing_keys.load_public)


def _apart(authority: Any) -> Any:
    """Return a copy that an event may change: two levels of it are what events change."""
    apart = copy(authority)
    for each in fields(apart):
        value = getattr(apart, each.name)
        if isinstance(value, dict):
            value = {name: dict(v) if isinstance(v, dict) else v for name, v in value.items()}
            setattr(apart, each.name, value)
        elif isinstance(value, list | set):
            setattr(apart, each.name, copy(value))
    return apart


@dataclass
class Judges:
    """The four, after the same entries."""

    origin: str

    def __post_init__(self) -> None:
        self.replay = Replay((), self.origin, available_laws())
        self.authority = Authority()
        self.court = court.Authority(whole=True)
        self.spki: dict[str, tuple[str, bytes]] = {}

    @property
    def size(self) -> int:
        return self.replay.size

    def judge(self, entry: bytes) -> dict[str, tuple[Answer, str]]:
        """Return what each says of an entry as the next of the log, and why."""
        asked: Mapping[str, Callable[[bytes], tuple[Answer, str]]] = {
            "door": self._by_door,
            "audit": self._by_audit,
            "verify": self._by_verify,
            "court": self._by_court,
        }
        return {name: asked[name](entry) for name in JUDGES}

    def judge_shape(self, before: bytes | None, entry: bytes) -> dict[str, tuple[Answer, str]]:
        """Return what both verifiers say of an entry, after another that nobody judges."""
        apart = copy(self)
        apart.authority, apart.court = _apart(self.authority), _apart(self.court)
        at = self.size + (before is not None)
        if before is not None:
            apart.authority.follow(read_event(before, self.size, self.origin))
            apart.court.follow(court.read_event(before, self.size, self.origin))
        return {"verify": apart._by_verify(entry, at), "court": apart._by_court(entry, at)}

    def follow(self, entry: bytes) -> None:
        """Show all of them the entry that was admitted."""
        logged = self.replay.follow(entry)
        for record in (record for _, record in logged.event.body.new_keys()):
            self.spki[record.key_id] = record.algorithm, court.unbase64(record.public_key)
        if is_authority(entry):
            self.authority.follow(read_event(entry, logged.position, self.origin))
            self.court.follow(court.read_event(entry, logged.position, self.origin))

    def _by_door(self, entry: bytes) -> tuple[Answer, str]:
        """As a submission: form, signatures, then the rules."""
        parsed = parse_entry(entry)
        try:
            submission = read_envelope(
                Envelope(parsed.payload_type, parsed.payload, parsed.signatures)
            )
            if self.size:
                for check in signature_checks(submission, self.spki.get):
                    _loaded(*check[:2]).verify(*check[2:])
            context = self._context(entry)
            state = self.replay._past.state_for(submission.event)
            admission.admit(state, submission.event, context)
        except OpeningRequired as refusal:
            return None, refusal.code
        except (Refusal, Invalid) as refusal:
            return False, refusal.code
        except (signing_keys.SignatureMismatch, signing_keys.KeyRefused) as refusal:
            return False, type(refusal).__name__
        return True, ""

    def _context(self, entry: bytes) -> Context:
        logged = decode(entry, self.size)
        known = {
            name: at
            for name in logged.event.body.references()
            if (at := self.replay._past.position_of(digest_of(name))) is not None
        }
        return Context(logged.accepted, self.size, known=known, laws=available_laws())

    def _by_audit(self, entry: bytes) -> tuple[Answer, str]:
        """As `audit verify` judges an export: the verifier, then every rule again."""
        answer, why = self._by_verify(entry)
        if answer is False:
            return answer, why
        try:
            left_out = list(self.replay._admit(decode(entry, self.size)))
        except RuleBroken as broken:
            return False, str(broken)
        return (None, "unchecked") if left_out else (True, "")

    def _by_verify(self, entry: bytes, at: int | None = None) -> tuple[Answer, str]:
        authority = _apart(self.authority) if is_authority(entry) else self.authority
        try:
            event = read_event(entry, self.size if at is None else at, self.origin)
            if is_authority(entry):
                authority.follow(event)
            unread = check_signatures(event, authority)
        except Refused as refused:
            return False, refused.reason
        return (None, unread[0]) if unread else (True, "")

    def _by_court(self, entry: bytes, at: int | None = None) -> tuple[Answer, str]:
        apart = entry.endswith(court.ENDINGS)
        authority = _apart(self.court) if apart else self.court
        try:
            event = court.read_event(entry, self.size if at is None else at, self.origin)
            if apart:
                authority.follow(event)
            unread = court.check_signatures(event, authority)
        except court.Refused as refused:
            return False, refused.reason
        return (None, unread[0]) if unread else (True, "")
