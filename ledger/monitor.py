"""
A monitor: follows a log as a mirror does, and says what is wrong with it.

    FORK           the log signed two histories, or one that a witness contradicts
    ROLLED_BACK    the log signed a smaller size after a larger one
    BACKDATED      an entry is dated before a checkpoint that the log signed without it
    BEHIND         the source shows less than the monitor has seen, and nothing else
    WRONG_BYTES    a tile or an entry of the source does not lead to the signed root
    STALL          nobody answers, or no quorum has cosigned anything for too long
    WITNESS_AHEAD  a witness has seen more than the log shows, at one look and at the next
    SIGNATURE      an entry is not signed by whom it binds
    RULE_BROKEN    the rules in force refuse an entry
    UNJUDGED       what rests on an entry that the rules refuse could not be judged
    FALSE_SEAL     a seal's map of subjects is another than that of the entries which it covers (the
                   read models that it has digests of are `audit verify`'s work)
    WAITING        officers registered a party of one's own, or vouched for its key, and one did not
                   sign: until it binds, it can be stopped
    NOT_MINE       a key of one's own stands under an event that one did not sign
    OWN_DISK       a file of the monitor's own mirror has changed: it is fetched anew
    STATE          what the monitor remembers cannot be read: it begins anew

What the log did stands until somebody acknowledges it: a new process tells it again, and no look
ends well. How far the monitor has come, when it last had an answer and what it found is written
down after a look, not before: what a crash interrupts is looked at again. A monitor that has no
memory says so, as it would otherwise check nothing and look well.
"""

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Self

from ledger.audit import (
    CHECKPOINT,
    AuditError,
    ExportedLog,
    NothingExported,
    Replay,
    RuleBroken,
    Source,
    exported_checkpoint,
)
from ledger.client import NoAnswer
from ledger.domain.event import Logged
from ledger.domain.law import Law
from ledger.domain.seal import LedgerSealed
from ledger.intake import decode
from ledger.log.cosignature import cosignature_time
from ledger.log.merkle import HASH_SIZE, LogError, leaf_hash
from ledger.log.note import good_lines, parse_note
from ledger.log.policy import Policy
from ledger.log.proof import frontier_at
from ledger.log.subject_map import SubjectMap
from ledger.log.tiles import TILE_WIDTH, TileHashes, parse_bundle, tile_width
from ledger.log.tree_head import Checkpoint, parse_checkpoint
from ledger.mirror import (
    Authenticated,
    Backdated,
    Behind,
    Forked,
    Governed,
    NotAuthentic,
    RolledBack,
    Rotten,
    follow,
    keep_evidence,
    mend,
    rotten,
)
from ledger.powers import TABLE, Row, must_wait
from ledger.publisher import Remembered
from ledger.verify.authority import brought_keys
from ledger.verify.event import Event
from ledger.verify.outcome import Refused
from ledger.verify.trust import parse_trust
from ledger.wire.envelope import payload_hash

STATE = "monitor.json"
"""The file of what a monitor remembers, beside the mirror."""

STANDING = frozenset(
    [
        "FORK",
        "ROLLED_BACK",
        "BACKDATED",
        "SIGNATURE",
        "RULE_BROKEN",
        "UNJUDGED",
        "FALSE_SEAL",
        "WAITING",
        "NOT_MINE",
        "WITNESS_AHEAD",
    ]
)
"""Alarms about what the log, or a thief of keys, did: no later look takes them back."""

AHEAD_S = 60.0
"""How long, in seconds, a log may show less than a witness has seen of it."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something is wrong: what kind, what exactly, and at which position where there is one."""

    kind: str
    what: str
    position: int | None = None

    def __str__(self) -> str:
        at = "" if self.position is None else f" at position {self.position}"
        return f"{self.kind}{at}: {self.what}"


