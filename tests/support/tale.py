"""The demo's story, played against a server: every answer by the name of its step."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from string import Template
from urllib.parse import quote

from api.cli.signing import sign_sealed
from api.cli.story import Cast, Done, Step, names, story, variables
from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.core.types import legal_day
from ledger.events.compose import uuid7
from ledger.follow.client import LedgerClient, ProblemAnswer, Signed, VerifiedReceipt
from ledger.log.encoding import write_base64
from ledger.node.genesis import key_record
from ledger.wire.envelope import payload_hash
from tests.support.builders import OPERATOR, REGISTRAR, SOME_HASH, contract_concluded, grant
from tests.support.contracts import LATE
from tests.support.world import World


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


@dataclass(frozen=True)
class Loaded:
    """A served ledger in which the story was told; `at` has the positions by name."""

    url: str
    trust: Path
    at: Mapping[str, int]
    words: Mapping[str, str]

    def said(self, text: str) -> str:
        """Return what the document says, with what differs from ledger to ledger."""
        return Template(text).substitute(self.words)


def loaded_at(ledger: LedgerClient, url: str, trust: Path, tale: Tale) -> Loaded:
    """Return the ledger that is served there, once its head is signed."""
    at = {name: receipt.position for name, receipt in tale.receipts.items()}
    kept = ledger.open_note(ledger.get_bytes("/checkpoint"))
    words = variables(tale.cast, Done({}, at)) | {
        "AT": tale.receipts["acceptance"].accepted,
        "EVENT": tale.receipts["contract"].event_id,
        "SIZE": str(kept.size),
        "ROOT": quote(write_base64(kept.root), safe=""),
    }
    return Loaded(url, trust, at, words)


def cast_of(world: World) -> Cast:
    """Return a cast of fresh subjects; four new parties, the world's own officers."""
    number = uuid7()
    fresh = {
        role: f"party:demo.{role}.{number[-8:]}" for role in ("institute", "firm", "rival")
    } | {"inventor": f"party:tok.{number.replace('-', '')}"}
    ids = {
        name: f"{subject.partition(':')[0]}:{uuid7()}"
        for name, subject in names().items()
        if not subject.startswith(("party:", "right:"))
    }
    rights = dict.fromkeys(("right",), f"right:vn.{number}")
    return cast(world, fresh, ids | rights, legal_day(datetime.now(UTC)))


def cast(world: World, parties: Mapping[str, str], ids: Mapping[str, str], today: date) -> Cast:
    """Return a cast of these parties and subjects, and of the world's officers and keys."""
    played = {
        name: subject for name, subject in names().items() if subject.startswith("party:")
    } | {"operator": OPERATOR, "registrar": REGISTRAR, **parties}
    keys = {role: key_record(world.key(party)) for role, party in played.items()}
    # Kept by its name: it is a second key of the same party.
    keys["institute-2"] = key_record(world.key("institute-2"))
    return Cast(played, dict(names()) | {"terms": SOME_HASH, **ids}, keys, today)


def transfer_to_register(cast: Cast, contract: str, signed_on: date) -> ContractConcluded:
    """Return a transfer of the cast's technology with State money, which waits to be registered."""
    return contract_concluded(
        contract=contract,
        kind="technology_transfer",
        parties=sorted([cast.institute, cast.firm]),
        grants=[
            grant(
                licensor=cast.institute,
                licensee=cast.firm,
                rights=[],
                technologies=[cast.ids["technology"]],
                exclusivity="non_exclusive",
                valid_from=cast.today.isoformat(),
                valid_to=None,
            )
        ],
        state_money=True,
        effective_upon="registration",
        concluded_on=signed_on.isoformat(),
        **LATE,
        effective_from=cast.today.isoformat(),
        effective_to=None,
    )


def play(ledger: LedgerClient, world: World, cast: Cast, *chapters: str) -> Tale:
    """Play every step of these chapters; each must come out as the story says."""
    tale, done = Tale(cast, {}, {}, {}), Done({}, {})
    for step in story(*(chapters or ("transfer",))):
        signed = _signed(world, step, cast, done)
        done.hashes[step.name] = payload_hash(signed.envelope.payload)
        tale.sent[step.name] = signed
        try:
            tale.receipts[step.name] = ledger.submit(signed)
            done.positions[step.name] = tale.receipts[step.name].position
        except ProblemAnswer as answer:
            tale.refusals[step.name] = answer
        outcome = tale.refusals[step.name].code if step.name in tale.refusals else None
        assert step.refused == outcome, f"{step.name}: {tale.refusals.get(step.name)}"
    return tale


def _signed(world: World, step: Step, cast: Cast, done: Done) -> Signed:
    keys = [world.key(cast.parties.get(name, name)) for name in step.keys]
    return sign_sealed(
        world.origin, step.topic, step.body(cast, done), step.parties(cast), keys, step.sealed
    )
