"""The ledger as its events made it: officers and speakers, its rules, the roles of parties."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from ledger.domain.core.body import State
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.remedy import HERE, Other, Phrase, Step
from ledger.domain.parties.party import party_of
from ledger.domain.parties.signature_refusals import LedgerNotOpen, WrongSigner


@dataclass(frozen=True, slots=True)
class Speaker:
    """A party that speaks for a group of witnesses: state, institutes or firms."""

    group: str
    party: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger itself: who runs it, who speaks for the State's registers, which rules hold.

    The edition names the rules' code, `law_data_sha256` the data of the law that they consult;
    `log_keys` (vkeys) sign checkpoints, `policy_sha256` says whose cosignatures make a quorum,
    `speakers` who may change that. `sealed` is the size that the last seal covers, `counted`
    what it counts, by name, since the log was last resumed; `closed` the position at which the
    ledger was closed. What must wait waits for `delay_seconds`; `next_delay`
    has the instant from which others hold, and how many. `said` are the positions of the last
    events by which it changed, by their topics.
    """

    position: int
    operator: str
    registrar: str
    edition: str
    law_data_sha256: str
    delay_seconds: int
    log_keys: tuple[str, ...] = ()
    policy_sha256: str = ""
    speakers: tuple[Speaker, ...] = ()
    sealed: int = 0
    counted: tuple[tuple[str, int], ...] = ()
    closed: int | None = None
    successor: str | None = None
    next_delay: tuple[datetime, int] | None = None
    said: tuple[tuple[str, int], ...] = ()

    def said_at(self, topic: str) -> int:
        """Return where it was last changed by such an event, else where it was opened."""
        return dict(self.said).get(topic, self.position)

    def after(self, logged: Logged) -> "Ledger":
        """Return the ledger that remembers where this was said of it."""
        said = {**dict(self.said), logged.event.type: logged.position}
        return replace(self, said=tuple(sorted(said.items())))

    def delay_at(self, instant: datetime) -> timedelta:
        """Return how long an event that is accepted then has to wait."""
        late = self.next_delay is not None and self.next_delay[0] <= instant
        seconds = self.next_delay[1] if late and self.next_delay else self.delay_seconds
        return timedelta(seconds=seconds)


@lru_cache(maxsize=64)
def ledger_subject(origin: str) -> str:
    """Return the subject id of the ledger with this origin: `ledger:<hex SHA-256>`."""
    return f"ledger:{hashlib.sha256(origin.encode()).hexdigest()}"


def ledger_of(state: State, event: Event) -> Ledger:
    """Return the ledger that the event is meant for, or raise `LedgerNotOpen`."""
    value = state.get(ledger_subject(event.ledger))
    if not isinstance(value, Ledger):
        raise LedgerNotOpen(
            f"{event.ledger} has not been opened",
            step=Step(first=(Other("ledger.opened/1", {"origin": event.ledger}),)),
        )
    return value


def require_role(state: State, party: str, role: str) -> None:
    """Raise `WrongSigner` unless the party is registered with the role."""
    registered = party_of(state, party)
    if role not in registered.roles:
        raise WrongSigner(
            f"{party} is not registered as {role}",
            positions=(registered.position,),
            subjects=(party,),
            step=Step({"why": registered_as(role)}, ask=(HERE,)),
        )


def registered_as(role: str) -> Phrase:
    """Return who has a role, in words."""
    return Phrase(f"who is registered as {role}", f"bên đã đăng ký vai trò {role}")
