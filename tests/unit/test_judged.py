"""What an audit has judged, on disk: the same verdicts, wherever it was stopped."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.audit import app
from ledger.events.lawbook import available_laws
from ledger.follow import auditfile, judged
from ledger.follow.audit import Forgotten, Replay, RuleBroken, exported_entries, sealed_sizes
from ledger.follow.auditfile import Contradicted, CopyEvents, Stale
from ledger.follow.judged import going_on, judge_of
from ledger.wire.regular import OddFile
from projections.run import folded
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, RIVAL
from tests.support.governance import ledger_sealed
from tests.support.sample_log import SampleLog, sample_log, sealed_price, whole_story

LAWS = available_laws()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit every few entries, and keep next to nothing in memory: so each path is gone."""
    monkeypatch.setattr(auditfile, "COMMIT", 4)
    monkeypatch.setattr(auditfile, "EVENTS", 2)
    monkeypatch.setattr(judged, "SUBJECTS_BYTES", 2_000)
    monkeypatch.setattr(folded, "KEYS", 1)


def write(log: SampleLog, directory: Path) -> Path:
    """Write an export in the place of an older one."""
    shutil.rmtree(directory / "log", ignore_errors=True)
    (directory / "trust.json").write_bytes(log.trust_root())
    return log.write(directory / "log")


def audit(log: SampleLog, directory: Path) -> tuple[Any, ...]:
    """Judge what is new of a log; return the verdict, and how much was judged before."""
    export = write(log, directory)
    seals = frozenset(sealed_sizes(exported_entries(export)))
    with going_on(directory / "file", CopyEvents(export), LAWS) as past:
        began, left_out = past.size, past.unchecked
        replay = Replay(exported_entries(export, began), log.origin, LAWS, seals, past)
        try:
            for _ in replay:
                pass
        except RuleBroken as broken:
            return began, (broken.position, broken.code, broken.positions)
        return began, (replay.size, left_out)


def in_memory(log: SampleLog) -> tuple[Any, ...]:
    replay = Replay(log.entries, log.origin, LAWS, frozenset(sealed_sizes(log.entries)))
    try:
        for _ in replay:
            pass
    except RuleBroken as broken:
        return (broken.position, broken.code, broken.positions)
    return (replay.size, replay.unchecked)


def taken_again(log: SampleLog) -> None:
    body = b.contract_concluded(
        contract="contract:019a4000-0000-7000-8000-0000000000ff",
        parties=[INSTITUTE, RIVAL],
        grants=[b.grant(licensee=RIVAL)],
        royalty_ppm={"commitment": sealed_price(log, 1)["commitment"]},
    )
    log.say(body, [INSTITUTE, RIVAL])


def unknown_acceptance(log: SampleLog) -> None:
    log.say(b.contract_concluded(offer=b.OFFER, acceptance=b.SOME_HASH), [INSTITUTE, FIRM])


def second_opening(log: SampleLog) -> None:
    log.entries.append(log.entries[0])


def sealed_share(log: SampleLog) -> None:
    sealed = {"commitment": sealed_price(log, 1)["commitment"]}
    log.say(b.share_agreed(parts=sealed), [b.AUTHOR, INSTITUTE])


LOGS = {
    "whole story": whole_story,
    "market": lambda: sample_log(120),
    "sealed": lambda: _with(sample_log(13), sealed_share),
    "exclusive twice": lambda: _with(whole_story(), taken_again),
    "reference": lambda: _with(sample_log(9), unknown_acceptance),
    "opened twice": lambda: _with(sample_log(12), second_opening),
}


