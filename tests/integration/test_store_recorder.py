"""The library `eventsourcing` on the ledger's tables: its own test cases, and its runner."""

import hashlib
import threading
from uuid import uuid4

import pytest
from eventsourcing.dcb.api import (
    DCBAppendCondition,
    DCBEvent,
    DCBQuery,
    DCBQueryItem,
)
from eventsourcing.dcb.application import DCBApplication
from eventsourcing.dcb.domain import Tagged
from eventsourcing.dcb.msgpack import Decision
from eventsourcing.dcb.persistence import DCBInfrastructureFactory
from eventsourcing.dcb.tests import DCBRecorderTestCase
from eventsourcing.persistence import (
    DataError,
    InfrastructureFactory,
    InfrastructureFactoryError,
    IntegrityError,
    ProgrammingError,
    Tracking,
)
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.tests import persistence

from ledger.log.merkle import root_of
from ledger.store.entries import read_entries, read_head
from ledger.store.recorder import (
    IdentifiedEvent,
    TechledgerDCBFactory,
    TechledgerDCBRecorder,
    TechledgerTrackingRecorder,
)
from tests.support.store import append, new_entry


@pytest.fixture
def recorder(pool):
    """Lend a recorder on an empty log."""
    return TechledgerDCBRecorder(pool)


def test_the_library_s_case_of_append_and_read_passes(recorder):
    DCBRecorderTestCase()._test_append_read(recorder)


def test_the_library_s_case_of_subscriptions_passes(recorder):
    DCBRecorderTestCase()._test_append_subscribe(recorder)


def test_the_library_s_cases_pass_on_a_log_that_has_entries(recorder):
    recorder.append([DCBEvent("other", b"", ["other"]) for _ in range(3)])
    DCBRecorderTestCase()._test_append_read(recorder, initial_position=3)
    DCBRecorderTestCase()._test_append_subscribe(recorder, initial_position=16)


@pytest.mark.parametrize("name", ["test_insert_tracking", "test_wait"])
def test_the_library_s_cases_of_tracking_pass(pool, name):
    class Case(persistence.TrackingRecorderTestCase):
        def create_recorder(self):
            return TechledgerTrackingRecorder(pool)

    result = Case(name).run()
    assert result.wasSuccessful(), [*result.errors, *result.failures]
    assert 1 == result.testsRun


def test_positions_are_ours_plus_one(recorder, pool):
    append(pool, new_entry("ours", "right:vn.1", "party:x"))
    (event,) = recorder.read()
    assert (1, "contract.concluded/1", b"ours") == (
        event.position,
        event.event.type,
        event.event.data,
    )
    assert ["party:x", "right:vn.1"] == event.event.tags


def test_what_the_library_appends_is_in_the_tree(recorder, pool):
    recorder.append([DCBEvent("a", b"one", ["t"]), DCBEvent("a", b"two", ["t"])])
    leaves = [hashlib.sha256(b"\0" + data).digest() for data in (b"one", b"two")]
    assert root_of(leaves) == read_head(pool).root


def test_an_event_of_its_caller_s_id_is_not_stored_twice(recorder, pool):
    event = IdentifiedEvent("a", b"one", ["t"], event_id=uuid4())
    recorder.append([event])
    with pytest.raises(IntegrityError):
        recorder.append([event])
    assert [event.event_id] == [entry.event_id for entry in read_entries(pool, 0, None, 10)]


def test_a_failed_condition_leaves_no_gap(recorder):
    recorder.append([DCBEvent("a", b"", ["t"])])
    with pytest.raises(IntegrityError):
        recorder.append([DCBEvent("a", b"", ["t"])], DCBAppendCondition())
    assert 2 == recorder.append([DCBEvent("a", b"", ["t"])])


def test_of_many_that_race_on_one_condition_one_wins(recorder):
    """The condition is judged under the head row's lock, so there is nothing to retry."""
    condition = DCBAppendCondition(DCBQuery([DCBQueryItem(tags=["licence:1"])]))
    barrier = threading.Barrier(8)
    outcomes = []

    def race():
        barrier.wait()
        try:
            outcomes.append(recorder.append([DCBEvent("a", b"", ["licence:1"])], condition))
        except IntegrityError:
            outcomes.append(None)

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [1] == [outcome for outcome in outcomes if outcome]
    assert 8 == len(outcomes)


