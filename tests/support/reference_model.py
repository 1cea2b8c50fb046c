"""
The domain once more, in plain Python: a list of what was admitted, and loops over it.

It is written from domain.md (sections 4 and 4.1) and shares nothing with `ledger.domain`: no
state, no index, no helper; whatever it wants to know it counts again from the first entry on. Days
are ISO text. `judge` answers with the code of the first refusal, or None; `record` appends.
Existence comes before contents, contents before days, days before whose it is.
"""

from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import Any

from tests.support.builders import OPERATOR, REVIEWER, key_id
from tests.support.reference_days import later, month_later
from tests.support.reference_shares import passed, shares, voided_by
from tests.support.reference_signers import apart, apart_of_named, who_signs

Said = dict[str, Any]
COURT = "party:vn.court"
BY_AGREEMENT = {"software"}
YEARS = {"invention": 20, "utility_solution": 10}
PRIORITY_DAYS = 60


class Reference:
    """What was admitted so far, and what would be refused next."""

    def __init__(self) -> None:
        self.log: list[Said] = []

    def record(
        self, topic: str, said: Said, day: str, at: str, named: tuple[str, set[str]]
    ) -> None:
        """Append what was admitted on a day, at an instant, under a hash, by whose lines."""
        name, lines = named
        entry = {"topic": topic, "said": said, "day": day, "at": at}
        self.log.append({**entry, "hash": name, "lines": lines})

    def all(self, *topics: str, **members: Any) -> list[Said]:
        """Return the entries of some topics whose members have these values."""
        return [
            entry
            for entry in self.log
            if entry["topic"].partition("/")[0] in topics
            and all(entry["said"].get(name) == value for name, value in members.items())
        ]

    def one(self, *topics: str, **members: Any) -> Said | None:
        """Return what the first such entry said."""
        found = self.all(*topics, **members)
        return found[0]["said"] if found else None

    def judge(self, topic: str, said: Said, day: str, at: str, lines: set[str]) -> str | None:
        """Return the code with which an event is refused, or None."""
        if (missing := said.get("acceptance") or said.get("counters_event")) and not any(
            entry["hash"] == missing for entry in self.log
        ):
            return "PREDECESSOR_UNKNOWN"
        stands: dict[str, set[str]] = {}
        code = self._signed(topic, said, day, lines, stands)
        code = code or apart(topic, said, stands) or self._let(topic, said)
        if code is not None:
            return code
        rule = getattr(self, "_" + topic.partition("/")[0].replace(".", "_"))
        answer: str | None = rule(said, day, at)
        # What exists and who signs comes before the sides of what is named; all else after.
        if answer in ("PREDECESSOR_UNKNOWN", "SUBJECT_EXISTS", "SIGNER_MISSING", "WRONG_SIGNER"):
            return answer
        return apart_of_named(self, topic, said, stands) or answer

    @staticmethod
    def _let(topic: str, said: Said) -> str | None:
        """Say whether those who act may do so at all: asked before what became of anything."""
        acting, those = {
            "listing.published/1": ("reviewer", {REVIEWER, OPERATOR}),
            "listing.suspended/1": ("reviewer", {REVIEWER, OPERATOR}),
            "listing.resumed/1": ("reviewer", {REVIEWER, OPERATOR}),
            "key.revoked/1": ("revoked_by", {said.get("party"), None}),
            "mandate.ended/1": ("ended_by", {said.get("principal"), said.get("holder")}),
        }.get(topic, ("", {None}))
        return None if said.get(acting) in those else "WRONG_SIGNER"

    def _signed(
        self, topic: str, said: Said, day: str, lines: set[str], stands: dict[str, set[str]]
    ) -> str | None:
        """Judge the lines; tell in `stands` who signs for whom."""
        required, bound = who_signs(topic, said), set()
        name = topic.partition("/")[0]
        if any(self.all("key.revoked", party=holder) for holder in lines):
            return "KEY_REVOKED"
        for holder in sorted(lines, key=key_id):
            for_them = {holder} & required
            over = False
            for given in self.all("mandate.given", holder=holder):
                mandate = given["said"]
                if mandate["principal"] not in required - {holder}:
                    continue
                if not {"*", name} & set(mandate["topics"]):
                    continue
                ended = self.all("mandate.ended", mandate=mandate["mandate"])
                past = mandate["valid_to"] is not None and mandate["valid_to"] <= day
                if ended or past:
                    over = True
                elif mandate["valid_from"] <= day:
                    for_them.add(mandate["principal"])
            if not for_them:
                return "MANDATE_EXPIRED" if over else "WRONG_SIGNER"
            bound |= for_them
            for each in for_them:
                stands.setdefault(each, set()).add(holder)
        return None if bound >= required else "SIGNER_MISSING"

    def _key_revoked(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        return "KEY_REVOKED" if self.all("key.revoked", party=said["party"]) else None

    def _mandate_given(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        if self.one("mandate.given", mandate=said["mandate"]):
            return "SUBJECT_EXISTS"
        empty = said["valid_to"] is not None and said["valid_to"] <= said["valid_from"]
        return "INTERVAL_EMPTY" if empty else None

    def _mandate_ended(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        given = self.one("mandate.given", mandate=said["mandate"])
        if given is None:
            return "PREDECESSOR_UNKNOWN"
        if (given["principal"], given["holder"]) != (said["principal"], said["holder"]):
            return "PREDECESSOR_UNKNOWN"
        return "MANDATE_EXPIRED" if self.all("mandate.ended", mandate=said["mandate"]) else None

    # Rights and title.

    def kind(self, right: str) -> str:
        """Return of which kind a right is."""
        filed = self.one("right.filed", right=right)
        assert filed is not None
        return str(filed["kind"])

    def _right_filed(self, said: Said, day: str, at: str) -> str | None:
        del at
        if self.one("right.filed", right=said["right"]):
            return "RIGHT_EXISTS"
        if said["filed_on"] > day:
            return "FUTURE_FACT"
        return None if sum(shares(said["owners"]).values()) == 1 else "FRACTION_SUM"

    def _right_lapsed(self, said: Said, day: str, at: str) -> str | None:
        del at
        if not self.one("right.filed", right=said["right"]):
            return "PREDECESSOR_UNKNOWN"
        return "FUTURE_FACT" if said["published_on"] > day else None

    _right_restored = _right_lapsed

    def in_force(self, right: str, day: str) -> bool:
        """Whether a title is in force on a day: the latest day of effect decides, then the log."""
        best, answer = "", True
        for entry in self.all("right.lapsed", "right.restored", right=right):
            effect = entry["said"]["effective_from"]
            if best <= effect <= day:
                best, answer = effect, entry["topic"] == "right.restored/1"
        return answer

    def owning(self, thing: str) -> dict[str, Fraction]:
        """Return who owns a right, or a technology."""
        if thing.startswith("right:"):
            return self.owners(thing) if self.one("right.filed", right=thing) else {}
        registered = self.one("technology.registered", technology=thing)
        return shares(registered["owners"]) if registered else {}

    def owners(self, right: str) -> dict[str, Fraction]:
        """Return who owns what, moved event by event."""
        return self._moved(right)[0]

    def bound(self, right: str) -> dict[str, set[str]]:
        """Return by whose shares each security on a right is bound: debtors, and who got theirs."""
        return self._moved(right)[1]

    def _moved(self, right: str) -> tuple[dict[str, Fraction], dict[str, set[str]]]:
        owners: dict[str, Fraction] = {}
        bound: dict[str, set[str]] = {}

        def move(given: dict[str, Fraction], taken: dict[str, Fraction]) -> dict[str, Fraction]:
            for debtors in bound.values():
                debtors.update(taken if debtors & given.keys() & owners.keys() else ())
            return passed(owners, given, taken)

        effective: dict[str, bool] = {}
        for entry in self.log:
            said, topic = entry["said"], entry["topic"].partition("/")[0]
            if topic == "right.filed" and said["right"] == right:
                owners = shares(said["owners"])
            if topic == "security.created" and right in said["rights"]:
                bound[said["security"]] = set(said["debtors"])
            for name in voided_by(entry, "assignment", right):
                given, taken = self.terms(name)
                owners = move(taken, given) if effective.get(name) else owners
                effective[name] = False
            if right not in said.get("rights", ()) or not topic.startswith("assignment."):
                continue
            name = said["assignment"]
            given, taken = self.terms(name)
            by_agreement = self.kind(right) in BY_AGREEMENT
            # An office that refuses leaves things as they were: an assignment that it should have
            # made effective never was; one that passed by agreement has passed.
            wants = {
                "assignment.agreed": by_agreement,
                "assignment.registered": True,
                "assignment.refused": effective.get(name, False),
            }.get(topic, False)
            if wants and not effective.get(name):
                owners = move(given, taken)
            elif not wants and effective.get(name):
                owners = move(taken, given)
            effective[name] = wants
        return owners, bound

    def voided(self, deed: str) -> bool:
        """Whether a ruling declared an assignment void."""
        return any(deed in voided_by(entry, "assignment") for entry in self.log)

    def terms(self, assignment: str) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
        """Return what an agreed assignment gives and takes."""
        agreed = self.one("assignment.agreed", assignment=assignment)
        assert agreed is not None
        return shares(agreed["assignors"]), shares(agreed["assignees"])

    def waits(self, assignment: str, right: str) -> bool:
        """Whether an assignment of a right was neither registered nor ended, nor is void."""
        return not self.voided(assignment) and not any(
            right in entry["said"]["rights"]
            for entry in self.all(
                "assignment.registered",
                "assignment.refused",
                "assignment.rescinded",
                assignment=assignment,
            )
        )

    def priorities(self, right: str, day: str) -> Iterator[Said]:
        """Yield the agreements on a right that a running priority notice keeps shares for."""
        for entry in self.all("priority.noted"):
            said = entry["said"]
            if right in said["rights"] and said["until"] >= day:
                agreed = self.one("assignment.agreed", assignment=said["assignment"])
                void = any(
                    said["assignment"] in voided_by(e, "assignment", right) for e in self.log
                )
                if agreed is not None and self.waits(said["assignment"], right) and not void:
                    yield agreed

    def kept(self, right: str, party: str, share: Fraction, day: str, but: str = "") -> bool:
        """Whether notices for others leave the party less than a share."""
        left = self.owners(right).get(party, Fraction(0))
        found = False
        for agreed in self.priorities(right, day):
            given = shares(agreed["assignors"])
            if agreed["assignment"] != but and party in given:
                left, found = left - given[party], True
        return found and share > left

    def held(self, subject: str, day: str, party: str | None = None) -> bool:
        """Whether an order that was not lifted holds a subject on a day."""
        for entry in self.all("hold.ordered", "ruling.made"):
            dispute = entry["said"]["dispute"]
            for order in entry["said"]["orders"]:
                in_time = order["start"] <= day and (order["end"] is None or day < order["end"])
                if subject not in order["on"] or order["order"] in self.lifted(dispute):
                    continue
                if order["event"] is not None:
                    continue
                if in_time and order["party"] in (None, party):
                    return True
        return False

    def lifted(self, dispute: str) -> set[str]:
        """Return the orders of a dispute that were lifted."""
        kinds = ("hold.lifted", "ruling.made", "settlement.recorded", "dispute.withdrawn")
        ends = self.all(*kinds, dispute=dispute)
        return {lift["order"] for entry in ends for lift in entry["said"]["lifts"]}

    def _coowner_notified(self, said: Said, day: str, at: str) -> str | None:
        del at
        if self.one("coowner.notified", preemption=said["preemption"]):
            return "SUBJECT_EXISTS"
        if not all(self.one("right.filed", right=right) for right in said["rights"]):
            return "PREDECESSOR_UNKNOWN"
        return "FUTURE_FACT" if said["received_on"] > day else None

    def _preemption_waived(self, said: Said, day: str, at: str) -> str | None:
        del at
        notice = self.one("coowner.notified", preemption=said["preemption"])
        if notice is None:
            return "PREDECESSOR_UNKNOWN"
        if said["waived_by"] != notice["notified"]:
            return "WRONG_SIGNER"
        return "FUTURE_FACT" if said["waived_on"] > day else None

    def _assignment_agreed(self, said: Said, day: str, at: str) -> str | None:
        del at
        (right,) = said["rights"]
        given, taken = shares(said["assignors"]), shares(said["assignees"])
        if self.one("assignment.agreed", assignment=said["assignment"]):
            return "SUBJECT_EXISTS"
        if not self.one("right.filed", right=right):
            return "PREDECESSOR_UNKNOWN"
        if said["agreed_on"] > day:
            return "FUTURE_FACT"
        priced = said["price"] is not None and said["price"]["amount"] != 0
        if said["ground"] in ("gift", "inheritance") and priced:
            return "GROUND_PRICE"
        if sum(given.values()) != sum(taken.values()):
            return "FRACTION_SUM"
        if self.held(right, day):
            return "FROZEN"
        late = said["agreed_on"] < day and said["confirms"] is None
        parties = given.keys() | taken.keys() | set(said["consenting"])
        got = self.got_meanwhile([right], (said["agreed_on"], day), parties)
        if self.kind(right) in BY_AGREEMENT and (late or got):
            return "BACKDATED"
        parties = given.keys() | taken.keys() | set(said["consenting"])
        at_once = self.kind(right) in BY_AGREEMENT
        if at_once and self.got_meanwhile([right], (said["agreed_on"], day), parties):
            return "BACKDATED"
        owners = self.owners(right)
        for party, share in given.items():
            if party not in owners:
                return "NOT_OWNER"
            if owners[party] < share:
                return "FRACTION_EXCEEDED"
            if self.kept(right, party, share, day):
                return "DOUBLE_ASSIGN_PENDING"
        bound = self.bound(right)
        for lien in self.forbidding(right):
            binds = bound[lien["security"]] & given.keys()
            if binds and lien["creditor"] not in said["consenting"]:
                return "LIEN_COVENANT"
        filed = self.one("right.filed", right=right)
        assert filed is not None
        if self.kind(right) not in BY_AGREEMENT and said["agreed_on"] < filed["filed_on"]:
            return "RIGHT_NOT_YET"
        if late:
            return "BACKDATED"
        return self._offered_first(said, right, owners)

    def got_meanwhile(
        self, things: list[str], days: tuple[str, str], parties: Collection[str]
    ) -> bool:
        """Whether a third party's right in a thing was recorded from a day on, which is past."""
        since, today = days
        return since < today and any(
            self.got(entry, thing) - set(parties)
            for entry in self.log
            for thing in things
            if entry["day"] >= since
        )

    def got(self, entry: Said, thing: str) -> set[str]:
        """Return who got by an event what an act from before it would take: title, or a charge.

        Who has lost it since loses nothing more. Nobody loses a licence to it: that binds who owns
        later, and two that exclude each other overlap whenever they were given.
        """
        said, topic = entry["said"], entry["topic"].partition("/")[0]
        found: set[str] = set()
        if thing not in (*said.get("rights", ()), *said.get("technologies", ())):
            return found
        if topic == "security.created" and not self.released(said["security"], thing):
            found.add(said["creditor"])
        moves = topic == "assignment.registered"
        if moves or (topic == "assignment.agreed" and self.kind(thing) in BY_AGREEMENT):
            found |= {*self.terms(said["assignment"])[1]} & self.owners(thing).keys()
        if topic == "priority.noted" and self.waits(said["assignment"], thing):
            found |= {*self.terms(said["assignment"])[1]}
        return found

    def _offered_first(self, said: Said, right: str, owners: dict[str, Fraction]) -> str | None:
        notices = [self.one("coowner.notified", preemption=name) for name in said["notices"]]
        if None in notices:
            return "PREDECESSOR_UNKNOWN"
        buyers, sellers = set(shares(said["assignees"])), shares(said["assignors"])
        unpaid = said["ground"] in ("gift", "inheritance", "merger") or not said["price"]
        sold = said["ground"] in (None, "sale") or not (unpaid or said["price"].get("amount") == 0)
        if buyers <= owners.keys() or not sold:
            return None
        for party in sorted(owners.keys() - sellers.keys() - buyers - set(said["consenting"])):
            told = [each for each in notices if each and each["notified"] == party]
            if not told or right not in told[-1]["rights"]:
                return "PREEMPTION_OPEN"
            notice = told[-1]
            same = notice["price"] == said["price"] and shares(notice["sellers"]) == sellers
            if not same or notice["rights"] != said["rights"]:
                return "PREEMPTION_TERMS"
            waived = self.all("preemption.waived", preemption=notice["preemption"])
            if not waived and said["agreed_on"] <= month_later(notice["received_on"]):
                return "PREEMPTION_OPEN"
        return None

    def _assigns(self, said: Said) -> Said | None:
        agreed = self.one("assignment.agreed", assignment=said["assignment"])
        return agreed if agreed and agreed["rights"] == said["rights"] else None

    def _priority_noted(self, said: Said, day: str, at: str) -> str | None:
        del at
        agreed, (right,) = self._assigns(said), said["rights"]
        if agreed is None:
            return "PREDECESSOR_UNKNOWN"
        given = shares(agreed["assignors"])
        if said["noted_by"] not in {*given, *shares(agreed["assignees"])}:
            return "WRONG_SIGNER"
        if self.voided(said["assignment"]):
            return "DEED_VOID"
        if not self.waits(said["assignment"], right):
            return "ASSIGNMENT_SETTLED"
        if said["until"] > later(day, PRIORITY_DAYS):
            return "PRIORITY_TOO_LONG"
        if self.all("priority.noted", assignment=said["assignment"]):
            return "PRIORITY_TOO_LONG"
        mine = (self.kept(right, *each, day, said["assignment"]) for each in given.items())
        return "DOUBLE_ASSIGN_PENDING" if any(mine) else None

    def _assignment_registered(self, said: Said, day: str, at: str) -> str | None:
        del at
        if self._assigns(said) is None:
            return "PREDECESSOR_UNKNOWN"
        return "FUTURE_FACT" if said["registered_on"] > day else None

    def _assignment_refused(self, said: Said, day: str, at: str) -> str | None:
        return self._assignment_registered({**said, "registered_on": said["refused_on"]}, day, at)

    def _assignment_rescinded(self, said: Said, day: str, at: str) -> str | None:
        del at
        agreed, (right,) = self._assigns(said), said["rights"]
        if agreed is None:
            return "PREDECESSOR_UNKNOWN"
        all_of_them = {*shares(agreed["assignors"]), *shares(agreed["assignees"])}
        if all_of_them - set(said["parties"]):
            return "SIGNER_MISSING"
        if set(said["parties"]) - all_of_them:
            return "WRONG_SIGNER"
        if self.voided(said["assignment"]):
            return "DEED_VOID"
        if not self.waits(said["assignment"], right):
            return "ASSIGNMENT_SETTLED"
        return "FUTURE_FACT" if said["rescinded_on"] > day else None

    # Liens.

    def released(self, security: str, right: str) -> bool:
        """Whether a right was freed from a security."""
        releases = self.all("security.released", security=security)
        return any(right in entry["said"]["rights"] for entry in releases)

    def forbidding(self, right: str) -> Iterator[Said]:
        """Yield the perfected securities on a right that forbid its assignment."""
        for entry in self.all("security.created"):
            said = entry["said"]
            perfected = [
                each
                for each in self.all("security.perfected", security=said["security"])
                if right in each["said"]["rights"]
            ]
            free = right not in said["rights"] or self.released(said["security"], right)
            if said["forbids_assignment"] and perfected and not free:
                yield said

    def _security_created(self, said: Said, day: str, at: str) -> str | None:
        del at
        if self.one("security.created", security=said["security"]):
            return "SUBJECT_EXISTS"
        if not all(self.one("right.filed", right=right) for right in said["rights"]):
            return "PREDECESSOR_UNKNOWN"
        if said["created_on"] > day:
            return "FUTURE_FACT"
        for right in said["rights"]:
            if self.held(right, day):
                return "FROZEN"
            if not set(said["debtors"]) & self.owners(right).keys():
                return "NOT_OWNER"
        return None

    def _security_perfected(self, said: Said, day: str, at: str) -> str | None:
        del day, at
        known = self.one("security.created", security=said["security"])
        return None if known else "PREDECESSOR_UNKNOWN"

    def _security_released(self, said: Said, day: str, at: str) -> str | None:
        del at
        security = self.one("security.created", security=said["security"])
        if security is None:
            return "PREDECESSOR_UNKNOWN"
        if said["released_on"] > day:
            return "FUTURE_FACT"
        for right in said["rights"]:
            if right not in security["rights"] or self.released(said["security"], right):
                return "RELEASE_MISMATCH"
        return None if said["creditor"] == security["creditor"] else "RELEASE_BY_STRANGER"
