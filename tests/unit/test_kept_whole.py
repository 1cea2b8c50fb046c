"""What a command keeps for its user is there whole, or as it was: bundles, the operator's word."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
import typer
from typer.testing import CliRunner

from api.cli import evidence
from api.cli.events import _keep
from api.cli.main import app
from ledger.follow import reader
from ledger.follow.bundles import goes_on
from ledger.follow.client import HistoryChanged, LedgerClient, NoAnswer, WrongAnswer
from ledger.log.evidence_bundle import parse_evidence
from ledger.log.proof import prove_consistency
from ledger.log.tiles import TilePath, parse_tile_path
from ledger.runtime import durable
from ledger.verify.trust import Trust
from tests.support.log import MemoryHashes
from tests.support.sample_log import SIGNED_AT, SampleLog, _tiles_of, sample_log
from tests.support.verifying import append, bundle_of, payload, whole_bundle

BEFORE = b"what was there before"
STEPS = ("os.fsync", "os.link")


def unreachable(*_: object) -> None:
    raise httpx2.ConnectError("nobody is there")


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Served:
    """A server that has one bundle, and the tiles of a log."""

    log = sample_log(12)
    bundle = whole_bundle(log)

    @classmethod
    def answer(cls, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/evidence":
            return httpx2.Response(200, content=cls.bundle)
        return httpx2.Response(200, content=cls.tile(parse_tile_path(request.url.path[1:])))

    @classmethod
    def tile(cls, path: TilePath) -> bytes:
        return _tiles_of(cls.log.leaves())(path.level or 0, path.index, path.width)

    @classmethod
    def client(cls, url: str, trust: Trust) -> LedgerClient:
        return LedgerClient(url, trust, transport=httpx2.MockTransport(cls.answer))


@pytest.fixture
def gather(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    (tmp_path / "trust").write_bytes(Served.log.trust_root())
    monkeypatch.setattr(evidence, "LedgerClient", Served.client)
    words = ["evidence", "gather", str(tmp_path / "bundle"), "--trust", str(tmp_path / "trust")]
    return lambda: CliRunner().invoke(app, [*words, "--url", "http://log"]).exception


@pytest.mark.parametrize("step", STEPS)
def test_a_bundle_is_written_whole_or_not_at_all(
    step: str, tmp_path: Path, gather: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(step, full)
        failed = gather()
    assert isinstance(failed, OSError)
    assert {"trust"} == {each.name for each in tmp_path.iterdir()}
    assert gather() is None
    assert Served.bundle == (tmp_path / "bundle").read_bytes()
    assert {"bundle", "trust"} == {each.name for each in tmp_path.iterdir()}


def test_what_is_there_is_not_written_over(tmp_path: Path, gather: Callable[[], object]) -> None:
    (tmp_path / "bundle").write_bytes(BEFORE)
    assert (2,) == getattr(gather(), "args", None)
    assert BEFORE == (tmp_path / "bundle").read_bytes()


def forked(size: int, kept: int, later_s: int = 0) -> SampleLog:
    """Return a log of a size that goes on otherwise after `kept` entries."""
    log = sample_log(kept)
    while log.size < size:
        append(log, payload(log))
    return replace(log, signed=log.signed_at() + later_s)


def shows(monkeypatch: pytest.MonkeyPatch, log: SampleLog) -> bytes:
    """Have the server show a log; return its bundle."""
    monkeypatch.setattr(Served, "log", log)
    monkeypatch.setattr(Served, "bundle", raw := bundle_of(log, range(4)))
    return raw


@pytest.mark.parametrize("log", [sample_log(12), sample_log(13), sample_log(300)])
def test_an_older_bundle_is_replaced_where_the_log_continues_it(
    log: SampleLog, tmp_path: Path, gather: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bundle").write_bytes(bundle_of(sample_log(12), range(4)))
    raw = shows(monkeypatch, log)
    assert gather() is None
    assert raw == (tmp_path / "bundle").read_bytes()


@pytest.mark.parametrize(
    "log", [forked(12, 9), forked(15, 9), forked(300, 11), replace(sample_log(9), signed=SIGNED_AT)]
)
def test_of_a_fork_both_bundles_are_kept(
    log: SampleLog, tmp_path: Path, gather: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same size, of a larger one, of a smaller one that was signed later."""
    (tmp_path / "bundle").write_bytes(was := bundle_of(sample_log(12), range(4)))
    raw = shows(monkeypatch, log)
    error = gather()
    assert isinstance(error, HistoryChanged)
    assert str(error).startswith("HISTORY_CHANGED: the log has signed ")
    (kept,) = (tmp_path / "bundle.forked").iterdir()
    assert f"{kept} contradicts it; keep both" in str(error)
    assert (1, was, raw) == (
        error.exit_code,
        (tmp_path / "bundle").read_bytes(),
        kept.read_bytes(),
    )


def with_notes(log: SampleLog, *sizes: int, signed: int | None = None) -> bytes:
    """Return a bundle with the checkpoints of earlier sizes, all of them signed at `signed`."""
    hashes, older = MemoryHashes(log.leaves()), replace(log, signed=signed)
    notes = ((older.checkpoint(n), prove_consistency(n, log.size, hashes)) for n in sizes)
    return bundle_of(log, range(4), earlier=tuple((note, tuple(proof)) for note, proof in notes))


