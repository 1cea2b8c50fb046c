"""The table "Who signs" once more, and who is on opposed sides, for the plain reference."""

from collections.abc import Collection
from fractions import Fraction
from itertools import combinations, product
from typing import Any, Protocol

from tests.support.builders import OPERATOR, REGISTRAR


class Past(Protocol):
    """What is recorded: entries by topic and members, and who owns a thing."""

    def all(self, *topics: str, **members: Any) -> list[dict[str, Any]]:
        """Return the entries of some topics whose members have these values."""

    def owning(self, thing: str) -> dict[str, Fraction]:
        """Return who owns a right, or a technology."""


SIGNS: dict[str, tuple[str, ...]] = {
    "mandate.given": ("principal", "operator"),
    "mandate.ended": ("ended_by",),
    "key.revoked": ("revoked_by",),
    "right.filed": ("office",),
    "right.lapsed": ("office",),
    "right.restored": ("office",),
    "assignment.agreed": ("assignors", "assignees", "consenting"),
    "assignment.registered": ("office",),
    "assignment.refused": ("office",),
    "assignment.rescinded": ("parties",),
    "coowner.notified": ("sellers",),
    "preemption.waived": ("waived_by",),
    "priority.noted": ("noted_by",),
    "security.created": ("debtors", "creditor"),
    "security.perfected": ("office",),
    "security.released": ("creditor",),
    "listing.published": ("lister", "reviewer"),
    "listing.suspended": ("reviewer",),
    "listing.resumed": ("reviewer",),
    "listing.closed": ("closed_by",),
    "offer.made": ("offeror",),
    "offer.countered": ("offeror",),
    "offer.accepted": ("accepted_by",),
    "offer.rejected": ("rejected_by",),
    "offer.revoked": ("revoked_by",),
    "contract.concluded": ("parties", "consents"),
    "sublicence.granted": ("sublicensor", "sublicensee", "consents"),
    "notice.served": ("served_by",),
    "notice.received": ("confirmed_by",),
    "contract.terminated": ("terminated_by",),
    "technology.registered": ("owners",),
    "terms.amended": ("parties", "consents"),
    "share.agreed": ("agreed_by",),
    "revenue.reported": ("reported_by",),
    "revenue.distributed": ("operator",),
    "payment.instructed": ("payer",),
    "payment.confirmed": ("confirmed_by",),
    "payment.failed": ("said_by",),
    "overpayment.noted": ("payer", "payee"),
    "refund.made": ("confirmed_by",),
    "dispute.opened": ("claimant",),
    "dispute.admitted": ("forum",),
    "evidence.filed": ("filed_by",),
    "hold.ordered": ("forum",),
    "hold.lifted": ("forum",),
    "ruling.made": ("forum",),
    "settlement.recorded": ("parties",),
    "dispute.withdrawn": ("claimant",),
}
"""The table "Who signs", by the members that name them; the office and the operator are given."""


def who_signs(topic: str, said: dict[str, Any]) -> set[str]:
    """Return the parties that an event binds; where a member is null, both officers."""
    found: set[str] = set()
    for member in SIGNS[topic.partition("/")[0]]:
        named = {"office": REGISTRAR, "operator": OPERATOR}.get(member) or said[member]
        named = [OPERATOR, REGISTRAR] if named is None else named
        for each in [named] if isinstance(named, str) else named:
            found.add(each if isinstance(each, str) else each["party"])
    return found


