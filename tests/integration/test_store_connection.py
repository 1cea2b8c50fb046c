"""The pool: it waits, it bounds every transaction, it drops what died, it names what went wrong."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from ledger.runtime.computing import Computing
from ledger.store.connection import (
    DatabaseDamaged,
    NotMigrated,
    Pool,
    StorageFull,
    Timeouts,
    Unavailable,
)
from tests.support.postgres import run_sql


def _setting(cursor, name):
    cursor.execute(f"SHOW {name}")
    return cursor.fetchone()[0]


def _backend(pool):
    with pool.session() as session:
        session.execute("SELECT pg_backend_pid()")
        return session.fetchone()[0]


def _lend(pool, number):
    """Have `number` transactions open at once; return the process ids that served them."""
    pids = []
    barrier = threading.Barrier(number)

    def work():
        with pool.session() as session:
            session.execute("SELECT pg_backend_pid()")
            pids.append(session.fetchone()[0])
            barrier.wait()

    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return pids


def test_a_transaction_is_committed_at_the_end_of_the_block(pool):
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE read.x (n int)")
    with pool.session() as session:
        session.execute("SELECT count(*) FROM read.x")
        assert (0,) == session.fetchone()


def _create_and_fail(pool):
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE read.x (n int)")
        raise KeyError


def test_a_transaction_is_rolled_back_on_any_exception(pool):
    with pytest.raises(KeyError):
        _create_and_fail(pool)
    with pool.session() as session:
        session.execute("SELECT to_regclass('read.x')")
        assert (None,) == session.fetchone()


def test_a_connection_is_lent_again_after_a_rollback(database):
    pool = Pool(database.app_dsn, 1, patience_s=0)
    before = _lend(pool, 1)
    with pytest.raises(KeyError):
        _create_and_fail(pool)
    assert before == _lend(pool, 1)
    pool.close()


def test_every_transaction_is_bounded(database):
    pool = Pool(database.app_dsn, 1, timeouts=Timeouts(lock_ms=11, statement_ms=222, idle_ms=3333))
    with pool.transaction() as transaction:
        assert "11ms" == _setting(transaction.cursor, "lock_timeout")
        assert "222ms" == _setting(transaction.cursor, "statement_timeout")
        assert "3333ms" == _setting(transaction.cursor, "idle_in_transaction_session_timeout")
    pool.close()


def test_a_single_statement_is_bounded_too(pool):
    with pool.session() as session:
        assert "5s" == _setting(session, "statement_timeout")


def test_a_transaction_may_have_other_bounds_for_itself_alone(pool):
    with pool.transaction(timeouts=Timeouts(statement_ms=60_000)) as transaction:
        assert "1min" == _setting(transaction.cursor, "statement_timeout")
    with pool.transaction() as transaction:
        assert "5s" == _setting(transaction.cursor, "statement_timeout")


def test_a_transaction_reads_what_was_committed_meanwhile(pool, database):
    """Whatever the database's default is: the append relies on it."""
    run_sql(
        database.superuser_dsn,
        "ALTER ROLE ledger_app SET default_transaction_isolation = 'serializable'",
    )
    try:
        with pool.transaction() as transaction:
            assert "read committed" == _setting(transaction.cursor, "transaction_isolation")
    finally:
        run_sql(database.superuser_dsn, "ALTER ROLE ledger_app RESET default_transaction_isolation")


def test_connections_say_whose_they_are(database):
    pool = Pool(database.app_dsn, 1, application_name="a test")
    with pool.session() as session:
        assert "a test" == _setting(session, "application_name")
        assert "UTC" == _setting(session, "timezone")
    pool.close()


def test_as_many_connections_are_lent_as_the_pool_has(pool):
    assert 8 == len(set(_lend(pool, 8)))


def test_who_finds_no_connection_free_waits(database):
    pool = Pool(database.app_dsn, 1)
    order = []

    def second():
        with pool.session():
            order.append("second")

    with pool.session():
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join()
    assert ["first", "second"] == order
    pool.close()


def test_waiting_for_a_connection_has_an_end(database):
    pool = Pool(database.app_dsn, 1, patience_s=0.05)
    with (
        pool.session(),
        ThreadPoolExecutor(1) as other,
        pytest.raises(Unavailable, match="in use"),
    ):
        other.submit(_backend, pool).result()
    pool.close()


def test_a_thread_that_holds_a_connection_gets_no_second_one(pool):
    with pool.session(), pytest.raises(AssertionError, match="one connection"), pool.session():
        pass
    assert _backend(pool), "the first one came back"


