"""
By which rules of law an event is judged: for each kind of event, the rows that its day chooses.

The day is the recorded one (`law_day`) of what private parties do, and the office's or authority's
own of what the State does. A pure function of the event and the law data in force: anyone who has
both finds the same rules.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from ledger.domain.contracts.amendment import TermsAmended
from ledger.domain.contracts.assignment_agreement import AssignmentAgreed
from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.contracts.contract_terms import AgreedTerms, Grant
from ledger.domain.contracts.filing import CompulsoryLicenceGranted
from ledger.domain.contracts.sublicence import SublicenceGranted
from ledger.domain.core.body import Body
from ledger.domain.core.dated_law import Law, law_day
from ledger.domain.core.event import Logged
from ledger.domain.core.ground import Ground
from ledger.domain.core.types import Sealed
from ledger.domain.disputes.dispute import DisputeOpened
from ledger.domain.revenue.distribution import Distributed
from ledger.domain.revenue.interest import InterestAccrued
from ledger.domain.revenue.share_agreement import ShareAgreed
from ledger.domain.rights.preemption import CoOwnerNotified
from ledger.domain.rights.right import RightFiled

Rules = Callable[[Any, Law, date], Iterable[Ground]]
"""From a body, the law and the day whose law judges private acts to the rules."""


def grounds(logged: Logged, law: Law) -> tuple[Ground, ...]:
    """Return the rules of law by which an event was judged, in order of their names, each once."""
    body = logged.event.body
    today = law_day(logged.accepted)
    found = {
        ground.rule: ground
        for kind, rules in _RULES.items()
        if isinstance(body, kind)
        for ground in rules(body, law, today)
    }
    return tuple(found[rule] for rule in sorted(found))


def _of_grants(grants: Iterable[Grant], law: Law, on: date) -> Iterable[Ground]:
    for grant in grants:
        for code in grant.territory.codes:
            edition = code.partition(":")[0]
            yield from law.all("territory.units", on, edition=edition)
        field = grant.field
        yield from law.all("field.codes", on, scheme=field.scheme, edition=field.edition)


def _of_terms(body: AgreedTerms, law: Law, today: date) -> Iterable[Ground]:
    on = _day_of(body, today)
    kind = body.kind if isinstance(body, ContractConcluded) else "sublicence"
    yield from law.all("contract.content", on, kind=kind)
    for clause in _clauses(body):
        for thing in ("invention", "know_how"):
            yield from law.all("contract.void_clause", on, clause=clause, object=thing)
    if body.effective_upon in ("registration", "permit"):
        yield from law.about(f"contract.{body.effective_upon}", on)
    if body.royalty is not None and not isinstance(body.royalty, Sealed) and body.royalty.late:
        yield from law.all("money.late_interest_cap", on)


def _day_of(body: AgreedTerms, today: date) -> date:
    """Return the day whose law judges terms: of a decision of the State, that of the decision."""
    return body.concluded_on if isinstance(body, CompulsoryLicenceGranted) else today


def _clauses(body: AgreedTerms) -> Iterable[str]:
    """Return the kinds of clause that the law may make void and that the terms have."""
    said = {
        "improvement_back": body.improvements,
        "no_challenge": body.no_challenge,
        "export_ban": body.export_bans,
        "tied_purchase": body.tied_purchases,
    }
    return (clause for clause, value in said.items() if value)


def _of_contract(body: ContractConcluded, law: Law, today: date) -> Iterable[Ground]:
    return _of_grants(body.grants, law, today)


def _of_one_grant(body: Any, law: Law, today: date) -> Iterable[Ground]:
    return _of_grants((body.grant,), law, _day_of(body, today))


def _of_amendment(body: TermsAmended, law: Law, today: date) -> Iterable[Ground]:
    return _of_grants(body.changes.grants, law, today)


def _of_filing(body: RightFiled, law: Law, today: date) -> Iterable[Ground]:
    del today
    return law.all("right.term", body.filed_on, kind=body.kind, office=body.office[:2])


def _of_assignment(body: AssignmentAgreed, law: Law, today: date) -> Iterable[Ground]:
    del body
    for topic in ("assignment.preemption", "assignment.state_funded_foreign"):
        yield from law.all(topic, today)


def _of_notice(body: CoOwnerNotified, law: Law, today: date) -> Iterable[Ground]:
    del body
    return law.all("assignment.preemption", today)


def _of_share(body: ShareAgreed, law: Law, today: date) -> Iterable[Ground]:
    if body.technology is not None:
        yield from law.all("author.co_authors", today)
        yield from law.all("broker.minimum", today)


def _of_distribution(body: Distributed, law: Law, today: date) -> Iterable[Ground]:
    """Return the rules that the event itself names: admission has checked that they decided."""
    del today
    return law.named(body.rules)


def _of_interest(body: InterestAccrued, law: Law, today: date) -> Iterable[Ground]:
    del today
    return law.named((body.rule,))


def _of_dispute(body: DisputeOpened, law: Law, today: date) -> Iterable[Ground]:
    del body
    return law.all("dispute.limitation", today)


_RULES: Mapping[type[Body], Rules] = {
    AgreedTerms: _of_terms,
    ContractConcluded: _of_contract,
    SublicenceGranted: _of_one_grant,
    CompulsoryLicenceGranted: _of_one_grant,
    TermsAmended: _of_amendment,
    RightFiled: _of_filing,
    AssignmentAgreed: _of_assignment,
    CoOwnerNotified: _of_notice,
    ShareAgreed: _of_share,
    Distributed: _of_distribution,
    InterestAccrued: _of_interest,
    DisputeOpened: _of_dispute,
}
"""The rules of each kind of body; a body has those of every kind that it is."""
