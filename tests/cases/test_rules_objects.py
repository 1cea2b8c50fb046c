"""Cases that the rules answered wrongly: the day whose law judges, and what is given twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.contracts.approval import RegistrationNeeded
from ledger.domain.contracts.changing import RightsNotNamed
from ledger.domain.contracts.clauses import DateUnproven, VoidNoChallenge
from ledger.domain.contracts.contract_terms import Confirmation
from ledger.domain.contracts.granting import ExclusiveOverlap, SoleThirdGrant
from ledger.domain.core.body import Body
from ledger.domain.core.codes import FieldUnknown, TerritoryEdition
from ledger.domain.core.dated_law import Law
from ledger.domain.core.ground import Ground
from ledger.domain.market.listing import ContentMissing
from ledger.domain.parties.attestation import Attested
from ledger.domain.rights.assignability import ForeignAssigneeStateFunded
from ledger.domain.rights.backdating import Backdated, RightNotYet
from ledger.domain.rights.number import NumberForm, right_id
from ledger.domain.rights.preemption import PreemptionOpen
from ledger.domain.rights.right import RightExists, covered
from ledger.events.lawbook import available_laws
from projections.engine.near import near_to
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    STRANGER,
    TECHNOLOGY,
    THIRD,
    assignment_agreed,
    contract_concluded,
    first_party,
    grant,
    held,
    party_registered,
    right_filed,
    sublicence_granted,
    technology_registered,
)
from tests.support.contracts import LATE, contract_terminated, option_exercised, terms_amended
from tests.support.disputes import court_registered, dispute_opened, ruling_made, void
from tests.support.golden_events import STORY
from tests.support.specification import EMPTY, START, Past, Said, given, said
from tests.support.titles import coowner_notified

ABROAD = party_registered(**first_party(STRANGER, name="Ono", seat="JP"))


def test_old_signing_day() -> None:
    """A clause void today does not stand by the word that it was agreed before the law was."""
    clause = {"no_challenge": "3.1", "concluded_on": "2006-06-30"}
    old, young = given(right_filed(filed_on="2002-03-10")), given(right_filed())
    deed = contract_concluded(**clause, grants=[grant(valid_to=None)])
    young.when(deed).then_refused(DateUnproven, positions=[0])
    old.when(contract_concluded(**clause, **LATE)).then_refused(DateUnproven, positions=[0])
    in_2006 = datetime(2006, 6, 30, tzinfo=UTC)
    lasting = {
        "grants": [grant(valid_from="2006-07-01", valid_to="2022-03-11")],
        "effective_from": "2006-07-01",
        **clause,
    }
    old.when(said(contract_concluded(**lasting), accepted=in_2006)).then_admitted()
    without = {"concluded_on": "2006-06-30", **LATE}
    young.when(contract_concluded(**without)).then_refused(RightNotYet, positions=[0])
    from_the_filing = {"concluded_on": "2020-03-10", **LATE}
    young.when(contract_concluded(**from_the_filing)).then_admitted()
    late = young.when(contract_concluded(concluded_on="2020-03-10")).then_refused(Backdated)
    assert "/body/confirms" == late.pointer
    today = contract_concluded(no_challenge="3.1")
    young.when(today).then_refused(VoidNoChallenge)


def test_licensed_before_the_filing() -> None:
    """Nobody licenses or sells what nobody had filed; what arises by itself may be older."""
    early = {"effective_from": "2006-07-01", "concluded_on": "2026-11-02", **LATE}
    grants = [grant(valid_from="2006-07-01")]
    past = given(right_filed())
    refusal = past.when(contract_concluded(**early, grants=grants)).then_refused(RightNotYet)
    assert "/body/grants/0/valid_from" == refusal.pointer
    sold = assignment_agreed(agreed_on="2019-12-31", **LATE)
    past.when(sold).then_refused(RightNotYet, positions=[0])
    past.when(assignment_agreed(agreed_on="2020-03-10", **LATE)).then_admitted()
    given(right_filed(kind="software")).when(sold).then_admitted()
    given(right_filed(filing_day="latest")).when(sold).then_admitted()


def test_old_inbound() -> None:
    """A transfer into Vietnam says what today's law asks, whatever day its parties put on it."""
    taken = grant(licensor=STRANGER, licensee=RIVAL, rights=[], technologies=[TECHNOLOGY])
    deed = {
        "kind": "technology_transfer",
        "parties": sorted([STRANGER, RIVAL]),
        "grants": [taken],
        "concluded_on": "2018-06-30",
    }
    past = given(ABROAD, technology_registered(owners=[held(STRANGER)]))
    bare = {"price": None, "royalty_ppm": None, "royalty_base": "none", "dispute_body": None}
    for late in ({}, LATE):
        past.when(contract_concluded(**deed, **bare, **late)).then_refused(ContentMissing)
        past.when(contract_concluded(**deed, **late)).then_refused(RegistrationNeeded)
    waiting = {"effective_upon": "registration", **LATE}
    past.when(contract_concluded(**deed, **waiting)).then_admitted()