def test_a_connection_that_died_while_idle_is_replaced(pool, database):
    (pid,) = _lend(pool, 1)
    run_sql(database.superuser_dsn, "SELECT pg_terminate_backend(%s, 5000)", (pid,))
    (other,) = _lend(pool, 1)
    assert pid != other


def test_a_connection_that_dies_in_use_is_unavailable_and_replaced(pool, database):
    """Nothing was committed, so the caller may simply do it again."""
    before = _lend(pool, 1)
    with pytest.raises(Unavailable):
        _use_and_lose(pool, database)
    assert before != _lend(pool, 1)


def _use_and_lose(pool, database):
    with pool.connection() as connection, connection.cursor() as cursor:
        pid = connection.info.backend_pid
        run_sql(database.superuser_dsn, "SELECT pg_terminate_backend(%s, 5000)", (pid,))
        cursor.execute("SELECT 1")


def test_a_database_never_reached_fails_at_once():
    pool = Pool("postgresql://nobody@/none?host=/nonexistent", patience_s=30)
    began = time.monotonic()
    with pytest.raises(Unavailable), pool.session():
        pass
    assert 5 > time.monotonic() - began


def test_a_failed_connect_leaves_the_pool_its_size():
    pool = Pool("postgresql://nobody@/none?host=/nonexistent", 1, patience_s=0.1)
    for _ in range(3):
        with pytest.raises(Unavailable, match="nonexistent"), pool.session():
            pass


def test_a_closed_pool_has_no_connections_left(database):
    pool = Pool(database.app_dsn, 4, application_name="to be closed")
    _lend(pool, 4)
    pool.close()
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'to be closed'"
    deadline = time.monotonic() + 5
    while run_sql(database.superuser_dsn, count) != [(0,)]:
        assert time.monotonic() < deadline, "connections are left"


@pytest.mark.parametrize(
    ("sqlstate", "error"),
    [
        ("53100", StorageFull),
        ("53200", Unavailable),
        ("55P03", Unavailable),
        ("57014", Unavailable),
        ("40P01", Unavailable),
        ("58030", Unavailable),
        ("25006", Unavailable),
        ("42P01", NotMigrated),
        ("XX001", DatabaseDamaged),
        ("XX002", DatabaseDamaged),
    ],
)
def test_what_the_server_says_has_a_name_here(pool, sqlstate, error):
    with pytest.raises(error), pool.session() as session:
        session.execute(f"DO $$ BEGIN RAISE 'said' USING ERRCODE = '{sqlstate}'; END $$")


def test_our_own_bugs_pass_as_they_are(pool):
    with pytest.raises(psycopg2.errors.SyntaxError), pool.session() as session:
        session.execute("SELEKT 1")


def _swallow_an_error(pool):
    with pool.transaction() as transaction, pytest.raises(psycopg2.Error):
        transaction.cursor.execute("SELECT 1/0")


def test_a_swallowed_error_is_not_taken_for_a_commit(pool):
    """PostgreSQL answers such a COMMIT with ROLLBACK, and no error."""
    with pytest.raises(AssertionError, match="failed transaction"):
        _swallow_an_error(pool)


def test_ids_come_back_as_they_went(pool):
    with pool.session() as session:
        session.execute("SELECT gen_random_uuid()")
        (event_id,) = session.fetchone()
        session.execute("SELECT %s::uuid", (str(event_id),))
        assert (event_id,) == session.fetchone()


def test_while_a_reader_waits_for_the_database_another_computes(database):
    computing = Computing()
    pool = Pool(database.app_dsn, size=1, computing=computing)
    begun = threading.Event()

    def read():
        with computing.turn(), pool.session() as session:
            begun.set()
            session.execute("SELECT pg_sleep(1)")
            return time.monotonic()

    with ThreadPoolExecutor(1) as threads:
        answered = threads.submit(read)
        assert begun.wait(30)
        with computing.turn():
            computed = time.monotonic()
        assert computed < answered.result(30)
    pool.close()


def test_while_a_reader_waits_for_a_connection_another_computes(database, monkeypatch):
    computing = Computing()
    pool = Pool(database.app_dsn, size=1, computing=computing)
    begun, goes_on = threading.Event(), threading.Event()
    reopen = pool._reopen

    def waits():
        begun.set()
        assert goes_on.wait(30)
        return reopen()

    monkeypatch.setattr(pool, "_reopen", waits)

    def read():
        with computing.turn():
            return _backend(pool)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(read)
        assert begun.wait(30)
        second = threads.submit(read)  # It waits for the only connection.
        with computing.turn():
            goes_on.set()
        assert first.result(30) == second.result(30)
    pool.close()
