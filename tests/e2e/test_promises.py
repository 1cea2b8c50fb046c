"""A server that is killed between a promise and its keeping keeps it when it is back."""

import time
from datetime import UTC, datetime

from ledger.follow.client import LedgerClient, VerifiedReceipt, VerifiedWord
from ledger.home.settings import Settings
from ledger.log.statement import Promise, SignedRefusal
from ledger.node.node import open_database
from ledger.store.connection import Pool
from ledger.store.stored_promises import count_waiting
from ledger.verify.word import Kept
from tests.support.promising import (
    head_locked,
    refused_for_good,
    technology,
    word_of,
    world_of_promises,
)
from tests.support.server import served_ledger


def test_a_promise_outlives_a_kill(tmp_path):
    with served_ledger() as server:
        world = world_of_promises(server.home)
        server.stop()
        server.start()  # With the key.
        database = open_database(Settings(home=server.home.path, database_url=None))
        many = [technology(world), refused_for_good(world)]
        with LedgerClient(server.url, server.trust) as client:
            for each in world.founding:
                client.submit(each)
            with head_locked(database.owner_dsn):
                promises = [client.submit_promised(each) for each in many]
                assert all(isinstance(each, VerifiedWord) for each in promises)
                assert [None, None] == [client.promised_answer(each) for each in many]
                server.kill()
            pool = Pool(database.app_dsn, size=1)
            assert (2, 0) == count_waiting(pool, datetime.now(UTC))
            server.start()
            for each in many:
                while client.promised_answer(each) is None:
                    time.sleep(0.1)
            receipt, refusal = map(client.promised_answer, many)
        assert isinstance(receipt, VerifiedReceipt)
        assert isinstance(refusal, VerifiedWord)
        assert isinstance(refusal.said, SignedRefusal)
        for promise, shown, kept in (
            (promises[0], None, Kept.RECORDED),
            (promises[1], refusal.note, Kept.ANSWERED),
        ):
            assert isinstance(promise.said, Promise)
            word = word_of(promise.note, database.owner_dsn, server.home, tmp_path / "log", shown)
            assert kept is word.kept
        assert (0, 0) == count_waiting(pool, datetime.now(UTC))
        pool.close()
        server.stop()
        database.stop()