def test_sold_abroad() -> None:
    """A State-funded invention goes abroad by no deed that says it is older than the rule."""
    past = given(technology_registered(), right_filed(technology=TECHNOLOGY), ABROAD)
    deed = {"assignees": [held(STRANGER)], "agreed_on": "2022-12-31"}
    for late in ({}, LATE):
        past.when(assignment_agreed(**deed, **late)).then_refused(
            ForeignAssigneeStateFunded, positions=[0, 1]
        )
    past.when(assignment_agreed(agreed_on="2022-12-31", **LATE)).then_admitted()


def test_a_notice_gives_time_by_the_law_of_its_recording() -> None:
    """Whatever day it is said to have arrived: before 2017 no rule here gives a co-owner time."""
    joint = right_filed(filed_on="2010-03-10", owners=[held(INSTITUTE, 1, 2), held(FIRM, 1, 2)])
    notice = coowner_notified(received_on="2016-06-01", sellers=[held(FIRM, 1, 2)])
    sale = assignment_agreed(
        assignors=[held(FIRM, 1, 2)],
        assignees=[held(RIVAL, 1, 2)],
        price=notice.price,
        notices=[notice.preemption],
    )
    past = given(joint, notice)
    past.when(sale).then_admitted()
    june = sale.model_copy(update={"agreed_on": date(2016, 6, 2)})
    past.when(june.model_copy(update={"confirms": Confirmation(reason="late")})).then_refused(
        PreemptionOpen, positions=[1]
    )


class Asked(Law):
    """Law data that remember for which days they were asked; a calendar is not asked for law."""

    days: set[date]

    def all(self, topic: str, on: date, **keys: object) -> tuple[Ground, ...]:
        self._remember(topic, on)
        return super().all(topic, on, **keys)

    def about(self, topic: str, on: date) -> tuple[Ground, ...]:
        self._remember(topic, on)
        return super().about(topic, on)

    def _remember(self, topic: str, on: date) -> None:
        if not topic.startswith("period."):
            self.days.add(on)


