"""Stories of one licence and its reports: cut finer, out of order, corrected, with returns."""

from datetime import date
from itertools import pairwise
from random import Random
from typing import Any

from tests.support import builders as b
from tests.support.contracts import LATE, contract_terminated, terms_amended
from tests.support.reference_days import later
from tests.support.reference_model import Said
from tests.support.reference_money import WholeReference
from tests.support.reference_royalty import MONTHS, periods

LICENCE = "contract:1"
PLACES = (None, None, "iso:VN", "vn-2025:01", "vn-2025:48", "iso:LA")
KINDS = ("vat", "transport", "marketing")


def days_between(start: str, end: str) -> int:
    """Return how many days lie between two days."""
    return (date.fromisoformat(end) - date.fromisoformat(start)).days


def tiers(random: Random) -> list[Said]:
    ends = sorted(random.sample(range(500, 6_000, 250), random.choice((0, 0, 1, 2))))
    rates = [random.choice((0, 33_333, 40_000, 50_000, 70_001)) for _ in range(len(ends) + 1)]
    return [{"upto": end, "rate_ppm": rate} for end, rate in zip([*ends, None], rates, strict=True)]


def schedule(random: Random, day: str) -> Said:
    """Return a schedule: mostly tiers by the year, seldom a cap, a set-off, milestones."""
    made: Said = {
        "currency": "VND",
        "base": "net_selling_price",
        "tiers": tiers(random),
        "tiers_over": random.choice(("year", "year", "term")),
        "year_from": random.choice((None, None, "2026-04-01", "2026-10-15")),
        "period": random.choice(("month", "quarter", "quarter", "half_year", "year")),
        "due_days": 30,
        "deductions": random.choice(([], ["vat"], ["vat", "transport"])),
        "zero_rated": random.choice(([], [], ["vn-2025:48"], ["iso:LA", "vn-2025:01"], ["iso:VN"])),
        "holiday_until": random.choice((None, None, later(day, random.randint(1, 200)))),
    }
    if not random.randint(0, 5):
        made = {**made, "base": "unit", "tiers": None, "per_unit": random.choice((1, 3))}
    if not random.randint(0, 2):
        made["milestones"] = [
            {"milestone": "first", "yearly_base": random.choice((1_000, 4_000)), "amount": 77},
            {"milestone": "second", "yearly_base": 7_000, "amount": 90},
        ]
    if not random.randint(0, 2):
        made["stacking"] = {"credit_ppm": 500_000, "floor_ppm": random.choice((0, 333_333))}
    if not random.randint(0, 2):
        made["cap"] = {
            "amount": random.choice((60, 150)),
            "per": random.choice(("year", "year", "term")),
        }
    if not random.randint(0, 2):
        made["fx"] = {"source": "Ngân hàng Nhà nước", "on": "period_end"}
    return made


def conclude(random: Random, ref: WholeReference, day: str) -> Any:
    del ref
    flat = not random.randint(0, 4)
    terms: Said = {"royalty_ppm": 50_000} if flat else {"royalty": schedule(random, day)}
    grant = b.grant(
        rights=random.choice(([b.RIGHT], [b.RIGHT], [b.RIGHT, b.OTHER_RIGHT])),
        technologies=random.choice(([], [], [b.TECHNOLOGY])),
        exclusivity="non_exclusive",
        valid_from=later(day, random.choice((0, 0, 40))),
        valid_to=random.choice(("2031-01-01", "2031-01-01", "2028-01-01")),
    )
    return b.contract_concluded(
        **{"royalty_ppm": None, "royalty_base": "net_selling_price", **terms},
        contract=LICENCE,
        grants=[grant],
        concluded_on=day,
        effective_from=day,
        sell_off_days=random.choice((None, None, 30)),
    )


def amend(random: Random, ref: WholeReference, day: str) -> Any:
    """Change the schedule from a day on: mostly today or later, seldom from days reported."""
    now = ref.schedule(LICENCE, day)
    start = later(day, random.choice((0, 0, 20, 45, 90, -30)))
    changes: Said
    if now["period"] is None:
        changes = {"royalty_ppm": random.choice((40_000, 60_001))}
    else:
        said = dict(ref.terms_on(LICENCE, day)["royalty"])
        fresh = schedule(random, day)
        members = ("tiers", "deductions", "zero_rated", "holiday_until")
        for member in random.sample(members, random.choice((0, 0, 1, 2))):
            if member != "tiers" or said["tiers"]:
                said[member] = (
                    fresh["tiers"] or tiers(random) if member == "tiers" else fresh[member]
                )
        changes = {"royalty": said}
    late = LATE if start < day else {}
    return terms_amended(
        contract=LICENCE,
        changes=changes,
        concluded_on=day,
        effective_from=start,
        parties=sorted([b.INSTITUTE, b.FIRM]),
        consents=[b.RIVAL] if late and random.randint(0, 3) else [],
        **late,
    )


