"""No file hangs a verifier, fills its memory, or makes it fall over: what is odd is refused."""

import json
import os
import re
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ledger.court
from api.cli.main import app
from ledger.follow.audit import ExportedLog, NothingExported, exported_checkpoint
from ledger.follow.client import read_trust
from ledger.follow.keptlog import KeptLog
from ledger.follow.signed import Signed
from ledger.follow.supply import entry_in, gather
from ledger.verify import __main__ as command
from ledger.verify.outcome import Refused
from ledger.verify.verifier import verify_export
from ledger.wire.envelope import sign_envelope
from ledger.wire.regular import OddFile, read_regular
from ledger.wire.signing_keys import PrivateKey
from tests.support.sample_log import SampleLog, sample_log
from tests.support.verifying import whole_bundle

pytestmark = pytest.mark.timeout(300)
GIB = 1 << 30


def pipe(path: Path) -> None:
    os.mkfifo(path)


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(40 * GIB)


def folder(path: Path) -> None:
    path.mkdir()


def door(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # A socket's path has 108 bytes.
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path.name)
    os.chdir(here)


ODD: dict[str, Callable[[Path], None]] = {
    "a pipe": pipe,
    "40 GiB of nothing": huge,
    "a directory": folder,
    "a socket": door,
}
odd = pytest.mark.parametrize("kind", ODD)


