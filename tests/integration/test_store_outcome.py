"""F13: the connection is lost while COMMIT is under way, and nobody knows what became of it."""

import threading

import pytest

from ledger.store.append import FEW, appending
from ledger.store.connection import OutcomeUnknown, Pool, StorageFull, Unavailable
from ledger.store.entries import find_event, read_entries, read_head
from tests.support.postgres import run_sql
from tests.support.proxy import running_proxy
from tests.support.store import NOON, append, new_entry


@pytest.fixture
def proxy(database):
    """Lend a proxy that eats the answer to every COMMIT."""
    with running_proxy(database.app_dsn) as running:
        yield running


@pytest.fixture
def far(proxy):
    """Lend a pool whose connections go through the proxy."""
    pool = Pool(proxy.dsn, 2)
    yield pool
    pool.close()


@pytest.mark.parametrize("number", [1, FEW + 1])
def test_a_lost_answer_to_commit_leaves_the_outcome_unknown(pool, far, proxy, number):
    """The entries are there: retried blindly they would be a false conflict."""
    entries = [new_entry(f"entry {n}") for n in range(number)]
    with pytest.raises(OutcomeUnknown):
        append(far, *entries)
    assert 1 == proxy.eaten
    assert number == read_head(pool).size


def test_an_unknown_outcome_is_resolved_by_event_id(far, proxy):
    """The same bytes again: what is there is found under the lock, and not stored twice."""
    entries = [new_entry("first"), new_entry("second")]
    with pytest.raises(OutcomeUnknown):
        append(far, *entries)
    proxy.eats = False
    ids = [entry.event_id for entry in entries]
    with appending(far, ids) as log:
        assert set(ids) == set(log.stored(ids))
    assert [b"first", b"second"] == [entry.entry for entry in read_entries(far, 0, None, 10)]


def test_the_pool_goes_on_after_a_lost_answer(far, proxy):
    with pytest.raises(OutcomeUnknown):
        append(far, new_entry("first"))
    proxy.eats = False
    append(far, new_entry("second"))
    assert [0, 1] == [entry.position for entry in read_entries(far, 0, None, 10)]


def test_a_connection_lost_before_commit_stored_nothing(database, pool):
    """Cut at the COPY: the outcome is known, and it is a rollback."""
    with running_proxy(database.app_dsn, b"COPY ledger.entries") as proxy:
        far = Pool(proxy.dsn, 1)
        with pytest.raises(Unavailable):
            append(far, *[new_entry(f"{n}") for n in range(FEW + 1)])
        far.close()
    assert 0 == read_head(pool).size


def test_a_terminated_session_at_commit_leaves_the_outcome_unknown(database, pool):
    """A server that shuts down says so: the answer to COMMIT is missing all the same."""
    lone = Pool(database.app_dsn, 1, application_name="to be terminated")
    slow = (
        "CREATE FUNCTION read.slow() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON ledger.entries"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION read.slow()"
    )
    run_sql(database.superuser_dsn, slow)
    killer = threading.Thread(target=_terminate, args=(database.superuser_dsn,))
    killer.start()
    with pytest.raises(OutcomeUnknown):
        append(lone, new_entry("first"))
    killer.join()
    lone.close()
    assert 0 == read_head(pool).size


def _terminate(dsn):
    """Terminate the session as soon as it is seen to commit."""
    terminate = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'to be terminated' AND wait_event = 'PgSleep'"
    )
    while not run_sql(dsn, terminate):
        pass


def test_a_refused_commit_is_a_known_outcome(database, pool):
    """The server answered, with an error: nothing is stored, and that is certain."""
    deferred = (
        "CREATE FUNCTION read.refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'full' USING ERRCODE = 'disk_full'; END $$;"
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON ledger.entries"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION read.refuse()"
    )
    run_sql(database.superuser_dsn, deferred)
    entry = new_entry("first")
    with pytest.raises(StorageFull), appending(pool) as log:
        log.write([entry], NOON)
    assert find_event(pool, entry.event_id) is None
