"""What the read models say rests on vouched keys is what the court's verifier says of the log."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import orjson
import pytest

from ledger import court
from ledger.log.merkle import leaf_hash
from ledger.node.genesis import key_record
from ledger.store.append import NewEntry, appending
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from ledger.wire.entry import parse_entry
from ledger.wire.instant import parse_instant
from projections.engine import view
from projections.engine.decoding import decode
from projections.engine.view import View
from projections.questions import vouching
from projections.questions.vouching import marked_timeline_of, vouched_for
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR, RIVAL
from tests.support.mandates import mandate_given
from tests.support.postgres import fresh_database
from tests.support.random_vouched import PARTIES, History
from tests.support.reading import reading
from tests.support.sample_log import OFFICERS, SampleLog, numbered, open_log, party_key
from tests.support.verifying import whole_bundle

SIZE = 160
VOUCHED = 1
"""Where the key was vouched for on which a chain rests."""


def put(pool: Pool, log: SampleLog) -> None:
    """Put a log into a database and fold it."""
    for raw in log.entries:
        entry = parse_entry(raw)
        says = orjson.loads(entry.payload)
        new = NewEntry(
            UUID(says["event_id"]),
            hashlib.sha256(entry.payload).digest(),
            says["type"],
            raw,
            leaf_hash(raw),
            tuple(says["subjects"]),
        )
        accepted = parse_instant(entry.accepted)
        with appending(pool) as append:
            append.write([new], accepted)
    rebuild(pool, READ_MODELS, decode)


def verified(log: SampleLog) -> dict[int, tuple[int, ...]]:
    """Return what the court's verifier marks."""
    found = court.verify(whole_bundle(log), log.trust_root())
    marked = {at: tuple(found.vouched(event)) for at, event in found.events.items()}
    return {at: places for at, places in marked.items() if places}


@pytest.mark.parametrize("seed", range(5))
def test_the_read_models_mark_what_the_verifiers_mark(pool: Pool, seed: int) -> None:
    """Whatever page of the log is asked for, and in every party's timeline."""
    random = Random(seed)
    log = History(random).grow(SIZE)
    expected = verified(log)
    put(pool, log)

    def marked(positions: list[int]) -> dict[int, tuple[int, ...]]:
        found = vouched_for(reading(pool, origin=log.origin), positions)
        assert log.size == found.size
        return {at: places for at in positions if (places := found.at(at))}

    assert expected == marked([*range(SIZE)])
    for page in ([at] for at in range(SIZE)):
        assert marked(page) == {at: expected[at] for at in page if at in expected}, page
    for _ in range(20):
        page = sorted(random.sample(range(SIZE), 12))
        assert marked(page) == {at: expected[at] for at in page if at in expected}, page
    for party in PARTIES:
        events = marked_timeline_of(reading(pool, origin=log.origin), party, limit=SIZE).events
        assert {each.position: each.vouched_at for each in events} == {
            each.position: expected.get(each.position, ()) for each in events
        }


def chained(links: int) -> SampleLog:
    """Return a log whose last event rests on a vouched key through so many keys and mandates.

    The firm's vouched key brings keys one after the other; the last gives a mandate, under which
    its holder gives the next one, and so on.
    """
    log = SampleLog()
    open_log(log)
    keys = [party_key(FIRM, 100 + number) for number in range(links)]
    officers = [party_key(party) for party in OFFICERS]
    vouched = b.key_added(party=FIRM, key=key_record(keys[0]), vouched_by=REGISTRAR)
    log.say(vouched, [FIRM, *OFFICERS], keys=[keys[0], *officers])
    for older, new in pairwise(keys):
        log.say(b.key_added(party=FIRM, key=key_record(new)), [FIRM], keys=[new, older])
    by, operator = keys[-1], party_key(OPERATOR)
    for number in range(links):
        holder, mandate = (RIVAL, INSTITUTE)[number % 2], numbered("mandate", log.size)
        pair = {"principal": FIRM, "holder": holder}
        said = mandate_given(mandate=mandate, topics=["*"], valid_to=None, **pair)
        log.say(said, [FIRM, OPERATOR], keys=[by, operator])
        by = party_key(holder)
    technology = numbered("technology", log.size)
    said = b.technology_registered(technology=technology, owners=[b.held(FIRM)])
    log.say(said, [FIRM], keys=[by])
    return log


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count what is asked of the database."""
    asked, rows, read = list[str](), View.rows, vouching.read_at

    def counted(view: View, model: Any, *more: Any, **options: Any) -> Any:
        asked.append(model.name)
        return rows(view, model, *more, **options)

    def counted_read(pool: Pool, positions: Sequence[int]) -> Any:
        asked.append("entries")
        return read(pool, positions)

    monkeypatch.setattr(View, "rows", counted)
    monkeypatch.setattr(vouching, "read_at", counted_read)
    return asked


def test_a_long_chain_takes_no_more_questions_than_a_short_one(
    postgres_server: EmbeddedPostgres, questions: list[str]
) -> None:
    taken = list[list[str]]()
    for links in (2, 60):
        log = chained(links)
        last = log.size - 1
        assert (VOUCHED,) == verified(log)[last]
        with fresh_database(postgres_server) as database:
            pool = Pool(database.app_dsn, size=2)
            put(pool, log)
            questions.clear()
            assert {last: (VOUCHED,)} == vouched_for(
                reading(pool, origin=log.origin), [last]
            ).places
            taken.append([*questions])
            pool.close()
    assert [["signed", "keys", "offers", "parties", "entries"]] * 2 == taken


@pytest.mark.parametrize("bound", ["ROWS_MAX", "JUDGED_MAX"])
def test_of_what_is_more_than_an_answer_looks_at_nothing_is_said(
    pool: Pool, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the bound, it is never said to rest on no vouched key."""
    log = chained(4)
    last = log.size - 1
    put(pool, log)
    told = list[tuple[int, ...] | None]()
    for limit in range(1, 40):
        monkeypatch.setattr(vouching, bound, limit)
        if bound == "ROWS_MAX":
            monkeypatch.setattr(view, bound, limit)
        told.append(vouched_for(reading(pool, origin=log.origin), [last]).at(last))
        page = marked_timeline_of(reading(pool, origin=log.origin), FIRM, after=last - 1)
        assert [told[-1]] == [event.vouched_at for event in page.events]
        assert (*(told[-1] or ()), last) == page.positions
    known = told.index((VOUCHED,))
    assert [None] * known + [(VOUCHED,)] * (len(told) - known) == told
    assert known > 0


def test_what_is_not_folded_yet_is_not_said_to_rest_on_no_such_key(pool: Pool) -> None:
    log = chained(2)
    put(pool, log)
    found = vouched_for(reading(pool, origin=log.origin), [log.size - 1, log.size])
    assert ((VOUCHED,), None) == (found.at(log.size - 1), found.at(log.size))
