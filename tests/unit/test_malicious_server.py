"""
A server that lies, against everything of ours that listens to one: nothing it forges is taken.

Each forgery is one answer, or one habit, of an otherwise honest log of 300 entries, which the
clients followed up to 12 before: a mirror, a monitor, an export that is then verified, the SDK
that asks whether history continues, a bundle. What they keep afterwards is what they kept before.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.cli.monitor import code_of
from api.cli.served import ServedLog
from ledger.domain.government.governance import LogKeysAdopted
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.lawbook import available_laws
from ledger.follow import client as sdk
from ledger.follow.audit import AuditError, export, exported_checkpoint
from ledger.follow.client import ClientError, LedgerClient
from ledger.follow.mirror import Governed, follow
from ledger.follow.monitor import Monitor
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.cosignature import CosignatureV1Signer, MLDSA44Signer
from ledger.log.encoding import write_base64
from ledger.log.evidence_bundle import Evidence, ShownEntry, format_evidence
from ledger.log.merkle import Frontier, LogError
from ledger.log.note import Ed25519NoteSigner, NoteSignature, format_vkey, parse_note
from ledger.log.policy import QUORUM_NONE_POLICY
from ledger.log.proof import prove_consistency, prove_inclusion
from ledger.log.tiles import TileHashes, format_bundle, parse_bundle
from ledger.verify.outcome import Refused
from ledger.verify.trust import parse_trust
from ledger.verify.verifier import verify_export, verify_receipt
from tests.support import builders as b
from tests.support.log import ed25519_key, flip, ml_dsa_key
from tests.support.sample_log import (
    ORIGIN,
    SIGNED_AT,
    SampleLog,
    _tiles_of,
    log_signers,
    sample_log,
    write_files,
)

KEPT, SIZE = 12, 300
Files = dict[str, bytes]
Answers = Callable[[str], httpx2.Response]


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(SIZE)


def signed(size: int, root: bytes, origin: str = ORIGIN) -> bytes:
    return sign_checkpoint(Checkpoint(origin, size, root), log_signers(origin), SIGNED_AT)


def with_note(change: Callable[[bytes], bytes]) -> Callable[[Files, SampleLog], Files]:
    return lambda files, _log: {**files, "checkpoint": change(files["checkpoint"])}


def with_file(path: str, change: Callable[[bytes], bytes]) -> Callable[[Files, SampleLog], Files]:
    return lambda files, _log: {**files, path: change(files[path])}


def without(path: str) -> Callable[[Files, SampleLog], Files]:
    return lambda files, _log: {name: raw for name, raw in files.items() if name != path}


def lines(note: bytes) -> tuple[str, list[str]]:
    text, _, block = note.decode().rpartition("\n\n")
    return text, block.splitlines(keepends=True)


def spoilt(line: str) -> str:
    """Return a line of the same key with another signature."""
    return line[:-10] + ("B" if line[-10] == "A" else "A") + line[-9:]


def first_line_only(note: bytes) -> bytes:
    text, block = lines(note)
    return f"{text}\n\n{block[0]}".encode()


def by_witness_alone(note: bytes) -> bytes:
    text = parse_note(note).text
    witness = CosignatureV1Signer("witness.example/x", ed25519_key("witness.example/x"))
    line = NoteSignature(witness.name, witness.key_id, witness.sign(text, SIGNED_AT)).line
    return f"{text}\n{line}".encode()


def same_key_id(note: bytes) -> bytes:
    """Put a stranger's signature under the log's own name and key id."""
    text, block = lines(note)
    stranger = ed25519_key("stranger").sign(f"{text}\n".encode())
    key_id = parse_note(note).signatures[0].key_id
    return f"{text}\n\n{NoteSignature(ORIGIN, key_id, stranger).line}{block[1]}".encode()


def another_history(_files: Files, log: SampleLog) -> Files:
    """Serve a log of the same size with one entry changed, signed by the log's own keys."""
    other = SampleLog(log.origin, [*log.entries[:5], flip(log.entries[5], 300), *log.entries[6:]])
    return other.files(SIZE)


def entries_changed(change: Callable[[list[bytes]], list[bytes]]) -> Callable[..., Files]:
    path = "tile/entries/000"
    return with_file(path, lambda raw: format_bundle(change(parse_bundle(raw, 256))))


def spelt_otherwise(entries: list[bytes]) -> list[bytes]:
    head, gap, payload = entries[9].partition(b"\n\n")
    return [*entries[:9], head + gap + json.dumps(json.loads(payload)).encode(), *entries[10:]]


