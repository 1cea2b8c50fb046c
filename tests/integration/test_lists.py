"""Lists, page by page, against what is counted from the log by hand."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from ledger.domain.core.event import Logged
from ledger.domain.core.scope import Field
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from projections.engine.cursor import OtherCursor
from projections.engine.view import Beyond
from projections.questions.feed import feed_of
from projections.questions.listed import Listed
from projections.questions.market import Wanted, listing_of, listings_of
from projections.questions.party_lists import contracts_of, offers_by, rights_of
from tests.support import builders as b
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    LISTING,
    OFFER,
    OTHER_RIGHT,
    RIGHT,
    STRANGER,
)
from tests.support.folded import telling
from tests.support.logbook import NOON
from tests.support.market import (
    DRAFT,
    ELSEWHERE,
    NEED,
    listing_drafted,
    listing_mirrored,
    listing_resumed,
    need_posted,
)
from tests.support.projecting import logged
from tests.support.reading import reading
from tests.support.technologies import trl_declared

DAY = NOON.date()
IPC = {"scheme": "ipc", "edition": "2026.01", "codes": ["A23L 3/44", "C09D"]}
STORY = (
    b.technology_registered(),
    b.right_filed(),
    b.right_filed(right=OTHER_RIGHT, name="Ẩm kế", application_no="1-2020-00002"),
    b.listing_published(fields=IPC, technology=None, ask=b.vnd(500)),
    listing_drafted(),
    need_posted(),
    listing_mirrored(),
    b.offer_made(listing=LISTING),
    b.offer_made(offer="offer:second", listing=LISTING),
    b.listing_suspended(),
    listing_resumed(),
    b.offer_rejected(offer="offer:second"),
    b.contract_concluded(),
    b.listing_closed(listing=NEED, closed_by=FIRM, reason="withdrawn"),
)


@pytest.fixture(scope="module")
def log() -> list[Logged]:
    return logged(*STORY)


@pytest.fixture(scope="module")
def told(postgres_server: EmbeddedPostgres) -> Iterator[Pool]:
    with telling(postgres_server, STORY) as pool:
        yield pool


def leaf_through(ask: Callable[..., Listed], rows: str) -> list[Any]:
    """Return the rows of all pages, each of two rows; all say how many there are."""
    found, after = list[Any](), None
    while True:
        page = ask(after=after, limit=2)
        found += getattr(page, rows)
        assert len(getattr(page, rows)) == 2 or page.next_after is None
        after = page.next_after
        if after is None:
            assert page.count == len(found)
            return found


@pytest.mark.parametrize("known_at", [None, 0, 5, 9])
@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize(
    "narrowed",
    [{}, {"topic": "offer.made/1"}, {"subject": LISTING}, {"since": 4},
     {"subject": LISTING, "topic": "offer.made/1", "since": 8}],
)  # fmt: skip
def test_the_feed_has_each_event_once(
    told: Pool, log: list[Logged], known_at: int | None, order: Any, narrowed: dict[str, Any]
) -> None:
    def ask(**page: Any) -> Listed:
        return feed_of(reading(told, known_at=known_at), order=order, **narrowed, **page)

    meant = [
        each.position
        for each in log[: len(log) if known_at is None else known_at + 1]
        if narrowed.get("topic") in (None, each.event.type)
        and (narrowed.get("subject") is None or narrowed["subject"] in each.event.subjects)
        and each.position >= narrowed.get("since", 0)
    ]
    if order == "newest":
        meant.reverse()
    assert meant == [row.position for row in leaf_through(ask, "events")]


def test_the_feed_is_known_by_an_instant(told: Pool) -> None:
    at = NOON + timedelta(seconds=3)
    assert 4 == feed_of(reading(told, known_at=at)).count
    assert 0 == feed_of(reading(told, known_at=NOON - timedelta(days=9))).count


def test_pages_are_of_one_state_of_knowledge(told: Pool) -> None:
    first = feed_of(reading(told), limit=3)
    assert first.next_after is not None
    offset, _, name = first.next_after.split(".")
    earlier = feed_of(reading(told), limit=3, after=f"{offset}.9.{name}")
    assert 9 == earlier.count
    with pytest.raises(OtherCursor):
        feed_of(reading(told), limit=3, topic="offer.made/1", after=first.next_after)
    with pytest.raises(OtherCursor):
        feed_of(reading(told, known_at=9), limit=3, after=first.next_after)
    with pytest.raises(Beyond):
        feed_of(reading(told, known_at=9_999))


@pytest.mark.parametrize("party", [INSTITUTE, FIRM, STRANGER])
@pytest.mark.parametrize("known_at", [None, 1, 2, 12])
def test_a_party_has_its_rights_and_contracts(
    told: Pool, log: list[Logged], party: str, known_at: int | None
) -> None:
    reader = reading(told, known_at=known_at)
    seen = log[: len(log) if known_at is None else known_at + 1]
    rights = leaf_through(lambda **page: rights_of(reader, party, true_on=DAY, **page), "rights")
    meant = sorted(
        each.event.body.right
        for each in seen
        if each.event.type == "right.filed/1"
        and party in {holding.party for holding in each.event.body.owners}
    )
    assert meant == [row.right for row in rights]
    contracts = leaf_through(lambda **page: contracts_of(reader, party, **page), "contracts")
    signed = [
        each.position
        for each in seen
        if each.event.type == "contract.concluded/1" and party in each.event.body.parties
    ]
    assert signed[::-1] == [row.position for row in contracts]


def test_a_right_is_named_with_its_share_and_a_contract_with_what_it_grants(told: Pool) -> None:
    found = rights_of(reading(told), INSTITUTE, true_on=DAY)
    assert "Ẩm kế" in {each.name for each in found.names if each.id == OTHER_RIGHT}
    assert {1} == {row.share for row in found.rights}
    assert found.positions == tuple(sorted(row.position for row in found.rights))
    (contract,) = contracts_of(reading(told), FIRM).contracts
    assert tuple(sorted((INSTITUTE, FIRM))) == contract.parties
    assert RIGHT in contract.objects
    assert "unknown" == rights_of(reading(told), "party:vn.nobody", true_on=DAY).verdict


@pytest.mark.parametrize("known_at", [*range(7, 15), None])
@pytest.mark.parametrize("is_open", [True, False, None])
@pytest.mark.parametrize("side", ["made", "received", None])
def test_offers_of_a_party_stand_as_when_known(
    told: Pool, known_at: int | None, *, is_open: bool | None, side: Any
) -> None:
    if known_at is not None and known_at > len(STORY):
        return
    last = len(STORY) if known_at is None else known_at
    made = {OFFER: 8, "offer:second": 9}
    ended = {"offer:second": 12}
    meant = [
        (offer, ended.get(offer, last + 1) > last)
        for offer, at in sorted(made.items(), key=lambda each: -each[1])
        if at <= last and side != "received"
    ]
    reader = reading(told, known_at=known_at)
    found = leaf_through(
        lambda **page: offers_by(reader, FIRM, side=side, open=is_open, **page), "offers"
    )
    meant = [each for each in meant if is_open in (None, each[1])]
    assert meant == [(row.offer.subject, row.open) for row in found]


AT_OF = {LISTING: 4, DRAFT: 5, NEED: 6, ELSEWHERE: 7}


def _stood(subject: str, last: int) -> bool:
    """Return whether a listing of the story was open after an entry."""
    if subject in (DRAFT, ELSEWHERE):
        return False
    return not (last == 10 if subject == LISTING else last >= 14)


@pytest.mark.parametrize("known_at", range(3, 15))
@pytest.mark.parametrize("is_open", [True, False, None])
def test_listings_stand_as_when_known(told: Pool, known_at: int, *, is_open: bool | None) -> None:
    reader, wanted = reading(told, known_at=known_at), Wanted(open=is_open)
    found = leaf_through(
        lambda **page: listings_of(reader, wanted, true_on=DAY, **page), "listings"
    )
    meant = [
        (subject, _stood(subject, known_at))
        for subject, at in sorted(AT_OF.items(), key=lambda each: -each[1])
        if at <= known_at
    ]
    assert [each for each in meant if is_open in (None, each[1])] == [
        (row.listing, row.open) for row in found
    ]
    for subject, stood in meant:
        state = listing_of(reader, subject, true_on=DAY).state
        assert state is not None
        assert (subject, stood) == (state.listing, state.open)


def field(*codes: str, scheme: str = "ipc", edition: str = "2026.01") -> Field:
    return Field.model_validate({"scheme": scheme, "edition": edition, "codes": codes})


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(party=INSTITUTE), {LISTING, DRAFT, ELSEWHERE}),
        (Wanted(kind="need"), {NEED}),
        (Wanted(market="dtmarket"), {NEED}),
        (Wanted(field=field("A23L")), {LISTING}),
        (Wanted(field=field("A")), {LISTING}),
        (Wanted(field=field("A23L 3/44")), {LISTING}),
        (Wanted(field=field("A23L 3/45")), set()),
        (Wanted(field=field("C09D 5/00")), {LISTING}),
        (Wanted(field=field("A23")), {LISTING}),
        (Wanted(field=field("A24")), set()),
        (Wanted(field=field("A23L", edition="2025.01")), {LISTING}),
        (Wanted(field=field("10", scheme="vsic", edition="2025")), set()),
        (Wanted(price="open"), {LISTING, NEED}),
        (Wanted(price="sealed"), set()),
        (Wanted(price="unsaid"), {DRAFT, ELSEWHERE}),
        (Wanted(price_to=499), set()),
        (Wanted(price_to=500), {LISTING}),
        (Wanted(price_to=500, currency="USD"), set()),
        (Wanted(trl_from=1), set()),
    ],
)
def test_listings_are_narrowed(told: Pool, wanted: Wanted, found: set[str]) -> None:
    answer = listings_of(reading(told), wanted, true_on=DAY)
    assert found == {row.listing for row in answer.listings}
    assert len(found) == answer.count


def test_readiness_is_that_of_the_technology_as_known(postgres_server: EmbeddedPostgres) -> None:
    story = (
        b.technology_registered(trl=4),
        b.listing_published(rights=[], technology=b.TECHNOLOGY),
        trl_declared(trl=7),
    )
    with telling(postgres_server, story) as pool:
        for wanted, known_at, count in (
            (Wanted(trl_from=5), None, 1),
            (Wanted(trl_from=5), 2, 0),
            (Wanted(trl_to=4), 2, 1),
            (Wanted(trl_from=7, trl_to=7), None, 1),
        ):
            answer = listings_of(reading(pool, known_at=known_at), wanted, true_on=DAY)
            assert count == answer.count
        assert [7] == [row.trl for row in answer.listings]


def test_titles_stand_in_vietnamese_order(postgres_server: EmbeddedPostgres) -> None:
    titles = ["Đo ẩm", "Dao", "Ô tô", "O-xy", "Ăn", "Ao"]
    story = [need_posted(listing=f"listing:n{n}", title=title) for n, title in enumerate(titles)]
    with telling(postgres_server, story) as pool:
        found = leaf_through(
            lambda **page: listings_of(reading(pool), Wanted(), true_on=DAY, sort="title", **page),
            "listings",
        )
    assert ["Ao", "Ăn", "Dao", "Đo ẩm", "O-xy", "Ô tô"] == [row.title for row in found]


def test_what_its_last_day_has_passed_is_open_no_more(postgres_server: EmbeddedPostgres) -> None:
    last = DAY + timedelta(days=3)
    with telling(postgres_server, [need_posted(expires_on=last.isoformat())]) as pool:
        for day, stood in ((last, True), (last + timedelta(days=1), False)):
            found = listings_of(reading(pool), Wanted(open=True), true_on=day)
            assert stood == bool(found.listings)
            state = listing_of(reading(pool), NEED, true_on=day).state
            assert state is not None
            assert stood == state.open
