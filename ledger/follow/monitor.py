"""
A monitor: follows a log as a mirror does, and says what is wrong with it.

    FORK           the log signed two histories, or one that a witness contradicts, or one
                   that begins by another entry than the trusted one
    ROLLED_BACK    the log signed a smaller size after a larger one
    BACKDATED      an entry is dated before a checkpoint that the log signed without it
    BEHIND         the source shows less than the monitor has seen, and nothing else
    UNFINISHED     the checkpoint covers more than one look takes in: the next one goes on
    WRONG_BYTES    a tile or an entry of the source does not lead to the signed root
    STALL          nobody answers, or the log has signed, or a quorum cosigned, nothing for too long
    AHEAD_OF_TIME  an entry or a checkpoint is dated ahead of the monitor's own clock: what waits
                   for a delay may bind before it is over
    WITNESS_AHEAD  a witness has seen more than the log shows, at one look and at the next
    WITHHELD       the log has signed more than it shows, at one look and at the next
    SIGNATURE      an entry is not signed by whom it binds
    RULE_BROKEN    the rules in force refuse an entry
    UNJUDGED       something about an entry could not be judged
    FALSE_SEAL     a seal's map of subjects is another than that of the entries which it covers (the
                   read models that it has digests of are `audit verify`'s work)
    UNCHECKED      a question could not be asked at all, at this look
    WAITING        officers registered a party of one's own, or vouched for its key, or change the
                   delay of all that waits, and one did not sign: until it binds, it can be stopped
    KEY_TAKEN      a key of one's own was suspended, stopped or revoked by an event that one did not
                   sign: what waits must be stopped by another key of one's own, or the registrar
    ENDED          a party of one's own was merged, dissolved or erased, or its registration
                   stopped, by an event that one did not sign: nothing that it signs counts now
    NOT_MINE       a key of one's own stands under an event that one did not sign
    OWN_DISK       a file of the monitor's own mirror has changed: it is fetched again
    STATE          what the monitor remembers cannot be read: it begins again

What the log did stands until somebody acknowledges it: a new process tells it again, and no look
ends well. It is written down as it is found. How far the monitor has come and when it last had an
answer is written down after a look, not before: what a crash interrupts is looked at again. A
monitor that has no memory says so, as it would otherwise check nothing and look well.

A look asks many questions, and none waits for another: what keeps one from being answered is an
alarm of its own. So nothing that stands in a log, and no file, ends the looking.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path

from ledger.domain.core.dated_law import Law
from ledger.domain.government.seal import LedgerSealed
from ledger.events.intake import subjects_said
from ledger.follow.alarms import STANDING, Alarm, Memory
from ledger.follow.audit import (
    CHECKPOINT,
    AuditError,
    ExportedLog,
    NothingExported,
    Replay,
    RuleBroken,
    Source,
    Unfinished,
    exported_checkpoint,
)
from ledger.follow.authentic import Authenticated
from ledger.follow.client import NoAnswer
from ledger.follow.datedness import ahead_of_time, badly_dated
from ledger.follow.governed import Governed
from ledger.follow.mirror import (
    BackdatedEntry,
    Behind,
    Forked,
    RolledBack,
    Rotten,
    follow,
    kept_beside,
    mend,
    root_at,
    rotten,
)
from ledger.follow.ownkeys import ended, taken, waiting
from ledger.log.merkle import HASH_SIZE, LogError, leaf_hash
from ledger.log.note import good_lines
from ledger.log.policy import Policy
from ledger.log.subject_map import SubjectMap
from ledger.log.tiles import TILE_WIDTH, parse_bundle, tile_width
from ledger.log.tree_head import Checkpoint, parse_checkpoint
from ledger.publish.publisher import SeenCheckpoint
from ledger.runtime import durable
from ledger.runtime.faults import unexamined
from ledger.verify.authority import (
    RecordedKey,
    brought_keys,
)
from ledger.verify.event import RecordedEvent
from ledger.verify.outcome import Refused
from ledger.verify.signatures import verify_line
from ledger.verify.trust import parse_trust
from ledger.wire.envelope import payload_hash
from ledger.wire.regular import OddFile, read_regular

STATE = "monitor.json"
"""The file of what a monitor remembers, beside the mirror."""

AHEAD_S = 60.0
"""How long, in seconds, a log may show less than it signed, or a witness has seen of it."""

OWN = "its own checkpoint"
"""Where the log says how large it is."""


EACH_AT_ONCE = 1000
"""So many alarms that stand are each written down as they are found, and then one in so many."""


@dataclass(frozen=True, slots=True)
class Mine:
    """Whose keys are one's own, and the payload hashes of what one has signed."""

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
        witnesses: Callable[[Policy], Iterable[SeenCheckpoint]] = lambda _: (),
    ) -> None:
        self._source, self._directory = source, directory
        self._trust = parse_trust(trust_root)
        self._governed = Governed(self._trust)
        self._replay = Replay((), self._trust.origin, laws)
        self._sealed, self._map = 0, SubjectMap()
        self._now, self._stall_s = now, stall_s
        self._mine, self._witnesses = mine or Mine(), witnesses
        self._state = directory.with_name(f"{directory.name}.{STATE}")
        self.memory = Memory()
        self._recalled = self._checked = False

    @property
    def size(self) -> int:
        """How many entries have been looked at."""
        return self._governed.size

    @property
    def unregistered(self) -> Sequence[str]:
        """The parties of one's own that the log has not registered, as far as it was read."""
        return sorted({*self._mine.parties} - self._governed.authority.parties.keys())

    @property
    def standing(self) -> Sequence[Alarm]:
        """The alarms about what the log did that nobody has acknowledged."""
        return list(self.memory.standing)

    def begin(self) -> list[Alarm]:
        """Read what the mirror has already; what was looked at before is not reported again.

        What cannot be read now is looked at again by the next `look`.
        """
        alarms = self._asked("what was remembered", self._recall())
        if not self._recalled:
            return alarms
        alarms += self._asked("the mirror's files", self._every_byte())
        if (self._directory / CHECKPOINT).exists():
            # All is judged again, for only so are keys and rules known; told is what is new.
            alarms += self._asked("the mirror's entries", self._scan(self.memory.size))
        return self._remember(alarms)

    def look(self) -> list[Alarm]:
        """Take in what is new, judge it, and return what is wrong. It raises nothing."""
        alarms = [] if self._recalled else self.begin()
        if not self._recalled:
            return alarms
        alarms += self._asked("the mirror's files", self._every_byte())
        alarms += self._asked("what is new", self._follow())
        catches_up = any(alarm.kind == "UNFINISHED" for alarm in alarms)
        if (self._directory / CHECKPOINT).exists():
            found = self._asked("the entries", self._scan())
            found += self._asked("the mirror's checkpoint", self._unsigned())
            alarms += found
            if any(alarm.kind == "OWN_DISK" for alarm in found):
                return self._remember(alarms)
            alarms += self._asked("the cosignatures", self._stalled())
        alarms += self._asked("what was seen of it", self._contradicted(catches_up=catches_up))
        alarms += self._asked("what the log holds back", self._withheld())
        return self._remember(alarms)

    def acknowledge(self) -> list[Alarm]:
        """Let the standing alarms rest, as somebody has taken note of them; return them."""
        known, self.memory.standing = self.memory.standing, {}
        self._write()
        return list(known)

    def _asked(self, question: str, answers: Iterable[Alarm]) -> list[Alarm]:
        """Ask one question of a look; keep each alarm as it is found, whatever comes behind it."""
        alarms = list[Alarm]()
        try:
            for alarm in answers:
                self._keep(alarm)
                alarms.append(alarm)
        except Exception as error:  # noqa: BLE001  (no failure may end the looking)
            alarms.append(Alarm("UNCHECKED", unexamined(question, error)))
        return alarms

    def _follow(self) -> Iterator[Alarm]:
        keys, before = self._governed.log_keys, self._governed.keys_before
        try:
            follow(
                self._source,
                self._directory,
                self._trust.origin,
                keys,
                before=before,
                genesis=self._trust.genesis_sha256,
            )
            self.memory.answered = self._now()
        except (Forked, RolledBack, BackdatedEntry, Behind, Rotten, Unfinished) as error:
            self.memory.answered = self._now()
            yield Alarm(_NAMES[type(error)], str(error))
        except (NoAnswer, NothingExported) as error:
            yield from self._silent(error)
        except AuditError as error:
            yield Alarm("WRONG_BYTES", str(error))

    def _silent(self, error: Exception) -> Sequence[Alarm]:
        # A clock that was ahead once must not keep this quiet for as long.
        last = self.memory.answered
        self.memory.answered = since = self._now() if last is None else min(last, self._now())
        silent = self._now() - since
        if silent >= self._stall_s:
            return [Alarm("STALL", f"no answer for {silent:.0f} s: {error}")]
        if (self._directory / CHECKPOINT).exists():
            return []
        return [Alarm("UNCHECKED", f"nothing of the log was seen yet, for no answer came: {error}")]

    def _every_byte(self) -> Iterator[Alarm]:
        """Look at every byte of the mirror, until that was done once."""
        if not self._checked:
            if (self._directory / CHECKPOINT).exists():
                yield from self._own_disk()
            self._checked = True

    def _own_disk(self) -> Iterator[Alarm]:
        """Look at every byte of the mirror; fetch again what changed, where that is possible."""
        origin = self._trust.origin
        try:
            while found := rotten(self._directory, origin):
                for path in found:
                    yield Alarm("OWN_DISK", f"{path} had changed, and is fetched again")
                mend(self._source, self._directory, origin)
        except (AuditError, NoAnswer) as error:
            yield Alarm("OWN_DISK", f"it could not be mended: {error}")

    def _scan(self, known: int = 0) -> Iterator[Alarm]:
        """Verify bytes, signatures and rules of the entries that were not looked at yet.

        Of the first that are `known`, nothing is told.
        """
        try:
            for entry in self._entries(self._governed.size):
                position = self._governed.size
                found = self._judge(entry)
                yield from found if position >= known else ()
        except AuditError as error:
            # What is on one's own disk was once verified: nobody else is to blame for it.
            yield Alarm("OWN_DISK", str(error))
            yield from self._own_disk()

    def _unsigned(self) -> Iterator[Alarm]:
        """Say if the log has not signed the checkpoint that is on one's own disk."""
        own, keys = ExportedLog(self._directory), self._governed.log_keys
        try:
            Authenticated(own, self._trust.origin, keys, before=self._governed.keys_before)
        except AuditError as error:
            yield Alarm("OWN_DISK", str(error))
            yield from self._own_disk()

    def _entries(self, start: int) -> Iterator[bytes]:
        """Yield the entries from a position on, each shown to lead to the checkpoint's root."""
        kept = Authenticated(ExportedLog(self._directory), self._trust.origin, None)
        for n in range(start // TILE_WIDTH, -(-kept.size // TILE_WIDTH)):
            width = tile_width(0, n, kept.size)
            bundle = parse_bundle(kept.fetch_bundle(n, width), width)
            yield from bundle[max(0, start - n * TILE_WIDTH) :]

    def _judge(self, entry: bytes) -> list[Alarm]:
        """Ask all there is to ask about the next entry."""
        position = self._governed.size
        event, faults = self._governed.follow(entry)
        alarms = [
            Alarm("SIGNATURE" if each.refused else "UNJUDGED", each.reason, position)
            for each in faults
        ]
        questions: list[tuple[str, Callable[[], Iterable[Alarm]]]]
        questions = [("the rules", partial(self._broken_rules, entry, position))]
        if event is not None:
            if payload_hash(event.entry.payload) not in self._mine.signed:
                questions[:0] = [
                    *(
                        ("what it does to your keys", partial(each, self._mine.parties, event))
                        for each in (waiting, taken, ended)
                    ),
                    ("whether it is yours", partial(self._not_mine, event)),
                ]
            questions += [
                ("what it seals", partial(self._false_seal, event)),
                ("its time", partial(ahead_of_time, event, self._now())),
            ]
        for what, question in questions:
            try:
                for alarm in question():
                    alarms.append(alarm)  # noqa: PERF402  (those before a failure stay)
            except Refused as refused:
                alarms.append(Alarm("SIGNATURE", refused.reason, position))
            except Exception as error:  # noqa: BLE001  (an entry may say what nobody thought of)
                alarms.append(Alarm("UNJUDGED", unexamined(what, error), position))
        return list(dict.fromkeys(alarms))

    def _broken_rules(self, entry: bytes, position: int) -> Iterator[Alarm]:
        """Hold an entry against the rules; go on behind one that they refuse, as the log did."""
        try:
            self._replay.follow(entry)
        except RuleBroken as broken:
            yield Alarm("RULE_BROKEN", f"{broken.code}: {broken.detail}", position)
        except Exception as error:  # noqa: BLE001  (rules judge what was admitted; this may not be)
            yield Alarm("UNJUDGED", unexamined("what the rules say of it", error), position)
        if self._replay.size == position and (left := self._replay.pass_over(entry)):
            what = f"what follows on {', '.join(left)} is judged without it"
            yield Alarm("UNJUDGED", what, position)

    def _false_seal(self, event: RecordedEvent) -> Iterator[Alarm]:
        """Hold a seal against the map of the entries that it covers, read once more for it."""
        if event.type != LedgerSealed.TOPIC:
            return
        size, start = event.body.get("size"), self._sealed
        if type(size) is not int or not start < size <= event.position:
            what = f"it covers what lies between {start} and {event.position}, and says {size}"
            yield Alarm("FALSE_SEAL", what, event.position)
            return
        for position, entry in enumerate(islice(self._entries(start), size - start), start):
            leaf = leaf_hash(entry)
            for subject in subjects_said(entry):
                self._map.touch(subject, position, leaf)
            self._sealed = position + 1
        if event.body.get("map_root") != f"sha256:{self._map.root().hex()}":
            what = f"the map of the first {size} entries has another root"
            yield Alarm("FALSE_SEAL", what, event.position)

    def _not_mine(self, event: RecordedEvent) -> Iterator[Alarm]:
        """Say if a key of one's own has signed this, which one did not."""
        known = self._governed.authority.keys
        for line in event.entry.signatures:
            key = known.get(line.key_id) or _brought(event, line.key_id)
            own = key if key and key.party in self._mine.parties else None
            if own and _has_signed(event, own, line.value):
                what = f"{event.type} {event.event_id} bears your key, and you did not sign it"
                yield Alarm("NOT_MINE", what, event.position)
                return

    def _stalled(self) -> Iterator[Alarm]:
        """Say if what the log, or witnesses, signed last is too old, or ahead of time."""
        keys = (*self._governed.log_keys, *self._governed.keys_before)
        note = read_regular(self._directory / CHECKPOINT)
        yield from badly_dated(note, keys, self._governed.policy, self._now(), self._stall_s)

    def _contradicted(self, *, catches_up: bool) -> Iterator[Alarm]:
        """Hold what the log signed, and witnesses have seen, against the mirror, each by itself.

        While the mirror catches up it is no wonder that they have more.
        """
        ours, asked = self._ours(), set[str]()
        for seen in chain(self._offered(), self._witnesses(self._governed.policy)):
            asked.add(seen.where)
            yield from self._asked(f"what {seen.where} has seen", self._held(seen, ours))
        if catches_up:
            asked.clear()
        self.memory.ahead = {at: was for at, was in self.memory.ahead.items() if at in asked}

    def _ours(self) -> Checkpoint:
        """Return what the mirror has; before it has anything that is nothing."""
        if (self._directory / CHECKPOINT).exists():
            return exported_checkpoint(self._directory)
        return Checkpoint(self._trust.origin, 0, bytes(HASH_SIZE))

    def _offered(self) -> Iterator[SeenCheckpoint]:
        """Yield what the log says now of its size, where it answers."""
        with suppress(AuditError, NoAnswer):
            yield SeenCheckpoint(OWN, self._source.checkpoint())

    def _held(self, seen: SeenCheckpoint, ours: Checkpoint) -> Iterator[Alarm]:
        stated = self._signed(seen.note)
        if stated is None or stated.origin != ours.origin or stated.size == 0:
            self.memory.ahead.pop(seen.where, None)
            return
        if stated.size > ours.size:
            before = self.memory.ahead.get(seen.where)
            self.memory.ahead[seen.where] = self._since(before, stated.size, ours.size)
            return
        self.memory.ahead.pop(seen.where, None)
        # What the log itself shows was held to the mirror as that followed it.
        if seen.where != OWN and root_at(stated.size, self._directory, ours.size) != stated.root:
            what = f"{seen.where} has cosigned another history of size {stated.size}"
            kept = kept_beside(self._directory, {CHECKPOINT: seen.note})
            yield Alarm("FORK", f"{what}; {kept}")

    def _signed(self, note: bytes) -> Checkpoint | None:
        """Return what a note says if a key of the log has signed it, whatever else stands there."""
        keys = (*self._governed.log_keys, *self._governed.keys_before)
        try:
            opened, _ = good_lines(note, keys)
            return parse_checkpoint(opened.text)
        except LogError:
            return None  # Not signed by the log: it shows nothing.

    def _since(self, before: tuple[int, float] | None, size: int, ours: int) -> tuple[int, float]:
        """Return the size that a witness was first ahead with, and since when, as long as it is."""
        first, at = before or (size, self._now())
        return (size, self._now()) if first <= ours else (first, min(at, self._now()))

    def _withheld(self) -> Iterator[Alarm]:
        size = self._ours().size
        for where, (seen, since) in sorted(self.memory.ahead.items()):
            if self._now() - since >= AHEAD_S and where == OWN:
                yield Alarm("WITHHELD", f"the log has signed {seen} entries, and shows {size}")
            elif self._now() - since >= AHEAD_S:
                what = f"{where} has seen {seen} entries, the log shows {size}"
                yield Alarm("WITNESS_AHEAD", what)

    def _recall(self) -> Iterator[Alarm]:
        try:
            self.memory = Memory.parse(read_regular(self._state))
        except FileNotFoundError:
            pass
        except (OddFile, ValueError, KeyError, TypeError, AttributeError):
            aside = self._state.with_name(f"{self._state.name}.unread")
            self._state.replace(aside)
            yield Alarm("STATE", f"it cannot be read, and is {aside} now; all is looked at again")
        self._recalled = True

    def _keep(self, alarm: Alarm) -> None:
        """Write an alarm down that stands, before anything else is asked."""
        standing = self.memory.standing
        if alarm.kind not in STANDING or alarm in standing:
            return
        standing[alarm] = None
        if len(standing) <= EACH_AT_ONCE or len(standing) % EACH_AT_ONCE == 0:
            with suppress(OSError):  # It is tried again, and said, as the look ends.
                self._write()

    def _remember(self, alarms: list[Alarm]) -> list[Alarm]:
        """Write down how far this has come, and what stands: only now, after the look."""
        self.memory.size = max(self.memory.size, self.size)
        try:
            self._write()
        except OSError as error:
            alarms.append(Alarm("STATE", f"{self._state} cannot be written: {error}"))
        return alarms

    def _write(self) -> None:
        """Write down what is remembered, once it is known what was."""
        if not self._recalled:
            return
        self._state.parent.mkdir(parents=True, exist_ok=True)
        durable.replace(self._state, self.memory.format(self._trust.origin), 0o644)


_NAMES: dict[type[AuditError], str] = {
    Forked: "FORK",
    RolledBack: "ROLLED_BACK",
    BackdatedEntry: "BACKDATED",
    Behind: "BEHIND",
    Rotten: "OWN_DISK",
    Unfinished: "UNFINISHED",
}


def _brought(event: RecordedEvent, key_id: str) -> RecordedKey | None:
    return next((key for key in brought_keys(event) if key.key_id == key_id), None)


def _has_signed(event: RecordedEvent, key: RecordedKey, signature: bytes) -> bool:
    try:
        verify_line(event, key, signature)
    except Refused:
        return False
    return True
