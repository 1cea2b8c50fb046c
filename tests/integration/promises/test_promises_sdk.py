"""The SDK and the commands ask for a promise, believe it where it verifies, and keep it."""

import json
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.domain.core.refusal import Refusal
from ledger.follow.audit import StoredLog, export
from ledger.follow.client import LedgerClient, ReceiptRefused, Signed, VerifiedReceipt, VerifiedWord
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.log.note import Ed25519NoteSigner
from ledger.log.statement import KEY_SUFFIX, Promise, SignedRefusal, sign_statement
from ledger.publish.refuser import Refuser, refuser_of
from ledger.store.connection import Pool
from ledger.verify.__main__ import main
from ledger.verify.trust import parse_trust
from tests.support.log import ed25519_key
from tests.support.postgres import Database
from tests.support.promising import (
    refused_for_good,
    technology,
)
from tests.support.world import World, submission


@contextmanager
def client(url: str, settings: Settings, change: Callable[[Any], Any] | None = None) -> Any:
    """Lend a client of the server, or of one that lies: `change` is what it makes of answers."""
    trust = parse_trust(Home(settings.home).trust.read_bytes())

    def lie(request: httpx2.Request) -> httpx2.Response:
        with httpx2.Client() as honest:
            told = honest.request(
                request.method, str(request.url), content=request.content, headers=request.headers
            )
        if "/v1/evidence" in str(request.url) or change is None:
            return httpx2.Response(told.status_code, content=told.content)
        return httpx2.Response(told.status_code, content=json.dumps(change(told.json())).encode())

    with LedgerClient(url, trust, transport=httpx2.MockTransport(lie)) as ledger:
        yield ledger


def answered(ledger: LedgerClient, signed: Signed) -> VerifiedReceipt | VerifiedWord:
    while (found := ledger.promised_answer(signed)) is None:
        pass
    return found


def test_a_promise_and_what_became_of_it_are_verified(
    url: str, settings: Settings, world: World
) -> None:
    admitted, refused = technology(world), refused_for_good(world)
    with client(url, settings) as ledger:
        for signed, kind in ((admitted, VerifiedReceipt), (refused, VerifiedWord)):
            promise = ledger.submit_promised(signed)
            assert isinstance(promise.said, Promise)
            assert submission(signed).event.payload_hash == promise.said.payload
            assert isinstance(answered(ledger, signed), kind)
        said = answered(ledger, refused).said
        assert isinstance(said, SignedRefusal)
        assert ("SUBJECT_EXISTS", "yes") == (said.code, said.final)
        # What has its answer already is answered at once.
        assert isinstance(ledger.submit_promised(admitted), VerifiedReceipt)


def by_another_key(members: Any) -> Any:
    origin = members["promise"].splitlines()[1].removeprefix("origin ")
    stranger = Ed25519NoteSigner(origin + KEY_SUFFIX, ed25519_key("stranger"))
    said = Promise(
        origin,
        *(members[name] for name in ("event_id", "payload_sha256", "received", "answer_by")),
    )
    return members | {"promise": sign_statement(said, stranger).decode()}


@pytest.mark.parametrize(
    "change",
    [
        by_another_key,
        lambda members: (
            members | {"promise": members["promise"].replace("answer-by 2", "answer-by 3")}
        ),
        lambda members: members | {"promise": ""},
        lambda _members: {},
    ],
)
def test_a_promise_that_no_key_of_the_log_gave_is_refused(
    url: str, settings: Settings, world: World, change: Callable[[Any], Any]
) -> None:
    with client(url, settings, change) as ledger, pytest.raises(ReceiptRefused):
        ledger.submit_promised(technology(world))


@pytest.fixture
def refuser(settings: Settings) -> Refuser:
    home = Home(settings.home)
    refuser = refuser_of(home.identity().origin, home.keys)
    assert refuser, "its key is at hand"
    return refuser


def test_a_promise_that_is_dated_otherwise_or_takes_years_is_refused(
    url: str, settings: Settings, world: World, refuser: Refuser
) -> None:
    now = datetime.now(UTC)

    def dated(received: datetime, answer_by: datetime) -> Callable[[Any], Any]:
        def lie(members: Any) -> Any:
            of = members["event_id"], members["payload_sha256"]
            return members | {"promise": refuser.promise(*of, received, answer_by).decode()}

        return lie

    minutes, day = timedelta(minutes=1), timedelta(days=1)
    for start, end, good in (
        (timedelta(), day, True),
        (4 * minutes, 5 * minutes, True),
        (timedelta(), day + minutes, False),
        (timedelta(), 300_000 * day, False),
        (6 * minutes, 7 * minutes, False),
        (-6 * minutes, -5 * minutes, False),
        (300_000 * day, 300_000 * day, False),
    ):
        signed = technology(world)
        with client(url, settings, dated(now + start, now + end)) as ledger:
            if good:
                assert isinstance(ledger.submit_promised(signed), VerifiedWord)
                continue
            with pytest.raises(ReceiptRefused, match="the promise"):
                ledger.submit_promised(signed)


