"""Events as sentences: what happened at positions of the log, in words, with names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import orjson

from api.deps import reader_of
from api.describe.event_saying import Names, event_sentence
from api.describe.saying import Speech, Word
from ledger.node.node import Node
from ledger.store.entries import read_at
from ledger.wire.entry import parse_entry
from projections.questions.party_names import names_of
from projections.tables.timeline import EventRow


@dataclass(frozen=True, slots=True)
class Happened:
    """An event in one sentence, and where keys were vouched for on which it rests, if known."""

    event: EventRow
    sentence: tuple[Word, ...]
    vouched_at: tuple[int, ...] | None


def happened(
    node: Node,
    events: Sequence[EventRow],
    vouched_at: Callable[[int], tuple[int, ...] | None],
    speech: Speech,
    names: Names,
) -> list[Happened]:
    """Return events in sentences with the names of subjects."""
    told = sentences_at(node, [event.position for event in events], speech, names)
    return [Happened(event, told[event.position], vouched_at(event.position)) for event in events]


def sentences_on(
    node: Node, positions: Sequence[int], speech: Speech, on: date
) -> Mapping[int, tuple[Word, ...]]:
    """Return what happened at each position, with the names that parties had on a day."""
    told = sentences_at(node, positions, speech, {})
    subjects = {word.subject for words in told.values() for word in words if word.subject}
    parties = [each for each in subjects if each.startswith("party:")]
    names = names_of(reader_of(node), parties, on)
    return sentences_at(node, positions, speech, names)


def sentences_at(
    node: Node, positions: Sequence[int], speech: Speech, names: Names
) -> Mapping[int, tuple[Word, ...]]:
    """Return what happened at each position, in one sentence with the names of subjects."""
    return {
        each.position: event_sentence(orjson.loads(parse_entry(each.entry).payload), speech, names)
        for each in read_at(node.reads, positions)
    }
