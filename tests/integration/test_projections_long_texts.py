"""A text that a client chooses stands in no index: a name of any length is folded."""

from datetime import date
from random import Random

import pytest

from ledger.store.connection import Pool
from ledger.store.readmodels import read_progress
from projections.engine.decoding import decode
from projections.engine.projection import ReadModel
from projections.engine.runner import Runner
from projections.questions.search import search
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.tables.party_facts import party_as_known
from tests.support.builders import INSTITUTE
from tests.support.logbook import put
from tests.support.parties import party_renamed
from tests.support.projecting import logged
from tests.support.reading import reading

IDS = frozenset(
    {
        *(
            "subject",
            "party",
            "charged",
            "licensee",
            "ref",
            "head",
            "listing",
            "lister",
            "technology",
            "offeror",
            "offeree",
        ),
        *("contract", "payee", "distribution", "dispute", "thing", "key", "mandate", "record"),
        *("relation", "event", "holder"),
    }
)
"""Columns of ids: at most ninety letters of ASCII each, or a hash."""
WORDS = frozenset(("role", "code", "kind", "member", "hash", "topic"))
"""Columns of words of ours, and of hashes."""
BOUNDED = frozenset(("word", "reads"))
"""Columns of what is read of a text: forty and 240 letters at most (`projections.tables.names`)."""


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)
def test_no_free_text_stands_in_a_key_or_an_index(model: ReadModel) -> None:
    texts = {column.name for column in model.table.columns if column.kind.startswith("text")}
    indexed = {name for columns in (model.table.key, *model.table.indexes) for name in columns}
    assert texts & indexed <= IDS | WORDS | BOUNDED


def test_a_name_of_four_thousand_characters_is_folded_and_found(pool: Pool) -> None:
    chance = Random(1)
    name = "".join(chr(chance.randrange(0x4E00, 0x9FA0)) for _ in range(4000))
    rebuild(pool, READ_MODELS, decode)
    events = put(pool, logged(party_renamed(party=INSTITUTE, name=name)))
    Runner(pool, READ_MODELS, decode).catch_up()
    assert {len(events)} == {each.size for each in read_progress(pool).values()}
    found = party_as_known(reading(pool), INSTITUTE, true_on=date(2026, 12, 1))
    assert found.name == name
    assert [INSTITUTE] == [hit.id for hit in search(reading(pool), name[:40]).hits]
