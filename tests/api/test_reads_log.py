"""Reading the log itself over HTTP: entries, proofs, tiles; and how the ledger does."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from api.watching.shared import KEPT_S
from ledger.domain.core.event import Logged
from ledger.domain.core.types import format_instant
from ledger.events.compose import uuid7
from ledger.events.intake import decode
from ledger.follow.client import HistoryChanged, LedgerClient, ProblemAnswer
from ledger.home.antirollback import CheckpointFile
from ledger.log.checkpoint import Checkpoint, format_checkpoint, open_checkpoint
from ledger.log.encoding import write_base64
from ledger.log.merkle import LogError, leaf_hash, root_of
from ledger.log.note import format_note, parse_note
from ledger.log.receipt import parse_tlog_proof, verify_tlog_proof
from ledger.log.tiles import entries_path, parse_bundle, tile_path
from ledger.node.node import Node
from ledger.store.entries import read_entries, read_head
from ledger.wire.base64 import b64decode
from ledger.wire.entry import parse_entry
from projections.engine.runner import Runner
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.tables.technologies import technologies
from tests.support import builders as b
from tests.support.cose import opened
from tests.support.node import append
from tests.support.served import read_log
from tests.support.tale import Tale
from tests.support.world import World


def test_an_entry_is_the_bytes_that_were_signed(ledger: LedgerClient, tale: Tale, node: Node):
    for step, receipt in tale.receipts.items():
        members = ledger.get(f"/v1/entries/{receipt.position}")
        raw = b64decode(members["entry"])
        assert receipt.entry == raw
        assert tale.sent[step].envelope.payload == parse_entry(raw).payload
        assert leaf_hash(raw) == b64decode(members["leaf_hash"])
        assert receipt.event_id == members["payload"]["event_id"]
    stored = read_entries(node.pool, 0, None, 1000)
    assert [ledger.get(f"/v1/entries/{each.position}")["accepted"] for each in stored] == [
        format_instant(each.accepted) for each in stored
    ]


def test_an_event_is_found_by_its_id(ledger: LedgerClient, tale: Tale):
    receipt = tale.receipts["contract"]
    assert ledger.get(f"/v1/entries/{receipt.position}") == ledger.get(
        f"/v1/events/{receipt.event_id}"
    )


def test_the_proof_of_an_entry_holds_under_the_latest_checkpoint(
    ledger: LedgerClient, tale: Tale, http: httpx2.Client
):
    latest = http.get("/checkpoint").content
    for receipt in tale.receipts.values():
        raw = http.get(f"/v1/entries/{receipt.position}/proof").content
        verify_tlog_proof(
            raw, leaf_hash(receipt.entry), ledger.trust.origin, ledger.trust.verifiers
        )
        assert latest == parse_tlog_proof(raw).checkpoint_raw


def test_the_checkpoint_is_signed_by_every_key_of_the_log(
    ledger: LedgerClient, http: httpx2.Client, node: Node, tale: Tale
):
    del tale
    raw = http.get("/checkpoint").content
    opened = open_checkpoint(raw, ledger.trust.origin, ledger.trust.verifiers)
    assert 2 == len(ledger.trust.verifiers)
    assert node.feed.latest.note == raw
    assert node.feed.latest.size == opened.size


def test_tiles_and_bundles_are_the_entries(
    ledger: LedgerClient, http: httpx2.Client, world: World, node: Node, tale: Tale
):
    """Past a whole tile, so that there are full and partial ones, on two levels."""
    fill = [
        world.sign(b.technology_registered(technology=f"technology:fill.{n}"), b.INSTITUTE)
        for n in range(260)
    ]
    list(ledger.submit_many(fill))
    log = read_log(http, ledger.trust)
    assert 256 < log.checkpoint.size
    assert log.leaves == log.tile_leaves
    assert root_of(log.leaves) == log.checkpoint.root
    stored = read_entries(node.pool, 0, None, 1000)
    assert [each.entry for each in stored] == list(log.entries)
    assert root_of(log.leaves[:256]) == http.get(f"/{tile_path(1, 0, 1)}").content
    assert tale.size < log.checkpoint.size


@pytest.mark.parametrize("width", [1, 2, 7, 19])
def test_a_partial_tile_of_an_older_size_is_served_for_ever(
    http: httpx2.Client, node: Node, tale: Tale, width
):
    stored = read_entries(node.pool, 0, width, width)
    assert tale.size >= width
    tile = http.get(f"/{tile_path(0, 0, width)}")
    assert b"".join(leaf_hash(each.entry) for each in stored) == tile.content
    bundle = http.get(f"/{entries_path(0, width)}").content
    assert [each.entry for each in stored] == parse_bundle(bundle, width)
    assert "immutable" in tile.headers["cache-control"]


# Operations


def test_the_process_is_live_and_the_ledger_ready(http: httpx2.Client, tale: Tale):
    assert {"status": "live"} == http.get("/health/live").json()
    ready = http.get("/health/ready")
    assert 200 == ready.status_code
    assert ("ready", []) == (ready.json()["status"], ready.json()["reasons"])
    assert tale.size <= ready.json()["size"]
    assert {model.name for model in READ_MODELS} == ready.json()["projection_lag"].keys()


def test_readiness_names_a_halt(node: Node, http: httpx2.Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(node, "halted", "the log was rolled back")
    ready = http.get("/health/ready")
    assert 503 == ready.status_code
    assert ["halted: the log was rolled back"] == ready.json()["reasons"]


def test_a_log_at_rest_is_not_ready_from_when_it_is_halted(
    node: Node, http: httpx2.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = CheckpointFile(tmp_path)  # Its publisher, who would halt for good, knows nothing of it.
    file.halt("by hand")
    time.sleep(KEPT_S)
    with monkeypatch.context() as patched:
        patched.setattr(node, "file", file)
        ready = http.get("/health/ready")
    assert (503, ["halted: by hand"]) == (ready.status_code, ready.json()["reasons"])
    time.sleep(KEPT_S)  # All who ask share a look.


def test_readiness_names_a_head_that_nobody_verifies(
    node: Node, http: httpx2.Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("api.reads.operations.FRESH_S", 0.0)
    ready = http.get("/health/ready")
    assert 503 == ready.status_code
    assert ["the head has not been verified for 0 seconds"] == ready.json()["reasons"]
    assert node.halted is None


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep no answer for anyone who asks next."""
    monkeypatch.setattr("api.watching.shared.KEPT_S", 0.0)


