"""What is read by an index looks at a handful of rows, however long the log is."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import pytest

from ledger.domain.turning import is_steady
from ledger.store.connection import Pool, one_row
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.entries import (
    find_event,
    first_by_subjects,
    latest_under,
    place_of,
    positions_by_hash,
    positions_by_id,
    positions_of,
    read_at,
    read_entries,
    read_histories,
    read_topics,
    read_turning_both,
    subject_page,
    tagged_positions,
)
from ledger.store.indexes import find_events
from ledger.store.recorder import TechledgerDCBRecorder
from ledger.store.vault import KeptOpening, VaultRow, find_opening, pending_erasures
from tests.support.postgres import fresh_database, run_sql
from tests.support.store import append, new_entry

SIZE = 6_000
FEW = 100
BUSY = "party:busy"
"""A party that every entry names, which is turned by the first and by the last of them."""

NAMES, REGISTERS, OFFERS = "party.renamed/1", "party.registered/1", "offer.made/1"

ENTRIES = [
    replace(
        new_entry(f"entry {n}", BUSY, f"party:{n}", f"offer:{n}", event_id=UUID(int=n + 1)),
        topic=NAMES if n in {0, SIZE - 1} else OFFERS,
        vault=(VaultRow("/body/price", sha256(b"entry %d" % n).digest(), (), b"sealed"),),
    )
    for n in range(SIZE)
]
REGISTRATIONS = [
    replace(new_entry(f"party {n}", f"party:{n}", event_id=UUID(int=SIZE + n + 1)), topic=REGISTERS)
    for n in range(SIZE)
]
HASH = ENTRIES[7].payload_sha256

VACUUMED = "VACUUM ANALYZE"

UNDISTURBED = """
    DO $$ DECLARE each regclass; BEGIN
        FOR each IN SELECT oid FROM pg_class
            WHERE relnamespace = 'ledger'::regnamespace AND relkind = 'r'
        LOOP EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', each); END LOOP;
    END $$
"""
"""What autovacuum looks at at some moment is no row that a question looked at."""


def opening(pool: Pool, commitment: bytes) -> KeptOpening | None:
    with pool.session() as session:
        return find_opening(session, BUSY, commitment)


READS: dict[str, Callable[[Pool], object]] = {
    "a cold party": lambda pool: [*read_histories(pool, [BUSY], SIZE, is_steady)],
    "a cold offer": lambda pool: [*read_histories(pool, ["offer:7", "offer:9"], SIZE, is_steady)],
    "a page of a subject": lambda pool: subject_page(pool, BUSY, after=SIZE // 2, limit=5),
    "no last of a topic": lambda pool: latest_under(pool, "party:7", "none/1") is None,
    "what turns two": lambda pool: read_turning_both(pool, BUSY, "party:0", NAMES),
    "positions of subjects": lambda pool: tagged_positions(pool, [BUSY, "offer:7"], SIZE, 5),
    "firsts of subjects": lambda pool: first_by_subjects(pool, [BUSY, "offer:7"]),
    "positions": lambda pool: read_at(pool, [3, SIZE - 1]),
    "a range": lambda pool: read_entries(pool, SIZE // 2, None, 5),
    "an event": lambda pool: find_event(pool, UUID(int=8)),
    "events": lambda pool: find_events(pool, [UUID(int=8), UUID(int=SIZE * 3)]),
    "a payload's place": lambda pool: place_of(pool, HASH),
    "ids that begin so": lambda pool: positions_by_id(pool, UUID(int=8), UUID(int=9), 20),
    "hashes that begin so": lambda pool: positions_by_hash(pool, HASH, HASH, 20),
    "payloads": lambda pool: positions_of(pool, [HASH, bytes(32)]),
    "an opening": lambda pool: opening(pool, HASH),
    "no erasures": lambda pool: pending_erasures(pool, 0) == [],
}
READS_OF_A_KNOWN_LOG: dict[str, Callable[[Pool], object]] = {
    "a subject's last of a topic": lambda pool: latest_under(pool, "party:7", REGISTERS),
    "a topic": lambda pool: read_topics(pool, [NAMES, "none/1"], SIZE),
    "tags of positions": lambda pool: [*TechledgerDCBRecorder(pool).read(after=SIZE, limit=1)],
}


@pytest.fixture(scope="module", params=["", VACUUMED], ids=["new", "known"])
def long(request: pytest.FixtureRequest, postgres_server: EmbeddedPostgres) -> Iterator[Pool]:
    """Lend a log of many entries, of which the planner knows nothing yet, or how it is."""
    with fresh_database(postgres_server) as database:
        run_sql(database.superuser_dsn, UNDISTURBED)
        pool = Pool(database.app_dsn, size=1)
        append(pool, *ENTRIES)
        append(pool, *REGISTRATIONS)
        if request.param:
            run_sql(database.superuser_dsn, request.param)
        looked_at(pool)  # Has counted what was looked at so far, before anybody asks.
        yield pool
        pool.close()


def looked_at(pool: Pool) -> int:
    """Return how many rows of tables and indexes were looked at so far."""
    with pool.session() as session:
        session.execute("SELECT pg_stat_force_next_flush()")
        session.execute(
            "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE schemaname = 'ledger')"
            " + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = 'ledger')"
        )
        return int(one_row(session)[0])


@pytest.mark.parametrize("name", READS)
def test_it_looks_at_few_rows_of_a_long_log(long: Pool, name: str) -> None:
    before = looked_at(long)
    assert READS[name](long)
    assert FEW >= looked_at(long) - before


@pytest.mark.parametrize("long", [VACUUMED], indirect=True)
@pytest.mark.parametrize("name", READS_OF_A_KNOWN_LOG)
def test_it_looks_at_few_rows_of_a_log_that_the_planner_knows(long: Pool, name: str) -> None:
    before = looked_at(long)
    assert READS_OF_A_KNOWN_LOG[name](long)
    assert FEW >= looked_at(long) - before
