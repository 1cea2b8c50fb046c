"""Whatever a server answers, a question ends in its answer or in one coded line."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import is_dataclass
from datetime import date, datetime
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import httpx2
import pytest
from typer import Exit

from api.cli import answers
from api.cli.main import run
from api.describe.answer_json import WrongShape, kinds_of, members_of, read_as
from ledger.follow import client as sdk
from ledger.follow import reader
from ledger.follow.client import ClientError, LedgerClient, Signed, WrongAnswer
from ledger.verify.trust import parse_trust
from ledger.wire.entry import parse_entry
from ledger.wire.envelope import Envelope
from ledger.wire.shown import MOST_SHOWN
from projections.engine.bitemporal import UNRECORDED
from projections.questions.title import Title
from tests.support.questioned import QUESTIONS, SIZE, Server, answer_of, answer_to, kind_of, put
from tests.support.sample_log import SampleLog, sample_log

DEEP = b"[" * 200_000 + b"]" * 200_000
BODIES = {
    "nothing": b"",
    "an empty object": b"{}",
    "an empty list": b"[]",
    "null": b"null",
    "a number": b"5",
    "a text": b'"x"',
    "lists in lists": DEEP,
    "lists in a member": b'{"size":' + DEEP + b"}",
    "half of a surrogate pair": b'{"size":"\\ud800"}',
    "a number without end": b'{"size":' + b"9" * 100_000 + b"}",
    "no JSON": b"<html>welcome</html>",
    "no UTF-8": b'{"size":"\xff"}',
    "no number": b'{"size":NaN}',
    "a number beyond all": b'{"size":1e999}',
    "a member twice": b'{"size":1,"size":2}',
    "a problem as a success": b'{"type":"about:blank","status":422,"code":"HELD","detail":"no"}',
    "cut short": b'{"size":12,"positions":[4,',
    "UTF-16": '{"size":1}'.encode("utf-16"),
    "members of other types": b'{"size":"x","positions":5,"binds":"no","licensed":"no"}',
}


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(SIZE)


@pytest.fixture
def trust(log: SampleLog, tmp_path: Path) -> Path:
    file = tmp_path / "trust.json"
    file.write_bytes(log.trust_root())
    return file


@pytest.fixture
def server(log: SampleLog, monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server(log)
    server.serve(monkeypatch)
    return server


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_what_is_no_answer_is_told_with_its_place_and_nothing_is_printed(
    words: list[str], server: Server, trust: Path
) -> None:
    for (name, server.body), more in zip(BODIES.items(), cycle([[], ["--json"]]), strict=False):
        done = put(words, trust, *more)
        assert isinstance(done.exception, WrongAnswer), (name, done.exception, done.output)
        assert (2, "") == (done.exception.exit_code, done.output)
        assert str(done.exception).startswith("WRONG_ANSWER: ")
        assert not PYTHONS.search(str(done.exception)), (name, done.exception)


RESPONSES: dict[str, Callable[[bytes], httpx2.Response]] = {
    "elsewhere": lambda _: httpx2.Response(302, headers={"Location": "http://elsewhere.example/"}),
    "elsewhere, by no address": lambda _: httpx2.Response(301, headers={"Location": "\x00"}),
    "nothing to say": lambda _: httpx2.Response(204),
    "not modified": lambda _: httpx2.Response(304),
    "not ready": lambda _: httpx2.Response(503, content=b"<html>later</html>"),
    "an error of HTML": lambda _: httpx2.Response(500, content=b"<html>oh</html>"),
    "an empty error": lambda _: httpx2.Response(404),
    "a problem of other types": lambda _: httpx2.Response(
        422, json={"code": 5, "detail": {"a": [None]}, "near": [[1]], "remedy": [], "positions": {}}
    ),
    "a problem that is a list": lambda _: httpx2.Response(422, json=[1]),
    "packed as it is not": lambda body: httpx2.Response(
        200, headers={"Content-Encoding": "gzip"}, content=body
    ),
    "HTML by its type": lambda _: httpx2.Response(
        200, headers={"Content-Type": "text/html; charset=x"}, content=b"<!doctype html>"
    ),
}
PYTHONS = re.compile(
    r"Traceback|Error\b|Expecting|pydantic|NoneType|<class|codec|\bdict\b|object at"
)


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_that_is_none_is_one_coded_line(
    name: str,
    server: Server,
    trust: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(reader, "RETRY_FOR_S", 0.0)
    words = ["rights", "title", "right:x"]
    body = json.dumps(answer_to(words, monkeypatch)).encode()
    server.lies["/v1/rights/right:x/title"] = lambda: RESPONSES[name](body)
    line = ["techledger", *words, "--url", "http://server", "--trust", str(trust)]
    monkeypatch.setattr("sys.argv", line)
    with pytest.raises(SystemExit) as ended:
        run()
    printed = capsys.readouterr()
    assert (2, "") == (ended.value.code, printed.out)
    assert re.fullmatch(r"techledger: [A-Z][A-Z_]+: [^\n]+\n", printed.err)
    assert not PYTHONS.search(printed.err), printed.err


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_each_member_of_an_answer_is_held_to_its_type(
    words: list[str], server: Server, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = kind_of(words, monkeypatch)
    honest = answer_of(kind)
    assert honest == members_of(read_as(kind, honest))
    for place, changed in with_another(kind, honest, ""):
        with pytest.raises(WrongShape) as told:
            read_as(kind, changed)
        assert place == told.value.where
    # It need not make sense, but it is an answer: told whole, or not at all.
    server.answers({**answer_to(words, monkeypatch), "verified": True})
    done = put(words, trust, "--json")
    assert isinstance(done.exception, SystemExit | NoneType | WrongAnswer), done.exception
    assert done.output == "" or json.loads(done.output)["verified"] is False


def with_another(kind: Any, value: Any, at: str) -> Iterator[tuple[str, Any]]:
    """Yield a value of a kind once for each of its members, that being of no type that it may."""
    if not is_dataclass(kind):
        return
    for name, of in kinds_of(kind).items():
        place = f"{at}.{name}".lstrip(".")
        if of is not Any:
            yield place, {**value, name: 1.5}
            yield place, {each: value[each] for each in value if each != name}
        if get_origin(of) is tuple and value[name] and is_dataclass(get_args(of)[0]):
            for deeper, changed in with_another(get_args(of)[0], value[name][0], f"{place}[0]"):
                yield deeper, {**value, name: [changed]}


@pytest.mark.parametrize("kind", [Fraction, tuple[int, int]])
def test_a_list_of_two_has_no_other_number(kind: Any) -> None:
    assert [1, 2] == members_of(read_as(kind, [1, 2]))
    for wrong in ([], [1], [1, 2, 3]):
        with pytest.raises(WrongShape, match="list of 2"):
            read_as(kind, wrong)


def test_what_is_written_in_one_way_is_read_in_no_other() -> None:
    for wrong in ([1, 0], [1, -2], [2, 4], [0, 3]):
        with pytest.raises(WrongShape, match="fraction in its lowest terms"):
            read_as(Fraction, wrong)
    assert date(2026, 1, 2) == read_as(date, "2026-01-02")
    assert UNRECORDED == read_as(date, None)
    for kind, wrong_text in ((date, "9999-12-31"), (datetime, "2026-01-02T00:00:00Z")):
        with pytest.raises(WrongShape):
            read_as(kind, wrong_text)


def test_what_is_owed_beyond_every_number_is_read_as_one() -> None:
    assert (2**70,) == read_as(tuple[int, ...], [str(2**70)])
    for wrong in ("7", "1e99", "x", True, 1.0):
        with pytest.raises(WrongShape):
            read_as(int, wrong)


def test_of_a_server_s_words_only_so_many_are_told(
    trust: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = {"code": "X", "detail": "z" * 1_000_000}
    transport = httpx2.MockTransport(lambda _request: httpx2.Response(422, json=problem))
    client = httpx2.Client(base_url="http://server", transport=transport)
    monkeypatch.setattr(reader, "open_client", lambda *_given, **_options: client)
    words = ["techledger", "rights", "title", "right:x", "--url", "http://s", "--trust", str(trust)]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit):
        run()
    told = capsys.readouterr().err
    assert "characters more" in told
    assert len(told) < 2 * MOST_SHOWN


def test_a_line_of_an_answer_is_no_longer_than_anybody_reads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    long = {"right": "z" * 1_000_000, "positions": [*range(99_999)]}
    answer = answers.CheckedAnswer(answer_of(Title) | long, Title, None)
    with pytest.raises(Exit):
        answers.print_answer(answer, "en", as_json=False)
    assert max(map(len, capsys.readouterr().out.splitlines())) < 2 * MOST_SHOWN


# The SDK itself

Asked = Callable[[LedgerClient, Signed, SampleLog], object]
ASKED: dict[str, Asked] = {
    "submit": lambda ledger, signed, _log: ledger.submit(signed),
    "submit_many": lambda ledger, signed, _log: list(ledger.submit_many([signed])),
    "submit_promised": lambda ledger, signed, _log: ledger.submit_promised(signed),
    "promised_answer": lambda ledger, signed, _log: ledger.promised_answer(signed),
    "check": lambda ledger, signed, _log: ledger.check(signed),
    "entry": lambda ledger, _signed, _log: ledger.entry("1"),
    "prove_unchanged": lambda ledger, _signed, log: ledger.prove_unchanged(
        ledger.open_note(log.checkpoint())
    ),
    "prove_continued": lambda ledger, _signed, log: ledger.prove_continued(
        ledger.open_note(log.checkpoint(9)), ledger.open_note(log.checkpoint())
    ),
}
OTHERS = (None, 5, -1, True, 1.5, "x", "\0", [], [1], {}, {"a": []})


def others(log: SampleLog) -> Iterator[bytes]:
    """Yield bodies that are no answer, and receipts with each member replaced or left out."""
    yield from BODIES.values()
    known = log.receipt(1) | {"state": "recorded", "problem": None, "receipt": None, "proof": []}
    for name in known:
        for value in OTHERS:
            yield json.dumps(known | {name: value}).encode()


@pytest.mark.parametrize("status", [200, 201, 202, 422])
@pytest.mark.parametrize("name", ASKED)
def test_the_sdk_raises_nothing_but_its_own_errors(
    name: str, status: int, log: SampleLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk, "CHARTER_WAIT_S", 0.0)
    entry = parse_entry(log.entries[1])
    signed = Signed(Envelope(entry.payload_type, entry.payload, entry.signatures))
    body, headers = b"", {"replayed": "true"}

    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, content=body, headers=headers)

    trust = parse_trust(log.trust_root())
    with LedgerClient("http://s", trust, transport=httpx2.MockTransport(answer)) as ledger:
        for body in others(log):  # noqa: B007  (it is what `answer` answers)
            with suppress(ClientError):
                ASKED[name](ledger, signed, log)


def test_a_promise_without_a_state_does_not_wait(log: SampleLog) -> None:
    entry = parse_entry(log.entries[1])
    signed = Signed(Envelope(entry.payload_type, entry.payload, entry.signatures))
    transport = httpx2.MockTransport(lambda _request: httpx2.Response(200, content=b"{}"))
    with (
        LedgerClient("http://server", parse_trust(log.trust_root()), transport=transport) as ledger,
        pytest.raises(WrongAnswer),
    ):
        ledger.promised_answer(signed)
