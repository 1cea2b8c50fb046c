"""An answer's verdict: unknown is not no, and what recorded facts contradict is no yes."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from api.describe.answer_json import members_of, read_as
from api.describe.description import describe
from ledger.domain.core.body import Body
from ledger.domain.core.scope import Field, Territory
from ledger.events.lawbook import bundled_law
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from projections.engine.decoding import decode
from projections.engine.runner import Runner
from projections.questions.arrears import minimum_of, overdue_of
from projections.questions.dispute_record import holds_on
from projections.questions.dues import agreement_of
from projections.questions.histories import timeline_of
from projections.questions.licence_check import Use, check_licence
from projections.questions.party_keys import signed_by
from projections.questions.remaining_scope import Part, exclusive_in, left_of
from projections.questions.terms import TermsOn, terms_on
from projections.questions.title import Title, title_of
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.tables.status import status_of
from projections.tables.technologies import technology_of
from tests.support import builders as b
from tests.support import disputes as d
from tests.support import logbook
from tests.support.builders import CONTRACT, OTHER_RIGHT, RIGHT, SHARE
from tests.support.logbook import NOON, append_all, written_again
from tests.support.parties import reconfirmation_given
from tests.support.postgres import fresh_database
from tests.support.projecting import logged
from tests.support.reading import reading
from tests.support.specification import said

DAY = date(2026, 11, 2)
FROZEN = OTHER_RIGHT
STORY: dict[str, Body] = {
    "filed": b.right_filed(),
    "other filed": b.other_right_filed(),
    "contract": b.contract_concluded(),
    "shared": b.share_agreed(),
    "court": d.court_registered(),
    "arbiters": d.court_registered(d.ARBITERS),
    "opened": d.dispute_opened(),
    "agreed": b.assignment_agreed(rights=[FROZEN]),
    "frozen": d.hold_ordered(d.order("FREEZE_TITLE", FROZEN, name="o2")),
    "registered": b.assignment_registered(rights=[FROZEN]),
    "ruled": d.ruling_made(orders=[d.void(b.share_agreed(), SHARE)]),
    "appealed": d.appeal_filed(),
    "second ruling": d.ruling_made(forum=d.ARBITERS),
    "thawed": d.hold_lifted(d.lift(FROZEN, name="o2"), forum=d.ARBITERS),
}
AT = {name: position for position, name in enumerate(STORY, 1)}


@pytest.fixture(scope="module")
def told(postgres_server: EmbeddedPostgres) -> Iterator[Pool]:
    """Lend a database in which the story is told and folded."""
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=4)
        rebuild(pool, READ_MODELS, decode)
        append_all(pool, written_again(logged(*STORY.values())), NOON, batch=1)
        Runner(pool, READ_MODELS, decode).catch_up()
        yield pool
        pool.close()


def test_what_the_log_does_not_name_is_unknown_and_what_it_names_is_no(told: Pool):
    asked = {"true_on": DAY}
    nobody = status_of(reading(told), "right:vn.1-2020-00010", **asked)
    assert ("unknown", ("right:vn.1-2020-00010",)) == (nobody.verdict, nobody.unknown)
    assert "no" == status_of(reading(told), RIGHT, **asked).verdict  # It is filed, and not granted.
    before = status_of(reading(told, known_at=AT["filed"] - 1), RIGHT, **asked)
    assert "unknown" == before.verdict
    assert "no" == status_of(reading(told, known_at=AT["filed"]), RIGHT, **asked).verdict


def test_of_a_day_before_its_conclusion_a_contract_has_no_terms(told: Pool):
    before = terms_on(reading(told), CONTRACT, true_on=date(2010, 1, 1))
    assert ("answered", "not_concluded") == (before.verdict, before.status)
    assert (None, None, (AT["contract"],)) == (before.version, before.terms, before.positions)
    for language, words in (("en", f"There was no {CONTRACT} yet"), ("vi", f"chưa có {CONTRACT}")):
        sentence = describe(TermsOn, members_of(before), language, bundled_law()).sentence
        assert words in sentence
    on_the_day = terms_on(reading(told), CONTRACT, true_on=date(2026, 11, 2))
    assert on_the_day.terms is not None
    assert "not_concluded" != on_the_day.status


def test_an_answer_says_what_was_to_be_known_and_comes_back_the_same(told: Pool):
    known = {0: "0", NOON: "2026-11-02T05:00:00.000Z", None: None}
    for known_at, written in known.items():
        answer = terms_on(reading(told, known_at=known_at), CONTRACT, true_on=DAY)
        assert written == answer.known_at
        assert answer == read_as(TermsOn, members_of(answer))
    title = title_of(reading(told, known_by="office", known_at=DAY), RIGHT, true_on=DAY)
    assert ("office", DAY.isoformat()) == (title.known_by, title.known_at)
    assert title == read_as(Title, members_of(title))


def test_what_no_office_had_recorded_is_unknown_to_it(told: Pool):
    asked = {"true_on": DAY}
    assert "unknown" == title_of(reading(told, date(1999, 1, 1), "office"), RIGHT, **asked).verdict
    assert "answered" == title_of(reading(told, DAY, "office"), RIGHT, **asked).verdict


def test_a_known_thing_without_entries_is_answered(told: Pool):
    overdue = overdue_of(reading(told), CONTRACT, true_on=DAY)
    assert ("answered", ()) == (overdue.verdict, overdue.unreported)
    assert "answered" == holds_on(reading(told), CONTRACT, true_on=DAY).verdict
    assert "answered" == minimum_of(reading(told), CONTRACT, year=2026).verdict


SLIPS = [
    "right:vn.1-2020-0001",  # a digit left out
    "right:vn.1-2020-000001",  # one too many
    "right:vn.1-2020-00007",  # another one
    "right:vn.1-2002-00001",  # two that changed places
    "right:vn.1-2020-00001.4",  # its check digit behind it
    "right:vn.2020-00001",  # without what kind of right it is
    "technology:vn.1-2020-00001",  # another kind
]


@pytest.mark.parametrize("slip", SLIPS)
def test_what_may_be_meant_by_a_slip_is_named(told: Pool, slip: str):
    (near,) = timeline_of(reading(told), slip).near
    assert (slip, RIGHT) == (near.asked, near.ids[0])


def test_what_nobody_knew_yet_is_not_named_as_near(told: Pool):
    asked = {"true_on": DAY}
    (near,) = status_of(reading(told, AT["filed"] - 1), SLIPS[0], **asked).near
    assert () == near.ids


def test_a_title_moved_under_a_freeze_is_contested_until_the_freeze_is_lifted(told: Pool):
    def verdict(name: str) -> tuple[str, tuple[int, ...]]:
        found = title_of(reading(told, known_at=AT[name]), FROZEN, true_on=DAY)
        return found.verdict, found.doubted

    assert ("answered", ()) == verdict("frozen")
    assert ("contested", (AT["registered"],)) == verdict("registered")
    assert ("contested", (AT["registered"],)) == verdict("second ruling")
    assert ("answered", ()) == verdict("thawed")


def test_a_voidance_under_appeal_is_contested_until_it_is_ruled_on(told: Pool):
    def verdict(name: str) -> tuple[str, tuple[int, ...]]:
        found = holds_on(reading(told, known_at=AT[name]), SHARE, true_on=DAY)
        return found.verdict, found.doubted

    assert ("answered", ()) == verdict("ruled")
    assert ("contested", (AT["ruled"],)) == verdict("appealed")
    assert ("answered", ()) == verdict("second ruling")


SECOND = b.key_id(b.INSTITUTE, 1)
SIGNED = b.technology_registered()


@pytest.mark.parametrize(
    ("outcome", "verdict"), [("confirmed", "answered"), ("disowned", "contested")]
)
def test_what_a_compromised_key_signed_is_contested_until_its_party_stands_by_it(
    postgres_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, outcome: str, verdict: str
):
    lines = replace(logbook.SIGNATURE, key_id=SECOND)
    monkeypatch.setattr(logbook, "SIGNATURE", lines)
    story = (
        b.key_added(),
        said(SIGNED, signatures=(SECOND,)),
        b.key_revoked(key_id=SECOND, reason="compromised", compromised_since=2),
    )
    events = written_again(logged(*story))
    doubted = f"sha256:{hashlib.sha256(events[2].payload).hexdigest()}"
    word = reconfirmation_given(SIGNED, event=doubted, outcome=outcome)
    events.append(logbook.written(word, len(events), (b.INSTITUTE,)))
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=4)
        append_all(pool, events, NOON)
        rebuild(pool, READ_MODELS, decode)
        known = [technology_of(reading(pool, known_at=at), b.TECHNOLOGY) for at in (2, 3, 4)]
        assert ["answered", "contested", verdict] == [each.verdict for each in known]
        assert [(), (2,)] == [each.doubted for each in known[:2]]
        # What it signed is recorded, no matter who held it: a list of that is no guess.
        assert "answered" == signed_by(reading(pool), SECOND, between="compromise").verdict
        pool.close()


LICENSED: dict[str, Body] = {
    "filed": b.right_filed(),
    "granted": b.right_granted(),
    "contract": b.contract_concluded(),
    "court": d.court_registered(),
    "arbiters": d.court_registered(d.ARBITERS),
    "opened": d.dispute_opened(),
    "ruled": d.ruling_made(orders=[d.void(b.contract_concluded(), CONTRACT, RIGHT)]),
    "appealed": d.appeal_filed(),
    "second ruling": d.ruling_made(forum=d.ARBITERS),
}


def test_a_licence_voided_under_appeal_is_contested_where_it_would_cover_the_use(
    postgres_server: EmbeddedPostgres,
):
    at = {name: position for position, name in enumerate(LICENSED, 1)}
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=4)
        append_all(pool, written_again(logged(*LICENSED.values())), NOON)
        rebuild(pool, READ_MODELS, decode)

        def verdict(place: str, name: str) -> tuple[str, tuple[int, ...]]:
            territory = Territory.model_validate({"codes": [place]})
            field = Field.model_validate({"scheme": "ipc", "edition": "2026.01", "codes": ["A61K"]})
            use = Use(b.FIRM, "sell", territory, field, date(2027, 1, 1))
            found = check_licence(reading(pool, known_at=at[name]), use, now=NOON)
            return found.verdict, found.doubted

        assert ("yes", ()) == verdict("vn-2025:48", "contract")
        assert ("no", ()) == verdict("vn-2025:48", "ruled")
        assert ("contested", (at["ruled"],)) == verdict("vn-2025:48", "appealed")
        assert ("no", ()) == verdict("iso:LA", "appealed")  # It never was for there.
        assert ("no", ()) == verdict("vn-2025:48", "second ruling")
        pool.close()


def in_words(*words: str) -> dict[str, object]:
    return {"scheme": "words", "edition": None, "codes": list(words)}


def test_a_grant_limited_in_words_permits_nothing_for_certain_and_keeps_others_out(
    postgres_server: EmbeddedPostgres,
):
    surgery, ours = in_words("surgery"), ["sell"]
    granted = b.contract_concluded(
        grants=[b.grant(field=surgery, exclusivity="exclusive", acts=ours)]
    )
    filed = [b.right_filed(filed_on="2020-03-10"), b.right_granted(), b.technology_registered()]
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=4)
        append_all(pool, written_again(logged(*filed, granted)), NOON)
        rebuild(pool, READ_MODELS, decode)
        world = Territory.model_validate({"codes": ["vn-2025:48"]})
        medicine = Field.model_validate({"scheme": "ipc", "edition": "2026.01", "codes": ["A61K"]})

        def check(field: Field, place: Territory = world) -> tuple[str, list[tuple[str, ...]]]:
            use = Use(b.FIRM, "sell", place, field, date(2027, 1, 1))
            found = check_licence(reading(pool), use, now=NOON)
            return found.verdict, [each.beyond for each in found.grants]

        assert ("contested", [("field_in_words",)]) == check(medicine)
        assert ("yes", [()]) == check(Field.model_validate(surgery))
        laos = Territory.model_validate({"codes": ["iso:LA"]})
        assert ("no", [("territory", "field_in_words")]) == check(medicine, laos)
        part = Part(world, medicine, date(2027, 1, 1), None)
        assert "contested" == exclusive_in(reading(pool), RIGHT, part).verdict
        left = left_of(reading(pool), RIGHT, start=date(2027, 1, 1), end=date(2028, 1, 1))
        assert not any("sell" in free.acts for free in left.exclusive)
        pool.close()


def test_whoever_answers_of_a_deed_that_is_void_under_appeal_says_so(told: Pool):
    assert "contested" == agreement_of(reading(told, known_at=AT["appealed"]), SHARE).verdict
    assert "yes" == agreement_of(reading(told, known_at=AT["ruled"]), SHARE).verdict
