"""A promise is kept: across a crash, an erasure and faults, by one process or several."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.watching import checks
from ledger.domain import admission
from ledger.events.compose import uuid7
from ledger.events.intake import Invalid
from ledger.home.antirollback import Halted
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.log.note import parse_vkey
from ledger.log.statement import SignedRefusal, open_statement
from ledger.node.answers import PromisedAnswer
from ledger.node.node import Node, vault_of
from ledger.node.promises import LOOK_S, TRIES, Promises
from ledger.runtime.turns import Busy
from ledger.sequence.judging import Recorded
from ledger.sequence.vault import Vault
from ledger.store.connection import OutcomeUnknown, Pool
from ledger.store.stored_promises import count_waiting, find_promise, taking
from ledger.verify.word import Kept
from tests.support.builders import (
    AUTHOR,
    INSTITUTE,
    share_agreed,
)
from tests.support.http import serving
from tests.support.node import append, running
from tests.support.postgres import Database, run_sql
from tests.support.promising import (
    answer,
    ask_promise,
    at_work,
    await_waiting,
    head_locked,
    refused_for_good,
    rows,
    technology,
    word_of,
)
from tests.support.sealing import erasure, sealed
from tests.support.world import World, submission


def test_a_promise_outlives_the_process_that_gave_it(
    settings: Settings, world: World, database: Database, tmp_path: Path
) -> None:
    """It is given though nothing can be appended, and kept by the next process."""
    refused, admitted = refused_for_good(world), technology(world)
    with (
        at_work(settings, world) as node,
        serving(node) as url,
        head_locked(database.superuser_dsn),
    ):
        promises = [ask_promise(url, each) for each in (admitted, refused)]
        assert [202, 202] == [each.status_code for each in promises]
        assert 2 == rows(database)
    with running(settings) as node, serving(node) as url:
        assert ["recorded", "refused"] == [answer(url, each)["state"] for each in promises]
        refusal = answer(url, promises[1])["refusal"].encode()
        assert (0, 0) == count_waiting(node.pool, datetime.now(UTC))
    home = Home(settings.home)
    for promise, shown, kept in zip(
        promises, (None, refusal), (Kept.RECORDED, Kept.ANSWERED), strict=True
    ):
        note = promise.json()["promise"].encode()
        word = word_of(note, database.superuser_dsn, home, tmp_path / "log", shown)
        assert kept is word.kept


def test_an_operator_who_forgets_what_was_promised_is_found_out(
    settings: Settings, world: World, database: Database, tmp_path: Path
) -> None:
    hasty = settings.model_copy(update={"promise_s": 1})
    home = Home(settings.home)
    with at_work(hasty, world) as node, serving(node) as url:
        assert node.promises
        node.promises.stop()
        note = ask_promise(url, technology(world)).json()["promise"].encode()
        run_sql(database.superuser_dsn, "DELETE FROM ledger.promises")
        assert Kept.OPEN is word_of(note, database.superuser_dsn, home, tmp_path / "log").kept
        time.sleep(2)
        (other,) = append(node, technology(world))
        assert isinstance(other, Recorded)
        node.feed.covering(other.position).result(30)
    word = word_of(note, database.superuser_dsn, home, tmp_path / "log")
    assert Kept.BROKEN is word.kept
    assert "neither recorded nor" in word.why


def test_several_processes_have_each_judged_once(settings: Settings, world: World) -> None:
    many = [technology(world) for _ in range(80)]
    with at_work(settings, world) as one, running(settings, publishes=False) as other:
        assert one.promises
        assert other.promises
        judged = Counter[bytes]()
        for promises in (one.promises, other.promises):
            count_judged(promises, judged)
        one.promises.give([submission(each) for each in many])
        other.promises.loop.wake()
        await_waiting(one, 0)
    assert {1} == set(judged.values())
    assert 80 == len(judged)


def count_judged(promises: Promises, judged: "Counter[bytes]") -> None:
    whole = promises._outcomes

    def outcomes(rows: Any) -> Any:
        judged.update(row.payload_sha256 for row in rows)
        return whole(rows)

    promises._outcomes = outcomes  # type: ignore[method-assign]


def test_two_who_take_do_not_take_the_same(held: Promises, node: Node, world: World) -> None:
    held.give([submission(technology(world)) for _ in range(3)])
    with taking(node.pool, 2) as mine:
        others = Pool(node.database.app_dsn, 1)
        with taking(others, 9) as theirs:
            assert (2, 1) == (len(mine.rows), len(theirs.rows))
            assert not {*mine.rows} & {*theirs.rows}
        others.close()


@pytest.mark.parametrize("fault", [Busy("full"), OutcomeUnknown("lost"), Halted("stopped")])
def test_what_could_not_be_judged_is_tried_again_until_it_is(
    node: Node, url: str, world: World, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    whole, faults = node.sequencer.submit, iter([fault] * 2)

    def submit(many: Any, *, bulk: bool = False) -> Any:
        if error := next(faults, None):
            raise error
        return whole(many, bulk=bulk)

    monkeypatch.setattr(node.sequencer, "submit", submit)
    assert "recorded" == answer(url, ask_promise(url, technology(world)))["state"]
    assert node.promises
    assert node.promises.loop.error is None


def test_one_at_which_our_code_fails_is_refused_so_under_our_signature(
    node: Node, url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a stranger could make evidence of censorship, and fill what is kept for promises."""

    def admit(*_: object) -> None:
        raise ValueError("Exceeds the limit (4300 digits)")

    monkeypatch.setattr(admission, "admit", admit)
    told = answer(url, ask_promise(url, technology(world)))
    assert "refused" == told["state"]
    assert ("NOT_JUDGED", "no") == said_of(node, told["refusal"])
    assert (0, 0) == count_waiting(node.pool, datetime.now(UTC))