def end(random: Random, ref: WholeReference, day: str) -> Any:
    """End the licence by consent, seldom; else a title lapses, or comes back."""
    if not random.randint(0, 5):
        rights = ref.grant_of(LICENCE)["rights"]
        technologies = ref.grant_of(LICENCE)["technologies"]
        return contract_terminated(
            contract=LICENCE,
            ground="consent",
            terminated_by=sorted([b.INSTITUTE, b.FIRM]),
            notice=None,
            exit=None,
            terminated_on=later(day, random.choice((0, 30))),
            rights=sorted([*rights, *technologies]),
        )
    make = random.choice((b.right_lapsed, b.right_restored, b.right_restored))
    effect = later(day, random.choice((-100, -20, 0)))
    right = random.choice((b.RIGHT, b.OTHER_RIGHT))
    return make(right=right, effective_from=effect, published_on=day)


def share(random: Random, ref: WholeReference, day: str) -> Any:
    """Share out what the licence brings, in place of how it was shared out before."""
    standing = ref.standing(LICENCE, "revenue")
    supersedes = standing[0] if standing else None
    rate = random.choice((300_000, 500_000))
    return b.share_agreed(
        share=f"share:{len(ref.all('share.agreed'))}",
        contract=LICENCE,
        parts=[b.part(b.INSTITUTE, rate), b.part(b.RIVAL, 1_000_000 - rate)],
        agreed_by=sorted([b.INSTITUTE, b.RIVAL]),
        supersedes=supersedes if random.randint(0, 9) else None,
        effective_from=later(day, random.choice((0, 20, 45, -30))),
    )


def _cuts(ref: WholeReference, start: str, until: str) -> list[str]:
    """Return the days on which a report that begins on a day may have to be cut."""
    plan = ref.schedule(LICENCE, start)
    found = {until}
    if plan["period"] is not None:
        found.add(periods(plan, start, MONTHS[plan["period"]])[1])
    line = {"period_from": start, "period_to": until, "report": {"reported_by": b.FIRM}}
    found.update(ref.cuts(LICENCE, line))
    return sorted(day for day in found if start < day <= until)


def _span(random: Random, ref: WholeReference, day: str) -> tuple[str, str]:
    """Return the days of a report: after the last, mostly up to a cut, or a part of that."""
    deed = ref.contract(LICENCE) or {"effective_from": day, "grants": [b.grant(valid_from=day)]}
    before = [report["period_to"] for report in ref.reports(LICENCE, b.FIRM)]
    start = max([deed["effective_from"], deed["grants"][0]["valid_from"], *before])
    if not random.randint(0, 7):
        start = later(start, random.choice((40, 100, -20, -400)))
    if start >= day:
        start = later(day, -random.randint(1, 90))
    end = _cuts(ref, start, day)[0] if ref.contract(LICENCE) else day
    if not random.randint(0, 9):
        end = day
    if not random.randint(0, 2):
        end = later(start, random.randint(1, max(1, days_between(start, end))))
    return start, end


