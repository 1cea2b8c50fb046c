"""What a command writes destroys nothing that somebody has put there."""

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.events.lawbook import bundled_files
from ledger.follow.mirror import follow
from ledger.follow.signed import Signed
from ledger.node.backup import Manifest, forget_old
from ledger.wire.envelope import sign_envelope
from ledger.wire.signing_keys import PrivateKey
from tests.support.sample_log import ORIGIN, sample_log
from tests.unit.test_audit_export import MemoryLog
from tests.unit.test_mirror import KEYS

MINE = b"mine"
AT = ("--url", "http://127.0.0.1:1", "--trust", "trust.json")


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.output


def test_law_data_are_written_beside_what_is_there_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "law").mkdir()
    (taken := tmp_path / "law" / max(bundled_files())).write_bytes(MINE)
    code, said = run("law", "export", tmp_path / "law")
    assert (2, True) == (code, "FILE_EXISTS" in said)
    assert [taken] == [*(tmp_path / "law").iterdir()]
    assert MINE == taken.read_bytes()
    taken.rename(other := taken.with_name("notes.txt"))
    for _ in range(2):
        assert 0 == run("law", "export", tmp_path / "law")[0]
    assert MINE == other.read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        ("keys", "new", "taken"),
        ("events", "submit", "signed.json", "--promise", "taken", *AT),
        ("events", "answer", "signed.json", "--refusal", "taken", *AT),
    ],
    ids=["key", "promise", "refusal"],
)
def test_what_wants_a_new_name_is_refused_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("taken").write_bytes(MINE)
    Path("trust.json").write_bytes(sample_log(2).trust_root())
    signed = sign_envelope(b"{}", [PrivateKey.generate("ed25519")])
    Path("signed.json").write_bytes(Signed(signed).to_json())
    code, said = run(*words)
    assert (2, True) == (code, "FILE_EXISTS" in said)
    assert MINE == Path("taken").read_bytes()


def test_a_mirror_drops_only_the_notes_that_it_has_kept(tmp_path: Path) -> None:
    log = sample_log(12)
    follow(MemoryLog(log, 11), tmp_path, ORIGIN, KEYS)
    mine = [tmp_path / "checkpoints" / name for name in ("3/notes.txt", "notes/x")]
    for each in mine:
        each.parent.mkdir(parents=True)
        each.write_bytes(MINE)
    follow(MemoryLog(log, 12), tmp_path, ORIGIN, KEYS)
    assert [MINE, MINE] == [each.read_bytes() for each in mine]


def backup(directory: Path, origin: str, files: dict[str, str]) -> Path:
    directory.mkdir()
    (directory / "dump").write_bytes(b"x")
    made = f"2020-01-{directory.name}T00:00:00Z"
    manifest = Manifest(origin, 1, "", made, "dump", "0", files)
    (directory / "manifest.json").write_text(json.dumps(asdict(manifest)))
    return directory


def test_only_backups_of_a_log_go_and_nothing_beside_them(tmp_path: Path) -> None:
    old, listed = "mine/techledger/00000000", {"dump": "00"}
    gone = backup(tmp_path / "01", old, listed)
    backup(tmp_path / "02", "another", listed)
    with_notes = backup(tmp_path / "03", old, listed)
    (with_notes / "notes.txt").write_bytes(MINE)
    newest = backup(tmp_path / "04", old, listed)
    backup(tmp_path / "05", "another", listed)
    (none := tmp_path / "06").mkdir()
    (none / "manifest.json").write_bytes(MINE)
    assert [gone] == forget_old(tmp_path, old, timedelta(days=1), None, None)
    assert ["02", "03", newest.name, "05", "06"] == sorted(each.name for each in tmp_path.iterdir())
    assert MINE == (with_notes / "notes.txt").read_bytes()
