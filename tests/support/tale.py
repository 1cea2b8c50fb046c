"""The demo's story, played against a server: every answer by the name of its step."""

from dataclasses import dataclass
from datetime import UTC, datetime

from api.cli.signing import sign_sealed
from api.cli.story import Cast, Step, story
from ledger.client import LedgerClient, ProblemAnswer, Signed, VerifiedReceipt
from ledger.compose import uuid7
from ledger.domain.event import legal_day
from ledger.genesis import key_record
from ledger.wire.envelope import payload_hash
from tests.support.builders import OPERATOR, REGISTRAR, SOME_HASH
from tests.support.world import World

_NAMED = ("technology", "listing", "offer", "contract", "share", "report", "distribution")


@dataclass(frozen=True)
class Tale:
    """Who and what it is about, what was sent, and how each step was answered."""

    cast: Cast
    sent: dict[str, Signed]
    receipts: dict[str, VerifiedReceipt]
    refusals: dict[str, ProblemAnswer]

    @property
    def size(self) -> int:
        """Entries up to the story's end."""
        return 1 + max(receipt.position for receipt in self.receipts.values())

    def at(self, *steps: str) -> list[int]:
        """Return the positions of steps."""
        return [self.receipts[step].position for step in steps]


def cast_of(world: World) -> Cast:
    """Return a cast of fresh subjects; four new parties, the world's own officers."""
    number = uuid7()
    parties = {
        role: f"party:demo.{role}.{number[-8:]}" for role in ("institute", "firm", "rival")
    } | {"inventor": f"party:tok.{number.replace('-', '')}"}
    ids = {name: f"{name}:{number}" for name in (*_NAMED, "payment")}
    today = legal_day(datetime.now(UTC))
    return Cast(
        operator=OPERATOR,
        registrar=REGISTRAR,
        **parties,
        ids=ids
        | {"right": f"right:vn.{number}", "second_contract": f"contract:{uuid7()}"}
        | {"terms": SOME_HASH},
        keys={party: key_record(world.key(party)) for party in parties.values()},
        today=today,
    )


def play(ledger: LedgerClient, world: World, cast: Cast) -> Tale:
    """Play every step; each must come out as the story says."""
    tale = Tale(cast, {}, {}, {})
    done: dict[str, str] = {}
    for step in story(cast):
        signed = _signed(world, step, done)
        done[step.name] = payload_hash(signed.envelope.payload)
        tale.sent[step.name] = signed
        try:
            tale.receipts[step.name] = ledger.submit(signed)
        except ProblemAnswer as answer:
            tale.refusals[step.name] = answer
        outcome = tale.refusals[step.name].code if step.name in tale.refusals else None
        assert step.refused == outcome, f"{step.name}: {tale.refusals.get(step.name)}"
    return tale


def _signed(world: World, step: Step, done: dict[str, str]) -> Signed:
    keys = [world.key(party) for party in step.signers]
    return sign_sealed(world.origin, step.topic, step.body(done), step.signers, keys, step.sealed)
