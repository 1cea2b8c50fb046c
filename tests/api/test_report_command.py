"""`techledger report`: the bytes of the page's PDF, written where the evidence in them verifies."""

import json
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.cli.story import names
from ledger.verify.__main__ import main
from tests.support.odd_server import answering, reply
from tests.support.reports import pages_of
from tests.support.tale import Loaded

NAMES = names()
ASKS = f"party={NAMES['firm']}&act=sell&territory=vn-2025:48&field=C09D&effect=parties"
USE = (NAMES["firm"], "sell", "vn-2025:48", "--field", "C09D")


@pytest.fixture
def asked(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    monkeypatch.setenv("LEDGER_URL", loaded.url)
    monkeypatch.setenv("LEDGER_TRUST", str(loaded.trust))
    return loaded


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["report", *words])
    told = done.output if done.exception is None else f"{done.output}{done.exception}"
    return done.exit_code, told


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(
    ("page", "words"),
    [
        (f"/tranh-chap/{NAMES['dispute']}/ho-so.pdf?true_on=$TODAY", ("case", NAMES["dispute"])),
        (f"/li-xang/kiem-tra/ket-qua.pdf?{ASKS}&true_on=$TODAY", ("licence", *USE)),
        ("/so-lieu/2026.pdf", ("year", "2026")),
    ],
    ids=["case", "licence", "year"],
)
def test_a_report_is_the_page_s_byte_for_byte_and_verifies(
    asked: Loaded,
    http: httpx2.Client,
    tmp_path: Path,
    language: str,
    page: str,
    words: tuple[str, ...],
):
    file = tmp_path / "report.pdf"
    day = ("--true-on", asked.words["TODAY"]) if "$TODAY" in page else ()
    given = ("--pdf", str(file), "--lang", language, "--json", *day)
    code, told = run(*words, *given)
    assert 0 == code, told
    answer = http.get(("/en" if language == "en" else "") + asked.said(page))
    assert answer.content == file.read_bytes()
    assert {
        "file": str(file),
        "bytes": len(answer.content),
        "sha256": sha256(answer.content).hexdigest(),
        "evidence_verified": True,
        "pages": "unchecked",
    } == json.loads(told)
    assert 0 == main([str(file), "--trust", str(asked.trust)])
    code, told = run(*words, *given)
    assert (2, True) == (code, "FILE_EXISTS" in told), "what is there is not written over"


def test_without_a_trust_root_nothing_is_said_to_be_verified(
    asked: Loaded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    del asked
    monkeypatch.delenv("LEDGER_TRUST")
    code, told = run("year", "2026", "--pdf", str(tmp_path / "year.pdf"))
    assert (0, True) == (code, "nothing of it is verified" in told)
    assert "python -m ledger.verify" in told
    other = str(tmp_path / "other.pdf")
    assert '"evidence_verified": false' in run("year", "2025", "--json", "--pdf", other)[1]


def test_a_month_and_an_earlier_state_are_asked_for(asked: Loaded, tmp_path: Path):
    file = tmp_path / "month.pdf"
    code, told = run(
        *("year", asked.words["TODAY"][:4], "--month", "1", "--known-at", "3", "--pdf", str(file))
    )
    assert 0 == code, told
    assert "to entry 3" in " ".join(pages_of(file.read_bytes()))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("licence", NAMES["firm"], "burn", "iso:VN"), "act=burn"),
        (("licence", NAMES["firm"], "sell", "iso:VN", "--true-on", "2026-02-30"), "2026-02-30"),
        (("year", "2026", "--month", "13"), "month=13"),
        (("case", "contract:2026-014"), "contract:2026-014"),
    ],
)
def test_what_cannot_be_asked_is_told_and_nothing_is_written(
    asked: Loaded, tmp_path: Path, words: tuple[str, ...], says: str
):
    del asked
    file = tmp_path / "report.pdf"
    code, told = run(*words, "--pdf", str(file))
    assert (2, True) == (code, says in told) or says in told, told
    assert not file.exists()


def test_a_report_with_another_log_s_evidence_is_not_written(
    asked: Loaded, http: httpx2.Client, tmp_path: Path
):
    """A server that has changed a byte of the bundle, or that is another log, is refused."""
    pdf = http.get("/en/so-lieu/2026.pdf").content
    trust = json.loads(asked.trust.read_bytes())
    other = tmp_path / "trust.json"
    other.write_text(json.dumps({**trust, "genesis_sha256": "0" * 64}), "utf-8")
    file = tmp_path / "report.pdf"
    with answering(reply(200, pdf, "Content-Type: application/pdf")) as url:
        honest = run("year", "2026", "--pdf", str(file), "--url", url)
        assert 0 == honest[0], honest
        file.unlink()
        code, told = run("year", "2026", "--pdf", str(file), "--url", url, "--trust", str(other))
    assert (2, True) == (code, "REFUSED" in told) or "REFUSED" in told
    assert not file.exists()
