"""The log of long lanes: the same bytes each time, admitted by the rules, whole where it is put."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson
import pytest

from ledger.events.intake import decode
from ledger.events.lawbook import available_laws
from ledger.follow.audit import Replay, exported_entries
from ledger.node.fsck import check_log
from ledger.store.connection import Pool
from ledger.store.entries import read_entries, read_head
from ledger.verify.verifier import verify_export
from ledger.wire.entry import parse_entry
from tests.support import big_log
from tests.support.big_ledger import make_home, write_export
from tests.support.node import settings_for
from tests.support.postgres import ORIGIN, Database

SIZE = 1_090


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep a cache of these tests' own, of files of ten deals."""
    with pytest.MonkeyPatch.context() as patch:
        directory = tmp_path_factory.mktemp("cache")
        patch.setenv("BIG_LOGS", str(directory))
        patch.setattr(big_log, "SHARD", 10)
        big_log._directory.cache_clear()
        yield directory
    big_log._directory.cache_clear()


def test_it_is_made_once_and_the_same_each_time(cache: Path):
    made = list(big_log.entries(SIZE))
    assert SIZE == len(made)
    files = {file: file.stat().st_mtime_ns for file in cache.rglob("[0-9]*/[0-9]*")}
    assert list(big_log.entries(SIZE - 100)) == made[:-100], "a shorter one is its beginning"
    assert {file: file.stat().st_mtime_ns for file in files} == files, "the cache was read"
    for file in files:
        file.unlink()
    assert list(big_log.entries(SIZE)) == made


def test_the_rules_admit_it_and_a_third_of_it_is_of_one_party():
    replayed = Replay(big_log.entries(SIZE), ORIGIN, available_laws())
    assert SIZE == len(list(replayed))
    assert [] == replayed.unchecked
    payloads = [parse_entry(entry).payload for entry in islice(big_log.entries(SIZE), 802, None)]
    busy = sum(big_log.BUSY in orjson.loads(payload)["subjects"] for payload in payloads)
    assert 0.3 < busy / len(payloads) < 0.4


def test_an_export_of_it_verifies(tmp_path: Path):
    write_export(tmp_path, SIZE)
    answer = verify_export(tmp_path / "log", (tmp_path / "trust.json").read_bytes())
    assert SIZE == answer.checkpoint.size
    assert list(exported_entries(tmp_path / "log")) == list(big_log.entries(SIZE))


def test_a_home_of_it_is_clean(database: Database, tmp_path: Path):
    home = make_home(settings_for(database, tmp_path / "home"), SIZE)
    pool = Pool(database.app_dsn, size=2)
    assert SIZE == read_head(pool).size
    stored = read_entries(pool, 0, SIZE, SIZE)
    assert [each.entry for each in stored] == list(big_log.entries(SIZE))
    assert {decode(each.entry, each.position).accepted for each in stored[-100:]} == {
        each.accepted for each in stored[-100:]
    }
    report = check_log(pool, home)
    assert (SIZE, []) == (report.size, report.findings)
    pool.close()
