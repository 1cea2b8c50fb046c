"""The feeder over a ledger in this process and real witnesses on loopback."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ledger.follow.audit import StoredLog, export
from ledger.follow.client import LedgerClient, ReceiptRefused, read_trust
from ledger.home.keystore import load_log_keys
from ledger.home.settings import Settings
from ledger.log.merkle import leaf_hash
from ledger.log.policy import QuorumMissed, open_witnessed_checkpoint, parse_policy
from ledger.log.receipt import verify_tlog_proof
from ledger.node import node as nodes
from ledger.node.node import Node
from ledger.publish import rollback_check
from ledger.publish.feeder import REFRESH_S, Feeder, Target
from ledger.publish.publisher import LogSigner
from ledger.publish.quorum import BadPolicy, Quorum, Standard
from ledger.store.checkpoints import StoredCheckpoint, checkpoint_at
from ledger.store.entries import read_entries
from tests.support.builders import FIRM, INSTITUTE
from tests.support.http import serving
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import ORIGIN, Database
from tests.support.witnessing import Member, members, policy_of
from tests.support.world import World

SOON_S = 20.0


class Town:
    """A ledger, its three witnesses, and the policy by which they count."""

    def __init__(self, settings: Settings, directory: Path, stack: ExitStack) -> None:
        self.settings, self.home = settings, found(settings)
        self.world = World.of(self.home)
        self.signer = LogSigner(ORIGIN, *load_log_keys(self.home.keys))
        self.members = stack.enter_context(members(directory, self.signer.verifiers))
        self.home.policy.write_text(policy_of(self.members))
        self.policy = parse_policy(self.home.policy.read_bytes())

    def open(self, note: bytes) -> int:
        return open_witnessed_checkpoint(
            note, ORIGIN, self.signer.verifiers, self.policy
        ).checkpoint.size


@pytest.fixture
def town(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setattr(rollback_check, "TIMEOUT_S", 0.5)  # Most witnesses here answer nobody.
    with ExitStack() as stack:
        yield Town(settings_for(database, tmp_path / "home", witnessed_wait_s=10), tmp_path, stack)


@contextmanager
def witnessing(*some: Member) -> Iterator[None]:
    with ExitStack() as stack:
        for member in some:
            stack.enter_context(member.served())
        yield


def eventually(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + SOON_S
    while time.monotonic() < deadline:
        if found_out := holds():
            return found_out
        time.sleep(0.02)
    raise AssertionError("it did not come about")


def witnessed_size(node: Node) -> int:
    return node.witnessed.latest.size if node.witnessed.latest else 0


def test_a_receipt_is_witnessed_by_all_three_groups(town: Town, tmp_path: Path) -> None:
    with witnessing(*town.members.values()), running(town.settings) as node, serving(node) as url:
        signed = town.world.registrations((INSTITUTE,))[0]
        answer = httpx2.post(
            f"{url}/v1/events",
            content=signed.to_json(),
            headers={"Prefer": "wait=witnessed"},
            timeout=30,
        )
        assert (201, "wait=witnessed") == (
            answer.status_code,
            answer.headers.get("preference-applied"),
        )
        receipt = answer.json()
        assert "witnessed" == receipt["grade"]
        (entry,) = read_entries(node.pool, receipt["position"], receipt["position"] + 1, 1)
        checkpoint = verify_tlog_proof(
            receipt["proof"].encode(),
            leaf_hash(entry.entry),
            ORIGIN,
            town.signer.verifiers,
            town.policy,
        )
        assert receipt["checkpoint_size"] == checkpoint.size
        again = httpx2.get(f"{url}{answer.headers['location']}").json()
        assert "witnessed" == again["grade"]
        first = httpx2.get(f"{url}/v1/events/{receipt['event_id']}/receipt").json()
        assert "logged" == first["grade"]
        note = httpx2.get(f"{url}/checkpoint").content
        assert checkpoint.size <= town.open(note)
        assert town.home.policy.read_bytes() == httpx2.get(f"{url}/witness-policy").content
        metrics = httpx2.get(f"{url}/metrics").text
        assert f"ledger_witnessed_size {float(witnessed_size(node))}" in metrics
        assert metrics.count("ledger_witness_frozen{") == len(town.members)
        export(StoredLog(node.pool, node.quorum), tmp_path / "log")
        assert town.open((tmp_path / "log" / "checkpoint").read_bytes()) == checkpoint.size


def test_appends_wait_for_no_witness_and_the_lower_grade_is_said(town: Town) -> None:
    settings = town.settings.model_copy(update={"witnessed_wait_s": 0.3})
    state, institute, firm = town.members.values()
    with witnessing(state, institute), running(settings) as node, serving(node) as url:
        signed = town.world.registrations((INSTITUTE,))[0]
        answer = httpx2.post(
            f"{url}/v1/events",
            content=signed.to_json(),
            headers={"Prefer": "return=minimal, wait=witnessed"},
            timeout=30,
        )
        assert (201, None, "logged") == (
            answer.status_code,
            answer.headers.get("preference-applied"),
            answer.json()["grade"],
        )
        later = httpx2.get(f"{url}{answer.headers['location']}")
        assert (404, "NOT_WITNESSED") == (later.status_code, later.json()["code"])
        assert 200 == httpx2.get(f"{url}/health/ready").status_code
        assert 0 == witnessed_size(node)
        newest = httpx2.get(f"{url}/checkpoint").content
        assert newest == httpx2.get(f"{url}/checkpoint?grade=logged").content
        with witnessing(firm):
            eventually(lambda: witnessed_size(node) > answer.json()["position"])
        assert "witnessed" == httpx2.get(f"{url}{answer.headers['location']}").json()["grade"]


def test_what_was_witnessed_is_known_after_a_restart_and_by_other_processes(town: Town) -> None:
    with witnessing(*town.members.values()), running(town.settings) as node:
        append(node, *town.world.registrations((INSTITUTE, FIRM)))
        size = eventually(lambda: witnessed_size(node) >= 3 and witnessed_size(node))
        with running(town.settings, publishes=False) as other:
            eventually(lambda: witnessed_size(other) >= size)
            assert other.witnessed.latest is not None
            assert size <= town.open(other.witnessed.latest.note)
    with running(town.settings) as node:
        assert size <= witnessed_size(node)


def round_of(
    town: Town, node: Node, checkpoint: StoredCheckpoint, *answers: httpx2.Response
) -> tuple[Feeder, list[int]]:
    """Run one round against the town's witnesses, or against one that answers as it is told."""
    given, standard = list(answers), Standard(Quorum(town.policy))
    told = list[int]()
    standard.feed.tell = lambda each: told.append(each.size)  # type: ignore[method-assign]
    feeder = Feeder(
        node.pool,
        town.policy,
        latest=lambda: checkpoint,
        prove=node.prover.prove_prefix,
        standards=[standard],
        transport=httpx2.MockTransport(lambda _: given.pop(0)) if given else None,
    )
    if answers:
        feeder.targets = feeder.targets[:1]
    with ThreadPoolExecutor(4) as asking:
        feeder.feed(asking)
    feeder.close()
    return feeder, told


