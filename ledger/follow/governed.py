"""Who may sign a log, read from its own entries, whatever is wrong with one of them."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from ledger.log.merkle import LogError
from ledger.log.note import Verifier, parse_vkey
from ledger.log.policy import Policy, parse_policy
from ledger.runtime.faults import unexamined
from ledger.verify.authority import LOG_KEYS, POLICY, Authority, is_authority
from ledger.verify.event import RecordedEvent, read_event
from ledger.verify.outcome import Check, Refused
from ledger.verify.signatures import check_signatures
from ledger.verify.trust import Trust

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EntryFault:
    """What is wrong with an entry: a step refuses it, or what it asks could not be answered."""

    position: int
    reason: str
    refused: bool


class Governed:
    """
    Who may sign, as the entries of a mirror say, each of those verified: the log's keys of now.

    A set of keys follows another while both sign, so who looks in now and then is led from the
    trusted ones to those of today. What an entry says that is refused is followed as the log went
    on from it, but for a policy; and where keys of the log are adopted by such an entry, those of
    before it count as well.
    """

    def __init__(self, trust: Trust) -> None:
        """Begin with the keys of a trust root."""
        self.trust, self.size = trust, 0
        self.authority = Authority()
        self._accepted = ""
        self._doubted = set[int]()

    @property
    def log_keys(self) -> tuple[Verifier, ...]:
        """The keys that must have signed a checkpoint that continues what was read."""
        return self._keys(())

    @property
    def keys_before(self) -> tuple[Verifier, ...]:
        """Those whose adoption nothing refuses, where these are others than `log_keys`."""
        return self._keys(self._doubted) if self._doubted else ()

    @property
    def policy(self) -> Policy:
        """The policy by which cosignatures count: the trusted one, or what the log adopted since.

        One that cannot be read, or whose adoption is refused, is passed over.
        """
        known = [text for since, _, text in self.authority.policies if since not in self._doubted]
        try:
            return parse_policy(known[-1]) if known and known[-1] else self.trust.policy
        except LogError:
            return self.trust.policy

    def follow(self, entry: bytes) -> tuple[RecordedEvent | None, list[EntryFault]]:
        """Read the next entry; return it with all that is wrong with its form, time and signatures.

        Each question is asked, whatever came of those before. None is what cannot be read.
        """
        position, self.size = self.size, self.size + 1
        faults = list[EntryFault]()
        read = partial(read_event, entry, position, self.trust.origin)
        event = _asked(faults, position, "its form", read)
        if event is None:
            return None, faults
        _asked(faults, position, "its time", partial(self._in_sequence, event))
        if is_authority(entry):
            _asked(faults, position, "whom it lets sign", partial(self.authority.follow, event))
        signed = partial(check_signatures, event, self.authority)
        _asked(faults, position, "by whom it is signed", signed)
        if faults and event.type in (LOG_KEYS, POLICY):
            self._doubted.add(self.size)
            what = f"{faults[-1].reason}; what counted before this {event.type} goes on counting"
            faults[-1] = replace(faults[-1], reason=what)
        return event, faults

    def skip(self, entry: bytes) -> list[EntryFault]:
        """Pass over the next entry, unless it changes who may sign; return what is wrong there."""
        if is_authority(entry):
            return self.follow(entry)[1]
        self.size += 1
        return []

    def _in_sequence(self, event: RecordedEvent) -> None:
        before, self._accepted = self._accepted, max(self._accepted, event.entry.accepted)
        if event.entry.accepted < before:
            told = f"accepted before the entry before it, at {event.entry.accepted}, not {before}"
            raise Refused(Check.IDENTITY, told, event.position)

    def _keys(self, doubted: Collection[int]) -> tuple[Verifier, ...]:
        known = [keys for since, keys in self.authority.log_keys if since not in doubted]
        for keys in reversed(known):
            with suppress(LogError):
                return tuple(map(parse_vkey, keys))
        return self.trust.verifiers


def _asked(
    faults: list[EntryFault], position: int, what: str, question: Callable[[], T]
) -> T | None:
    """Ask one thing about an entry; what keeps it from being answered keeps nothing else."""
    try:
        return question()
    except Refused as refused:
        faults.append(EntryFault(position, refused.reason, refused=True))
    except Exception as error:  # noqa: BLE001  (an entry may say what nobody thought of)
        faults.append(EntryFault(position, unexamined(what, error), refused=False))
    return None
