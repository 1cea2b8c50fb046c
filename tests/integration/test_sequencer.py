"""The sequencer, with the rules (a) to (d) of its design, on a real PostgreSQL."""

import gc
import multiprocessing
import weakref
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ledger.domain import admission
from ledger.domain.core.existence import PredecessorUnknown
from ledger.domain.core.refusal import Refusal
from ledger.domain.parties.signature_refusals import KeyNoLongerValid
from ledger.domain.refused import NotJudged
from ledger.events.compose import uuid7
from ledger.events.lawbook import available_laws
from ledger.follow.client import Signed
from ledger.home.paths import Home
from ledger.node.node import Node, batch_key
from ledger.runtime.turns import Busy
from ledger.sequence import judging, sequencer, subject_cache
from ledger.sequence.judging import Outcome, Recorded
from ledger.sequence.sequencer import ClockBehind, Sequencer
from ledger.store.connection import OutcomeUnknown, Pool
from ledger.store.entries import read_entries, read_head
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    RIVAL,
    TECHNOLOGY,
    key_revoked,
    right_filed,
    right_granted,
    technology_registered,
)
from tests.support.node import append, running, settings_for
from tests.support.postgres import Database
from tests.support.promising import head_locked
from tests.support.tampering import as_owner
from tests.support.world import World, submission

TIMEOUT_S = 30


def beside(node: Node, database: Database, clock=lambda: datetime.now(UTC)) -> Sequencer:
    """Return a sequencer of the same ledger, as another process has one."""
    key = batch_key(Home(node.settings.home))
    pool = Pool(database.app_dsn, size=2)
    return Sequencer(pool, lambda: None, laws=available_laws(), key=key, clock=clock)


def positions(outcomes) -> list[int | None]:
    return [item.position if isinstance(item, Recorded) else None for item in outcomes]


def test_events_of_one_group_get_consecutive_positions(node: Node, world: World):
    assert [1, 2, 3] == positions(append(node, *world.registrations()))
    assert 4 == read_head(node.pool).size


def test_a_refused_event_leaves_the_batch_and_the_rest_is_appended(node: Node, world: World):
    first, second, third = world.registrations()
    again = world.registration(INSTITUTE)  # another event id, the same party
    outcomes = append(node, first, again, second, third)
    assert [1, None, 2, 3] == positions(outcomes)
    assert "PARTY_EXISTS" == outcomes[1].code
    assert (1,) == outcomes[1].positions


def test_the_same_event_again_returns_the_place_it_has(node: Node, world: World):
    signed = world.registration(INSTITUTE)
    (first,) = append(node, signed)
    (again,) = append(node, signed)
    assert (first.position, first.accepted, first.leaf_hash) == (
        again.position,
        again.accepted,
        again.leaf_hash,
    )
    assert (False, True) == (first.replayed, again.replayed)
    assert 2 == read_head(node.pool).size


def test_the_same_event_twice_in_one_batch_is_appended_once(node: Node, world: World):
    signed = world.registration(INSTITUTE)
    assert [1, 1] == positions(append(node, signed, signed))
    assert 2 == read_head(node.pool).size


def test_duplicate_command_the_same_id_with_other_content_is_refused(node: Node, world: World):
    append(node, *world.registrations())
    first = world.sign(technology_registered(), INSTITUTE, event_id=(one := uuid7()))
    other = world.sign(technology_registered(title="Another"), INSTITUTE, event_id=one)
    append(node, first)
    (outcome,) = append(node, other)
    assert isinstance(outcome, admission.IdempotencyMismatch)
    assert (4,) == outcome.positions


def test_a_replayed_event_is_answered_even_after_it_expired(
    database: Database, home: Home, world: World
):
    """Row 50 comes before the time window: what is stored is stored."""
    signed = world.registration(INSTITUTE)
    with running(settings_for(database, home.path)) as node:
        (first,) = append(node, signed)
    later = Sequencer(
        Pool(database.app_dsn, size=2),
        lambda: None,
        laws=available_laws(),
        clock=lambda: datetime.now(UTC) + timedelta(days=200),
    )
    later.start()
    (again,) = later.submit([submission(signed)]).result(TIMEOUT_S)
    later.stop()
    assert first.position == again.position
    assert again.replayed


def test_a_cold_subject_is_folded_from_the_log(database: Database, home: Home, world: World):
    """(a) A new process knows nothing; what an event reads is folded before the lock."""
    with running(settings_for(database, home.path)) as node:
        append(node, *world.registrations(), world.sign(technology_registered(), INSTITUTE))
    with running(settings_for(database, home.path)) as node:
        (again,) = append(node, world.sign(technology_registered(), INSTITUTE))
        assert "SUBJECT_EXISTS" == again.code
        assert (4,) == again.positions


