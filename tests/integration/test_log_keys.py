"""The log's keys change by events; anyone who trusts the first ones is led to the last."""

import json
import time
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.cli import operate
from ledger.domain.government.governance import LogKeysAdopted, OperationHandedOver, PolicyAdopted
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.intake import Invalid
from ledger.follow.audit import StoredLog, export
from ledger.home.keystore import add_log_keys, load_log_keys
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.note import format_vkey, parse_note
from ledger.log.policy import QUORUM_NONE_POLICY
from ledger.node.fsck import check_log
from ledger.node.node import Node, open_node
from ledger.publish.publisher import LogSigner
from ledger.verify.authority import gather_authority
from ledger.verify.outcome import Refused
from ledger.verify.verifier import verify_export
from tests.support.builders import INSTITUTE, OPERATOR, REGISTRAR
from tests.support.node import append, rest, running
from tests.support.postgres import ORIGIN
from tests.support.sample_log import log_signers, sample_log
from tests.support.world import World, submission


def adopted(world: World, vkeys: tuple[str, ...], *signers: str):
    body = LogKeysAdopted(ledger=ledger_subject(world.origin), log_keys=vkeys, reason="yearly")
    return world.sign(body, *(signers or (OPERATOR, REGISTRAR)))


def say(node: Node, *signed) -> bytes:
    """Append events; return the first checkpoint over them."""
    outcomes = append(node, *signed)
    return node.feed.covering(outcomes[-1].position).result(30).note


def printed(command: str) -> tuple[str, ...]:
    """Return the keys in the body that `operate log-keys` prints."""
    output = CliRunner().invoke(operate.app, ["log-keys", command]).stdout
    return tuple(json.loads(output)["log_keys"])


def must_have_nothing_to_retire() -> None:
    refused = CliRunner().invoke(operate.app, ["log-keys", "retire"])
    assert refused.exit_code != 0
    assert "nothing to retire" in str(refused.exception)


def lines(note: bytes) -> int:
    return len(parse_note(note).signatures)