def test_a_second_history_under_the_same_keys_freezes_every_witness(town: Town) -> None:
    with witnessing(*town.members.values()), running(town.settings) as node:
        append(node, *town.world.registrations((INSTITUTE,)))
        eventually(lambda: witnessed_size(node) == 2)
        note = town.signer.sign(2, bytes(32), datetime.now(UTC))
        forged = StoredCheckpoint(2, bytes(32), note, datetime.now(UTC))
        feeder, _ = round_of(town, node, forged)
        assert all(each.frozen and not each.due(2, 1e12) for each in feeder.targets)


def test_a_log_behind_its_witnesses_freezes_them(town: Town) -> None:
    with witnessing(*town.members.values()), running(town.settings) as node:
        append(node, *town.world.registrations((INSTITUTE, FIRM)))
        eventually(lambda: witnessed_size(node) == 3)
        rolled_back = checkpoint_at(node.pool, 1)
        assert rolled_back is not None
        feeder, _ = round_of(town, node, rolled_back)
        assert {"it has cosigned size 3; this log is at 1"} == {t.frozen for t in feeder.targets}


def test_a_witness_whose_clock_is_off_counts_for_nothing(town: Town) -> None:
    late = town.members["firm"]
    late.now = lambda: int(time.time()) - 3600
    with witnessing(*town.members.values()), running(town.settings) as node:
        append(node, *town.world.registrations((INSTITUTE,)))
        latest = eventually(lambda: checkpoint_at(node.pool, 2))
        feeder, told = round_of(town, node, latest)
        assert not told
        (wrong,) = [each for each in feeder.targets if each.problem]
        assert wrong.url == late.url
        assert "seconds off" in str(wrong.problem)
        assert wrong.frozen is None


@pytest.mark.parametrize(
    ("answer", "problem", "frozen"),
    [
        (httpx2.Response(200, content=b""), "no line by a key", False),
        (httpx2.Response(200, content="— nobody AAAAAAAA\n".encode()), "Failed", False),
        (httpx2.Response(200, content=b"not a line\n"), "MalformedNote", False),
        (httpx2.Response(200, content=b"x" * 100_000), "AnswerTooLong", False),
        (httpx2.Response(404, content=b"which log?\n"), "404: which log?", False),
        (httpx2.Response(503), "503", False),
        (httpx2.Response(302, headers={"location": "http://127.0.0.1:9"}), "302", False),
        (httpx2.Response(409, content=b"01\n"), "409 without a size", False),
        (httpx2.Response(422, content=b"no\n"), "from 0: no", True),
        (httpx2.Response(409, content=b"9\n"), "it has cosigned size 9", True),
    ],
)
def test_an_answer_that_is_no_cosignature_is_none(
    town: Town, answer: httpx2.Response, problem: str, *, frozen: bool
) -> None:
    with running(town.settings) as node:
        latest = checkpoint_at(node.pool, 1)
        assert latest is not None
        feeder, told = round_of(town, node, latest, answer, httpx2.Response(503))
        (target,) = feeder.targets
        assert not told
        assert frozen == (target.frozen is not None)
        assert not target.due(1, time.monotonic())
        assert problem in str(target.problem)