def test_what_another_process_appended_is_followed_under_the_lock(
    node: Node, world: World, database: Database
):
    """(b) Two sequencers, taking turns, each judge on the whole log."""
    other = beside(node, database)
    other.start()
    institute, firm, rival = world.registrations()
    append(node, institute)
    assert [2] == positions(other.submit([submission(firm)]).result(TIMEOUT_S))
    assert [3] == positions(append(node, rival))
    (again,) = other.submit([submission(world.registration(RIVAL))]).result(TIMEOUT_S)
    other.stop()
    assert (3,) == again.positions


def test_an_item_that_reads_a_subject_found_cold_under_the_lock_waits_for_the_next_batch(
    node: Node, world: World, monkeypatch: pytest.MonkeyPatch
):
    """(b) The fixpoint before the lock is made to miss the right that the event is about."""
    append(node, *world.registrations(), world.sign(technology_registered(), INSTITUTE))
    reads, missed = admission.reads, []

    def forgetful(event, state):
        found_subjects = reads(event, state)
        hidden = {subject for subject in found_subjects if subject.startswith("right:")}
        if hidden and not missed:
            missed.append(hidden)
            return found_subjects - hidden
        return found_subjects

    monkeypatch.setattr(admission, "reads", forgetful)
    filed = world.sign(right_filed(), REGISTRAR)
    party = world.registration("party:vn.fourth")
    outcomes = append(node, filed, party)
    assert missed, "the first fixpoint was to miss the right"
    assert [5, 6] == positions(outcomes), "the order of the group is kept"


def test_what_comes_after_a_cold_subject_waits_with_it_in_later_groups_too(
    node: Node, world: World, monkeypatch: pytest.MonkeyPatch
):
    """The chunks of one bulk request are groups; a later one may rest on an earlier one."""
    append(node, *world.registrations(), world.sign(technology_registered(), INSTITUTE))
    reads, judge, batches = admission.reads, judging.Judging.judge, []

    def forgetful(event, state):
        """Miss the technology, which only the filing reads, before the first batch."""
        found_subjects = reads(event, state)
        if batches:
            return found_subjects
        return {subject for subject in found_subjects if not subject.startswith("technology:")}

    def noted(batch, groups):
        batches.append(len(groups))
        return judge(batch, groups)

    node.sequencer._folds.clear(read_head(node.pool).size)  # Everything is cold again.
    monkeypatch.setattr(judging.Judging, "judge", noted)
    monkeypatch.setattr(admission, "reads", forgetful)
    filed = [submission(world.sign(right_filed(technology=TECHNOLOGY), REGISTRAR))]
    granted = [submission(world.sign(right_granted(), REGISTRAR))]
    take, waiting = node.sequencer._take, node.sequencer._waiting
    # Both wait before either is taken.
    monkeypatch.setattr(node.sequencer, "_take", lambda: take() if len(waiting) != 1 else [])
    futures = [node.sequencer.submit(filed), node.sequencer.submit(granted)]
    outcomes = [future.result(TIMEOUT_S)[0] for future in futures]
    assert [2, 2] == batches, "the two groups met in one batch, and waited for another"
    assert [5, 6] == positions(outcomes)


def test_after_an_unknown_outcome_the_same_bytes_are_found_and_not_appended_again(
    node: Node, world: World, monkeypatch: pytest.MonkeyPatch
):
    """(c) The commit happened, its answer was lost: the event id says so."""
    real, lost = sequencer.appending, []

    @contextmanager
    def losing(pool, *asked):
        with real(pool, *asked) as append_:
            yield append_
        if not lost:
            lost.append(append_.head.size)
            raise OutcomeUnknown("the answer to COMMIT was lost")

    monkeypatch.setattr(sequencer, "appending", losing)
    (outcome,) = append(node, world.registration(INSTITUTE))
    assert [2] == lost
    assert (1, False) == (outcome.position, outcome.replayed)
    assert 2 == read_head(node.pool).size
    assert [2, 3] == positions(append(node, world.registration(FIRM), world.registration(RIVAL)))


def test_after_an_unknown_outcome_what_was_folded_before_stays_warm(
    node: Node, world: World, monkeypatch: pytest.MonkeyPatch
):
    """(c) Nothing of the batch was merged, so nothing is folded again, about no matter whom."""
    append(node, *world.registrations())
    append(node, world.sign(technology_registered(), INSTITUTE))
    read: list[str] = []
    real, histories, lost = sequencer.appending, subject_cache.read_histories, [True]

    @contextmanager
    def losing(*arguments):
        with real(*arguments) as append_:
            yield append_
        if lost:
            lost.clear()
            raise OutcomeUnknown("the answer to COMMIT was lost")

    def reading(pool, subjects, size, turning):
        read.extend(subjects)
        return histories(pool, subjects, size, turning)

    monkeypatch.setattr(sequencer, "appending", losing)
    monkeypatch.setattr(subject_cache, "read_histories", reading)
    other = world.sign(technology_registered(technology="technology:t2"), INSTITUTE)
    (outcome,) = append(node, other)
    assert (5, False) == (outcome.position, outcome.replayed)
    assert [] == lost
    assert ["technology:t2"] == read, "it was cold before; everybody else stays warm"


