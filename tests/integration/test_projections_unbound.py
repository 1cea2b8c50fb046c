"""What waits, as the answers about parties, keys, powers and licences show it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from projections.engine.decoding import decode
from projections.questions.licence_check import check_licence
from projections.questions.party_keys import key_as_known
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.tables.mandates import Act, PowerToBind, power_of
from projections.tables.party_facts import party_as_known
from tests.integration.test_projections_queries import use
from tests.support import builders as b
from tests.support.builders import INSTITUTE, REGISTRAR
from tests.support.logbook import NOON, append_all, written_again
from tests.support.parties import (
    LATER,
    WAITING,
    key_stopped,
    key_waiting,
    party_stopped,
    waiting,
)
from tests.support.postgres import fresh_database
from tests.support.projecting import logged
from tests.support.reading import reading

BINDS = datetime(2026, 12, 24, tzinfo=UTC)
TODAY = date(2026, 11, 2)
AGAIN = waiting(keys=[b.planted_key(WAITING, 1)], roles=["bank"], not_before=LATER)
STORY = (waiting(), key_waiting(), key_waiting(3), key_stopped(3), party_stopped(), AGAIN)
ANY_ACT = Act()


@pytest.fixture(scope="module")
def told(postgres_server: EmbeddedPostgres) -> Iterator[Pool]:
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=3)
        append_all(pool, written_again(logged(*STORY)), NOON)
        rebuild(pool, READ_MODELS, decode)
        yield pool
        pool.close()


def power(told: Pool, party: str, now: datetime = NOON, on: date = TODAY) -> PowerToBind:
    return power_of(reading(told), party, signer=party, true_on=on, act=ANY_ACT, now=now)


def test_a_registration_that_waits_binds_nobody_and_is_shown(told: Pool):
    (waits,) = power(told, WAITING).waiting
    assert (6, BINDS, ("bank",), None) == (
        waits.position,
        waits.not_before,
        waits.roles,
        waits.key_id,
    )
    assert not power(told, WAITING).binds
    bound = power(told, WAITING, now=BINDS, on=date(2026, 12, 24))
    assert bound.binds
    assert () == bound.waiting


def test_a_key_that_waits_is_shown_and_one_that_was_stopped_is_not(told: Pool):
    answer = power(told, INSTITUTE)
    (waits,) = answer.waiting
    assert (b.key_id(INSTITUTE, 2), BINDS, REGISTRAR) == (
        waits.key_id,
        waits.not_before,
        waits.by,
    )
    assert answer.binds, "its other keys do"
    assert waits.position in answer.positions
    stopped = key_as_known(reading(told), b.key_id(INSTITUTE, 3)).key.stopped
    assert stopped is not None
    assert (4, REGISTRAR) == (stopped.position, stopped.by)


def test_of_another_day_it_is_said_what_waits_then(told: Pool):
    day = BINDS.date()
    assert power(told, WAITING, on=day + timedelta(days=1)).binds
    assert not power(told, WAITING, on=day - timedelta(days=2)).binds


def test_a_licence_check_shows_what_waits_of_the_party(told: Pool):
    checked = check_licence(reading(told), use(WAITING, true_on=TODAY), now=NOON)
    assert [6] == [each.position for each in checked.waiting]
    assert not checked.licensed


def test_what_a_stopped_registration_said_is_gone(told: Pool):
    now = party_as_known(reading(told), WAITING, true_on=TODAY)
    assert (("bank",), BINDS) == (now.roles, now.binds_from)
    between = party_as_known(reading(told, known_at=5), WAITING, true_on=TODAY)
    assert (None, ()) == (between.kind, between.roles)
    before = party_as_known(reading(told, known_at=4), WAITING, true_on=TODAY)
    assert ("clerk",) == before.roles
