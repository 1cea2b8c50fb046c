"""
A frozen ledger: `python -m tests.support.golden_ledger NAME` makes one by a real node, once.

Everything that somebody may keep for years is in it: an export with every event of the demo, of
the ledger's government and of its end; trust root, an earlier checkpoint, receipts in three forms,
an evidence bundle with openings. `tests/golden/ledger` grows by a directory with each change of
format; none that is there is ever written again, and all must verify for ever.
"""

import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from api.cli.sealer import seal
from ledger.domain.core.body import Body
from ledger.domain.government.governance import LogKeysAdopted, SpokenFor
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.follow.audit import StoredLog, export
from ledger.follow.client import LedgerClient, read_trust
from ledger.home.keystore import add_log_keys, load_log_keys
from ledger.home.paths import Home
from ledger.log.evidence_bundle import format_evidence
from ledger.node.node import Node
from ledger.publish.publisher import LogSigner
from ledger.store.entries import read_entries
from ledger.wire.commitment import opening_to_object
from tests.support.builders import OPERATOR, REGISTRAR
from tests.support.governance import ledger_closed, operation_handed_over, policy_adopted
from tests.support.http import serving
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import ORIGIN, fresh_database, home_directory, running_server
from tests.support.tale import Tale, cast_of, play
from tests.support.witnessing import members, policy_of
from tests.support.world import World

HERE = Path(__file__).parents[1] / "golden" / "ledger"
NEXT_OPERATOR = "party:vn.next"


class _Making:
    """A ledger under way."""

    def __init__(self, node: Node, home: Home) -> None:
        self.node, self.world, self.subject = node, World.of(home), ledger_subject(ORIGIN)

    def say(self, body: Body, *signers: str) -> None:
        """Append an event and wait until a quorum has cosigned it."""
        (outcome,) = append(self.node, self.world.sign(body, *signers))
        self.witnessed(outcome.position)  # type: ignore[union-attr]

    def witnessed(self, position: int) -> None:
        self.node.witnessed.covering(position).result(30)


def make(directory: Path) -> None:
    """Write a frozen ledger into a new directory."""
    directory.mkdir(parents=True)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(running_server(stack.enter_context(home_directory())))
        settings = settings_for(stack.enter_context(fresh_database(server)), scratch / "home")
        home = found(settings)
        add_log_keys(home.keys)
        signer = LogSigner(ORIGIN, *load_log_keys(home.keys))
        made = stack.enter_context(members(scratch, signer.verifiers))
        home.policy.write_text(policy_of(made))
        for member in made.values():
            stack.enter_context(member.served())
        node = stack.enter_context(running(settings))
        url = stack.enter_context(serving(node))
        making = _Making(node, home)
        with LedgerClient(url, read_trust(home.trust)) as ledger:
            tale = play(ledger, making.world, cast_of(making.world))
            making.witnessed(tale.size - 1)
            assert node.feed.latest is not None
            (directory / "earlier.checkpoint").write_bytes(node.feed.latest.note)
            _govern(making, tale, signer.vkeys, policy_of(made).splitlines())
            _end(making, home)
            _keep(directory, making, tale, ledger)
        (directory / "trust.json").write_bytes(home.trust.read_bytes())


def _govern(making: _Making, tale: Tale, vkeys: tuple[str, ...], policy: list[str]) -> None:
    """Rotate the log's keys, adopt the policy of its witnesses."""
    for keys in (vkeys, vkeys[2:]):
        body = LogKeysAdopted(ledger=making.subject, log_keys=keys, reason="by the calendar")
        making.say(body, OPERATOR, REGISTRAR)
    groups = (("state", REGISTRAR), ("institutes", tale.cast.institute), ("firms", tale.cast.firm))
    speakers = [SpokenFor(group=group, party=party) for group, party in groups]  # type: ignore[arg-type]
    approving = sorted((REGISTRAR, tale.cast.firm))
    adopted = policy_adopted(
        *policy, ledger=making.subject, speakers=speakers, approved_by=approving
    )
    making.say(adopted, OPERATOR, *approving)


def _end(making: _Making, home: Home) -> None:
    """Seal, hand the operation over, close."""
    (outcome,) = append(making.node, making.world.registration(NEXT_OPERATOR))
    making.witnessed(outcome.position)  # type: ignore[union-attr]
    sealed = seal(making.node.pool, home)
    assert sealed is not None
    handed = operation_handed_over(ledger=making.subject, operator=NEXT_OPERATOR)
    making.say(handed, OPERATOR, NEXT_OPERATOR, REGISTRAR)
    making.say(ledger_closed(ledger=making.subject), NEXT_OPERATOR, REGISTRAR)


def _keep(directory: Path, making: _Making, tale: Tale, ledger: LedgerClient) -> None:
    """Write down what people keep."""
    node, receipt = making.node, tale.receipts["contract"]
    export(StoredLog(node.pool, node.quorum), directory / "log")
    latest = node.best_checkpoint
    assert latest is not None
    subjects = [tale.cast.ids["contract"], tale.cast.ids["technology"]]
    evidence = node.gatherer.gather(latest, subjects, (receipt.position,))
    openings = tuple(
        (tale.receipts[step].position, opening_to_object(opening))
        for step, signed in tale.sent.items()
        if step in tale.receipts and tale.receipts[step].position in _shown(evidence.entries)
        for opening in signed.openings
    )
    bundle = format_evidence(replace(evidence, openings=openings))
    (directory / "bundle.json").write_bytes(bundle)
    (directory / "charter.json").write_bytes(ledger.get_bytes("/v1/evidence"))
    (directory / "receipt.tlog-proof").write_bytes(receipt.proof)
    answer = ledger.get(f"/v1/events/{receipt.event_id}/receipt", grade="witnessed")
    (directory / "receipt.json").write_text(json.dumps(answer, indent=1) + "\n")
    cose = ledger.get_bytes(f"/v1/entries/{receipt.position}/cose-receipt")
    (directory / "receipt.cose").write_bytes(cose)
    (stored,) = read_entries(node.pool, receipt.position, receipt.position + 1, 1)
    (directory / "entry").write_bytes(stored.entry)


def _shown(entries: tuple[object, ...]) -> set[int]:
    return {each.position for each in entries}  # type: ignore[attr-defined]


if __name__ == "__main__":
    make(HERE / sys.argv[1])
