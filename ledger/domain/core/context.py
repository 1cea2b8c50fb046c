"""What a rule is told besides state, and how it reads what is sealed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from ledger.domain.core.dated_law import Law
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.types import Sealed

T = TypeVar("T")


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
