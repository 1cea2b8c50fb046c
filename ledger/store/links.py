"""
The chains over what stands beside the entries: `checkpoints` and `cosignatures`.

The database adds a link for each row that is inserted (`migrations/0108_…`), and no row goes
without breaking its chain: who owns the database can cut off its end, down to the last seal.
"""

from dataclasses import dataclass
from hashlib import sha256

from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.connection import Pool
from ledger.store.cosignatures import Cosignature

CHAINS = ("checkpoints", "cosignatures")
"""The chains, by the names of their tables."""


@dataclass(frozen=True, slots=True)
class Link:
    """The `number`-th link of a chain, counted from 1: the row's digest, and the link over it."""

    chain: str
    number: int
    digest: bytes
    link: bytes


def newest_links(pool: Pool) -> list[Link]:
    """Return the newest link of each chain that has any, by name."""
    with pool.session() as session:
        session.execute(
            "SELECT DISTINCT ON (chain) chain, number, digest, link FROM ledger.links"
            " WHERE chain = ANY(%s) ORDER BY chain, number DESC",
            (list(CHAINS),),
        )
        return [Link(c, n, bytes(digest), bytes(link)) for c, n, digest, link in session.fetchall()]


def digest_of_checkpoint(stored: StoredCheckpoint) -> bytes:
    """Return the digest under which a checkpoint is linked."""
    return sha256(stored.size.to_bytes(8, "big", signed=True) + stored.note).digest()


def digest_of_cosignature(stored: Cosignature) -> bytes:
    """Return the digest under which a cosignature is linked."""
    return sha256(stored.size.to_bytes(8, "big", signed=True) + stored.line.encode()).digest()


def next_link(before: bytes, digest: bytes) -> bytes:
    """Return the link over a digest and the link before it, which is empty before the first."""
    return sha256(before + digest).digest()
