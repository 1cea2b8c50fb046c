"""The rule that sets the authors' minimum, by what is known of the technology."""

from datetime import date

from ledger.store.connection import Pool
from projections.engine.decoding import decode
from projections.engine.runner import Runner
from projections.questions.author_minimum import AuthorMinimum, author_minimum_of
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support import builders as b
from tests.support.logbook import NOON, append_all, written_again
from tests.support.postgres import fresh_database
from tests.support.projecting import logged
from tests.support.reading import reading
from tests.support.technologies import funding_agreed

STORY = (
    b.technology_registered(state_funded_ppm=0),
    b.right_filed(technology=b.TECHNOLOGY),
    b.right_granted(),
    funding_agreed(task_assigned_on="2025-11-10"),
)
REGISTERED, FILED, GRANTED, FUNDED = range(1, 5)


def minimum(pool: Pool, on: str, known_at: int | None = None, **asked) -> AuthorMinimum:
    members = {"distributed_on": date.fromisoformat(on), "income": "licence", **asked}
    return author_minimum_of(reading(pool, known_at), b.TECHNOLOGY, **members)


def test_which_rules_set_the_authors_minimum(postgres_server) -> None:
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=4)
        rebuild(pool, READ_MODELS, decode)
        append_all(pool, written_again(logged(*STORY)), NOON, batch=1)
        Runner(pool, READ_MODELS, decode).catch_up()

        now = minimum(pool, "2026-11-02")
        assert (True, (7, 10), date(2025, 11, 10)) == (
            now.funded,
            now.state_share,
            now.task_assigned_on,
        )
        assert ["ip-law.135.1.licence.state-since-2025", "sti-law.28.3"] == [
            duty.rule for duty in now.duties
        ]
        assert (REGISTERED, FILED, GRANTED, FUNDED) == now.positions
        assert ["sti-law.28.3"] == [
            duty.rule for duty in minimum(pool, "2026-11-02", agreed=True).duties
        ]

        before = minimum(pool, "2026-11-02", known_at=GRANTED)
        assert (False, ["ip-law.135.1.licence"]) == (
            before.funded,
            [duty.rule for duty in before.duties],
        )
        own = minimum(pool, "2026-11-02", income="own_use", known_at=GRANTED)
        assert [100_000] == [duty.number("min_ppm") for duty in own.duties]
        pool.close()
