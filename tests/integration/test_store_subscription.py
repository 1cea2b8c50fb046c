"""Following the log: nothing is missed, nothing comes twice, whatever becomes of the hints."""

import threading
import time
from contextlib import contextmanager

import pytest

from ledger.store import subscription
from ledger.store.connection import Pool, Unavailable
from ledger.store.hint import HEAD_CHANNEL
from ledger.store.subscription import Gap, Listener, Subscription
from tests.support.postgres import run_sql
from tests.support.store import append, new_entry

NEVER_S = 60
"""A poll that no test waits for: what comes sooner came by a hint."""

SOON_S = 10


class Reader(threading.Thread):
    """Follows a subscription; `wait_for` waits until it has seen so many entries."""

    def __init__(self, following):
        super().__init__(daemon=True)
        self._following = following
        self._grown = threading.Condition()
        self.seen = []
        self.start()

    def run(self):
        for batch in self._following:
            with self._grown:
                self.seen += [entry.entry for entry in batch]
                self._grown.notify()

    def wait_for(self, number):
        with self._grown:
            assert self._grown.wait_for(lambda: len(self.seen) >= number, SOON_S), self.seen
            return self.seen


@contextmanager
def reading(pool, **how):
    """Lend a reader of the log from its beginning."""
    with Subscription(pool, **how) as following:
        reader = Reader(following)
        yield reader
        following.stop()
        reader.join(SOON_S)
        assert not reader.is_alive()


def _listeners(dsn):
    asks = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' AND datname = %s"
    (name,) = run_sql(dsn, "SELECT current_database()")[0]
    return [pid for (pid,) in run_sql(dsn, asks, (name,))]


def _until_listening(dsn):
    deadline = time.monotonic() + SOON_S
    while not (pids := _listeners(dsn)):
        assert time.monotonic() < deadline, "nobody listens"
    return pids


def test_what_is_there_comes_first(pool):
    append(pool, new_entry("one"), new_entry("two"))
    with reading(pool) as reader:
        assert [b"one", b"two"] == reader.wait_for(2)


def test_it_goes_on_behind_a_position(pool):
    append(pool, new_entry("one"), new_entry("two"), new_entry("three"))
    with reading(pool, after=0) as reader:
        assert [b"two", b"three"] == reader.wait_for(2)


def test_batches_are_as_large_as_asked_for(pool):
    append(pool, *[new_entry(f"{n}") for n in range(5)])
    with Subscription(pool, limit=2) as following:
        assert [[0, 1], [2, 3], [4]] == [
            [entry.position for entry in next(following)] for _ in range(3)
        ]


def test_what_is_new_comes_by_its_hint(pool, database):
    with reading(pool, poll_s=NEVER_S) as reader:
        _until_listening(database.superuser_dsn)
        append(pool, new_entry("one"))
        reader.wait_for(1)
        append(pool, new_entry("two"))
        assert [b"one", b"two"] == reader.wait_for(2)


def test_a_lost_hint_is_made_good_by_the_poll(pool, monkeypatch):
    monkeypatch.setattr(pool, "hint", lambda _: None)
    with reading(pool, poll_s=0.05) as reader:
        append(pool, new_entry("one"))
        reader.wait_for(1)
        append(pool, new_entry("two"))
        assert [b"one", b"two"] == reader.wait_for(2)


def test_an_entry_between_the_read_and_the_wait_is_not_missed(pool, monkeypatch):
    """The LISTEN race: anyone who reads first and listens then misses this hint."""
    reads = []

    def read_then_append(*arguments):
        batch = read_entries(*arguments)
        reads.append(batch)
        if len(reads) == 1:
            append(pool, new_entry("in between"))
            pool.hinter.stop()  # The hint has gone out for certain when this returns.
        return batch

    read_entries = subscription.read_entries
    monkeypatch.setattr(subscription, "read_entries", read_then_append)
    with reading(pool, poll_s=NEVER_S) as reader:
        assert [b"in between"] == reader.wait_for(1)
    assert [] == reads[0]


