"""Random events on rights: status, mandates, assignments and what goes before them, securities."""

from random import Random
from typing import Any

from ledger.domain.parties.mandate import MandateEnded, MandateGiven
from tests.support import builders as b
from tests.support import titles as t
from tests.support.chance import PARTIES, RIGHTS, holdings, name, near, owner, pair
from tests.support.reference_days import later
from tests.support.reference_money import WholeReference


def file_right(random: Random, ref: WholeReference, day: str) -> Any:
    del ref
    sole = [b.held(random.choice(PARTIES))]
    joint = [b.held(party, 1, 2) for party in pair(random)]
    owners = random.choice((sole, sole, joint, joint, joint[:1]))
    over = {
        "owners": owners,
        "kind": random.choice(("invention", "utility_solution", "software")),
        "filed_on": random.choice(("2020-03-10", "2020-03-10", later(day, -3), "2031-12-01")),
    }
    return random.choice((b.right_filed, b.other_right_filed))(**over)


def register_technology(random: Random, ref: WholeReference, day: str) -> Any:
    """Declare the one technology, of one owner or of two."""
    del ref, day
    sole = [b.held(random.choice(PARTIES))]
    joint = [b.held(party, 1, 2) for party in pair(random)]
    return b.technology_registered(owners=random.choice((sole, joint)), state_funded_ppm=0)


def change_status(random: Random, ref: WholeReference, day: str) -> Any:
    make = random.choice((b.right_lapsed, b.right_restored, b.right_restored))
    del ref
    effect = later(day, random.choice((-300, -20, 0, 20)))
    return make(right=random.choice(RIGHTS), effective_from=effect, published_on=near(random, day))


def mandate_or_key(random: Random, ref: WholeReference, day: str) -> Any:
    if random.randint(0, 39):
        return give_mandate(random, ref, day)
    party = random.choice(PARTIES[1:])
    by = random.choice((party, None, b.BANK))
    return b.key_revoked(party=party, key_id=b.key_id(party), revoked_by=by)


def give_mandate(random: Random, ref: WholeReference, day: str) -> Any:
    principal, holder = pair(random)
    both = {"mandate": name(random, "mandate", 4), "principal": principal, "holder": holder}
    earlier = ref.all("mandate.given")
    if earlier and random.randint(0, 1):
        chosen = random.choice(earlier)["said"]
        both = {each: chosen[each] for each in both} if random.randint(0, 4) else both
        return b.built(MandateEnded, {**both, "ended_by": random.choice(PARTIES)}, {})
    topics = random.choice((["*"], ["assignment.agreed"], ["contract.concluded", "offer.made"]))
    end = random.choice((None, later(day, 10), later(day, -1)))
    over = {"topics": topics, "ceiling": None, "valid_from": near(random, day), "valid_to": end}
    return b.built(MandateGiven, {**both, **over}, {})


def assign(random: Random, ref: WholeReference, day: str) -> Any:
    right = random.choice(RIGHTS)
    given = holdings(random, owner(random, ref, right))
    others = [party for party in PARTIES if party != given[0]["party"]]
    taken = [{**given[0], "party": random.choice(others)}]
    if not random.randint(0, 9):
        taken = holdings(random, taken[0]["party"])
    parties = {given[0]["party"], taken[0]["party"]}
    consenting = random.choice(([], [], [b.BANK], [p for p in PARTIES if p not in parties]))
    notices = [e["said"]["preemption"] for e in ref.all("coowner.notified")]
    chosen = random.sample(notices, min(len(notices), random.randint(0, 1)))
    return b.assignment_agreed(
        assignment=name(random, "assignment", 6),
        rights=[right],
        assignors=given,
        assignees=taken,
        price=random.choice((None, b.vnd(800), b.vnd(1000))),
        ground=random.choice((None, None, "sale", "gift")),
        confirms=random.choice((None, None, {"reason": "Ghi muộn"})),
        agreed_on=near(random, day),
        consenting=consenting,
        notices=chosen if random.randint(0, 9) else ["preemption:9"],
    )


def notify(random: Random, ref: WholeReference, day: str) -> Any:
    if ref.all("coowner.notified") and not random.randint(0, 2):
        notice = random.choice(ref.all("coowner.notified"))["said"]
        by = random.choice((notice["notified"], notice["notified"], *PARTIES))
        return t.preemption_waived(
            preemption=notice["preemption"], waived_by=by, waived_on=near(random, day)
        )
    right = random.choice(RIGHTS)
    seller = owner(random, ref, right)
    others = [party for party in PARTIES if party != seller]
    return t.coowner_notified(
        preemption=name(random, "preemption", 5),
        rights=[right],
        sellers=holdings(random, seller),
        notified=random.choice(others),
        price=b.vnd(random.choice((800, 1000))),
        received_on=near(random, day),
    )


def settle(random: Random, ref: WholeReference, day: str) -> Any:
    """Register, refuse, rescind or note an assignment."""
    found = ref.all("assignment.agreed")
    agreed = random.choice(found)["said"] if found and random.randint(0, 9) else None
    assignment = agreed["assignment"] if agreed else "assignment:9"
    rights = agreed["rights"] if agreed and random.randint(0, 9) else [random.choice(RIGHTS)]
    both = {"assignment": assignment, "rights": rights}
    parties = pair(random)
    if agreed and random.randint(0, 4):
        parties = [agreed["assignors"][0]["party"], agreed["assignees"][0]["party"]]
    which = random.randint(0, 6)
    if which < 2:
        until = later(day, random.choice((0, 10, 60, 61)))
        return t.priority_noted(**both, noted_by=random.choice(parties), until=until)
    if which < 5:
        return b.assignment_registered(**both, registered_on=near(random, day))
    if which == 5:
        return t.assignment_refused(**both, refused_on=near(random, day))
    return t.assignment_rescinded(**both, parties=parties, rescinded_on=near(random, day))


def release(random: Random, ref: WholeReference, day: str) -> Any:
    """Perfect or release a security."""
    found = ref.all("security.created")
    said = random.choice(found)["said"] if found else {"security": "security:9", "rights": RIGHTS}
    if random.randint(0, 1):
        at = f"{later(day, -13)}T02:30:00.000Z"
        return t.security_perfected(
            security=said["security"], rights=said["rights"], registered_at=at
        )
    rights = random.choice((said["rights"], [random.choice(RIGHTS)]))
    creditor = random.choice((b.BANK, b.BANK, *PARTIES))
    return b.security_released(
        security=said["security"], rights=rights, creditor=creditor, released_on=day
    )


def charge(random: Random, ref: WholeReference, day: str) -> Any:
    right = random.choice(RIGHTS)
    return b.security_created(
        security=name(random, "security", 4),
        rights=[right],
        debtors=[owner(random, ref, right)],
        forbids_assignment=bool(random.randint(0, 1)),
        created_on=near(random, day),
    )