def test_a_refusal_of_before_the_log_or_of_a_time_to_come_is_refused(
    url: str, settings: Settings, world: World, refuser: Refuser
) -> None:
    now = datetime.now(UTC)
    signed = refused_for_good(world)
    with client(url, settings) as ledger:
        ledger.submit_promised(signed)
        event_id = answered(ledger, signed).said.event_id
    payload = submission(signed).event.payload_hash
    for said_at, good in (
        (now, True),
        (now + timedelta(minutes=4), True),
        (now + timedelta(minutes=6), False),
        (now - timedelta(days=365), False),
    ):
        refusal = Refusal("said by hand")
        refusal.code, refusal.at = "SUBJECT_EXISTS", said_at
        note = refuser.sign(refusal, event_id, payload).decode()
        lie = lambda members, note=note: members | {"refusal": note}  # noqa: E731
        with client(url, settings, lie) as ledger:
            if good:
                assert isinstance(ledger.promised_answer(signed), VerifiedWord)
                continue
            with pytest.raises(ReceiptRefused, match="the statement says refused"):
                ledger.promised_answer(signed)


def test_a_promise_of_something_else_is_refused(url: str, settings: Settings, world: World) -> None:
    with client(url, settings) as ledger:
        other = ledger.submit_promised(technology(world)).note.decode()
        refused = refused_for_good(world)
        ledger.submit_promised(refused)
        refusal = answered(ledger, refused).note.decode()
    for note in (other, refusal):
        lie = lambda members, note=note: members | {"promise": note}  # noqa: E731
        with client(url, settings, lie) as ledger, pytest.raises(ReceiptRefused):
            ledger.submit_promised(technology(world))
    lie = lambda members: members | {"state": "refused", "refusal": refusal}  # noqa: E731
    signed = technology(world)
    with client(url, settings) as ledger:
        ledger.submit_promised(signed)
    with client(url, settings, lie) as ledger, pytest.raises(ReceiptRefused):
        ledger.promised_answer(signed)


def test_the_commands_keep_the_promise_and_the_refusal_as_files_and_verify_holds_them_to_the_log(
    url: str,
    settings: Settings,
    world: World,
    tmp_path: Path,
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    trust = str(Home(settings.home).trust)
    at = ["--url", url, "--trust", trust]

    def run(*words: object) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["events", *map(str, words), *at])
        return done.exit_code, done.stdout

    def verify(says: str, *words: object) -> tuple[int, bool]:
        pool = Pool(database.superuser_dsn, size=2)
        export(StoredLog(pool), tmp_path / "log")
        pool.close()
        capsys.readouterr()
        code = main([*map(str, words), "--log", str(tmp_path / "log"), "--trust", trust])
        return code, says in capsys.readouterr().out

    note, refusal = tmp_path / "promise.note", tmp_path / "refusal.note"
    for signed, code in ((technology(world), 0), (refused_for_good(world), 1)):
        (tmp_path / "envelope.json").write_bytes(signed.to_json())
        note.unlink(missing_ok=True)
        submitted = run("submit", tmp_path / "envelope.json", "--promise", note)
        assert 0 == submitted[0]
        assert "promised to be recorded or refused by" in submitted[1]
        ask = ("answer", tmp_path / "envelope.json", "--refusal", refusal)
        while 3 == (told := run(*ask))[0]:
            assert "waits" in told[1]
        assert code == told[0], told
        if code:
            assert "refused, SUBJECT_EXISTS" in told[1]
            assert (0, True) == verify("ANSWERED: ", note, "--refusal", refusal)
        else:
            assert "verified  position" in told[1]
            assert (0, True) == verify("RECORDED: ", note)
            assert 2 == run("submit", tmp_path / "envelope.json", "--promise", note)[0]
            none = tmp_path / "none.note"
            again = [*ask[1:2], "--promise", none, *at]
            done = CliRunner().invoke(app, ["events", "submit", *map(str, again)])
            assert (0, False) == (done.exit_code, none.exists())
            assert f"no promise was made: {none} is not written" in done.stderr