def days_of(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield where a body says a legal day."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in parts:
            yield from days_of(part, (*at, name))
    elif isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
        yield at


def with_day(told: Any, at: tuple[str | int, ...], day: str) -> Any:
    """Return a body that says another day there."""
    if not at:
        return day
    first, *rest = at
    changed = dict(told) if isinstance(told, dict) else list(told)
    changed[first] = with_day(told[first], tuple(rest), day)
    return changed


def told() -> Iterator[tuple[Past, Body]]:
    """Yield what private parties say in the story of all topics, each after what came before."""
    past = EMPTY
    for what in STORY:
        body = what.body if isinstance(what, Said) else what
        if past.size and not isinstance(body, Attested):
            yield past, body
        past = past.and_then(what)


def test_no_day_that_a_party_says_picks_the_law() -> None:
    """Whatever day a body says, the law of that day is never asked."""
    moved = 0
    for past, body in told():
        laws = {}
        for digest, law in available_laws().items():
            laws[digest] = Asked(law.edition, law.sha256, law.instruments, law.rows)
        asked = replace(past, laws=laws)
        whole = body.model_dump(mode="json")
        now = START + timedelta(days=3)
        for at in days_of(whole):
            for day in ("2003-05-17", "2019-08-23", "2026-10-29"):
                days = set[date]()
                for law in laws.values():
                    object.__setattr__(law, "days", days)
                try:
                    other = type(body).model_validate(with_day(whole, at, day))
                except ValueError:
                    continue
                asked.when(said(other, accepted=now))
                assert date.fromisoformat(day) not in days, f"{body.TOPIC}: {at}"
                moved += 1
    assert moved > len(STORY)


REFUSED = (
    contract_concluded(no_challenge="3.1"),
    contract_concluded(grants=[]),
    contract_concluded(tied_purchases=[{"item": "resin", "quality_reason": None}]),
    contract_concluded(grants=[grant(territory={"codes": ["vn-2004:VN-27"]})]),
    contract_concluded(
        kind="technology_transfer", grants=[grant(technologies=[TECHNOLOGY])], state_money=True
    ),
    assignment_agreed(assignees=[held(STRANGER)]),
)
"""What the law of the recorded day refuses."""


@pytest.mark.parametrize("body", REFUSED, ids=lambda body: body.TOPIC)
def test_no_older_day_turns_a_refusal_by_law_into_an_admission(body: Body) -> None:
    """Each day by itself, and all together, twenty years earlier, with a reason for being late."""
    past = given(technology_registered(), right_filed(technology=TECHNOLOGY), ABROAD)
    assert past.when(body).refusal is not None
    whole = {**body.model_dump(mode="json"), **LATE}
    every = whole
    for at in days_of(whole):
        value: Any = whole
        for name in at:
            value = value[name]
        earlier = value.replace(value[:4], str(int(value[:4]) - 20))
        every = with_day(every, at, earlier)
        for said_so in (with_day(whole, at, earlier), every):
            attempt = past.when(type(body).model_validate(said_so))
            assert attempt.refusal is not None, at


SECOND = "contract:01890000-0000-7000-8000-0000000000ff"


def know_how(licensee: str = FIRM, **overrides: Any) -> Any:
    """Return the institute's licence of a technology alone."""
    terms = overrides.pop("terms", {})
    made = grant(**{"licensee": licensee, "rights": [], "technologies": [TECHNOLOGY], **overrides})
    return contract_concluded(
        **{"grants": [made], "parties": sorted([INSTITUTE, licensee]), "kind": "licence", **terms}
    )


def test_know_how_twice() -> None:
    """Know-how is licensed exclusively once; elsewhere, or with the holder's word, again."""
    past = given(technology_registered(), know_how())
    again = {"terms": {"contract": SECOND}}
    past.when(know_how(RIVAL, **again)).then_refused(
        ExclusiveOverlap, positions=[1], subjects=[TECHNOLOGY]
    )
    past.when(know_how(RIVAL, **again, exclusivity="non_exclusive")).then_refused(ExclusiveOverlap)
    past.when(know_how(RIVAL, **again, territory={"codes": ["iso:LA"]})).then_admitted()
    willing = {"contract": SECOND, "consents": [FIRM]}
    past.when(know_how(RIVAL, terms=willing, exclusivity="non_exclusive")).then_admitted()
    beside = know_how(RIVAL, terms=willing, accepts=[f"{CONTRACT}#g1"])
    past.when(beside).then_admitted()
    sole = given(technology_registered(), know_how(exclusivity="sole"))
    sole.when(know_how(RIVAL, **again)).then_refused(SoleThirdGrant, positions=[1])


def test_a_grant_on_a_right_and_know_how_is_tried_on_each() -> None:
    past = given(technology_registered(), right_filed(), know_how())
    both = grant(licensee=RIVAL, technologies=[TECHNOLOGY])
    terms = {"contract": SECOND, "parties": sorted([INSTITUTE, RIVAL])}
    past.when(contract_concluded(**terms, grants=[both])).then_refused(
        ExclusiveOverlap, positions=[2], subjects=[TECHNOLOGY]
    )
    of_right = grant(licensee=RIVAL)
    past.when(contract_concluded(**terms, grants=[of_right])).then_admitted()


def test_know_how_is_free_again_when_its_contract_ends_or_falls() -> None:
    """An end and a ruling name the technology, and free it; so does an amendment that narrows."""
    past = given(technology_registered(), know_how())
    rival = know_how(RIVAL, terms={"contract": SECOND})
    end = {
        "contract": CONTRACT,
        "ground": "consent",
        "exit": None,
        "notice": None,
        "terminated_by": sorted([INSTITUTE, FIRM]),
        "terminated_on": "2026-11-02",
    }
    past.when(contract_terminated(**end, rights=[])).then_refused(RightsNotNamed)
    past.and_then(contract_terminated(**end, rights=[TECHNOLOGY])).when(rival).then_admitted()
    narrow = grant(rights=[], technologies=[TECHNOLOGY], territory={"codes": ["iso:LA"]})
    amended = terms_amended(
        changes={"grants": [narrow]}, rights=[TECHNOLOGY], effective_from="2026-12-01"
    )
    past.when(amended.model_copy(update={"rights": ()})).then_refused(RightsNotNamed)
    past.and_then(amended).when(rival).then_admitted()
    disputed = (court_registered(), dispute_opened(concerns=[CONTRACT]))
    voided = ruling_made(orders=[void(know_how(), CONTRACT, TECHNOLOGY)])
    fallen = given(technology_registered(), know_how(), *disputed, voided)
    fallen.when(rival).then_admitted()


def test_a_sublicence_of_know_how_sits_under_its_head_and_an_option_burdens_when_taken_up() -> None:
    past = given(technology_registered(), know_how())
    below = grant(
        licensor=FIRM,
        licensee=THIRD,
        rights=[],
        technologies=[TECHNOLOGY],
        exclusivity="exclusive",
        acts=["sell"],
    )
    passed_on = sublicence_granted(grant=below, sublicensor=FIRM, sublicensee=THIRD)
    under = past.and_then(passed_on)
    other = {**below, "licensee": RIVAL}
    again = sublicence_granted(contract=SECOND, grant=other, sublicensor=FIRM, sublicensee=RIVAL)
    under.when(again).then_refused(ExclusiveOverlap, positions=[2], subjects=[TECHNOLOGY])
    option = know_how(RIVAL, option_until="2027-12-01", terms={"contract": SECOND})
    taken = option_exercised(
        contract=SECOND,
        grant=grant(licensee=RIVAL, rights=[], technologies=[TECHNOLOGY]),
        exercised_by=RIVAL,
    )
    given(technology_registered(), option, know_how()).when(taken).then_refused(
        ExclusiveOverlap, positions=[2]
    )
    given(technology_registered(), option, taken).when(know_how()).then_refused(
        ExclusiveOverlap, positions=[2]
    )


QUANG_NAM = {"codes": ["vn-2004:VN-27"]}
IN_2024 = {
    "concluded_on": "2024-05-04",
    "effective_from": "2024-06-01",
}
MAY = datetime(2024, 5, 4, 3, tzinfo=UTC)


def in_quang_nam(**overrides: Any) -> dict[str, Any]:
    """Return a grant for the province as it was called in 2024."""
    return grant(territory=QUANG_NAM, valid_from="2024-06-01", **overrides)


def amended(*grants: dict[str, Any]) -> Any:
    return terms_amended(changes={"grants": list(grants)}, rights=[RIGHT])


def test_old_province() -> None:
    """A grant of 2024 gets another quantity; a province named again goes by today's list."""
    licensed = said(contract_concluded(**IN_2024, grants=[in_quang_nam()]), accepted=MAY)
    past = given(right_filed(), licensed)
    past.when(amended(in_quang_nam(quantity=500))).then_admitted()
    left_out = {"territory": QUANG_NAM, "field": None}
    other = in_quang_nam(grant="g2", exclusivity="non_exclusive")
    past.when(amended(other)).then_admitted()
    two = grant(territory={"codes": ["vn-2004:VN-27", "vn-2004:VN-DN"]})
    refusal = past.when(amended(two)).then_refused(TerritoryEdition)
    assert "vn-2004:VN-DN lies in vn-2025:48" in refusal.detail
    past.when(amended(grant(territory={"codes": ["vn-2025:48"]}))).then_admitted()
    anew = contract_concluded(grants=[grant(excluded=left_out)])
    given(right_filed()).when(anew).then_refused(TerritoryEdition)
    gone = past.and_then(amended(grant(territory={"codes": ["vn-2025:48"]})))
    gone.when(amended(in_quang_nam())).then_refused(TerritoryEdition)


def test_a_sublicence_may_name_the_province_as_its_head_does() -> None:
    head = in_quang_nam(sublicensing="free", valid_to="2030-12-01")
    licensed = said(contract_concluded(**IN_2024, grants=[head]), accepted=MAY)
    past = given(right_filed(), licensed)
    below = grant(licensor=FIRM, licensee=RIVAL, territory=QUANG_NAM, exclusivity="non_exclusive")
    past.when(sublicence_granted(grant=below)).then_admitted()
    other = {**below, "territory": {"codes": ["vn-2004:VN-DN"]}}
    past.when(sublicence_granted(grant=other)).then_refused(TerritoryEdition)


def test_an_old_symbol_of_trade_stands_as_a_province_does() -> None:
    """VSIC 2018 named in 2024 stands when the units change; with edition 2025 it is another."""
    trade = {"scheme": "vsic", "edition": "2018", "codes": ["4511"]}
    old = in_quang_nam(field=trade)
    licensed = said(contract_concluded(**IN_2024, grants=[old]), accepted=MAY)
    past = given(right_filed(), licensed)
    past.when(amended({**old, "quantity": 500})).then_admitted()
    anew = {**old, "field": {**trade, "edition": "2025"}}
    past.when(amended(anew)).then_refused(FieldUnknown)


@pytest.mark.parametrize("office", ["zz", "uk", "xk.one"])
def test_an_office_that_is_none_files_nothing(office: str) -> None:
    """The United Kingdom's office is `gb` (WIPO ST.3); offices of several States are none's."""
    named = {"right": f"right:{office}.1", "office": office, "application_no": "1"}
    with pytest.raises(ValidationError, match="code of no office"):
        right_filed(**named)
    assert () == covered("mark", "bx", ())
    assert ("iso:GB",) == covered("mark", "gb", ())


@pytest.mark.parametrize("office", ["dl", "yd", "xu"])
def test_an_office_that_was_one_filed_what_it_filed(office: str) -> None:
    """ST.3 keeps two codes of the German Democratic Republic, and Democratic Yemen's."""
    named = {"right": f"right:{office}.1", "office": office, "application_no": "1"}
    given().when(right_filed(**named)).then_admitted()


@pytest.mark.parametrize("edition", ["1999.01", "2007.04", "2005.01", "2027.01"])
def test_an_edition_of_the_ipc_that_never_was_is_none(edition: str) -> None:
    with pytest.raises(ValidationError, match="not an edition"):
        contract_concluded(grants=[grant(field={**IPC, "edition": edition})])


def test_a_grant_names_the_edition_of_the_ipc_that_it_means() -> None:
    for edition in ("1968.09", "2000.01", "2006.01", "2007.10", "2026.01"):
        licensed = contract_concluded(grants=[grant(field={**IPC, "edition": edition})])
        given(right_filed()).when(licensed).then_admitted()


IPC = {"scheme": "ipc", "codes": ["A61K"]}


def test_own_number() -> None:
    """One application is one right, however its number is spelled; the refusal says how it is."""
    american = {"office": "us", "kind": "invention"}
    for spelled in ("15/438,832", "US 15/438,832"):
        filed = right_filed(**american, application_no=spelled, right=right_id("us", spelled))
        refusal = given().when(filed).then_refused(NumberForm)
        assert "15438832" in refusal.detail
        assert "/body/application_no" == refusal.pointer
        assert "right:us.15438832" == refusal.changes["/body/right"]
    right = right_filed(**american, application_no="15438832", right="right:us.15438832")
    given(right).when(right).then_refused(RightExists)


def test_a_read_offers_the_right_of_another_spelling() -> None:
    for spelled in ("right:us.15-438-832", "right:us.us-15-438-832", "right:us.15438832"):
        assert spelled == "right:us.15438832" or "right:us.15438832" in near_to(spelled)
    assert "right:ep.99203729" in near_to("right:ep.ep99203729.5")


@pytest.mark.parametrize("kind", ["trade_secret", "know_how"])
def test_know_how_twice_as_technology_and_as_its_own_secret(kind: str) -> None:
    """It is one thing by two names, in either order; what else is of the technology is another."""
    secret, patent = right_filed(kind=kind, technology=TECHNOLOGY), right_filed()
    as_secret = grant(acts=["use"], valid_to="2029-12-01")
    as_technology = {**as_secret, "rights": [], "technologies": [TECHNOLOGY]}
    rival = {"contract": f"{CONTRACT}f", "parties": sorted([INSTITUTE, RIVAL])}
    for first, second in ((as_secret, as_technology), (as_technology, as_secret)):
        mine = contract_concluded(grants=[first])
        theirs = contract_concluded(**rival, grants=[{**second, "licensee": RIVAL}])
        past = given(technology_registered(), secret, mine)
        past.when(theirs).then_refused(ExclusiveOverlap, positions=[2])
        apart = given(technology_registered(), patent, mine)
        apart.when(theirs).then_admitted()
