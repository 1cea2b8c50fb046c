"""A mirror takes in what leads to a signed root, and nothing else, whatever it is offered."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.cli.served import ServedLog
from ledger.follow.audit import NothingExported, export, exported_checkpoint
from ledger.follow.authentic import NotAuthentic
from ledger.follow.keptlog import KeptLog
from ledger.follow.mirror import (
    BackdatedEntry,
    Behind,
    Forked,
    RolledBack,
    Rotten,
    follow,
    mend,
    rotten,
)
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.dating import seen_path
from ledger.log.merkle import leaf_hash
from ledger.log.note import parse_note, parse_vkey
from ledger.log.receipt import verify_tlog_proof
from ledger.log.tiles import entries_path, tile_path
from ledger.log.tree_head import parse_checkpoint
from ledger.verify.verifier import verify_export, verify_receipt
from ledger.wire.entry import format_entry, parse_entry
from tests.support.log import flip, format_vkey
from tests.support.sample_log import ORIGIN, SIGNED_AT, SampleLog, log_signers, sample_log
from tests.support.verifying import append, payload
from tests.unit.test_audit_export import MemoryLog, Power, current, files_in

SIZES = (1, 12, 255, 256, 257, 512, 600)
KEYS = tuple(parse_vkey(format_vkey(signer)) for signer in log_signers())


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(600)


class Lying(MemoryLog):
    """A source that flips a byte of one of its files."""

    def __init__(self, log: SampleLog, path: str, at: int, size: int | None = None) -> None:
        super().__init__(log, size)
        self._files = {**self._files, path: flip(self._files[path], at)}


def test_a_mirror_grows_with_the_log_and_is_what_an_export_is(log: SampleLog, tmp_path: Path):
    for size in SIZES:
        source = MemoryLog(log, size)
        done = follow(source, tmp_path / "mirror", ORIGIN, KEYS)
        assert size == done.checkpoint.size
        there = files_in(tmp_path / "mirror")
        assert log.files(size).items() <= there.items()
        assert all(".p/" in path for path in there.keys() - log.files(size).keys())
    verify_export(tmp_path / "mirror", log.trust_root(), workers=1)
    again = MemoryLog(log)
    assert 0 == follow(again, tmp_path / "mirror", ORIGIN, KEYS).files


def begun_at(log: SampleLog) -> str:
    return sha256(log.entries[0]).hexdigest()


@pytest.mark.parametrize("size", [1, 12, 600])
def test_a_log_that_begins_otherwise_is_a_fork_and_not_taken_in(
    size: int, log: SampleLog, tmp_path: Path
):
    """The same keys signed it, so nothing else in it is wrong."""
    other, mirror = sample_log(12), tmp_path / "mirror"
    changed = parse_entry(other.entries[0])
    trusted = sha256(format_entry(replace(changed, accepted=changed.accepted[:-2] + "9Z")))
    with pytest.raises(Forked, match="begins by another entry") as caught:
        follow(MemoryLog(log, size), mirror, ORIGIN, KEYS, genesis=trusted.hexdigest())
    assert not (mirror / "checkpoint").exists()
    entry = (caught.value.evidence / "0.entry").read_bytes()
    assert log.entries[0] == entry
    proof = (caught.value.evidence / "0.tlog-proof").read_bytes()
    assert size == verify_tlog_proof(proof, leaf_hash(entry), ORIGIN, KEYS).size


def test_a_mirror_that_began_otherwise_says_so_and_one_that_rotted_does_not(
    log: SampleLog, tmp_path: Path
):
    follow(MemoryLog(log, 257), tmp_path, ORIGIN, KEYS)
    with pytest.raises(Forked, match="begins by another entry"):
        follow(MemoryLog(log, 300), tmp_path, ORIGIN, KEYS, genesis="0" * 64)
    path = tmp_path / entries_path(0)
    for spoiled in (flip(path.read_bytes(), 100), b"\0\1"):
        path.write_bytes(spoiled)
        with pytest.raises(Rotten):
            follow(MemoryLog(log, 300), tmp_path, ORIGIN, KEYS, genesis=begun_at(log))
        path.write_bytes(log.files(257)[entries_path(0)])
    assert (
        300
        == follow(
            MemoryLog(log, 300), tmp_path, ORIGIN, KEYS, genesis=begun_at(log)
        ).checkpoint.size
    )


@pytest.mark.parametrize("size", [12, 256, 600])
def test_a_flipped_byte_of_any_file_is_not_taken_in(size: int, log: SampleLog, tmp_path: Path):
    files = log.files(size)
    for number, (path, content) in enumerate(sorted(files.items())):
        for at in {0, len(content) // 2, len(content) - 1}:
            directory = tmp_path / f"{number}-{at}"
            with pytest.raises(NotAuthentic):
                follow(Lying(log, path, at, size), directory, ORIGIN, KEYS)
            assert not (directory / "checkpoint").exists()
            assert all(files[each] == raw for each, raw in files_in(directory).items())


def test_power_that_fails_anywhere_costs_nothing(log: SampleLog, tmp_path: Path):
    follow(MemoryLog(log, 257), tmp_path / "mirror", ORIGIN, KEYS)
    for reads in range(40):
        try:
            follow(MemoryLog(log, 600, reads), tmp_path / "mirror", ORIGIN, KEYS)
        except Power:
            assert exported_checkpoint(tmp_path / "mirror").size in (257, 600)
    follow(MemoryLog(log, 600), tmp_path / "mirror", ORIGIN, KEYS)
    assert log.files() == current(tmp_path / "mirror", 600)


class Growing(KeptLog):
    """A mirror that takes in more of its log before each file of it is read."""

    def __init__(self, directory: Path, log: SampleLog) -> None:
        super().__init__(directory)
        self._at, self._log, self._sizes = directory, log, iter((256, 257, 512, 600))

    def fetch(self, level: int, n: int, width: int) -> bytes:
        self._grow()
        return super().fetch(level, n, width)

    def fetch_bundle(self, n: int, width: int) -> bytes:
        self._grow()
        return super().fetch_bundle(n, width)

    def _grow(self) -> None:
        if size := next(self._sizes, None):
            follow(MemoryLog(self._log, size), self._at, ORIGIN, KEYS)


@pytest.mark.parametrize("size", [5, 255])
def test_a_copy_of_a_mirror_at_work_is_a_log(size: int, log: SampleLog, tmp_path: Path):
    follow(MemoryLog(log, size), tmp_path / "mirror", ORIGIN, KEYS)
    export(Growing(tmp_path / "mirror", log), tmp_path / "copy")
    answer = verify_export(tmp_path / "copy", log.trust_root(), workers=1)
    assert (size, ()) == (answer.checkpoint.size, answer.unchecked)
    done = CliRunner().invoke(
        app, ["audit", "clone", str(tmp_path / "copy"), "--mirror", str(tmp_path / "mirror")]
    )
    assert 0 == done.exit_code, done.output
    assert exported_checkpoint(tmp_path / "copy") == exported_checkpoint(tmp_path / "mirror")


def test_a_checkpoint_of_another_or_without_a_key_is_no_evidence(log: SampleLog, tmp_path: Path):
    with pytest.raises(NotAuthentic):
        follow(MemoryLog(log, 12), tmp_path / "mirror", "another.origin", KEYS)
    one = MemoryLog(log, 12)
    classical = log_signers()[0]
    checkpoint = Checkpoint(ORIGIN, 12, bytes(32))
    one._files = {**one._files, "checkpoint": sign_checkpoint(checkpoint, [classical], SIGNED_AT)}
    with pytest.raises(NotAuthentic):
        follow(one, tmp_path / "mirror", ORIGIN, KEYS)
    assert not (tmp_path / "mirror").exists()


def test_a_fork_and_a_rollback_are_kept_as_evidence(log: SampleLog, tmp_path: Path):
    mirror = tmp_path / "mirror"
    follow(MemoryLog(log, 257), mirror, ORIGIN, KEYS)
    before = files_in(mirror)
    other = sample_log(12)
    while other.size < 300:
        append(other, payload(other))
    for offered in (MemoryLog(other, 256), MemoryLog(other, 257), MemoryLog(other)):
        with pytest.raises(Forked) as caught:
            follow(offered, mirror, ORIGIN, KEYS)
        kept = {path.read_bytes() for path in caught.value.evidence.iterdir()}
        assert {before["checkpoint"], offered.checkpoint()} <= kept
        assert before == files_in(mirror)
    follow(MemoryLog(log, 600), mirror, ORIGIN, KEYS)


class Signed(MemoryLog):
    """A source whose checkpoint the log signed at another time."""

    def __init__(self, log: SampleLog, size: int, signed_at: int) -> None:
        super().__init__(log, size)
        root = exported_root(log, size)
        note = sign_checkpoint(Checkpoint(ORIGIN, size, root), log_signers(), signed_at)
        self._files = {**self._files, "checkpoint": note}


def exported_root(log: SampleLog, size: int) -> bytes:
    return parse_checkpoint(parse_note(log.files(size)["checkpoint"]).text).root


def test_behind_rolled_back_and_forked_are_three_things(log: SampleLog, tmp_path: Path):
    mirror = tmp_path / "mirror"
    follow(MemoryLog(log, 257), mirror, ORIGIN, KEYS)
    before = files_in(mirror)
    for size in (256, 12, 1):
        with pytest.raises(Behind):
            follow(Signed(log, size, log.signed_at(257)), mirror, ORIGIN, KEYS)
        with pytest.raises(Behind):
            follow(MemoryLog(log, size), mirror, ORIGIN, KEYS)
        assert not (tmp_path / "mirror.forked").exists() or size < 256
        with pytest.raises(RolledBack) as caught:
            follow(Signed(log, size, log.signed_at(257) + 1), mirror, ORIGIN, KEYS)
        assert before["checkpoint"] in {p.read_bytes() for p in caught.value.evidence.iterdir()}
    assert before == files_in(mirror)


def test_an_entry_older_than_what_the_mirror_has_seen_is_refused_with_its_proof(
    log: SampleLog, tmp_path: Path
):
    """The log rested at size 12, was signed again, and dates what comes then before that."""
    mirror, grown = tmp_path / "mirror", sample_log(12)
    rested = Signed(log, 12, log.signed_at(12) + 60)
    rested.listed = [log.checkpoint(12)]
    follow(MemoryLog(log, 12), mirror, ORIGIN, KEYS)
    follow(rested, mirror, ORIGIN, KEYS)
    before = files_in(mirror)
    assert rested.checkpoint() == before["checkpoint"]
    assert log.checkpoint(12) == before[seen_path(12, log.checkpoint(12))]
    append(grown, payload(grown), accepted=log.now + timedelta(seconds=600))
    honest = replace(grown, entries=[*grown.entries])
    append(grown, payload(grown), accepted=grown.now + timedelta(seconds=59))
    grown.signed = log.signed_at(12) + 1000
    with pytest.raises(BackdatedEntry, match="position 13: accepted before a checkpoint") as caught:
        follow(MemoryLog(grown), mirror, ORIGIN, KEYS)
    assert before == files_in(mirror)
    evidence = caught.value.evidence
    kept = {path.read_bytes() for path in evidence.glob("*.checkpoint")}
    assert {log.checkpoint(12), rested.checkpoint(), grown.checkpoint()} == kept
    proof, entry = (evidence / f"13.{kind}" for kind in ("tlog-proof", "entry"))
    receipt = proof.read_bytes(), entry.read_bytes(), grown.trust_root()
    assert 13 == verify_receipt(*receipt).position
    # What is in time goes in, and the notes of the size before are no more needed.
    follow(MemoryLog(honest), mirror, ORIGIN, KEYS)
    assert not (mirror / "checkpoints").exists() or not files_in(mirror / "checkpoints")


def test_a_checkpoint_older_than_its_own_last_entry_is_refused(log: SampleLog, tmp_path: Path):
    early = Signed(log, 12, log.signed_at(12) - 1)
    with pytest.raises(BackdatedEntry, match="after a checkpoint over it"):
        follow(early, tmp_path / "mirror", ORIGIN, KEYS)
    assert not (tmp_path / "mirror" / "checkpoint").exists()


def test_a_note_that_is_listed_and_is_none_of_this_log_is_refused(log: SampleLog, tmp_path: Path):
    other = sample_log(11)
    append(other, payload(other))
    for listed in (other.checkpoint(), log.checkpoint(12)[:-9]):
        source = MemoryLog(log, 12)
        source.listed = [listed]
        with pytest.raises(NotAuthentic, match="a note that is listed"):
            follow(source, tmp_path / "mirror", ORIGIN, KEYS)


def test_a_note_that_rots_is_put_aside(log: SampleLog, tmp_path: Path):
    mirror, source = tmp_path / "mirror", Signed(log, 12, log.signed_at(12) + 60)
    source.listed = [log.checkpoint(12)]
    follow(source, mirror, ORIGIN, KEYS)
    path = seen_path(12, log.checkpoint(12))
    (mirror / path).write_bytes(flip(log.checkpoint(12), 9))
    with pytest.raises(Rotten):
        follow(source, mirror, ORIGIN, KEYS)
    assert [path] == rotten(mirror, ORIGIN)
    follow(source, mirror, ORIGIN, KEYS)
    assert log.checkpoint(12) == (mirror / path).read_bytes()


def test_a_rotten_mirror_blames_itself_and_not_the_log(log: SampleLog, tmp_path: Path):
    for path in ("tile/1/000.p/1", "tile/0/000", "checkpoint"):
        mirror = tmp_path / path.replace("/", "-")
        follow(MemoryLog(log, 257), mirror, ORIGIN, KEYS)
        raw = (mirror / path).read_bytes()
        (mirror / path).write_bytes(flip(raw, len(raw) - 50 if path == "checkpoint" else 5))
        with pytest.raises((Rotten, NothingExported)):
            follow(MemoryLog(log, 12), mirror, ORIGIN, KEYS)


@pytest.mark.parametrize("size", [12, 257, 600])
def test_every_rotten_file_is_found_moved_aside_and_mended(
    size: int, log: SampleLog, tmp_path: Path
):
    mirror = tmp_path / "mirror"
    follow(MemoryLog(log, size), mirror, ORIGIN, KEYS)
    honest, source = files_in(mirror), MemoryLog(log)
    assert [] == rotten(mirror, ORIGIN)
    for path in honest.keys() - {"checkpoint"}:
        for spoil in (lambda raw: flip(raw, 3), lambda raw: raw[:-1], lambda _: None):
            wrong = spoil(honest[path])
            (mirror / path).unlink()
            if wrong is not None:
                (mirror / path).write_bytes(wrong)
            found = rotten(mirror, ORIGIN)
            assert path in found
            mend(MemoryLog(log, size), mirror, ORIGIN)
            assert [] == rotten(mirror, ORIGIN)
            assert honest == files_in(mirror)
    assert source.read == []


def test_a_partial_tile_that_is_gone_is_cut_from_the_full_one(log: SampleLog, tmp_path: Path):
    """A mirror of 300 entries is mended from a log that has 600 and keeps full tiles alone."""
    mirror = tmp_path / "mirror"
    follow(MemoryLog(log, 300), mirror, ORIGIN, KEYS)
    gone = ("tile/0/001.p/44", "tile/entries/001.p/44")
    files = {**log.files(300), **log.files(600)}
    files = {path: raw for path, raw in files.items() if path not in gone}

    def served(request: httpx2.Request) -> httpx2.Response:
        found = files.get(request.url.path[1:])
        return httpx2.Response(404) if found is None else httpx2.Response(200, content=found)

    for path in gone:
        (mirror / path).unlink()
    with httpx2.Client(base_url="http://log", transport=httpx2.MockTransport(served)) as http:
        mend(ServedLog(http), mirror, ORIGIN)
    assert log.files(300) == files_in(mirror)


def test_nothing_is_asked_for_twice_that_is_there(log: SampleLog, tmp_path: Path):
    follow(MemoryLog(log, 512), tmp_path / "mirror", ORIGIN, KEYS)
    source = MemoryLog(log, 600)
    follow(source, tmp_path / "mirror", ORIGIN, KEYS)
    assert entries_path(0) not in source.read
    assert tile_path(0, 2, 88) in source.read
