"""What the pages of a listing, a need and an offer answer, and what they draw of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.describe import days
from api.describe.answer_json import members_of
from api.describe.description import lines_of
from api.describe.labels import label
from api.describe.language import Language
from api.describe.saying import Line, Speech, field_in_words
from api.describe.values import value_name
from api.explorer.subject_answers import Answers, Asked, Section, asking
from ledger.node.node import Node
from projections.questions.market import ListingAsKnown, ListingState, MarketMatches
from projections.questions.offer_thread import OfferThread, OfferTold
from projections.tables.offers import Offer, OfferState

SHOWN = 5
"""Rights of a listing of which its page says the status and what is left to grant."""


def listing_sections(node: Node, listing: str, asked: Asked) -> list[Section]:
    """Return what is answered of a listing or a need: what meets it, and how its rights stand."""
    ask = asking(node, asked)
    told = ask("listing", "getListing", listing=listing)
    assert isinstance(told.answer, ListingAsKnown)
    state = told.answer.state
    sections = [told, ask("holds", "getHolds", subject=listing)]
    if state is None:
        return sections
    if state.field is not None:
        sections.append(ask("matches", "getMatches", listing=listing))
    for right in state.rights[:SHOWN]:
        sections.append(ask("status", "getStatus", right=right))
        sections.append(ask("left", "getLeftToGrant", thing=right))
    if state.technology is not None and not state.rights:
        sections.append(ask("left", "getTechnologyLeftToGrant", thing=state.technology))
    return sections


def offer_sections(node: Node, offer: str, asked: Asked) -> list[Section]:
    """Return what is answered of an offer: its thread, and the listing that it answers."""
    ask = asking(node, asked)
    told = ask("thread", "getOffer", offer=offer)
    assert isinstance(told.answer, OfferThread)
    own = [each.state.offer for each in told.answer.thread if each.state.offer.subject == offer]
    listed = [row.listing for row in own if row.listing is not None]
    return [
        told,
        ask("holds", "getHolds", subject=offer),
        *(ask("listing", "getListing", listing=each) for each in listed),
    ]


def kind_of_listing(answers: Answers) -> str | None:
    """Return whether what a page is of is a need or another listing; None where it is neither."""
    own = next(answers.sections).answer
    if not isinstance(own, ListingAsKnown) or own.state is None:
        return None
    return "need" if own.state.kind == "need" else "listing"


@dataclass(frozen=True, slots=True)
class Clock:
    """How much of the time of an offer is gone, in percent, and what is left of it in words."""

    gone: int
    left: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """An offer of a thread as it is shown: how it stood, its clock, and all that it says."""

    state: OfferState
    stood: str
    clock: Clock
    lines: tuple[Line, ...]


def turns_of(answers: Answers, speech: Speech) -> Sequence[Turn]:
    """Return the offers of a thread as they are shown; none on the page of anything else."""
    thread = next(answers.sections).answer
    if not isinstance(thread, OfferThread):
        return ()
    then = answers.asked.known_at
    now = then if isinstance(then, datetime) else None if then is not None else datetime.now(UTC)
    return [_turn(each, speech, now) for each in thread.thread]


def _turn(told: OfferTold, speech: Speech, now: datetime | None) -> Turn:
    members: Mapping[str, Any] = members_of(told)
    state, language = told.state, speech.language
    said = lines_of(Offer, members["state"]["offer"], speech, _ON_TURNS)
    own = lines_of(OfferState, members["state"], speech, ("offer", "open", "reason"))
    more = lines_of(OfferTold, members, speech, ("state",))
    stood = label("OfferState", "open", language)
    if state.reason is not None:
        stood = value_name("OfferState", "reason", state.reason, language)
    return Turn(state, stood, _clock(state, now, language), (*said, *own, *more))


_ON_TURNS = ("subject", "offeror", "offeree", "position", "accepted")


def _clock(state: OfferState, now: datetime | None, language: Language) -> Clock:
    """Return the clock of an offer, at the instant that closed it if one did; unknown is full."""
    offer = state.offer
    at = offer.closed_at or (now if state.open else offer.expires_at) or offer.accepted
    whole = (offer.expires_at - offer.accepted).total_seconds()
    gone = (min(at, offer.expires_at) - offer.accepted).total_seconds()
    left = days.left(offer.expires_at - now, language) if state.open and now else None
    return Clock(round(100 * gone / whole), left)


@dataclass(frozen=True, slots=True)
class Card:
    """A listing of the same field as it is shown: why, and what it says."""

    state: ListingState
    kind: str
    because: tuple[str, ...]
    lines: tuple[Line, ...]


def cards_of(answers: Answers, speech: Speech) -> Sequence[Card]:
    """Return what meets the field of a listing as it is shown, the newest first."""
    language = speech.language
    return [
        Card(
            each.state,
            value_name("ListingState", "kind", str(each.state.kind), language),
            tuple(field_in_words(members_of(field), language) for field in each.by),
            lines_of(ListingState, members_of(each.state), speech, _ON_CARDS),
        )
        for section in answers.sections
        if isinstance(section.answer, MarketMatches)
        for each in section.answer.matches
    ]


_ON_CARDS = (
    *("listing", "shown", "kind", "market", "open", "title", "summary", "trl", "reviewer"),
    *("coordinator", "channel", "challenge", "position", "accepted"),
)