def test_another_log_behind_the_same_connection_is_not_judged_by_what_was_folded(
    pool: Pool, world: World, database: Database
):
    """Rolled back and grown again: a party that is known no more signs nothing."""
    first, second = (Sequencer(pool, lambda: None, laws=available_laws()) for _ in range(2))

    def say(by: Sequencer, *signed: Signed) -> Sequence[Outcome]:
        return by.submit([submission(each) for each in signed]).result(30)

    first.start()
    second.start()
    say(first, *world.registrations())
    as_owner(
        database,
        "UPDATE ledger.head SET size = 1, frontier = ARRAY[(SELECT leaf_hash FROM ledger.entries"
        " WHERE position = 0)], root = (SELECT leaf_hash FROM ledger.entries WHERE position = 0);"
        "DELETE FROM ledger.entries WHERE position > 0; DELETE FROM ledger.tags WHERE position > 0;"
        "DELETE FROM ledger.turns WHERE position > 0",
    )
    others = [world.registration(f"party:vn.other{number}") for number in range(3)]
    assert [1, 2, 3] == positions(say(second, *others))
    (outcome,) = say(first, world.sign(technology_registered(), INSTITUTE))
    first.stop()
    second.stop()
    assert isinstance(outcome, Refusal), outcome


def test_key_revoked_a_revocation_earlier_in_the_batch_counts(node: Node, world: World):
    """(d) Keys are judged against the batch so far."""
    append(node, *world.registrations())
    key_id = world.key(INSTITUTE).key_id
    revoked = key_revoked(party=INSTITUTE, key_id=key_id, revoked_by=None)
    outcomes = append(
        node,
        world.sign(revoked, OPERATOR, REGISTRAR),
        world.sign(technology_registered(), INSTITUTE),
    )
    assert 4 == outcomes[0].position
    assert isinstance(outcomes[1], KeyNoLongerValid)
    assert (4,) == outcomes[1].positions


def test_a_key_brought_by_an_event_of_the_batch_may_sign_the_next_one(node: Node, world: World):
    outcomes = append(
        node, world.registration(INSTITUTE), world.sign(technology_registered(), INSTITUTE)
    )
    assert [1, 2] == positions(outcomes)


def test_predecessor_unknown_a_refused_predecessor_does_not_exist_for_the_rest_of_the_batch(
    node: Node, world: World
):
    append(node, *world.registrations())
    outcomes = append(node, world.sign(right_filed(technology="technology:none"), REGISTRAR))
    assert isinstance(outcomes[0], PredecessorUnknown)


def test_a_clock_more_than_a_minute_behind_the_last_entry_refuses_to_run(
    node: Node, world: World, database: Database
):
    append(node, world.registration(INSTITUTE))
    behind = beside(node, database, lambda: datetime.now(UTC) - timedelta(seconds=120))
    behind.start()
    (outcome,) = behind.submit([submission(world.registration(FIRM))]).result(TIMEOUT_S)
    behind.stop()
    assert isinstance(outcome, ClockBehind)
    assert 2 == read_head(node.pool).size


def test_a_clock_a_little_behind_repeats_the_last_instant(
    node: Node, world: World, database: Database
):
    (first,) = append(node, world.registration(INSTITUTE))
    behind = beside(node, database, lambda: datetime.now(UTC) - timedelta(seconds=30))
    behind.start()
    (outcome,) = behind.submit([submission(world.registration(FIRM))]).result(TIMEOUT_S)
    behind.stop()
    assert first.accepted == outcome.accepted


def test_a_full_pool_answers_busy_and_stores_nothing(database: Database, home: Home, world: World):
    with running(settings_for(database, home.path, outstanding_max=2)) as node:
        with pytest.raises(Busy):
            append(node, *world.registrations())
        assert 1 == read_head(node.pool).size


def _append_many(dsn: str, home_path: str, name: str, count: int, start, done) -> None:
    """Run in a process of its own: register parties, one group each."""
    world = World.of(Home(Path(home_path)))
    sequencer = Sequencer(Pool(dsn, size=2), lambda: None, laws=available_laws())
    sequencer.start()
    many = [submission(world.registration(f"party:vn.{name}{n}")) for n in range(count)]
    start.wait()
    futures = [sequencer.submit([item]) for item in many]
    done.put([future.result(TIMEOUT_S)[0].position for future in futures])
    sequencer.stop()