@dataclass(slots=True)
class Memory:
    """What a monitor knows from one look to the next, in whatever process.

    `size` is how many entries were looked at, `answered` the POSIX seconds of the last answer,
    `standing` the alarms that nobody has acknowledged, `ahead` what witnesses had seen beyond the
    log: by place, the size and the POSIX seconds since when.
    """

    size: int = 0
    answered: float | None = None
    standing: list[Alarm] = field(default_factory=list)
    ahead: dict[str, tuple[int, float]] = field(default_factory=dict)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read what `format` writes. Raises `ValueError`, `KeyError`, `TypeError` for the rest."""
        members = json.loads(raw)
        size, answered = members["size"], members["answered"]
        if type(size) is not int or size < 0 or not isinstance(answered, int | float | None):
            raise TypeError
        standing = [
            Alarm(each["alarm"], each["what"], each["position"]) for each in members["standing"]
        ]
        ahead = {
            str(where): (int(size), float(at)) for where, (size, at) in members["ahead"].items()
        }
        return cls(size, answered, standing, ahead)

    def format(self, origin: str) -> bytes:
        """Write it as a file has it."""
        standing = [
            {"alarm": each.kind, "what": each.what, "position": each.position}
            for each in self.standing
        ]
        members = {"origin": origin, **asdict(self), "standing": standing}
        return json.dumps(members, indent=1).encode() + b"\n"


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
        self._unjudged = False
        self._state = directory.with_name(f"{directory.name}.{STATE}")
        self.memory = Memory()

    @property
    def size(self) -> int:
        """How many entries have been looked at."""
        return self._governed.size

    @property
    def standing(self) -> Sequence[Alarm]:
        """The alarms about what the log did that nobody has acknowledged."""
        return self.memory.standing

    def begin(self) -> list[Alarm]:
        """Read what the mirror has already; what was looked at before is not reported again."""
        alarms = self._recall()
        before = self.memory.size
        if (self._directory / CHECKPOINT).exists():
            # All is judged anew, for only so are keys and rules known; told is what is new.
            alarms += self._own_disk()
            alarms += [a for a in self._scan() if a.position is None or a.position >= before]
        return self._remember(alarms)

    def look(self) -> list[Alarm]:
        """Take in what is new, judge it, and return what is wrong."""
        alarms: list[Alarm] = []
        try:
            follow(self._source, self._directory, self._trust.origin, self._governed.log_keys)
            self.memory.answered = self._now()
        except (Forked, RolledBack, Backdated, Behind, Rotten) as error:
            alarms.append(Alarm(_NAMES[type(error)], str(error)))
            self.memory.answered = self._now()
        except (NoAnswer, NothingExported) as error:
            alarms += self._silent(error)
        except AuditError as error:
            alarms.append(Alarm("WRONG_BYTES", str(error)))
        if (self._directory / CHECKPOINT).exists():
            found = self._scan()
            alarms += found
            if not any(alarm.kind == "OWN_DISK" for alarm in found):
                alarms += [*self._stalled(), *self._contradicted()]
        return self._remember(alarms)

    def acknowledge(self) -> list[Alarm]:
        """Let the standing alarms rest, as somebody has taken note of them; return them."""
        known, self.memory.standing = self.memory.standing, []
        self._write()
        return known

    def _silent(self, error: Exception) -> Sequence[Alarm]:
        # A clock that was ahead once must not keep this quiet for as long.
        last = self.memory.answered
        self.memory.answered = since = self._now() if last is None else min(last, self._now())
        silent = self._now() - since
        if silent < self._stall_s:
            return []
        return [Alarm("STALL", f"no answer for {silent:.0f} s: {error}")]

    def _own_disk(self) -> list[Alarm]:
        """Look at every byte of the mirror; fetch anew what has changed, where that is possible."""
        alarms, origin = list[Alarm](), self._trust.origin
        try:
            while found := rotten(self._directory, origin):
                alarms += [
                    Alarm("OWN_DISK", f"{path} had changed, and is fetched anew") for path in found
                ]
                mend(self._source, self._directory, origin)
        except (AuditError, NoAnswer) as error:
            alarms.append(Alarm("OWN_DISK", f"it could not be mended: {error}"))
        return alarms

    def _scan(self) -> list[Alarm]:
        """Verify bytes, signatures and rules of the entries that were not looked at yet."""
        alarms: list[Alarm] = []
        try:
            for entry in self._entries(self._governed.size):
                alarms += self._judge(entry)
            if not alarms:
                self._must_be_signed()
        except AuditError as error:
            # What is on one's own disk was once verified: nobody else is to blame for it.
            alarms += [Alarm("OWN_DISK", str(error)), *self._own_disk()]
        return alarms

    def _must_be_signed(self) -> None:
        """Raise `NotAuthentic` unless the log signed the checkpoint that is on one's own disk."""
        try:
            keys = self._governed.log_keys
        except NotAuthentic:
            return  # The log adopted what nobody can read; `follow` says so.
        Authenticated(ExportedLog(self._directory), self._trust.origin, keys)

    def _entries(self, start: int) -> Iterator[bytes]:
        """Yield the entries from a position on, each shown to lead to the checkpoint's root."""
        kept = Authenticated(ExportedLog(self._directory), self._trust.origin, None)
        for n in range(start // TILE_WIDTH, -(-kept.size // TILE_WIDTH)):
            width = tile_width(0, n, kept.size)
            bundle = parse_bundle(kept.fetch_bundle(n, width), width)
            yield from bundle[max(0, start - n * TILE_WIDTH) :]

    def _judge(self, entry: bytes) -> list[Alarm]:
        position, alarms = self._governed.size, list[Alarm]()
        try:
            event = self._governed.follow(entry)
            known = {event.event_id, payload_hash(event.entry.payload)}
            if known.isdisjoint(self._mine.signed):
                alarms += [*self._waiting(event), *self._not_mine(event)]
        except Refused as refused:
            alarms.append(Alarm("SIGNATURE", refused.reason, position))
        if self._unjudged:
            return alarms
        try:
            alarms += self._false_seal(self._replay.follow(entry))
        except RuleBroken as broken:
            alarms.append(Alarm("RULE_BROKEN", f"{broken.code}: {broken.detail}", position))
            alarms += self._pass_over(entry, position)
        return alarms

    def _pass_over(self, entry: bytes, position: int) -> Sequence[Alarm]:
        """Go on behind an entry that the rules refuse, as the log did."""
        try:
            self._replay.pass_over(entry)
        except RuleBroken:
            return []  # Nothing can be read of it, so nothing rests on it.
        except Exception as error:  # noqa: BLE001  (what was never admitted may fail to fold anyhow)
            self._unjudged = True
            what = f"no rule is judged behind it: {type(error).__name__}"
            return [Alarm("UNJUDGED", what, position)]
        return []

    def _false_seal(self, logged: Logged) -> Sequence[Alarm]:
        """Hold a seal against the map of the entries that it covers, read once more for it."""
        body = logged.event.body
        if not isinstance(body, LedgerSealed):
            return ()
        start, self._sealed = self._sealed, body.size
        covered = islice(self._entries(start), body.size - start)
        for position, entry in enumerate(covered, start):
            leaf = leaf_hash(entry)
            for subject in decode(entry, position).event.subjects:
                self._map.touch(subject, position, leaf)
        if body.map_root == f"sha256:{self._map.root().hex()}":
            return ()
        what = f"the map of the first {body.size} entries has another root"
        return (Alarm("FALSE_SEAL", what, logged.position),)

    def _waiting(self, event: Event) -> Sequence[Alarm]:
        """Say what officers registered, or vouched for, in the name of a party of one's own."""
        party, row = str(event.body.get("party")), TABLE.get(event.type, Row(""))
        if party not in self._mine.parties or not must_wait(row, event.body):
            return ()
        keys = ", ".join(sorted(key.key_id for key in brought_keys(event)))
        binds = event.body.get("not_before") or event.entry.accepted
        what = f"{event.type} {event.event_id} gives {party} the key {keys}, from {binds} on"
        return (Alarm("WAITING", what, event.position),)

    def _not_mine(self, event: Event) -> Sequence[Alarm]:
        holders = {
            self._governed.authority.keys[line.key_id].party for line in event.entry.signatures
        }
        if holders.isdisjoint(self._mine.parties):
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
        alarms, ours = list[Alarm](), exported_checkpoint(self._directory)
        ahead = dict[str, tuple[int, float]]()
        for seen in self._witnesses(self._governed.policy):
            stated = self._signed(seen.note)
            if stated is None or stated.origin != ours.origin or stated.size == 0:
                continue
            if stated.size > ours.size:
                ahead[seen.where] = self._since(seen.where, stated.size)
            elif self._root_at(stated.size, ours) != stated.root:
                where = keep_evidence(self._directory, seen.note)
                what = f"{seen.where} has cosigned another history of size {stated.size}"
                alarms.append(Alarm("FORK", f"{what}; the proof is kept in {where}"))
        self.memory.ahead = ahead
        return [*alarms, *self._withheld(ours.size)]

    def _signed(self, note: bytes) -> Checkpoint | None:
        """Return what a note says if a key of the log has signed it, whatever else stands there."""
        try:
            opened, _ = good_lines(note, self._governed.log_keys)
            return parse_checkpoint(opened.text)
        except (LogError, NotAuthentic):
            return None  # Not signed by the log: it shows nothing.

    def _since(self, where: str, size: int) -> tuple[int, float]:
        """Return the size that a witness was first ahead with, and since when, as long as it is."""
        first, at = self.memory.ahead.get(where, (size, self._now()))
        caught_up = first <= exported_checkpoint(self._directory).size
        return (size, self._now()) if caught_up else (first, min(at, self._now()))

    def _withheld(self, size: int) -> Iterator[Alarm]:
        for where, (seen, since) in sorted(self.memory.ahead.items()):
            if self._now() - since >= AHEAD_S:
                what = f"{where} has seen {seen} entries, the log shows {size}"
                yield Alarm("WITNESS_AHEAD", what)

    def _root_at(self, size: int, ours: Checkpoint) -> bytes:
        def fetch(level: int, n: int, width: int) -> bytes:
            kept = ExportedLog(self._directory)
            return kept.fetch(level, n, tile_width(level, n, ours.size))[: width * HASH_SIZE]

        return frontier_at(size, TileHashes(fetch)).root()

    def _recall(self) -> list[Alarm]:
        try:
            self.memory = Memory.parse(self._state.read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.memory = Memory()
            what = f"{self._state} cannot be read; everything is looked at again"
            return [Alarm("STATE", what)]
        return []

    def _remember(self, alarms: list[Alarm]) -> list[Alarm]:
        """Write down how far this has come, and what stands: only now, after the look."""
        self.memory.size = max(self.memory.size, self.size)
        known = [*self.memory.standing, *(alarm for alarm in alarms if alarm.kind in STANDING)]
        self.memory.standing = list(dict.fromkeys(known))
        self._write()
        return alarms

    def _write(self) -> None:
        self._state.parent.mkdir(parents=True, exist_ok=True)
        new = self._state.with_suffix(".new")
        with new.open("wb") as file:
            file.write(self.memory.format(self._trust.origin))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._state)


_NAMES: dict[type[AuditError], str] = {
    Forked: "FORK",
    RolledBack: "ROLLED_BACK",
    Backdated: "BACKDATED",
    Behind: "BEHIND",
    Rotten: "OWN_DISK",
}
