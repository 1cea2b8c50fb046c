"""What a server answered: read as the kind it is, held to its question, and said in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api.cli.agreeing import must_agree, must_name
from api.cli.echoes import must_answer
from api.cli.questions import kind_named
from api.describe.answer_json import WrongShape, members_of, read_as
from api.describe.checking import Computed, headed
from api.describe.description import describe
from api.describe.language import Language
from api.describe.text import text_of
from ledger.events.lawbook import bundled_law
from ledger.follow import checked as checked_events
from ledger.follow.checked import Checked
from ledger.follow.replies import WrongAnswer

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """An answer as the record of its kind, and its members."""

    kind: Any
    record: Any
    members: dict[str, Any]


def read(name: str, question: Answer, answer: Answer) -> Read:
    """Return an answer as the kind of that name. Raises `WrongAnswer` for what is none to that."""
    kind = kind_named(name)
    try:
        record = read_as(kind, answer)
    except WrongShape as error:
        raise WrongAnswer(str(error)) from None
    members = members_of(record)
    must_answer(kind, question, members)
    must_agree(kind, members)
    return Read(kind, record, members)


def must_say(answer: Read, checked: Checked | None) -> None:
    """Hold an answer to the events that were checked, and to itself. Raises `WrongAnswer`."""
    events = [each.event for each in checked.events] if checked else []
    checked_events.must_say(answer.members, events)
    must_name(answer.record)


def said_in_words(
    kind: Any, answer: Answer, checked: Checked | Computed | None, language: Language
) -> Iterator[str]:
    """Return the lines of an answer, headed by what was checked. Raises `WrongAnswer`."""
    try:
        told = [*text_of(describe(kind, answer, language, bundled_law()))]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise WrongAnswer("its members do not go together: no words say it") from error
    return iter(headed(told, checked, language))


def as_said(answer: Answer, checked: Checked | Computed | None) -> dict[str, Any]:
    """Return an answer as JSON: its members, and ours, which none of a server's may hide."""
    nothing: dict[str, Any] = {"checked": [], "unchecked": [], "seen": None}
    verified = {"verified": isinstance(checked, Computed)}
    ours = verified | (nothing if checked is None else checked.to_json())
    # The verdict on it stands first, and what was checked last.
    return verified | {**members_of(answer)} | ours