def test_two_processes_append_without_gap_or_double(database: Database, home: Home):
    """Two real processes: the head row's lock orders them, each follows the other."""
    context = multiprocessing.get_context("spawn")
    start, done, count = context.Event(), context.Queue(), 60
    processes = [
        context.Process(
            target=_append_many,
            args=(database.app_dsn, str(home.path), name, count, start, done),
        )
        for name in ("left", "right")
    ]
    for process in processes:
        process.start()
    start.set()
    given = [done.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(30)
    assert list(range(1, 2 * count + 1)) == sorted(given[0] + given[1])
    assert sorted(given[0]) == given[0], "one process's events keep their order"
    pool = Pool(database.app_dsn, size=1)
    entries = read_entries(pool, 0, None, 1000)
    pool.close()
    assert list(range(2 * count + 1)) == [entry.position for entry in entries]
    assert 2 * count + 1 == len({entry.event_id for entry in entries})


def test_single_requests_go_before_bulk_ones_and_a_batch_has_a_time(
    home: Home, pool: Pool, world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(judging, "JUDGE_S", 0.0)  # One item a batch.
    assert home.trust.exists(), "the log was founded"
    registration, *others = [submission(each) for each in world.registrations()]
    made = Sequencer(pool, lambda: None, laws=available_laws())
    bulk = made.submit([registration], bulk=True), made.submit(others[:1], bulk=True)
    single = made.submit(others[1:])
    assert 3 == made.outstanding
    made.start()
    placed = [each.result(TIMEOUT_S)[0].position for each in (single, *bulk)]
    made.stop()
    assert [placed[0] + number for number in range(3)] == placed
    assert 0 == made.outstanding


def test_a_bulk_request_that_nobody_waits_for_is_judged_no_further(
    home: Home, pool: Pool, world: World
):
    assert home.trust.exists(), "the log was founded"
    left, waited_for = [submission(each) for each in world.registrations()[:2]]
    made = Sequencer(pool, lambda: None, laws=available_laws())
    gone = made.submit([left], bulk=True)
    with pytest.raises(TimeoutError):
        gone.result(0)
    kept = made.submit([waited_for], bulk=True)
    size = read_head(pool).size
    made.start()
    assert size == kept.result(TIMEOUT_S)[0].position
    made.stop()
    assert 0 == made.outstanding
    assert size + 1 == read_head(pool).size


def broken_for(monkeypatch: pytest.MonkeyPatch, name: str, *signed: Signed) -> None:
    """Have a step of admission raise at these events."""
    whole, ids = getattr(admission, name), {submission(each).event.event_id for each in signed}

    def step(*arguments: object) -> object:
        for each in arguments:
            event = getattr(each, "event", each)
            if getattr(event, "event_id", None) in ids:
                raise ValueError("Exceeds the limit (4300 digits)")
        return whole(*arguments)

    monkeypatch.setattr(admission, name, step)


@pytest.mark.parametrize("step", ["admit", "evolve_subject"])
def test_an_event_at_which_our_code_fails_is_refused_and_no_other(
    node: Node, world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first, bad, third = world.registrations()
    broken_for(monkeypatch, step, bad)
    with capture_logs() as lines:
        outcomes = append(node, first, bad, third)
    assert [1, None, 2] == positions(outcomes)
    assert isinstance(outcomes[1], NotJudged)
    assert not outcomes[1].dead, "a later version may admit it"
    assert 1 == sum(line["event"] == "not_judged" for line in lines)
    monkeypatch.undo()
    assert [3] == positions(append(node, bad))


def test_a_request_that_fails_before_it_is_judged_takes_no_other_with_it(
    node: Node, world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it reads cannot be told: nobody knows which of a batch it was until each goes alone."""
    first, bad, third = world.registrations()
    broken_for(monkeypatch, "reads", bad)
    with head_locked(database.superuser_dsn):
        answers = [node.sequencer.submit([submission(each)]) for each in (first, bad, third)]
    told = [each.result(TIMEOUT_S)[0] for each in answers]
    assert [Recorded, ValueError, Recorded] == [type(each) for each in told]


def test_a_refusal_is_gone_once_nobody_has_it(node: Node, world: World):
    """Without the garbage collector: what hangs on it stopped all threads when it came by."""
    append(node, *world.registrations())
    gc.disable()
    try:
        (outcome,) = append(node, world.registration(INSTITUTE))
        assert isinstance(outcome, Refusal)
        kept = weakref.ref(outcome)
        del outcome
        append(node, world.registration("party:vn.next"))  # The sequencer lets go of the last one.
        assert None is kept()
    finally:
        gc.enable()
