"""
Faults planted on purpose in a copy of the reference: a word each, in the rules of money and guards.

A disagreement is one, whichever side has the fault: what the stories do not find here they would
not find in the ledger.
"""

import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from tests.rules.stories import STORIES, tell
from tests.support import reference_money
from tests.support.reference_money import WholeReference

_HERE = Path(reference_money.__file__).parent
CHAIN = ("places", "shares", "signers", "model", "deals", "ends", "royalty", "money")
"""The modules of the reference, each on top of the one before."""


class Fault(NamedTuple):
    """A word of a module of the reference, and what stands there instead; which stories find it."""

    module: str
    word: str
    instead: str
    told: str = "guards"


_ROYALTY = (
    # What a line counts, and where.
    ("self.counts(contract, sale):", "self.counts(contract, line):"),
    ('sale["period_from"] < holiday', 'sale["period_from"] <= holiday'),
    ("return not before and not self.zero(contract, sale)", "return not before"),
    ("return not before and not", "return not"),
    ('reaches(place, line["territory"])', 'reaches(line["territory"], place)'),
    ('line["gross"] - sum(each["amount"] for each in line["deductions"])', 'line["gross"]'),
    ('day = sale["period_from"]', 'day = line["period_from"]'),
    (
        'line["base"] * Fraction(rate["numerator"], rate["denominator"])',
        'Fraction(line["base"] * rate["numerator"] // rate["denominator"])',
    ),
    # Tiers, spans, floors.
    ('schedule["tiers_over"] == "year"', 'bool(schedule["period"])'),
    ('periods(schedule, line["day"], 12)[0] if yearly', 'line["day"][:4] if yearly'),
    ("earned.get(span, Fraction(0)) + more", "earned.get(span, Fraction(0)) + more // 1"),
    ("sum(int(each // 1) for each in earned.values())", "int(sum(earned.values()) // 1)"),
    ("sum(int(each // 1)", "sum(-int(-each // 1)"),
    ('start = tier["upto"] or 0', "start = 0"),
    ("more -= integral(schedule, max(before", "more -= 0 * integral(schedule, max(before"),
    ('* line["units"]', '* max(line["units"], 0)'),
    # What is due of a period.
    ('if line["end"] > until:', "if not until:"),
    ('{entry["said"]["corrects"] for entry in found} | {but}', "{but}"),
    (
        '{entry["said"]["corrects"] for entry in found} | {but}',
        '{each["said"]["corrects"] for each in found}',
    ),
    ("-(-royalty * schedule", "(royalty * schedule"),
    ('year[0] <= other["period_from"] < year[1]', 'other["period_from"][:4] == year[0][:4]'),
    (' and each["milestone"] not in named', ""),
    ('at = (periods(line["schedule"], line["day"], 12)[0], end)', 'at = ("", end)'),
    # Where a line is cut, and when it may lie.
    ('{self.schedule(contract, day)["holiday_until"] or "" for day in starts}', "set()"),
    ('found |= self._changes_of(self.granted_to(contract, line["report"]["reported_by"]))', ""),
    ("before.get(name) != after.get(name)", "name"),
    (
        'line["period_from"] < day < line["period_to"]',
        'line["period_from"] <= day < line["period_to"]',
    ),
    ('said["period_to"] > periods(', 'said["period_to"] >= periods('),
    ('said["period_from"] < deed.get("effective_from", "")', "False"),
    ('< min(grant["valid_from"]', '<= min(grant["valid_from"]'),
    ('more = deed.get("sell_off_days") or 0', "more = 0"),
    ('grant["technologies"] or any(', "any("),
    ("or any(self.has(right, each)", "or all(self.has(right, each)"),
    # What a report must add up to.
    (
        'self.schedule(contract, sale["period_from"])["deductions"]',
        'self.schedule(contract, line["period_from"])["deductions"]',
    ),
    ('if any(each["kind"] not in listed', 'if listed and any(each["kind"] not in listed'),
    ('zero += line["base"] if', 'zero += line["gross"] if'),
    ('other["period_from"] < said["period_to"]', 'other["period_from"] <= said["period_to"]'),
    ("return any(min(each) < 0", "return any(max(each) < 0"),
)

