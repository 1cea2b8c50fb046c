"""
How an import sends what it planned: all of it is composed and measured before any of it is posted.

What one record says may turn on another: of a title whose lapse cannot be written nothing else may
be told. So an event that no entry can hold is found before the first one is sent, and on a right
whose filing the ledger refuses nothing is posted at all: it may be another right of that number.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from rich.console import Console

from api.importers import Declined
from api.importers.explanations import meaning
from api.importers.memory import Identity, Memory
from ledger.domain.core.body import Body
from ledger.domain.core.types import format_instant
from ledger.domain.rights.right import RightFiled
from ledger.events.compose import ComposeError
from ledger.follow.client import LedgerClient, ProblemAnswer, Signed, VerifiedReceipt
from ledger.wire import canonical
from ledger.wire.canonical import WireError
from ledger.wire.entry import Entry, EntryTooLarge, format_entry

PAGE = 200
"""Events of one bulk request."""


class Sent(Protocol):
    """What an importer signs and posts."""

    @property
    def source(self) -> str:
        """What it was made of."""

    @property
    def subject(self) -> str:
        """By what the memory knows it."""

    @property
    def body(self) -> Body:
        """What it says."""

    @property
    def identity(self) -> Identity:
        """What it is called."""


S = TypeVar("S", bound=Sent)


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one planned event.

    `renewed` says that it is a new event in the place of one that was refused for good.
    """

    source: str
    topic: str
    answer: VerifiedReceipt | ProblemAnswer
    renewed: bool = False

    @property
    def final(self) -> bool:
        """Whether the same bytes are refused for good."""
        return isinstance(self.answer, ProblemAnswer) and self.answer.problem.get("final") is True

    @property
    def status(self) -> str:
        """The code of a refusal, or whether the event was admitted now or before."""
        if isinstance(self.answer, ProblemAnswer):
            return self.answer.code
        return "replayed" if self.answer.replayed else "admitted"

    def to_json(self) -> dict[str, Any]:
        """Return the members for `--json`."""
        about = {"source": self.source, "type": self.topic, "signed_anew": self.renewed}
        if isinstance(self.answer, VerifiedReceipt):
            return {**about, "status": self.status, "position": self.answer.position}
        return {**about, "status": "refused", "problem": dict(self.answer.problem)}


NOT_ADMITTED = "Not admitted, as the server says"
"""What heads a table of refusals."""


@dataclass(slots=True)
class Outcome:
    """What became of an import: what the ledger answered, and what was not sent, and why."""

    answered: list[Answered] = field(default_factory=list)
    not_sent: list[Declined] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """1 if anything was refused or not sent, else 0."""
        refused = any(isinstance(item.answer, ProblemAnswer) for item in self.answered)
        return 1 if refused or self.not_sent else 0

    def to_json(self) -> dict[str, Any]:
        """Return the members for `--json`."""
        return {
            "answers": [item.to_json() for item in self.answered],
            "not_sent": [
                {
                    "source": item.source,
                    "code": item.code,
                    "detail": item.detail,
                    "meaning": meaning(item.code),
                }
                for item in self.not_sent
            ],
        }


@dataclass(frozen=True, slots=True)
class Composed(Generic[S]):
    """An event as it will be sent."""

    item: S
    signed: Signed


def composed(
    events: Iterable[S], sign: Callable[[S], Signed]
) -> tuple[list[Composed[S]], list[Declined]]:
    """Compose, sign and measure events; return those that an entry can hold, and why not others."""
    fit: list[Composed[S]] = []
    unfit: list[Declined] = []
    for item in events:
        try:
            signed = sign(item)
            _must_fit(item, signed)
        except EntryTooLarge as error:
            unfit.append(Declined(item.source, "ENTRY_TOO_LARGE", str(error)))
        except (WireError, ComposeError) as error:
            unfit.append(Declined(item.source, "MALFORMED", str(error)))
        else:
            fit.append(Composed(item, signed))
    return fit, unfit


def _must_fit(item: Sent, signed: Signed) -> None:
    envelope = signed.envelope
    canonical.load(envelope.payload)
    accepted = format_instant(item.identity.issued_at)
    format_entry(Entry(accepted, envelope.payload_type, envelope.signatures, envelope.payload))


def not_filed(events: Iterable[Sent], fit: Iterable[Composed[S]]) -> set[str]:
    """Return the rights whose filing was planned and is not among what fits."""
    kept = {each.item.identity.event_id for each in fit}
    return {
        item.body.right
        for item in events
        if isinstance(item.body, RightFiled) and item.identity.event_id not in kept
    }


def post_pages(
    ledger: LedgerClient, memory: Memory, events: Sequence[Composed[S]], unfiled: set[str]
) -> Iterator[Answered | Declined]:
    """Post events in their order, page by page; remember what was admitted or refused for good.

    `unfiled` are rights of which nothing is sent; those whose filing is refused are added.
    """
    for page in _pages(events):
        named = [(each, sorted(unfiled & each.item.body.subjects())) for each in page]
        sent = [each for each, stopped in named if not stopped]
        for each, stopped in named:
            if stopped:
                detail = f"{stopped[0]} was not filed: nothing is sent about it"
                yield Declined(each.item.source, "FILING_REFUSED", detail)
        answers = ledger.submit_many([each.signed for each in sent]) if sent else iter(())
        for each, answer in zip(sent, answers, strict=True):
            answered = _answered(each.item, answer, memory)
            if isinstance(each.item.body, RightFiled) and isinstance(answer, ProblemAnswer):
                unfiled.add(each.item.body.right)
            yield answered


def _pages(events: Iterable[Composed[S]]) -> Iterator[list[Composed[S]]]:
    """Cut events into pages; what is about a right never goes with the right's own filing."""
    page: list[Composed[S]] = []
    filed: set[str] = set()
    for each in events:
        body = each.item.body
        if len(page) == PAGE or not filed.isdisjoint(body.subjects()):
            yield page
            page, filed = [], set()
        page.append(each)
        if isinstance(body, RightFiled):
            filed.add(body.right)
    if page:
        yield page


def _answered(item: Sent, answer: VerifiedReceipt | ProblemAnswer, memory: Memory) -> Answered:
    answered = Answered(item.source, item.body.TOPIC, answer, item.subject in memory.renewed)
    if isinstance(answer, VerifiedReceipt):
        memory.settle(item.subject)
    elif answered.final:
        memory.bury(item.subject, item.identity)
    return answered


def print_renewed(console: Console, answered: Sequence[Answered]) -> None:
    """Say what was signed again, and what the next run signs again."""
    if renewed := sum(item.renewed for item in answered):
        console.print(f"Signed again, since the bytes of before were refused for good: {renewed}")
    if final := sum(item.final for item in answered):
        console.print(f"Refused for good; the next run signs new events for them: {final}")