def _with(log: SampleLog, more: Any) -> SampleLog:
    more(log)
    return log


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_the_verdict_is_that_of_memory_wherever_audits_stopped(
    name: str, step: int, tmp_path: Path
) -> None:
    log = LOGS[name]()
    whole, sizes = log.entries, [*range(1, log.size, max(step, log.size // 12)), log.size]
    before = 0
    for size in sizes:
        log.entries = whole[:size]
        began, verdict = audit(log, tmp_path)
        assert (before, in_memory(log)) == (began, verdict)
        before = size if isinstance(verdict[1], list) else verdict[0]


def test_an_audit_that_is_interrupted_goes_on_from_its_last_commit(tmp_path: Path) -> None:
    log = sample_log(30)
    export = write(log, tmp_path)

    def interrupted() -> None:
        with going_on(tmp_path / "file", CopyEvents(export), LAWS) as past:
            replay = iter(Replay(exported_entries(export), log.origin, LAWS, (), past))
            assert list(range(11)) == [next(replay).position for _ in range(11)]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (8, in_memory(log)) == audit(log, tmp_path)
    assert (30, in_memory(log)) == audit(log, tmp_path)


def test_a_broken_rule_is_told_again_by_every_audit(tmp_path: Path) -> None:
    log = whole_story()
    taken_again(log)
    refused = (17, "EXCLUSIVE_OVERLAP", (10,))
    assert [(0, refused), (17, refused)] == [audit(log, tmp_path) for _ in range(2)]


def pages(file: Path) -> Iterator[int]:
    yield from range(0, file.stat().st_size, 512)


def test_a_damaged_file_is_told_from_a_broken_log(tmp_path: Path) -> None:
    """Wherever a byte of it has changed it is stale, or the same is judged as before.

    One whose mark is another is nobody's, and stays.
    """
    log = sample_log(40)
    audit(log, tmp_path)
    file, found = tmp_path / "file", 0
    sound = file.read_bytes()
    for at in pages(file):
        for offset in (at, at + 211):
            changed = bytearray(sound)
            changed[offset] ^= 0x41
            file.write_bytes(bytes(changed))
            try:
                assert (40, in_memory(log)) == audit(log, tmp_path)
            except Stale:
                found += 1
            except OddFile:
                assert 0 == offset
    assert found > 20


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tags WHERE position = 7",
        "UPDATE tags SET position = position + 1 WHERE position = 39",
        "DELETE FROM payloads WHERE position = 3",
        "UPDATE histories SET count = count + 1",
        "INSERT INTO unchecked VALUES (1, 'RATE_RANGE', '/body/x')",
        "UPDATE about SET value = '39' WHERE name = 'size'",
        "UPDATE about SET value = '[]' WHERE name = 'frontier'",
        "UPDATE about SET value = '0' WHERE name = 'sum'",
        "DELETE FROM about",
        "DROP TABLE tags",
    ],
)
def test_a_row_that_was_not_written_makes_it_stale(statement: str, tmp_path: Path) -> None:
    log = sample_log(40)
    audit(log, tmp_path)
    with sqlite3.connect(tmp_path / "file") as file:
        file.execute(statement)
    file.close()
    with pytest.raises(Stale, match="damaged"):
        audit(log, tmp_path)
    assert str(tmp_path / "file") not in {str(each.readlink()) for each in open_files()}


def open_files() -> Iterator[Path]:
    """Yield what this process has open; what is closed meanwhile is left out."""
    yield from (each for each in Path("/proc/self/fd").iterdir() if each.is_symlink())


def test_other_software_or_law_data_judge_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = sample_log(12)
    audit(log, tmp_path)
    assert judge_of([*LAWS, "another"]) != judge_of(LAWS)
    monkeypatch.setattr(judged, "judge_of", lambda _: "another")
    with pytest.raises(Stale, match="other software"):
        audit(log, tmp_path)


def test_a_log_that_does_not_continue_what_was_judged_is_refused(tmp_path: Path) -> None:
    log = sample_log(20)
    audit(log, tmp_path)
    shorter, other = sample_log(19), sample_log(20)
    other.entries[19] = other.entries[18]
    for wrong in (shorter, other):
        with pytest.raises(Contradicted, match="20 of root"):
            audit(wrong, tmp_path)
    assert 20 == audit(log, tmp_path)[0]


def sealed(log: SampleLog) -> None:
    """Seal all that there is, as the sealer would."""
    export = Replay(log.entries, log.origin, LAWS, {log.size})
    for _ in export:
        pass
    root = f"sha256:{export._past.map_root().hex()}"
    log.say(ledger_sealed(log.size, map_root=root, projections=[]), [OPERATOR])


def test_seals_hold_across_audits(tmp_path: Path) -> None:
    log = sample_log(20)
    audit(log, tmp_path)
    sealed(log)
    for _ in range(2):
        log.say(b.technology_registered(technology=f"technology:{log.size}"), [INSTITUTE])
    assert (20, in_memory(log)) == audit(log, tmp_path)
    sealed(log)
    assert (23, in_memory(log)) == audit(log, tmp_path)


def test_a_seal_that_lies_is_refused_after_going_on(tmp_path: Path) -> None:
    log = sample_log(20)
    audit(log, tmp_path)
    log.say(ledger_sealed(20, map_root=f"sha256:{'0' * 64}", projections=[]), [OPERATOR])
    assert (20, (20, "SEAL_MISMATCH", ())) == audit(log, tmp_path)


def test_a_seal_over_less_than_was_judged_takes_a_new_beginning(tmp_path: Path) -> None:
    log = sample_log(20)
    sealed(log)
    whole = log.entries
    log.entries = [*whole[:20]]
    log.say(b.technology_registered(technology="technology:between"), [INSTITUTE])
    audit(log, tmp_path)
    log.say(ledger_sealed(20, map_root=f"sha256:{'0' * 64}", projections=[]), [OPERATOR])
    with pytest.raises(Forgotten):
        audit(log, tmp_path)
    done = run("verify", tmp_path / "log", "--trust", tmp_path / "trust.json")
    assert 1 == done.exit_code
    assert "SEAL_MISMATCH" in done.output


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_says_what_was_judged_now_and_earlier(tmp_path: Path) -> None:
    trust = tmp_path / "trust.json"
    export = write(sample_log(30), tmp_path)
    first = run("verify", export, "--trust", trust)
    assert "judged now: 30; by earlier audits" in first.output
    assert first.output.endswith("says: 0\n")
    export = write(sample_log(33), tmp_path)
    again = run("verify", export, "--trust", trust)
    assert "judged now: 3; by earlier audits" in again.output
    assert again.output.endswith("says: 30\n")
    assert not list(tmp_path.glob("*.sqlite"))  # What comes along with a log is not believed.
    assert "33 of 33 entries admitted again by every rule" in again.output
    told = json.loads(run("verify", export, "--trust", trust, "--json").stdout)
    assert {"earlier": 33, "now": 0} == told["judged"]


def test_without_read_models_their_digests_are_unchecked(tmp_path: Path) -> None:
    log = sample_log(20)
    sealed(log)
    trust, export = tmp_path / "trust.json", write(log, tmp_path)
    done = run("verify", export, "--trust", trust, "--no-read-models")
    assert 0 == done.exit_code
    assert "unchecked: position 20, the digests of read models under the seals" in done.output
    assert "unchecked" not in run("verify", export, "--trust", trust).output.split("VERIFIED")[1]


def test_the_command_makes_a_damaged_file_anew_and_says_so(tmp_path: Path) -> None:
    trust, export = tmp_path / "trust.json", write(sample_log(30), tmp_path)
    file = tmp_path / "mine"
    assert 0 == run("verify", export, "--trust", trust, "--judged", file).exit_code
    for length in (100, 5_000):
        with file.open("r+b") as cut:
            cut.truncate(length)
        done = run("verify", export, "--trust", trust, "--judged", file)
        assert 0 == done.exit_code
        assert "mine is made again: the file is damaged" in done.output
        assert "judged now: 30" in done.output


def test_a_file_that_no_audit_made_stays(tmp_path: Path) -> None:
    trust, export = tmp_path / "trust.json", write(sample_log(3), tmp_path)
    with sqlite3.connect(database := tmp_path / "database") as connection:
        connection.execute("CREATE TABLE about (name, value)")
    connection.close()
    (text := tmp_path / "text").write_text("Dear Sir")
    for file in (database, text, trust):
        was = file.read_bytes()
        done = run("verify", export, "--trust", trust, "--judged", file)
        assert "not a file that an audit has made" == str(done.exception)
        assert was == file.read_bytes()


def test_an_empty_file_is_filled(tmp_path: Path) -> None:
    """A kill leaves one before anything is written."""
    (tmp_path / "file").touch()
    assert [0, 3] == [audit(sample_log(3), tmp_path)[0] for _ in range(2)]


def test_the_command_refuses_what_does_not_continue_what_it_judged(tmp_path: Path) -> None:
    trust = tmp_path / "trust.json"
    run("verify", write(sample_log(30), tmp_path), "--trust", trust)
    done = run("verify", write(sample_log(29), tmp_path), "--trust", trust)
    assert 1 == done.exit_code
    assert "REFUSED: the log of 29 entries does not begin with the 30" in done.output
