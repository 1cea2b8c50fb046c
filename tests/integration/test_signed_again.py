"""A checkpoint bears the instant of its last entry, and at rest the time: nothing older follows."""

import errno
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx2
import pytest

from api.cli.served import ServedLog
from ledger.follow.audit import StoredLog, export
from ledger.home.antirollback import CheckpointFile, Halted
from ledger.home.paths import Home
from ledger.log.checkpoint import log_times, open_checkpoint
from ledger.log.dating import seen_path
from ledger.node.fsck import check_log
from ledger.node.node import Node
from ledger.publish import publisher
from ledger.publish.publisher import REST_MAX
from ledger.publish.quorum import freshened
from ledger.runtime.clock import ClockAhead
from ledger.store.append import appending
from ledger.store.checkpoints import checkpoint_at, signed_again
from ledger.store.connection import Pool
from ledger.store.entries import read_entries, read_head
from ledger.store.head import hold_back
from ledger.verify.outcome import Check, CheckState
from ledger.verify.verifier import verify_export
from tests.support.builders import FIRM, INSTITUTE, RIVAL
from tests.support.http import serving
from tests.support.node import append, rest, running, settings_for
from tests.support.postgres import Database
from tests.support.tampering import as_owner
from tests.support.world import World

TIMEOUT_S = 30


@pytest.fixture
def node(database: Database, home: Home, world: World) -> Iterator[Node]:
    with running(settings_for(database, home.path)) as node:
        publish(node, world.registration(INSTITUTE))
        yield node


def publish(node: Node, *many) -> int:
    """Append events and wait for the checkpoint that covers the last; return its position."""
    last = append(node, *many)[-1]
    node.feed.covering(last.position).result(TIMEOUT_S)
    return last.position


def accepted(node: Node, position: int) -> datetime:
    (entry,) = read_entries(node.pool, position, position + 1, 1)
    return entry.accepted


def time_in(node: Node, note: bytes) -> int:
    (time,) = log_times(note, node.publisher.signer.verifiers)
    return time


def behind(node: Node, seconds: float) -> None:
    """Put the sequencer's clock back."""
    node.sequencer._clock = lambda: datetime.now(UTC) - timedelta(seconds=seconds)


def test_a_checkpoint_bears_the_instant_of_its_last_entry(node: Node, world: World):
    node.publisher._clock = partial(pytest.fail, "no clock is asked")
    position = publish(node, *world.registrations((FIRM, RIVAL)))
    last = accepted(node, position)
    assert int(last.timestamp()) == time_in(node, node.feed.latest.note)
    assert last == node.feed.latest.created
    assert int(accepted(node, 0).timestamp()) == time_in(node, checkpoint_at(node.pool, 1).note)


def test_at_rest_it_is_signed_again_with_the_time_and_receipts_keep_the_first(
    node: Node, world: World
):
    first = node.feed.latest
    again = rest(node)
    keys = node.publisher.signer.verifiers
    assert open_checkpoint(again.note, world.origin, keys).root == first.root
    assert time_in(node, first.note) < time_in(node, again.note) <= datetime.now(UTC).timestamp()
    assert again == signed_again(node.pool)
    assert again.note == node.file.read() == StoredLog(node.pool).checkpoint()
    assert first == node.feed.covering(1).result(0) == checkpoint_at(node.pool, 2)
    assert [] == check_log(node.pool, Home(node.settings.home)).findings
    with serving(node) as url:
        assert again.note == httpx2.get(f"{url}/checkpoint").content
    publish(node, world.registration(FIRM))
    assert node.feed.newest == node.feed.latest == checkpoint_at(node.pool, 3)
    assert again == signed_again(node.pool)


def test_what_was_signed_is_listed_and_an_export_keeps_what_it_saw(
    node: Node, world: World, tmp_path: Path
):
    first, again = node.feed.latest, rest(node)
    publish(node, world.registration(FIRM))
    with serving(node) as url, httpx2.Client(base_url=url) as http:

        def listed(**asked: int) -> tuple[list[tuple[int, bool, bytes]], int | None]:
            page = http.get("/v1/checkpoints", params=asked).json()
            notes = [(e["size"], e["again"], e["note"].encode()) for e in page["checkpoints"]]
            return notes, page["next_from"]

        latest = node.feed.latest.note
        of_two = [(2, False, first.note), (2, True, again.note)]
        assert ([*of_two, (3, False, latest)], None) == listed(**{"from": 2})
        assert (of_two, 3) == listed(**{"from": 2, "limit": 1})
        assert ([(3, False, latest)], None) == listed(**{"from": 3})
        assert ([], None) == listed(**{"from": 4})
        assert 422 == http.get("/v1/checkpoints?from=-1").status_code
        newest = rest(node)
        for source in (ServedLog(http), StoredLog(node.pool)):
            directory = tmp_path / type(source).__name__
            export(source, directory)
            assert newest.note == (directory / "checkpoint").read_bytes()
            assert latest == (directory / seen_path(3, latest)).read_bytes()
            trust = (Home(node.settings.home).trust).read_bytes()
            answer = verify_export(directory, trust, workers=1, previous=again.note)
            assert CheckState.PASSED == answer.steps[Check.CONSISTENCY.number - 1]


def test_nothing_is_accepted_before_what_was_signed_at_rest(node: Node, world: World):
    """By no process, however far behind its clock is; beyond a minute it takes nothing in."""
    again = rest(node)
    behind(node, 30)
    position = publish(node, world.registration(FIRM))
    assert again.created == accepted(node, position)
    assert time_in(node, again.note) == time_in(node, node.feed.latest.note)