AGAINST: dict[str, tuple[tuple[str, str], ...]] = {
    "mandate.given": (("principal", "holder"),),
    "assignment.agreed": (("assignors", "assignees"), ("consenting", "assignees")),
    "coowner.notified": (("sellers", "notified"),),
    "security.created": (("debtors", "creditor"),),
    "offer.made": (("offeror", "offeree"),),
    "offer.countered": (("offeror", "offeree"),),
    "sublicence.granted": (
        ("sublicensor", "sublicensee"),
        ("consent_by", "sublicensor"),
        ("consent_by", "sublicensee"),
        ("consents", "sublicensor"),
        ("consents", "sublicensee"),
    ),
    "notice.served": (("served_by", "served_on"),),
    "payment.instructed": (("payer", "payee"),),
    "payment.confirmed": (("payer", "confirmed_by"), ("payee", "confirmed_by")),
    "refund.made": (("payer", "confirmed_by"), ("payee", "confirmed_by")),
    "overpayment.noted": (("payer", "payee"),),
    "dispute.opened": (("claimant", "respondents"),),
}
"""Members that name opposed parties, by topic."""

NAMED: dict[str, tuple[str, str, str, str]] = {
    "assignment.rescinded": ("assignment.agreed", "assignment", "assignors", "assignees"),
    "preemption.waived": ("coowner.notified", "preemption", "sellers", "notified"),
    "security.released": ("security.created", "security", "debtors", "creditor"),
    "offer.accepted": ("offer.made offer.countered", "offer", "offeror", "offeree"),
    "offer.rejected": ("offer.made offer.countered", "offer", "offeror", "offeree"),
    "offer.revoked": ("offer.made offer.countered", "offer", "offeror", "offeree"),
    "notice.received": ("notice.served", "notice", "served_by", "served_on"),
    "settlement.recorded": ("dispute.opened", "dispute", "claimant", "respondents"),
    "dispute.withdrawn": ("dispute.opened", "dispute", "claimant", "respondents"),
    "evidence.filed": ("dispute.opened", "dispute", "claimant", "respondents"),
}
"""The event whose sides an event of a topic is about: its topics, its name, and its sides."""

ANSWERS: dict[str, tuple[str, str, str, str, str]] = {
    "offer.accepted": ("offer.made offer.countered", "offer", "offer", "offeror", "accepted_by"),
    "offer.rejected": ("offer.made offer.countered", "offer", "offer", "offeror", "rejected_by"),
    "offer.countered": ("offer.made offer.countered", "offer", "counters", "offeror", "offeror"),
    "notice.received": ("notice.served", "notice", "notice", "served_by", "confirmed_by"),
    "payment.confirmed": ("payment.instructed", "payment", "payment", "payer", "confirmed_by"),
    "preemption.waived": (
        *("coowner.notified", "preemption", "preemption"),
        *("sellers", "waived_by"),
    ),
}
"""What an event answers: its topics, its name there and here, who made it, and who answers."""

TOGETHER = {
    "assignment.rescinded": "parties",
    "contract.concluded": "parties",
    "share.agreed": "agreed_by",
    "settlement.recorded": "parties",
}
"""The member that names parties of whom not all are on one side."""


def parties_in(said: dict[str, Any], member: str) -> list[str]:
    """Return the parties that a member names."""
    named = said.get(member) or []
    each_one = [named] if isinstance(named, str) else named
    return [each if isinstance(each, str) else each["party"] for each in each_one]


