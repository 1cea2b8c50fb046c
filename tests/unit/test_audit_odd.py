"""Audits over what is odd: a full disk, half a copy, another log's, a state that is no good."""

import errno
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import audit
from api.cli.audit import app
from ledger.follow import auditfile
from projections.run import folded
from tests.support.log import flip
from tests.support.sample_log import SampleLog, sample_log

OTHER = "other.example/techledger/0badcafe"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit every few entries."""
    monkeypatch.setattr(auditfile, "COMMIT", 8)


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def write(log: SampleLog, directory: Path) -> tuple[Path, Path]:
    (directory / "trust.json").write_bytes(log.trust_root())
    return log.write(directory / "log"), directory / "trust.json"


def connecting(monkeypatch: pytest.MonkeyPatch, more: Callable[..., None], **given: Any) -> None:
    """Have whoever opens a database get one of which more is said."""
    connect = sqlite3.connect

    def connected(*args: Any, **named: Any) -> sqlite3.Connection:
        connection = connect(*args, **named, **given)
        more(connection)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connected)


@pytest.mark.parametrize("pages", [7, 9, 11])
@pytest.mark.parametrize("command", ["replay", "verify", "explain"])
def test_what_a_full_disk_has_stopped_goes_on_when_there_is_room(
    command: str, pages: int, tmp_path: Path
) -> None:
    copy, trust = write(sample_log(120), tmp_path)
    asked = [copy, *((119,) if command == "explain" else ())]
    asked += () if command == "replay" else ("--trust", trust)
    whole = run(command, *asked, "--json", "--judged", tmp_path / "whole").stdout
    with pytest.MonkeyPatch.context() as full:
        connecting(full, lambda each: each.execute(f"PRAGMA max_page_count = {pages}"))
        done = run(command, *asked, "--json", "--judged", file := tmp_path / "file")
    error = done.exception
    assert (errno.ENOSPC, file.name) == (error.errno, Path(error.filename).stem)
    again = run(command, *asked, "--json", "--judged", file)
    assert "" == again.stderr
    assert without_judged(whole) == without_judged(again.stdout)


def without_judged(answer: str) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(answer)
    return {name: each for name, each in members.items() if name != "judged"}


def test_a_clone_on_a_full_disk_names_the_file_and_leaves_nothing_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, write_bytes = sample_log(300).write(tmp_path / "source"), Path.write_bytes

    def half(path: Path, content: bytes) -> int:
        write_bytes(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", half)
        error = run("clone", copy := tmp_path / "copy", "--mirror", source).exception
    assert (errno.ENOSPC, str(copy / "tile/entries/000")) == (error.errno, error.filename)
    assert {"source", "copy"} == {each.name for each in tmp_path.iterdir()}
    assert 0 == run("clone", copy, "--mirror", source).exit_code


def test_a_second_audit_that_would_note_in_the_same_file_is_told_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (copy, _), file = write(sample_log(20), tmp_path), tmp_path / "file"
    assert 0 == run("replay", copy, "--judged", file).exit_code
    first = sqlite3.connect(file, isolation_level=None)
    first.execute("BEGIN IMMEDIATE")
    connecting(monkeypatch, lambda _: None, timeout=0)
    error = run("replay", copy, "--judged", file).exception
    assert (errno.EBUSY, "another audit is at work on this file") == (error.errno, error.strerror)
    first.close()
    assert 0 == run("replay", copy, "--judged", file).exit_code


def damage(file: Path) -> None:
    raw = file.read_bytes()
    file.write_bytes(flip(raw, 3 * len(raw) // 4))


def lie(file: Path) -> None:
    """Say another state of the read models, as somebody would who does not know the sum."""
    with sqlite3.connect(file) as models:
        models.execute("UPDATE states SET state = zeroblob(2048) WHERE length(state) = 2048")
    models.close()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:4096])


@pytest.mark.parametrize(
    ("which", "spoil"),
    [("file", damage), ("file", cut)] + [("file.models", each) for each in (damage, cut, lie)],
)
def test_a_saved_state_that_is_no_good_is_made_again_with_a_word(
    which: str, spoil: Callable[[Path], None], tmp_path: Path
) -> None:
    copy, _ = write(sample_log(60), tmp_path)
    whole = run("replay", copy, "--json", "--judged", tmp_path / "file").stdout
    spoil(tmp_path / which)
    again = run("replay", copy, "--json", "--judged", tmp_path / "file")
    kept = {"earlier": 60, "now": 0} if which == "file.models" else {"earlier": 0, "now": 60}
    assert {**json.loads(whole), "judged": kept} == json.loads(again.stdout)
    assert again.stderr.startswith(f"{which} is made again: the file is damaged")


def test_what_other_software_has_folded_is_folded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, _ = write(sample_log(20), tmp_path)
    whole = run("replay", copy, "--json", "--judged", tmp_path / "file").stdout
    monkeypatch.setattr(folded, "software_of", lambda *_: "another")
    again = run("replay", copy, "--json", "--judged", tmp_path / "file")
    assert {**json.loads(whole), "judged": {"earlier": 20, "now": 0}} == json.loads(again.stdout)
    assert "file.models is made again: it was judged by other software" in again.stderr


def test_what_was_judged_of_another_log_is_not_believed_of_this(tmp_path: Path) -> None:
    write(sample_log(20), tmp_path)
    run("replay", tmp_path / "log", "--judged", tmp_path / "file")
    (other := tmp_path / "other").mkdir()
    copy, _ = write(sample_log(20, origin=OTHER), other)
    done = run("replay", copy, "--judged", tmp_path / "file")
    assert "another origin" in done.stderr
    assert "judged now: 20; by earlier audits, as file says: 0" in done.stdout


def test_a_copy_that_does_not_begin_as_what_was_judged_is_refused_by_replay(
    tmp_path: Path,
) -> None:
    write(sample_log(20), tmp_path)
    run("replay", tmp_path / "log", "--judged", tmp_path / "file")
    (shorter := tmp_path / "shorter").mkdir()
    copy, _ = write(sample_log(19), shorter)
    done = run("replay", copy, "--judged", tmp_path / "file")
    assert 1 == done.exit_code
    assert (
        f"keep the copy, and {tmp_path / 'file'}; with another file (--judged) all is judged again"
        in (done.stdout)
    )


def test_a_byte_that_was_changed_is_found_by_replay_and_the_copy_stays(tmp_path: Path) -> None:
    copy, _ = write(sample_log(300), tmp_path)
    bundle = copy / "tile/entries/001.p/44"
    bundle.write_bytes(changed := flip(bundle.read_bytes(), 3_000))
    for judged in (tmp_path / "new", tmp_path / "new"):  # Nothing of it is noted as judged.
        done = run("replay", copy, "--json", "--judged", judged)
        answer = json.loads(done.stdout)
        assert (1, False, "REFUSED") == (done.exit_code, answer["verified"], answer["code"])
        assert answer["reason"].startswith("tile/entries/001.p/44: an entry does not hash into")
        assert f"techledger audit clone {copy} takes again" in answer["reason"]
    assert changed == bundle.read_bytes()


def test_half_a_copy_is_told_with_what_takes_the_rest(tmp_path: Path) -> None:
    copy, trust = write(sample_log(300), tmp_path)
    source = sample_log(300).write(tmp_path / "source")
    (copy / "tile/0/000").unlink()
    for asked in (["replay", copy], ["explain", copy, 9, "--trust", trust]):
        done = run(*asked)
        assert 1 == done.exit_code
        assert "tile/0/000: No such file or directory; techledger audit clone" in done.stdout
        assert done.stdout.startswith("OWN_DISK: ")
    assert 0 == run("clone", copy, "--mirror", source).exit_code
    assert 0 == run("replay", copy).exit_code


@pytest.mark.parametrize("missing", ["tile/0/000", "tile/entries/000", "tile/0/001.p/44"])
def test_what_is_missing_is_taken_again_by_a_clone_that_a_trust_root_holds(
    tmp_path: Path, missing: str
) -> None:
    copy, trust = write(sample_log(300), tmp_path)
    source = sample_log(300).write(tmp_path / "source")
    (copy / missing).unlink()
    done = run("clone", copy, "--mirror", source, "--trust", trust)
    assert 0 == done.exit_code, done.output
    assert (copy / missing).read_bytes() == (source / missing).read_bytes()


def test_a_tile_that_rotted_is_no_log_that_contradicts_itself(tmp_path: Path) -> None:
    (copy, _), file = write(sample_log(300), tmp_path), tmp_path / "file"
    assert 0 == run("replay", copy, "--judged", file).exit_code
    sample_log(600).write(copy)
    tile = copy / "tile/0/001"
    tile.write_bytes(flip(tile.read_bytes(), 100))
    said = run("replay", copy, "--judged", file).output
    assert "tile/0/001" in said
    assert "which were judged before" not in said


def test_of_two_files_only_the_one_that_is_no_good_is_made_again(tmp_path: Path) -> None:
    (copy, _), file = write(sample_log(40), tmp_path), tmp_path / "file"
    assert 0 == run("replay", copy, "--judged", file).exit_code
    damage(tmp_path / "file.models")
    done = run("replay", copy, "--judged", file)
    assert 0 == done.exit_code
    assert "file.models is made again" in done.stderr
    assert "by earlier audits, as file says: 40" in done.stdout


def test_no_audit_gets_between_two_commits_of_another(tmp_path: Path) -> None:
    copy, _ = write(sample_log(20), tmp_path)
    events, tables = auditfile.CopyEvents(copy), {"facts": "name TEXT PRIMARY KEY"}
    other, kept_out = sqlite3.connect(tmp_path / "file", timeout=0, isolation_level=None), []

    def come_between(statement: str) -> None:
        if statement == "BEGIN IMMEDIATE":
            try:
                other.execute("CREATE TABLE theirs (a)")
            except sqlite3.OperationalError as error:
                kept_out.append(str(error))

    with auditfile.audit_file(tmp_path / "file", events, tables, "x") as file:
        file.insert("facts", ("a",))
        file._file.set_trace_callback(come_between)
        file.commit()
        file.commit()
    other.close()
    assert 2 * ["database is locked"] == kept_out


def test_rules_are_not_said_of_another_log_than_the_one_that_was_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, trust = write(sample_log(20), tmp_path)
    verify = audit.verify_export

    def verify_while_it_grows(*given: Any, **options: Any) -> Any:
        verified = verify(*given, **options)
        sample_log(30).write(copy)
        return verified

    monkeypatch.setattr(audit, "verify_export", verify_while_it_grows)
    done = run("verify", copy, "--trust", trust)
    assert 1 == done.exit_code
    assert done.stdout.startswith(f"CHANGED: {copy} changed while it was audited: of 20 entries")
    assert "of 30 the rules; run it again" in done.stdout
    monkeypatch.setattr(audit, "verify_export", verify)
    assert 0 == run("verify", copy, "--trust", trust).exit_code
