"""
Why an event stands in the log, or may not: the rules that judge it, as they judge it.

The rules of `ledger.domain` run as they ran at admission. What is told is seen from outside while
they do: which of them was entered in which order, which subjects it asked for, which refusals stand
in what it ran of its code, and whether it came to its end. So nothing is said twice, and a rule
that is new is told of without a word here.
"""

import dis
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from inspect import getdoc
from types import CodeType, FrameType
from typing import Any

from pydantic_core import to_jsonable_python

from ledger.domain import admission
from ledger.domain.core.body import Folded, FoldedState
from ledger.domain.core.context import Context, LeftOut
from ledger.domain.core.dated_law import Law
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.ground import Ground
from ledger.domain.core.refusal import Refusal
from ledger.domain.government.ledger import LedgerOpened, opened
from ledger.domain.grounds import grounds
from ledger.domain.parties.ledger_state import ledger_of
from ledger.follow.audit import digest_of
from ledger.follow.judged import PastOnDisk

_RULES = "ledger.domain."
_NAMED = ("must_", "require_", "admit")
"""How a function is called that refuses (CONTRIBUTING.md)."""

_RETURNS = frozenset(
    dis.opmap[name] for name in ("RETURN_VALUE", "RETURN_CONST") if name in dis.opmap
)
"""By which instructions a function comes to its end; any other one means that it raised."""


@dataclass(frozen=True, slots=True)
class RuleRun:
    """A rule that judged an event, below `depth` others; `says` is what it is about, if it says so.

    `refusals` are the codes that stand in what it ran, `reads` the subjects that it asked for.
    `verdict` is `passed`, `refused`, or `unchecked` where it needs what is sealed.
    """

    rule: str
    depth: int
    says: str | None
    refusals: tuple[str, ...]
    reads: tuple[str, ...]
    verdict: str