def test_one_that_fails_whenever_it_is_tried_is_refused_after_some_times(
    node: Node, url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault lies before the rules, or in what is written: nobody knows whose it is."""
    whole, bad = node.sequencer.submit, technology(world)
    spoilt = submission(bad).event.event_id
    tried: list[int] = []

    def submit(many: Any, *, bulk: bool = False) -> Any:
        if any(each.event.event_id == spoilt for each in many):
            tried.append(len(many))
            raise KeyError("a fault of ours")
        return whole(many, bulk=bulk)

    monkeypatch.setattr("ledger.node.promises.LOOK_S", 0.05)
    monkeypatch.setattr(node.sequencer, "submit", submit)
    told = answer(url, ask_promise(url, bad))
    assert "refused" == told["state"]
    assert ("NOT_JUDGED", "no") == said_of(node, told["refusal"])
    assert len(tried) == TRIES + 1
    monkeypatch.undo()
    assert "recorded" == answer(url, ask_promise(url, technology(world)))["state"]


def said_of(node: Node, refusal: str) -> tuple[str, str]:
    assert node.refuser
    said = open_statement(refusal.encode(), [parse_vkey(node.refuser.vkey)])
    assert isinstance(said, SignedRefusal)
    return said.code, said.final


def test_one_that_cannot_be_read_keeps_no_other_waiting(
    held: Promises, settings: Settings, world: World, database: Database
) -> None:
    """Anyone who owns the database altered it: it stays, and is seen to be late."""
    signed = technology(world)
    (spoilt,) = held.give([submission(signed)])
    change = "SET sealed = set_byte(sealed, 40, 255 - get_byte(sealed, 40))"
    run_sql(database.superuser_dsn, f"UPDATE ledger.promises {change}")
    held.give([submission(technology(world)) for _ in range(3)])
    with running(settings, publishes=False) as node:
        await_waiting(node, 1)
        assert isinstance(spoilt, PromisedAnswer)
        assert (1, 1) == count_waiting(node.pool, spoilt.answer_by + timedelta(seconds=1))
        left = find_promise(node.pool, bytes.fromhex(spoilt.payload.removeprefix("sha256:")))
        assert left is not None
        assert 0 < left.tries
        # Anyone who holds the promise sends the same bytes again: it is kept after all.
        assert [spoilt] == held.give([submission(signed)])
        await_waiting(node, 0)


def test_a_person_who_is_erased_meanwhile_is_read_by_nobody(
    held: Promises, settings: Settings, world: World, node: Node, database: Database
) -> None:
    """The submission is judged by what is left of it, and answered."""
    agreed = sealed(world, share_agreed(), ("/body/parts",), AUTHOR, INSTITUTE)
    (promise,) = held.give([submission(agreed)])
    assert isinstance(promise, PromisedAnswer)
    digest = bytes.fromhex(promise.payload.removeprefix("sha256:"))
    vault = vault_of(settings, node.pool)

    def openings() -> int:
        row = find_promise(node.pool, digest)
        assert row is not None
        assert row.sealed is not None
        assert AUTHOR.encode() not in row.sealed
        return len(vault.unseal_submission(row.event_id, digest, row.sealed).openings)

    assert 1 == openings()
    (erased,) = append(node, erasure(world))
    assert isinstance(erased, Recorded)
    vault.forget()
    assert 0 == openings()
    with serving(node) as url:
        # What would have to be kept of somebody who was erased is not promised either.
        other = sealed(
            world, share_agreed(share=f"share:{uuid7()}"), ("/body/parts",), AUTHOR, INSTITUTE
        )
        assert "Preference-Applied" not in ask_promise(url, other).headers
    assert 1 == rows(database)
    with running(settings, publishes=False) as other:
        await_waiting(other, 0)


@pytest.mark.usefixtures("held")
def test_what_is_late_shows_in_status_and_metrics(
    node: Node, url: str, world: World, database: Database
) -> None:
    ask_promise(url, technology(world))
    check = checks._promises(node.pool, datetime.now(UTC))
    assert (True, "1 wait for their answer, 0 of them past their time") == (
        check.well,
        check.seen.en,
    )
    run_sql(database.superuser_dsn, "UPDATE ledger.promises SET answer_by = received")
    check = checks._promises(node.pool, datetime.now(UTC))
    assert (False, "1 wait for their answer, 1 of them past their time") == (
        check.well,
        check.seen.en,
    )
    measured = httpx2.get(f"{url}/metrics").text.splitlines()
    assert {'ledger_waiting{line="promises"} 1.0', "ledger_promises_late 1.0"} < {*measured}


def test_what_newer_software_took_in_waits_for_it(
    held: Promises, settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    held.give([submission(technology(world))])
    unknown = Invalid("TYPE_UNKNOWN", "this type of event is not known here", pointer="/type")
    with monkeypatch.context() as older:
        older.setattr(Vault, "unseal_submission", lambda *_: raised(unknown))
        assert LOOK_S == held._step()
    with running(settings, publishes=False) as newer:
        await_waiting(newer, 0)


def raised(error: Exception) -> None:
    raise error
