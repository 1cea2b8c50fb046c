"""`techledger audit verify --summary` and `audit summary`: what an auditor signs of an audit."""

import json
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from api.cli.audit import app
from ledger.home.keystore import save_key
from ledger.log.audit_summary import (
    AuditSummary,
    MalformedSummary,
    format_summary,
    parse_summary,
    sign_summary,
)
from ledger.log.encoding import write_base64
from ledger.log.merkle import Frontier
from ledger.log.note import Ed25519NoteSigner, format_vkey
from ledger.verify.__main__ import main
from ledger.wire.signing_keys import PrivateKey
from tests.support.log import flip
from tests.support.sample_log import whole_story

EMPTY = write_base64(Frontier().root())
SUMMARY = AuditSummary(
    "ledger.example/techledger/0badcafe",
    f"0 {EMPTY}",
    f"17 {EMPTY}",
    "21",
    "1:passed 9:not-run 12:unchecked",
    "0",
    "0.1.0",
    "2026-12-03T00:29:29.123Z",
)


class Audited:
    """A copy, an auditor's key, and the file that an audit signs."""

    def __init__(self, directory: Path) -> None:
        log = whole_story()
        self.directory, self.log = directory, log.write(directory / "log")
        (directory / "trust.json").write_bytes(log.trust_root())
        (directory / "old").write_bytes(log.checkpoint(5))
        private = Ed25519PrivateKey.generate()
        save_key(directory / "key.pem", PrivateKey(private))
        self.vkey = format_vkey(Ed25519NoteSigner("auditor.example", private))
        self.file = directory / "summary.note"

    def verify(self, *more: object) -> Any:
        named = ("--trust", self.directory / "trust.json", "--judged", self.directory / "own")
        signing = ("--summary", self.file, "--key", self.directory / "key.pem")
        words = ("verify", self.log, *named, *signing, "--auditor", "auditor.example", *more)
        return CliRunner().invoke(app, [*map(str, words)])

    def read(self, vkey: str | None = None) -> Any:
        words = ["summary", str(self.file), "--auditor", vkey or self.vkey]
        return CliRunner().invoke(app, words)


@pytest.fixture
def audited(tmp_path: Path) -> Audited:
    return Audited(tmp_path)


def test_what_was_found_is_signed_and_read_back(audited: Audited) -> None:
    done = audited.verify()
    assert 0 == done.exit_code
    assert audited.vkey in done.stderr
    said = audited.read()
    assert 0 == said.exit_code
    assert said.stdout.endswith("VERIFIED: as auditor.example has signed it\n")
    assert f"held_to     0 {EMPTY}\n" in said.stdout
    assert "audited     17 " in said.stdout
    assert " 8:passed 9:not-run 10:not-run 11:not-run 12:passed\n" in said.stdout


def test_it_says_to_which_earlier_checkpoint_the_log_was_held(audited: Audited) -> None:
    audited.verify("--previous", audited.directory / "old", "--no-rules")
    said = audited.read().stdout
    old = (audited.directory / "old").read_text().split("\n")[2]
    assert f"held_to     5 {old}\n" in said
    assert " 9:passed 10:not-run 11:not-run 12:not-run\n" in said


def test_no_byte_of_a_summary_can_be_another(audited: Audited) -> None:
    audited.verify("--no-rules")
    raw = audited.file.read_bytes()
    for at in range(0, len(raw), 7):
        audited.file.write_bytes(flip(raw, at))
        assert audited.read().exit_code in (1, 2), at
    audited.file.write_bytes(raw)
    assert 0 == audited.read().exit_code


def test_another_s_key_has_not_signed_it(audited: Audited) -> None:
    audited.verify("--no-rules")
    other = Ed25519NoteSigner("auditor.example", Ed25519PrivateKey.generate())
    done = audited.read(format_vkey(other))
    assert (1, "REFUSED") == (done.exit_code, done.stdout.partition(":")[0])
    assert 2 == audited.read("no key").exit_code


def test_nothing_is_signed_where_something_does_not_verify(audited: Audited) -> None:
    bundle = audited.log / "tile/entries/000.p/17"
    bundle.write_bytes(flip(bundle.read_bytes(), 900))
    assert 1 == audited.verify().exit_code
    assert not audited.file.exists()


def test_the_verifier_that_needs_no_other_package_reads_it(
    audited: Audited, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m ledger.verify`: signed by that key, and of the log that is trusted."""
    audited.verify("--no-rules")
    trust = audited.directory / "trust.json"

    def read(*more: str, vkey: str = audited.vkey) -> tuple[int, str]:
        words = [str(audited.file), "--trust", str(trust), "--auditor", vkey, *more]
        return main(words), capsys.readouterr().out

    code, told = read()
    assert (0, audited.read().stdout) == (code, told)
    code, told = read("--json")
    assert (0, True, "9:not-run") == (
        code,
        json.loads(told)["verified"],
        json.loads(told)["steps"].split()[8],
    )
    other = Ed25519NoteSigner("auditor.example", Ed25519PrivateKey.generate())
    code, told = read(vkey=format_vkey(other))
    assert (1, "REFUSED: the summary: ") == (code, told[:22])
    code, told = read("--json", vkey=format_vkey(other))
    assert (1, False) == (code, json.loads(told)["verified"])
    audited.file.write_bytes(sign_summary(replace(SUMMARY, origin="log.example/other"), other))
    code, told = read(vkey=format_vkey(other))
    assert 1 == code
    assert "it is of the log log.example/other, not of " in told
    for wrong in ([], ["--previous", str(trust)]):
        with pytest.raises(SystemExit) as ended:
            read(*wrong, vkey=audited.vkey if wrong else "no key")
        assert 2 == ended.value.code


def test_a_file_that_is_there_stays_and_a_key_is_wanted(audited: Audited) -> None:
    audited.file.write_text("mine")
    assert 2 == audited.verify().exit_code
    assert "mine" == audited.file.read_text()
    audited.file.unlink()
    assert 2 == audited.verify("--auditor", "two words").exit_code
    save_key(audited.directory / "rsa.pem", PrivateKey.generate("rsa-pss-sha256"))
    assert 2 == audited.verify("--key", audited.directory / "rsa.pem").exit_code


def test_a_key_that_has_nothing_to_sign_is_refused(audited: Audited) -> None:
    trust = ("--trust", audited.directory / "trust.json")
    words = ("verify", audited.log, *trust, "--key", audited.directory / "key.pem")
    done = CliRunner().invoke(app, [*map(str, words)])
    assert 2 == done.exit_code
    assert "--summary" in done.output


def test_a_summary_has_one_spelling() -> None:
    text = format_summary(SUMMARY)
    assert SUMMARY == parse_summary(text)
    for wrong in (f"{text}\n", text[:-1], text.replace("17 ", "017 "), text.replace("\n", "\r\n")):
        with pytest.raises(MalformedSummary):
            parse_summary(wrong)
    for name in SUMMARY.__slots__:
        with pytest.raises(MalformedSummary):
            format_summary(replace(SUMMARY, **{name: "\n"}))
    assert len(text.splitlines()) == 1 + len(astuple(SUMMARY))
