"""
A monitor: follows a log as a mirror does, and says what is wrong with it.

    FORK         the log signed two histories, or one that a witness contradicts
    WRONG_BYTES  a tile or an entry does not lead to the signed root
    STALL        nobody answers, or no quorum has cosigned anything for too long
    SIGNATURE    an entry is not signed by whom it binds
    RULE_BROKEN  the rules in force refuse an entry
    FALSE_SEAL   a seal's map of subjects is another than that of the entries which it covers (the
                 read models that it has digests of are `audit verify`'s work)
    NOT_MINE     a key of one's own stands under an event that one did not sign
    STATE        what the monitor remembers cannot be read: it begins anew

How far it has come is written down after a look, not before: what a crash interrupts is looked at
again. A monitor that has no memory says so, as it would otherwise check nothing and look well.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ledger.audit import (
    AuditError,
    NothingExported,
    Replay,
    RuleBroken,
    Source,
    exported_checkpoint,
    exported_entries,
)
from ledger.client import NoAnswer
from ledger.domain.event import Logged
from ledger.domain.law import Law
from ledger.domain.seal import LedgerSealed
from ledger.intake import decode
from ledger.log.cosignature import cosignature_time
from ledger.log.key import ED25519
from ledger.log.merkle import HASH_SIZE, LogError, leaf_hash
from ledger.log.note import open_note, parse_note
from ledger.log.policy import Policy
from ledger.log.proof import frontier_at
from ledger.log.subject_map import SubjectMap
from ledger.log.tiles import TileHashes, tile_path, tile_width
from ledger.log.tree_head import parse_checkpoint
from ledger.mirror import Forked, Governed, NotAuthentic, follow
from ledger.publisher import Remembered
from ledger.verify.event import Event
from ledger.verify.outcome import Refused
from ledger.verify.trust import parse_trust
from ledger.wire.envelope import payload_hash

STATE = "monitor.json"
"""The file of what a monitor remembers, beside the mirror."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something is wrong: what kind, what exactly, and at which position where there is one."""

    kind: str
    what: str
    position: int | None = None

    def __str__(self) -> str:
        at = "" if self.position is None else f" at position {self.position}"
        return f"{self.kind}{at}: {self.what}"


@dataclass(frozen=True, slots=True)
class Mine:
    """Whose keys are one's own, and which events (ids or payload hashes) one has signed."""

    parties: Collection[str] = ()
    signed: Collection[str] = ()


