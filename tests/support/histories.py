"""
Random histories: events of a small world of two rights, five parties and a handful of days.

Few of each, so that they meet: assignments of what was pledged, corrections of what was corrected,
lapses known late. Events are proposed at random; those that a rule refuses are left out, so every
history is one that the ledger could hold.
"""

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from tests.support import builders as b
from tests.support.contracts import LATE
from tests.support.conveyances import conveyance_attested
from tests.support.specification import Past
from tests.support.titles import (
    assignment_refused,
    assignment_rescinded,
    security_assigned,
    security_enforced,
    security_perfected,
)

RIGHTS = (b.RIGHT, b.OTHER_RIGHT)
PARTIES = (b.INSTITUTE, b.FIRM, b.RIVAL, b.THIRD, b.AUTHOR)
FIRST_DAY = date(2019, 1, 1)
DAYS = 12


def random_history(random: Random, length: int) -> list[Logged]:
    """Return the opening, two rights filed, and so many random events that were admitted."""
    world = _World(random)
    for body in (b.ledger_opened(), *map(world.filed, RIGHTS)):
        assert world.propose(body), "the beginning is admissible"
    while len(world.events) < length:
        world.propose(random.choice(_PROPOSALS)(world))
    return world.events


class _World:
    """A log that grows, and what has been named in it."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.log = Past()
        self.events: list[Logged] = []
        self.named: dict[str, list[str]] = {}

    def propose(self, body: Body) -> bool:
        """Add an event unless a rule refuses it."""
        attempt = self.log.when(body)
        if attempt.refusal is not None:
            return False
        self.log = attempt.then_admitted()
        place = attempt.context
        self.events.append(Logged(attempt.event, place.position, place.accepted))
        return True

    def new(self, kind: str) -> str:
        """Return a fresh subject of a kind, to be found by `old`."""
        names = self.named.setdefault(kind, [])
        names.append(f"{kind}:n{len(names)}")
        return names[-1]

    def old(self, kind: str) -> str:
        """Return a subject of a kind that was named before, whether or not that was admitted."""
        return self.random.choice(self.named.get(kind, [f"{kind}:none"]))

    def day(self) -> date:
        """Return one of a few days."""
        return FIRST_DAY + timedelta(days=self.random.randrange(DAYS))

    def days(self, count: int) -> list[str]:
        """Return days in order, as JSON."""
        return [day.isoformat() for day in sorted(self.day() for _ in range(count))]

    def some(self, whom: tuple[str, ...], most: int) -> list[str]:
        """Return one or more, in random order."""
        return self.random.sample(whom, self.random.randint(1, most))

    def owners(self, right: str) -> tuple[str, ...]:
        """Return who owns a right now, as the domain has it."""
        return tuple(sorted(self.log.value(right).owners))

    def filed(self, right: str) -> Body:
        """Return the filing of a right by one or two owners."""
        owners = self.some(PARTIES, 2)
        kind = self.random.choice(("invention", "mark", "software"))
        return b.right_filed(
            right=right,
            application_no=right.removeprefix("right:vn."),
            kind=kind,
            filed_on=(FIRST_DAY + timedelta(days=self.random.randrange(3))).isoformat(),
            owners=[b.held(owner, 1, len(owners)) for owner in owners],
        )


def _agreed(world: _World) -> Body:
    right = world.random.choice(RIGHTS)
    assignor = world.random.choice(world.owners(right))
    share: Fraction = world.log.value(right).owners[assignor]
    given = share * world.random.choice((Fraction(1), Fraction(1, 2), Fraction(2, 3)))
    takers = world.some(PARTIES, 2)
    part = given / len(takers)
    return b.assignment_agreed(
        assignment=world.new("assignment"),
        rights=[right],
        assignors=[b.held(assignor, given.numerator, given.denominator)],
        assignees=[b.held(taker, part.numerator, part.denominator) for taker in takers],
        agreed_on=world.days(1)[0],
        ground=world.random.choice(("sale", "gift", "gift")),
        **LATE,
    )


def _registered(world: _World) -> Body:
    right = world.random.choice(RIGHTS)
    waiting = sorted(world.log.value(right).pending) or [world.old("assignment")]
    effective, registered = world.random.sample(world.days(2), 2)
    return b.assignment_registered(
        assignment=world.random.choice(waiting),
        rights=[right],
        effective_on=effective,
        registered_on=registered,
    )


def _conveyed(world: _World) -> Body:
    kind = world.random.choice(("assignment", "merger", "nunc_pro_tunc", "name_change"))
    rights = world.random.choice((*((right,) for right in RIGHTS), RIGHTS))
    owners = tuple(set(world.owners(rights[0])).intersection(*map(world.owners, rights)))
    givers = world.some(tuple(sorted(owners)) or PARTIES, max(1, len(owners)))
    return _record(world, kind, givers, rights=rights)


def _corrected(world: _World) -> Body:
    right = world.random.choice(RIGHTS)
    records = sorted(world.log.value(right).records) or ["conveyance:us.none"]
    refers_to, givers = world.random.choice(records), world.some(PARTIES, 2)
    return _record(world, "correction", givers, refers_to=refers_to, rights=[right])


def _charged(world: _World) -> Body:
    right = world.random.choice(RIGHTS)
    return _record(world, "security", [world.random.choice(world.owners(right))], rights=[right])


def _passed(world: _World) -> Body:
    kind = world.random.choice(("release", "security_assignment"))
    right, lien, givers = _a_lien(world)
    return _record(world, kind, givers, refers_to=lien, rights=[right])


def _a_lien(world: _World) -> tuple[str, str, list[str]]:
    """Return a right, one of its liens, and some of that lien's creditors."""
    right = world.random.choice(RIGHTS)
    liens = world.log.value(right).liens
    lien = world.random.choice(sorted(liens) or ["security:none"])
    creditors = sorted(liens[lien].creditors) if liens else [b.BANK]
    return right, lien, world.some(tuple(creditors), len(creditors))