def test_a_killed_listener_is_replaced(pool, database):
    with reading(pool, poll_s=NEVER_S) as reader:
        for pid in _until_listening(database.superuser_dsn):
            run_sql(database.superuser_dsn, "SELECT pg_terminate_backend(%s, 5000)", (pid,))
        _until_listening(database.superuser_dsn)
        append(pool, new_entry("after the kill"))
        assert [b"after the kill"] == reader.wait_for(1)


def test_what_was_appended_while_nobody_listened_is_read(pool, database, monkeypatch):
    """The hint of an entry that came between the kill and the new LISTEN is lost for ever."""
    listen = Listener.listen

    def append_then_listen(listener):
        if listener._session is None and reader_began.is_set():
            append(pool, new_entry("unheard"))
            pool.hinter.stop()
            reader_began.clear()
        listen(listener)

    reader_began = threading.Event()
    monkeypatch.setattr(Listener, "listen", append_then_listen)
    with reading(pool, poll_s=NEVER_S) as reader:
        (pid,) = _until_listening(database.superuser_dsn)
        reader_began.set()
        run_sql(database.superuser_dsn, "SELECT pg_terminate_backend(%s, 5000)", (pid,))
        assert [b"unheard"] == reader.wait_for(1)


def test_an_unavailable_database_is_waited_for(pool, monkeypatch):
    append(pool, new_entry("one"))
    answers = [Unavailable("restarting"), Unavailable("restarting")]

    def read_when_back(*arguments):
        if answers:
            raise answers.pop()
        return read_entries(*arguments)

    read_entries = subscription.read_entries
    monkeypatch.setattr(subscription, "read_entries", read_when_back)
    with reading(pool, poll_s=0.01) as reader:
        assert [b"one"] == reader.wait_for(1)


def test_without_a_session_to_listen_it_polls(pool, database, monkeypatch):
    def refuse():
        raise Unavailable("too many connections")

    other = Pool(database.app_dsn, 1)
    append(other, new_entry("one"))
    with pool.session():
        pass  # Now the pool has a connection to read with, and no further one is to be had.
    monkeypatch.setattr(pool, "open", refuse)
    with reading(pool, poll_s=0.01) as reader:
        reader.wait_for(1)
        append(other, new_entry("two"))
        assert [b"one", b"two"] == reader.wait_for(2)
    other.close()


def test_a_missing_position_ends_the_reading(pool, database):
    append(pool, *[new_entry(f"{n}") for n in range(3)])
    run_sql(
        database.superuser_dsn,
        "ALTER TABLE ledger.entries DISABLE TRIGGER ALL;"
        "DELETE FROM ledger.entries WHERE position = 1",
    )
    with Subscription(pool) as following, pytest.raises(Gap, match="position 1 is missing"):
        next(following)


def test_stopping_ends_a_wait(pool):
    with Subscription(pool, poll_s=NEVER_S) as following:
        reader = Reader(following)
        following.stop()
        reader.join(SOON_S)
        assert not reader.is_alive()


def test_a_subscription_gives_its_session_back(pool, database):
    with reading(pool):
        _until_listening(database.superuser_dsn)
    deadline = time.monotonic() + SOON_S
    while _listeners(database.superuser_dsn):
        assert time.monotonic() < deadline, "the session is left"


@pytest.mark.usefixtures("database")
def test_hints_do_not_ride_in_the_append(pool):
    """A transaction that notifies would hold a lock of the whole cluster while it commits."""
    listener = Listener(pool, HEAD_CHANNEL)
    listener.listen()
    pool.hinter.stop()  # Whatever is heard now came from the append itself.
    append(pool, new_entry("one"))
    began = time.monotonic()
    listener.wait(0.3)
    listener.close()
    assert 0.3 <= time.monotonic() - began
