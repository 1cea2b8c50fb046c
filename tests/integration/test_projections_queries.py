"""Questions put to the tables, and the events that prove the answers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from ledger.domain.core.body import Body
from ledger.domain.core.scope import Field, Territory
from ledger.store.connection import Pool
from projections.engine.decoding import decode
from projections.engine.runner import Runner
from projections.engine.view import Beyond, NotAsked, NotFolded
from projections.questions.histories import timeline_of
from projections.questions.licence_check import LicenceCheck, Use, check_licence
from projections.questions.title import Owner, title_of
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.run.waiting import folded_sizes, wait_until_folded
from projections.tables.chain import chain_of
from projections.tables.contract_revenue import Balance, revenue_of
from projections.tables.liens import liens_on
from projections.tables.offers import offers_of
from projections.tables.status import status_of
from projections.tables.timeline import timeline
from tests.support import builders as b
from tests.support.builders import AUTHOR, BANK, CONTRACT, FIRM, INSTITUTE, RIGHT, RIVAL
from tests.support.contracts import LATE
from tests.support.logbook import NOON, append_all, written_again
from tests.support.postgres import fresh_database
from tests.support.projecting import logged
from tests.support.reading import reading
from tests.support.running import contract_running

CORRECTION = "report:corrected"
SOFTWARE = "right:vn.1-2020-00003"
BOTH = [RIGHT, b.OTHER_RIGHT]
STORY: dict[str, Body] = {
    "filed": b.right_filed(filed_on="2020-03-10"),
    "granted": b.right_granted(),
    "other filed": b.other_right_filed(filed_on="2020-03-10"),
    "technology": b.technology_registered(),
    "charged": b.security_created(rights=BOTH, created_on="2026-10-01"),
    "freed": b.security_released(released_on="2026-11-01"),
    "offered": b.offer_made(price=b.sealed()),
    "countered": b.offer_countered(counters_event=b.hash_of(b.offer_made(price=b.sealed()))),
    "contract": contract_running(
        grants=[
            b.grant(rights=BOTH, technologies=[b.TECHNOLOGY]),
            b.grant(grant="g2", acts=["copy"], valid_from="2026-01-01"),
        ],
        price=b.sealed("price"),
    ),
    "sublicence": b.sublicence_granted(),
    "shared": b.share_agreed(),
    "reported": b.revenue_reported(),
    "corrected": b.revenue_reported(
        report=CORRECTION,
        corrects=b.REPORT,
        lines=[
            {"line": "a", "gross": 1_050_000_000},
            {"line": "b", "gross": -50_000_000, "returns": {"report": CORRECTION, "line": "a"}},
        ],
    ),
    "distributed": b.revenue_distributed(reports=[CORRECTION]),
    "paid": b.payment_confirmed(),
    "agreed": b.assignment_agreed(agreed_on="2026-10-30", **LATE),
    "registered": b.assignment_registered(effective_on="2026-10-31", registered_on="2026-11-01"),
    "lapsed": b.right_lapsed(effective_from="2027-05-04", published_on="2026-11-01"),
    "software": b.right_filed(right=SOFTWARE, kind="software", application_no="1-2020-00003"),
    "passed on": b.assignment_agreed(
        assignment="assignment:software", rights=[SOFTWARE], agreed_on="2026-11-02"
    ),
}
SIZE = len(STORY) + 1
AT = {name: position for position, name in enumerate(STORY, 1)}
VIETNAM = Territory.model_validate({"codes": ["iso:VN"]})
DA_NANG = Territory.model_validate({"codes": ["vn-2025:48"]})
LAOS = Territory.model_validate({"codes": ["iso:LA"]})
MEDICINE = Field.model_validate({"scheme": "ipc", "edition": "2026.01", "codes": ["A61K 31/00"]})
ANYTHING = Field.model_validate({"scheme": "any", "edition": None, "codes": []})
ENGINES = Field.model_validate({"scheme": "ipc", "edition": "2026.01", "codes": ["F02"]})


def accepted(name: str) -> datetime:
    return NOON + timedelta(seconds=AT[name])


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


def test_who_owned_a_right_on_a_day_and_by_which_events(told):
    before = title_of(reading(told), RIGHT, true_on=date(2026, 10, 30))
    assert (Owner(INSTITUTE, Fraction(1), RIGHT),) == before.owners
    after = title_of(reading(told), RIGHT, true_on=date(2026, 10, 31))
    assert (Owner(FIRM, Fraction(1), b.ASSIGNMENT),) == after.owners
    assert positions("filed", "agreed", "registered") == after.positions
    assert (SIZE, ()) == (after.size, after.pending)


def test_who_owned_it_as_against_third_parties(told):
    day = date(2026, 10, 31)
    (owner,) = title_of(reading(told), RIGHT, true_on=day, effect="third_parties").owners
    assert INSTITUTE == owner.party


def test_who_the_ledger_believed_to_own_it_at_a_position(told):
    day = date(2026, 12, 1)
    believed = title_of(reading(told, known_at=AT["agreed"]), RIGHT, true_on=day)
    assert [INSTITUTE] == [owner.party for owner in believed.owners]
    assert positions("filed", "agreed") == believed.positions
    (pending,) = believed.pending
    assert (((INSTITUTE, Fraction(1)),), ((FIRM, Fraction(1)),)) == (pending.given, pending.taken)


def test_what_passes_by_agreement_waits_for_the_register_against_third_parties_only(told):
    day = date(2026, 11, 2)
    between = title_of(reading(told), SOFTWARE, true_on=day)
    assert ([FIRM], ()) == ([owner.party for owner in between.owners], between.pending)
    others = title_of(reading(told), SOFTWARE, true_on=day, effect="third_parties")
    assert [INSTITUTE] == [owner.party for owner in others.owners]
    assert ["assignment:software"] == [each.assignment for each in others.pending]


def test_who_the_ledger_believed_to_own_it_at_an_instant(told):
    day, moment = date(2026, 12, 1), accepted("registered")
    for known_at, expected in ((moment - timedelta(milliseconds=1), INSTITUTE), (moment, FIRM)):
        (owner,) = title_of(reading(told, known_at=known_at), RIGHT, true_on=day).owners
        assert expected == owner.party


def test_who_the_office_had_as_owner_by_a_day(told):
    day = date(2026, 12, 1)
    for known_at, expected in (
        (date(2026, 10, 31), INSTITUTE),
        (date(2026, 11, 1), FIRM),
        (datetime(2026, 10, 31, 17, tzinfo=UTC), FIRM),
        (None, FIRM),
    ):
        answer = title_of(reading(told, known_at=known_at, known_by="office"), RIGHT, true_on=day)
        assert [expected] == [owner.party for owner in answer.owners]
    assert positions("filed", "registered") == answer.positions


def test_an_unknown_right_has_no_owners(told):
    answer = title_of(reading(told), "right:vn.none", true_on=date(2026, 12, 1))
    assert ((), (), ()) == (answer.owners, answer.pending, answer.positions)


def test_questions_that_make_no_sense_are_told_so(told):
    day = date(2026, 12, 1)
    with pytest.raises(NotAsked):
        title_of(reading(told, known_at=5, known_by="office"), RIGHT, true_on=day)
    with pytest.raises(NotAsked):
        title_of(reading(told, known_at=day), RIGHT, true_on=day)
    with pytest.raises(Beyond, match=f"the log has {SIZE} entries"):
        title_of(reading(told, known_at=SIZE), RIGHT, true_on=day)


def test_the_chain_of_title_is_every_link_in_order(told):
    chain = chain_of(reading(told), RIGHT)
    expected = ["filed", "security", "release", "agreed", "registered"]
    assert expected == [link.link for link in chain.links]
    names = ("filed", "charged", "freed", "agreed", "registered")
    assert positions(*names) == chain.positions
    assert (
        positions("filed", "charged")
        == chain_of(reading(told, known_at=AT["charged"]), RIGHT).positions
    )


def test_the_liens_on_a_right_on_a_day(told):
    (lien,) = liens_on(reading(told), RIGHT, true_on=date(2026, 10, 31)).liens
    assert (b.SECURITY, (BANK,), (INSTITUTE,), True) == (
        lien.security,
        lien.creditors,
        lien.debtors,
        lien.forbids_assignment,
    )
    freed = liens_on(reading(told), RIGHT, true_on=date(2026, 11, 1))
    assert ((), positions("charged", "freed")) == (freed.liens, freed.positions)
    assert 1 == len(liens_on(reading(told), b.OTHER_RIGHT, true_on=date(2026, 11, 1)).liens)
    then = liens_on(reading(told, known_at=AT["charged"]), RIGHT, true_on=date(2026, 11, 1))
    assert 1 == len(then.liens)


def test_the_status_of_a_right_on_a_day(told):
    now = status_of(reading(told), RIGHT, true_on=date(2027, 6, 1))
    assert ("lapsed", positions("filed", "granted", "lapsed")) == (now.status, now.positions)
    then = status_of(reading(told, known_at=AT["registered"]), RIGHT, true_on=date(2027, 6, 1))
    assert ("in_force", positions("filed", "granted")) == (then.status, then.positions)
    assert status_of(reading(told), b.OTHER_RIGHT, true_on=date(2027, 6, 1)).status == "filed"


def use(party: str = FIRM, **said: object) -> Use:
    asked = {"act": "sell", "territory": DA_NANG, "field": MEDICINE, "true_on": date(2027, 1, 1)}
    return Use(party=party, **{**asked, **said})


def check(told: Pool, asked: Use, known_at: int | None = None) -> LicenceCheck:
    return check_licence(reading(told, known_at), asked, now=NOON)


def test_a_firm_is_licensed_within_its_grant(told):
    answer = check(told, use())
    assert answer.licensed
    (finding,) = answer.grants
    assert (f"{CONTRACT}#g1", CONTRACT, ()) == (
        finding.grant.ref,
        finding.terms.subject,
        finding.heads,
    )
    assert (*BOTH, b.TECHNOLOGY) == finding.objects
    assert positions("filed", "granted", "other filed", "contract", "lapsed") == tuple(
        sorted({*answer.positions, AT["lapsed"]})
    )
    assert (50_000, None, b.sealed("price")["commitment"]) == (
        finding.terms.royalty_ppm,
        finding.terms.price_amount,
        finding.terms.price_commitment,
    )


def test_a_sublicensee_is_licensed_through_the_grants_above(told):
    (finding,) = check(told, use(RIVAL)).grants
    assert finding.holds
    assert [f"{CONTRACT}#g1"] == [head.ref for head in finding.heads]
    assert set(positions("contract", "sublicence")) <= set(finding.positions)


@pytest.mark.parametrize(
    ("said", "beyond"),
    [
        ({"territory": LAOS}, ("territory",)),
        ({"field": ENGINES}, ("field",)),
        (
            {"field": ANYTHING},
            ("field",),
        ),
    ],
    ids=["territory", "field", "any field"],
)
def test_a_use_beyond_the_grant_is_not_licensed_and_the_answer_says_where(told, said, beyond):
    answer = check(told, use(**said))
    assert not answer.licensed
    assert [beyond] == [finding.beyond for finding in answer.grants]
    assert AT["contract"] in answer.positions


@pytest.mark.parametrize(
    "said",
    [
        {"act": "import"},
        {"true_on": date(2026, 11, 30)},
        {"true_on": date(2030, 12, 1)},
        {"party": AUTHOR},
        {"object": "right:vn.none"},
    ],
    ids=["act", "too early", "too late", "stranger", "other right"],
)
def test_where_no_grant_comes_near_the_answer_has_none(told, said):
    answer = check(told, use(**said))
    assert (False, ()) == (answer.licensed, answer.grants)


@pytest.mark.parametrize(
    ("said", "beyond"),
    [
        ({"act": "import"}, ("act",)),
        ({"true_on": date(2026, 11, 30)}, ("day",)),
        ({"true_on": date(2030, 12, 1)}, ("day",)),
        ({"act": "import", "territory": LAOS}, ("act", "territory")),
    ],
    ids=["act", "too early", "too late", "act and place"],
)
def test_where_no_grant_holds_those_of_other_acts_and_days_are_told(told, said, beyond):
    answer = check(told, use(**said))
    told_of = {other.grant.ref: other for other in answer.others}
    assert {f"{CONTRACT}#g1", f"{CONTRACT}#g2"} == told_of.keys()
    first = told_of[f"{CONTRACT}#g1"]
    assert (beyond, False, "no") == (first.beyond, first.holds, answer.verdict)
    assert "act" in told_of[f"{CONTRACT}#g2"].beyond, "it is for copying"
    assert {*first.positions} <= {*answer.positions}
    assert () == check(told, use(**said, object="right:vn.none")).others
    assert () == check(told, use(AUTHOR, **said)).others
    assert () == check(told, use(**said), known_at=AT["contract"] - 1).others


def test_where_a_grant_holds_no_others_are_told(told):
    assert () == check(told, use()).others
    beside = check(told, use(territory=LAOS))
    assert [f"{CONTRACT}#g1"] == [each.grant.ref for each in beside.grants]
    assert [f"{CONTRACT}#g2"] == [each.grant.ref for each in beside.others]


def test_who_names_no_field_is_told_that_it_depends_on_the_field(told):
    """Neither yes nor no: the firm is licensed for some fields."""
    assert "unknown" == check(told, use(field=ANYTHING)).verdict
    assert "no" == check(told, use(field=ANYTHING, territory=LAOS)).verdict
    assert "no" == check(told, use(field=ANYTHING, act="import")).verdict
    assert "no" == check(told, use(field=ENGINES)).verdict


def test_a_licence_says_until_when_it_is_known_to_stay_so(told):
    """The sublicence is on the right that lapses alone; its head grant has others besides."""
    (head,) = check(told, use()).grants
    assert head.grant.valid_to == head.until
    (below,) = check(told, use(RIVAL)).grants
    lapsed = status_of(reading(told), RIGHT, true_on=date(2027, 6, 1)).since
    assert lapsed == below.until
    assert below.until < below.grant.valid_to
    assert AT["lapsed"] in below.positions
    day = below.until - timedelta(days=1)
    assert check(told, use(RIVAL, true_on=day)).licensed
    assert not check(told, use(RIVAL, true_on=below.until)).licensed
    (then,) = check(told, use(RIVAL), known_at=AT["registered"]).grants
    assert then.grant.valid_to == then.until, "nobody knew of the lapse"


def test_a_lapsed_right_licenses_nothing_and_the_answer_names_the_lapse(told):
    """The sublicence is on that right alone; the head grant still has another and a technology."""
    day = date(2027, 5, 4)
    (finding,) = check(told, use(RIVAL, true_on=day)).grants
    assert not finding.holds
    assert [(RIGHT, "lapsed")] == [(end.right, end.status) for end in finding.ended]
    assert AT["lapsed"] in finding.positions
    assert check(told, use(true_on=day)).licensed
    assert not check(told, use(true_on=day, object=RIGHT)).licensed
    assert check(told, use(true_on=day, object=b.OTHER_RIGHT)).licensed
    assert check(told, use(true_on=day, object=b.TECHNOLOGY)).licensed
    assert check(told, use(RIVAL, true_on=day), known_at=AT["registered"]).licensed


def test_a_licence_is_known_from_its_contract_on(told):
    assert not check(told, use(), known_at=AT["contract"] - 1).grants
    assert check(told, use(), known_at=AT["contract"]).licensed


def test_offers_as_they_stood_at_an_instant(told):
    moment = accepted("countered")
    open_then = offers_of(reading(told), at=moment - timedelta(milliseconds=1)).offers
    assert [(b.OFFER, True, None)] == [
        (state.offer.subject, state.open, state.reason) for state in open_then
    ]
    now = offers_of(reading(told), at=moment)
    assert [(b.OFFER, False, "countered"), (b.COUNTER, True, None)] == [
        (state.offer.subject, state.open, state.reason) for state in now.offers
    ]
    assert positions("offered", "countered") == now.positions


def test_offers_of_a_party_come_in_pages(told):
    moment = accepted("lapsed")
    first = offers_of(reading(told), at=moment, party=INSTITUTE, limit=1)
    assert ([b.OFFER], AT["offered"]) == (
        [state.offer.subject for state in first.offers],
        first.next_after,
    )
    second = offers_of(reading(told), at=moment, party=INSTITUTE, limit=1, after=AT["offered"])
    assert ([b.COUNTER], None) == (
        [state.offer.subject for state in second.offers],
        second.next_after,
    )
    assert () == offers_of(reading(told), at=moment, party=BANK).offers
    assert () == offers_of(reading(told), at=moment, listing=b.LISTING).offers
    assert 1 == len(offers_of(reading(told), at=moment, offer=b.COUNTER).offers)


def test_the_money_of_a_contract(told):
    money = revenue_of(reading(told), CONTRACT)
    assert (
        Balance(AUTHOR, "VND", 15_000_000, 15_000_000),
        Balance(INSTITUTE, "VND", 35_000_000, 0),
    ) == money.balances
    assert (0, 35_000_000) == tuple(balance.open for balance in money.balances)
    assert [(b.REPORT, CORRECTION), (CORRECTION, None)] == [
        (report.report.subject, report.corrected_by) for report in money.reports
    ]
    names = ("shared", "reported", "corrected", "distributed", "paid")
    assert positions(*names) == money.positions


def test_the_money_of_a_contract_as_it_was_known(told):
    then = revenue_of(reading(told, known_at=AT["distributed"]), CONTRACT)
    assert [15_000_000] == [balance.open for balance in then.balances if balance.payee == AUTHOR]
    before = revenue_of(reading(told, known_at=AT["reported"]), CONTRACT)
    assert [(b.REPORT, None)] == [
        (report.report.subject, report.corrected_by) for report in before.reports
    ]
    assert ((), ()) == (before.payables, before.balances)


def test_a_timeline_comes_in_pages_in_order(told):
    whole = timeline_of(reading(told), RIGHT)
    named = [name for name, body in STORY.items() if RIGHT in body.subjects()]
    assert (positions(*named), None) == (whole.positions, whole.next_after)
    first = timeline_of(reading(told), RIGHT, limit=3)
    rest = timeline_of(reading(told), RIGHT, after=first.next_after, limit=100)
    assert whole.events == (*first.events, *rest.events)


def test_a_timeline_is_as_it_was_known(told):
    whole = timeline_of(reading(told), RIGHT)
    before = [each.position for each in whole.events if each.position <= AT["agreed"]]
    by_position = timeline_of(reading(told, known_at=AT["agreed"]), RIGHT)
    by_instant = timeline_of(reading(told, known_at=accepted("agreed")), RIGHT)
    assert before == [each.position for each in by_position.events]
    assert replace(by_position, known_at=by_instant.known_at) == by_instant
    assert len(before) < len(whole.events)


def test_a_timeline_shows_all_axes(told):
    by_position = {event.position: event for event in timeline_of(reading(told), RIGHT).events}
    event = by_position[AT["lapsed"]]
    assert ("right.lapsed/1", date(2027, 5, 4), date(2026, 11, 1), accepted("lapsed")) == (
        event.topic,
        event.true_from,
        event.office_recorded_on,
        event.accepted,
    )
    assert ("vn", ()) == (event.office, event.territory)


def test_a_table_that_is_ahead_tells_nothing_that_another_cannot_know(postgres_server):
    """Title halted at the agreement; the chain went on. The answer is that of the agreement."""
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=2)
        rebuild(pool, READ_MODELS, decode)
        append_all(pool, written_again(logged(*STORY.values())), NOON, batch=1)
        Runner(pool, READ_MODELS, decode).catch_up(AT["registered"])
        ahead = tuple(model for model in READ_MODELS if model.name != "title")
        Runner(pool, ahead, decode).catch_up()
        answer = title_of(reading(pool), RIGHT, true_on=date(2026, 12, 1))
        assert (AT["registered"], positions("filed", "agreed")) == (answer.size, answer.positions)
        assert [INSTITUTE] == [owner.party for owner in answer.owners]
        pool.close()


def test_a_reader_can_wait_for_what_it_wrote(told):
    wait_until_folded(told, SIZE, 1.0)
    assert {SIZE} == set(folded_sizes(told).values())
    with pytest.raises(NotFolded):
        wait_until_folded(told, SIZE + 1, 0.0)


def test_what_is_not_built_has_folded_nothing(pool):
    assert {0} == set(folded_sizes(pool).values())
    with pytest.raises(NotFolded):
        timeline_of(reading(pool), RIGHT)
    rebuild(pool, (timeline,), decode)
    with pytest.raises(NotFolded):
        timeline_of(reading(pool), RIGHT)