def test_from_the_old_keys_to_both_to_the_new_and_one_trust_root_for_all(
    settings: Settings, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, trust = World.of(home), home.trust.read_bytes()
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    with running(settings) as node:
        first = say(node, world.registration(INSTITUTE))
        export(StoredLog(node.pool), tmp_path / "log")
        # As operating.md says, beside the running server, which takes the new keys up by itself.
        must_have_nothing_to_retire()
        both = printed("new")
        must_have_nothing_to_retire()
        assert both == printed("new")  # What waits for its adoption is printed again.
        assert 4 == lines(say(node, adopted(world, both)))
        new = printed("retire")
        assert (4, both[2:]) == (len(both), new)
        old = LogSigner(ORIGIN, *load_log_keys(home.keys)[:2]).verifiers
        assert {each.key_id for each in old} <= {
            each.key_id for each in parse_note(node.feed.latest.note).signatures
        }
        assert 4 == lines(rest(node).note)
        assert [] == check_log(node.pool, home).findings
        assert 2 == lines(say(node, adopted(world, new)))
        must_have_nothing_to_retire()
        say(node, world.registration("party:vn.later"))
        export(StoredLog(node.pool), tmp_path / "log")
        assert [] == check_log(node.pool, home).findings
    verified = verify_export(tmp_path / "log", trust, previous=first)
    assert (5, new) == (verified.checkpoint.size, verified.log_keys)
    for path in home.keys.glob("log-ed25519.pem"):
        path.unlink()
        (home.keys / "log-mldsa44.pem").unlink()
    with running(settings) as node:  # The old private keys are needed no more.
        assert 2 == lines(say(node, world.registration("party:vn.last")))
        third = printed("new")
        assert (4, new) == (len(third), third[:2])


def test_a_trust_root_with_the_new_keys_is_as_good(
    settings: Settings, home: Home, tmp_path: Path
) -> None:
    world = World.of(home)
    add_log_keys(home.keys)
    vkeys = LogSigner(ORIGIN, *load_log_keys(home.keys)).vkeys
    with running(settings) as node:
        say(node, adopted(world, vkeys))
        say(node, adopted(world, vkeys[2:]))
        export(StoredLog(node.pool), tmp_path / "log")
    trust = json.loads(home.trust.read_bytes())
    new = json.dumps({**trust, "log_keys": vkeys[2:]}).encode()
    assert 3 == verify_export(tmp_path / "log", new).checkpoint.size
    add_log_keys(tmp_path / "stranger")
    strange = LogSigner(ORIGIN, *load_log_keys(tmp_path / "stranger")).vkeys
    with pytest.raises(Refused, match="step 2"):
        verify_export(tmp_path / "log", json.dumps({**trust, "log_keys": strange}).encode())


def test_keys_that_are_adopted_and_not_at_hand_stop_the_log(
    settings: Settings, home: Home, tmp_path: Path
) -> None:
    world, elsewhere = World.of(home), tmp_path / "elsewhere"
    add_log_keys(elsewhere)
    first = LogSigner(ORIGIN, *load_log_keys(home.keys)).vkeys
    stranger = LogSigner(ORIGIN, *load_log_keys(elsewhere)).vkeys
    node = open_node(settings)
    node.start()
    append(node, adopted(world, (*first, *stranger)))
    _await_word(node, "is not at hand")
    assert node.halted is None
    node.stop()
    again = open_node(settings)
    again.start()
    _await_word(again, "is not at hand")
    again.stop()


def _await_word(node: Node, word: str) -> None:
    """Wait until readiness says a word."""
    deadline = time.monotonic() + 30
    while word not in " ".join(node.supervisor.troubles()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_keys_that_no_verifier_could_use_are_refused_at_the_door(home: Home) -> None:
    world = World.of(home)
    vkeys = LogSigner(ORIGIN, *load_log_keys(home.keys)).vkeys
    other = LogSigner("other.example/log", *load_log_keys(home.keys)).vkeys
    quantum = tuple(v for v in vkeys if len(v) > 200)
    for wrong in (("nonsense",), other, quantum):
        with pytest.raises(Invalid) as refused:
            submission(adopted(world, wrong))
        assert "LOG_KEY_REFUSED" == refused.value.code
    submission(adopted(world, vkeys))


def test_a_verifier_is_not_led_to_keys_that_have_none_in_common(tmp_path: Path) -> None:
    """Nor does it take an operator's word alone: what no rule admitted it does not follow."""
    log = sample_log(12)
    first = log_signers(log.origin)
    add_log_keys(tmp_path)
    later = LogSigner(log.origin, *load_log_keys(tmp_path)).vkeys
    old = tuple(map(format_vkey, first))
    for vkeys, signers in ((later, [OPERATOR, REGISTRAR]), ((*old, *later), [OPERATOR])):
        attempt = sample_log(12)
        body = {"ledger": ledger_subject(log.origin), "log_keys": list(vkeys), "reason": "x"}
        attempt.say(body, signers, topic=LogKeysAdopted.TOPIC)
        directory = tmp_path / f"signed-by-{len(signers)}"
        attempt.write(directory)
        with pytest.raises(Refused):
            verify_export(directory, attempt.trust_root(), workers=1)


@pytest.mark.parametrize(
    ("approved_by", "digest", "fault"),
    [
        ([INSTITUTE, REGISTRAR], None, False),
        ([REGISTRAR], None, True),
        ([INSTITUTE], None, True),
        ([INSTITUTE, OPERATOR, REGISTRAR], None, True),
        ([INSTITUTE, REGISTRAR], "0" * 64, True),
    ],
)
def test_a_verifier_follows_a_policy_that_two_groups_approved(
    approved_by: list[str], digest: str | None, *, fault: bool
) -> None:
    attempt = sample_log(12)
    body = {
        "ledger": ledger_subject(attempt.origin),
        "policy": ["quorum none"],
        "policy_sha256": f"sha256:{digest or sha256(QUORUM_NONE_POLICY).hexdigest()}",
        "speakers": [{"group": "institutes", "party": INSTITUTE}],
        "approved_by": approved_by,
    }
    attempt.say(body, sorted({OPERATOR, *approved_by}), topic=PolicyAdopted.TOPIC)
    named = [(at, attempt.entries[at]) for at in (0, 12)]
    assert fault == (12 in gather_authority(named, attempt.origin).faults)


def test_the_bodies_of_a_policy_and_of_a_handover_are_printed_and_admitted(
    settings: Settings, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    world, file = World.of(home), tmp_path / "policy"
    file.write_bytes(QUORUM_NONE_POLICY)

    def run(*words: str) -> Result:
        return CliRunner().invoke(operate.app, words)

    speakers = ("--speaker", f"state={REGISTRAR}", "--speaker", f"institutes={INSTITUTE}")
    approving = ("--approved-by", REGISTRAR, "--approved-by", INSTITUTE)
    adopted = run("adopt-policy", str(file), *speakers, *approving)
    handed = run("hand-over", "--operator", INSTITUTE, "--reason", "by contract")
    with running(settings) as node:
        say(node, world.registration(INSTITUTE))
        policy = PolicyAdopted.model_validate_json(adopted.stdout)
        say(node, world.sign(policy, OPERATOR, REGISTRAR, INSTITUTE))
        body = OperationHandedOver.model_validate_json(handed.stdout)
        assert 4 == size_of(say(node, world.sign(body, OPERATOR, INSTITUTE, REGISTRAR)))
    for wrong in (("--speaker", REGISTRAR), ("--speaker", f"banks={REGISTRAR}"), ()):
        assert 2 == run("adopt-policy", str(file), *wrong, *approving).exit_code
    file.write_bytes(b"quorum nobody\n")
    assert 2 == run("adopt-policy", str(file), *speakers, *approving).exit_code


def size_of(note: bytes) -> int:
    return parse_checkpoint(parse_note(note).text).size