class Monitor:
    """Looks at a log again and again; everything it needs is in a mirror's directory."""

    def __init__(  # noqa: PLR0913  (what it looks at, and what for)
        self,
        source: Source,
        directory: Path,
        trust_root: bytes,
        *,
        laws: Mapping[str, Law],
        now: Callable[[], float],
        stall_s: float,
        mine: Mine | None = None,
        witnesses: Callable[[Policy], Iterable[Remembered]] = lambda _: (),
    ) -> None:
        self._source, self._directory = source, directory
        self._trust = parse_trust(trust_root)
        self._governed = Governed(self._trust)
        self._replay = Replay((), self._trust.origin, laws)
        self._sealed, self._map = 0, SubjectMap()
        self._now, self._stall_s = now, stall_s
        self._mine, self._witnesses = mine or Mine(), witnesses
        self._answered = now()
        self._broken = False
        self._state = directory.with_name(f"{directory.name}.{STATE}")

    @property
    def size(self) -> int:
        """How many entries have been looked at."""
        return self._governed.size

    def begin(self) -> list[Alarm]:
        """Read what the mirror has already; what was looked at before is not reported again."""
        alarms, before = self._remembered()
        if (self._directory / "checkpoint").exists():
            # All is judged anew, for only so are keys and rules known; told is what is new.
            found = self._scan()
            alarms += [alarm for alarm in found if (alarm.position or 0) >= before]
            self._remember()
        return alarms

    def look(self) -> list[Alarm]:
        """Take in what is new, judge it, and return what is wrong."""
        alarms: list[Alarm] = []
        try:
            follow(self._source, self._directory, self._trust.origin, self._governed.log_keys)
            self._answered = self._now()
        except Forked as error:
            alarms.append(Alarm("FORK", str(error)))
        except (NoAnswer, NothingExported) as error:
            silent = self._now() - self._answered
            if silent >= self._stall_s:
                alarms.append(Alarm("STALL", f"no answer for {silent:.0f} s: {error}"))
        except AuditError as error:
            alarms.append(Alarm("WRONG_BYTES", str(error)))
        if not (self._directory / "checkpoint").exists():
            return alarms
        alarms += [*self._scan(), *self._stalled(), *self._contradicted()]
        self._remember()
        return alarms

    def _scan(self) -> list[Alarm]:
        """Verify signatures and rules of the entries that were not looked at yet."""
        alarms: list[Alarm] = []
        for entry in exported_entries(self._directory, self._governed.size):
            position = self._governed.size
            try:
                alarms += self._not_mine(self._governed.follow(entry))
            except Refused as refused:
                alarms.append(Alarm("SIGNATURE", refused.reason, position))
            if self._broken:
                continue  # What rests on an entry that the rules refuse cannot be judged.
            try:
                alarms += self._false_seal(self._replay.follow(entry))
            except RuleBroken as broken:
                self._broken = True
                alarms.append(Alarm("RULE_BROKEN", f"{broken.code}: {broken.detail}", position))
        return alarms

    def _false_seal(self, logged: Logged) -> Sequence[Alarm]:
        """Hold a seal against the map of the entries that it covers, read once more for it."""
        body = logged.event.body
        if not isinstance(body, LedgerSealed):
            return ()
        start, self._sealed = self._sealed, body.size
        covered = islice(exported_entries(self._directory, start), body.size - start)
        for position, entry in enumerate(covered, start):
            leaf = leaf_hash(entry)
            for subject in decode(entry, position).event.subjects:
                self._map.touch(subject, position, leaf)
        if body.map_root == f"sha256:{self._map.root().hex()}":
            return ()
        what = f"the map of the first {body.size} entries has another root"
        return (Alarm("FALSE_SEAL", what, logged.position),)

    def _not_mine(self, event: Event) -> Sequence[Alarm]:
        holders = {
            self._governed.authority.keys[line.key_id].party for line in event.entry.signatures
        }
        known = {event.event_id, payload_hash(event.entry.payload)}
        if holders.isdisjoint(self._mine.parties) or not known.isdisjoint(self._mine.signed):
            return ()
        what = f"{event.type} {event.event_id} bears your key, and you did not sign it"
        return (Alarm("NOT_MINE", what, event.position),)

    def _stalled(self) -> Sequence[Alarm]:
        """Say if the newest signature with a time in it is too old, where witnesses refresh it."""
        policy = self._governed.policy
        if policy.quorum is None:
            return ()
        note = parse_note((self._directory / "checkpoint").read_bytes())
        keys = {(each.verifier.name, each.verifier.key_id) for each in policy.witnesses}
        times = [
            cosignature_time(line.blob)
            for line in note.signatures
            if (line.name, line.key_id) in keys
        ]
        age = self._now() - max(times, default=0)
        if age < self._stall_s:
            return ()
        return (Alarm("STALL", f"the newest cosignature is {age:.0f} s old"),)

    def _contradicted(self) -> Sequence[Alarm]:
        """Hold what witnesses have seen of this log against the mirror."""
        alarms = []
        ours = exported_checkpoint(self._directory)
        for seen in self._witnesses(self._governed.policy):
            try:
                stated = parse_checkpoint(parse_note(seen.note).text)
                open_note(seen.note, [k for k in self._governed.log_keys if k.key_type == ED25519])
            except (LogError, NotAuthentic):
                continue  # Not signed by the log: it shows nothing.
            if stated.origin != ours.origin or not 0 < stated.size <= ours.size:
                continue
            if frontier_at(stated.size, TileHashes(self._tile)).root() != stated.root:
                what = f"{seen.where} has cosigned another history of size {stated.size}"
                alarms.append(Alarm("FORK", what))
        return alarms

    def _tile(self, level: int, n: int, width: int) -> bytes:
        """Return a tile as it was at an earlier size: the mirror keeps that of its own."""
        now = tile_width(level, n, exported_checkpoint(self._directory).size)
        tile = (self._directory / tile_path(level, n, now)).read_bytes()
        return tile[: width * HASH_SIZE]

    def _remembered(self) -> tuple[list[Alarm], int]:
        try:
            size = json.loads(self._state.read_bytes())["size"]
            if type(size) is int and size >= 0:
                return [], size
        except FileNotFoundError:
            return [], 0
        except (ValueError, KeyError, TypeError):
            pass
        return [Alarm("STATE", f"{self._state} cannot be read; everything is looked at again")], 0

    def _remember(self) -> None:
        """Write down how far this has come: only now, after the look."""
        new = self._state.with_suffix(".new")
        new.write_text(json.dumps({"origin": self._trust.origin, "size": self.size}) + "\n")
        new.replace(self._state)
