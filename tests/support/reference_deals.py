"""The plain reference of what is dealt and paid: listings, offers, contracts, money, disputes."""

from collections.abc import Iterator


from tests.support.builders import BANK, OPERATOR, REVIEWER
from tests.support.reference_model import COURT, YEARS, Reference, Said, later

ROYALTY_PPM = 50_000
WHOLE = 1_000_000


def field_codes_meet(one: str, other: str) -> bool:
    """Whether one of two IPC symbols, no deeper than a subclass, contains the other."""
    return one.startswith(other) or other.startswith(one)


def places_meet(one: str, other: str) -> bool:
    """Whether two places share ground: Vietnam contains its provinces."""
    return one == other or "iso:VN" in (one, other)


def reaches(outer: str, inner: str) -> bool:
    """Whether a place contains another."""
    return outer in (inner, "iso:VN")


class WholeReference(Reference):
    """The reference with all its families."""

    # Market.

    def _listing_published(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        if self.one("listing.published", listing=said["listing"]):
            return "SUBJECT_EXISTS"
        if said["reviewer"] not in (REVIEWER, OPERATOR):
            return "WRONG_SIGNER"
        for right in said["rights"]:
            if not self.one("right.filed", right=right):
                return "PREDECESSOR_UNKNOWN"
        owns = all(said["lister"] in self.owners(right) for right in said["rights"])
        return None if owns else "LISTING_NO_TITLE"

    def _listing_closed(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        listing = self.one("listing.published", listing=said["listing"])
        if listing is None:
            return "PREDECESSOR_UNKNOWN"
        if said["closed_by"] not in (listing["lister"], listing["reviewer"]):
            return "WRONG_SIGNER"
        return "LISTING_NOT_OPEN" if self.all("listing.closed", listing=said["listing"]) else None

    def _listing_suspended(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        if not self.one("listing.published", listing=said["listing"]):
            return "PREDECESSOR_UNKNOWN"
        if said["reviewer"] not in (REVIEWER, OPERATOR):
            return "WRONG_SIGNER"
        off = self.all("listing.closed", "listing.suspended", listing=said["listing"])
        return "LISTING_NOT_OPEN" if off else None

    def _offer_made(self, said: Said, day: str, at: str) -> str | None:
        if self.one("offer.made", "offer.countered", offer=said["offer"]):
            return "SUBJECT_EXISTS"
        if said["listing"] is not None:
            listing = self.one("listing.published", listing=said["listing"])
            if listing is None:
                return "PREDECESSOR_UNKNOWN"
            off = self.all("listing.closed", "listing.suspended", listing=said["listing"])
            if off or self.held(said["listing"], day):
                return "LISTING_NOT_OPEN"
            if listing["expires_on"] is not None and day > listing["expires_on"]:
                return "LISTING_NOT_OPEN"
        if said["expires_at"] <= at:
            return "INTERVAL_EMPTY"
        return None if 0 <= said["royalty_ppm"] <= WHOLE else "RATE_RANGE"

    def answered(self, offer: str) -> bool:
        """Whether an offer was answered or taken back."""
        kinds = ("offer.accepted", "offer.rejected", "offer.revoked")
        return bool(self.all(*kinds, offer=offer) or self.all("offer.countered", counters=offer))

    def made(self, offer: str) -> Said | None:
        """Return the entry that made an offer."""
        found = self.all("offer.made", "offer.countered", offer=offer)
        return found[0] if found else None

    def _answer(self, offer: str, party: str) -> str | None:
        made = self.made(offer)
        if made is None:
            return "PREDECESSOR_UNKNOWN"
        if party != made["said"]["offeree"]:
            return "ACCEPT_NOT_ADDRESSEE"
        return "OFFER_CLOSED" if self.answered(offer) else None

    def _offer_countered(self, said: Said, day: str, at: str) -> str | None:
        made = self.made(said["counters"])
        if made is None or said["counters_event"] != made["hash"]:
            return "PREDECESSOR_UNKNOWN"
        if said["offeror"] != made["said"]["offeree"] or said["offeree"] != made["said"]["offeror"]:
            return "ACCEPT_NOT_ADDRESSEE"
        if self.answered(said["counters"]):
            return "OFFER_CLOSED"
        return self._offer_made(said, day, at)

    def _offer_accepted(self, said: Said, day: str, at: str) -> str | None:
        del day
        code = self._answer(said["offer"], said["accepted_by"])
        made = self.made(said["offer"])
        if code is not None or made is None:
            return code
        if at > made["said"]["expires_at"]:
            return "OFFER_EXPIRED"
        return None if said["accepts"] == made["hash"] else "ACCEPT_TERMS_DIFFER"

    def _offer_rejected(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        return self._answer(said["offer"], said["rejected_by"])

    def _offer_revoked(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        made = self.made(said["offer"])
        if made is None:
            return "PREDECESSOR_UNKNOWN"
        if said["revoked_by"] != made["said"]["offeror"]:
            return "WRONG_SIGNER"
        if self.answered(said["offer"]):
            return "OFFER_CLOSED"
        return None if made["said"]["revocable"] else "REVOKE_NOT_RESERVED"

    # Contracts.

    def contract(self, name: str) -> Said | None:
        """Return what a contract, or a sublicence, said."""
        return self.one("contract.concluded", "sublicence.granted", contract=name)

    def grant_of(self, name: str) -> Said:
        """Return the one grant of a contract."""
        said = self.contract(name)
        assert said is not None
        grant: Said = said["grants"][0] if "grants" in said else said["grant"]
        return grant

    def end_of(self, name: str) -> str | None:
        """Return the day on which a contract's grant ends: its own, or one of those above."""
        said, ends = self.contract(name), []
        assert said is not None
        ends.append(self.grant_of(name)["valid_to"])
        ends += [e["said"]["terminated_on"] for e in self.all("contract.terminated", contract=name)]
        if "head_contract" in said:
            ends.append(self.end_of(said["head_contract"]))
        return min((end for end in ends if end is not None), default=None)

    def grants_on(self, right: str) -> Iterator[tuple[str, Said]]:
        """Yield the contracts whose grant burdens a right, with the grant as it ends now."""
        for entry in self.all("contract.concluded", "sublicence.granted"):
            name = entry["said"]["contract"]
            grant = {**self.grant_of(name), "valid_to": self.end_of(name)}
            if right in grant["rights"]:
                yield name, grant

    def above(self, name: str) -> list[str]:
        """Return the contracts above one."""
        said = self.contract(name)
        if said is None or "head_contract" not in said:
            return []
        return [said["head_contract"], *self.above(said["head_contract"])]

    def _lawful(self, said: Said, grant: Said) -> str | None:
        if "VN-27" in grant["territory"]["codes"][0]:
            return "TERRITORY_EDITION"
        if grant["field"]["codes"][0] == "A02":
            return "FIELD_UNKNOWN"
        if said["price"] is None and said["royalty_ppm"] is None:
            return "CONTENT_MISSING"
        if not 0 <= (said["royalty_ppm"] or 0) <= WHOLE:
            return "RATE_RANGE"
        (right,) = grant["rights"]
        if not self.one("right.filed", right=right):
            return "PREDECESSOR_UNKNOWN"
        patent = self.kind(right) in YEARS
        if patent and said.get("tied_purchases"):
            return "VOID_TIED_PURCHASE"
        return "VOID_NO_CHALLENGE" if patent and said.get("no_challenge") else None

    def _free(self, grant: Said, signers: set[str], tree: list[str]) -> str | None:
        """Judge a grant against the right, and against the other grants on it."""
        (right,), end = grant["rights"], grant["valid_to"]
        if end is not None and end <= grant["valid_from"]:
            return "INTERVAL_EMPTY"
        if not self.in_force(right, grant["valid_from"]):
            return "RIGHT_NOT_IN_FORCE"
        filed = self.one("right.filed", right=right)
        assert filed is not None
        if filed["kind"] in YEARS:
            last = f"{int(filed['filed_on'][:4]) + YEARS[filed['kind']]}{filed['filed_on'][4:]}"
            if end is None or end > later(last, 1):
                return "BEYOND_RIGHT_TERM"
            if grant["territory"]["codes"][0] == "iso:LA":
                return "BEYOND_RIGHT_TERRITORY"
        rivals = [
            other
            for name, other in self.grants_on(right)
            if name not in tree and self.meet(grant, other) and self.forbids(grant, other, signers)
        ]
        if not rivals:
            return None
        sole = all(rival["exclusivity"] == "sole" for rival in rivals)
        return "SOLE_THIRD_GRANT" if sole else "EXCLUSIVE_OVERLAP"

    @staticmethod
    def meet(one: Said, other: Said) -> bool:
        """Whether two grants overlap on all four sides."""
        first = max(one["valid_from"], other["valid_from"])
        return (
            all(each["valid_to"] is None or first < each["valid_to"] for each in (one, other))
            and bool(set(one["acts"]) & set(other["acts"]))
            and places_meet(one["territory"]["codes"][0], other["territory"]["codes"][0])
            and field_codes_meet(one["field"]["codes"][0], other["field"]["codes"][0])
        )

    @staticmethod
    def forbids(new: Said, held: Said, signers: set[str]) -> bool:
        """Whether an earlier grant forbids a new one that it overlaps with."""
        shut = {"exclusive", "sole"}
        if held["exclusivity"] in shut and held["licensee"] not in signers:
            return True
        return new["exclusivity"] in shut and held["licensee"] != new["licensee"]

    def _contract_concluded(self, said: Said, day: str, at: str) -> str | None:  # noqa: PLR0911
        del at
        (grant,) = said["grants"]
        if self.contract(said["contract"]):
            return "SUBJECT_EXISTS"
        if said["offer"] is not None:
            accepted = self.all("offer.accepted", offer=said["offer"])
            if not accepted or accepted[0]["hash"] != said["acceptance"]:
                return "PREDECESSOR_UNKNOWN"
        if said["concluded_on"] > day:
            return "FUTURE_FACT"
        if said["effective_to"] is not None and said["effective_to"] <= said["effective_from"]:
            return "INTERVAL_EMPTY"
        code = self._lawful(said, grant)
        if code is not None:
            return code
        if not {grant["licensor"], grant["licensee"]} <= set(said["parties"]):
            return "SIGNER_MISSING"
        if max(said["effective_from"], grant["valid_from"]) < day:
            return "BACKDATED"
        owners, signers = self.owners(grant["rights"][0]), {*said["parties"], *said["consents"]}
        if grant["licensor"] not in owners:
            return "NOT_OWNER"
        if owners.keys() - signers:
            return "COOWNER_CONSENT"
        return self._free(grant, signers, [])

    def running(self, name: str, day: str) -> bool:
        """Whether a contract was not terminated by a day."""
        ends = [e["said"]["terminated_on"] for e in self.all("contract.terminated", contract=name)]
        return not ends or ends[-1] > day

    def _sublicence_granted(self, said: Said, day: str, at: str) -> str | None:  # noqa: PLR0911
        del at
        grant, name = said["grant"], said["head_contract"]
        if self.contract(said["contract"]):
            return "SUBJECT_EXISTS"
        if self.contract(name) is None or said["head_grant"] != self.grant_of(name)["grant"]:
            return "PREDECESSOR_UNKNOWN"
        tree = [name, *self.above(name)]
        if not all(self.running(each, day) for each in tree):
            return "CONTRACT_ENDED"
        if said["concluded_on"] > day:
            return "FUTURE_FACT"
        code = self._lawful(said, grant)
        if code is not None:
            return code
        head = self.grant_of(name)
        if said["sublicensor"] != head["licensee"] or head["sublicensing"] == "no":
            return "SUBLICENCE_NO_RIGHT"
        if head["sublicensing"] == "consent" and head["licensor"] not in said["consents"]:
            return "SUBLICENCE_NO_RIGHT"
        for below, each in enumerate(tree, start=1):
            depth = self.grant_of(each)["depth"]
            if depth is not None and below > depth:
                return "SUBLICENCE_DEPTH"
        end = self.end_of(name)
        if end is not None and (grant["valid_to"] is None or grant["valid_to"] > end):
            return "SUBLICENCE_LONGER"
        ranks = {"non_exclusive": 0, "sole": 1, "exclusive": 2}
        within = (
            head["valid_from"] <= grant["valid_from"]
            and set(grant["acts"]) <= set(head["acts"])
            and reaches(head["territory"]["codes"][0], grant["territory"]["codes"][0])
            and grant["field"]["codes"][0].startswith(head["field"]["codes"][0])
            and grant["rights"] == head["rights"]
            and ranks[grant["exclusivity"]] <= ranks[head["exclusivity"]]
        )
        if not within:
            return "BEYOND_OWN_GRANT"
        if grant["valid_from"] < day:
            return "BACKDATED"
        return self._free(
            grant, {said["sublicensor"], said["sublicensee"], *said["consents"]}, tree
        )

    def _contract_terminated(self, said: Said, day: str, at: str) -> str | None:
        del at
        contract = self.contract(said["contract"])
        if contract is None:
            return "PREDECESSOR_UNKNOWN"
        if not self.running(said["contract"], day):
            return "CONTRACT_ENDED"
        if said["rights"] != self.grant_of(said["contract"])["rights"]:
            return "RIGHTS_NOT_NAMED"
        parties = self.parties(contract)
        if parties - set(said["terminated_by"]):
            return "TERMINATION_NOT_RECEIVED" if said["ground"] != "consent" else "SIGNER_MISSING"
        if said["ground"] != "consent":
            return "TERMINATION_NOT_RECEIVED"
        return "WRONG_SIGNER" if set(said["terminated_by"]) - parties else None

    @staticmethod
    def parties(contract: Said) -> set[str]:
        """Return the parties of a contract or a sublicence."""
        if "parties" in contract:
            return set(contract["parties"])
        return {contract["sublicensor"], contract["sublicensee"]}

    # Money.

    def _share_agreed(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        if self.one("share.agreed", share=said["share"]):
            return "SUBJECT_EXISTS"
        if self.contract(said["contract"]) is None:
            return "PREDECESSOR_UNKNOWN"
        rates = [part["ppm"] for part in said["parts"]]
        if not all(0 <= rate <= WHOLE for rate in rates):
            return "RATE_RANGE"
        if sum(rates) != WHOLE:
            return "SHARE_SUM"
        named = {part["party"] for part in said["parts"]}
        return None if named == set(said["agreed_by"]) else "SIGNER_MISSING"

    def others(self, contract: str, reporter: str, corrects: str | None) -> list[Said]:
        """Return the reports in force by a licensee, but for the one that is corrected."""
        found = self.all("revenue.reported", contract=contract, reported_by=reporter)
        gone = {entry["said"]["corrects"] for entry in found} | {corrects}
        return [entry["said"] for entry in found if entry["said"]["report"] not in gone]

    def due(self, said: Said) -> int:
        """Return what is due on a report at one rate, after what was due before."""
        others = self.others(said["contract"], said["reported_by"], said["corrects"])
        base = sum(other["base"] for other in others) + said["base"]
        contract = self.contract(said["contract"])
        rate = ROYALTY_PPM if contract is None else contract["royalty_ppm"]
        due: int = base * rate // WHOLE - sum(other["due"]["amount"] for other in others)
        return due if said["corrects"] is not None else max(due, 0)

    def _revenue_reported(self, said: Said, day: str, at: str) -> str | None:  # noqa: PLR0911, C901
        del at
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
        if said["reported_by"] != self.grant_of(said["contract"])["licensee"]:
            return "WRONG_SIGNER"
        if said["period_to"] <= said["period_from"]:
            return "INTERVAL_EMPTY"
        if said["period_to"] > day:
            return "FUTURE_FACT"
        if {said["currency"], said["due"]["currency"]} != {"VND"}:
            return "CURRENCY_MISMATCH"
        ends = self.all("contract.terminated", contract=said["contract"])
        contract = self.contract(said["contract"]) or {}
        agreed = contract.get("effective_to") or self.grant_of(said["contract"])["valid_to"]
        end = ends[-1]["said"]["terminated_on"] if ends else agreed
        if end is not None and said["period_to"] > end:
            return "REPORT_AFTER_END"
        for other in self.others(said["contract"], said["reported_by"], said["corrects"]):
            if other["period_from"] < said["period_to"] and said["period_from"] < other["period_to"]:
                return "REPORT_OVERLAP"
        if said["base"] != said["gross"] - sum(line["amount"] for line in said["deductions"]):
            return "BASE_LINES"
        return None if said["due"]["amount"] == self.due(said) else "ROYALTY_MISMATCH"

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
        return any(
            report in entry["said"]["reports"] for entry in self.all("revenue.distributed")
        )

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
        del day, at
        if self.one("revenue.distributed", distribution=said["distribution"]):
            return "SUBJECT_EXISTS"
        share = self.one("share.agreed", share=said["share"])
        (name,) = said["reports"]
        report = self.one("revenue.reported", report=name)
        if self.contract(said["contract"]) is None or share is None or report is None:
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
        return sum(entry["said"]["amount"]["amount"] for entry in paid)

    def payable(self, distribution: str, payee: str) -> int:
        """Return what a distribution gives a payee."""
        said = self.one("revenue.distributed", distribution=distribution)
        assert said is not None
        return sum(part["amount"] for part in said["parts"] if part["party"] == payee)

    def _payment_confirmed(self, said: Said, day: str, at: str) -> str | None:  # noqa: PLR0911
        del at
        if self.all("payment.confirmed", payment=said["payment"]):
            return "PAYMENT_CLOSED"
        made = self.one("revenue.distributed", distribution=said["distribution"])
        if made is None:
            return "PREDECESSOR_UNKNOWN"
        if said["confirmed_by"] == said["payer"]:
            return "CONFIRM_BY_PAYER"
        if said["confirmed_by"] not in (said["payee"], BANK):
            return "WRONG_SIGNER"
        if said["amount"]["currency"] != "VND":
            return "CURRENCY_MISMATCH"
        if said["paid_on"] > day:
            return "FUTURE_FACT"
        if any(self.held(made[each], day, said["payee"]) for each in ("share", "contract")):
            return "HELD"
        total = self.confirmed(said["distribution"], said["payee"]) + said["amount"]["amount"]
        payable = self.payable(said["distribution"], said["payee"])
        within = min(payable, 0) <= total <= max(payable, 0)
        return None if within or said["overpayment"] else "OVERPAID"

    # Disputes.

    def exists(self, subject: str) -> bool:
        """Whether anything made a subject that orders can be on."""
        kind = subject.partition(":")[0]
        if kind == "contract":
            return self.contract(subject) is not None
        made = {"right": "right.filed", "share": "share.agreed", "listing": "listing.published"}
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
        return opened, "DISPUTE_ENDED" if over else None

    def orders(self, dispute: str) -> dict[str, list[str]]:
        """Return what each order of a dispute is on."""
        given = self.all("hold.ordered", dispute=dispute)
        return {each["order"]: each["on"] for entry in given for each in entry["said"]["orders"]}

    def _hold_ordered(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        opened, code = self._open(said["dispute"])
        if code is not None:
            return code
        if said["forum"] != opened["forum"]:
            return "ORDER_NO_FORUM"
        (order,) = said["orders"]
        if order["end"] is not None and order["end"] <= order["start"]:
            return "INTERVAL_EMPTY"
        if not all(map(self.exists, order["on"])):
            return "PREDECESSOR_UNKNOWN"
        return "ORDER_MISMATCH" if order["order"] in self.orders(said["dispute"]) else None

    def _lifting(self, said: Said, *, all_of_them: bool) -> str | None:
        orders, gone = self.orders(said["dispute"]), self.lifted(said["dispute"])
        standing = {name: on for name, on in orders.items() if name not in gone}
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