def _record(world: _World, kind: str, givers: list[str], **said: object) -> Body:
    *signed, recorded = world.days(len(givers) + 1)
    record = world.new("conveyance").removeprefix("conveyance:")
    return conveyance_attested(
        record,
        **{
            "kind": kind,
            "assignors": [
                {"party": giver, "executed_on": day}
                for giver, day in zip(givers, signed, strict=True)
            ],
            "assignees": world.some(PARTIES, 2),
            "rights": world.some(RIGHTS, 2),
            "office_recorded_on": recorded,
            **said,
        },
    )


def _secured(world: _World) -> Body:
    right = world.random.choice(RIGHTS)
    return b.security_created(
        security=world.new("security"),
        rights=[right],
        debtors=[world.random.choice(world.owners(right))],
        creditor=world.random.choice(PARTIES),
        created_on=world.days(1)[0],
    )


def _released(world: _World) -> Body:
    right, lien, givers = _a_lien(world)
    return b.security_released(
        security=lien.replace("conveyance", "security"),
        rights=[right],
        creditor=givers[0],
        released_on=world.days(1)[0],
    )


def _ended(world: _World) -> Body:
    right = world.random.choice(RIGHTS)
    waiting = sorted(world.log.value(right).pending) or [world.old("assignment")]
    assignment, day = world.random.choice(waiting), world.days(1)[0]
    if world.random.random() < 1 / 2:
        return assignment_refused(assignment=assignment, rights=[right], refused_on=day)
    agreed = world.log.value(assignment)
    parties = sorted(agreed.assignors | agreed.assignees) if agreed else [b.FIRM]
    return assignment_rescinded(
        assignment=assignment, rights=[right], parties=parties, rescinded_on=day
    )


def _perfected(world: _World) -> Body:
    right, lien, _ = _a_lien(world)
    return security_perfected(
        security=lien.replace("conveyance", "security"),
        rights=[right],
        registered_at=f"{world.days(1)[0]}T05:00:00.000Z",
    )


def _security_assigned(world: _World) -> Body:
    right, lien, givers = _a_lien(world)
    return security_assigned(
        security=lien.replace("conveyance", "security"),
        rights=[right],
        creditor=givers[0],
        new_creditor=world.random.choice([party for party in PARTIES if party != givers[0]]),
        assigned_on=world.days(1)[0],
    )


def _enforced(world: _World) -> Body:
    right, lien, _ = _a_lien(world)
    owner, acquirer = world.random.choice(world.owners(right)), world.random.choice(PARTIES)
    share = world.random.choice((world.log.value(right).owners[owner], Fraction(1, 2)))
    effective, registered = world.random.sample(world.days(2), 2)
    return security_enforced(
        security=lien.replace("conveyance", "security"),
        rights=[right],
        owners=[b.held(owner, share.numerator, share.denominator)],
        acquirers=[b.held(acquirer, share.numerator, share.denominator)],
        effective_on=effective,
        registered_on=registered,
    )


def _granted(world: _World) -> Body:
    granted, in_force = world.random.sample(world.days(2), 2)
    return b.right_granted(
        right=world.random.choice(RIGHTS),
        granted_on=granted,
        in_force_from=in_force,
        expires_on=world.random.choice(("2039-01-01", None)),
    )


def _status(world: _World) -> Body:
    build: Callable[..., Body] = world.random.choice((b.right_lapsed, b.right_restored))
    effective, published = world.random.sample(world.days(2), 2)
    return build(
        right=world.random.choice(RIGHTS), effective_from=effective, published_on=published
    )


def _offered(world: _World) -> Body:
    offeror, offeree = world.random.sample(PARTIES, 2)
    price = world.random.choice((b.vnd(1_000), b.sealed(), None))
    return b.offer_made(offer=world.new("offer"), offeror=offeror, offeree=offeree, price=price)


def _answered(world: _World) -> Body:
    offer, party = world.old("offer"), world.random.choice(PARTIES)
    if world.random.random() < 1 / 2:
        return b.offer_rejected(offer=offer, rejected_by=party)
    return b.offer_revoked(offer=offer, revoked_by=party)


def _licensed(world: _World) -> Body:
    right = world.random.choice(RIGHTS)
    licensor = world.random.choice(world.owners(right))
    licensee = world.random.choice([party for party in PARTIES if party != licensor])
    grant = b.grant(
        licensor=licensor, licensee=licensee, rights=[right], exclusivity="non_exclusive"
    )
    return b.contract_concluded(
        contract=world.new("contract"), parties=[licensor, licensee], grants=[grant]
    )


_PROPOSALS: tuple[Callable[[_World], Body], ...] = (
    _agreed,
    _registered,
    _conveyed,
    _corrected,
    _charged,
    _passed,
    _secured,
    _released,
    _perfected,
    _security_assigned,
    _enforced,
    _ended,
    _granted,
    _status,
    _offered,
    _answered,
    _licensed,
)
