"""A checkpoint may state any size: what it states costs nothing, and a run takes in its share."""

import json
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import audit as audit_command
from api.cli import mirror as mirror_command
from api.cli.main import app
from ledger.follow.audit import NothingExported, Unfinished, export
from ledger.follow.authentic import NotAuthentic
from ledger.follow.exportfiles import SMALLEST, Allowance, count_files, files_of
from ledger.follow.mirror import follow
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.merkle import leaf_hash, root_of
from ledger.log.note import Ed25519NoteSigner, sign_note
from ledger.log.tiles import TILE_WIDTH, format_bundle, tile_path
from ledger.verify.outcome import Check, Refused
from ledger.verify.verifier import verify_export
from ledger.wire.base64 import b64encode
from tests.support.log import ed25519_key
from tests.support.sample_log import ORIGIN, SIGNED_AT, log_signers, sample_log
from tests.unit.test_audit_export import MemoryLog, files_in
from tests.unit.test_mirror import KEYS
from tests.unit.test_monitor import Watch

LEVELS = 5
SIZE = TILE_WIDTH**LEVELS
TWO_FILES = Allowance(size=2 * SMALLEST)


class Endless:
    """A log of 2^40 entries, each the same: anyone who serves it holds five hashes."""

    def __init__(self, *, strangers: bool = False) -> None:
        self._hashes = [leaf_hash(b"x")]
        for _ in range(LEVELS):
            self._hashes.append(root_of([self._hashes[-1]] * TILE_WIDTH))
        root, self.read = self._hashes[-1], list[str]()
        self._note = sign_checkpoint(Checkpoint(ORIGIN, SIZE, root), log_signers(), SIGNED_AT)
        if strangers:
            text = f"{ORIGIN}\n{SIZE}\n{b64encode(root)}\n"
            self._note = sign_note(text, [Ed25519NoteSigner("x", ed25519_key("x"))], SIGNED_AT)

    def checkpoint(self) -> bytes:
        return self._note

    def fetch(self, level: int, n: int, width: int) -> bytes:
        self.read.append(tile_path(level, n, width))
        return self._hashes[level] * width

    def fetch_bundle(self, _n: int, width: int) -> bytes:
        self.read.append("entries")
        return format_bundle([b"x"] * width)

    def signed(self, _size: int) -> list[bytes]:
        return []


class Gone(Endless):
    """It has the tile at the right edge, and nothing below it."""

    def fetch(self, level: int, n: int, width: int) -> bytes:
        if level < LEVELS:
            raise NothingExported(tile_path(level, n, width))
        return super().fetch(level, n, width)


def test_files_are_counted_without_being_made() -> None:
    for size in (0, 1, 255, 256, 257, 70_000):
        assert len(list(files_of(size))) == count_files(size)
    assert count_files(SIZE) > SIZE // TILE_WIDTH


@pytest.mark.parametrize("source", [Gone(), Endless()])
def test_a_run_takes_in_its_share_and_the_next_one_goes_on(source: Endless, tmp_path: Path) -> None:
    for taking in (
        lambda: export(source, tmp_path / "log", share=TWO_FILES),
        lambda: follow(source, tmp_path / "mirror", ORIGIN, KEYS, share=TWO_FILES),
    ):
        tracemalloc.start()
        for _ in range(3):
            with pytest.raises((Unfinished, NothingExported)) as ended:
                taking()
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
        tracemalloc.stop()
    assert isinstance(source, Gone) == isinstance(ended.value, NothingExported)
    if not isinstance(source, Gone):
        assert "6 of the" in str(ended.value)
        assert "run it again, and it goes on" in str(ended.value)
        assert 6 == len(files_in(tmp_path / "mirror"))