FORGED: dict[str, Callable[[Files, SampleLog], Files]] = {
    "a checkpoint of another log": lambda f, log: {
        **f,
        "checkpoint": signed(SIZE, Frontier().extend(log.leaves()).root(), "other.example/x"),
    },
    "another origin over the same signatures": with_note(
        lambda n: n.replace(b"ledger", b"ledgex", 1)
    ),
    "signed by unknown keys": lambda f, _log: {
        **f,
        "checkpoint": f["checkpoint"].replace(
            f["checkpoint"].partition(b"\n\n")[2],
            signed(SIZE, bytes(32), "other.example/x").partition(b"\n\n")[2],
        ),
    },
    "a stranger under the log's name and key id": with_note(same_key_id),
    "one of two signatures": with_note(first_line_only),
    "a witness alone": with_note(by_witness_alone),
    "a good line and a bad one of one key": with_note(
        lambda n: n + spoilt(lines(n)[1][0]).encode()
    ),
    "another root": with_note(lambda n: n.replace(n.split(b"\n")[2][:4], b"AAAA", 1)),
    "CRLF": with_note(lambda n: n.replace(b"\n", b"\r\n")),
    "no final line feed": with_note(lambda n: n[:-1]),
    "base64 in another spelling": with_note(lambda n: n.replace(b"=\n", b"\n", 1)),
    "leading zeros": with_note(lambda n: n.replace(b"\n300\n", b"\n0300\n")),
    "digits that are not ASCII": with_note(
        lambda n: n.replace(b"\n300\n", "\n\uff13\uff10\uff10\n".encode())
    ),
    "a size of 0": with_note(lambda n: n.replace(b"\n300\n", b"\n0\n")),
    "a size of 2^63": with_note(lambda n: n.replace(b"\n300\n", b"\n9223372036854775808\n")),
    "extension lines": with_note(lambda n: n.replace(b"\n\n", b"\nextra\n\n", 1)),
    "an empty note": with_note(lambda _n: b""),
    "no note": without("checkpoint"),
    "a signed size beyond the entries": lambda f, log: {
        **f,
        "checkpoint": signed(301, Frontier().extend(log.leaves()).root()),
    },
    "another history, signed": another_history,
    "a signed root of nothing": lambda f, _log: {**f, "checkpoint": signed(SIZE, bytes(32))},
    "a tile altered": with_file("tile/0/000", lambda raw: flip(raw, 99)),
    "a partial tile altered": with_file("tile/0/001.p/44", lambda raw: flip(raw, 99)),
    "the tile above altered": with_file("tile/1/000.p/1", lambda raw: flip(raw, 9)),
    "a tile cut short": with_file("tile/0/000", lambda raw: raw[:-32]),
    "a tile with a hash too many": with_file("tile/0/000", lambda raw: raw + bytes(32)),
    "a tile that is no multiple of a hash": with_file("tile/0/000", lambda raw: raw[:-1]),
    "a tile missing": without("tile/0/000"),
    "two tiles swapped": lambda f, _log: {**f, "tile/0/001.p/44": f["tile/0/000"][: 44 * 32]},
    "hashes of a tile swapped": with_file(
        "tile/0/000", lambda raw: raw[32:64] + raw[:32] + raw[64:]
    ),
    "entries altered": with_file("tile/entries/000", lambda raw: flip(raw, 700)),
    "entries missing": without("tile/entries/001.p/44"),
    "entries in another order": entries_changed(lambda e: [e[1], e[0], *e[2:]]),
    "an entry taken out": entries_changed(lambda e: e[:-1]),
    "an entry put in": entries_changed(lambda e: [*e[:-2], e[0], e[-1]]),
    "an entry twice": entries_changed(lambda e: [*e[:-1], e[-2]]),
    "an entry that is equal as JSON": entries_changed(spelt_otherwise),
    "an interior node in the place of an entry": entries_changed(
        lambda e: [b"\x01" + bytes(64), *e[1:]]
    ),
    "an empty bundle": with_file("tile/entries/000", lambda _raw: b""),
    "bytes behind a bundle": with_file("tile/entries/001.p/44", lambda raw: raw + b"\x00\x00"),
}


def endless() -> Iterator[bytes]:
    while True:
        yield b"x" * (1 << 16)


