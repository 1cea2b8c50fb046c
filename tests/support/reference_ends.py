"""The plain reference of what becomes of contracts: amendments, notices, ends."""

from tests.support.builders import OPERATOR
from tests.support.reference_days import later
from tests.support.reference_deals import WHOLE, DealsReference
from tests.support.reference_model import Said


class EndsReference(DealsReference):
    """The reference of what is dealt, and of how it is changed and ended."""

    def _terms_amended(self, said: Said, day: str, at: str) -> str | None:
        """Judge an amendment: of the exits, the rates, or what a grant was, by all its parties."""
        del at
        contract = self.contract(said["contract"])
        if contract is None:
            return "PREDECESSOR_UNKNOWN"
        if self.void(said["contract"], day):
            return "DEED_VOID"
        if not self.running(said["contract"], day):
            return "CONTRACT_ENDED"
        parties, acting = self.parties(contract), set(said["parties"])
        if parties - acting:
            return "SIGNER_MISSING"
        if acting - parties:
            return "WRONG_SIGNER"
        if said["concluded_on"] > day:
            return "FUTURE_FACT"
        grants = said["changes"].get("grants", ())
        days = said["concluded_on"], said["effective_from"]
        if any(self.early(grant, *days) for grant in grants):
            return "RIGHT_NOT_YET"
        back = min(said["concluded_on"], said["effective_from"]) < day
        below = {self.grant_of(each)["licensee"] for each in self.below(said["contract"])}
        taken = grants and said["effective_from"] < day and below - {*acting, *said["consents"]}
        if taken or (back and said["confirms"] is None):
            return "BACKDATED"
        sharers = self.sharers(said["contract"]) - {*acting, *said["consents"]}
        if sharers and self._pays_less(said, day):
            return "BACKDATED"
        exits = said["changes"].get("exits", ())
        if any(set(each["who"]) - parties for each in exits):
            return "SIGNER_MISSING"
        if any(self._outlasts(said["contract"], grant["valid_to"]) for grant in grants):
            return "GRANT_OUTLASTS_CONTRACT"
        if set(said["rights"]) != {each for grant in grants for each in self.objects(grant)}:
            return "RIGHTS_NOT_NAMED"
        if not 0 <= (said["changes"].get("royalty_ppm") or 0) <= WHOLE:
            return "RATE_RANGE"
        return self._regranted(said, day) if grants else None

    def _outlasts(self, name: str, end: str | None) -> bool:
        """Whether a grant would end after the day from which a contract is ended early, or void."""
        ends = [e["said"]["terminated_on"] for e in self.all("contract.terminated", contract=name)]
        ends += filter(None, [self.void_from(name)])
        return bool(ends) and (end is None or end > min(ends))

    def _pays_less(self, said: Said, day: str) -> bool:
        """Whether an amendment as from the past may leave less of what was due before a day."""
        name, changes = said["contract"], said["changes"]
        begun = (self.contract(name) or {}).get("effective_from") or self.grant_of(name)[
            "valid_from"
        ]
        since = max(said["effective_from"], begun)
        amended = {e["said"]["effective_from"] for e in self.all("terms.amended", contract=name)}
        for each in {since, *(start for start in amended if start > since)}:
            if each >= day:
                continue
            stood = self.terms_on(name, each)
            if "royalty" in changes and changes["royalty"] != stood.get("royalty"):
                return True
            if (changes.get("royalty_ppm", WHOLE) or 0) < (stood.get("royalty_ppm") or 0):
                return True
        return False

    def _regranted(self, said: Said, day: str) -> str | None:
        """Judge what a grant has become: its codes, and what it takes of the others."""
        name, (grant,) = said["contract"], said["changes"]["grants"]
        stood, signers = self.grant_of(name), {*said["parties"], *said["consents"]}
        code = self._lawful(
            {**(self.contract(name) or {}), **said["changes"]}, grant, day, [stood] if stood else []
        )
        if code is not None:
            return code
        if self.got_meanwhile(self.objects(grant), (said["effective_from"], day), signers):
            return "BACKDATED"
        code = None if self.above(name) else self._owned(grant, signers)
        return code or self._free(grant, signers, [name, *self.above(name)])

    def _contract_terminated(self, said: Said, day: str, at: str) -> str | None:
        del at
        contract = self.contract(said["contract"])
        if contract is None:
            return "PREDECESSOR_UNKNOWN"
        if self.void(said["contract"], day):
            return "DEED_VOID"
        end = self.over_from(said["contract"])
        if not self.running(said["contract"], day) or (end and end <= said["terminated_on"]):
            return "CONTRACT_ENDED"
        if set(said["rights"]) != set(self.objects(self.grant_of(said["contract"]))):
            return "RIGHTS_NOT_NAMED"
        parties, acting = self.parties(contract), set(said["terminated_by"])
        under = self.concerned(said["contract"], said["terminated_on"])
        if said["ground"] == "consent" and parties - acting:
            return "SIGNER_MISSING"
        if acting - parties - (under if said["confirms"] else set()):
            return "WRONG_SIGNER"
        exit_used = self._exit(said, acting & parties)
        if said["ground"] == "exit" and exit_used is None:
            return "EXIT_MISSING"
        if said["terminated_on"] < day:
            if said["confirms"] is None or (parties | under) - acting:
                return "BACKDATED"
            things = self.objects(self.grant_of(said["contract"]))
            # An end leaves more to others who lend on a right: it takes nothing.
            lenders = {entry["said"]["creditor"] for entry in self.all("security.created")}
            if self.got_meanwhile(things, (said["terminated_on"], day), acting | lenders):
                return "BACKDATED"
        if said["ground"] == "consent":
            return None
        leaving = acting & parties if exit_used is None else acting & set(exit_used["who"])
        return self._noticed(said, leaving, exit_used)

    def over_from(self, name: str) -> str | None:
        """Return the first day after a contract: of the ends that were set, and of its term."""
        ends = [e["said"]["terminated_on"] for e in self.all("contract.terminated", contract=name)]
        term = (self.contract(name) or {}).get("effective_to") or self.grant_of(name)["valid_to"]
        return min([*ends, *([term] if term else [])], default=None)

    def concerned(self, contract: str, day: str) -> set[str]:
        """Return whom an end on a day concerns beside the parties: licensees below, who shares."""
        ends = {each: self.end_of(each) for each in self.below(contract)}
        running = [each for each, end in ends.items() if end is None or day < end]
        below = {self.grant_of(each)["licensee"] for each in running}
        return self.sharers(contract) | below

    def sharers(self, contract: str) -> set[str]:
        """Return who agreed on sharing what a contract brings, or gets a part of it."""
        shared = [entry["said"] for entry in self.all("share.agreed", contract=contract)]
        gone = {said["supersedes"] for said in shared}
        stands = [said for said in shared if said["share"] not in gone]
        stands = [said for said in stands if self.void_from(said["share"]) is None]
        sharers = {part["party"] for said in stands for part in said["parts"]}
        sharers.update(party for said in stands for party in said["agreed_by"])
        return sharers

    def _exit(self, said: Said, ending: set[str]) -> Said | None:
        """Return the agreed exit by which those who end may do so."""
        agreed = self.terms_on(said["contract"], said["terminated_on"])["exits"]
        found = [each for each in agreed if each["exit"] == said["exit"]]
        return found[0] if found and ending & set(found[0]["who"]) else None

    def _noticed(self, said: Said, leaving: set[str], agreed: Said | None) -> str | None:
        """Judge an end by notice: of this matter and exit, received, and its days over."""
        if said["notice"] is None:
            return "TERMINATION_NOT_RECEIVED"
        served = self.one("notice.served", notice=said["notice"])
        if served is None:
            return "PREDECESSOR_UNKNOWN"
        if served["contract"] != said["contract"] or served["served_by"] not in leaving:
            return "WRONG_SIGNER"
        if agreed is None:  # a serious breach: no exit is taken
            about = {"breach"}
        else:
            about = {"termination", "breach" if agreed["ground"] == "breach" else "termination"}
        if served["matter"] not in about or served["exit"] != (agreed or {}).get("exit"):
            return "NOTICE_MATTER"
        last = self._told_all(said, served, leaving)
        if last is None or said["terminated_on"] < last:
            return "TERMINATION_NOT_RECEIVED"
        for member, code in (("notice_days", "NOTICE_TOO_SHORT"), ("cure_days", "CURE_RUNNING")):
            wait = (agreed or {}).get(member) or 0
            # The day of receipt is not counted, and the last day ends at midnight.
            if wait and said["terminated_on"] < later(last, wait + 1):
                return code
        return None

    def _arrived(self, notice: str) -> str | None:
        """Return the first day on which a notice is said to have arrived."""
        received = self.all("notice.received", notice=notice)
        return min((entry["said"]["received_on"] for entry in received), default=None)

    def _told_all(self, said: Said, served: Said, leaving: set[str]) -> str | None:
        """Return the last day on which one of the other side was told, or None if one was not."""
        contract = self.contract(said["contract"])
        assert contract is not None
        grants = contract.get("grants") or [contract["grant"]]
        facing = {grant["licensee"] for grant in grants if grant["licensor"] in leaving}
        facing |= {grant["licensor"] for grant in grants if grant["licensee"] in leaving}
        if facing and served["served_on"] not in facing:
            return None
        days = [self._arrived(served["notice"])]
        for other in facing - {*said["terminated_by"], served["served_on"]}:
            alike = ("contract", "matter", "exit")
            same = self.all("notice.served", **{name: served[name] for name in alike})
            told = [each["said"] for each in same if each["said"]["served_on"] == other]
            arrived = [self._arrived(e["notice"]) for e in told if e["served_by"] in leaving]
            days.append(min((day for day in arrived if day), default=None))
        return None if None in days else max(day for day in days if day)

    def _notice_served(self, said: Said, day: str, at: str) -> str | None:
        del at
        if self.one("notice.served", notice=said["notice"]):
            return "SUBJECT_EXISTS"
        contract = self.contract(said["contract"])
        if contract is None:
            return "PREDECESSOR_UNKNOWN"
        sides = {said["served_by"], said["served_on"]}
        if sides - self.parties(contract) or len(sides) == 1:
            return "WRONG_SIGNER"
        return "FUTURE_FACT" if said["sent_on"] > day else None

    def _notice_received(self, said: Said, day: str, at: str) -> str | None:
        del at
        served = self.one("notice.served", notice=said["notice"])
        if served is None or served["contract"] != said["contract"]:
            return "PREDECESSOR_UNKNOWN"
        if said["confirmed_by"] not in (served["served_on"], OPERATOR):
            return "WRONG_SIGNER"
        if said["received_on"] > day:
            return "FUTURE_FACT"
        return "PREDECESSOR_UNKNOWN" if said["received_on"] < served["sent_on"] else None