def test_a_run_takes_no_longer_than_its_share(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(Unfinished):
            export(Endless(), tmp_path, share=Allowance(seconds=0))
    assert 2 == len(files_in(tmp_path))


def test_an_honest_log_is_taken_in_by_shares(tmp_path: Path) -> None:
    log, runs = sample_log(300), 0
    while "checkpoint" not in files_in(tmp_path / "m"):
        runs += 1
        with suppress(Unfinished):
            follow(MemoryLog(log), tmp_path / "m", ORIGIN, KEYS, share=TWO_FILES)
    assert 1 < runs < 6
    assert log.files() == files_in(tmp_path / "m")


def test_nothing_is_asked_for_under_a_note_that_the_log_has_not_signed(tmp_path: Path) -> None:
    source = Endless(strangers=True)
    with pytest.raises(NotAuthentic):
        follow(source, tmp_path, ORIGIN, KEYS)
    assert [] == source.read


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    trust = tmp_path / "trust.json"
    root = json.loads(sample_log(1).trust_root())
    trust.write_text(json.dumps(root | {"genesis_sha256": sha256(b"x").hexdigest()}))

    def once(source: Endless, *words: str) -> tuple[int, str]:
        for command in (audit_command, mirror_command):
            monkeypatch.setattr(command, "ServedLog", lambda _http: source)
        trusted = ["--trust", str(trust)] if "--trusted" in words else []
        named = [word for word in words if word != "--trusted"]
        done = CliRunner().invoke(app, [*named, "--url", "http://log", *trusted])
        return done.exit_code, done.output

    return once


def test_the_commands_say_how_to_go_on(tmp_path: Path, run: Callable[..., tuple[int, str]]) -> None:
    share = ("--most", "0.001")
    code, output = run(Endless(), "mirror", str(tmp_path / "m"), *share, "--trusted")
    assert (10, True) == (code, "UNFINISHED: 17 of the" in output), output
    for words in ((), ("--trusted",)):
        code, output = run(Endless(), "audit", "clone", str(tmp_path / "e"), *share, *words)
        assert (1, True) == (code, "run it again, and it goes on" in output), output
    _, output = run(Endless(), "audit", "clone", str(tmp_path / "e"), *share, "--json")
    assert "run it again" in json.loads(output)["reason"]


def test_an_export_asks_for_nothing_that_the_trust_root_does_not_vouch_for(
    tmp_path: Path, run: Callable[..., tuple[int, str]]
) -> None:
    source = Endless(strangers=True)
    code, output = run(source, "audit", "clone", str(tmp_path / "e"), "--trusted")
    assert (1, []) == (code, source.read), output
    assert not (tmp_path / "e").exists()


def test_an_export_takes_in_nothing_that_leads_to_another_root(
    tmp_path: Path, run: Callable[..., tuple[int, str]]
) -> None:
    source = Endless()
    source._hashes[2] = bytes(32)
    code, output = run(source, "audit", "clone", str(tmp_path / "e"))
    assert (1, True) == (code, "does not hash into the tile above" in output), output
    assert {} == files_in(tmp_path / "e")


def test_a_monitor_says_that_there_is_more_and_looks_at_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(tmp_path, sample_log(12))
    assert [] == watch.look()
    watch.source = Endless()
    assert ["FORK"] == watch.look()
    fresh = Watch(tmp_path / "new", sample_log(12))

    def limited(*args: object, **options: object) -> object:
        at_most = options | {"share": TWO_FILES, "genesis": ""}
        return follow(*args, **at_most)  # type: ignore[arg-type]

    monkeypatch.setattr("ledger.follow.monitor.follow", limited)
    assert ["UNFINISHED"] == fresh.look(Endless())


def test_a_verifier_ends_at_the_first_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unfinished):
        export(Endless(), tmp_path, share=TWO_FILES)
    (tmp_path / "checkpoint").write_bytes(Endless().checkpoint())
    with pytest.raises(Refused) as refused:
        verify_export(tmp_path, sample_log(1).trust_root(), workers=1)
    assert Check.TREE is refused.value.step