@dataclass(frozen=True, slots=True)
class SubjectRead:
    """What was known of a subject, by the events at `positions`; None where nothing was."""

    subject: str
    positions: tuple[int, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class Explanation:
    """By which rules an event was judged after `position` entries, and what they read.

    `references` are the events that it names, by payload hash, with their positions. `refusal` is
    the rules' answer, None where they admit it; `left_out` are rules that need what is sealed.
    """

    event: Event
    position: int
    accepted: datetime
    edition: str
    law_data_sha256: str
    rules: tuple[RuleRun, ...]
    read: tuple[SubjectRead, ...]
    references: Mapping[str, int]
    grounds: tuple[Ground, ...]
    left_out: tuple[LeftOut, ...]
    refusal: Refusal | None


def explain(
    past: PastOnDisk, event: Event, accepted: datetime, laws: Mapping[str, Law]
) -> Explanation:
    """Judge an event that comes right after the `past`, and tell how it was judged.

    Raises `LookupError` where no ledger is open, or the law data that it names are not at hand.
    """
    position, left_out = past.size, list[LeftOut]()
    named = {each: past.position_of(digest_of(each)) for each in event.body.references()}
    known = {each: at for each, at in named.items() if at is not None}
    context = Context(accepted, position, known=known, laws=laws, left_out=left_out)
    state = past.state_for(event)
    watch = _Watch(state, left_out)
    refusal = None
    with watch.watching():
        try:
            admission.admit(watch, event, context)
        except Refusal as refused:
            refusal = refused
    body = event.body
    ledger = opened(body, position) if isinstance(body, LedgerOpened) else ledger_of(state, event)
    law = laws.get(ledger.law_data_sha256)
    asked = dict.fromkeys(subject for run in watch.runs for subject in run.reads)
    return Explanation(
        event=event,
        position=position,
        accepted=accepted,
        edition=ledger.edition,
        law_data_sha256=ledger.law_data_sha256,
        rules=tuple(watch.told(refusal)),
        read=tuple(_read(each, state, past) for each in asked),
        references=known,
        grounds=grounds(Logged(event, position, accepted), law) if law else (),
        left_out=tuple(dict.fromkeys(left_out)),
        refusal=refusal,
    )


def _read(subject: str, state: FoldedState, past: PastOnDisk) -> SubjectRead:
    value = to_jsonable_python(state.get(subject), fallback=_plain)
    return SubjectRead(subject, past.moved_by(subject), value)


def _plain(value: Any) -> Any:
    """Return a persistent map or set as JSON values."""
    return (
        {str(key): each for key, each in value.items()} if isinstance(value, Mapping) else [*value]
    )


@dataclass(slots=True)
class _Run:
    """A rule while it runs; `raised` is its frame where it did not come to its end.

    `left_out` counts what it left out itself, for want of what is sealed.
    """

    code: CodeType
    rule: str
    says: str | None
    depth: int
    refusals: dict[str, None] = field(default_factory=dict)
    reads: dict[str, None] = field(default_factory=dict)
    raised: FrameType | None = None
    left_out: int = 0


class _Watch:
    """The state that rules ask, which sees them run."""

    def __init__(self, state: FoldedState, left_out: Sequence[LeftOut]) -> None:
        self._state, self._left_out = state, left_out
        self.runs: list[_Run] = []
        self._open: list[_Run] = []
        self._counted = 0

    def get(self, subject: str) -> Any:
        """Return the subject's value, and note who asked."""
        self._asked(subject)
        return self._state.get(subject)

    def folded(self, subject: str) -> Folded | None:
        """Return the subject's fold, and note who asked."""
        self._asked(subject)
        return self._state.folded(subject)

    def _asked(self, subject: str) -> None:
        if self._open:
            self._open[-1].reads[subject] = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """See every function of the rules that is called within, in this thread."""
        before = sys.getprofile()
        sys.setprofile(self._see)
        try:
            yield
        finally:
            sys.setprofile(before)

    def _see(self, frame: FrameType, what: str, _told: object) -> None:
        code, module = frame.f_code, frame.f_globals.get("__name__", "")
        if what not in ("call", "return") or not module.startswith(_RULES):
            return
        rule = code.co_name.lstrip("_").startswith(_NAMED)
        if what == "return":
            if rule:
                self._leave(frame)
            return
        if rule:
            says = getdoc(frame.f_globals.get(code.co_name))
            name = f"{module.removeprefix(_RULES)}.{code.co_name}"
            self._count()
            self._open.append(_Run(code, name, says and says.partition("\n")[0], len(self._open)))
            self.runs.append(self._open[-1])
        if self._open:
            self._open[-1].refusals |= dict.fromkeys(_refusals_in(frame))

    def _count(self) -> None:
        """Note what the rule that runs has left out since a rule was last entered or left."""
        if self._open:
            self._open[-1].left_out += len(self._left_out) - self._counted
        self._counted = len(self._left_out)

    def _leave(self, frame: FrameType) -> None:
        self._count()
        run = self._open.pop()
        assert run.code is frame.f_code, "what was entered last is left first"
        if frame.f_code.co_code[frame.f_lasti] not in _RETURNS:
            run.raised = frame

    def told(self, refusal: Refusal | None) -> Iterator[RuleRun]:
        """Yield the rules in the order in which they were entered, each with its verdict."""
        refused = set(_frames(refusal))
        for run in self.runs:
            verdict = "unchecked" if run.left_out or run.raised else "passed"
            if run.raised in refused:
                verdict = "refused"
            yield RuleRun(run.rule, run.depth, run.says, (*run.refusals,), (*run.reads,), verdict)


def _refusals_in(frame: FrameType) -> Iterator[str]:
    """Yield the codes of the refusals that a function names."""
    for name in frame.f_code.co_names:
        found = frame.f_globals.get(name)
        if isinstance(found, type) and issubclass(found, Refusal) and hasattr(found, "code"):
            yield found.code


def _frames(error: BaseException | None) -> Iterator[FrameType]:
    """Yield the frames that an error, or one that it came after, has passed through."""
    while error is not None:
        at = error.__traceback__
        while at is not None:
            yield at.tb_frame
            at = at.tb_next
        error = error.__context__