@pytest.fixture(autouse=True)
def _little_memory() -> Iterator[None]:
    """Have too little memory for a file that is read whole."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (16 * GIB, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(12)


@pytest.fixture
def place(log: SampleLog, tmp_path: Path) -> Path:
    log.write(tmp_path / "log")
    (tmp_path / "trust").write_bytes(log.trust_root())
    (tmp_path / "receipt").write_bytes(log.proof(8))
    (tmp_path / "entry").write_bytes(log.entries[8])
    (tmp_path / "note").write_bytes(log.checkpoint(5))
    (tmp_path / "bundle").write_bytes(whole_bundle(log))
    signed = sign_envelope(b"{}", [PrivateKey.generate("ed25519")])
    (tmp_path / "signed").write_bytes(Signed(signed).to_json())
    (tmp_path / "policy.txt").write_bytes(b"quorum none\n")
    return tmp_path


NAMED = {
    "the trust root of a log": "log --trust ODD",
    "an earlier checkpoint": "log --trust trust --previous ODD",
    "a receipt": "ODD --trust trust --entry entry",
    "an entry": "receipt --trust trust --entry ODD",
    "a charter": "receipt --trust trust --entry entry --charter ODD",
    "a statement": "ODD --trust trust --log log",
    "an answer to a promise": "note --trust trust --log log --refusal ODD",
    "an earlier checkpoint for a statement": "note --trust trust --log log --previous ODD",
    "a bundle": "ODD --trust trust",
}


@odd
@pytest.mark.parametrize("name", NAMED)
def test_an_odd_file_is_refused_by_the_verifier(
    name: str, kind: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if kind == "a directory" and NAMED[name].startswith("ODD --trust"):
        return  # That is taken for a log.
    ODD[kind](place / "ODD")
    words = [each if each.startswith("--") else str(place / each) for each in NAMED[name].split()]
    with pytest.raises(SystemExit) as ended:
        command.main([*words, "--workers", "1"])
    said = capsys.readouterr()
    assert (2, "") == (ended.value.code, said.out)
    assert re.search("ODD_FILE: .*ODD: (longer than|not a regular file)", said.err)


@odd
@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000.p/12", "tile/entries/000.p/12"])
def test_an_odd_file_in_a_log_is_refused(path: str, kind: str, place: Path) -> None:
    (place / "log" / path).unlink()
    ODD[kind](place / "log" / path)
    with pytest.raises(Refused):
        verify_export(place / "log", (place / "trust").read_bytes(), workers=1)


@odd
def test_an_odd_file_is_no_log_for_who_copies_one(kind: str, place: Path) -> None:
    log = place / "log"
    for path in ("checkpoint", "tile/0/000.p/12", "tile/entries/000.p/12"):
        (log / path).unlink()
        ODD[kind](log / path)
    read: list[Callable[[], object]] = [
        lambda: exported_checkpoint(log),
        ExportedLog(log).checkpoint,
        lambda: ExportedLog(log).fetch(0, 0, 12),
        lambda: ExportedLog(log).fetch_bundle(0, 12),
        KeptLog(log).checkpoint,
    ]
    for each in read:
        with pytest.raises(NothingExported):
            each()


ASKED = "--url http://127.0.0.1:9"
TECHLEDGER = {
    "tlog proof": "tlog proof ODD --entry entry --policy policy.txt",
    "an entry of tlog proof": "tlog proof receipt --entry ODD --policy policy.txt",
    "the policy of tlog proof": "tlog proof receipt --entry entry --policy ODD",
    "an earlier note of tlog proof": (
        "tlog proof receipt --entry entry --policy policy.txt --previous ODD"
    ),
    "an earlier note of tlog verify": "tlog verify log --policy policy.txt --previous ODD",
    "evidence verify": "evidence verify ODD --trust trust",
    "audit verify": "audit verify log --trust trust --previous ODD --no-rules",
    "events sign": "events sign ODD --key trust",
    "events submit": f"events submit ODD {ASKED} --trust trust",
    "policy lint": "policy lint ODD",
    "a trust root": f"evidence gather new {ASKED} --trust ODD",
    "a trust root of an event": f"events submit signed {ASKED} --trust ODD",
    "an earlier checkpoint": "audit diff ODD http://127.0.0.1:9 --trust trust",
}


@pytest.mark.parametrize("kind", ["a pipe", "40 GiB of nothing"])
@pytest.mark.parametrize("name", TECHLEDGER)
def test_an_odd_file_is_refused_by_every_command(name: str, kind: str, place: Path) -> None:
    ODD[kind](place / "ODD")
    there = {each.name for each in place.iterdir()}
    words = [str(place / each) if each in there else each for each in TECHLEDGER[name].split()]
    told = CliRunner().invoke(app, words)
    assert isinstance(told.exception, OddFile), told.output  # It ends the program with 2.


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_an_odd_checkpoint_of_a_mirror_is_a_fault_of_its_own_disk(
    check: Sequence[str], place: Path
) -> None:
    (place / "log" / "checkpoint").unlink()
    pipe(place / "log" / "checkpoint")
    words = ["mirror", str(place / "log"), "--trust", str(place / "trust"), *check]
    told = CliRunner().invoke(app, [*words, "--url", "http://127.0.0.1:9"])
    assert 6 == told.exit_code
    assert "OWN_DISK: of the mirror itself: checkpoint: not a regular file; put it" in told.output


@odd
def test_an_odd_file_is_no_trust_root(kind: str, tmp_path: Path) -> None:
    ODD[kind](tmp_path / "ODD")
    with pytest.raises(OddFile):
        read_trust(tmp_path / "ODD")


NOTHING = {
    "empty": b"",
    "binary": bytes(range(256)),
    "not UTF-8": b'{"entry": "\xff"}',
    "not JSON": b"{",
    "nested without end": b'{"entry":' + b"[" * 100_000,
}
"""What stands in a file that is none of those that a command reads."""


@pytest.mark.parametrize("kind", NOTHING)
def test_what_holds_nothing_of_the_kind_refuses_nobody(
    kind: str, place: Path, log: SampleLog
) -> None:
    (odd := place / "ODD").write_bytes(NOTHING[kind])
    trust = log.trust_root()
    read: dict[str, Callable[[], object]] = {
        "trust root": lambda: read_trust(odd),
        "bundle": lambda: gather(trust, bundles=[odd]),
        "receipt": lambda: gather(trust, receipts=[(odd, log.entries[8])]),
        "entry": lambda: entry_in(odd),
    }
    for what, each in read.items():
        with pytest.raises(OddFile) as raised:
            each()
        assert raised.value.told.startswith(f"{odd}: no {what}")


def test_a_place_without_a_log_is_no_mirror_that_is_refused(place: Path, log: SampleLog) -> None:
    (place / "empty").mkdir()
    for name in ("empty", "note", "nothing"):
        with pytest.raises((FileNotFoundError, NotADirectoryError)) as raised:
            gather(log.trust_root(), [place / name])
        assert f"{place / name}/checkpoint" == str(raised.value.filename)


@pytest.mark.parametrize("kind", ["a pipe", "40 GiB of nothing"])
@pytest.mark.parametrize("words", ["ODD trust", "bundle ODD"])
def test_an_odd_file_is_refused_in_court(words: str, kind: str, place: Path) -> None:
    ODD[kind](place / "ODD")
    ran = subprocess.run(
        [sys.executable, ledger.court.__file__, *(str(place / each) for each in words.split())],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (2, "") == (ran.returncode, ran.stdout)
    assert re.match("ODD_FILE: .*ODD is (longer than|not a regular file)", ran.stderr)


def test_directories_far_deeper_than_a_log_has_any_are_refused(place: Path) -> None:
    here = Path.cwd()
    os.chdir(place / "log")
    for _ in range(1_900):
        os.mkdir("a")  # noqa: PTH102  (a path of all would be too long)
        os.chdir("a")
    os.chdir(here)
    try:
        with pytest.raises(Refused, match="deeper than any file of a log"):
            verify_export(place / "log", (place / "trust").read_bytes(), workers=1)
    finally:  # Python's own way to remove a tree is too deep a recursion.
        subprocess.run(["rm", "-r", place / "log"], check=True)


@pytest.mark.parametrize(
    "error", [MemoryError(), RecursionError("too deep"), KeyError("x")], ids=str
)
def test_whatever_else_happens_nothing_is_verified(
    error: Exception,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def falls(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(command, "verify_export", falls)
    words = [str(place / "log"), "--trust", str(place / "trust")]
    assert 1 == command.main(words)
    assert f"REFUSED: it cannot be judged, {type(error).__name__}" in capsys.readouterr().out
    assert 1 == command.main([*words, "--json"])
    assert json.loads(capsys.readouterr().out)["verified"] is False


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert b"12345" == read_regular(tmp_path / "file", 5)
    with pytest.raises(OddFile, match="longer than 4 bytes"):
        read_regular(tmp_path / "file", 4)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "nothing", 4)
    assert read_regular(Path("/proc/self/stat"), 1 << 20), "it says that it has no size"


@pytest.mark.parametrize(
    "words", ["audit verify log --trust trust", "tlog verify log --policy policy.txt"]
)
def test_a_directory_without_a_checkpoint_is_no_log_that_is_refused(
    words: str, place: Path
) -> None:
    (place / "log" / "checkpoint").unlink()
    there = {each.name for each in place.iterdir()}
    given = [str(place / each) if each in there else each for each in words.split()]
    told = CliRunner().invoke(app, given)
    assert isinstance(told.exception, FileNotFoundError), told.output
    assert "REFUSED" not in told.output
