"""Values that stand nowhere else, sealed in a small log, and how they would be found."""

import base64
from collections.abc import Iterable, Iterator

from ledger.follow.client import Signed
from ledger.wire import canonical
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    REGISTRAR,
    contract_concluded,
    part,
    right_filed,
    share_agreed,
    vnd,
)
from tests.support.contracts import LATE
from tests.support.sealing import sealed
from tests.support.world import World

PRICE = 731_904_256_118
"""A price that stands nowhere else."""

HIDDEN = "party:tok.9d3c55e07ab1428fb6ce1f02aa9941d7"
"""A person who is named in a sealed section alone."""


def agreements(world: World) -> list[Signed]:
    """Return positions 1 to 6, with canaries in what is sealed."""
    shares = [part(INSTITUTE, 612_345), part(AUTHOR, 387_655)]
    return [
        *world.registrations((INSTITUTE, FIRM)),
        world.registration(AUTHOR, kind="person", name=None),
        world.sign(right_filed(), REGISTRAR),
        sealed(
            world,
            contract_concluded(price=vnd(PRICE), **LATE),
            ("/body/royalty_ppm", "/body/price"),
            *(INSTITUTE, FIRM),
        ),
        sealed(world, share_agreed(parts=shares), ("/body/parts",), AUTHOR, INSTITUTE),
    ]


def canaries(signed: Iterable[Signed]) -> Iterator[bytes]:
    """Yield every salt and every sealed value of some length, each in all its spellings."""
    values = [opening.salt for each in signed for opening in each.openings]
    values += [b"%d" % PRICE, HIDDEN.rpartition(".")[2].encode()]
    values += [
        value
        for each in signed
        for opening in each.openings
        if len(value := canonical.dump(opening.value)) > 16
    ]
    for value in values:
        yield value
        yield value.hex().encode()
        yield value.hex().upper().encode()
        for shift in range(3):  # Base64 of bytes in which it begins at any place.
            whole = base64.b64encode(bytes(shift) + value)
            inner = whole[4 if shift else 0 :].rstrip(b"=")[:-2]
            yield from (inner, inner.translate(bytes.maketrans(b"+/", b"-_")))
