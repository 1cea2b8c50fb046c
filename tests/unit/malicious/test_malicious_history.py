"""What was seen of a log before is held against what a server shows now."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ledger.follow.lastseen import LastSeen, seen_directory
from ledger.verify.trust import parse_trust
from ledger.wire.regular import OddFile
from tests.support.questioned import (
    OF_ONE_SIZE,
    SIZE,
    TITLE,
    Server,
    answer_to,
    put,
    refused,
    said,
)
from tests.support.sample_log import SampleLog, sample_log


def test_each_question_is_held_to_what_was_seen_before(
    server: Server, trust: Path, title: dict[str, Any]
) -> None:
    server.answers(title)
    assert said(put(TITLE, trust))[-1].startswith("seen for the first time")
    server.size = 300
    server.answers(title | {"size": 300})
    assert (
        f"the log continues the {SIZE} entries that were seen before" == said(put(TITLE, trust))[-1]
    )
    assert 300 == json.loads(put(TITLE, trust, "--json").output)["seen"]["before"]


@pytest.mark.parametrize("words", OF_ONE_SIZE, ids=" ".join)
def test_a_log_that_was_rolled_back_is_refused(
    words: list[str], server: Server, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = answer_to(words, monkeypatch)
    server.answers(honest)
    said(put(words, trust))
    server.size = SIZE - 1
    server.answers(honest | {"size": SIZE - 1})
    assert "12 were signed before" in refused(put(words, trust), "HISTORY_CHANGED")


@pytest.mark.parametrize("size", [SIZE, 300])
def test_a_log_with_another_history_is_refused_and_both_are_kept(
    size: int, log: SampleLog, server: Server, trust: Path, title: dict[str, Any]
) -> None:
    server.answers(title)
    said(put(TITLE, trust))
    server.log = SampleLog(log.origin, [*log.entries[:5], log.entries[20], *log.entries[6:]])
    server.size = size
    server.answers(title | {"size": size})
    for _ in range(2):  # What was seen stays, so the next question is refused as well.
        refused(put(TITLE, trust), "HISTORY_CHANGED")
    (kept,) = seen_directory().iterdir()
    assert log.checkpoint(SIZE) == (kept / "checkpoint").read_bytes()
    (beside,) = kept.glob("forked-*")
    assert server.log.checkpoint(size) == beside.read_bytes()


@pytest.mark.parametrize("words", OF_ONE_SIZE, ids=" ".join)
def test_no_answer_is_taken_as_of_less_than_was_seen_before(
    words: list[str], server: Server, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = answer_to(words, monkeypatch)
    server.answers(honest | {"size": SIZE - 1})
    assert f"answered as of {SIZE - 1} entries, while {SIZE} are signed" in said(put(words, trust))
    refused(put(words, trust), "WRONG_ANSWER")
    server.answers(honest)
    said(put(words, trust))
    asked = [each.get("at_least") for each in server.given]
    assert [None, str(SIZE), str(SIZE)] == asked


def test_what_was_known_at_some_time_is_asked_as_of_any_size(
    server: Server, trust: Path, title: dict[str, Any]
) -> None:
    for _ in range(2):
        server.answers(title | {"size": SIZE - 1, "known_at": "9"})
        said(put(TITLE, trust, "--known-at", "9"))
    assert [None, None] == [each.get("at_least") for each in server.given]


def test_where_it_cannot_be_kept_that_is_said(
    server: Server, trust: Path, title: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_SEEN", "/proc/nowhere")
    server.answers(title)
    assert said(put(TITLE, trust))[-1].startswith("not kept for the next question: ")


@pytest.mark.parametrize("kind", ["a file for the directory", "noise", "a pipe", "another log"])
def test_what_lies_where_the_checkpoint_is_kept_is_told_before_anything_is_asked(
    kind: str, server: Server, trust: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_SEEN", str(seen := tmp_path / "seen"))
    kept = LastSeen(seen, parse_trust(trust.read_bytes())).file
    if kind == "a file for the directory":
        seen.write_bytes(b"")
    else:
        kept.parent.mkdir(parents=True)
    if kind == "noise":
        kept.write_bytes(bytes(range(256)))
    if kind == "a pipe":
        os.mkfifo(kept)
    if kind == "another log":
        kept.write_bytes(sample_log(9, "other.example/log").checkpoint())
    done = put(TITLE, trust)
    assert isinstance(done.exception, OddFile | NotADirectoryError)  # Each of them is 2.
    told = done.exception.told if isinstance(done.exception, OddFile) else str(done.exception)
    assert (True, "", []) == (str(seen) in told, done.output, server.asked)
