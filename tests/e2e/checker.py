"""
Holds a quiet ledger against what its clients know for certain, and against itself.

Whatever is read here comes by another way than the product's own checks: entries by the public API
and by SQL, roots by the textbook recursion, projections folded in memory beside the stored ones.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2

from ledger.events.intake import decode
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.merkle import Frontier, LogError, node_hash, root_of
from ledger.log.proof import prove_consistency, verify_consistency, verify_inclusion
from ledger.log.receipt import parse_tlog_proof
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from ledger.verify.trust import Trust
from ledger.wire.entry import parse_entry
from ledger.wire.envelope import payload_hash
from projections.engine.digest import replay, stored_digest
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.run.waiting import wait_until_folded
from tests.e2e.journal import Fate, read_fates
from tests.e2e.load import whole_receipt
from tests.support.postgres import run_sql
from tests.support.served import Log, read_log
from tests.support.server import Server

FOLD_S = 60.0
"""How long the read models may take to catch up, in seconds."""

BATCH = 500
"""Events of one request in which everything acknowledged is sent again."""

NAIVE_ROOTS = 12
"""Checkpoints whose root is recomputed by the textbook recursion, besides the last."""


Rows = list[tuple[Any, ...]]


@dataclass
class Verdict:
    """What was counted, and everything that is wrong."""

    size: int = 0
    checkpoints: int = 0
    acked: int = 0
    lost: int = 0
    dup: int = 0
    refused: int = 0
    unknown: int = 0
    unknown_present: int = 0
    receipts_ok: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = {name: value for name, value in vars(self).items() if name != "wrong"}
        return " ".join(f"{name}={value}" for name, value in counts.items())


def check(server: Server, journals: Path) -> Verdict:
    """Check everything, while the server runs and nobody writes."""
    verdict, fates = Verdict(), read_fates(journals)
    with httpx2.Client(base_url=server.url, timeout=60) as http:
        log = read_log(http, server.trust)
        verdict.size = log.checkpoint.size
        _check_tree(log, verdict)
        _check_database(server, log, verdict)
        _check_fates(fates, log, server.trust, verdict)
        _check_replays(http, [fate for fate in fates.values() if fate.acknowledged], verdict)
        _check_unknown(http, fates.values(), log, verdict)
        if read_log(http, server.trust).checkpoint != log.checkpoint:
            verdict.wrong.append("sending again what is in the log made it grow")
    return verdict


def _check_tree(log: Log, verdict: Verdict) -> None:
    if root_of(log.leaves) != log.checkpoint.root:
        verdict.wrong.append("the served entries do not hash to the served checkpoint's root")
    if log.tile_leaves != log.leaves:
        verdict.wrong.append("the hash tiles are not the hashes of the entry bundles")


def _check_database(server: Server, log: Log, verdict: Verdict) -> None:
    """Hold tables against the API: entries, head, every checkpoint, every read model."""
    running = EmbeddedPostgres(server.home.path)
    app_dsn = running.start()
    rows: Rows = run_sql(
        running.superuser_dsn.replace("/postgres?", "/techledger?"),
        "SELECT position, entry, leaf_hash FROM ledger.entries ORDER BY position",
    )
    if [position for position, *_ in rows] != list(range(len(rows))):
        verdict.wrong.append("positions have gaps")
    stored = [(bytes(entry), bytes(leaf)) for _position, entry, leaf in rows]
    if stored != list(zip(log.entries, log.leaves, strict=True)):
        verdict.wrong.append("entries by SQL are not those of the public API")
    _check_checkpoints(app_dsn, server.trust, log, verdict)
    _check_projections(app_dsn, log, verdict)


def _check_checkpoints(app_dsn: str, trust: Trust, log: Log, verdict: Verdict) -> None:
    rows: Rows = run_sql(app_dsn, "SELECT size, root, note FROM ledger.checkpoints ORDER BY size")
    verdict.checkpoints = len(rows)
    opened = [open_checkpoint(bytes(note), trust.origin, trust.verifiers) for *_, note in rows]
    if [(each.size, each.root) for each in opened] != [(n, bytes(root)) for n, root, _ in rows]:
        verdict.wrong.append("a checkpoint's row says something else than its note")
    if opened[-1] != log.checkpoint:
        verdict.wrong.append("the served checkpoint is not the last that is stored")
    verdict.wrong += _forks(opened, log)
    for each in opened[:: max(1, len(opened) // NAIVE_ROOTS)]:
        if root_of(log.leaves[: each.size]) != each.root:
            verdict.wrong.append(f"the checkpoint of {each.size} is not the textbook's root")


class Hashes:
    """A `HashReader` over leaf hashes in memory; each node is hashed once."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._leaves = leaves
        self._known: dict[tuple[int, int], bytes] = {}

    def subtree(self, level: int, index: int) -> bytes:
        """Return the root of the complete subtree `index` of 2**level leaves."""
        if level == 0:
            return self._leaves[index]
        if (level, index) not in self._known:
            left, right = (self.subtree(level - 1, 2 * index + side) for side in (0, 1))
            self._known[level, index] = node_hash(left, right)
        return self._known[level, index]


def _forks(opened: Sequence[Checkpoint], log: Log) -> Iterator[str]:
    """Hold each checkpoint against the entries, and against the one before it."""
    frontier, hashes = Frontier(), Hashes(log.leaves)
    for each in opened:
        frontier = frontier.extend(log.leaves[frontier.size : each.size])
        if frontier.root() != each.root:
            yield f"the checkpoint of {each.size} signs another history"
    for old, new in pairwise(opened):
        proof = prove_consistency(old.size, new.size, hashes)
        try:
            verify_consistency(old.size, new.size, proof, old.root, new.root)
        except LogError as error:
            yield f"checkpoints {old.size} and {new.size}: {error}"


