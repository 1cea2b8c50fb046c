"""The plain reference of what is dealt: listings, offers, contracts and sublicences, notices."""

from collections.abc import Iterable, Iterator

from tests.support.reference_days import later
from tests.support.reference_model import BY_AGREEMENT, YEARS, Reference, Said
from tests.support.reference_places import (
    codes_in_use,
    field_codes_meet,
    places_meet,
    reaches,
    same_ground,
)
from tests.support.reference_shares import shares

ROYALTY_PPM = 50_000
WHOLE = 1_000_000


class DealsReference(Reference):
    """The reference of titles, and of what is offered and granted on them."""

    # Market.

    def _listing_published(self, said: Said, day: str, at: str) -> str | None:
        del at
        if self.one("listing.published", listing=said["listing"]):
            return "SUBJECT_EXISTS"
        for right in said["rights"]:
            if not self.one("right.filed", right=right):
                return "PREDECESSOR_UNKNOWN"
            if not self.may_list(said["lister"], right, day):
                return "LISTING_NO_TITLE"
            for entry in self.last_listings(right):
                other = entry["said"]
                closed = self.all("listing.closed", listing=other["listing"])
                over = other["expires_on"] is not None and day > other["expires_on"]
                together = {said["lister"], other["lister"]} <= self.owners(right).keys()
                if other["lister"] != said["lister"] and not (closed or over or together):
                    return "LISTING_DUPLICATE"
        return None

    def may_list(self, party: str, right: str, day: str) -> bool:
        """Whether a party owns a share of a right, or holds a licence that it may pass on."""
        if party in self.owners(right):
            return True
        return any(
            grant["licensee"] == party
            and (grant["transferable"] or grant["sublicensing"] == "free")
            and (grant["valid_to"] is None or max(day, grant["valid_from"]) < grant["valid_to"])
            for _, grant in self.grants_on(right)
        )

    def last_listings(self, right: str) -> list[Said]:
        """Return the last listing of a right by each party."""
        last = {
            entry["said"]["lister"]: entry
            for entry in self.all("listing.published")
            if right in entry["said"]["rights"]
        }
        return list(last.values())

    def off_the_market(self, listing: Said, day: str) -> bool:
        """Whether a listing is closed, suspended, over, or of what is not to be had."""
        name = listing["listing"]
        if self.all("listing.closed", listing=name) or self.suspended(name) or self.held(name, day):
            return True
        for right in listing["rights"]:
            if self.held(right, day) or not self.in_force(right, day):
                return True
            if not self.may_list(listing["lister"], right, day):
                return True
        return listing["expires_on"] is not None and day > listing["expires_on"]

    def suspended(self, listing: str) -> bool:
        """Whether the last word on a listing is its suspension."""
        words = self.all("listing.suspended", "listing.resumed", listing=listing)
        return bool(words) and words[-1]["topic"] == "listing.suspended/1"

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
        off = self.all("listing.closed", listing=said["listing"]) or self.suspended(said["listing"])
        return "LISTING_NOT_OPEN" if off else None

    def _listing_resumed(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        if not self.one("listing.published", listing=said["listing"]):
            return "PREDECESSOR_UNKNOWN"
        closed = self.all("listing.closed", listing=said["listing"])
        resting = self.suspended(said["listing"])
        return "LISTING_NOT_OPEN" if closed or not resting else None

    def _offer_made(
        self, said: Said, day: str, at: str, stood: tuple[Said, ...] = ()
    ) -> str | None:
        if self.one("offer.made", "offer.countered", offer=said["offer"]):
            return "SUBJECT_EXISTS"
        if said["listing"] is not None:
            listing = self.one("listing.published", listing=said["listing"])
            if listing is None:
                return "PREDECESSOR_UNKNOWN"
            if self.off_the_market(listing, day):
                return "LISTING_NOT_OPEN"
        if said["expires_at"] <= at:
            return "INTERVAL_EMPTY"
        if not 0 <= said["royalty_ppm"] <= WHOLE:
            return "RATE_RANGE"
        codes = (codes_in_use(each, day, stood) for each in said["proposed"])
        return next(filter(None, codes), None)

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
        return self._offer_made(said, day, at, tuple(made["said"]["proposed"]))

    def _offer_accepted(self, said: Said, day: str, at: str) -> str | None:
        del day
        code = self._answer(said["offer"], said["accepted_by"])
        made = self.made(said["offer"])
        if code is not None or made is None:
            return code
        if at > made["said"]["expires_at"]:
            return "OFFER_EXPIRED"
        if said["accepts"] != made["hash"]:
            return "ACCEPT_TERMS_DIFFER"
        closed = self.all("listing.closed", listing=made["said"]["listing"] or "")
        return "OFFER_CLOSED" if closed else None

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

    # Technologies.

    def _technology_registered(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        if self.one("technology.registered", technology=said["technology"]):
            return "SUBJECT_EXISTS"
        return None if sum(shares(said["owners"]).values()) == 1 else "FRACTION_SUM"

    # Contracts.

    def terms_on(self, contract: str, day: str) -> Said:
        """Return what a contract says on a day, by the amendments that have effect by then."""
        said: Said = dict(self.contract(contract) or {})
        for entry in self.all("terms.amended", contract=contract):
            if entry["said"]["effective_from"] <= day:
                said.update(entry["said"]["changes"])
        return said

    @staticmethod
    def objects(grant: Said) -> list[str]:
        """Return what a grant is on: rights, and technologies."""
        return [*grant["rights"], *grant["technologies"]]

    def contract(self, name: str) -> Said | None:
        """Return what a contract, or a sublicence, said."""
        return self.one("contract.concluded", "sublicence.granted", contract=name)

    def grant_of(self, name: str) -> Said:
        """Return the one grant of a contract, as it was given or last changed."""
        said = self.contract(name)
        assert said is not None
        grant: Said = said["grants"][0] if "grants" in said else said["grant"]
        amended = self.all("terms.amended", contract=name)
        changed = [each for e in amended for each in e["said"]["changes"].get("grants", ())]
        return changed[-1] if changed else grant

    def end_of(self, name: str) -> str | None:
        """Return the day on which a contract's grant ends: its own, or one of those above."""
        said, ends = self.contract(name), []
        assert said is not None
        ends.append(self.grant_of(name)["valid_to"])
        ends += [e["said"]["terminated_on"] for e in self.all("contract.terminated", contract=name)]
        ends += [start for start in (self.void_from(name),) if start is not None]
        if "head_contract" in said:
            ends.append(self.end_of(said["head_contract"]))
        return min((end for end in ends if end is not None), default=None)

    def void_from(self, deed: str) -> str | None:
        """Return the first day from which a ruling declares a deed void."""
        starts = [
            order["start"]
            for entry in self.all("ruling.made")
            for order in entry["said"]["orders"]
            if order["event"] is not None and deed in order["on"]
        ]
        return min(starts, default=None)

    def void(self, deed: str, day: str) -> bool:
        """Whether a deed is void on a day."""
        start = self.void_from(deed)
        return start is not None and start <= day

    def grants_on(self, thing: str) -> Iterator[tuple[str, Said]]:
        """Yield the contracts whose grant burdens a thing, with the grant as it ends now."""
        for entry in self.all("contract.concluded", "sublicence.granted"):
            name = entry["said"]["contract"]
            grant = {**self.grant_of(name), "valid_to": self.end_of(name)}
            if thing in self.objects(grant):
                yield name, grant

    def above(self, name: str) -> list[str]:
        """Return the contracts above one."""
        said = self.contract(name)
        if said is None or "head_contract" not in said:
            return []
        return [said["head_contract"], *self.above(said["head_contract"])]

    def holds_on(self, name: str, day: str) -> bool:
        """Whether a contract, and all above it, hold on a day."""
        said, end = self.contract(name), self.end_of(name)
        assert said is not None
        start = max(self.grant_of(name)["valid_from"], said.get("effective_from", ""))
        return start <= day and (end is None or day < end)

    @staticmethod
    def covers(grant: Said, use: Said) -> bool:
        """Whether a grant covers the first act of a use, where and for what it is."""
        return (
            use["acts"][0] in grant["acts"]
            and reaches(grant["territory"]["codes"][0], use["territory"]["codes"][0])
            and use["field"]["codes"][0].startswith(grant["field"]["codes"][0])
        )

    def _there(self, grant: Said) -> str | None:
        """Say whether all that a grant is on is in the log."""
        rights = all(self.one("right.filed", right=each) for each in grant["rights"])
        made = all(
            self.one("technology.registered", technology=each) for each in grant["technologies"]
        )
        return None if rights and made else "PREDECESSOR_UNKNOWN"

    def _lawful(self, said: Said, grant: Said, day: str, stood: Iterable[Said] = ()) -> str | None:
        """Judge codes and contents."""
        if code := codes_in_use(grant, day, stood):
            return code
        if said["price"] is None and said["royalty_ppm"] is None and said["royalty"] is None:
            return "CONTENT_MISSING"
        if not 0 <= (said["royalty_ppm"] or 0) <= WHOLE:
            return "RATE_RANGE"
        if self._there(grant) is not None:
            return "PREDECESSOR_UNKNOWN"
        patent = any(self.kind(right) in YEARS for right in grant["rights"])
        if patent and said.get("tied_purchases"):
            return "VOID_TIED_PURCHASE"
        return "VOID_NO_CHALLENGE" if patent and said.get("no_challenge") else None

    def early(self, grant: Said, *days: str) -> bool:
        """Whether one of these days lies before the filing of a right that an office gives."""
        filed = [self.one("right.filed", right=right) for right in grant["rights"]]
        return any(
            day < each["filed_on"]
            for each in filed
            if each and each["kind"] not in BY_AGREEMENT
            for day in days
        )

    def _free(self, grant: Said, signers: set[str], tree: list[str]) -> str | None:
        """Judge a grant against what it is on, and against the other grants on it."""
        end = grant["valid_to"]
        if end is not None and end <= grant["valid_from"]:
            return "INTERVAL_EMPTY"
        for right in grant["rights"]:
            if not self.in_force(right, grant["valid_from"]):
                return "RIGHT_NOT_IN_FORCE"
            filed = self.one("right.filed", right=right)
            assert filed is not None
            if filed["kind"] in YEARS:
                last = f"{int(filed['filed_on'][:4]) + YEARS[filed['kind']]}{filed['filed_on'][4:]}"
                if end is None or end > later(last, 1):
                    return "BEYOND_RIGHT_TERM"
                if grant["territory"]["codes"][0] == "iso:LA" and not grant["technologies"]:
                    return "BEYOND_RIGHT_TERRITORY"
        rivals = [
            other
            for thing in self.objects(grant)
            for name, other in self.grants_on(thing)
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

    def _contract_concluded(self, said: Said, day: str, at: str) -> str | None:
        del at
        (grant,) = said["grants"]
        if self.contract(said["contract"]):
            return "SUBJECT_EXISTS"
        if any(set(each["who"]) - set(said["parties"]) for each in said["exits"]):
            return "SIGNER_MISSING"
        if said["offer"] is not None:
            code = self._accepted(said, grant)
            if code is not None:
                return code
        if said["concluded_on"] > day:
            return "FUTURE_FACT"
        if said["effective_to"] is not None:
            if said["effective_to"] <= said["effective_from"]:
                return "INTERVAL_EMPTY"
            if grant["valid_to"] is None or grant["valid_to"] > said["effective_to"]:
                return "GRANT_OUTLASTS_CONTRACT"
        if not {grant["licensor"], grant["licensee"]} <= set(said["parties"]):
            return "SIGNER_MISSING"
        offer = self.made(said["offer"]) if said["offer"] is not None else None
        code = self._lawful(said, grant, day, offer["said"]["proposed"] if offer else ())
        if code is not None:
            return code
        first = max(said["effective_from"], grant["valid_from"])
        if self.early(grant, said["concluded_on"], first):
            return "RIGHT_NOT_YET"
        private = min(said["concluded_on"], said["effective_from"])
        if private < day and said["confirms"] is None:
            return "BACKDATED"
        signers = {*said["parties"], *said["consents"]}
        if self.got_meanwhile(self.objects(grant), (first, day), signers):
            return "BACKDATED"
        code = self._owned(grant, signers)
        return code or self._free(grant, signers, [])

    def _owned(self, grant: Said, signers: set[str]) -> str | None:
        """Judge that the licensor owns what it grants, with all others who own it."""
        for thing in self.objects(grant):
            owners = self.owning(thing)
            if grant["licensor"] not in owners:
                return "NOT_OWNER"
            if owners.keys() - signers:
                return "COOWNER_CONSENT"
        return None

    def _accepted(self, said: Said, grant: Said) -> str | None:
        """Judge a contract by the acceptance that it names: between the same, as offered, once."""
        accepted = self.all("offer.accepted", offer=said["offer"])
        made = self.made(said["offer"])
        if not accepted or made is None or accepted[0]["hash"] != said["acceptance"]:
            return "PREDECESSOR_UNKNOWN"
        offer = made["said"]
        same = (
            set(said["parties"]) == {offer["offeror"], offer["offeree"]}
            and said["price"] == offer["price"]
            and said["royalty_ppm"] == offer["royalty_ppm"]
        )
        listing = self.one("listing.published", listing=offer["listing"] or "")
        if offer["proposed"]:
            (proposed,) = offer["proposed"]
            same = same and all(
                grant[name] == value for name, value in proposed.items() if name != "territory"
            )
            same = same and same_ground(grant["territory"], proposed["territory"])
            # It cannot say these, so nobody accepted them.
            same = same and grant["sublicensing"] in ("no", "consent")
            beyond = ("quantity", "option_until", "excluded", "transferable", "direct_licence")
            same = same and not any(map(grant.get, beyond))
        elif listing is not None and (
            shown := {*listing["rights"], listing["technology"]} - {None}
        ):
            same = same and {*self.objects(grant)} <= shown
        if not same:
            return "ACCEPTANCE_DIFFERS"
        used = self.all("contract.concluded", acceptance=said["acceptance"])
        return "ACCEPTANCE_USED" if used else None

    def running(self, name: str, day: str) -> bool:
        """Whether a contract was not terminated by a day."""
        ends = [e["said"]["terminated_on"] for e in self.all("contract.terminated", contract=name)]
        return not ends or ends[-1] > day

    def _sublicence_granted(self, said: Said, day: str, at: str) -> str | None:
        del at
        grant, name = said["grant"], said["head_contract"]
        if self.contract(said["contract"]):
            return "SUBJECT_EXISTS"
        if self.contract(name) is None or said["head_grant"] != self.grant_of(name)["grant"]:
            return "PREDECESSOR_UNKNOWN"
        tree = [name, *self.above(name)]
        for each in tree:
            if self.void(each, day):
                return "DEED_VOID"
            if not self.running(each, day):
                return "CONTRACT_ENDED"
        if said["concluded_on"] > day:
            return "FUTURE_FACT"
        head = self.grant_of(name)
        code = self._lawful(said, grant, day, [head])
        if code is not None:
            return code
        if said["sublicensor"] != head["licensee"] or head["sublicensing"] == "no":
            return "SUBLICENCE_NO_RIGHT"
        if head["sublicensing"] == "consent" and head["licensor"] not in said["consents"]:
            return "SUBLICENCE_NO_RIGHT"
        for below, each in enumerate(tree, start=1):
            depth = self.grant_of(each)["depth"]
            if depth is not None and below > depth:
                return "SUBLICENCE_DEPTH"
        if grant["valid_to"] is not None and grant["valid_to"] <= grant["valid_from"]:
            return "INTERVAL_EMPTY"
        end = self.end_of(name)
        if end is not None and (grant["valid_to"] is None or grant["valid_to"] > end):
            return "SUBLICENCE_LONGER"
        ranks = {"non_exclusive": 0, "sole": 1, "exclusive": 2}
        within = (
            head["valid_from"] <= grant["valid_from"]
            and set(grant["acts"]) <= set(head["acts"])
            and reaches(head["territory"]["codes"][0], grant["territory"]["codes"][0])
            and grant["field"]["codes"][0].startswith(head["field"]["codes"][0])
            and set(self.objects(grant)) <= set(self.objects(head))
            and ranks[grant["exclusivity"]] <= ranks[head["exclusivity"]]
        )
        if not within:
            return "BEYOND_OWN_GRANT"
        if self.early(grant, said["concluded_on"], grant["valid_from"]):
            return "RIGHT_NOT_YET"
        if min(said["concluded_on"], grant["valid_from"]) < day and said["confirms"] is None:
            return "BACKDATED"
        signers = {said["sublicensor"], said["sublicensee"], *said["consents"]}
        if self.got_meanwhile(self.objects(grant), (grant["valid_from"], day), signers):
            return "BACKDATED"
        return self._free(grant, signers, tree)

    def below(self, name: str) -> list[str]:
        """Return the sublicences below a contract, at any depth."""
        found = [
            entry["said"]["contract"]
            for entry in self.all("sublicence.granted", head_contract=name)
        ]
        return [*found, *(each for one in found for each in self.below(one))]

    @staticmethod
    def parties(contract: Said) -> set[str]:
        """Return the parties of a contract or a sublicence."""
        if "parties" in contract:
            return set(contract["parties"])
        return {contract["sublicensor"], contract["sublicensee"]}
