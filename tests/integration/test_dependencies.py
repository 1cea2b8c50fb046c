"""If an event is void from the start, what else falls."""

from collections.abc import Iterator

import pytest

from api.explorer.pages import contested
from ledger.domain.core.body import Body
from ledger.store.connection import Pool
from projections.questions.dispute_record import Dispute
from projections.tables.dependencies import falls_with
from projections.tables.dispute_events import Step
from tests.support import builders as b
from tests.support.builders import BANK, CONTRACT, FIRM, INSTITUTE, OTHER_RIGHT, RIGHT, RIVAL
from tests.support.folded import telling
from tests.support.logbook import NOON
from tests.support.reading import reading
from tests.support.running import contract_running

SALE, RESALE = "assignment:sale", "assignment:resale"
LICENCE = "contract:by-the-rival"
HALF = {"assignors": [b.held(INSTITUTE, 1, 2)], "assignees": [b.held(RIVAL, 1, 2)]}
STORY: dict[str, Body] = {
    "filed": b.right_filed(),
    "other filed": b.other_right_filed(),
    "contract": contract_running(),
    "sublicence": b.sublicence_granted(),
    "shared": b.share_agreed(),
    "reported": b.revenue_reported(),
    "distributed": b.revenue_distributed(),
    "paid": b.payment_confirmed(),
    "sold half": b.assignment_agreed(assignment=SALE, rights=[RIGHT], **HALF),
    "sale registered": b.assignment_registered(assignment=SALE, rights=[RIGHT]),
    "sold the rest": b.assignment_agreed(assignment=RESALE, rights=[RIGHT], **HALF),
    "rest registered": b.assignment_registered(assignment=RESALE, rights=[RIGHT]),
    "charged": b.security_created(rights=[RIGHT], debtors=[RIVAL], creditor=BANK),
    "freed": b.security_released(rights=[RIGHT]),
    "licensed": b.contract_concluded(
        contract=LICENCE,
        parties=[RIVAL, FIRM],
        grants=[
            b.grant(licensor=RIVAL, licensee=FIRM, acts=["import"], exclusivity="non_exclusive")
        ],
    ),
}
AT = {name: position for position, name in enumerate(STORY, 1)}
NAMES = {position: name for name, position in AT.items()}


@pytest.fixture(scope="module")
def told(postgres_server) -> Iterator[Pool]:
    with telling(postgres_server, STORY.values()) as pool:
        yield pool


def fallen(pool: Pool, name: str) -> dict[str, bool]:
    """Return the names of what falls with an event, and whether it surely does."""
    found = falls_with(reading(pool), AT[name])
    return {NAMES[each.event.position]: each.certain for each in found.fallen}


def test_with_a_contract_fall_its_sublicences_and_its_money(told):
    assert dict.fromkeys(
        ("sublicence", "shared", "reported", "distributed", "paid"), True
    ) == fallen(told, "contract")
    (sublicence, *_) = falls_with(reading(told), AT["contract"]).fallen
    assert ((CONTRACT,), (AT["contract"],)) == (sublicence.because, sublicence.of)


def test_with_a_share_fall_its_distributions_and_what_they_paid(told):
    assert {"distributed": True, "paid": True} == fallen(told, "shared")


def test_with_the_only_source_of_a_title_falls_all_that_its_holder_did(told):
    assert set(AT) - {"filed", "other filed"} == set(fallen(told, "filed"))
    assert {} == fallen(told, "other filed")


def test_who_has_title_from_elsewhere_too_may_stand(told):
    falls = {"sale registered": True, "charged": False, "licensed": False, "freed": False}
    assert falls == fallen(told, "sold half")
    del falls["sale registered"]
    assert falls == fallen(told, "sale registered")


def test_nothing_rests_on_the_last_event(told):
    assert {} == fallen(told, "licensed")
    assert OTHER_RIGHT not in falls_with(reading(told), AT["licensed"]).positions


def test_what_was_not_known_yet_does_not_fall(told):
    found = falls_with(reading(told, known_at=AT["shared"]), AT["contract"])
    assert (AT["sublicence"], AT["shared"]) == found.positions


def about(*concerns: str, against: str) -> Dispute:
    """Return a dispute about subjects, against a party."""
    opened = Step(
        *("dispute:a", 40, NOON, "dispute.opened/1", (FIRM,), (against,), None),
        *(concerns, None, None, False),
    )
    return Dispute("dispute:a", 41, (opened,), ())


def test_contested_are_the_contract_and_the_deeds_by_which_a_respondent_took_the_right(told):
    def named(dispute: Dispute) -> set[str]:
        return {NAMES[each] for each in contested(reading(told), dispute)}

    assert {"contract"} == named(about(f"{CONTRACT}#g1", CONTRACT, against=INSTITUTE))
    assert {"sold half", "sold the rest"} == named(about(RIGHT, against=RIVAL))
    assert {"charged"} == named(about(RIGHT, against=BANK))
    assert set() == named(about(RIGHT, against=FIRM))
    assert set() == named(about("contract:none", b.SHARE, against=RIVAL))
