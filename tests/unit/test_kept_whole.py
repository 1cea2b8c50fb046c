"""What a command keeps for its user is there whole, or as it was: bundles, the operator's word."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest
import typer
from typer.testing import CliRunner

from api.cli import evidence
from api.cli.events import _keep
from api.cli.evidence import goes_on
from api.cli.main import app
from ledger import durable
from ledger.log.evidence import parse_evidence
from tests.support.sample_log import sample_log
from tests.support.verifying import bundle_of, whole_bundle

BEFORE = b"what was there before"
STEPS = ("os.fsync", "os.link")


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Served:
    """Stands in for the client of a server that has one bundle."""

    bundle = b""

    def __init__(self, *_: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def evidence(self, *_asked: str) -> bytes:
        return self.bundle


@pytest.fixture
def gather(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    log = sample_log(12)
    (tmp_path / "trust").write_bytes(log.trust_root())
    monkeypatch.setattr(Served, "bundle", whole_bundle(log))
    monkeypatch.setattr(evidence, "LedgerClient", Served)
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