HABITS: dict[str, Callable[[Files], Answers]] = {
    "redirects": lambda _files: (
        lambda _path: httpx2.Response(302, headers={"Location": "http://elsewhere.example/"})
    ),
    "a problem as a success": lambda _files: (
        lambda _path: httpx2.Response(200, json={"code": "NOT_FOUND", "detail": "no"})
    ),
    "an endless body": lambda _files: lambda _path: httpx2.Response(200, content=endless()),
    "a compressed bomb": lambda _files: (
        lambda _path: httpx2.Response(
            200,
            headers={"Content-Encoding": "gzip"},
            content=gzip.compress(bytes(1 << 25)),
        )
    ),
    "a body that does not unpack": lambda _files: (
        lambda _path: httpx2.Response(
            200, headers={"Content-Encoding": "gzip"}, content=b"not gzip"
        )
    ),
    "errors": lambda _files: lambda _path: httpx2.Response(500, content=b"oh"),
    "HTML": lambda _files: lambda _path: httpx2.Response(200, content=b"<html>welcome</html>"),
}


def serving(files: Files) -> Answers:
    def answer(path: str) -> httpx2.Response:
        found = files.get(path)
        return httpx2.Response(404) if found is None else httpx2.Response(200, content=found)

    return answer


def served(answers: Answers) -> ServedLog:
    transport = httpx2.MockTransport(lambda request: answers(request.url.path[1:]))
    return ServedLog(httpx2.Client(base_url="http://server", transport=transport))


def lying(name: str, log: SampleLog) -> Answers:
    files = log.files(SIZE)
    return HABITS[name](files) if name in HABITS else serving(FORGED[name](files, log))


ALL = [*FORGED, *HABITS]


def files_in(directory: Path) -> Files:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def kept(log: SampleLog, tmp_path: Path) -> Path:
    return write_files(tmp_path / "kept", log.files(KEPT))