def _sale(random: Random, ref: WholeReference, start: str, end: str, number: int) -> Said:
    gross = random.choice((0, 300, 999, 1_001, 2_500, 4_000))
    listed = ref.schedule(LICENCE, start)["deductions"] if ref.contract(LICENCE) else []
    kinds = [kind for kind in listed if random.randint(0, 1)]
    if not random.randint(0, 19):
        kinds = [random.choice(KINDS)]
    return {
        "line": f"l{number}",
        "period_from": start,
        "period_to": end,
        "territory": random.choice(PLACES),
        "gross": gross,
        "deductions": [{"kind": kind, "amount": gross // 10 + 1 if gross else 0} for kind in kinds],
        "units": random.choice((0, 0, 7)),
        "returns": None,
    }


def _return(random: Random, ref: WholeReference, start: str, end: str, number: int) -> Said | None:
    """Return a line that takes back a part of one sold before, or all that is left of it."""
    sold = [
        line
        for report in ref.reports(LICENCE, b.FIRM)
        for line in ref.lines(report)
        if line["returns"] is None and line["gross"]
    ]
    if not sold:
        return None
    sale = random.choice(sold)
    part = random.choice((1, 1, 2, 4))
    more = 1 if not random.randint(0, 9) else 0
    deductions = [
        {"kind": each["kind"], "amount": -(each["amount"] // part)} for each in sale["deductions"]
    ]
    return {
        "line": f"r{number}",
        "period_from": start,
        "period_to": end,
        "territory": sale["territory"],
        "gross": -(sale["gross"] // part) - more,
        "deductions": deductions,
        "units": -(sale["units"] // part),
        "returns": {"report": sale["report"]["report"], "line": sale["line"]},
    }


def _lines(random: Random, ref: WholeReference, start: str, end: str) -> list[Said]:
    """Return the lines of a report: cut where they must be, some of them returns."""
    cuts = [start, *_cuts(ref, start, end)] if ref.contract(LICENCE) else [start, end]
    if cuts[-1] != end or not random.randint(0, 5):
        cuts = [start, end]
    made: list[Said] = []
    for one, other in pairwise(cuts):
        for _ in range(random.choice((1, 1, 2))):
            made.append(_sale(random, ref, one, other, len(made)))
    for _ in range(random.choice((0, 0, 1, 2))):
        back = _return(random, ref, start, end, len(made))
        made += [back] if back else []
    return made


def _added(lines: list[Said]) -> Said:
    """Return the sums over lines, as a report says them at its top."""
    kinds: dict[str, int] = {}
    for line in lines:
        for each in line["deductions"]:
            kinds[each["kind"]] = kinds.get(each["kind"], 0) + each["amount"]
    gross = sum(line["gross"] for line in lines)
    return {
        "gross": gross,
        "deductions": [{"kind": kind, "amount": kinds[kind]} for kind in sorted(kinds)],
        "base": gross - sum(kinds.values()),
        "units": sum(line["units"] for line in lines),
    }


def report(random: Random, ref: WholeReference, day: str) -> Any:
    """Report what was sold, or correct a report; one in five is wrong in one member."""
    before = ref.reports(LICENCE, b.FIRM)
    corrected = random.choice(before) if before and not random.randint(0, 3) else None
    if corrected is None:
        start, end = _span(random, ref, day)
    else:
        start, end = corrected["period_from"], corrected["period_to"]
    lines = _lines(random, ref, start, end)
    said: Said = {
        **_added(lines),
        "report": f"report:{random.randint(1, 200)}-{len(before)}",
        "contract": LICENCE,
        "period_from": start,
        "period_to": end,
        "currency": "VND",
        "corrects": corrected["report"] if corrected else None,
        "reported_by": b.FIRM if random.randint(0, 30) else b.RIVAL,
        "zero_rated": 0,
        "stacked": random.choice((0, 0, 40, 400)),
        "rate": None,
        "lines": lines,
    }
    if len(lines) == 1 and lines[0]["territory"] is None and not lines[0]["returns"]:
        said["lines"] = random.choice((lines, []))
    return _reckoned(random, ref, said)


def _reckoned(random: Random, ref: WholeReference, said: Said) -> Any:
    """Return a report with what follows from its lines; one in five is wrong somewhere."""
    reckoning, due = {"royalty": 0, "set_off": 0, "capped": 0, "milestones": []}, 0
    if ref.contract(LICENCE):
        said.update(_agreed(random, ref, said))
        reckoning, due = ref.reckoning({**said, "due": b.vnd(0), "reckoning": None})
    if not random.randint(0, 4):
        member, more = random.choice(WRONGS)
        due += more if member == "due" else 0
        if member in said:
            said[member] = more if isinstance(more, str) else said[member] + more
        if member == "royalty":
            reckoning, due = {**reckoning, "royalty": reckoning["royalty"] + more}, due + more
    plain = {"royalty": due, "set_off": 0, "capped": 0, "milestones": []}
    shown = None if reckoning == plain and random.randint(0, 1) else reckoning
    return b.revenue_reported(**{**said, "due": b.vnd(due), "reckoning": shown})


WRONGS: tuple[tuple[str, Any], ...] = (
    *(("due", 1), ("due", -1), ("royalty", 1), ("zero_rated", 100), ("base", 1), ("gross", 1)),
    *(("units", 1), ("currency", "EUR"), ("period_from", "2020-01-01"), ("stacked", 40)),
)
"""What a wrong report says wrongly, beside what chance cuts or takes back wrongly."""


def _agreed(random: Random, ref: WholeReference, said: Said) -> Said:
    """Return what the schedule of its day makes a report say: its currency, what is zero-rated."""
    agreed = ref.schedule(LICENCE, said["period_from"])
    among = [*ref.reports(LICENCE, said["reported_by"], said["corrects"]), said]
    zero = [line for line in ref.lines(said) if ref.zero(LICENCE, ref.sale(line, among))]
    members: Said = {"zero_rated": sum(line["base"] for line in zero)}
    if agreed["stacking"] is None:
        members["stacked"] = 0
    if agreed["fx"] is not None and random.randint(0, 2):
        rate = {"numerator": random.choice((3, 7)), "denominator": random.choice((2, 3))}
        told = {"source": agreed["fx"]["source"], "on": said["period_to"]}
        members.update(currency="USD", rate={**rate, **told})
    return members


def next_event(random: Random, ref: WholeReference, day: str) -> Any:
    """Return the next event of the story of a licence: mostly a report."""
    act = random.choice((*(report,) * 14, *(amend,) * 2, end, share, conclude))
    return act(random, ref, day) if ref.contract(LICENCE) else conclude(random, ref, day)


BEFORE = (
    b.right_filed(),
    b.other_right_filed(filed_on="2026-10-01"),
    b.technology_registered(state_funded_ppm=0),
)
"""What the licences of these stories are on."""
