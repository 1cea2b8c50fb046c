"""
Royalties and guards against a reference that was written from the specification alone.

Stories in which these rules matter go through real admission: each event is admitted, or refused by
the code that the reference gives, and each amount is the one that it computes. `RULE_STORIES` sets
how many of each kind there are; `python -m tests.rules` tells more, and plants faults.
"""

import os
from collections import Counter
from collections.abc import Iterable
from random import Random

import pytest

from tests.rules.planted import FAULTS, Fault, found_by
from tests.rules.stories import STORIES, tell
from tests.support import builders as b
from tests.support.beside import Beside
from tests.support.random_royalty import BEFORE, LICENCE, schedule
from tests.support.reference_days import later
from tests.support.reference_model import Said
from tests.support.reference_royalty import MONTHS, periods
from tests.support.reference_signers import who_signs

RUNS = int(os.environ.get("RULE_STORIES", "15"))

CODES = {
    "royalty": (
        *("BASE_LINES", "DEDUCTION_NOT_AGREED", "PERIOD_NOT_CUT", "REPORT_AFTER_END"),
        *("REPORT_BEFORE", "REPORT_OVERLAP", "RETURN_OF_NOTHING", "ROYALTY_MISMATCH", "ZERO_RATED"),
    ),
    "ends": (
        *("BACKDATED", "CONTRACT_ENDED", "EXIT_MISSING", "NOTICE_MATTER", "RIGHTS_NOT_NAMED"),
        *("SHARE_BY_STRANGER", "SHARE_SUPERSEDE", "TERMINATION_NOT_RECEIVED"),
    ),
    "guards": (
        *("ACCEPTANCE_DIFFERS", "BACKDATED", "GROUND_PRICE", "SELF_DEALING", "SHARE_SUPERSEDE"),
        "TERRITORY_EDITION",
    ),
}
"""What the stories of a kind must meet, so that none passes by doing nothing."""


@pytest.mark.parametrize("kind", sorted(STORIES))
def test_the_ledger_says_what_the_specification_says(kind: str) -> None:
    seen: Counter[str] = Counter()
    for seed in range(RUNS):
        seen += tell(STORIES[kind], seed)
    assert not set(CODES[kind]) - seen.keys()


def sales(random: Random, terms: Said, day: str, until: str) -> list[Said]:
    """Return what was sold on days between two days, each in one agreed period."""
    found = []
    while day < until:
        end = periods(terms, day, MONTHS[terms["period"]])[1]
        holiday = terms["holiday_until"]
        ends = [end, until, later(day, random.randint(10, 90)), holiday or until]
        after = min(each for each in ends if each > day)
        gross = random.choice((0, 333, 999, 2_501))
        found.append({"start": day, "end": after, "period": end, "gross": gross})
        day = after
    return found


def filed(world: Beside, cut: Iterable[list[Said]]) -> int:
    """Report sales, so many together as they are cut; return the sum of what is due."""
    for number, together in enumerate(cut):
        lines = [
            {
                "line": f"l{place}",
                "period_from": sale["start"],
                "period_to": sale["end"],
                "territory": None,
                "gross": sale["gross"],
                "deductions": [],
                "units": 0,
                "returns": None,
            }
            for place, sale in enumerate(together)
        ]
        gross = sum(sale["gross"] for sale in together)
        said: Said = {
            "report": f"report:{number}",
            "contract": LICENCE,
            "reported_by": b.FIRM,
            "period_from": together[0]["start"],
            "period_to": together[-1]["end"],
            "currency": "VND",
            "gross": gross,
            "deductions": [],
            "base": gross,
            "units": 0,
            "corrects": None,
            "rate": None,
            "stacked": 0,
            "lines": lines,
            "due": b.vnd(0),
            "reckoning": None,
        }
        reckoning, due = world.reference.reckoning(said)
        said.update(due=b.vnd(due), reckoning=reckoning)
        body = b.revenue_reported(**said)
        world.attempt(body, who_signs(body.TOPIC, body.model_dump(mode="json")))
    reports = world.reference.all("revenue.reported")
    return sum(entry["said"]["due"]["amount"] for entry in reports)


@pytest.mark.parametrize("seed", range(6))
def test_neither_the_cut_nor_the_order_of_reports_changes_what_is_due(seed: int) -> None:
    random = Random(seed)
    world = Beside()
    start = world.today
    left_out = {"stacking": None, "cap": None, "milestones": []}
    terms = {**schedule(random, start), **left_out, "deductions": [], "zero_rated": []}
    sold = sales(random, {"year_from": None, **terms}, start, later(start, 500))
    coarse = [
        [sale for sale in sold if sale["period"] == period]
        for period in sorted({sale["period"] for sale in sold})
    ]
    fine = [[sale] for sale in sold]
    dues = []
    for cut in (coarse, fine, random.sample(fine, len(fine)), random.sample(coarse, len(coarse))):
        world = Beside()
        grant = b.grant(valid_from=start, valid_to="2031-01-01")
        licence = b.contract_concluded(
            contract=LICENCE,
            grants=[grant],
            royalty=terms,
            royalty_ppm=None,
            concluded_on=start,
            effective_from=start,
        )
        for body in (*BEFORE, licence):
            world.attempt(body, who_signs(body.TOPIC, body.model_dump(mode="json")))
        world.wait(510)
        dues.append(filed(world, cut))
    assert 1 == len(set(dues)), dues


@pytest.mark.parametrize("fault", FAULTS[:18:4], ids=" ".join)
def test_a_planted_fault_is_found(fault: Fault) -> None:
    assert found_by(fault, 20) is not None
