"""One offer with its thread, and what on the market meets the field of one listing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger.domain.core.scope import Field
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from projections.questions.market import listing_of, matches_of
from projections.questions.offer_thread import OfferThread, thread_of
from tests.support import builders as b
from tests.support.builders import COUNTER, FIRM, INSTITUTE, LISTING, OFFER, REVIEWER, hash_of
from tests.support.folded import telling
from tests.support.logbook import NOON
from tests.support.market import NEED, need_posted
from tests.support.reading import reading

DAY = NOON.date()
AGAIN = "offer:again"
ALONE = "offer:alone"
GRANT = b.grant(valid_from="2026-11-02")
PROPOSED = {
    name: GRANT[name]
    for name in (
        *("licensor", "licensee", "rights", "acts", "exclusivity", "territory", "field"),
        *("valid_from", "valid_to"),
    )
}
COUNTERED = b.offer_countered(proposed=[PROPOSED])
COUNTERED_AGAIN = b.offer_countered(
    offer=AGAIN,
    offeror=FIRM,
    offeree=INSTITUTE,
    counters=COUNTER,
    counters_event=hash_of(COUNTERED),
    royalty_ppm=50_000,
)
ACCEPTED = b.offer_accepted(offer=AGAIN, accepts=hash_of(COUNTERED_AGAIN), accepted_by=INSTITUTE)
STORY = (
    b.right_filed(),
    b.offer_made(),
    b.offer_made(offer=ALONE),
    COUNTERED,
    COUNTERED_AGAIN,
    ACCEPTED,
    b.contract_concluded(offer=AGAIN, acceptance=hash_of(ACCEPTED)),
)
THREAD = (OFFER, COUNTER, AGAIN)


@pytest.fixture(scope="module")
def told(postgres_server: EmbeddedPostgres) -> Iterator[Pool]:
    with telling(postgres_server, STORY) as pool:
        yield pool


def stood(thread: OfferThread) -> list[tuple[str, bool, str | None]]:
    return [
        (each.state.offer.subject, each.state.open, each.state.reason) for each in thread.thread
    ]


@pytest.mark.parametrize("asked", THREAD)
def test_each_offer_of_a_thread_is_told_with_all_the_others_and_what_came_of_it(
    told: Pool, asked: str
) -> None:
    thread = thread_of(reading(told), asked)
    assert [
        (OFFER, False, "countered"),
        (COUNTER, False, "countered"),
        (AGAIN, False, "accepted"),
    ] == stood(thread)
    assert (b.CONTRACT, 7) == (thread.deed, thread.deed_position)
    assert (2, 4, 5, 6, 7) == thread.positions
    assert "no" == thread.verdict
    assert [0, 1, 0] == [len(each.proposed) for each in thread.thread]
    assert "sell" in thread.thread[1].proposed[0].acts


def test_an_offer_that_nobody_answered_is_a_thread_of_its_own(told: Pool) -> None:
    thread = thread_of(reading(told), ALONE)
    assert [(ALONE, True, None)] == stood(thread)
    assert ("yes", None, (3,)) == (thread.verdict, thread.deed, thread.positions)


@pytest.mark.parametrize(
    ("known_at", "asked", "seen", "verdict"),
    [
        (2, OFFER, [(OFFER, True, None)], "yes"),
        (3, COUNTER, [], "unknown"),
        (4, OFFER, [(OFFER, False, "countered"), (COUNTER, True, None)], "no"),
        (4, COUNTER, [(OFFER, False, "countered"), (COUNTER, True, None)], "yes"),
    ],
)
def test_a_thread_is_as_it_was_known(
    told: Pool, known_at: int, asked: str, seen: list[Any], verdict: str
) -> None:
    thread = thread_of(reading(told, known_at=known_at), asked)
    assert seen == stood(thread)
    assert verdict == thread.verdict
    assert thread.deed is None


def test_an_offer_can_be_accepted_up_to_its_last_instant(told: Pool) -> None:
    ends: datetime = thread_of(reading(told), ALONE).thread[0].state.offer.expires_at
    for late, verdict in ((0, "yes"), (1, "no")):
        at = ends + timedelta(milliseconds=late)
        assert verdict == thread_of(reading(told, known_at=at), ALONE).verdict


def field(*codes: str, scheme: str = "ipc", edition: str | None = "2026.01") -> dict[str, Any]:
    return {"scheme": scheme, "edition": edition, "codes": list(codes)}


ANY = field(scheme="any", edition=None)
WORDS = field("sấy lạnh", "sấy phun", scheme="words", edition=None)


@pytest.mark.parametrize(
    ("needed", "offered", "by"),
    [
        (field("C09D"), field("C09D 5/00", "A23L"), [("C09D 5/00",)]),
        (field("C09D 5/00", "H01"), field("C09D"), [("C09D 5/00",)]),
        (field("C09D"), field("C09D"), [("C09D",)]),
        (field("C09D", "A23L"), field("C09D", "A23L"), [("C09D",), ("A23L",)]),
        (field("C09D"), ANY, [("C09D",)]),
        (ANY, field("C09D"), [("C09D",)]),
        (WORDS, WORDS, [("sấy lạnh", "sấy phun")]),
        (WORDS, field("sấy lạnh", scheme="words", edition=None), None),
        (field("C09D"), field("C09"), [("C09D",)]),
        (field("C09D"), field("C10"), None),
        (field("C09D"), None, None),
        (None, field("C09D"), None),
        (field("62", scheme="vsic", edition="2025"), field("6201", scheme="vsic", edition="2025"),
         [("6201",)]),
    ],
)  # fmt: skip
def test_a_need_is_met_by_what_is_of_its_field_and_it_is_told_why(
    postgres_server: EmbeddedPostgres, needed: Any, offered: Any, by: list[tuple[str, ...]] | None
) -> None:
    story = (
        b.right_filed(),
        b.listing_published(fields=offered),
        need_posted(fields=needed),
        need_posted(listing="listing:other", fields=needed),
        b.listing_published(listing="listing:suspended", fields=offered, rights=[]),
        b.listing_suspended(listing="listing:suspended"),
    )
    with telling(postgres_server, story) as pool:
        answer = matches_of(reading(pool), NEED, true_on=DAY)
        other_way = matches_of(reading(pool), LISTING, true_on=DAY)
    if by is None:
        assert ((), 0, "answered") == (answer.matches, answer.count, answer.verdict)
        assert not other_way.matches
        return
    (match,) = answer.matches
    assert (LISTING, 1) == (match.state.listing, answer.count)
    assert sorted(by) == sorted(each.codes for each in match.by)
    assert all(isinstance(each, Field) for each in match.by)
    assert ["listing:other", NEED] == [each.state.listing for each in other_way.matches]
    assert {frozenset(by)} == {
        frozenset(symbol.codes for symbol in each.by) for each in other_way.matches
    }
    assert answer.positions == (match.state.position,)


def test_a_need_that_nobody_posted_is_unknown(told: Pool) -> None:
    answer = matches_of(reading(told), "listing:none", true_on=DAY)
    assert ("unknown", None, ()) == (answer.verdict, answer.field, answer.positions)


def test_matches_are_leafed_through(postgres_server: EmbeddedPostgres) -> None:
    needs = [need_posted(listing=f"listing:n{n}", fields=ANY) for n in range(3)]
    story = (b.right_filed(), b.listing_published(fields=ANY), *needs)
    with telling(postgres_server, story) as pool:
        first = matches_of(reading(pool), LISTING, true_on=DAY, limit=2)
        rest = matches_of(reading(pool), LISTING, true_on=DAY, limit=2, after=first.next_after)
    found = [each.state.listing for page in (first, rest) for each in page.matches]
    assert ["listing:n2", "listing:n1", "listing:n0"] == found
    assert (3, None) == (rest.count, rest.next_after)


def test_a_listing_says_who_looked_at_it_and_how_it_came_in(
    postgres_server: EmbeddedPostgres,
) -> None:
    story = (
        b.right_filed(),
        b.listing_published(coordinator=FIRM, channel="floor"),
        need_posted(challenge="Rau an toàn"),
    )
    with telling(postgres_server, story) as pool:
        shown = listing_of(reading(pool), LISTING, true_on=DAY).state
        need = listing_of(reading(pool), NEED, true_on=DAY).state
    assert shown is not None
    assert need is not None
    assert (REVIEWER, FIRM, "floor", None) == (
        *(shown.reviewer, shown.coordinator, shown.channel, shown.challenge),
    )
    assert (REVIEWER, None, None, "Rau an toàn") == (
        *(need.reviewer, need.coordinator, need.channel, need.challenge),
    )
