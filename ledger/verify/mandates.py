"""Mandates: who binds whom, for what, on which days, and whether as far as an event reaches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ledger.powers import TABLE, Exposure, OfferedTerms, TopicPowers, exposure
from ledger.verify.event import RecordedEvent
from ledger.wire.instant import parse_instant

_HANOI = timedelta(hours=7)  # Legal days are Hanoi's: UTC+7, no daylight saving since 1975.

_BOUNDLESS = OfferedTerms(TopicPowers("", commits="open"), {})
"""What an offer is taken for that is not in the log."""


@dataclass(frozen=True, slots=True)
class RecordedMandate:
    """The holder's keys bind the principal, for these topics, up to a sum, on these days.

    `vouched` is where officers vouched for what each line rests on by which it was given, or 0.
    """

    topics: frozenset[str]
    ceiling: tuple[int, str] | None
    valid_from: str
    valid_to: str | None
    given: int
    ended: int | None = None
    vouched: int = 0


@dataclass(frozen=True, slots=True)
class Offered:
    """What an offer commits to, and the position at which it was made."""

    made: int
    topic: str
    body: dict[str, Any]


def in_force(mandates: Iterable[RecordedMandate], event: RecordedEvent) -> list[RecordedMandate]:
    """Return those that are in force for an event."""
    return [mandate for mandate in mandates if _is_in_force(mandate, event)]


def _is_in_force(mandate: RecordedMandate, event: RecordedEvent) -> bool:
    today = (parse_instant(event.entry.accepted) + _HANOI).date().isoformat()
    return (
        mandate.given < event.position
        and (mandate.ended is None or mandate.ended >= event.position)
        and not mandate.topics.isdisjoint(("*", event.type.partition("/")[0]))
        and mandate.valid_from <= today
        and (mandate.valid_to is None or today < mandate.valid_to)
    )


def suffices(
    signer: str,
    mandates: Sequence[RecordedMandate],
    event: RecordedEvent,
    offers: Mapping[str, Offered],
    *,
    whole: bool,
) -> tuple[bool | None, str]:
    """Say whether one of the mandates reaches as far as the event commits the signer, or why not.

    None where that depends on what is sealed. `whole` says that `offers` are all there are.
    """
    ceilings = [mandate.ceiling for mandate in mandates if mandate.ceiling is not None]
    if len(ceilings) < len(mandates):
        return True, ""

    def named(offer: str) -> OfferedTerms | None:
        offered = offers.get(offer)
        if offered is None or offered.made >= event.position:
            return _BOUNDLESS if whole else None
        return OfferedTerms(TABLE[offered.topic], offered.body)

    if event.type not in TABLE:
        return None, f"what {event.type} commits {signer} to"
    committed = exposure(TABLE[event.type], event.body, signer, named)
    answers = [committed.within(*ceiling) for ceiling in ceilings]
    if True in answers:
        return True, ""
    if None in answers:
        return None, committed.unread[0]
    return False, f"above the ceiling of {signer}'s mandate: {_told(committed)}"


def _told(committed: Exposure) -> str:
    """Return why a ceiling does not cover it: there is no bound, or it comes to so much."""
    total = ", ".join(f"{amount} {currency}" for currency, amount in committed.total.items())
    return committed.beyond[0].why if committed.beyond else f"it comes to {total}"