def test_there_are_forty_kinds_and_more() -> None:
    assert 40 <= len(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_mirror_takes_nothing_in(name: str, log: SampleLog, kept: Path) -> None:
    governed = Governed(parse_trust(log.trust_root()))
    before = files_in(kept)
    with pytest.raises((AuditError, ClientError)):
        follow(served(lying(name, log)), kept, ORIGIN, governed.log_keys)
    after = files_in(kept)
    assert before == {path: after[path] for path in before}
    honest = log.files(SIZE)
    assert all(honest.get(path) == raw for path, raw in after.items() if path not in before)


@pytest.mark.parametrize("name", ALL)
def test_a_monitor_alarms_and_keeps_what_it_had(name: str, log: SampleLog, kept: Path) -> None:
    monitor = Monitor(
        served(lying(name, log)),
        kept,
        log.trust_root(),
        laws=available_laws(),
        now=lambda: float(log.signed_at()),
        stall_s=0.0,
    )
    assert [] == monitor.begin()
    assert [each for each in monitor.look() if "the log signed last" not in each.what]
    assert (KEPT, KEPT) == (monitor.size, exported_checkpoint(kept).size)


@pytest.mark.parametrize("name", HABITS)
def test_a_first_look_that_shows_nothing_does_not_end_well(
    name: str, log: SampleLog, tmp_path: Path
) -> None:
    source, root = served(lying(name, log)), log.trust_root()
    monitor = Monitor(
        source, tmp_path / "new", root, laws=available_laws(), now=lambda: 0.0, stall_s=7200.0
    )
    assert 0 != code_of([*monitor.begin(), *monitor.look()])


@pytest.mark.parametrize("name", ALL)
def test_an_export_that_was_fetched_does_not_verify(
    name: str, log: SampleLog, tmp_path: Path
) -> None:
    def fetched_and_verified() -> None:
        export(served(lying(name, log)), tmp_path / "log")
        verify_export(tmp_path / "log", log.trust_root(), previous=log.checkpoint(KEPT), workers=1)

    with pytest.raises((AuditError, ClientError, Refused)):
        fetched_and_verified()


# The SDK asks whether history continues


def consistency(log: SampleLog, **changed: object) -> dict[str, object]:
    proof = prove_consistency(KEPT, SIZE, TileHashes(_tiles_of(log.leaves())))
    honest: dict[str, object] = {
        "since": KEPT,
        "size": SIZE,
        "unchanged": True,
        "proof": [write_base64(each) for each in proof],
        "checkpoint": log.checkpoint(SIZE).decode(),
    }
    return {**honest, **changed}


def other_proof(log: SampleLog, old: int, new: int) -> list[str]:
    hashes = TileHashes(_tiles_of(log.leaves(new)))
    return [write_base64(each) for each in prove_consistency(old, new, hashes)]


CONTINUED: dict[str, Callable[[SampleLog], object]] = {
    "no proof": lambda log: consistency(log, proof=[]),
    "a hash too few": lambda log: consistency(log, proof=consistency(log)["proof"][:-1]),  # type: ignore[index]
    "a hash too many": lambda log: consistency(
        log,
        proof=[*consistency(log)["proof"], write_base64(bytes(32))],  # type: ignore[misc]
    ),
    "hashes in another order": lambda log: consistency(log, proof=consistency(log)["proof"][::-1]),  # type: ignore[index]
    "right for another old size": lambda log: consistency(log, proof=other_proof(log, 13, SIZE)),
    "right for another new size": lambda log: consistency(log, proof=other_proof(log, KEPT, 299)),
    "a smaller log": lambda log: consistency(log, checkpoint=log.checkpoint(7).decode(), proof=[]),
    "the same size, another root": lambda log: consistency(
        log, checkpoint=signed(KEPT, bytes(32)).decode(), proof=[]
    ),
    "a root of nothing": lambda log: consistency(log, checkpoint=signed(SIZE, bytes(32)).decode()),
    "unsigned": lambda log: consistency(log, checkpoint=f"{ORIGIN}\n300\nAAAA\n\n"),
    "hashes that are none": lambda log: consistency(log, proof=["AAAA"]),
    "no list": lambda log: consistency(log, proof=7),
    "a promise": lambda _log: {"unchanged": True},
    "no object": lambda _log: [True],
}


@pytest.mark.parametrize("name", CONTINUED)
def test_the_sdk_is_not_told_that_history_continues(name: str, log: SampleLog) -> None:
    content = json.dumps(CONTINUED[name](log)).encode()
    transport = httpx2.MockTransport(lambda _request: httpx2.Response(200, content=content))
    trust = parse_trust(log.trust_root())
    with LedgerClient("http://server", trust, transport=transport) as ledger:
        old = ledger.open_note(log.checkpoint(KEPT))
        with pytest.raises(ClientError):
            ledger.prove_unchanged(old)


def test_the_honest_server_is_believed(log: SampleLog, kept: Path, tmp_path: Path) -> None:
    """The refusals above are for the lies, not for the server."""
    source, keys = served(serving(log.files(SIZE))), parse_trust(log.trust_root()).verifiers
    assert SIZE == follow(source, kept, ORIGIN, keys).checkpoint.size
    export(source, tmp_path / "log")
    verify_export(tmp_path / "log", log.trust_root(), previous=log.checkpoint(KEPT), workers=1)


# The SDK asks by whom the log is signed now


def bundle(log: SampleLog, positions: list[int], signers: Sequence[Any]) -> bytes:
    leaves = log.leaves()
    hashes = TileHashes(_tiles_of(leaves))
    root = Frontier().extend(leaves).root()
    note = sign_checkpoint(Checkpoint(ORIGIN, log.size, root), signers, SIGNED_AT)
    shown = tuple(
        ShownEntry(at, log.entries[at], tuple(prove_inclusion(at, log.size, hashes)))
        for at in positions
    )
    return format_evidence(Evidence(note, QUORUM_NONE_POLICY, shown))


def adopting(signed_by: list[str], *keys: Any) -> SampleLog:
    """Return a log whose last entry adopts these keys."""
    log = sample_log(SIZE)
    vkeys = [format_vkey(key) for key in keys]
    body = {"ledger": ledger_subject(ORIGIN), "log_keys": vkeys, "reason": "x"}
    log.say(body, signed_by, topic=LogKeysAdopted.TOPIC)
    return log


def strangers() -> tuple[Ed25519NoteSigner, MLDSA44Signer]:
    """Return a pair of keys such as a log has, under the log's name."""
    keys = ed25519_key("stranger"), ml_dsa_key("stranger")
    return Ed25519NoteSigner(ORIGIN, keys[0]), MLDSA44Signer(ORIGIN, keys[1])


LED_ASTRAY: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no bundle": lambda: b'{"verified":true}',
    "keys that nobody adopted": lambda: bundle(sample_log(SIZE), [0], [*strangers()]),
    "keys that the operator adopted alone": lambda: bundle(
        adopting([b.OPERATOR], *log_signers(), *strangers()),
        [0, SIZE],
        [*log_signers(), *strangers()],
    ),
    "keys that have none in common with the old": lambda: bundle(
        adopting([b.OPERATOR, b.REGISTRAR], *strangers()), [0, SIZE], [*strangers()]
    ),
    "an adoption that is not in the log": lambda: bundle(
        adopting([b.OPERATOR, b.REGISTRAR], *log_signers(), *strangers()), [0, SIZE], log_signers()
    ),
    "the log as it is": lambda: bundle(sample_log(SIZE), [0], log_signers()),
    "a log of no entries": lambda: bundle(SampleLog(ORIGIN), [], log_signers()),
    "a genesis that is not trusted": lambda: bundle(
        SampleLog(ORIGIN, sample_log(SIZE).entries[1:]), [0], [*strangers()]
    ),
}


