"""The SDK and receipts across changes of the log's keys and policy: one trust root for all."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from ledger.domain.core.body import Body
from ledger.domain.government.governance import LogKeysAdopted
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.follow.client import LedgerClient, ReceiptRefused, VerifiedReceipt, read_trust
from ledger.home.keystore import add_log_keys, load_log_keys
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.log.note import parse_note
from ledger.node.node import Node
from ledger.publish.publisher import LogSigner
from ledger.verify.__main__ import main
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR
from tests.support.governance import policy_adopted
from tests.support.http import serving
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import ORIGIN, Database
from tests.support.witnessing import members, policy_of
from tests.support.world import World


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    return settings_for(database, tmp_path / "home", witnessed_wait_s=10)


@dataclass
class Ledger:
    """A ledger that is served, whose next keys lie ready."""

    home: Home
    world: World
    node: Node
    url: str
    vkeys: tuple[str, ...]

    def client(self, trust: Path | None = None) -> LedgerClient:
        return LedgerClient(self.url, read_trust(trust or self.home.trust))

    def say(self, body: Body, *signers: str) -> bytes:
        (outcome,) = append(self.node, self.world.sign(body, *signers))
        return self.node.feed.covering(outcome.position).result(30).note

    def rotate(self) -> None:
        for vkeys in (self.vkeys, self.vkeys[2:]):
            body = LogKeysAdopted(
                ledger=ledger_subject(ORIGIN), log_keys=vkeys, reason="by the calendar"
            )
            note = self.say(body, OPERATOR, REGISTRAR)
            assert len(vkeys) == len(parse_note(note).signatures)


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    home = found(settings)
    add_log_keys(home.keys)
    vkeys = LogSigner(ORIGIN, *load_log_keys(home.keys)).vkeys
    with running(settings) as node, serving(node) as url:
        yield Ledger(home, World.of(home), node, url, vkeys)


def test_the_sdk_is_led_from_the_keys_it_trusts_to_those_of_now(ledger: Ledger) -> None:
    with ledger.client() as client:
        before = client.submit(ledger.world.registration(INSTITUTE))
        first = client.open_note(ledger.node.feed.latest.note)
        ledger.rotate()
        after = client.submit(ledger.world.registration(FIRM))
        assert (1, 4) == (before.position, after.position)
        assert 5 == client.prove_unchanged(first).size
    with ledger.client() as another:
        (many,) = another.submit_many([ledger.world.registration("party:vn.third")])
        assert isinstance(many, VerifiedReceipt)


def test_a_trust_root_of_today_opens_what_was_signed_before(ledger: Ledger, tmp_path: Path) -> None:
    note = ledger.node.feed.latest.note
    ledger.rotate()
    members_of = json.loads(ledger.home.trust.read_bytes())
    today = tmp_path / "today.json"
    today.write_text(json.dumps({**members_of, "log_keys": list(ledger.vkeys[2:])}))
    with ledger.client(today) as client:
        assert 1 == client.open_note(note).size


def test_a_receipt_under_later_keys_verifies_with_the_bundle_that_shows_them(
    ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    charter = tmp_path / "charter.json"
    charter.write_bytes(httpx2.get(f"{ledger.url}/v1/evidence").content)
    ledger.rotate()
    with ledger.client() as client:
        receipt = client.submit(ledger.world.registration(INSTITUTE))
    (tmp_path / "receipt").write_bytes(receipt.proof)
    (tmp_path / "entry").write_bytes(receipt.entry)
    entry = ["--entry", str(tmp_path / "entry"), "--trust", str(ledger.home.trust)]
    asked = [str(tmp_path / "receipt"), *entry]
    assert 1 == main(asked)
    assert "step 2" in capsys.readouterr().out
    assert 1 == main([*asked, "--charter", str(charter)]), "it shows nothing of new keys yet"
    charter.write_bytes(httpx2.get(f"{ledger.url}/v1/evidence").content)
    assert 0 == main([*asked, "--charter", str(charter)])
    raw = charter.read_bytes()
    charter.write_bytes(raw.replace(b'"checkpoint":"', b'"checkpoint":"x', 1))
    assert 1 == main([*asked, "--charter", str(charter)])


def test_a_receipt_is_witnessed_by_the_policy_that_the_log_adopted(
    settings: Settings, tmp_path: Path
) -> None:
    """The trust root says `quorum none`; the log's events lead to the policy that counts."""
    home = found(settings)
    signer = LogSigner(ORIGIN, *load_log_keys(home.keys))
    with ExitStack() as stack:
        made = stack.enter_context(members(tmp_path, signer.verifiers))
        home.policy.write_text(policy_of(made))
        served = [stack.enter_context(member.served()) for member in made.values()]
        assert 3 == len(served)
        node = stack.enter_context(running(settings))
        world = World.of(home)
        ledger = Ledger(home, world, node, stack.enter_context(serving(node)), ())
        client = stack.enter_context(ledger.client())
        client.submit(world.registration(INSTITUTE))
        client.submit(world.registration(FIRM))
        with pytest.raises(ReceiptRefused, match="QuorumMissed"):
            client.submit(world.registration("party:vn.early"), witnessed=True)
        adopted = policy_adopted(*policy_of(made).splitlines(), ledger=ledger_subject(ORIGIN))
        client.submit(world.sign(adopted, OPERATOR, REGISTRAR, INSTITUTE))
        signed = world.registration("party:vn.later")
        receipt = client.submit(signed, witnessed=True)
        assert receipt.witnessed
        logged = client.submit(signed)
        assert not logged.witnessed
        assert receipt.position == client.witnessed_receipt(signed, logged).position