def _check_projections(app_dsn: str, log: Log, verdict: Verdict) -> None:
    with closing(Pool(app_dsn, size=2)) as pool:
        wait_until_folded(pool, log.checkpoint.size, FOLD_S)
        live = {model.name: stored_digest(pool, model) for model in READ_MODELS}
        rebuild(pool, READ_MODELS, decode)
        rebuilt = {model.name: stored_digest(pool, model) for model in READ_MODELS}
    events = (decode(entry, position) for position, entry in enumerate(log.entries))
    replayed = replay(events, READ_MODELS)
    for name, digest in live.items():
        if not digest == rebuilt[name] == replayed[name]:
            verdict.wrong.append(f"{name}: live, rebuilt and replayed rows differ")


def _check_fates(fates: Mapping[str, Fate], log: Log, trust: Trust, verdict: Verdict) -> None:
    payloads = [payload_hash(parse_entry(entry).payload) for entry in log.entries]
    times = Counter(payloads)
    verdict.dup = sum(count - 1 for count in times.values())
    if strangers := times.keys() - fates.keys() - {payloads[0]}:
        verdict.wrong.append(f"{len(strangers)} events are in the log that nobody sent")
    for fate in fates.values():
        if fate.acknowledged:
            verdict.acked += 1
            verdict.lost += not times[fate.sha256]
            verdict.receipts_ok += _receipt_holds(fate, payloads, log, trust)
        elif fate.refusals:
            verdict.refused += 1
            if times[fate.sha256]:
                verdict.wrong.append(f"{fate.sha256} was refused {fate.refusals} and is there")
        else:
            verdict.unknown += 1
            verdict.unknown_present += times[fate.sha256]
        if fate.acknowledged and fate.refusals:
            verdict.wrong.append(f"{fate.sha256} was both acknowledged and refused")
    if verdict.lost or verdict.dup or verdict.receipts_ok != verdict.acked:
        verdict.wrong.append("an acknowledged event is lost, there twice, or not proven")


def _receipt_holds(fate: Fate, payloads: Sequence[str], log: Log, trust: Trust) -> bool:
    """Say whether all receipts of an event are the same one, and prove its entry."""
    first, *others = fate.receipts
    position = first["position"]
    if any(other != first for other in others) or payloads[position] != fate.sha256:
        return False
    proof = parse_tlog_proof(first["proof"].encode())
    checkpoint = _opened(proof.checkpoint_raw, trust)
    try:
        verify_inclusion(
            log.leaves[position], proof.index, checkpoint.size, proof.hashes, checkpoint.root
        )
    except LogError:
        return False
    return bool(proof.index == position)


@cache
def _opened(note: bytes, trust: Trust) -> Checkpoint:
    return open_checkpoint(note, trust.origin, trust.verifiers)


def _check_replays(http: httpx2.Client, fates: Sequence[Fate], verdict: Verdict) -> None:
    """Send everything acknowledged again, in bulk and some singly: the same receipts each time."""
    for start in range(0, len(fates), BATCH):
        batch = fates[start : start + BATCH]
        for fate, receipt in zip(batch, _sent_again(http, batch), strict=True):
            if receipt != fate.receipts[0]:
                verdict.wrong.append(f"{fate.sha256} has got another receipt on replay: {receipt}")
    for fate in fates[:: max(1, len(fates) // 50)]:
        response = http.post("/v1/events", content=fate.body.encode())
        again = http.get(f"/v1/events/{fate.receipts[0]['event_id']}/receipt")
        if (response.status_code, response.headers.get("replayed")) != (201, "true"):
            verdict.wrong.append(f"{fate.sha256} sent again is answered {response.text[:200]}")
        if not response.json() == again.json() == fate.receipts[0]:
            verdict.wrong.append(f"{fate.sha256} has got another receipt, asked for singly")


def _sent_again(http: httpx2.Client, fates: Iterable[Fate]) -> list[dict[str, Any]]:
    """Send events in one request; return the receipt, or what came instead, of each."""
    body = "\n".join(fate.body for fate in fates).encode()
    checkpoint, answers = b"", []
    for line in http.post("/v1/events/batch", content=body).content.splitlines():
        members = json.loads(line)
        if "checkpoint" in members:
            checkpoint = members["checkpoint"].encode()
        elif members["status"] == "replayed":
            answers.append(whole_receipt(members["receipt"], checkpoint))
        else:
            answers.append(members)
    return answers


def _check_unknown(http: httpx2.Client, fates: Iterable[Fate], log: Log, verdict: Verdict) -> None:
    """Ask for events whose answers were lost: those in the log say what a retry says."""
    places = {
        payload_hash(parse_entry(entry).payload): position
        for position, entry in enumerate(log.entries)
    }
    for fate in fates:
        if not fate.unknown or fate.sha256 not in places:
            continue
        answer = http.post("/v1/events", content=fate.body.encode())
        if (answer.status_code, answer.headers.get("replayed")) != (201, "true"):
            verdict.wrong.append(f"{fate.sha256} is there and a retry says {answer.text[:200]}")
        elif answer.json()["position"] != places[fate.sha256]:
            verdict.wrong.append(f"{fate.sha256} is there and a retry names another place")