@pytest.mark.parametrize("name", LED_ASTRAY)
def test_the_sdk_is_not_led_to_keys_that_the_log_never_adopted(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk, "CHARTER_WAIT_S", 0.0)
    trust = parse_trust(sample_log(SIZE).trust_root())
    answer = LED_ASTRAY[name]()
    transport = httpx2.MockTransport(lambda _request: httpx2.Response(200, content=answer))
    note = sign_checkpoint(Checkpoint(ORIGIN, SIZE + 9, bytes(32)), [*strangers()], SIGNED_AT)
    with LedgerClient("http://server", trust, transport=transport) as ledger:
        with pytest.raises(LogError):
            ledger.open_note(note)
        assert SIZE == ledger.open_note(sample_log(SIZE).checkpoint()).size


def rotated() -> SampleLog:
    """Return a log that has gone over to other keys."""
    log = adopting([b.OPERATOR, b.REGISTRAR], *log_signers(), *strangers())
    alone = [format_vkey(key) for key in strangers()]
    body = {"ledger": ledger_subject(ORIGIN), "log_keys": alone, "reason": "x"}
    log.say(body, [b.OPERATOR, b.REGISTRAR], topic=LogKeysAdopted.TOPIC)
    log.say(b.technology_registered(), [b.INSTITUTE])
    return log


def test_the_sdk_is_led_to_keys_that_the_log_adopted() -> None:
    """The refusals above are for the lies, not for the way."""
    trust = parse_trust(sample_log(SIZE).trust_root())
    answer = bundle(rotated(), [0, SIZE, SIZE + 1], [*strangers()])
    transport = httpx2.MockTransport(lambda _request: httpx2.Response(200, content=answer))
    note = sign_checkpoint(Checkpoint(ORIGIN, SIZE + 3, bytes(32)), [*strangers()], SIGNED_AT)
    with LedgerClient("http://server", trust, transport=transport) as ledger:
        assert SIZE + 3 == ledger.open_note(note).size


def test_the_sdk_is_not_led_back_by_a_larger_answer_that_shows_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sdk, "CHARTER_WAIT_S", 0.0)
    trust = parse_trust(sample_log(SIZE).trust_root())
    answers = [
        bundle(rotated(), [0, SIZE, SIZE + 1], [*strangers()]),
        bundle(sample_log(SIZE + 9), [0], log_signers()),
    ]
    transport = httpx2.MockTransport(
        lambda _request: httpx2.Response(200, content=answers.pop(0) if answers[1:] else answers[0])
    )
    head = Checkpoint(ORIGIN, SIZE + 3, bytes(32))
    note = sign_checkpoint(head, [*strangers()], SIGNED_AT)
    nobodys = sign_checkpoint(head, [Ed25519NoteSigner(ORIGIN, ed25519_key("no"))], SIGNED_AT)
    with LedgerClient("http://server", trust, transport=transport) as ledger:
        assert SIZE + 3 == ledger.open_note(note).size
        with pytest.raises(LogError):
            ledger.open_note(nobodys)
        assert SIZE + 3 == ledger.open_note(note).size


def test_a_log_that_adopted_keys_that_cannot_be_read_leads_nobody_to_any() -> None:
    """Both officers let them in past the door, and the log went on with others: it is refused."""
    log, officers = sample_log(SIZE), [b.OPERATOR, b.REGISTRAR]
    first = [format_vkey(key) for key in log_signers()]
    for vkeys in ([*first, "nonsense"], first):
        body = {"ledger": ledger_subject(ORIGIN), "log_keys": vkeys, "reason": "x"}
        log.say(body, officers, topic=LogKeysAdopted.TOPIC)
    log.say(b.technology_registered(), [b.INSTITUTE])
    charter, trust = bundle(log, [0, SIZE, SIZE + 1], log_signers()), log.trust_root()
    for size in (SIZE + 1, SIZE + 2):
        with pytest.raises(Refused, match="step 8"):
            verify_receipt(log.proof(3, size), log.entries[3], trust, charter)
    transport = httpx2.MockTransport(lambda _request: httpx2.Response(200, content=charter))
    with LedgerClient("http://server", parse_trust(trust), transport=transport) as ledger:
        strange = sign_checkpoint(
            Checkpoint(ORIGIN, SIZE + 1, bytes(32)), [*strangers()], SIGNED_AT
        )
        for _ in range(2):  # Before the charter is known, and after.
            with pytest.raises(LogError):
                ledger.open_note(strange)
