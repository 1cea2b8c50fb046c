"""Whatever listens where a ledger should: a command ends in one line that says what to do."""

import re
from pathlib import Path

import pytest

from api.cli.main import run
from ledger.follow import client, reader
from tests.support.odd_server import answering, reply
from tests.support.sample_log import sample_log

PAGE = b"<!doctype html><title>Sign in</title><p>Wi-Fi of the hotel</p>"
ODD: dict[str, bytes | None] = {
    "a page": reply(200, PAGE, "Content-Type: text/html"),
    "a page for an error": reply(500, PAGE, "Content-Type: text/html"),
    "JSON that is cut": reply(200, b'{"size": 4, "posit'),
    "a problem that is cut": reply(500, b'{"title": "oh', "Content-Type: application/problem+json"),
    "a redirect to itself": reply(302, b"", "Location: /"),
    "a redirect elsewhere": reply(301, b"", "Location: http://elsewhere.example/"),
    "more than its length": reply(200, b"{}garbage", "Content-Length: 2"),
    "less than its length": reply(200, b"{}", "Content-Length: 500"),
    "a length that is none": reply(200, b"{}", "Content-Length: many"),
    "an end at once": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "silence": None,
}
COMMANDS = {
    "find": ["find", "x"],
    "ask": ["ask", "title", "right:x"],
    "title": ["rights", "title", "right:x"],
    "list": ["events", "list"],
    "show": ["events", "show", "3"],
    "gather": ["evidence", "gather", "new-bundle.json", "--subject", "right:x"],
    "case": ["report", "case", "dispute:x", "--pdf", "new.pdf"],
    "year": ["report", "year", "2026", "--pdf", "new.pdf"],
    "minimum": ["revenue", "minimum", "contract:x", "2026"],
}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Wait half a second for what a user waits a minute, in a directory of one's own."""
    for kind in (reader.LedgerReader, client.LedgerClient):
        monkeypatch.setitem(kind.__init__.__kwdefaults__, "timeout_s", 0.5)
    monkeypatch.setattr(reader, "RETRY_FOR_S", 0.0)
    monkeypatch.setattr(reader, "DEADLINE_S", 0.5)
    monkeypatch.setattr("ledger.runtime.http.SOON_S", 0.5)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trust.json").write_bytes(sample_log(4).trust_root())


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_ends_in_one_line_and_writes_nothing(
    name: str,
    odd: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
):
    with answering(ODD[odd]) as url:
        monkeypatch.setenv("LEDGER_URL", url)
        monkeypatch.setenv("LEDGER_TRUST", "trust.json")
        monkeypatch.setattr("sys.argv", ["techledger", *COMMANDS[name]])
        with pytest.raises(SystemExit) as ended:
            run()
    printed = capsys.readouterr()
    assert ended.value.code not in (0, None)
    assert re.fullmatch(r"(techledger: )?[A-Z][A-Z_]+: [^\n]+\n", printed.out + printed.err)
    assert [] == [*tmp_path.glob("new*")], "nothing was made of it"
