"""
Who may bind whom: the ledger's officers, the roles of parties, and the refusals of signatures.

`ledger.domain.signing.signers` says who has to sign what and judges the signature lines; the
refusals stand here, so that the module of a subject can raise them too.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from ledger.domain.core.body import State
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Other, Phrase, Step
from ledger.domain.parties.party import party_of


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


class LedgerNotOpen(Refusal):
    """Nothing can be recorded before `ledger.opened/1`, which stands at position 0."""

    code = "LEDGER_NOT_OPEN"
    final = False
    title_vi = "Sổ cái chưa được mở"


class NotBound(Refusal):
    """Superclass of what is wrong with the signatures of an event. Never raised itself."""

    final = False


class BadSignature(NotBound):
    """A signature does not verify over the bytes that were sent."""

    code = "BAD_SIGNATURE"
    title_vi = "Chữ ký không khớp với nội dung"


class WrongSigner(NotBound):
    """Somebody signed who is not bound by the event, or may not bind whom they signed for."""

    code = "WRONG_SIGNER"
    title_vi = "Người ký không có thẩm quyền ký sự kiện này"


class SignerMissing(NotBound):
    """A party that the event binds, or a key that it brings, has not signed."""

    code = "SIGNER_MISSING"
    title_vi = "Thiếu chữ ký của bên bị ràng buộc"


class MandateExpired(NotBound):
    """The mandate under which somebody signed has ended."""

    code = "MANDATE_EXPIRED"
    members = ("mandate",)
    title_vi = "Ủy quyền đã hết hiệu lực"


class CeilingExceeded(NotBound):
    """The event commits a signer to more than the ceiling of the mandate under which it is signed.

    Its sums are added up. What has no bound exceeds any ceiling, and so does what assigns, charges,
    releases or grants exclusively.
    """

    code = "CEILING"
    title_vi = "Nội dung vượt quá hạn mức của ủy quyền"


class SelfDealing(NotBound):
    """Nobody signs both sides of an event, for others or for itself and another.

    No mandate lets it: who speaks for a party there must not speak for its opposite, or be it.
    """

    code = "SELF_DEALING"
    title_vi = "Một người không được đại diện cho cả hai bên của cùng một giao dịch"
    article = "Bộ luật Dân sự, Điều 141(3)"


class KeyUnknown(NotBound):
    """The log has no such key."""

    code = "KEY_UNKNOWN"
    title_vi = "Khóa ký chưa được ghi trong sổ cái"


class KeyNoLongerValid(NotBound):
    """The key was revoked before this position."""

    code = "KEY_REVOKED"
    title_vi = "Khóa ký đã bị thu hồi"


class KeyIsSuspended(NotBound):
    """The key is said to be compromised, and binds nobody until that is cleared up."""

    code = "KEY_SUSPENDED"
    title_vi = "Khóa ký đang bị đình chỉ vì nghi bị lộ"


class KeyNotYetValid(NotBound):
    """The key's validity has not begun."""

    code = "KEY_NOT_YET_VALID"
    title_vi = "Khóa ký chưa đến thời điểm có hiệu lực"


class KeyExpired(NotBound):
    """The key's validity has ended."""

    code = "KEY_EXPIRED"
    title_vi = "Khóa ký đã hết thời hạn hiệu lực"


class BindsTooEarly(Refusal):
    """What officers vouch for binds only after the ledger's delay: `not_before` is too early."""

    code = "BINDS_TOO_EARLY"
    members = ("not_before",)
    title_vi = "Thời điểm bắt đầu có hiệu lực sớm hơn thời gian chờ của sổ cái"


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
