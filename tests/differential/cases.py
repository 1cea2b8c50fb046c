"""
What the judges are asked at each step: the event as it should be, and wrong in one way.

A case has a name, which is its reason, and an entry. Those in `WRONG` must be refused by everybody;
of the others (`DEPENDS`) it depends on the topic, and all must say the same.
"""

from collections.abc import Callable, Iterator
from typing import Any

from ledger.node.genesis import key_record
from ledger.powers import TABLE
from ledger.wire.envelope import Signature
from ledger.wire.signing_keys import PrivateKey
from tests.differential import policies, waiting
from tests.differential.bench import NOBODY, OUTSIDER, Bench, event, officers, registered
from tests.differential.story import DEPUTIES, deputy, entry, lines
from tests.support import builders as b
from tests.support import governance
from tests.support.sample_log import party_key

UNKNOWN = 99
"""Number of the key that nobody has."""

Case = Callable[[Bench], bytes | None]
"""Makes an entry, or none where there is no such case at this step."""


def right(bench: Bench) -> bytes:
    return bench.said(bench.step.signers, bench.own)


def signer_missing(bench: Bench) -> bytes | None:
    gone = bench.one()
    left = [each for each in bench.step.signers if each != gone]
    return bench.said(left, bench.without(gone)) if left else None


def signer_too_many(bench: Bench) -> bytes | None:
    if OUTSIDER in bench.step.signers:
        return None
    return bench.said(
        sorted([*bench.step.signers, OUTSIDER]), [*bench.own, bench.writer.key(OUTSIDER)]
    )


def operator_alone(bench: Bench) -> bytes | None:
    operator = bench.writer.officers.operator
    if bench.step.signers == [operator]:
        return None
    return bench.said([operator], [bench.writer.key(operator), *bench.step.new])


def stranger_instead(bench: Bench) -> bytes | None:
    if OUTSIDER in bench.step.signers:
        return None
    return bench.said([OUTSIDER], [bench.writer.key(OUTSIDER), *bench.step.new])


def unregistered(bench: Bench) -> bytes:
    gone = bench.one()
    signers = sorted({*bench.step.signers, NOBODY} - {gone})
    return bench.said(signers, [*bench.without(gone), party_key(NOBODY)])


def line_missing(bench: Bench) -> bytes | None:
    gone = bench.one()
    if bench.step.said.get("vouched_by") and gone == bench.step.said["party"]:
        return None  # The key that officers vouch for binds it.
    keys = bench.without(gone)
    return bench.said(bench.step.signers, keys) if keys else None


def line_too_many(bench: Bench) -> bytes | None:
    if OUTSIDER in bench.step.signers:
        return None
    return bench.said(bench.step.signers, [*bench.own, bench.writer.key(OUTSIDER)])


def line_by_another(bench: Bench) -> bytes | None:
    if OUTSIDER in bench.step.signers:
        return None
    keys = [*bench.without(bench.one()), bench.writer.key(OUTSIDER)]
    return bench.said(bench.step.signers, keys)


def key_unknown(bench: Bench) -> bytes:
    gone = bench.one()
    return bench.said(bench.step.signers, [*bench.without(gone), party_key(gone, UNKNOWN)])


def key_of_before(bench: Bench) -> bytes | None:
    """By a key that was revoked: the institute's second one, from its revocation on."""
    key = party_key(b.INSTITUTE, 1)
    held = bench.writer.in_force.get(b.INSTITUTE, [])
    was = any(each.key_id == key.key_id for each in bench.writer.gone)
    if b.INSTITUTE not in bench.step.signers or key in held or not was:
        return None
    return bench.said(bench.step.signers, [*bench.without(b.INSTITUTE), key])


def signature_forged(bench: Bench) -> bytes:
    step = bench.step
    payload = bench.writer.payload(step.topic, step.said, step.signers, step.at)
    good = list(lines(payload, bench.own))
    at = bench.chance.randrange(len(good))
    spoilt = bytearray(good[at].value)
    spoilt[bench.chance.randrange(len(spoilt))] ^= 1 << bench.chance.randrange(8)
    good[at] = Signature(good[at].key_id, bytes(spoilt))
    return entry(payload, good, step.at)


def other_payload(bench: Bench) -> bytes:
    """Take the lines of another event of the same people."""
    step = bench.step
    other = bench.writer.payload(step.topic, step.said, step.signers, step.at)
    payload = bench.writer.payload(step.topic, step.said, step.signers, step.at)
    return entry(payload, lines(other, bench.own), step.at)


