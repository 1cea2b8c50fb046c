"""
How a module says, beside its bodies, which rule admits each and how each changes what is known.

    @admits(OfferRejected)
    def _admit_rejected(body: OfferRejected, state: State) -> None: ...

    @evolves(KIND, OfferRejected)
    def _evolve_rejected(body: OfferRejected, logged: Logged, value: Offer) -> Offer: ...

Each is handed the typed body first, and of what follows as much as it has parameters for.
`ledger.domain.registry` has the tables when every module was imported.
"""

from collections.abc import Callable
from inspect import signature
from typing import Any, TypeAlias, TypeVar, overload

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Event, Logged

B = TypeVar("B", bound=Body)
C = TypeVar("C", bound=Body)

Rule: TypeAlias = (
    Callable[[B], None]
    | Callable[[B, State], None]
    | Callable[[B, State, Context], None]
    | Callable[[B, State, Context, Event], None]
)
"""A rule raises the `Refusal` of an event that may not stand, or returns nothing."""

Fold: TypeAlias = (
    Callable[[B], Any]
    | Callable[[B, Logged], Any]
    | Callable[[B, Logged, Any], Any]
    | Callable[[B, Logged, Any, str], Any]
)
"""A fold returns the value of a subject after an event: (body, logged, value before, subject)."""

Admits = dict[type[Body], Callable[[State, Event, Context], None]]
Evolves = dict[tuple[str, type[Body]], Callable[[str, Any, Logged], Any]]

ADMITS: Admits = {}
"""The rule of each body, of the modules imported so far."""

EVOLVES: Evolves = {}
"""The fold of a body into the value of one kind of subject, of the modules imported so far."""


@overload
def admits(one: type[B], other: type[C], /) -> Callable[[Rule[B | C]], Rule[B | C]]: ...
@overload
def admits(*bodies: type[B]) -> Callable[[Rule[B]], Rule[B]]: ...
def admits(*bodies: type[B]) -> Callable[[Rule[B]], Rule[B]]:
    """Register the rule of a body, of two, or of more that have a base in common.

    Raises `TypeError` for a body that does not declare what each has to.
    """

    def register(rule: Rule[B]) -> Rule[B]:
        for body in bodies:
            _require_declared(body)
            assert body not in ADMITS, f"two rules for {body.TOPIC}"
            ADMITS[body] = _as_rule(rule)
        return rule

    return register


_DECLARED = ("TOPIC", "TITLE", "TITLE_VI", "SUBJECTS", "SIGNERS")
_HOW = "docs/guides/add-an-event-type.md"


def _require_declared(body: type[Body]) -> None:
    """Refuse a body that does not say what it is. Raises `TypeError`."""
    missing = [each for each in _DECLARED if not hasattr(body, each)]
    if "__doc__" not in vars(body) or not body.__doc__:
        missing.append("a docstring")
    if missing:
        raise TypeError(f"{body.__module__}.{body.__name__} lacks {', '.join(missing)}: {_HOW}")


@overload
def evolves(kind: str, one: type[B], other: type[C], /) -> Callable[[Fold[B | C]], Fold[B | C]]: ...
@overload
def evolves(kind: str, *bodies: type[B]) -> Callable[[Fold[B]], Fold[B]]: ...
def evolves(kind: str, *bodies: type[B]) -> Callable[[Fold[B]], Fold[B]]:
    """Register the fold of such bodies into the value of a kind of subject."""

    def register(fold: Fold[B]) -> Fold[B]:
        for body in bodies:
            assert (kind, body) not in EVOLVES, f"two folds of {body.TOPIC} for {kind}"
            EVOLVES[kind, body] = _as_fold(fold)
        return fold

    return register


def _as_rule(rule: Callable[..., None]) -> Callable[[State, Event, Context], None]:
    return (
        lambda _state, event, _context: rule(event.body),
        lambda state, event, _context: rule(event.body, state),
        lambda state, event, context: rule(event.body, state, context),
        lambda state, event, context: rule(event.body, state, context, event),
    )[_parameters(rule) - 1]


def _as_fold(fold: Callable[..., Any]) -> Callable[[str, Any, Logged], Any]:
    return (
        lambda _subject, _value, logged: fold(logged.event.body),
        lambda _subject, _value, logged: fold(logged.event.body, logged),
        lambda _subject, value, logged: fold(logged.event.body, logged, value),
        lambda subject, value, logged: fold(logged.event.body, logged, value, subject),
    )[_parameters(fold) - 1]


def _parameters(function: Callable[..., Any]) -> int:
    """Return how many arguments a function must be given."""
    return sum(each.default is each.empty for each in signature(function).parameters.values())
