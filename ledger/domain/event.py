"""
What every event shares: its header, its body's base, its place in the log, and how it is refused.

An event is a fact as its signers signed it (docs/spec/event.md). The ledger admits it or refuses
it; it never edits, completes or re-serialises it. So every module of `ledger.domain` is read in
one order, events, state, refusals, admit, evolve, and:

* `admit(state, event, context)` raises a `Refusal` or returns nothing,
* `evolve(subject, value, logged)` never refuses: what happened has happened.

Both are pure: no clock, no random, no I/O. Time comes in as `Context.accepted`.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from ledger.domain.remedy import HERE, REFUSED_BEFORE, Step, Way, ways

if TYPE_CHECKING:
    from ledger.domain.law import Ground, Law

HANOI = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Legal days are days of Hanoi, which has kept UTC+7 without daylight saving since 1975."""


FIRST_YEAR, LAST_YEAR = 1000, 2999

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)


class DomainError(Exception):
    """Superclass of the errors of this package. Never raised itself."""


def parse_instant(text: object) -> datetime:
    """Read a UTC instant written `YYYY-MM-DDTHH:MM:SS.mmmZ`; any other spelling is a ValueError."""
    if isinstance(text, datetime):
        return text
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        raise ValueError("an instant is written YYYY-MM-DDTHH:MM:SS.mmmZ")
    instant = datetime.fromisoformat(text)
    _must_be_of_an_age(instant.year)
    return instant


def format_instant(instant: datetime) -> str:
    """Write a UTC instant as `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def parse_day(text: object) -> date:
    """Read a legal day of Hanoi written `YYYY-MM-DD`; any other spelling is a ValueError."""
    if type(text) is date:
        return text
    if not isinstance(text, str):
        raise ValueError("a day is written YYYY-MM-DD")  # noqa: TRY004  (pydantic wants it so)
    if not _DAY.fullmatch(text):
        raise ValueError("a day is written YYYY-MM-DD")
    day = date.fromisoformat(text)
    _must_be_of_an_age(day.year)
    return day


def _must_be_of_an_age(year: int) -> None:
    """Keep clear of both ends of the calendar, so that terms and notices can be reckoned."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"a year is one of {FIRST_YEAR} to {LAST_YEAR}")


def legal_day(instant: datetime) -> date:
    """Return the legal day, in Hanoi, to which an instant belongs."""
    return instant.astimezone(HANOI).date()


def of_kind(kind: str) -> StringConstraints:
    """Return the shape of a subject id of one kind, such as `contract:<local part>`."""
    return StringConstraints(pattern=rf"^{kind}:[a-z0-9.-]{{1,80}}$")


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _distinct(items: "tuple[T, ...]") -> "tuple[T, ...]":
    if len(set(items)) != len(items):
        raise ValueError("an item occurs twice")
    return items


T = TypeVar("T")

FROM_LIST = BeforeValidator(_as_tuple)
"""Lets a JSON list fill a tuple field, so that bodies stay immutable and hashable."""

DISTINCT = AfterValidator(_distinct)
"""Refuses a tuple in which an item occurs twice."""