PRICED = {"price": {"amount": 2_000_000_000, "currency": "VND"}}
YEARLY = {
    "currency": "VND",
    "base": "net_revenue",
    "tiers": [{"upto": None, "rate_ppm": 0}],
    "minimum": {"amount": 5, "credit": "same_year"},
    "period": "year",
    "due_days": 0,
}
AGREED = {"offer": None, "acceptance": None, "auction": None, "royalty_ppm": None}
SUMS: dict[str, tuple[dict[str, Any], ...]] = {
    "terms.amended/1": ({"changes": PRICED}, {"changes": {"effective_to": None}}),
    "contract.concluded/1": (
        {**AGREED, **PRICED},
        {**AGREED, "price": None, "royalty": YEARLY, "effective_to": "2040-12-01"},
    ),
}
"""What a deputy says: sums within a ceiling or beyond it, and a new end, always beyond."""


def by_deputy(name: str) -> Case:
    """Return a case in which a deputy signs for one of the signers."""

    def case(bench: Bench) -> bytes | None:
        principals = [
            each
            for each in bench.step.signers
            if each in b.ROLES and bench.writer.in_force.get(each)
        ]
        known = bench.writer.in_force.get(deputy(name))
        if not principals or not known or bench.step.topic == "ledger.opened/1":
            return None
        if bench.writer.mandated < len(b.ROLES) * len(DEPUTIES):
            return None
        principal = bench.chance.choice(principals)
        keys = [*bench.without(principal), known[0]]
        says = bench.chance.choice(SUMS.get(bench.step.topic, ({},)))
        return bench.said(bench.step.signers, keys, **says)

    case.__name__ = f"by_deputy_{name}"
    return case


OPPOSED = frozenset(topic for topic, row in TABLE.items() if row.opposed)


def one_deputy_for_all(bench: Bench) -> bytes | None:
    """Let who has the mandates of all sign alone for all whom the table does not have on one side.

    The sides of what an event names, verifiers do not know.
    """
    known = bench.writer.in_force.get(deputy("whole"))
    if bench.writer.mandated < len(b.ROLES) * len(DEPUTIES) or not known:
        return None
    if bench.step.topic not in OPPOSED or not {*bench.step.signers} <= b.ROLES.keys():
        return None
    return bench.said(bench.step.signers, known[:1])


def new_key_unproven(bench: Bench) -> bytes | None:
    keys = [bench.writer.key(each) for each in bench.step.signers]
    keys = [key for key in keys if key not in bench.step.new]
    return bench.said(bench.step.signers, keys) if bench.step.new and keys else None


def attested_by_no_clerk(bench: Bench) -> bytes | None:
    if "attested_by" not in bench.step.said:
        return None
    says = {"attested_by": b.FIRM}
    if "document_sha256" in bench.step.said:
        says["document_sha256"] = b.SOME_HASH
    signers = bench.writer.bound(bench.step.topic, {**bench.step.said, **says})
    return bench.said(signers, [*map(bench.writer.key, signers)], **says)


def reviewed_by_none(bench: Bench) -> bytes | None:
    if "reviewer" not in bench.step.said:
        return None
    says = {"reviewer": b.RIVAL}
    signers = bench.writer.bound(bench.step.topic, {**bench.step.said, **says})
    return bench.said(signers, [*map(bench.writer.key, signers)], **says)


def _vouched(bench: Bench, party: str, voucher: str | None, by: list[PrivateKey]) -> bytes | None:
    if not bench.writer.in_force.get(b.FIRM):
        return None
    new = party_key(party, 5 + bench.chance.randrange(2))
    said = {"party": party, "key": key_record(new), "not_before": None, "not_after": None}
    return event(bench, "key.added/1", {**said, "vouched_by": voucher}, [new, *by])


def key_vouched_for(bench: Bench) -> bytes | None:
    return _vouched(bench, b.FIRM, bench.chance.choice(bench.writer.officers), officers(bench))


def key_vouched_for_by_one(bench: Bench) -> bytes | None:
    officer = bench.chance.choice(bench.writer.officers)
    return _vouched(bench, b.FIRM, officer, [bench.writer.key(officer)])


def key_by_an_older(bench: Bench) -> bytes | None:
    return _vouched(bench, b.FIRM, None, [bench.writer.key(b.FIRM)])


def vouched_by_itself(bench: Bench) -> bytes | None:
    party = bench.chance.choice((b.FIRM, *bench.writer.officers))
    return _vouched(bench, party, party, [bench.writer.key(party), *officers(bench)])


def vouched_by_its_new_key(bench: Bench) -> bytes | None:
    party = bench.chance.choice((b.FIRM, *bench.writer.officers))
    return _vouched(bench, party, bench.chance.choice((None, party)), [])


def vouched_by_a_stranger(bench: Bench) -> bytes | None:
    return _vouched(bench, b.FIRM, b.RIVAL, [bench.writer.key(b.RIVAL)])


