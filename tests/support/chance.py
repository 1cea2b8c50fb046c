"""A tiny universe for random events, so that they meet: few parties, ids and days about today."""

from random import Random

from tests.support import builders as b
from tests.support.reference_days import later
from tests.support.reference_model import Said
from tests.support.reference_money import WholeReference

PARTIES = (b.INSTITUTE, b.FIRM, b.RIVAL)
RIGHTS = (b.RIGHT, b.OTHER_RIGHT)
FRACTIONS = ((1, 1), (1, 2), (1, 4))


def name(random: Random, kind: str, many: int = 3) -> str:
    """Return one of few ids of a kind, so that many a time it is taken, or unknown."""
    return f"{kind}:{random.randint(1, many)}"


def near(random: Random, day: str) -> str:
    """Return today, mostly, or a day about it."""
    return later(day, random.choice((0, 0, 0, 0, 0, -40, -5, 1)))


def holdings(random: Random, *parties: str) -> list[Said]:
    """Return holdings of these parties, of one fraction."""
    fraction = random.choice(FRACTIONS)
    return [b.held(party, *fraction) for party in parties]


def pair(random: Random) -> list[str]:
    return random.sample(PARTIES, 2)


def owner(random: Random, ref: WholeReference, thing: str) -> str:
    """Return an owner of a right or a technology, mostly."""
    owners = sorted(ref.owning(thing))
    return random.choice(owners or PARTIES) if random.randint(0, 5) else random.choice(PARTIES)


def said_before(random: Random, ref: WholeReference, topic: str, member: str, kind: str) -> str:
    """Return an id that is in the log, mostly."""
    found = [entry["said"][member] for entry in ref.all(topic)]
    return random.choice(found) if found and random.randint(0, 7) else name(random, kind)
