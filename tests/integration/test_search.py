"""What a text finds: names, titles and numbers however they are spelt, on any kind of cluster."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.domain.core.body import Body
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.migrate import initialise_head, migrate
from projections.engine.cursor import OtherCursor
from projections.engine.view import Beyond
from projections.questions import word_search
from projections.questions.search import MOST_ASKED, Found
from tests.support.builders import (
    AUTHOR,
    BANK,
    FIRM,
    RIGHT,
    SOME_HASH,
    first_party,
    key_id,
    listing_published,
    party_registered,
    right_filed,
    right_granted,
    sealed,
    technology_registered,
)
from tests.support.documents import document_sent
from tests.support.market import need_posted
from tests.support.parties import (
    PERSON,
    known_as,
    newcomer,
    number,
    party_identified,
    party_renamed,
    person_erased,
)
from tests.support.postgres import ORIGIN, run_sql
from tests.support.searching import find, tell

NAME = "Đại học Bách khoa Hà Nội"
OTHER = "Công ty Cổ phần Đầu tư Phương Đông"
BRANCH = "0100000028-001"
UNIVERSITY, EAST, WEST = "party:vn.university", "party:vn.east", "party:vn.west"


def named(party: str, name: str) -> Body:
    """Return the registration of a party of that name."""
    return party_registered(**first_party(party, name=name))


STORY = (
    named(UNIVERSITY, NAME),
    named(EAST, OTHER),
    named(WEST, "Công ty Cổ phần Đầu tư Phương Tây"),
    party_identified(number(BRANCH, "mst"), number("5493001KJTIIGC8Y1R12")),
    party_renamed(name="Công ty Cổ phần Sao Mới"),
    known_as("Viettel Solutions"),
    newcomer(PERSON),
    technology_registered(title="Máy sấy lạnh nông sản", summary="Sấy thăng hoa ở áp suất thấp"),
    right_filed(name="Quy trình tách chiết curcumin"),
    right_granted(title_no="1-0026606"),
    listing_published(title="Dây chuyền sấy lạnh", ask=sealed("a price")),
    need_posted(title="Cần giải pháp truy xuất nguồn gốc"),
    document_sent(title="Hợp đồng QT-2026/HĐ-CGCN"),
)  # fmt: skip

CLUSTERS = {
    "locale C": "",
    "builtin C.UTF-8": "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' TEMPLATE template0",
    "the machine's C.UTF-8": "LOCALE_PROVIDER libc LOCALE 'C.UTF-8' TEMPLATE template0",
}


@pytest.fixture(scope="module", params=CLUSTERS)
def told(request: Any, postgres_server: EmbeddedPostgres) -> Iterator[Pool]:
    """Lend a database, of each kind of cluster, in which the story is told and folded."""
    name = f"search_{[*CLUSTERS].index(request.param)}"
    create = f"CREATE DATABASE {name} OWNER ledger_owner ENCODING 'UTF8' {CLUSTERS[request.param]}"
    run_sql(postgres_server.superuser_dsn, create)
    app, owner = (
        dsn.replace("/techledger?", f"/{name}?")
        for dsn in (postgres_server.app_dsn, postgres_server.owner_dsn)
    )
    migrate(owner)
    initialise_head(owner, ORIGIN)
    pool = Pool(app, size=4)
    tell(pool, STORY)
    yield pool
    pool.close()
    run_sql(postgres_server.superuser_dsn, f"DROP DATABASE {name} WITH (FORCE)")


def first(pool: Pool, q: str, **asked: Any) -> str | None:
    """Return the id of the first that is found."""
    hits = find(pool, q, **asked).hits
    return hits[0].id if hits else None


@pytest.mark.parametrize(
    "asked",
    [
        NAME,
        NAME.upper(),
        unicodedata.normalize("NFD", NAME),
        "dai hoc bach khoa ha noi",
        NAME.replace("Đ", chr(0xD0)),
        NAME.replace("Đ", chr(0x189)),
        "ha noi bach khoa",
        "bách kho",
        "BACHKHOA",
        "bach khao",
        "bahc khoa",
        "đại hoc bach khoa tp ha noi",
    ],
)
def test_r1_a_name_is_found_however_it_is_written(told: Pool, asked: str) -> None:
    assert UNIVERSITY == first(told, asked)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("1-0026606", RIGHT),
        ("0026606", RIGHT),
        ("1 -0026606", RIGHT),
        ("10026606", RIGHT),
        ("26606", RIGHT),
        ("VN 1-0026606", RIGHT),
        ("1-2020-00001", RIGHT),
        ("VN1202000001", RIGHT),
        (BRANCH, FIRM),
        ("0100000028 001", FIRM),
        ("0100000028001", FIRM),
        ("0100000028-002", FIRM),
        ("0100000028", FIRM),
        ("0100000208", FIRM),
        ("5493001KJTIIGC8Y1R12", FIRM),
        (FIRM, FIRM),
        (RIGHT, RIGHT),
    ],
)
def test_r2_a_number_is_found_with_and_without_what_parts_it(
    told: Pool, asked: str, found: str
) -> None:
    assert found == first(told, asked)


@pytest.mark.parametrize("asked", ["HĐ-CGCN", "QT-2026/HĐ-CGCN", "qt2026", "2026/HD-CGCN"])
def test_r2_a_number_in_words_is_found_by_its_parts(told: Pool, asked: str) -> None:
    assert "document" == find(told, asked).hits[0].kind


@pytest.mark.parametrize(
    "asked",
    [
        *(
            "'",
            ":*",
            "AT&T (VN",
            "%",
            "_",
            "\\",
            "\x00",
            "\ud800",
            "5" * 5000,
            "ắ" * 400,
            "x " * 200,
        ),
        *(" ".join("abcdefghij"), "'; DROP TABLE read.names; --", "-0026606 -", "\U0010ffff", "…"),
    ],
)
def test_r2_what_is_typed_is_data(told: Pool, asked: str) -> None:
    answer = find(told, asked)
    assert asked == answer.q
    assert answer.verdict == ("answered" if answer.hits else "unknown")


def test_r3_names_that_read_the_same_are_told_of_each_other(pool: Pool) -> None:
    alike = OTHER.replace("Đ", chr(0xD0)).replace("o", chr(0x43E))
    tell(pool, [named(EAST, OTHER), named(WEST, alike)])
    for asked in (OTHER, alike, "phuong dong"):
        hits = {hit.id: hit for hit in find(pool, asked).hits}
        assert (WEST,) == hits[EAST].alike
        assert (EAST,) == hits[WEST].alike
        assert alike == hits[WEST].title


def test_r5_a_page_is_of_one_question(told: Pool) -> None:
    every = find(told, "c", limit=100)
    assert len(every.hits) > 3
    pages = [find(told, "c", limit=2)]
    while pages[-1].next_after is not None:
        pages.append(find(told, "c", limit=2, after=pages[-1].next_after))
    assert every.hits == tuple(hit for page in pages for hit in page.hits)
    assert {every.groups} == {page.groups for page in pages}
    third = pages[1].next_after
    others: list[dict[str, Any]] = [{"q": "d"}, {"kind": "party"}, {"known_at": 3}, {"limit": 3}]
    for other in others:
        with pytest.raises(OtherCursor, match="leave it out"):
            find(told, **{"q": "c", "limit": 2, "after": third, **other})
    for none in ("", "1", "1.2.xyz", "-1.1.000000000000", "9" * 400):
        with pytest.raises(OtherCursor):
            find(told, "c", limit=2, after=none)


def whys(answer: Found) -> list[tuple[str, str, str]]:
    """Return what is found, by which member, and why."""
    return [(hit.id, hit.member, hit.why) for hit in answer.hits]


def test_an_answer_says_by_which_text_and_why_it_is_found(told: Pool) -> None:
    assert [(UNIVERSITY, "name", "exact")] == whys(find(told, NAME))
    assert [(UNIVERSITY, "name", "words")] == whys(find(told, "khoa bách"))
    assert [(UNIVERSITY, "name", "prefix")] == whys(find(told, "bach kh"))
    assert [(UNIVERSITY, "name", "near")] == whys(find(told, "bacg khoa"))
    assert (UNIVERSITY, "name", "some") == whys(find(told, "bach khoa zzyzx"))[0]
    assert (RIGHT, "title_no", "exact") == whys(find(told, "1-0026606"))[0]
    assert (FIRM, "spelling", "exact") == whys(find(told, "viettel solutions"))[0]
    assert "Công ty Cổ phần Sao Mới" == find(told, "viettel").hits[0].title


def test_the_best_comes_first_and_all_are_counted_by_kind(told: Pool) -> None:
    answer = find(told, "sấy lạnh")
    assert ["listing", "technology"] == [hit.kind for hit in answer.hits]
    assert {"technology": 1, "listing": 1} == {group.kind: group.count for group in answer.groups}
    assert not any(group.more for group in answer.groups)
    only = find(told, "sấy lạnh", kind="listing")
    assert ["listing"] == [hit.kind for hit in only.hits]
    assert ["technology"] == [hit.kind for hit in find(told, "thang hoa").hits]


def test_what_is_meant_exactly_stands_first(told: Pool) -> None:
    assert ("entry", "5", "position") == _first_of(find(told, "5"))
    assert ("key", f"key:{key_id(BANK)}", "key_id") == _first_of(find(told, key_id(BANK)))
    files = find(told, SOME_HASH)
    assert {("entry", "exact")} == {(hit.kind, hit.why) for hit in files.hits}
    assert "sha256" in {hit.member for hit in files.hits}
    ((event_id, sha256),) = run_sql_in(
        told, "SELECT event_id, payload_hash FROM read.events WHERE position = 4"
    )
    assert ("entry", "4", "event_id") == _first_of(find(told, str(event_id)))
    assert ("entry", "4", "payload_hash") == _first_of(find(told, str(sha256)))


def _first_of(answer: Found) -> tuple[str, str, str]:
    hit = answer.hits[0]
    return hit.kind, hit.id, hit.member


def run_sql_in(pool: Pool, statement: str) -> list[tuple[Any, ...]]:
    with pool.session() as session:
        session.execute(statement)
        return session.fetchall()


def test_r4_a_word_of_every_name_is_answered_from_a_bounded_look(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole name stands first all the same, however many words it has."""
    monkeypatch.setattr(word_search, "LOOKED_AT", 30)
    name = "Công ty Cổ phần Đầu tư và Phát triển Công nghệ An Bình số"
    many = 80
    tell(pool, [named(f"party:vn.n{at}", f"{name} {at}") for at in range(many)])
    for asked in ("an", "cong", "Công ty", name):
        answer = find(pool, asked, kind="party")
        assert answer.hits
        assert [(True, True)] == [(g.count <= 30, g.more) for g in answer.groups]
    for at in (0, many // 2, many - 1):
        (hit, *_) = find(pool, f"{name} {at}").hits
        assert (f"party:vn.n{at}", "exact") == (hit.id, hit.why)


def test_what_was_recorded_later_is_not_found_as_known_before(told: Pool) -> None:
    renamed = find(told, "sao moi").hits[0]
    before = renamed.position - 1
    assert not find(told, "sao moi", known_at=before).hits
    assert find(told, "sao moi", known_at=renamed.position).hits
    at = find(told, str(renamed.position), known_at=before)
    assert "entry" not in {hit.kind for hit in at.hits}
    with pytest.raises(Beyond):
        find(told, "sao moi", known_at=1_000)


def test_a_party_has_the_name_that_it_had_last(pool: Pool) -> None:
    names = ("Sao Mới", "Sao Cũ", "Sao Mới")
    tell(pool, [party_renamed(name=each) for each in names])
    for asked in ("sao moi", "sao cu"):
        (hit,) = find(pool, asked).hits
        assert (FIRM, "Sao Mới") == (hit.id, hit.title)


def test_an_erased_person_is_found_nowhere(pool: Pool) -> None:
    tell(pool, [newcomer(PERSON), person_erased()])
    for asked in (PERSON, PERSON.removeprefix("party:tok."), PERSON[-32:-20]):
        assert not [hit for hit in find(pool, asked).hits if PERSON in (hit.id, hit.text)]
    for table in ("names", "words"):
        assert [] == run_sql_in(pool, f"SELECT FROM read.{table} WHERE subject = '{PERSON}'")
    assert AUTHOR == first(pool, AUTHOR)


def test_what_is_sealed_is_found_nowhere(told: Pool) -> None:
    commitment = sealed("a price")["commitment"]
    assert not find(told, commitment).hits
    assert not find(told, commitment.removeprefix("sha256:")).hits
    assert not find(told, "a price").hits


def test_a_person_is_found_by_its_token(told: Pool) -> None:
    for asked in (PERSON, PERSON.removeprefix("party:tok."), PERSON[-32:-20]):
        assert PERSON == first(told, asked)


def test_what_is_not_there_is_unknown(told: Pool) -> None:
    answer = find(told, "zzyzx")
    assert ("unknown", ("zzyzx",), (), ()) == (
        answer.verdict,
        answer.unknown,
        answer.hits,
        answer.positions,
    )


def test_more_words_than_are_looked_for_are_left_out(told: Pool) -> None:
    words = [*NAME.split(), *(MOST_ASKED * ["hoc"])]
    assert UNIVERSITY == first(told, " ".join(words))