def test_a_read_model_that_stands_is_told_and_keeps_no_other_from_answering(
    http: httpx2.Client, node: Node, world: World, tale: Tale, fold: Callable[[], None]
) -> None:
    """`technologies` cannot fold the last entry: readiness says at which position, and why."""
    fold()

    def fail(_: Logged) -> list[object]:
        raise ValueError("a bug")

    new = f"technology:{uuid7()}"
    append(node, world.sign(b.technology_registered(technology=new), b.INSTITUTE))
    broken = [replace(each, emit=fail) if each is technologies else each for each in READ_MODELS]
    Runner(node.pool, broken, decode, key=node.key).catch_up()
    size = read_head(node.pool).size
    try:
        ready = http.get("/health/ready")
        assert 503 == ready.status_code
        why = f"needs the operator: it cannot fold position {size - 1}: ValueError: a bug"
        assert [f"read model technologies: {why}"] == ready.json()["reasons"]
        assert 1 == metric(http, 'ledger_projection_halted{name="technologies"}')
        asked = {"at_least": size}
        assert 200 == http.get(f"/v1/parties/{tale.cast.institute}", params=asked).status_code
        late = http.get(f"/v1/technologies/{new}", params=asked)
        assert (503, "NOT_FOLDED") == (late.status_code, late.json()["code"])
        assert size - 1 == http.get(f"/v1/technologies/{new}").json()["size"]
    finally:
        fold()


