"""The plain reference of what is paid and disputed: shares, reports, payments, orders, rulings."""

from tests.support.builders import BANK
from tests.support.reference_deals import WHOLE
from tests.support.reference_model import COURT, Said
from tests.support.reference_royalty import RoyaltyReference


class WholeReference(RoyaltyReference):
    """The reference with all its families."""

    # Money.

    def _share_agreed(self, said: Said, day: str, at: str) -> str | None:
        """Judge an agreement: by all creditors, and by who had a part of what it replaces."""
        del day, at
        if self.one("share.agreed", share=said["share"]):
            return "SUBJECT_EXISTS"
        if self.contract(said["contract"]) is None:
            return "PREDECESSOR_UNKNOWN"
        if self.void(said["contract"], said["effective_from"]):
            return "DEED_VOID"
        earlier = self.one("share.agreed", share=said["supersedes"] or "")
        if said["supersedes"] is not None:
            if earlier is None or earlier["contract"] != said["contract"]:
                return "PREDECESSOR_UNKNOWN"
            if earlier["of"] != said["of"]:
                return "PREDECESSOR_UNKNOWN"
            if self.one("share.agreed", supersedes=said["supersedes"]):
                return "SHARE_SUPERSEDED"
        agreed, creditors = set(said["agreed_by"]), self.creditors(said["contract"])
        if creditors - agreed:
            return "SHARE_BY_STRANGER"
        standing = self.standing(said["contract"], said["of"])
        bound = earlier is not None and self.void_from(earlier["share"]) is None
        before = {part["party"] for part in earlier["parts"]} if earlier and bound else set()
        if set(standing) - {said["supersedes"]} or before - agreed:
            return "SHARE_SUPERSEDE"
        rates = [part["ppm"] for part in said["parts"]]
        if not all(0 <= rate <= WHOLE for rate in rates):
            return "RATE_RANGE"
        if sum(rates) != WHOLE:
            return "SHARE_SUM"
        named = {part["party"] for part in said["parts"]}
        return None if agreed <= named | creditors | before else "WRONG_SIGNER"

    def creditors(self, contract: str) -> set[str]:
        """Return who is owed what a contract brings: the licensors of its grants."""
        return {self.grant_of(contract)["licensor"]}

    def standing(self, contract: str, of: str) -> list[str]:
        """Return the agreements on a thing that were neither replaced nor voided."""
        found = [entry["said"] for entry in self.all("share.agreed", contract=contract, of=of)]
        gone = {said["supersedes"] for said in found}
        names: list[str] = [said["share"] for said in found if said["share"] not in gone]
        return [each for each in names if self.void_from(each) is None]

    def left_to_share(self, report: Said) -> int:
        """Return what a report adds to what was shared out of the reports it corrects."""
        shared, earlier = 0, report["corrects"]
        while earlier is not None:
            before = self.one("revenue.reported", report=earlier)
            assert before is not None
            if self.shared_out(earlier):
                shared = before["due"]["amount"]
                break
            earlier = before["corrects"]
        left: int = report["due"]["amount"] - shared
        return left

    def shared_out(self, report: str) -> bool:
        """Whether a report was distributed."""
        return any(report in entry["said"]["reports"] for entry in self.all("revenue.distributed"))

    @staticmethod
    def split(total: int, parts: list[Said]) -> dict[str, int]:
        """Split a sum: floors, then a unit each to the largest remainders, ties by name."""
        size, sign = abs(total), -1 if total < 0 else 1
        got = {part["party"]: size * part["ppm"] // WHOLE for part in parts}
        order = sorted(parts, key=lambda part: (-(size * part["ppm"] % WHOLE), part["party"]))
        for part in order[: size - sum(got.values())]:
            got[part["party"]] += 1
        return {party: sign * amount for party, amount in got.items()}

    def _revenue_distributed(self, said: Said, day: str, at: str) -> str | None:
        del at
        if self.one("revenue.distributed", distribution=said["distribution"]):
            return "SUBJECT_EXISTS"
        share = self.one("share.agreed", share=said["share"])
        (name,) = said["reports"]
        report = self.one("revenue.reported", report=name)
        if self.contract(said["contract"]) is None or share is None:
            return "PREDECESSOR_UNKNOWN"
        if self.all("share.agreed", supersedes=said["share"]):
            return "SHARE_SUPERSEDED"
        if self.void(said["share"], day):
            return "DEED_VOID"
        if report is None:
            return "PREDECESSOR_UNKNOWN"
        if {share["contract"], report["contract"]} != {said["contract"]}:
            return "DISTRIBUTION_MISMATCH"
        if self.shared_out(name):
            return "ALREADY_DISTRIBUTED"
        if self.all("revenue.reported", corrects=name):
            return "DISTRIBUTION_MISMATCH"
        total = said["total"]["amount"]
        parts = {part["party"]: part["amount"] for part in said["parts"]}
        right = total == self.left_to_share(report) and parts == self.split(total, share["parts"])
        return None if right else "DISTRIBUTION_MISMATCH"

    def confirmed(self, distribution: str, payee: str) -> int:
        """Return what was confirmed to a payee and not refunded."""
        paid = self.all("payment.confirmed", distribution=distribution, payee=payee)
        back = self.all("refund.made", distribution=distribution, payee=payee)
        got: int = sum(entry["said"]["amount"]["amount"] for entry in paid)
        return got - sum(entry["said"]["amount"]["amount"] for entry in back)

    def payable(self, distribution: str, payee: str) -> int:
        """Return what a distribution gives a payee."""
        said = self.one("revenue.distributed", distribution=distribution)
        assert said is not None
        return sum(part["amount"] for part in said["parts"] if part["party"] == payee)

    def _payment_confirmed(self, said: Said, day: str, at: str) -> str | None:
        del at
        if self.all("payment.confirmed", "payment.failed", payment=said["payment"]):
            return "PAYMENT_CLOSED"
        instructed = self.one("payment.instructed", payment=said["payment"])
        between = ("distribution", "payer", "payee")
        if instructed and any(instructed[each] != said[each] for each in between):
            return "PREDECESSOR_UNKNOWN"
        made = self.one("revenue.distributed", distribution=said["distribution"])
        if made is None:
            return "PREDECESSOR_UNKNOWN"
        back = said["amount"]["amount"] < 0
        gives, gets = ("payee", "payer") if back else ("payer", "payee")
        if said["confirmed_by"] == said[gives]:
            return "CONFIRM_BY_PAYER"
        if said["confirmed_by"] not in (said[gets], BANK):
            return "WRONG_SIGNER"
        if said["amount"]["currency"] != "VND":
            return "CURRENCY_MISMATCH"
        if back and said["payer"] != self.debtor(made):
            return "WRONG_SIGNER"
        if said["paid_on"] > day:
            return "FUTURE_FACT"
        refused = None if said["overpayment"] else self._payable(said)
        of = (said["distribution"], said["payee"])
        after = self.confirmed(*of) + said["amount"]["amount"]
        least = min(after, self.payable(*of), 0)
        early = back and self.back_early(said, -said["amount"]["amount"], least)
        return refused or ("OVERPAID" if early else None)

    def debtor(self, distribution: Said) -> str:
        """Return who owes what is shared out: the licensee; it alone gets back what it paid."""
        return str(self.grant_of(distribution["contract"])["licensee"])

    def withheld(self, distribution: Said, payee: str, day: str) -> bool:
        """Whether a forum holds back what a distribution gives a payee."""
        return any(self.held(distribution[each], day, payee) for each in ("share", "contract"))

    def _payable(self, said: Said) -> str | None:
        total = self.confirmed(said["distribution"], said["payee"]) + said["amount"]["amount"]
        payable = self.payable(said["distribution"], said["payee"])
        within = min(payable, 0) <= total <= max(payable, 0)
        return None if within else "OVERPAID"

    def _payment_instructed(self, said: Said, day: str, at: str) -> str | None:
        del at
        if self.all("payment.instructed", "payment.confirmed", payment=said["payment"]):
            return "SUBJECT_EXISTS"
        made = self.one("revenue.distributed", distribution=said["distribution"])
        if made is None:
            return "PREDECESSOR_UNKNOWN"
        if said["instructed_on"] > day:
            return "FUTURE_FACT"
        return "HELD" if self.withheld(made, said["payee"], day) else self._payable(said)

    def _payment_failed(self, said: Said, day: str, at: str) -> str | None:
        del at
        both = ("payment.instructed", "payment.confirmed")
        known = self.one(*both, payment=said["payment"])
        if known is None:
            return "PREDECESSOR_UNKNOWN"
        if self.all("payment.confirmed", "payment.failed", payment=said["payment"]):
            return "PAYMENT_CLOSED"
        if said["said_by"] not in (known["payer"], BANK):
            return "WRONG_SIGNER"
        return "FUTURE_FACT" if said["failed_on"] > day else None

    def _overpayment_noted(self, said: Said, day: str, at: str) -> str | None:
        del at
        if self.one("revenue.distributed", distribution=said["distribution"]) is None:
            return "PREDECESSOR_UNKNOWN"
        if said["noted_on"] > day:
            return "FUTURE_FACT"
        of = (said["distribution"], said["payee"])
        above = self.confirmed(*of) - self.payable(*of)
        return None if said["amount"]["amount"] == above else "OVERPAID"

    def _refund_made(self, said: Said, day: str, at: str) -> str | None:
        del at
        if self.one("refund.made", refund=said["refund"]):
            return "SUBJECT_EXISTS"
        made = self.one("revenue.distributed", distribution=said["distribution"])
        if made is None:
            return "PREDECESSOR_UNKNOWN"
        if said["confirmed_by"] == said["payee"]:
            return "CONFIRM_BY_PAYER"
        if said["confirmed_by"] not in (said["payer"], BANK) or said["payer"] != self.debtor(made):
            return "WRONG_SIGNER"
        if said["paid_on"] > day:
            return "FUTURE_FACT"
        paid, back = self.confirmed(said["distribution"], said["payee"]), said["amount"]["amount"]
        return "OVERPAID" if back > paid or self.back_early(said, back, 0) else None

    def back_early(self, said: Said, back: int, least: int) -> bool:
        """Whether, with it, less than the least would be left by its day, or by a later one."""
        of = {each: said[each] for each in ("distribution", "payee")}
        paid, returned = self.all("payment.confirmed", **of), self.all("refund.made", **of)
        moved = [(each["said"]["paid_on"], each["said"]["amount"]["amount"]) for each in paid]
        moved += [(each["said"]["paid_on"], -each["said"]["amount"]["amount"]) for each in returned]
        days = {said["paid_on"], *(day for day, _ in moved if day > said["paid_on"])}
        return any(sum(n for day, n in moved if day <= each) - back < least for each in days)

    # Disputes.

    def exists(self, subject: str) -> bool:
        """Whether anything made a subject that orders can be on."""
        kind = subject.partition(":")[0]
        if kind == "contract":
            return self.contract(subject) is not None
        made = {"right": "right.filed", "share": "share.agreed", "listing": "listing.published"}
        made["assignment"] = "assignment.agreed"
        return bool(self.one(made[kind], **{kind: subject}))

    def _dispute_opened(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        if self.one("dispute.opened", dispute=said["dispute"]):
            return "SUBJECT_EXISTS"
        if said["forum"] != COURT:
            return "ORDER_NO_FORUM"
        return None if all(map(self.exists, said["concerns"])) else "PREDECESSOR_UNKNOWN"

    def _open(self, name: str) -> tuple[Said, str | None]:
        opened = self.one("dispute.opened", dispute=name)
        if opened is None:
            return {}, "PREDECESSOR_UNKNOWN"
        over = self.all("settlement.recorded", "dispute.withdrawn", dispute=name)
        over += self.all("ruling.made", dispute=name, final=True)
        return opened, "DISPUTE_ENDED" if over else None

    def open(self, dispute: str) -> bool:
        """Whether a dispute was opened and is not over."""
        return self._open(dispute)[1] is None

    def holding_orders(self, dispute: str) -> set[str]:
        """Return the orders of a dispute that hold something: not those that declare it void."""
        given = self.all("hold.ordered", "ruling.made", dispute=dispute)
        orders = [order for entry in given for order in entry["said"]["orders"]]
        return {order["order"] for order in orders if order["event"] is None}

    def orders(self, dispute: str) -> dict[str, list[str]]:
        """Return what each order of a dispute is on."""
        given = self.all("hold.ordered", "ruling.made", dispute=dispute)
        return {each["order"]: each["on"] for entry in given for each in entry["said"]["orders"]}

    def _hold_ordered(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        opened, code = self._open(said["dispute"])
        if code is not None:
            return code
        if said["forum"] != opened["forum"]:
            return "ORDER_NO_FORUM"
        return self._ordering(said)

    def _ordering(self, said: Said) -> str | None:
        for order in said["orders"]:
            if order["end"] is not None and order["end"] <= order["start"]:
                return "INTERVAL_EMPTY"
            if not all(map(self.exists, order["on"])):
                return "PREDECESSOR_UNKNOWN"
            if order["order"] in self.orders(said["dispute"]):
                return "ORDER_MISMATCH"
        return None

    def _ruling_made(self, said: Said, day: str, at: str) -> str | None:
        del at
        opened, code = self._open(said["dispute"])
        if code is not None:
            return code
        if said["forum"] != opened["forum"]:
            return "ORDER_NO_FORUM"
        if said["ruled_on"] > day:
            return "FUTURE_FACT"
        code = self._ordering(said)
        for order in said["orders"]:
            if code is None and order["event"] is not None:
                code = self._voiding(order)
        return code or self._lifting(said, all_of_them=said["final"])

    def _voiding(self, order: Said) -> str | None:
        """Judge a voidance: it names the event that made the deed, and all its rights."""
        (deed,) = (subject for subject in order["on"] if not subject.startswith("right:"))
        made = self.deed(deed)
        if made["hash"] != order["event"]:
            return "ORDER_MISMATCH"
        told = made["said"]
        rights = self.objects(self.grant_of(deed)) if deed.startswith("contract:") else ()
        rights = told["rights"] if deed.startswith("assignment:") else rights
        return None if {deed, *rights} == set(order["on"]) else "ORDER_MISMATCH"

    def deed(self, deed: str) -> Said:
        """Return the entry that made a contract, an assignment or a share."""
        kind = deed.partition(":")[0]
        topics = ("contract.concluded", "sublicence.granted", "assignment.agreed", "share.agreed")
        return self.all(*topics, **{kind: deed})[0]

    def _dispute_admitted(self, said: Said, day: str, at: str) -> str | None:
        del at
        opened, code = self._open(said["dispute"])
        if code is None and said["forum"] != opened["forum"]:
            code = "ORDER_NO_FORUM"
        return code or ("FUTURE_FACT" if said["admitted_on"] > day else None)

    def _evidence_filed(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        opened, code = self._open(said["dispute"])
        if code is not None:
            return code
        sides = {opened["claimant"], *opened["respondents"]}
        return None if said["filed_by"] in sides else "WRONG_SIGNER"

    def _lifting(self, said: Said, *, all_of_them: bool) -> str | None:
        orders, gone = self.orders(said["dispute"]), self.lifted(said["dispute"])
        held = self.holding_orders(said["dispute"]) - gone
        standing = {name: on for name, on in orders.items() if name in held}
        for lift in said["lifts"]:
            if standing.get(lift["order"]) != lift["on"]:
                return "ORDER_MISMATCH"
        left = standing.keys() - {lift["order"] for lift in said["lifts"]}
        return "ORDER_MISMATCH" if left and all_of_them else None

    def _hold_lifted(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        opened, code = self._open(said["dispute"])
        if code is None and said["forum"] != opened["forum"]:
            return "ORDER_NO_FORUM"
        return code or self._lifting(said, all_of_them=False)

    def _dispute_withdrawn(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        opened, code = self._open(said["dispute"])
        if code is None and said["claimant"] != opened["claimant"]:
            return "WRONG_SIGNER"
        return code or self._lifting(said, all_of_them=True)

    def _settlement_recorded(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        opened, code = self._open(said["dispute"])
        if code is not None:
            return code
        if {opened["claimant"], *opened["respondents"]} != set(said["parties"]):
            return "WRONG_SIGNER"
        return self._lifting(said, all_of_them=True)