_ENDS = (
    # Who ends what, and how.
    ("ends", 'found[0] if found and ending & set(found[0]["who"])', "found[0] if found"),
    (
        "ends",
        'self.terms_on(said["contract"], said["terminated_on"])',
        'self.terms_on(said["contract"], "")',
    ),
    ("ends", '"breach" if agreed["ground"] == "breach" else "termination"', '"breach"'),
    ("ends", 'served["exit"] != (agreed or {}).get("exit")', "False"),
    ("ends", "later(min(days), wait + 1)", "later(max(days), wait + 1)"),
    ("ends", "later(min(days), wait + 1)", "later(min(days), wait)"),
    ("ends", '("cure_days", "CURE_RUNNING")', '("cure_days", "NOTICE_TOO_SHORT")'),
    ("ends", "(parties | under) - acting", "parties - acting"),
    ("ends", 'if said["terminated_on"] < day:', 'if said["terminated_on"] <= day:'),
    # Who shares out what.
    ("money", "if creditors - agreed:", "if not agreed:"),
    ("money", "or before - agreed:", "or not agreed:"),
    ("money", 'if set(standing) - {said["supersedes"]}', "if set()"),
    ("money", "if self.void_from(each) is None", "if each"),
)

_GUARDS = (
    # Who signs for whom.
    ("signers", "if not any(a != b for a in for_one for b in for_other):", "if False:"),
    ("signers", 'stands.get(one, {"nobody"}) - {other}', 'stands.get(one, {"nobody"})'),
    ("signers", "gets - licensors", "licensors - gets"),
    # What an acceptance is good for.
    ("deals", 'and said["price"] == offer["price"]', ""),
    ("deals", 'set(said["parties"]) == {offer["offeror"], offer["offeree"]}', "True"),
    ("deals", 'return "ACCEPTANCE_USED" if used else None', "return None"),
    # What is granted, charged and given.
    ("deals", "if thing in self.objects(grant):", 'if thing in grant["rights"]:'),
    ("deals", "not in_use(each, day) and each not in before", "not in_use(each, day)"),
    (
        "deals",
        'private < day and said["confirms"] is None:',
        "first < day and not said['confirms']:",
    ),
    ("deals", 'if each and each["kind"] not in BY_AGREEMENT', "if each"),
    ("model", 'if binds and lien["creditor"]', 'if lien["creditor"]'),
    ("model", 'in ("gift", "inheritance") and priced', 'in ("inheritance",) and priced'),
)

FAULTS = (
    *(Fault("royalty", *words, "royalty") for words in _ROYALTY),
    *(Fault(*words, "ends") for words in _ENDS),
    *(Fault(*words, "guards") for words in _GUARDS),
)


def planted(fault: Fault) -> WholeReference:
    """Return a reference that differs from that of the tests in a word."""
    made = ModuleType("")
    for name in CHAIN:
        source = (_HERE / f"reference_{name}.py").read_text("utf-8")
        if name == fault.module:
            assert source.count(fault.word) == 1, fault
            source = source.replace(fault.word, fault.instead)
        for other in CHAIN:
            source = source.replace(f"tests.support.reference_{other} ", f"planted_{other} ")
        made = sys.modules[f"planted_{name}"] = ModuleType(f"planted_{name}")
        exec(compile(source, f"planted_{name}", "exec"), made.__dict__)
    reference: WholeReference = made.WholeReference()
    return reference


def found_by(fault: Fault, stories: int) -> int | None:
    """Return the number of the first story that finds a fault."""
    for seed in range(stories):
        try:
            tell(STORIES[fault.told], seed, planted(fault))
        except AssertionError:
            return seed
    return None
