"""
What must exist, what must not, and when: the refusals that every module shares.

Every value that a module folds for a subject has `position`: that of the event which created it.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from ledger.domain.core.body import KeyRecord, State, key_subject
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Other, Step, ways
from ledger.domain.core.types import legal_day


class HasPosition(Protocol):
    """A folded value that remembers which event created its subject."""

    @property
    def position(self) -> int:
        """Return the 0-based position of the event that created the subject."""


class Beginning(HasPosition, Protocol):
    """A folded value that may begin to bind later than it was recorded."""

    @property
    def not_before(self) -> datetime | None:
        """Return the instant from which it binds; None is at once."""


class Belonging(HasPosition, Protocol):
    """A folded value that stands under a contract."""

    @property
    def contract(self) -> str:
        """Return the contract's subject."""


V = TypeVar("V", bound=HasPosition)


class PredecessorUnknown(Refusal):
    """The event names something that is not in the log."""

    code = "PREDECESSOR_UNKNOWN"
    final = False
    title_vi = "Sự kiện nêu một đối tượng hoặc sự kiện chưa có trong sổ cái"


class SubjectExists(Refusal):
    """What the event would create is already there."""

    code = "SUBJECT_EXISTS"
    members = ("identifiers", "spelling")
    title_vi = "Đối tượng mà sự kiện tạo ra đã tồn tại"


class KeyTaken(Refusal):
    """The key is in the log already; one raw key never belongs to two parties."""

    code = "KEY_TAKEN"
    title_vi = "Khóa này đã được ghi trong sổ cái"


class FutureFact(Refusal):
    """A fact is dated after the day on which it is recorded."""

    code = "FUTURE_FACT"
    title_vi = "Sự việc ghi ngày sau ngày ghi sổ"


class NothingWaits(Refusal):
    """Only what does not bind yet is stopped; a key that binds is suspended, or revoked."""

    code = "NOTHING_WAITS"
    title_vi = "Việc đăng ký hoặc khóa này không còn ở thời gian chờ"


class IntervalEmpty(Refusal):
    """An interval ends before it begins, or when it begins."""

    code = "INTERVAL_EMPTY"
    title_vi = "Khoảng thời gian rỗng: ngày kết thúc không sau ngày bắt đầu"


def require_known(state: State, subject: str, kind: type[V]) -> V:
    """Return the value of a subject that must exist as a `kind`; raise `PredecessorUnknown`."""
    value = state.get(subject)
    if not isinstance(value, kind):
        raise PredecessorUnknown(
            f"{subject} is not in the log", subjects=(subject,), step=Step(ask=(HERE,))
        )
    return value


def all_known(state: State, subjects: Iterable[str]) -> None:
    """Raise `PredecessorUnknown`, naming each subject of which nothing is known."""
    missing = sorted(subject for subject in subjects if state.get(subject) is None)
    if missing:
        raise PredecessorUnknown(
            f"not in the log: {', '.join(missing)}", subjects=missing, step=Step(ask=(HERE,))
        )


def must_stand_under(contract: str, subject: str, value: Belonging) -> None:
    """Raise `PredecessorUnknown` for what stands under another contract."""
    if value.contract != contract:
        raise PredecessorUnknown(
            f"{subject} stands under {value.contract}",
            positions=(value.position,),
            subjects=(subject,),
            step=Step(
                {"contract": value.contract}, case="under", replace={contract: value.contract}
            ),
        )


def require_new(state: State, subject: str, refusal: type[Refusal] = SubjectExists) -> None:
    """Raise `SubjectExists`, or the more special `refusal`, if the subject is already known."""
    value = state.get(subject)
    if value is not None:
        raise refusal(
            f"{subject} was created at position {value.position}",
            positions=(value.position,),
            subjects=(subject,),
            step=Step(
                {"position": value.position}, ask=(HERE,) if ways()[refusal.code].helps else ()
            ),
        )


def new_keys(state: State, keys: Iterable[tuple[str, KeyRecord]]) -> None:
    """Raise `KeyTaken` if a key that an event brings is known, or comes twice within it."""
    seen = set()
    for party, record in keys:
        subject = key_subject(record.key_id)
        require_new(state, subject, KeyTaken)
        if subject in seen:
            raise KeyTaken(
                f"{subject} comes twice, as {party}'s too",
                subjects=(subject,),
                step=Step(case="twice", ask=(HERE,)),
            )
        seen.add(subject)


def must_wait_still(subject: str, value: Beginning, accepted: datetime) -> None:
    """Raise `NothingWaits` if what the subject was registered as binds by then."""
    if value.not_before is None or value.not_before <= accepted:
        raise NothingWaits(
            f"{subject} binds already",
            positions=(value.position,),
            subjects=(subject,),
            step=_ending(subject),
        )


def _ending(subject: str) -> Step:
    """Return how what binds is ended: a key is revoked; a party's end is for its register."""
    if subject.startswith("key:"):
        key_id = subject.removeprefix("key:")
        return Step(case="key", instead=Other("key.revoked/1", {"key_id": key_id}))
    return Step(instead=Other("party.dissolved/1", {"party": subject}))


def not_in_future(accepted: datetime, **days: date | None) -> None:
    """Raise `FutureFact` if one of these days is after the legal day of `accepted`.

    Each is named by the body's member that it is.
    """
    today = legal_day(accepted)
    for name, day in days.items():
        if day is not None and day > today:
            raise FutureFact(
                f"{name} is {day}, after {today}",
                pointer=f"/body/{name}",
                step=Step({"day": day}, after=day),
            )


def last_day(end: date | None) -> date | None:
    """Return the last day of what runs up to, and without, a day: as people say when it ends."""
    return end and end - timedelta(days=1)


def days_of(start: date, end: date) -> str:
    """Return what runs up to, and without, a day as people say it: by its first and last day."""
    return f"from {start} to {last_day(end)} inclusive"


def no_day(start: date, end: date) -> str:
    """Return why nothing runs so: its last day, before the one that is its end, is not in it."""
    return (
        f"it begins on {start} and ends with {last_day(end)}, the day before {end}: it has no day"
    )


def require_days(start: date, end: date | None, pointer: str) -> None:
    """Raise `IntervalEmpty` unless the half-open interval [start, end) holds a day.

    `pointer` is where the end stands in the payload.
    """
    if end is not None and end <= start:
        first = (start + timedelta(days=1)).isoformat()
        raise IntervalEmpty(
            no_day(start, end),
            pointer=pointer,
            step=Step({"end": first}, change={pointer: first}),
        )
