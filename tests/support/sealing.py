"""A story whose terms are sealed: a licence, and how a person shares in what it earns."""

from collections.abc import Iterable

from api.cli.signing import sign_sealed
from ledger.domain.core.body import Body
from ledger.follow.client import Signed
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    revenue_distributed,
    revenue_reported,
    right_filed,
    share_agreed,
)
from tests.support.parties import person_erased
from tests.support.running import contract_running
from tests.support.world import World

_KINDS = ("report", "distribution")

RATE = 50_000
"""The sealed royalty of the licence, in parts per million."""


def sealed(world: World, body: Body, pointers: Iterable[str], *signers: str) -> Signed:
    """Return an event signed by the keys of its signers, some of its sections sealed."""
    keys = [world.key(party) for party in signers]
    said = body.model_dump(mode="json")
    return sign_sealed(world.origin, body.TOPIC, said, signers, keys, pointers)


def agreements(world: World) -> list[Signed]:
    """Return positions 1 to 6: the parties, the right, the licence, the share."""
    return [
        *world.registrations((INSTITUTE, FIRM)),
        world.registration(AUTHOR, kind="person", name=None),
        world.sign(right_filed(), REGISTRAR),
        sealed(
            world,
            contract_running(),
            ("/body/royalty_ppm", "/body/price"),
            *(INSTITUTE, FIRM),
        ),
        sealed(world, share_agreed(), ("/body/parts",), AUTHOR, INSTITUTE),
    ]


CONTRACT_AT, SHARE_AT = 5, 6


def report(world: World) -> Signed:
    """Return the firm's report, which takes the royalty of the licence."""
    return world.sign(revenue_reported(), FIRM)


def distribution(world: World) -> Signed:
    """Return the distribution of what was reported, which takes the parts of the share."""
    return world.sign(revenue_distributed(), OPERATOR)


def next_quarter(world: World) -> list[Signed]:
    """Return another report and its distribution, of the quarter before."""
    other, shared = (f"{kind}:01890000-0000-7000-8000-0000000000ee" for kind in _KINDS)
    quarter = {"report": other, "period_from": "2026-04-01", "period_to": "2026-07-01"}
    return [
        world.sign(revenue_reported(**quarter), FIRM),
        world.sign(revenue_distributed(distribution=shared, reports=[other]), OPERATOR),
    ]


def erasure(world: World) -> Signed:
    """Return the erasure of the person in the share."""
    return world.sign(person_erased(token=AUTHOR), OPERATOR, REGISTRAR)