def test_long_reads_go_page_by_page(recorder):
    recorder.append([DCBEvent("a", b"%d" % n, [f"t{n % 2}"]) for n in range(1_203)])
    everything = recorder.read()
    assert [*range(1, 1_204)] == [event.position for event in everything]
    odd = recorder.read(DCBQuery([DCBQueryItem(tags=["t1"])]), after=100, limit=550)
    assert [*range(102, 1_202, 2)] == [event.position for event in odd]


def test_a_read_ends_where_the_log_ended_when_it_began(recorder):
    recorder.append([DCBEvent("a", b"", ["t"]) for _ in range(3)])
    response = recorder.read()
    recorder.append([DCBEvent("a", b"", ["t"])])
    assert [1, 2, 3] == [event.position for event in response]
    assert 3 == response.head


def test_appending_nothing_is_a_mistake(recorder):
    with pytest.raises(ProgrammingError):
        recorder.append([])


def test_an_entry_s_size_is_bounded(recorder):
    with pytest.raises(DataError):
        recorder.append([DCBEvent("a", b"x" * 65_536, [])])
    assert 1 == recorder.append([DCBEvent("a", b"x" * 65_535, [])])


def test_a_subscription_sees_only_what_it_asked_for(recorder):
    with recorder.subscribe(DCBQuery([DCBQueryItem(types=["b"])]), after=1) as following:
        recorder.append([DCBEvent(kind, b"", ["t"]) for kind in "bab"])
        assert 3 == next(following).position


def test_trackings_of_different_views_do_not_meet(pool):
    TechledgerTrackingRecorder(pool, "one").insert_tracking(Tracking("app", 5))
    assert TechledgerTrackingRecorder(pool, "two").max_tracking_id("app") is None
    assert 5 == TechledgerTrackingRecorder(pool, "one").max_tracking_id("app")


class Listed(Decision):
    """Something was listed at a price."""

    price: int


class Catalogue(DCBApplication):
    """An application of the library; its name is that of its tracking rows."""


class Prices(TechledgerTrackingRecorder):
    """A view: the sum of all prices, in a table of its own."""

    def add(self, price, tracking):
        with self.pool.transaction() as transaction:
            self.track(transaction.cursor, tracking)
            transaction.cursor.execute("UPDATE read.prices SET total = total + %s", (price,))

    def total(self):
        with self.pool.session() as session:
            session.execute("SELECT total FROM read.prices")
            return session.fetchone()[0]


class SumOfPrices(Projection[Prices]):
    """Adds each price once."""

    def process_event(self, domain_event, tracking):
        self.view.add(domain_event.decision.price, tracking)


@pytest.fixture
def environment(database, pool):
    """Lend the settings of a library application on the test's database."""
    with pool.session() as session:
        session.execute("CREATE TABLE read.prices AS SELECT 0 AS total")
    return {
        "PERSISTENCE_MODULE": "ledger.store.recorder",
        "MAPPER_TOPIC": "eventsourcing.dcb.msgpack:MessagePackMapper",
        "LEDGER_DATABASE_URL": database.app_dsn,
    }


def _run(environment):
    return ProjectionRunner(
        application_class=Catalogue,
        projection_class=SumOfPrices,
        view_class=Prices,
        env=environment,
    )


def test_the_library_s_projection_runner_works(environment):
    """It catches up with what is there, follows what comes, and goes on where it stopped."""
    with Catalogue(environment) as catalogue:
        catalogue.events.append([Tagged(["t"], Listed(price=price)) for price in (1, 2)])
        with _run(environment) as runner:
            runner.wait(2, timeout=10)
            assert 3 == runner.view.total()
            catalogue.events.append([Tagged(["t"], Listed(price=4))])
            runner.wait(3, timeout=10)
            assert 7 == runner.view.total()
        last = catalogue.events.append([Tagged(["t"], Listed(price=8))])
        with _run(environment) as runner:
            runner.wait(last, timeout=10)
            assert 15 == runner.view.total()


def test_the_library_finds_the_factory_in_the_module(environment):
    for base in (InfrastructureFactory, DCBInfrastructureFactory):
        factory = base.construct(environment)
        assert TechledgerDCBFactory is type(factory)
        factory.close()


def test_a_factory_needs_to_be_told_the_database():
    with pytest.raises(InfrastructureFactoryError, match="LEDGER_DATABASE_URL"):
        TechledgerDCBFactory({})


@pytest.mark.parametrize(
    "recorder_of", ["aggregate_recorder", "application_recorder", "process_recorder"]
)
def test_there_are_no_streams_of_aggregates(environment, recorder_of):
    factory = TechledgerDCBFactory(environment)
    with pytest.raises(InfrastructureFactoryError, match="no aggregates"):
        getattr(factory, recorder_of)()
    factory.close()