def test_a_head_that_has_grown_or_is_locked_is_not_held_back(node: Node, database: Database):
    now, anything = datetime.now(UTC) + timedelta(seconds=5), timedelta.max
    head = read_head(node.pool)
    other = Pool(database.app_dsn, size=1)
    with appending(other):
        assert hold_back(node.pool, head.size, lambda: now, anything) is None
    assert hold_back(node.pool, head.size - 1, lambda: now, anything) is None
    assert hold_back(node.pool, head.size, lambda: head.accepted, anything) is None
    assert hold_back(node.pool, head.size, lambda: now, timedelta(seconds=1)) is None
    assert head == read_head(node.pool)
    assert now.replace(microsecond=0) == hold_back(node.pool, head.size, lambda: now, anything)
    assert now.replace(microsecond=0) == read_head(node.pool).earliest
    other.close()


def test_only_a_whole_minute_without_anything_new_is_rest(node: Node, world: World):
    assert REST_MAX == timedelta(days=1)
    for _ in range(3):
        node.publisher.publish()
    node.publisher._timed_at -= 59
    publish(node, world.registration(FIRM))
    node.publisher._timed_at -= 59
    node.publisher.publish()
    assert signed_again(node.pool) is None


@pytest.mark.parametrize("ahead", ["by the time that passed", "by days since the last"])
def test_a_clock_that_is_ahead_signs_nothing_and_hinders_nobody(
    node: Node, world: World, ahead: str
):
    asked = threading.Event()

    def clock() -> datetime:
        asked.set()
        if ahead == "by the time that passed":
            raise ClockAhead("a year")
        return datetime.now(UTC) + REST_MAX + timedelta(minutes=1)

    node.publisher._clock = clock
    node.publisher._timed_at = float("-inf")
    node.publisher.hint()
    assert asked.wait(TIMEOUT_S)
    publish(node, world.registration(FIRM))
    assert signed_again(node.pool) is None
    assert [] == node.supervisor.troubles()


@pytest.mark.parametrize("where", ["swap", "store"])
def test_nothing_is_told_that_the_file_does_not_hold_and_the_same_note_goes_out(
    node: Node, monkeypatch: pytest.MonkeyPatch, where: str
):
    failing, tried = [True], list[bytes]()
    name = {"swap": "_write", "store": "replace_signed_again"}[where]
    place: object = {"swap": node.file, "store": publisher}[where]
    whole: Callable[..., None] = getattr(place, name)

    def broken(*arguments):
        tried.append(arguments[-1] if where == "swap" else arguments[-1].note)
        if failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(*arguments)

    monkeypatch.setattr(place, name, broken)
    first = node.feed.latest
    node.publisher._timed_at = float("-inf")
    while not tried:
        node.publisher._timed_at = float("-inf")
        node.publisher.hint()
    assert node.feed.newest is first
    assert read_head(node.pool).not_before is not None
    failing.clear()
    while node.feed.newest is first:
        pass
    assert {node.feed.newest.note} == set(tried)


def test_what_was_signed_at_rest_and_not_stored_is_stored_at_the_next_start(
    database: Database, home: Home, world: World
):
    """The crash came between the file and the row; and of the database a backup was restored."""
    with running(settings_for(database, home.path)) as node:
        publish(node, world.registration(INSTITUTE))
        first, again = node.feed.latest, rest(node)
    as_owner(database, "DELETE FROM ledger.signed_again; UPDATE ledger.head SET not_before = NULL")
    with running(settings_for(database, home.path)) as node:
        assert again == signed_again(node.pool) == node.feed.newest
        assert first == node.feed.latest
        assert again.created == read_head(node.pool).not_before
        behind(node, 30)
        assert again.created == accepted(node, publish(node, world.registration(FIRM)))


def test_an_entry_older_than_what_was_signed_without_it_is_never_signed(
    node: Node, world: World, database: Database
):
    rest(node)
    as_owner(database, "UPDATE ledger.head SET not_before = NULL")
    found = [each.what for each in check_log(node.pool, Home(node.settings.home)).findings]
    assert ["the head takes in what is older than what was signed again"] == found
    behind(node, 30)
    (outcome,) = append(node, world.registration(FIRM))
    with pytest.raises(Halted, match="accepted before what was signed without it"):
        node.feed.covering(outcome.position).result(TIMEOUT_S)


def test_a_process_without_the_logs_keys_learns_of_it(node: Node, database: Database, home: Home):
    again = rest(node)
    with running(settings_for(database, home.path), publishes=False) as follower:
        assert again == follower.feed.newest
        later = rest(node)
        while follower.feed.newest != later:
            pass


def test_witnesses_lines_stand_below_the_newest_of_the_log(node: Node):
    first, again = node.feed.latest, rest(node)
    line = "\u2014 witness.example c29tZXRoaW5nIGxvbmcgZW5vdWdo\n".encode()
    cosigned = type(first)(first.size, first.root, first.note + line, first.created)
    assert again.note + line == freshened(cosigned, again).note
    assert again == freshened(None, again)
    other = type(first)(9, first.root, first.note, first.created)
    assert cosigned == freshened(cosigned, other)


def test_the_file_may_hold_either_note(node: Node, home: Home):
    first, again = node.feed.latest, rest(node)
    file = CheckpointFile(home.checkpoints)
    assert again.note == file.read()
    file.restore(again.note, first.note)
    assert [] == check_log(node.pool, home).findings