def metrics(http: httpx2.Client) -> str:
    """Return what is told; a machine under load may say at first that it is to be asked again."""
    deadline = time.monotonic() + 30
    while (answer := http.get("/metrics")).status_code == 503:
        assert time.monotonic() < deadline
    return answer.raise_for_status().text


def metric(http: httpx2.Client, name: str) -> float:
    (line,) = [each for each in metrics(http).splitlines() if each.startswith(name)]
    return float(line.rpartition(" ")[2])


def test_metrics_say_how_far_log_checkpoint_and_read_models_are(
    http: httpx2.Client, node: Node, tale: Tale
):
    del tale
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    assert metric(http, "ledger_tree_size ") == metric(http, "ledger_checkpoint_size ")
    assert 0 == metric(http, 'ledger_projection_lag{name="title"}')


def test_metrics_that_are_not_written_out_in_time_may_be_asked_for_again(
    http: httpx2.Client, monkeypatch: pytest.MonkeyPatch
):
    def late(registry: CollectorRegistry) -> bytes:
        time.sleep(0.5)
        return generate_latest(registry)

    with monkeypatch.context() as patched:
        patched.setattr("api.watching.shared.WITHIN_S", 0.1)
        patched.setattr("api.metrics.generate_latest", late)
        answer = http.get("/metrics")
        assert (503, "UNAVAILABLE") == (answer.status_code, answer.json()["code"])
        assert answer.headers["retry-after"]
    assert "ledger_build" in metrics(http)  # What is late is shared by who asks before it comes.


def test_metrics_count_answers_by_code(http: httpx2.Client, tale: Tale):
    contract, again = tale.sent["contract"], 'ledger_answers_total{code="REPLAYED"}'
    http.post("/v1/events", content=contract.to_json())
    before = metric(http, again)
    http.post("/v1/events", content=contract.to_json())
    http.post("/v1/events/batch", content=contract.to_json() + b"\n" + contract.to_json())
    assert before + 3 == metric(http, again)
    assert len(tale.receipts) <= metric(http, 'ledger_answers_total{code="ADMITTED"}')
    assert 1 <= metric(http, 'ledger_answers_total{code="EXCLUSIVE_OVERLAP"}')


def test_metrics_say_what_alerts_are_made_of(http: httpx2.Client, tale: Tale):
    assert tale.size
    http.get("/v1/rights/right:a/title")
    http.get("/v1/rights/nothing/title")
    said = metrics(http)
    for line in ("reads", "replays", "folding", "checks", "sequencer"):
        assert f'ledger_waiting{{line="{line}"}} 0.0' in said, line
    for what in ("submissions", "keys"):
        assert f'ledger_held_bytes{{what="{what}"}}' in said, what
    for what in ("checkpoint", "seal"):
        (age,) = [
            x for x in said.splitlines() if x.startswith(f'ledger_age_seconds{{what="{what}"')
        ]
        assert 0 <= float(age.split()[1]) < 3600, age
    assert 'ledger_request_seconds_count{asked="get_title"}' in said
    assert 'ledger_problems_total{code="BAD_PARAMETER"}' in said
    assert 'ledger_build{version="' in said
    assert "ledger_disk_free_bytes" in said


def test_metrics_are_in_the_prometheus_text_format(http: httpx2.Client):
    answer = http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert all(
        re.fullmatch(r'#.*|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? \S+', line)
        for line in answer.text.splitlines()
    )


def test_a_history_that_continues_is_proven_to(ledger: LedgerClient, tale: Tale, http):
    old = ledger.open_note(http.get("/checkpoint").content)
    answer = ledger.get("/v1/consistency", since=old.size, root=write_base64(old.root))
    assert (True, old.size) == (answer["unchanged"], answer["since"])
    first = ledger.get("/v1/consistency", since=1, root=write_base64(genesis_hash(ledger)))
    assert first["unchanged"]
    assert ledger.prove_unchanged(old).size >= old.size >= tale.size


def genesis_hash(ledger: LedgerClient) -> bytes:
    return leaf_hash(b64decode(ledger.get("/v1/entries/0")["entry"]))


