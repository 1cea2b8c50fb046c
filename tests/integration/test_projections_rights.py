"""Questions about rights and technologies put to the tables: lapses, funding, authors."""

from collections.abc import Iterator
from datetime import date

import pytest

from ledger.domain.core.body import Body
from ledger.store.connection import Pool
from projections.engine.decoding import decode
from projections.engine.runner import Runner
from projections.questions.lapses import Paid, lapse_effects
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.tables.status import status_of
from projections.tables.technologies import Author, Share, technology_of
from tests.support import builders as b
from tests.support import rights, technologies
from tests.support.builders import AUTHOR, FIRM, INSTITUTE, REGISTRAR, RIGHT, TECHNOLOGY
from tests.support.logbook import NOON, append_all, written_again
from tests.support.postgres import fresh_database
from tests.support.projecting import logged
from tests.support.reading import reading
from tests.support.rights import EUROPEAN
from tests.support.running import contract_running

STORY: dict[str, Body] = {
    "technology": b.technology_registered(),
    "filed": b.right_filed(technology=TECHNOLOGY),
    "contract": contract_running(),
    "shared": b.share_agreed(),
    "reported": b.revenue_reported(),
    "distributed": b.revenue_distributed(),
    "paid": b.payment_confirmed(),
    "lapsed": b.right_lapsed(effective_from="2026-08-01", published_on="2026-11-02"),
    "repeated": b.right_lapsed(effective_from="2026-08-01", published_on="2026-11-02"),
    "refunded": b.payment_confirmed(
        payment="payment:late", payee=INSTITUTE, confirmed_by=INSTITUTE
    ),
    "ready": technologies.trl_declared(),
    "listed": technologies.technology_classified(),
    "funded": technologies.funding_agreed(),
    "authors": technologies.authors_declared(),
    "brought": technologies.contribution_recorded(),
    "european": rights.european_filed(),
    "in europe": rights.european_granted(),
    "ceased": b.right_lapsed(
        right=EUROPEAN, effective_from="2010-11-08", published_on="2011-07-27", territory="iso:GB"
    ),
}
AT = {name: position for position, name in enumerate(STORY, 1)}


def positions(*names: str) -> tuple[int, ...]:
    return tuple(AT[name] for name in names)


@pytest.fixture(scope="module")
def told(postgres_server) -> Iterator[Pool]:
    """Lend a database in which the story is told and folded, one second an event."""
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=4)
        rebuild(pool, READ_MODELS, decode)
        append_all(pool, written_again(logged(*STORY.values())), NOON, batch=1)
        Runner(pool, READ_MODELS, decode).catch_up()
        yield pool
        pool.close()


def test_which_royalties_were_paid_for_days_after_a_lapse_that_nobody_knew_of(told):
    answer = lapse_effects(reading(told), RIGHT)
    (effects,) = answer.ends
    assert ("lapsed", date(2026, 8, 1)) == (effects.end.outcome, effects.end.effective_from)
    assert AT["lapsed"] == effects.end.position, "the gazette that repeats it told nothing new"
    assert [b.REPORT] == [report.subject for report in effects.reports]
    assert {AUTHOR, INSTITUTE} == {payable.payee for payable in effects.payables}
    assert [b.PAYMENT] == [payment.subject for payment in effects.payments]
    assert (Paid("VND", 15_000_000),) == effects.paid
    assert positions("reported", "distributed", "paid", "lapsed") == answer.positions


def test_before_the_lapse_was_known_it_touched_nothing(told):
    assert () == lapse_effects(reading(told, known_at=AT["paid"]), RIGHT).ends


def test_an_end_where_nothing_is_licensed_touches_nothing(told):
    (effects,) = lapse_effects(reading(told), EUROPEAN).ends
    assert ("iso:GB", (), ()) == (effects.end.territory, effects.reports, effects.paid)


def test_a_technology_says_who_owns_paid_for_and_made_it(told):
    known = technology_of(reading(told), TECHNOLOGY)
    assert (Share(INSTITUTE, (1, 1)),) == known.owners
    assert known.funding is not None
    assert (Share(FIRM, (3, 10)), Share(REGISTRAR, (7, 10))) == known.funding.contributors
    assert (Share(REGISTRAR, (7, 10)),) == known.funding.by_state
    assert (7, "restricted.1") == (known.trl, known.category)
    assert (Author(AUTHOR, 1_000_000),) == known.authors
    assert [(FIRM, "background")] == [(row.party, row.role) for row in known.contributions]
    assert (RIGHT,) == known.rights
    proof = ("technology", "filed", "ready", "listed", "funded", "authors", "brought")
    assert positions(*proof) == known.positions


def test_a_technology_as_it_was_known_before(told):
    then = technology_of(reading(told, known_at=AT["technology"]), TECHNOLOGY)
    assert ((), None, None, 700_000) == (
        then.rights,
        then.funding,
        then.category,
        then.state_funded_ppm,
    )
    unknown = technology_of(reading(told), "technology:none")
    assert (None, (), ()) == (unknown.title, unknown.owners, unknown.positions)


def test_a_status_in_one_state_and_as_a_whole(told):
    day = date(2011, 3, 1)
    known = {"territory": "iso:GB", "true_on": day}
    assert (
        "in_force" == status_of(reading(told, date(2011, 6, 1), "office"), EUROPEAN, **known).status
    )
    assert (
        "lapsed" == status_of(reading(told, date(2011, 8, 1), "office"), EUROPEAN, **known).status
    )
    fates = {
        fate.territory: fate.status
        for fate in status_of(reading(told), EUROPEAN, true_on=day).states
    }
    assert {"iso:BE": "in_force", "iso:GB": "lapsed", "iso:NL": "in_force"} == fates
