"""
Seals: from time to time the operator commits to what the whole log amounts to.

A seal covers the entries [0, size). `map_root` is the root of an authenticated map from each
subject to how often and where it was last touched (docs/spec/seal.md): with it a party proves
that *nothing later changed* what it shows. `projections` are digests of the read models at that
size. `links` are the newest of the chains over what no entry holds, the log's checkpoints and
what witnesses signed: a row that is gone breaks them. `openings` counts those ever kept. That no
count falls, unless the log was resumed since, is judged at admission. Nobody can check the rest of
it there in time; every replay does (`operate fsck` the links and the count), and a seal that lies
is evidence, signed by the operator.

Read in this order: events, refusals, admit, evolve; the state, `Ledger`, stands in `authority`.
"""

from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Other, Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import FROM_LIST, Model, Sha256, of_kind
from ledger.domain.government.governance import Size, must_be_of_this_ledger
from ledger.domain.parties.ledger_state import Ledger
from ledger.quoted import listed

KIND = "ledger"


class ProjectionDigest(Model):
    """The digest of a read model, as its `version` renders it, at the size that the seal covers."""

    projection: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,79}$")]
    """Name of the read model."""
    version: Annotated[int, Field(ge=1, le=2**31)]
    """Version of the read model, by which its rows are rendered."""
    sha256: Sha256
    """Digest of its rows at the size that the seal covers (docs/spec/seal.md)."""


class ChainLink(Model):
    """How many rows stand in a chain beside the entries, and the newest link over them."""

    chain: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,79}$")]
    """Name of the chain: what no entry holds, such as the log's checkpoints and what witnesses
    signed.
    """
    number: Annotated[int, Field(ge=1, le=2**53)]
    """How many rows stand in it."""
    link: Sha256
    """The newest link over them (docs/spec/seal.md); a row that is gone breaks it."""


def _each_once(links: tuple[ChainLink, ...]) -> tuple[ChainLink, ...]:
    names = [link.chain for link in links]
    if names != sorted(set(names)):
        raise ValueError(f"chains are sorted by name, each once: {listed(names)}")
    return links


def _in_order(digests: tuple[ProjectionDigest, ...]) -> tuple[ProjectionDigest, ...]:
    names = [digest.projection for digest in digests]
    if names != sorted(set(names)):
        raise ValueError(f"projections are sorted by name, each once: {listed(names)}")
    return digests


class LedgerSealed(Body):
    """The operator commits to every subject's history and to the read models at a size."""

    TOPIC: ClassVar[str] = "ledger.sealed/1"
    TITLE = "Whole ledger sealed"
    TITLE_VI = "Niêm ấn toàn sổ"
    SUBJECTS = "@ledger"
    SIGNERS = "@operator"

    ledger: Annotated[str, of_kind("ledger")]
    """This ledger: `ledger:` and the hex SHA-256 of its origin."""
    size: Size
    """The seal covers the entries [0, size): more than the seal before, and at most its own
    position.
    """
    map_root: Sha256
    """Root of the map from each subject to how often and where it was last touched
    (docs/spec/seal.md).
    """
    projections: Annotated[tuple[ProjectionDigest, ...], FROM_LIST, AfterValidator(_in_order)]
    """Digests of the read models, sorted by name; empty for none."""
    links: Annotated[tuple[ChainLink, ...], FROM_LIST, AfterValidator(_each_once)] = ()
    """Chains beside the entries, sorted by name; absent or empty where none has a row. None
    counts less than in the seal before, unless the log was resumed since.
    """
    openings: Annotated[int, Field(ge=0, le=2**53)] | None = None
    """How many openings of sealed sections were ever kept; null or absent where none was."""

    def counts(self) -> dict[str, int]:
        """Return what it counts, by name."""
        linked = {f"links of {each.chain}": each.number for each in self.links}
        return linked if self.openings is None else {**linked, "openings": self.openings}

    def subjects(self) -> frozenset[str]:
        """Return the ledger alone: a seal changes the history of nothing else."""
        return super().subjects() | {self.ledger}


class SealOutOfOrder(Refusal):
    """A seal covers more than the last one did, and nothing that comes after itself."""

    code = "SEAL_OUT_OF_ORDER"
    members = ("size",)
    title_vi = "Niêm ấn phải phủ nhiều hơn niêm ấn trước và không vượt vị trí của chính nó"


class SealCountsFall(Refusal):
    """A seal counts no less than the one before: rows are lost only where the log was resumed."""

    code = "SEAL_COUNTS_FALL"
    title_vi = "Niêm ấn không được đếm ít hơn niêm ấn trước, trừ khi sổ cái đã được cho ký tiếp"


@admits(LedgerSealed)
def _admit(body: LedgerSealed, state: State, context: Context, event: Event) -> None:
    ledger = must_be_of_this_ledger(state, event, body.ledger)
    if not ledger.sealed < body.size <= context.position:
        raise SealOutOfOrder(
            f"above {ledger.sealed}, and at most {context.position}",
            positions=(ledger.said_at(body.TOPIC),),
            step=Step(ask=(HERE,)),
        )
    now = body.counts()
    for name, before in ledger.counted:
        if now.get(name, 0) < before:
            raise SealCountsFall(
                f"{name}: {now.get(name, 0)}, and {before} in the seal before",
                positions=(ledger.said_at(body.TOPIC),),
                pointer=f"/body/{name.partition(' ')[0]}",
                step=Step(first=(Other("ledger.resumed/1", {"ledger": body.ledger}),)),
            )


@evolves(KIND, LedgerSealed)
def _evolve(body: LedgerSealed, logged: Logged, value: Ledger | None) -> Ledger | None:
    counted = tuple(sorted(body.counts().items()))
    return value and replace(value, sealed=body.size, counted=counted).after(logged)
