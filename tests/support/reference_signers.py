"""The table "Who signs" once more, for the plain reference."""

from typing import Any

from tests.support.builders import OPERATOR, REGISTRAR

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