def test_another_history_is_not_taken_for_it(ledger: LedgerClient, tale: Tale, http):
    del tale
    old = ledger.open_note(http.get("/checkpoint").content)
    other = replace(old, root=bytes(32))
    answer = ledger.get("/v1/consistency", since=old.size, root=write_base64(bytes(32)))
    assert answer["unchanged"] is False
    with pytest.raises(HistoryChanged):
        ledger.prove_unchanged(other)
    slip = http.get("/v1/consistency", params={"since": old.size, "root": "AAAA"})
    assert (422, "BAD_PARAMETER") == (slip.status_code, slip.json()["code"])
    with pytest.raises(ProblemAnswer):
        ledger.get("/v1/consistency", since=10**9)


def test_read_models_are_compared_with_the_log(ledger: LedgerClient, tale: Tale):
    folded = ledger.get("/v1/projections")
    assert tale.size <= folded["size"]
    found = ledger.get("/v1/projections/title/difference")
    assert (None, found["replayed"]) == (found["first"], found["stored"])
    digest = ledger.get("/v1/projections/title/digest", size=found["size"])
    assert found["stored"] == digest["digest"]
    with pytest.raises(ProblemAnswer, match="the log has") as beyond:
        ledger.get("/v1/projections/title/digest", size=10**5)
    assert "BAD_PARAMETER" == beyond.value.code
    with pytest.raises(ProblemAnswer):
        ledger.get("/v1/projections/none/difference")


# COSE receipts


def test_a_cose_receipt_is_signed_by_the_log_over_the_root_that_its_proof_leads_to(
    ledger: LedgerClient, http: httpx2.Client, tale: Tale
):
    checkpoint = ledger.open_note(http.get("/checkpoint").content)
    vkey = ledger.trust.log_keys[0]
    public = ledger.trust.verifiers[0].public
    for receipt in tale.receipts.values():
        answer = http.get(f"/v1/entries/{receipt.position}/cose-receipt")
        assert "application/scitt-receipt+cose" == answer.headers["content-type"]
        protected, *proved = opened(answer.content, receipt.entry, public)
        assert [checkpoint.size, receipt.position, checkpoint.root] == proved
        assert {
            1: -8,
            4: "+".join(vkey.split("+", 2)[:2]).encode(),
            15: {1: ledger.trust.origin, 2: f"urn:uuid:{receipt.event_id}"},
            395: 1,
        } == protected


def test_what_is_not_published_has_no_cose_receipt(http: httpx2.Client, tale: Tale):
    assert 404 == http.get(f"/v1/entries/{tale.size + 10_000}/cose-receipt").status_code


def test_the_log_signs_no_root_that_it_has_not_signed_and_no_proof_that_leads_elsewhere(
    node: Node, tale: Tale
):
    publisher, latest = node.publisher, node.feed.latest
    assert publisher is not None
    receipt = tale.receipts["contract"]
    leaf = leaf_hash(receipt.entry)
    (proof,) = node.prover.prove([receipt.position], latest)
    publisher.cose_receipt(proof.parsed, leaf, "urn:x")
    other = format_checkpoint(Checkpoint(publisher.signer.origin, latest.size, b"\1" * 32))
    forged = format_note(replace(parse_note(latest.note), text=other))
    for wrong, said in (
        (replace(proof.parsed, checkpoint_raw=forged), leaf),
        (replace(proof.parsed, index=proof.position - 1), leaf),
        (replace(proof.parsed, hashes=proof.hashes[:-1]), leaf),
        (proof.parsed, leaf_hash(b"another entry")),
    ):
        with pytest.raises(LogError):
            publisher.cose_receipt(wrong, said, "urn:x")


def test_a_halted_log_signs_no_cose_receipt_either(node: Node, http: httpx2.Client, tale: Tale):
    node.file.halt("for the test")
    try:
        answer = http.get(f"/v1/entries/{tale.receipts['contract'].position}/cose-receipt")
        assert (503, "HALTED") == (answer.status_code, answer.json()["code"])
    finally:
        node.file.resume()