NOT_EMPTY = Field(min_length=1)

Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
]
Day = Annotated[date, BeforeValidator(parse_day)]
Days = Annotated[int, Field(ge=0, le=36_600)]
"""A number of days that somebody is given: a hundred years at most."""
Delay = Annotated[int, Field(ge=0, le=366 * 86_400)]
"""A number of seconds to wait: a year at most."""
SubjectId = Annotated[str, StringConstraints(pattern=r"^[a-z]+:[a-z0-9.-]{1,80}$")]
PartyId = Annotated[str, of_kind("party")]
PartyIds = Annotated[tuple[PartyId, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
RightId = Annotated[str, of_kind("right")]
RightIds = Annotated[tuple[RightId, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
EventHash = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Sha256 = EventHash
KeyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class Model(BaseModel):
    """A part of a body: immutable, exactly typed, nothing beyond its fields."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Sealed(Model):
    """A private section: the commitment stands in the log, the value in the vault, if anywhere."""

    commitment: Sha256


class Body(Model):
    """What an event says. A topic is frozen, with a version; a new meaning is a new topic."""

    TOPIC: ClassVar[str]

    def subjects(self) -> frozenset[str]:
        """Return all that the event is about. The header's `subjects` must equal it, sorted."""
        raise NotImplementedError

    def reads(self, state: "State") -> Iterable[str]:
        """Return subjects that admission reads besides those the event is about.

        It is asked again after they are loaded, until it names nothing new.
        """
        del state
        return ()

    def references(self) -> Iterable[str]:
        """Return the payload hashes of earlier events that this one names."""
        return ()

    def new_keys(self) -> "Iterable[tuple[str, KeyRecord]]":
        """Return (party, key) for each public key that the event itself brings into the log."""
        return ()


def key_subject(key_id: str) -> str:
    """Return the subject id of a key."""
    return f"key:{key_id}"


class KeyRecord(Model):
    """A public key as it enters the log. The algorithm belongs to the key, never to a message.

    `key_id` is the lower-case hex SHA-256 of the SubjectPublicKeyInfo DER; `public_key` is that
    DER in standard base64. `ledger.wire.keys` checks both before any rule runs.
    """

    key_id: KeyId
    algorithm: Annotated[
        str, StringConstraints(pattern=r"^(ed25519|ecdsa-p256-sha256|rsa-pss-sha256|ml-dsa-65)$")
    ]
    public_key: Annotated[str, StringConstraints(min_length=40, max_length=4096)]


@dataclass(frozen=True, slots=True)
class Event:
    """A signed fact: the header's members and the body, as `ledger.intake` verified them.

    `signatures` are the ids of the keys whose signature lines verified; whom they bind is judged
    at admission, against the keys in force at that position.
    """

    ledger: str
    event_id: str
    type: str
    issued_at: datetime
    not_after: datetime
    seen: int | None
    subjects: tuple[str, ...]
    signers: tuple[str, ...]
    body: Body
    payload_hash: str
    signatures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Logged:
    """An event with its place in the log: 0-based position and the instant it was accepted."""

    event: Event
    position: int
    accepted: datetime


Recall = Callable[[str, str], Any]
"""(subject, commitment) -> the value that an event of the subject sealed; LookupError if unkept."""


def _keep_nothing(_subject: str, commitment: str) -> Any:
    raise LookupError(commitment)


@dataclass(frozen=True, slots=True)
class Context:
    """What admission is told besides state: the place, the instant, the openings, known events.

    `openings` maps a JSON pointer into the body to the opened value; `recall` finds, by a subject
    and a commitment, what an earlier event of that subject sealed. `known` maps payload hashes
    that the event refers to, to their positions in the log. `laws` are the sets of law data at hand
    by their digest; `admission` picks `law`, the one in force, before any rule is asked.
    `left_out` is a list in a replay, which has no openings, and takes in what `if_opened` left out.
    """

    accepted: datetime
    position: int
    openings: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, int] = field(default_factory=dict)
    laws: "Mapping[str, Law]" = field(default_factory=dict)
    law: "Law" = field(default=cast("Law", None))
    recall: Recall = _keep_nothing
    left_out: "list[LeftOut] | None" = None


class State(Protocol):
    """What is known of subjects, each folded from the entries tagged with it."""

    def get(self, subject: str) -> Any:
        """Return the value that the subject's module folded, or None if nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Folded:
    """What is known of a subject: its value, and who has touched it.

    `count` entries are tagged with it, the last at `position`. `unsigned` maps each signer of that
    last entry to the position of the last one that it did not sign, or -1. With that, the last
    entry that any party did not sign is known, whatever the number of parties: for those who did
    not sign the last entry it is the last entry. `made_with` are the ids of the keys that signed
    the first entry.
    """

    value: Any
    count: int
    position: int
    unsigned: Mapping[str, int]
    made_with: tuple[str, ...] = ()

    def last_unsigned_by(self, party: str) -> int:
        """Return the position of the last entry here that the party did not sign, or -1."""
        return self.unsigned.get(party, self.position)


class FoldedState(State, Protocol):
    """State that also tells how each subject was folded."""

    def folded(self, subject: str) -> Folded | None:
        """Return the folded subject, or None if nothing is known of it."""


Admits = dict[type[Body], Callable[[State, Event, Context], None]]
"""What a module exports as ADMITS: the rule of each of its bodies."""

Evolves = dict[tuple[str, type[Body]], Callable[[str, Any, Logged], Any]]
"""What a module exports as EVOLVES: the fold of a body into the value of one kind of subject."""


class Refusal(DomainError):
    """The ledger's answer to an event that a rule forbids. Subclasses are the rules.

    A subclass's docstring is the problem's title. `code` is stable. `article` cites the law where
    the law is the reason; `positions` are those of the events that forbid; `way` says in words what
    helps, or why nothing does, `step` what is to be done here, `changes` to which members of the
    event, and `asked` for which, `sign` and `unsign` whose lines come and go; `subjects` names what
    the refusal is about, `pointer` the member of the payload whose value it is about (RFC 6901),
    where it is one: the first that says one of the step's `values`, else that of the body which
    `members` names first, else the first where one of `subjects` stands; `ground` is the row of law
    data that decided, where one did; `at` is when the log refused the event, `dead` whether its
    bytes are never to be recorded, `replayed` whether they were refused before.
    """

    code: ClassVar[str]
    title_vi: ClassVar[str] = ""
    article: ClassVar[str | None] = None
    members: ClassVar[tuple[str, ...]] = ()
    """What the members are called that the rule is about, in whichever bodies it judges."""
    final: ClassVar[bool] = True
    """Whether the bytes are dead; else another signature, opening, event or day may mend it."""

    def __init__(
        self,
        detail: str,
        *,
        positions: Iterable[int] = (),
        subjects: Iterable[str] = (),
        ground: "Ground | None" = None,
        pointer: str | None = None,
        step: Step | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer
        self.step = step or Step()
        self.changes, self.asked = self.step.change, self.step.ask
        self.sign, self.unsign = self.step.sign, self.step.unsign
        self.positions = tuple(sorted(set(positions)))
        self.subjects = tuple(sorted(set(subjects)))
        self.ground = ground
        self.at: datetime | None = None
        self.dead = self.replayed = False

    @property
    def way(self) -> Way | None:
        """Return what helps, in words, or why nothing does; of dead bytes, whatever was told."""
        if self.replayed:
            return ways()[REFUSED_BEFORE]
        case = self.step.case
        return ways().get(f"{self.code}/{case}" if case else self.code)

    def point_into(self, event: "Event") -> None:
        """Say at which member of the event it stands, unless that is said, and what to change."""
        body = event.body.model_dump(mode="json")
        self.changes = self.step.into(body)
        said = tuple(_places("/body", body, self.step.values))
        if self.pointer is None:
            named = (f"/body/{name}" for name in self.members if name in body)
            # A key stands in a body by its id alone.
            sought = {*self.subjects, *(each.removeprefix("key:") for each in self.subjects)}
            places = _places("", {"body": body, "signers": [*event.signers]}, sought)
            self.pointer = next(chain(said, named, places), None)
        here = said or (self.pointer or "/body",)
        self.asked = tuple(chain(*(here if each == HERE else (each,) for each in self.step.ask)))


def _places(pointer: str, value: Any, sought: Collection[str]) -> Iterator[str]:
    """Yield where one of the strings sought stands."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in parts:
            yield from _places(f"{pointer}/{name}", part, sought)
    elif isinstance(value, str) and value in sought:
        yield pointer


class OpeningRequired(Refusal):
    """A rule needs a sealed value, and no opening for it came with the event.

    `sealed` is the section's pointer, or the subject of which an earlier event sealed it.
    """

    code = "OPENING_REQUIRED"
    final = False
    title_vi = "Quy tắc cần giá trị đã niêm phong nhưng không có bản mở đi kèm"

    def __init__(self, detail: str, *, sealed: str, pointer: str | None = None) -> None:
        step = Step({"sealed": sealed})
        if sealed.startswith("/"):
            super().__init__(detail, pointer=sealed, step=step)
        else:
            named = (sealed.partition(": ")[0],)
            super().__init__(detail, subjects=named, pointer=pointer, step=step)
        self.sealed = sealed


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rules, by their codes, that were not judged, for want of what is `sealed` there."""

    codes: tuple[str, ...]
    sealed: str

    def __str__(self) -> str:
        return f"{', '.join(self.codes)}: {self.sealed} is sealed"


class if_opened:  # noqa: N801  (it is read as a statement: with if_opened(...))
    """Judge, within, what needs a sealed value: these rules, and no other.

    Without its opening the event is refused as it comes (`OpeningRequired`). In a replay, where
    nobody sends one, the rules are noted as left out, and those behind the block are judged.
    """

    __slots__ = ("_context", "_rules")

    def __init__(self, context: Context, *rules: type[Refusal]) -> None:
        self._context, self._rules = context, rules

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, OpeningRequired) or self._context.left_out is None:
            return False
        codes = tuple(rule.code for rule in self._rules)
        self._context.left_out.append(LeftOut(codes, error.sealed))
        return True


class OpeningMalformed(Refusal):
    """What was opened is not of the form that its section has."""

    code = "OPENING_MALFORMED"
    final = False
    title_vi = "Giá trị được mở không đúng dạng của mục đã niêm phong"


def reveal(value: "T | Sealed", pointer: str, context: Context, read: Callable[[Any], T]) -> T:
    """Return a private section's value: as it stands, or from the openings of the context.

    `pointer` is the JSON pointer (RFC 6901) of the section within the payload, e.g. `/body/price`;
    `read` turns the opened JSON value into the section's type (`Money.model_validate`).
    Asked within `if_opened`: raises `OpeningRequired` if it is sealed and was not opened,
    `OpeningMalformed` if `read`
    finds it to be no such value (a ValueError, as pydantic's are).
    """
    if not isinstance(value, Sealed):
        return value
    if pointer not in context.openings:
        raise OpeningRequired(
            f"{pointer} is sealed; send its opening beside the envelope", sealed=pointer
        )
    try:
        return read(context.openings[pointer])
    except ValueError as error:
        told = f"what was opened for {pointer} has another form"
        raise OpeningMalformed(told, pointer=pointer) from error


def recall(
    value: "T | Sealed",
    subject: str,
    context: Context,
    read: Callable[[Any], T],
    pointer: str | None = None,
) -> T:
    """Return what an earlier event of `subject` said: as it stands, or as the vault keeps it.

    `pointer` is the member that leads to the subject, where none names it. Raises
    `OpeningRequired` if it is sealed and nobody keeps it, `OpeningMalformed` as `reveal`.
    """
    if not isinstance(value, Sealed):
        return value
    try:
        return read(context.recall(subject, value.commitment))
    except LookupError:
        raise OpeningRequired(
            f"what {subject} agreed is sealed, and not kept here: the event repeats it",
            sealed=subject,
            pointer=pointer,
        ) from None
    except ValueError as error:
        told = f"what {subject} sealed has another form"
        raise OpeningMalformed(told, subjects=(subject,), pointer=pointer) from error
