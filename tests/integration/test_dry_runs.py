"""
A dry run says what the submission right after it says, and leaves nothing behind.

`DRY_RUNS` is how many random histories are held to that, `DRY_STEPS` how long one is.
"""

import errno
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli import events
from api.describe.checking import NOT_VERIFIED
from ledger.events.compose import uuid7
from ledger.follow.client import LedgerClient, Signed, VerifiedReceipt, read_trust
from ledger.home.antirollback import Halted
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.node import Node
from ledger.sequence.judging import Recorded
from tests.support.builders import INSTITUTE, technology_registered
from tests.support.dry_runs import HEADERS, NEWCOMERS, Chance, check, contents, submit
from tests.support.http import serving
from tests.support.node import append, found, running
from tests.support.postgres import Database
from tests.support.promising import head_locked
from tests.support.sealing import agreements, distribution, erasure, report
from tests.support.tale import cast_of, play
from tests.support.world import World

RUNS = int(os.environ.get("DRY_RUNS", "2"))
STEPS = int(os.environ.get("DRY_STEPS", "30"))

CODES_TRIED = 5


@pytest.fixture
def world(settings: Settings) -> World:
    return World.of(found(settings))


class Holding:
    """Holds what is said of each event to what becomes of it, and the database to itself."""

    def __init__(self, node: Node, url: str, dsn: str) -> None:
        self._url, self._dsn = url, dsn
        self._vault = node.vault.keys.directory
        self.codes: Counter[str] = Counter()

    def contents(self) -> dict[str, str]:
        return contents(self._dsn, self._vault)

    def submit(self, signed: Signed) -> httpx2.Response:
        """Check an event, twice, then submit it, then do both again."""
        before = self.contents()
        judged = [check(self._url, signed).json() for _ in range(2)]
        assert before == self.contents()
        said, again = ({**each, "judged": None} for each in judged)
        assert said == again
        answer = submit(self._url, signed)
        told, killed = answer.json(), self._graves() != before["ledger.refusals"]
        verdict = "admitted" if answer.status_code == 201 else "refused"
        assert (verdict, killed) == (said["verdict"], said.get("final", False))
        if answer.status_code == 201:
            assert said["size"] == told["position"]
        else:
            assert _essence(said["problem"]) == _essence(told)
        self.codes[told.get("code", "admitted")] += 1
        self._again(signed, killed=killed)
        return answer

    def _graves(self) -> str:
        return self.contents()["ledger.refusals"]

    def _again(self, signed: Signed, *, killed: bool) -> None:
        judged, told = check(self._url, signed).json(), submit(self._url, signed).json()
        if "position" in told:
            assert ("recorded", told["position"]) == (judged["verdict"], judged["position"])
        else:
            assert _essence(judged["problem"]) == _essence(told)
            assert (killed, killed) == (judged["final"], "refused" in judged)


def _essence(problem: dict[str, Any]) -> dict[str, Any]:
    """Return a problem without what names an instant or a request, and without the signed note."""
    own = ("detail", "refusal", "request_id")
    return {name: value for name, value in problem.items() if name not in own}


@pytest.mark.parametrize("seed", range(RUNS))
def test_a_dry_run_answers_what_the_submission_right_after_it_answers(
    seed: int, settings: Settings, world: World, database: Database
) -> None:
    with running(settings) as node, serving(node) as url:
        outcomes = append(node, *(world.registration(p, **how) for p, how in NEWCOMERS.items()))
        assert all(isinstance(each, Recorded) for each in outcomes), outcomes
        holding, chance = Holding(node, url, database.superuser_dsn), Chance(world, seed)
        for _ in range(STEPS):
            body, signed = chance.next()
            if holding.submit(signed).status_code == 201:
                chance.recorded(body, signed)
        assert holding.codes["admitted"] > STEPS // 10, holding.codes
        assert len(holding.codes) > CODES_TRIED, holding.codes


def test_what_is_sealed_is_opened_for_a_dry_run_and_kept_by_none(
    settings: Settings, world: World, database: Database
) -> None:
    """The story of the demo: sealed prices, what rules take from the vault, two refusals."""

    class Checking(LedgerClient):
        def submit(self, signed: Signed, *, witnessed: bool = False) -> VerifiedReceipt:
            holding.submit(signed)
            return super().submit(signed, witnessed=witnessed)

    trust = read_trust(Home(settings.home).trust)
    with running(settings) as node, serving(node) as url, Checking(url, trust) as ledger:
        holding = Holding(node, url, database.superuser_dsn)
        tale = play(ledger, world, cast_of(world))
        assert any(signed.openings for signed in tale.sent.values())
        assert tale.refusals.keys()


