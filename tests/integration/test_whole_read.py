"""Random histories of the whole domain, read from the tables, against the plain reference."""

from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest

from ledger.domain.core.scope import Field, Territory
from ledger.domain.core.types import format_instant, legal_day
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from projections.engine.decoding import decode
from projections.engine.runner import Runner
from projections.questions.dispute_record import holds_on
from projections.questions.licence_check import Use, check_licence
from projections.questions.title import title_of
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.tables.contract_revenue import revenue_of
from projections.tables.liens import liens_on
from projections.tables.offers import offers_of
from tests.support.beside import Beside
from tests.support.chance import PARTIES, RIGHTS
from tests.support.logbook import NOON, append_all, written_again
from tests.support.postgres import fresh_database
from tests.support.reading import reading
from tests.support.reference_money import WholeReference
from tests.support.whole_actions import any_event

HISTORIES = 6
STEPS = 400


@pytest.fixture(scope="module", params=range(HISTORIES))
def told(request: Any, postgres_server: EmbeddedPostgres) -> Any:
    """Lend a database in which a random history is told and folded, and the world that told it."""
    random, world = Random(request.param), Beside()
    for _ in range(STEPS):
        world.step(random, any_event)
        if not random.randint(0, 9):
            world.wait(random.choice((1, 5, 20)))
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=4)
        rebuild(pool, READ_MODELS, decode)
        for event, each in zip(written_again(world.logged), world.logged, strict=True):
            append_all(pool, [event], each.accepted)
        Runner(pool, READ_MODELS, decode).catch_up()
        yield pool, world
        pool.close()


def test_owners_are_those_of_the_reference(told: tuple[Pool, Beside]) -> None:
    pool, world = told
    for right in RIGHTS:
        answer = title_of(reading(pool), right, true_on=date(2999, 1, 1))
        found = {owner.party: owner.share for owner in answer.owners}
        assert world.reference.owners(right) == found


def test_who_is_licensed_is_as_the_reference_says(told: tuple[Pool, Beside]) -> None:
    pool, world = told
    today = legal_day(world.now)
    asked = 0
    for entry in world.reference.all("contract.concluded", "sublicence.granted"):
        grant = world.reference.grant_of(entry["said"]["contract"])
        asks = product(grant["rights"], (-200, 0, 11, 300, 450, 900))
        for right, days in asks:
            day = today + timedelta(days=days)
            for party in PARTIES:
                use = Use(
                    party=party,
                    act=grant["acts"][0],
                    territory=Territory.model_validate(grant["territory"]),
                    field=Field.model_validate(grant["field"]),
                    true_on=day,
                    object=right,
                )
                expected = licensed(world.reference, party, grant, right, day.isoformat())
                assert expected == check_licence(reading(pool), use, now=NOON).licensed, (
                    party,
                    day,
                    grant,
                )
                asked += 1
    assert asked


def licensed(ref: WholeReference, party: str, use: dict[str, Any], right: str, day: str) -> bool:
    if not ref.in_force(right, day):
        return False
    return any(
        grant["licensee"] == party and ref.covers(grant, use) and ref.holds_on(name, day)
        for name, grant in ref.grants_on(right)
    )


def test_what_is_held_is_as_the_reference_says(told: tuple[Pool, Beside]) -> None:
    pool, world = told
    subjects = {
        subject
        for entry in world.reference.all("hold.ordered", "ruling.made")
        for order in entry["said"]["orders"]
        for subject in order["on"]
    }
    for subject in subjects:
        for days in (0, 39):  # What was lifted since had held on days before.
            day = legal_day(world.now) + timedelta(days=days)
            orders = holds_on(reading(pool), subject, true_on=day).orders
            for party in (None, *PARTIES):
                found = any(
                    order.effect != "DECLARE_VOID" and order.party in (None, party)
                    for order in orders
                )
                assert world.reference.held(subject, day.isoformat(), party) == found


def test_what_charges_a_right_is_as_the_reference_says(told: tuple[Pool, Beside]) -> None:
    pool, world = told
    for right in RIGHTS:
        created = world.reference.all("security.created")
        expected = {
            entry["said"]["security"]
            for entry in created
            if right in entry["said"]["rights"]
            and not world.reference.released(entry["said"]["security"], right)
        }
        found = liens_on(reading(pool), right, true_on=date(2999, 1, 1)).liens
        assert expected == {lien.security for lien in found}


def test_which_offers_are_open_is_as_the_reference_says(told: tuple[Pool, Beside]) -> None:
    pool, world = told
    ref, at = world.reference, format_instant(world.now)
    found = {
        each.offer.subject: each.open for each in offers_of(reading(pool), at=world.now).offers
    }
    made = ref.all("offer.made", "offer.countered")
    assert {entry["said"]["offer"] for entry in made} == set(found)
    for entry in made:
        said = entry["said"]
        closed = said["listing"] and ref.all("listing.closed", listing=said["listing"])
        expected = not (ref.answered(said["offer"]) or at > said["expires_at"] or closed)
        assert expected == found[said["offer"]], said


def test_what_was_paid_and_is_payable_is_as_the_reference_says(told: tuple[Pool, Beside]) -> None:
    pool, world = told
    ref = world.reference
    for entry in ref.all("contract.concluded", "sublicence.granted"):
        contract = entry["said"]["contract"]
        made = [each["said"] for each in ref.all("revenue.distributed", contract=contract)]
        found = {each.payee: each for each in revenue_of(reading(pool), contract).balances}
        payees = {part["party"] for said in made for part in said["parts"]}
        for payee in payees:
            names = [said["distribution"] for said in made]
            payable = sum(ref.payable(name, payee) for name in names)
            paid = sum(ref.confirmed(name, payee) for name in names)
            balance = found.get(payee)
            shown = (0, 0) if balance is None else (balance.payable, balance.paid)
            assert (payable, paid) == shown
