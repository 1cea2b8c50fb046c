"""
A server that answers every question of the command line falsely: nothing of it passes as verified.

Whatever member is false, the answer is headed as the server's word, and what is listed as checked
is what the entries of the signed log say. What contradicts the log, or what was seen of it, is
refused with 2, which no question gives for yes or no, and nothing is printed.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from api.cli.echoes import CHOSEN, place_of
from api.cli.main import run
from api.describe import checking
from api.describe.language import Language
from ledger.follow import checked
from ledger.follow.client import WrongAnswer
from ledger.wire.entry import parse_entry
from tests.support.false_answers import FORGED, another, derived, false
from tests.support.questioned import (
    OF_ONE_SIZE,
    POSITIONS,
    QUESTIONS,
    SIZE,
    TITLE,
    Server,
    answer_to,
    at,
    derives,
    kind_of,
    put,
    question_of,
    refused,
    said,
    with_said,
)
from tests.support.sample_log import SampleLog


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_no_false_member_of_an_answer_is_told_as_verified(
    words: list[str], log: SampleLog, server: Server, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = kind_of(words, monkeypatch)
    honest = answer_to(words, monkeypatch)
    for place, lie in [("", honest), *false(honest)]:
        server.answers(lie)
        done = put(words, trust)
        if isinstance(done.exception, WrongAnswer):  # A value that this member cannot have.
            refused(done, "WRONG_ANSWER")
            continue
        assert not derived(kind, place), place
        told = "\n".join(said(done))
        assert "verified" not in told.lower(), place
        for position in lie["positions"]:
            assert parse_entry(log.entries[position]).accepted in told
    server.answers(honest)
    as_json = json.loads(put(words, trust, "--json").output)
    assert as_json["verified"] is False
    assert next(iter(as_json)) == "verified"


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_an_answer_to_another_question_is_none(
    words: list[str], server: Server, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, parameters = question_of(words, monkeypatch)
    assert parameters or words == ["ask", "projections"], "a question is about something"
    for name, value in parameters.items():
        place = place_of(kind, name)
        lie = answer_to(words, monkeypatch)
        with_said(lie, place, another(kind, place, value))
        server.answers(lie)
        done = put(words, trust)
        if f"{kind.__name__}.{name}" in CHOSEN and value is None:
            if isinstance(done.exception, WrongAnswer):  # A scheme alone is no field.
                assert "wanted.field is no Field" in refused(done, "WRONG_ANSWER")
            else:
                said(done)
            continue
        told = refused(done, "WRONG_ANSWER")
        reasons = (f"another question: {place} is ", "beside it", " is no ", "at odds with itself")
        assert any(reason in told for reason in reasons), told


@pytest.mark.parametrize(
    "words", [["rights", "title", "right:x"], ["contracts", "versions", "contract:x"]]
)
@pytest.mark.parametrize("known_at", ["9", "2026-11-27T03:00:00.000Z", None])
def test_what_was_to_be_known_is_answered(
    words: list[str],
    known_at: str | None,
    server: Server,
    trust: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = answer_to(words, monkeypatch)
    more = [] if known_at is None else ["--known-at", known_at]
    for said_at in ("9", "8", "2026-11-27T03:00:00.000Z", None):
        server.answers(honest | {"known_at": said_at})
        done = put(words, trust, *more)
        if said_at == known_at:
            said(done)
        else:
            assert "known_at" in refused(done, "WRONG_ANSWER")


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_without_a_trust_root_nothing_is_said_to_be_checked(
    words: list[str], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers(answer_to(words, monkeypatch))
    nothing, *lines = said(put(words, None))
    assert checking.NOTHING_CHECKED.en == nothing
    assert not [line for line in lines if "checked" in line]
    as_json = json.loads(put(words, None, "--json").output)
    nothing_checked = {"verified": False, "checked": [], "unchecked": [], "seen": None}
    assert nothing_checked == {name: as_json[name] for name in nothing_checked}
    assert 2 == len(server.asked)


def test_what_was_checked_is_what_the_entries_say(
    log: SampleLog, server: Server, trust: Path, title: dict[str, Any]
) -> None:
    lies = {"verified": True, "checked": [{"position": 4}], "unchecked": [], "seen": {"size": 1}}
    server.answers(title | lies)
    told = json.loads(put(TITLE, trust, "--json").output)
    assert POSITIONS == [each["position"] for each in told["checked"]]
    for each in told["checked"]:
        payload = json.loads(parse_entry(log.entries[each["position"]]).payload)
        assert {name: payload[name] for name in ("event_id", "type", "subjects", "signers")} == {
            name: each[name] for name in ("event_id", "type", "subjects", "signers")
        }
        assert each["unchecked"], "whose the keys are, only the log shows"
    assert (False, [], SIZE, None) == (
        told["verified"],
        told["unchecked"],
        told["seen"]["size"],
        told["seen"]["before"],
    )


def test_true_events_beside_a_false_owner_are_listed_as_what_they_are(
    log: SampleLog, server: Server, trust: Path, title: dict[str, Any]
) -> None:
    server.answers(title | {"positions": [1, 2]})
    checked_lines = said(put(TITLE, trust))[-6:]
    assert checked_lines[0].startswith("checked: these events are in the log")
    for position, line in enumerate(checked_lines[1:3], 1):
        assert checked_lines[position + 2].startswith(f"position {position}: an entry about ")
        assert json.loads(parse_entry(log.entries[position]).payload)["type"] in line


@pytest.mark.parametrize(
    ("words", "place", "lies"),
    [
        (["rights", "chain", "right:x"], "links", {"accepted": "2026-01-05T00:00:00.000Z"}),
        (
            ["contracts", "versions", "contract:x"],
            "versions",
            {
                "type": "terms.amended/1",
                "payload_hash": "sha256:" + "0" * 64,
                "signers": ["party:vn.other"],
                "accepted": "2026-01-05T00:00:00.000Z",
            },
        ),
        (["disputes", "falls", "7"], "fallen.event", {"subjects": ["right:x"], "event_id": "x"}),
        (
            ["parties", "power", "party:x", "--signer", "party:x"],
            "mandates.mandate",
            {"given_at": "2026-01-05T00:00:00.000Z"},
        ),
    ],
)
def test_what_a_row_says_of_an_event_that_was_checked_is_what_its_bytes_say(
    words: list[str],
    place: str,
    lies: dict[str, Any],
    server: Server,
    trust: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.answers(answer_to(words, monkeypatch))
    said(put(words, trust))
    for member, lie in lies.items():
        answer = answer_to(words, monkeypatch)
        for row in at(answer, place):
            row[member] = lie
        server.answers(answer)
        told = refused(put(words, trust), "WRONG_ANSWER")
        assert f"{member} is " in told
        assert "and the event at 1 says " in told


@pytest.mark.parametrize(
    ("words", "place", "lie"),
    [
        (["rights", "chain", "right:x"], "links", {"subject": "right:y"}),
        (["rights", "left", "right:x"], "status", {"right": "right:y"}),
        (["licences", "check", "party:x", "sell", "iso:VN"], "grants.grant", {"acts": ["use"]}),
        (
            ["licences", "check", "party:x", "sell", "iso:VN"],
            "grants.grant",
            {"licensee": "party:y", "open_beneficiaries": False},
        ),
        (
            ["licences", "check", "party:x", "sell", "iso:VN", "--right", "right:x"],
            "grants.grant",
            {"rights": ["right:y"], "technologies": []},
        ),
        (
            ["parties", "power", "party:x", "--signer", "party:x"],
            "mandates.mandate",
            {"holder": "party:z"},
        ),
        (
            ["contracts", "terms", "contract:x", "--report", "report:x"],
            "filed",
            {"contract": "contract:y"},
        ),
        (["disputes", "show", "dispute:x"], "orders", {"dispute": "dispute:y"}),
        (["disputes", "holds", "right:x"], "orders", {"subject": "right:y"}),
        (TITLE, "owners", {"share": [3, 2]}),
        (TITLE, "owners", {"share": [0, 1]}),
        (TITLE, "owners", {"share": [-1, 1]}),
    ],
)
def test_an_answer_with_a_row_about_something_else_is_none(
    words: list[str],
    place: str,
    lie: dict[str, Any],
    server: Server,
    trust: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = answer_to(words, monkeypatch)
    server.answers(answer)
    said(put(words, trust))
    for row in at(answer, place):
        row.update(lie)
    server.answers(answer)
    refused(put(words, trust), "WRONG_ANSWER")


@pytest.mark.parametrize(
    "words",
    [
        ["revenue", "dues", "party:x"],
        ["revenue", "overdue", "contract:x"],
        ["revenue", "explain", "distribution:x"],
        ["rights", "left", "right:x"],
        ["rights", "dependents", "right:x"],
        ["contracts", "sublicences", "contract:x"],
        ["law", "grounds", "7"],
    ],
    ids=" ".join,
)
def test_an_answer_with_a_row_of_an_event_that_it_does_not_name_is_none(
    words: list[str], server: Server, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = answer_to(words, monkeypatch)
    server.answers(honest)
    said(put(words, trust))
    for positions in ([], [2], POSITIONS):
        server.answers(honest | {"positions": positions})
        assert "positions does not name" in refused(put(words, trust), "WRONG_ANSWER")


def test_what_an_answer_has_no_member_for_is_not_printed(
    server: Server, trust: Path, title: dict[str, Any]
) -> None:
    title["owners"][0]["seal"] = title["certified"] = "by the court of X"
    server.answers(title)
    told = put(TITLE, trust, "--json").output
    assert "owners" in told
    assert "court of X" not in told


# Positions and sizes that are none


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        ({"positions": [-1]}, "WRONG_ANSWER"),
        ({"positions": [SIZE]}, "WRONG_ANSWER"),
        ({"positions": [4, 2**62]}, "WRONG_ANSWER"),
        ({"size": 2**52, "positions": [4, 2**51]}, "NOT_SHOWN"),
        ({"size": SIZE + 1, "positions": [SIZE]}, "NOT_SHOWN"),
        ({"size": -1, "positions": []}, "WRONG_ANSWER"),
        ({"positions": [4.0]}, "WRONG_ANSWER"),
    ],
)
@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_positions_that_the_log_has_not_are_refused(
    words: list[str],
    lie: dict[str, Any],
    code: str,
    server: Server,
    trust: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = kind_of(words, monkeypatch)
    server.answers(answer_to(words, monkeypatch) | lie)
    told = "WRONG_ANSWER" if derives(kind, "positions") or words not in OF_ONE_SIZE else code
    refused(put(words, trust), told)


@pytest.mark.parametrize("positions", [[4, 4], [8, 4], [4, 8, 8]])
def test_positions_are_in_order_each_once(
    positions: list[int], server: Server, trust: Path, title: dict[str, Any]
) -> None:
    server.answers(title | {"positions": positions})
    assert "in order, each once" in refused(put(TITLE, trust), "WRONG_ANSWER")


@pytest.mark.parametrize("language", ["en", "vi"])
def test_where_no_event_is_named_nothing_of_the_answer_was_checked(
    language: Language, server: Server, trust: Path, title: dict[str, Any]
) -> None:
    server.answers(title | {"positions": []})
    heading, *lines = put(TITLE, trust, "--lang", language).output.splitlines()
    assert checking.NOT_VERIFIED.in_(language) == heading
    nothing = {"en": "nothing of the answer was checked", "vi": "chưa kiểm gì của câu trả lời"}
    assert lines[-2].startswith(nothing[language])
    assert not [line for line in lines if line.startswith(("checked", "đã kiểm"))]
    assert [] == json.loads(put(TITLE, trust, "--json").output)["checked"]


def test_what_was_checked_is_told_in_the_language_of_the_answer(
    log: SampleLog, server: Server, trust: Path, title: dict[str, Any]
) -> None:
    server.answers(title | {"size": SIZE - 1})
    lines = put(TITLE, trust, "--lang", "vi").output.splitlines()
    assert f"đã kiểm: các sự kiện này có trong sổ {log.origin}, như đã ký với {SIZE} mục" in lines
    assert f"trả lời theo {SIZE - 1} mục, trong khi {SIZE} mục đã ký" in lines
    assert not re.search("checked|signed|position|answered|server", "\n".join(lines))
    nothing = put(TITLE, None, "--lang", "vi").output.splitlines()
    assert [checking.NOT_VERIFIED.vi, checking.NOTHING_CHECKED.vi] == nothing[:2]


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_an_event_that_names_nothing_of_what_was_asked_is_told_to_be_that(
    words: list[str], log: SampleLog, server: Server, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = [each for each in words if ":" in each and not each.startswith("iso:")]
    honest = answer_to(words, monkeypatch)
    server.answers(honest)
    told = "\n".join(said(put(words, trust)))
    for position in honest["positions"]:
        subjects = ", ".join(json.loads(parse_entry(log.entries[position]).payload)["subjects"])
        astray = f"position {position}: an entry about {subjects}, which names nothing"
        assert (astray in told) is bool(about)


def test_an_event_that_names_what_was_asked_is_not(
    log: SampleLog, server: Server, trust: Path, title: dict[str, Any]
) -> None:
    payload = json.loads(parse_entry(log.entries[4]).payload)
    for named in (payload["subjects"][0], payload["signers"][0]):
        server.answers(title | {"right": named})
        words = ["rights", "title", named]
        told = "\n".join(said(put(words, trust)))
        assert "position 4: an entry" not in told
        as_json = json.loads(put(words, trust, "--json").output)
        assert [named] == as_json["checked"][0]["names"]


@pytest.mark.parametrize("command", ["exclusive", "left"])
def test_a_span_of_no_days_is_not_even_asked(command: str, server: Server, trust: Path) -> None:
    for days in (["--from", "2027-01-02", "--to", "2027-01-02"], ["--to", "2020-01-01"]):
        done = put(["rights", command, "right:x"], trust, *days)
        assert (2, "") == (done.exception.exit_code, done.output)
        assert str(done.exception).startswith("BAD_PARAMETER: to=20")
    assert [] == server.asked


def test_a_size_that_nobody_signed_is_said_to_be_that(
    server: Server, trust: Path, title: dict[str, Any]
) -> None:
    server.answers(title | {"size": 10**15})
    told = said(put(TITLE, trust))
    assert f"answered as of {10**15} entries, while {SIZE} are signed" in told


def test_so_many_events_are_fetched_and_no_more(
    server: Server, trust: Path, title: dict[str, Any]
) -> None:
    server.size = 300
    server.answers(title | {"size": 300, "positions": [*range(300)]})
    told = said(put(TITLE, trust))
    assert checked.MOST == sum("/v1/entries/" in path for path in server.asked)
    assert f"not looked at: {300 - checked.MOST} more events, from {checked.MOST} on" in told
    tiles = [path for path in server.asked if path.startswith("/tile/")]
    assert len(set(tiles)) == len(tiles)
    as_json = json.loads(put(TITLE, trust, "--json").output)
    left = [each["position"] for each in as_json["unchecked"]]
    assert [*range(checked.MOST, 300)] == left


# Entries, tiles and checkpoints that are not those of the log


@pytest.mark.parametrize("name", FORGED)
def test_what_does_not_lead_to_the_signed_root_is_refused(
    name: str, log: SampleLog, server: Server, trust: Path, title: dict[str, Any]
) -> None:
    server.answers(title)
    path, lie = FORGED[name](log)
    server.lies[path] = lie
    done = put(TITLE, trust)
    refused(done, "WRONG_ANSWER" if path == "/checkpoint" else "NOT_SHOWN")


# What reaches a terminal

UNSEEN = "\x1b[8m\x1b]0;x\x07\r\n\u202e\u200b\x9b31m\x00"


@pytest.mark.parametrize("by", [[], ["--json"]])
@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_nothing_of_a_server_moves_colours_or_hides_what_is_printed(
    words: list[str],
    by: list[str],
    server: Server,
    trust: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def spoilt(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: spoilt(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [*map(spoilt, value)]
        return UNSEEN if value == "x" else value

    server.answers(spoilt(answer_to(words, monkeypatch)))
    line = [*words, "--url", "http://server", "--trust", str(trust), *by]
    monkeypatch.setattr("sys.argv", ["techledger", *line])
    with pytest.raises(SystemExit):
        run()
    told = "".join(capsys.readouterr())
    assert told
    assert all(each.isprintable() or each == "\n" for each in told)
    assert "\u202e" not in told