def test_whom_the_log_orders_to_erase_is_recalled_by_no_dry_run(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the deed is still to be done."""

    def dies(*_: object) -> bool:
        raise OSError(errno.EIO, "input/output error")

    with running(settings) as node, serving(node) as url:
        append(node, *agreements(world), report(world))
        shared = distribution(world)
        assert "admitted" == check(url, shared).json()["verdict"]
        monkeypatch.setattr("ledger.home.datakeys.DataKeys.erase", dies)
        append(node, erasure(world))
        assert "OPENING_REQUIRED" == check(url, shared).json()["problem"]["code"]


@pytest.fixture
def node(settings: Settings, world: World) -> Iterator[Node]:
    with running(settings) as started:
        append(started, *world.registrations())
        yield started


@pytest.fixture
def url(node: Node) -> Iterator[str]:
    with serving(node) as served:
        yield served


def technology(world: World, signer: str = INSTITUTE) -> Signed:
    return world.sign(technology_registered(technology=f"technology:{uuid7()}"), signer)


def test_nobody_waits_for_a_dry_run_nor_a_dry_run_for_who_holds_the_log(
    url: str, world: World, database: Database
) -> None:
    with head_locked(database.superuser_dsn):
        assert "admitted" == check(url, technology(world)).json()["verdict"]


def test_a_dry_run_warms_no_subject_and_learns_no_key(node: Node, url: str, world: World) -> None:
    warm, keys = set(node.sequencer._folds._values), node.sequencer._folds.size
    newcomer = world.registration("party:vn.newcomer")
    assert "admitted" == check(url, newcomer).json()["verdict"]
    assert (warm, keys) == (set(node.sequencer._folds._values), node.sequencer._folds.size)
    unknown = check(url, technology(world, "party:vn.newcomer")).json()
    assert ("refused", "KEY_UNKNOWN") == (unknown["verdict"], unknown["problem"]["code"])


def test_where_somebody_else_signs_the_log_dry_runs_go_on(
    settings: Settings, node: Node, world: World
) -> None:
    follower = settings.model_copy(update={"promises_max": 1})
    with running(follower, publishes=False) as other, serving(other) as url:
        signed = technology(world)
        assert "admitted" == check(url, signed).json()["verdict"]
        (recorded,) = append(node, signed)
        assert isinstance(recorded, Recorded)
        told = check(url, signed).json()
        assert ("recorded", recorded.position) == (told["verdict"], told["position"])


def test_signatures_are_checked_as_those_of_a_submission(url: str, world: World) -> None:
    signed, other = technology(world), technology(world)
    forged = replace(signed.envelope, signatures=other.envelope.signatures)
    said, told = (ask(url, Signed(forged)).json() for ask in (check, submit))
    assert ("refused", False, "BAD_SIGNATURE") == (
        said["verdict"],
        said["final"],
        said["problem"]["code"],
    )
    assert _essence(said["problem"]) == _essence(told)
    assert said["problem"]["detail"] == told["detail"]
    assert "size" not in said


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"envelope": 1}', b"\xff", b"1" * 300_000]
)
def test_what_is_no_event_is_told_as_a_submission_is(url: str, content: bytes) -> None:
    said, told = (
        httpx2.post(f"{url}/v1/events{path}", content=content, headers=HEADERS)
        for path in ("/check", "")
    )
    assert (said.status_code, _essence(said.json())) == (told.status_code, _essence(told.json()))
    assert said.json()["detail"] == told.json()["detail"]
    assert said.status_code in {413, 422}


def test_a_ledger_that_has_halted_says_so(node: Node, url: str, world: World) -> None:
    node.sequencer.refuse(Halted("a test"))
    told = check(url, technology(world))
    assert (503, "HALTED") == (told.status_code, told.json()["code"])


def test_a_ledger_whose_clock_is_behind_says_so(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(settings) as node, serving(node) as url:
        append(node, *world.registrations())
        signed = technology(world)
        now = node.clock.now
        monkeypatch.setattr(node.sequencer, "_clock", lambda: now() - timedelta(seconds=90))
        told = check(url, signed)
        assert (503, "CLOCK_BEHIND") == (told.status_code, told.json()["code"])


def test_the_sdk_and_the_command_say_what_the_ledger_says(
    url: str, settings: Settings, world: World, tmp_path: Path
) -> None:
    trust, file = Home(settings.home).trust, tmp_path / "event.json"
    good, bad = technology(world), world.registration(INSTITUTE)
    with LedgerClient(url, read_trust(trust)) as ledger:
        assert ("admitted", None) == (ledger.check(good).verdict, ledger.check(good).problem)
        refused = ledger.check(bad)
        assert refused.problem is not None
        assert ("refused", True, "PARTY_EXISTS") == (
            refused.verdict,
            refused.final,
            refused.problem.code,
        )

    def said(signed: Signed) -> tuple[int, str]:
        file.write_bytes(signed.to_json())
        asked = ["check", str(file), "--url", url, "--trust", str(trust)]
        told = CliRunner().invoke(events.app, asked)
        heading, line, *_ = lines = told.stdout.splitlines()
        assert NOT_VERIFIED.en == heading
        return told.exit_code, line if told.exit_code == 0 else "\n".join(lines)

    assert (0, "would be admitted, as of 4 entries") == said(good)
    code, told = said(bad)
    assert 1 == code
    assert "would be refused, PARTY_EXISTS" in told
    assert "mend the cause before" in told
    submit(url, good), submit(url, bad)
    assert (0, "is recorded at position 4, as of 5 entries") == said(good)
    assert "sign a new event" in said(bad)[1]


SAID_IN = {
    "vi": ("máy chủ trả lời", "Bên này đã được đăng ký", "thêm khóa bằng key.added/1"),
    "en": ("the server says", "The party is already registered", "is added by key.added/1"),
}


@pytest.mark.parametrize("language", SAID_IN)
def test_a_command_tells_a_refusal_in_the_language_asked_for(
    url: str, settings: Settings, world: World, tmp_path: Path, language: str
) -> None:
    says, title, helps = SAID_IN[language]
    (file := tmp_path / "event.json").write_bytes(world.registration(INSTITUTE).to_json())
    asked = [str(file), "--url", url, "--trust", str(Home(settings.home).trust)]
    told = CliRunner().invoke(events.app, ["check", *asked], env={"LEDGER_LANG": language})
    assert (1, True) == (told.exit_code, f"PARTY_EXISTS: {title}: " in told.stdout)
    assert helps in told.stdout
    refused = CliRunner().invoke(events.app, ["submit", *asked, "--lang", language])
    assert f"{refused.exception}".startswith(f"PARTY_EXISTS: {says}: {title}: ")
    assert f"{refused.exception}".endswith(helps)
