"""Events as sentences: what happened at positions of the log, in words, with names."""

from collections.abc import Collection, Mapping

import orjson

from api.describe.event_saying import Names, event_sentence
from api.describe.saying import Speech, Word
from ledger.node.node import Node
from ledger.store.entries import read_at
from ledger.wire.entry import parse_entry

Sentences = Mapping[int, tuple[Word, ...]]


def sentences_at(node: Node, positions: Collection[int], speech: Speech, names: Names) -> Sentences:
    """Return what happened at each position, in one sentence with the names of subjects."""
    if not positions:
        return {}
    return {
        stored.position: event_sentence(
            orjson.loads(parse_entry(stored.entry).payload), speech, names
        )
        for stored in read_at(node.reads, [*positions])
    }