@pytest.mark.parametrize("stated", [b"1\n", b"1", b" 1 \r\n"])
@pytest.mark.parametrize("again", [b"1\n", b"another root\n", b"", b"\xff"])
def test_a_witness_that_refuses_our_own_size_contradicts_us_however_it_says_so(
    town: Town, stated: bytes, again: bytes
) -> None:
    answers = [httpx2.Response(409, content=body) for body in (stated, again)]
    with running(town.settings) as node:
        latest = checkpoint_at(node.pool, 1)
        assert latest is not None
        feeder, _ = round_of(town, node, latest, *answers)
        (target,) = feeder.targets
        assert "it refuses size 1 as its own" in str(target.frozen)


def test_a_witness_that_is_silent_is_asked_ever_more_rarely() -> None:
    target = Target("http://127.0.0.1:9", ())
    assert target.due(1, 0.0)
    target.size, target.cosigned_at = 1, 10.0
    assert not target.due(1, 20.0)
    assert target.due(2, 20.0)
    assert target.due(1, 10.0 + REFRESH_S)


def test_a_policy_that_cannot_be_read_is_named(town: Town) -> None:
    elsewhere = town.settings.model_copy(update={"policy": town.home.path / "none"})
    with running(town.settings) as node:
        town.home.policy.write_text("quorum\n")
        with pytest.raises(BadPolicy, match="line 1"):
            nodes.policy_of(town.settings, node.pool)
        with pytest.raises(BadPolicy, match="not there"):
            nodes.policy_of(elsewhere, node.pool)
        town.home.policy.unlink()
        assert nodes.policy_of(town.settings, node.pool).quorum is None


# Grade `degraded`


def test_while_a_group_is_silent_who_asks_for_it_gets_a_degraded_receipt_and_nobody_else(
    town: Town,
) -> None:
    text = town.home.policy.read_text()
    fallback = text.replace("group everyone all ", "group everyone 2 ")
    assert fallback != text
    town.home.fallback.write_text(fallback)
    settings = town.settings.model_copy(update={"witnessed_wait_s": 0.3})
    state, institute, _firm = town.members.values()
    with (
        witnessing(state, institute),
        running(settings) as node,
        serving(node) as url,
        LedgerClient(url, read_trust(town.home.trust)) as client,
    ):
        signed = town.world.registrations((INSTITUTE,))[0]
        answer = httpx2.post(
            f"{url}/v1/events",
            content=signed.to_json(),
            headers={"Prefer": "wait=witnessed"},
            timeout=30,
        )
        assert "logged" == answer.json()["grade"]  # Not even while it waits for the other.
        receipt = client.submit(signed)
        policy = parse_policy(fallback.encode())
        eventually(lambda: node.standards["degraded"].feed.latest is not None)
        eventually(lambda: node.standards["degraded"].feed.latest.size > receipt.position)
        at = f"{url}/v1/events/{receipt.event_id}/receipt"
        assert "degraded" == httpx2.get(f"{at}?grade=degraded").json()["grade"]
        assert 404 == httpx2.get(f"{at}?grade=witnessed").status_code
        degraded = client.degraded_receipt(signed, receipt, policy)
        assert (False, receipt.position) == (degraded.witnessed, degraded.position)
        with pytest.raises(ReceiptRefused, match="QuorumMissed"):
            client.degraded_receipt(signed, receipt, town.policy)
        note = httpx2.get(f"{url}/checkpoint?grade=degraded").content
        open_witnessed_checkpoint(note, ORIGIN, town.signer.verifiers, policy)
        with pytest.raises(QuorumMissed):
            town.open(note)
        assert fallback == httpx2.get(f"{url}/witness-policy?grade=degraded").text
        assert text == httpx2.get(f"{url}/witness-policy").text
        with running(settings, publishes=False) as other:
            eventually(lambda: other.standards["degraded"].feed.latest is not None)


def test_without_a_fallback_policy_nothing_is_degraded(town: Town) -> None:
    with witnessing(*town.members.values()), running(town.settings) as node, serving(node) as url:
        append(node, *town.world.registrations((INSTITUTE,)))
        eventually(lambda: witnessed_size(node) == 2)
        assert 404 == httpx2.get(f"{url}/checkpoint?grade=degraded").status_code
        assert "quorum none\n" == httpx2.get(f"{url}/witness-policy?grade=degraded").text
