"""How the ledger refuses an event: by which rule, where, and what helps."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any, ClassVar

from ledger.domain.core.event import Event
from ledger.domain.core.ground import Ground
from ledger.domain.core.remedy import HERE, REFUSED_BEFORE, Step, Way, ways
from ledger.domain.core.types import DomainError


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
