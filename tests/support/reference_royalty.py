"""
The plain reference of royalties, from `money-and-positions.md` §6 (1) to (3) and (5).

Lines of a licensee's reports in force, in the order of the days on which they sold; a return stands
on the day of the sale that it takes back. What a line counts fills the tiers of its span; what the
span earns is floored once; what is due of a report is what the greatest total at the end of an
agreed period is more with it than the other reports said.
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from itertools import pairwise

from tests.support.reference_days import later
from tests.support.reference_deals import WHOLE
from tests.support.reference_ends import EndsReference
from tests.support.reference_model import YEARS, Said
from tests.support.reference_places import reaches

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
SCHEDULE = ("royalty", "royalty_ppm", "royalty_base", "currency")
"""The members of the terms that say what is due."""


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of that month."""
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def periods(schedule: Said, day: str, months: int) -> tuple[str, str]:
    """Return the agreed period of so many months in which a day lies, counted from `year_from`."""
    first = date.fromisoformat(schedule["year_from"] or "2000-01-01")
    year = int(day[:4])
    starts = [
        months_later(date(each, first.month, min(first.day, 28)), number * months)
        for each in (year - 1, year, year + 1)
        for number in range(12 // months)
    ]
    days = [each.isoformat() for each in starts]
    return next(each for each in pairwise(days) if each[0] <= day < each[1])


def integral(schedule: Said, base: Fraction) -> Fraction:
    """Return what a base earns from its first unit on, tier after tier."""
    total, start = Fraction(0), 0
    for tier in schedule["tiers"] or ():
        end = base if tier["upto"] is None else min(base, Fraction(tier["upto"]))
        total += max(end - start, Fraction(0)) * Fraction(tier["rate_ppm"], WHOLE)
        start = tier["upto"] or 0
    return total


class RoyaltyReference(EndsReference):
    """The reference of what is dealt, and of what licensees report and owe."""

    # Schedules by the day.

    def schedule(self, contract: str, day: str) -> Said:
        """Return the schedule of a day; a flat rate is one tier over the term, without periods."""
        said = self.terms_on(contract, day)
        flat = {
            "currency": said.get("currency", "VND"),
            "tiers": [{"upto": None, "rate_ppm": said.get("royalty_ppm") or 0}],
            "tiers_over": "term",
            "period": None,
        }
        unsaid = dict.fromkeys(("per_unit", "year_from", "stacking", "cap", "holiday_until", "fx"))
        lists: Said = {"zero_rated": [], "deductions": [], "milestones": []}
        return {**unsaid, **lists, **(said.get("royalty") or flat)}

    # Lines.

    def reports(self, contract: str, reporter: str, but: str | None = None) -> list[Said]:
        """Return a licensee's reports in force, in the order in which they came."""
        found = self.all("revenue.reported", contract=contract, reported_by=reporter)
        gone = {entry["said"]["corrects"] for entry in found} | {but}
        return [entry["said"] for entry in found if entry["said"]["report"] not in gone]

    @staticmethod
    def lines(report: Said) -> list[Said]:
        """Return the lines of a report, each with its days; a report without any is one line."""
        one = {"line": "1", "territory": None, "returns": None, "period_from": None}
        sums = {name: report[name] for name in ("gross", "deductions", "units")}
        return [
            {
                **line,
                "period_from": line["period_from"] or report["period_from"],
                "period_to": line["period_to"] or report["period_to"],
                "base": line["gross"] - sum(each["amount"] for each in line["deductions"]),
                "report": report,
            }
            for line in report["lines"] or [{**one, **sums, "period_to": None}]
        ]

    def successor(self, report: str) -> str:
        """Return the report that stands in the place of one, through all its corrections."""
        later_one = self.one("revenue.reported", corrects=report)
        return report if later_one is None else self.successor(later_one["report"])

    def sale(self, line: Said, among: Iterable[Said]) -> Said:
        """Return the line that sold what a line counts: itself, or the one that it takes back."""
        named = line["returns"]
        if named is None:
            return line
        at = (self.successor(named["report"]), named["line"])
        found = [
            each
            for report in among
            for each in self.lines(report)
            if at == (report["report"], each["line"])
            or (at[0] == report["corrects"] and at[1] == each["line"])
        ]
        return found[0] if found else line

    def zero(self, contract: str, line: Said) -> bool:
        """Whether the schedule of its day itself zero-rates the place of a line."""
        places = self.schedule(contract, line["period_from"])["zero_rated"]
        return line["territory"] is not None and any(
            reaches(place, line["territory"]) for place in places
        )

    def counts(self, contract: str, sale: Said) -> bool:
        """Whether what was sold fills tiers and milestones."""
        holiday = self.schedule(contract, sale["period_from"])["holiday_until"]
        before = holiday is not None and sale["period_from"] < holiday
        return not before and not self.zero(contract, sale)

    def counted(self, contract: str, reports: list[Said]) -> list[Said]:
        """Return what the lines of reports count, each on the day of its sale, by the day."""
        found = []
        for report in reports:
            for line in self.lines(report):
                sale = self.sale(line, reports)
                if not self.counts(contract, sale):
                    continue
                rate = sale["report"]["rate"] or {"numerator": 1, "denominator": 1}
                exact = line["base"] * Fraction(rate["numerator"], rate["denominator"])
                end = self.period_end(contract, report)
                day = sale["period_from"]
                what = {"day": day, "base": exact, "units": line["units"], "end": end}
                found.append({**what, "schedule": self.schedule(contract, day)})
        return sorted(found, key=lambda each: str(each["day"]))

    def period_end(self, contract: str, report: Said) -> str:
        """Return the end of the agreed period for which a report is; without any, its own."""
        schedule = self.schedule(contract, report["period_from"])
        if schedule["period"] is None:
            return str(report["period_to"])
        return periods(schedule, report["period_from"], MONTHS[schedule["period"]])[1]

    # What is due.

    @staticmethod
    def total(lines: list[Said], until: str) -> int:
        """Return what the lines reported for the periods up to a day earn, floored by the span."""
        bases: dict[str, Fraction] = {}
        earned: dict[str, Fraction] = {}
        for line in lines:
            if line["end"] > until:
                continue
            schedule = line["schedule"]
            yearly = schedule["tiers_over"] == "year"
            span = periods(schedule, line["day"], 12)[0] if yearly else "term"
            before = bases.get(span, Fraction(0))
            after = before + line["base"]
            bases[span] = after
            more = integral(schedule, max(after, Fraction(0)))
            more -= integral(schedule, max(before, Fraction(0)))
            more += (schedule["per_unit"] or 0) * line["units"]
            earned[span] = earned.get(span, Fraction(0)) + more
        return sum(int(each // 1) for each in earned.values())

    def greatest(self, contract: str, reports: list[Said]) -> int:
        """Return the greatest total at the end of an agreed period, at least nothing."""
        lines = self.counted(contract, reports)
        ends = {line["end"] for line in lines}
        return max([0, *(self.total(lines, end) for end in ends)])

    def royalty(self, said: Said) -> int:
        """Return what is due of the royalty by a report, after what the others said."""
        contract = said["contract"]
        others = self.reports(contract, said["reported_by"], said["corrects"])
        before = sum(self.reckoned(other)["royalty"] for other in others)
        return self.greatest(contract, [*others, said]) - int(before)

    @staticmethod
    def reckoned(report: Said) -> Said:
        """Return how a report says that its sum comes about."""
        plain = {"royalty": report["due"]["amount"], "set_off": 0, "capped": 0, "milestones": []}
        return report["reckoning"] or plain

    def reached(self, said: Said) -> list[str]:
        """Return the milestones that a report is the first to name."""
        contract = said["contract"]
        others = self.reports(contract, said["reported_by"], said["corrects"])
        lines = self.counted(contract, [*others, said])
        named = {name for other in others for name in self.reckoned(other)["milestones"]}
        sums: dict[tuple[str, str], Fraction] = {}
        for end in {line["end"] for line in lines}:
            for line in lines:
                if line["end"] <= end:
                    at = (periods(line["schedule"], line["day"], 12)[0], end)
                    sums[at] = sums.get(at, Fraction(0)) + line["base"]
        most = max(sums.values(), default=Fraction(0))
        return [
            each["milestone"]
            for each in self.schedule(contract, said["period_from"])["milestones"]
            if each["yearly_base"] <= most and each["milestone"] not in named
        ]

    def reckoning(self, said: Said) -> tuple[Said, int]:
        """Return how the sum due by a report comes about, and the sum."""
        schedule = self.schedule(said["contract"], said["period_from"])
        royalty, reached = self.royalty(said), self.reached(said)
        set_off = 0
        if schedule["stacking"] is not None and royalty > 0:
            floor = -(-royalty * schedule["stacking"]["floor_ppm"] // WHOLE)
            given = said["stacked"] * schedule["stacking"]["credit_ppm"] // WHOLE
            set_off = min(given, royalty - floor)
        left = self.left_of_the_cap(said, schedule)
        capped = max(0, royalty - set_off - left) if left is not None else 0
        amounts = {each["milestone"]: each["amount"] for each in schedule["milestones"]}
        due = royalty - set_off - capped + sum(amounts[name] for name in reached)
        lines = {"royalty": royalty, "set_off": set_off, "capped": capped, "milestones": reached}
        return lines, due

    def left_of_the_cap(self, said: Said, schedule: Said) -> int | None:
        """Return how much more may be due in the year or over the term; less than nothing: back."""
        cap = schedule["cap"]
        if cap is None:
            return None
        others = self.reports(said["contract"], said["reported_by"], said["corrects"])
        year = periods(schedule, said["period_from"], 12)
        within = [
            self.reckoned(other)
            for other in others
            if cap["per"] == "term" or year[0] <= other["period_from"] < year[1]
        ]
        used = sum(each["royalty"] - each["set_off"] - each["capped"] for each in within)
        return int(cap["amount"] - used)

    # What the licensee has on a day.

    def has(self, right: str, day: str) -> bool:
        """Whether a right is there on a day, as known now."""
        filed = self.one("right.filed", right=right)
        assert filed is not None
        years = YEARS.get(filed["kind"])
        last = filed["filed_on"]
        if years is not None:
            last = f"{int(last[:4]) + years}{last[4:]}"
        over = years is not None and day > last
        return filed["filed_on"] <= day and not over and self.in_force(right, day)

    def turns(self, right: str) -> set[str]:
        """Return the days on which a right begins or ends, or may."""
        filed = self.one("right.filed", right=right)
        assert filed is not None
        words = self.all("right.lapsed", "right.restored", right=right)
        days = {filed["filed_on"], *(entry["said"]["effective_from"] for entry in words)}
        if filed["kind"] in YEARS:
            first = filed["filed_on"]
            last = f"{int(first[:4]) + YEARS[filed['kind']]}{first[4:]}"
            days.add(later(last, 1))
        return {day for day in days if self.has(right, day) is not self.has(right, later(day, -1))}

    def granted_to(self, contract: str, party: str) -> list[Said]:
        """Return the grants of a contract to a party."""
        said = self.contract(contract) or {}
        grants: list[Said] = said.get("grants") or [said["grant"]]
        return [grant for grant in grants if grant["licensee"] == party]

    def there(self, grant: Said, day: str, more: int = 0) -> bool:
        """Whether anything that was granted is there on a day, or was so many days before."""
        days = [later(day, -each) for each in range(more + 1)]
        return any(
            grant["valid_from"] <= each
            and (grant["valid_to"] is None or each < grant["valid_to"])
            and (grant["technologies"] or any(self.has(right, each) for right in grant["rights"]))
            for each in days
        )

    def inside(self, line: Said, days: Iterable[str | None]) -> list[str]:
        """Return the days that lie strictly inside a line or a report."""
        return [day for day in days if day and line["period_from"] < day < line["period_to"]]

    def cuts(self, contract: str, line: Said) -> list[str]:
        """Return the days on which a line has to be cut, and is not."""
        amended = self.all("terms.amended", contract=contract)
        days = {entry["said"]["effective_from"] for entry in amended}
        found = {day for day in days if self.changes(contract, day)}
        starts = {line["period_from"], *self.inside(line, found)}
        found |= {self.schedule(contract, day)["holiday_until"] or "" for day in starts}
        shares = self.all("share.agreed", contract=contract)
        anew = [e["said"] for e in shares if e["said"]["supersedes"]]
        found |= {each["effective_from"] for each in anew if each["of"] == "revenue"}
        found |= self._changes_of(self.granted_to(contract, line["report"]["reported_by"]))
        return self.inside(line, found)

    def changes(self, contract: str, day: str) -> bool:
        """Whether the schedule changes on a day."""
        before, after = self.terms_on(contract, later(day, -1)), self.terms_on(contract, day)
        return any(before.get(name) != after.get(name) for name in SCHEDULE)

    # The report.

    def _revenue_reported(self, said: Said, day: str, at: str) -> str | None:
        del at
        code = self._reportable(said, day)
        if code is None:
            code = self._in_time(said) or self._cut(said)
        if code is None:
            code = self._of_lines(said)
        if code is not None:
            return code
        reckoning, due = self.reckoning(said)
        right = self.reckoned(said) == reckoning and said["due"]["amount"] == due
        return None if right else "ROYALTY_MISMATCH"

    def _reportable(self, said: Said, day: str) -> str | None:
        if self.one("revenue.reported", report=said["report"]):
            return "SUBJECT_EXISTS"
        if self.contract(said["contract"]) is None:
            return "PREDECESSOR_UNKNOWN"
        if said["corrects"] is not None:
            earlier = self.one("revenue.reported", report=said["corrects"])
            if earlier is None or earlier["contract"] != said["contract"]:
                return "PREDECESSOR_UNKNOWN"
            if earlier["reported_by"] != said["reported_by"]:
                return "WRONG_SIGNER"
            if self.all("revenue.reported", corrects=said["corrects"]):
                return "REPORT_CLOSED"
        if not self.granted_to(said["contract"], said["reported_by"]):
            return "WRONG_SIGNER"
        for each in [said, *self.lines(said)]:
            within = said["period_from"] <= each["period_from"]
            if not within or not each["period_from"] < each["period_to"] <= said["period_to"]:
                return "INTERVAL_EMPTY"
        if said["period_to"] > day:
            return "FUTURE_FACT"
        return "DEED_VOID" if self.void(said["contract"], said["period_from"]) else None

    def _in_time(self, said: Said) -> str | None:
        contract = said["contract"]
        agreed = self.schedule(contract, said["period_from"])
        # Another currency needs the rule by which it is turned, and a rate.
        foreign = said["currency"] != agreed["currency"]
        if said["due"]["currency"] != agreed["currency"] or foreign is not bool(said["rate"]):
            return "CURRENCY_MISMATCH"
        if foreign and agreed["fx"] is None:
            return "CURRENCY_MISMATCH"
        deed = self.contract(contract) or {}
        grants = self.granted_to(contract, said["reported_by"])
        # An option grants nothing by itself, and what waits for something is not in force.
        grants = [grant for grant in grants if not grant["option_until"]]
        waits = deed.get("effective_upon", "day") != "day"
        # A sublicence names no first day but that of its grant.
        first = deed.get("effective_from") or deed["grant"]["valid_from"]
        if waits or not grants or said["period_from"] < first:
            return "REPORT_BEFORE"
        more = deed.get("sell_off_days") or 0
        end = self.over_from(contract)
        if end is not None and said["period_to"] > later(end, more):
            return "REPORT_AFTER_END"
        lines = [line for line in self.lines(said) if line["returns"] is None]
        last_days = [later(line["period_to"], -1) for line in lines]
        if min(last_days, default="9") < min(grant["valid_from"] for grant in grants):
            return "REPORT_BEFORE"
        for line in lines:
            last = later(line["period_to"], -1)
            ends = (line["period_from"], last)
            if any(self.there(grant, each) for grant in grants for each in ends):
                continue
            if not any(self.there(grant, last, more) for grant in grants):
                return "REPORT_AFTER_END"
        return None

    def _changes_of(self, grants: list[Said]) -> set[str]:
        """Return the days on which something that was granted begins or ends."""
        days = {day for grant in grants for right in grant["rights"] for day in self.turns(right)}
        return days | {grant[each] or "" for grant in grants for each in ("valid_from", "valid_to")}

    def _cut(self, said: Said) -> str | None:
        contract = said["contract"]
        sales = [line for line in self.lines(said) if line["returns"] is None]
        if any(self.cuts(contract, line) for line in sales):
            return "PERIOD_NOT_CUT"
        schedule = self.schedule(contract, said["period_from"])
        if schedule["period"] is not None:
            months = MONTHS[schedule["period"]]
            if said["period_to"] > periods(schedule, said["period_from"], months)[1]:
                return "PERIOD_NOT_CUT"
        return None

    def _of_lines(self, said: Said) -> str | None:
        contract, lines = said["contract"], self.lines(said)
        others = self.reports(contract, said["reported_by"], said["corrects"])
        zero = 0
        for line in lines:
            sale = self.sale(line, [*others, said])
            listed = self.schedule(contract, sale["period_from"])["deductions"]
            if any(each["kind"] not in listed for each in line["deductions"]):
                return "DEDUCTION_NOT_AGREED"
            zero += line["base"] if self.zero(contract, sale) else 0
        for other in others:
            meets = other["period_from"] < said["period_to"]
            if meets and said["period_from"] < other["period_to"]:
                return "REPORT_OVERLAP"
        if not self.added(said, lines):
            return "BASE_LINES"
        return self._returns(said) or ("ZERO_RATED" if said["zero_rated"] != zero else None)

    @staticmethod
    def added(said: Said, lines: list[Said]) -> bool:
        """Whether a report says the sums over its lines, and none deducts more than it sold."""
        kinds: dict[str, int] = {}
        for line in lines:
            for each in line["deductions"]:
                kinds[each["kind"]] = kinds.get(each["kind"], 0) + each["amount"]
        sums = {name: sum(line[name] for line in lines) for name in ("gross", "base", "units")}
        told = {each["kind"]: each["amount"] for each in said["deductions"]}
        sold = all(line["base"] >= 0 for line in lines if line["returns"] is None)
        return sold and told == kinds and all(said[name] == sums[name] for name in sums)

    def _returns(self, said: Said) -> str | None:
        """Judge that what is taken back was sold, before, and that so much of it is left.

        So it stays: a correction leaves what others take back sold by then, in their currency.
        """
        others = self.reports(said["contract"], said["reported_by"], said["corrects"])
        among = [*others, said]
        for report in among:
            for line in self.lines(report):
                if line["returns"] is not None:
                    sale = self.sale(line, among)
                    if sale is line or sale["returns"] is not None:
                        return "RETURN_OF_NOTHING"
                    later_on = sale["period_from"] > line["period_from"]
                    if later_on or sale["report"]["currency"] != report["currency"]:
                        return "RETURN_OF_NOTHING"
        return "RETURN_OF_NOTHING" if self.overdrawn(among) else None

    def overdrawn(self, reports: list[Said]) -> bool:
        """Whether more is taken back of a line than it sold, or of a line that is gone."""
        left: dict[tuple[str, str], list[int]] = {}
        for returned in (False, True):
            for report in reports:
                for line in self.lines(report):
                    if (line["returns"] is not None) is not returned:
                        continue
                    sale = self.sale(line, reports)
                    sums = [line[name] for name in ("gross", "base", "units")]
                    at = (sale["report"]["report"], sale["line"])
                    before = left.get(at, [0, 0, 0])
                    left[at] = [one + more for one, more in zip(before, sums, strict=True)]
        return any(min(each) < 0 for each in left.values())