def vouched_by_the_other_officer(bench: Bench) -> bytes | None:
    officer, other = bench.chance.sample(list(bench.writer.officers), 2)
    return _vouched(bench, officer, other, [bench.writer.key(other)])


def vouched_through_a_mandate(bench: Bench) -> bytes | None:
    """Try to bind by a deputy's new key the officer whose mandate the deputy holds."""
    operator, registrar = bench.writer.officers
    return _vouched(bench, deputy("whole"), registrar, [bench.writer.key(operator)])


def revoked_by_a_stranger(bench: Bench) -> bytes | None:
    if not bench.writer.in_force.get(b.FIRM):
        return None
    said = {"party": b.FIRM, "key_id": bench.writer.key(b.FIRM).key_id, "reason": "lost"}
    said |= {"compromised_since": None, "revoked_by": b.RIVAL}
    return event(bench, "key.revoked/1", said, [bench.writer.key(b.RIVAL)])


def suspended_by_a_stranger(bench: Bench) -> bytes | None:
    if not bench.writer.in_force.get(b.FIRM):
        return None
    said = {"party": b.FIRM, "key_id": bench.writer.key(b.FIRM).key_id, "suspended_by": b.RIVAL}
    return event(bench, "key.suspended/1", said, [bench.writer.key(b.RIVAL)])


def _ended(bench: Bench, topic: str, party: str, **says: Any) -> bytes | None:
    """Let the registrar say that a party has ended, if both officers are there by now."""
    if not bench.writer.in_force.get(b.FIRM):
        return None
    said: dict[str, Any] = {"party": party, "attested_by": None, "document_sha256": None, **says}
    registrar = bench.writer.key(bench.writer.officers.registrar)
    return event(bench, topic, {"effective_on": "2026-11-01", **said}, [registrar])


def dissolved_officer(bench: Bench) -> bytes | None:
    officer = bench.chance.choice(bench.writer.officers)
    return _ended(bench, "party.dissolved/1", officer, reason="dissolved")


def merged_officer(bench: Bench) -> bytes | None:
    officer = bench.chance.choice(bench.writer.officers)
    return _ended(bench, "party.merged/1", officer, into=b.RIVAL)


def ended_that_is_no_officer(bench: Bench) -> bytes | None:
    return _ended(bench, "party.dissolved/1", b.FIRM, reason="bankrupt")


def _officer_s_key(bench: Bench, topic: str, **says: Any) -> bytes | None:
    if not bench.writer.in_force.get(b.FIRM):
        return None
    officer, other = bench.chance.sample(list(bench.writer.officers), 2)
    by = bench.chance.choice((officer, other))
    said = {"party": officer, "key_id": bench.writer.key(officer).key_id, **says}
    if topic == "key.suspended/1":
        return event(bench, topic, {**said, "suspended_by": by}, [bench.writer.key(by)])
    return event(bench, topic, {**said, "revoked_by": None}, officers(bench))


def officer_s_key_suspended_by_itself_or_by_the_other(bench: Bench) -> bytes | None:
    return _officer_s_key(bench, "key.suspended/1")


def officer_s_key_revoked_by_itself(bench: Bench) -> bytes | None:
    return _officer_s_key(bench, "key.revoked/1", reason="lost", compromised_since=None)


def handed_to_the_registrar(bench: Bench) -> bytes | None:
    if not bench.writer.in_force.get(b.FIRM):
        return None
    said = {"operator": bench.writer.officers.registrar, "reason": "x"}
    said["ledger"] = governance.LEDGER
    return event(bench, "ledger.operation_handed_over/1", said, officers(bench))


def both_officers_by_one_deputy(bench: Bench) -> bytes | None:
    """Let who has the mandates of both sign for one of them, or for both."""
    known = bench.writer.in_force.get(deputy("whole"))
    if bench.writer.mandated < len(b.ROLES) * len(DEPUTIES) or not known:
        return None
    by = bench.chance.choice(([], *([key] for key in officers(bench))))
    said = {"party": b.FIRM, "key_id": bench.writer.key(b.FIRM).key_id, "reason": "lost"}
    return event(
        bench,
        "key.revoked/1",
        {**said, "compromised_since": None, "revoked_by": None},
        [known[0], *by],
    )


def lifted_by_the_suspended_key(bench: Bench) -> bytes | None:
    if bench.step.topic != "key.resumed/1":
        return None
    suspended = party_key(b.INSTITUTE, 1)
    return bench.said(
        bench.step.signers, [bench.chance.choice((bench.own[0], suspended)), suspended]
    )


def lifted_by_a_deputy(bench: Bench) -> bytes | None:
    known = bench.writer.in_force.get(deputy("whole"))
    if bench.step.topic != "key.resumed/1" or not known:
        return None
    return bench.said(bench.step.signers, known[:1])