def test_no_checkpoint_of_a_first_receipt_is_lost(
    tmp_path: Path, gather: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bundle").write_bytes(was := with_notes(sample_log(12), 7, 9))
    monkeypatch.setattr(Served, "log", log := sample_log(13))
    for kept in ((), (7,), (7, 10)):
        monkeypatch.setattr(Served, "bundle", with_notes(log, *kept))
        assert (2,) == getattr(gather(), "args", None)
        assert was == (tmp_path / "bundle").read_bytes()
    monkeypatch.setattr(Served, "bundle", more := with_notes(log, 5, 7, 9))
    assert gather() is None
    assert more == (tmp_path / "bundle").read_bytes()


LATE = sample_log(12).signed_at() + 60
FORMER = bundle_of(replace(forked(13, 12), signed=LATE), [0, 1, 2, 3, 12])
"""Its last entry is dated before a checkpoint that was signed without it."""


@pytest.mark.parametrize(
    ("kept", "came", "told"),
    [
        (with_notes(sample_log(12), 9), bundle_of(forked(9, 7), range(4)), "two histories of 9"),
        (with_notes(sample_log(12), 9), with_notes(forked(11, 7), 9), "two histories of 9"),
        (bundle_of(sample_log(12), [0, 1, 8]), bundle_of(forked(11, 7), [0, 1, 8]), "position 8"),
        (with_notes(sample_log(12), 9), with_notes(sample_log(13), 8, signed=LATE), "size 8 after"),
        (bundle_of(replace(sample_log(12), signed=LATE), [0]), FORMER, "misdates position 12"),
    ],
)
def test_what_two_bundles_show_against_each_other_is_kept_in_both(
    kept: bytes,
    came: bytes,
    told: str,
    tmp_path: Path,
    gather: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Roots and times of any two of their checkpoints, an entry, an entry's instant."""
    (tmp_path / "bundle").write_bytes(kept)
    monkeypatch.setattr(Served, "bundle", came)
    monkeypatch.setattr(Served, "tile", unreachable)  # They show it by themselves.
    error = gather()
    assert isinstance(error, HistoryChanged), error
    assert told in str(error)
    assert kept == (tmp_path / "bundle").read_bytes()
    assert [came] == [each.read_bytes() for each in (tmp_path / "bundle.forked").iterdir()]


def test_a_bundle_stays_where_it_is_not_shown_that_the_log_continues_it(
    tmp_path: Path, gather: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A smaller log, as it was; tiles of another one; none."""
    (tmp_path / "bundle").write_bytes(was := bundle_of(sample_log(12), range(4)))
    shows(monkeypatch, sample_log(9))
    assert (2,) == getattr(gather(), "args", None)
    shows(monkeypatch, sample_log(13))
    monkeypatch.setattr(Served, "log", forked(13, 9))
    assert isinstance(other := gather(), WrongAnswer)
    monkeypatch.setattr(reader, "RETRY_FOR_S", 0.0)
    monkeypatch.setattr(Served, "tile", unreachable)
    assert isinstance(silent := gather(), NoAnswer)
    assert [2, 2] == [other.exit_code, silent.exit_code]
    assert was == (tmp_path / "bundle").read_bytes()
    assert {"bundle", "trust"} == {each.name for each in tmp_path.iterdir()}


def test_of_a_link_the_name_is_replaced_and_what_it_leads_to_stays(
    tmp_path: Path, gather: Callable[[], object]
) -> None:
    (tmp_path / "kept").write_bytes(was := bundle_of(sample_log(12), range(4)))
    (tmp_path / "bundle").symlink_to(tmp_path / "kept")
    assert gather() is None
    assert was == (tmp_path / "kept").read_bytes()
    assert Served.bundle == (tmp_path / "bundle").read_bytes()


def test_a_bundle_is_replaced_by_one_that_shows_as_much(
    tmp_path: Path, gather: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, bundle = sample_log(12), tmp_path / "bundle"
    bundle.write_bytes(less := bundle_of(log, [0, 1, 2, 3]))
    assert gather() is None
    assert whole_bundle(log) == bundle.read_bytes()
    monkeypatch.setattr(Served, "bundle", less)
    assert (2,) == getattr(gather(), "args", None)
    assert whole_bundle(log) == bundle.read_bytes()
    (tmp_path / "trust").write_bytes(sample_log(12, origin="other.example/log").trust_root())
    assert (2,) == getattr(gather(), "args", None)
    assert whole_bundle(log) == bundle.read_bytes()


def test_what_a_holder_has_opened_goes_on_in_no_bundle_without_it() -> None:
    plain = parse_evidence(whole_bundle(sample_log(12)))
    opened, sealed = replace(plain, openings=((3, {}),)), replace(plain, seal=11)
    assert goes_on(sealed, replace(plain, entries=plain.entries[:11]))
    assert goes_on(plain, opened)
    assert not goes_on(opened, plain)


def test_a_word_that_cannot_be_kept_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "promise"
    with monkeypatch.context() as patched:
        patched.setattr(durable, "create", full)
        with pytest.raises(typer.Exit):
            _keep(file, b"the operator's word\n")
    assert "the operator's word" in capsys.readouterr().out
    _keep(file, b"the operator's word\n")
    with pytest.raises(typer.Exit):
        _keep(file, b"another word\n")
    assert b"the operator's word\n" == file.read_bytes()