def grants_in(said: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the grants that a contract or an amendment says, not those of a sublicence."""
    return [*said.get("grants", ()), *said.get("changes", {}).get("grants", ())]


def opposed(sides: list[tuple[dict[str, Any], str, str]]) -> list[tuple[str, str]]:
    """Return opposed pairs of what is said, and of which two of its members."""
    found = (product(parties_in(of, left), parties_in(of, right)) for of, left, right in sides)
    return [pair for pairs in found for pair in pairs]


def by_one_hand(stands: dict[str, set[str]], pairs: Collection[tuple[str, str]]) -> bool:
    """Say whether no two different people sign for some pair, each not being the other side."""
    for one, other in pairs:
        if one == other:
            continue
        for_one = stands.get(one, {"nobody"}) - {other}
        for_other = stands.get(other, {"somebody"}) - {one}
        if not any(a != b for a in for_one for b in for_other):
            return True
    return False


def all_by_one_hand(stands: dict[str, set[str]], parties: Collection[str]) -> bool:
    """Say whether parties who stand on two sides or more all sign by one and the same."""
    if len({*parties}) == 2:
        return by_one_hand(stands, [*combinations(parties, 2)])
    return len({*parties}) > 1 and len(set().union(*(stands[each] for each in parties))) == 1


def apart(topic: str, said: dict[str, Any], stands: dict[str, set[str]]) -> str | None:
    """Say whether somebody signs both sides of what an event itself says."""
    name = topic.partition("/")[0]
    sides = [(said, left, right) for left, right in AGAINST.get(name, ())]
    sides += [(grant, "licensor", "licensee") for grant in said.get("grants", ())]
    sides += [({**said, **grant}, "consents", "licensee") for grant in grants_in(said)]
    together = parties_in(said, TOGETHER.get(name, ""))
    if name in ("contract.terminated", "terms.amended"):
        acting = said["parties"] if name == "terms.amended" else said["terminated_by"]
        together = acting if said.get("ground", "consent") == "consent" else []
    by_one = by_one_hand(stands, opposed(sides)) or all_by_one_hand(stands, together)
    return "SELF_DEALING" if by_one else None


def apart_of_named(
    past: Past,
    topic: str,
    said: dict[str, Any],
    stands: dict[str, set[str]],
) -> str | None:
    """Say whether somebody signs both sides of what it names in the `past`."""
    name, log = topic.partition("/")[0], past.all
    topics, member, *sides = NAMED.get(name, ("", ""))
    found = log(*topics.split(), **{member: said[member]}) if topics else []
    pairs = opposed([(found[0]["said"], *sides)]) if found else []
    if name in ("offer.accepted", "offer.rejected") and found:
        # Who was not made the offer is no side of it, and is refused for that.
        by = said.get("accepted_by") or said.get("rejected_by")
        pairs = pairs if by == found[0]["said"]["offeree"] else []
    if name == "share.agreed":
        for each in log("contract.concluded", contract=said["contract"]):
            licensors = {grant["licensor"] for grant in each["said"]["grants"]}
            gets = {*parties_in(said, "agreed_by"), *parties_in(said, "parts")}
            gets |= {step["to"] for step in said["waterfall"]}
            if said["authors_ppm"]:
                declared = log("authors.declared", technology=said["technology"])
                gets |= {*parties_in(declared[-1]["said"], "authors")} if declared else set()
            pairs += [*product(licensors, gets - licensors)]
    for grant in grants_in(said):
        owners = [past.owning(thing) for thing in (*grant["rights"], *grant["technologies"])]
        # A co-owner is of the licensor's side; who else consents gives something up to it.
        pairs += [
            *product({*parties_in(said, "consents")}.difference(*owners), [grant["licensor"]])
        ]
    if name in ("contract.terminated", "terms.amended", "revenue.reported"):
        made = log("contract.concluded", contract=said["contract"])
        made += log("sublicence.granted", contract=said["contract"])
        for each in made:
            grants = each["said"].get("grants") or [each["said"]["grant"]]
            named = [(grant["licensor"], grant["licensee"]) for grant in grants]
            by = said.get("reported_by")
            pairs += [pair for pair in named if by is None or by in pair]
    by_one = by_one_hand(stands, pairs) or answered_by_one(past, name, said, stands)
    return "SELF_DEALING" if by_one else None


def answered_by_one(
    past: Past, name: str, said: dict[str, Any], stands: dict[str, set[str]]
) -> bool:
    """Say whether somebody answers what the same made, by an event before, for the other side."""
    if name not in ANSWERS:
        return False
    topics, there, here, maker, by = ANSWERS[name]
    return any(
        by_one_hand({made: set(entry["lines"]), **stands}, [(said[by], made)])
        for entry in past.all(*topics.split(), **{there: said[here]})
        for made in parties_in(entry["said"], maker)
    )