def mandate_ended_by_a_stranger(bench: Bench) -> bytes | None:
    if bench.writer.mandated < len(b.ROLES) * len(DEPUTIES):
        return None
    name = f"mandate:{b.FIRM[6:].replace(':', '-')}-whole"
    said = {"mandate": name, "principal": b.FIRM, "holder": deputy("whole"), "ended_by": b.RIVAL}
    return event(bench, "mandate.ended/1", said, [bench.writer.key(b.RIVAL)])


def registered_again(bench: Bench) -> bytes | None:
    """Give a party a key by the officers alone."""
    return registered(bench, b.FIRM, officers(bench))


def registered_by_one_officer(bench: Bench) -> bytes | None:
    return registered(bench, NOBODY, [bench.writer.key(bench.chance.choice(bench.writer.officers))])


def registered_as_a_person(bench: Bench) -> bytes | None:
    """Call an organisation a person, whom the operator alone registers, to bind at once."""
    operator = bench.writer.key(bench.writer.officers.operator)
    return registered(bench, NOBODY, [operator], kind="person", name=None)


ALWAYS_RIGHT: tuple[Case, ...] = (
    right,
    key_vouched_for,
    key_by_an_older,
    ended_that_is_no_officer,
    waiting.delay_changed,
    waiting.delay_stopped,
    waiting.key_stopped,
    waiting.key_stopped_by_a_key_that_an_officer_suspended,
    waiting.party_stopped,
    waiting.registered_anew,
    policies.policy_of_two_groups,
)
WRONG: tuple[Case, ...] = (
    signer_missing,
    signer_too_many,
    operator_alone,
    stranger_instead,
    unregistered,
    line_missing,
    line_too_many,
    line_by_another,
    key_unknown,
    key_of_before,
    signature_forged,
    other_payload,
    by_deputy("other"),
    by_deputy("ended"),
    by_deputy("over"),
    by_deputy("later"),
    new_key_unproven,
    attested_by_no_clerk,
    reviewed_by_none,
    vouched_by_itself,
    vouched_by_its_new_key,
    vouched_by_a_stranger,
    vouched_by_the_other_officer,
    vouched_through_a_mandate,
    revoked_by_a_stranger,
    suspended_by_a_stranger,
    dissolved_officer,
    merged_officer,
    officer_s_key_suspended_by_itself_or_by_the_other,
    officer_s_key_revoked_by_itself,
    handed_to_the_registrar,
    both_officers_by_one_deputy,
    lifted_by_the_suspended_key,
    lifted_by_a_deputy,
    mandate_ended_by_a_stranger,
    registered_again,
    registered_by_one_officer,
    registered_as_a_person,
    key_vouched_for_by_one,
    waiting.registered_too_early,
    waiting.vouched_too_early,
    waiting.delay_changed_too_early,
    waiting.delay_stopped_by_another,
    waiting.by_a_key_that_waits,
    waiting.by_a_key_that_was_stopped,
    waiting.by_a_suspended_key,
    waiting.key_stopped_by_a_key_that_its_party_suspended,
    waiting.attested_by_a_clerk_that_waits,
    waiting.attested_by_a_clerk_that_was_stopped,
    waiting.key_stopped_by_a_stranger,
    waiting.key_stopped_too_late,
    waiting.party_stopped_too_late,
    waiting.party_stopped_by_another,
    policies.policy_by_the_operator_alone,
    policies.policy_by_one_for_two_groups,
    policies.policy_by_puppets,
    policies.policy_for_which_the_operator_speaks,
)
RARE = (
    key_of_before,
    new_key_unproven,
    attested_by_no_clerk,
    reviewed_by_none,
    lifted_by_the_suspended_key,
    lifted_by_a_deputy,
)
"""What few topics have: asked first wherever it is there, for half of a step's cases at most."""

DEPENDS: tuple[Case, ...] = (
    one_deputy_for_all,
    by_deputy("small"),
    by_deputy("large"),
    by_deputy("foreign"),
    *(by_deputy("whole"), by_deputy("whole")),  # Rarely refused.
)


def draw(bench: Bench, number: int) -> Iterator[tuple[str, bytes]]:
    """Yield cases of this step: of three, one is wrong."""
    chance = bench.chance
    rare = [(case.__name__, made) for case in RARE * 6 if (made := case(bench)) is not None]
    yield from rare[: number // 2]
    number -= min(len(rare), number // 2)
    while number:
        kind = chance.randrange(6)
        case = chance.choice((WRONG, WRONG, DEPENDS, ALWAYS_RIGHT, (right,), (right,))[kind])
        made = case(bench)
        if made is not None:
            number -= 1
            yield case.__name__, made
