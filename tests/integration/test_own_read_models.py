"""The guide to a read model of one's own: its program runs as it stands, beside a ledger."""

from typing import Any
from uuid import uuid4

import pytest
from eventsourcing.dcb.domain import Tagged
from eventsourcing.persistence import ProgrammingError
from typer.testing import CliRunner

from api.cli import operate
from ledger.events.library import EntryMapper, LedgerLog
from ledger.home.paths import Home
from ledger.node.node import Node
from tests.support.builders import FIRM, INSTITUTE, RIVAL, offer_made
from tests.support.node import append
from tests.support.postgres import Database, run_sql
from tests.support.told_page import blocks_of
from tests.support.world import World

PAGE = "guides/own-read-models.md"


@pytest.fixture
def program(database: Database, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    run_sql(database.owner_dsn, blocks_of(PAGE, "sql"))
    monkeypatch.setenv("LEDGER_DATABASE_URL", database.app_dsn)
    names: dict[str, Any] = {"__name__": "mine"}
    exec(compile(blocks_of(PAGE, "python"), PAGE, "exec"), names)
    return names


def offered(node: Node, world: World, times: int) -> int:
    """Have the firm offer so many times; return how many entries the log has."""
    offers = (offer_made(offer=f"offer:{uuid4()}", listing=None) for _ in range(times))
    outcomes = append(node, *(world.sign(each, FIRM) for each in offers))
    return max(each.position for each in outcomes) + 1


def test_the_program_of_the_guide_counts_what_is_recorded_and_goes_on_where_it_stopped(
    program: dict[str, Any],
    node: Node,
    world: World,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
):
    append(node, *world.registrations((INSTITUTE, FIRM, RIVAL)))
    size = offered(node, world, 2)
    with program["run"]() as runner:
        runner.wait(size, timeout=20)
        assert (2, 0) == (runner.view.offers_of(FIRM), runner.view.offers_of(RIVAL))
        size = offered(node, world, 1)
        runner.wait(size, timeout=20)
        assert 3 == runner.view.offers_of(FIRM)
    size = offered(node, world, 2)
    with program["run"]() as runner:
        runner.wait(size, timeout=20)
        assert 5 == runner.view.offers_of(FIRM)
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    fsck = CliRunner().invoke(operate.app, ["fsck"])
    assert (0, False) == (fsck.exit_code, "mine" in fsck.stdout), fsck.stdout


def test_nothing_is_recorded_through_the_library():
    with pytest.raises(ProgrammingError, match="submitting it, signed"):
        EntryMapper().to_dcb_event(Tagged([], None))
    assert "ledger.events.library:EntryMapper" == LedgerLog.env["MAPPER_TOPIC"]
