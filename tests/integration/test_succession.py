"""A log is closed and another follows it: both verify for ever, and so does the way between."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.cli.main import app
from api.cli.sealer import seal
from ledger.domain.government.governance import LedgerClosed, LedgerIsClosed, SuccessionTooLate
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.follow.audit import StoredLog, export
from ledger.follow.client import Signed
from ledger.home.antirollback import Halted
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.genesis import AppendRefused, initialise
from ledger.node.node import Node
from ledger.node.succession import (
    AnotherSuccessor,
    NotClosed,
    NotDeclared,
    check_succession,
    read_closed,
)
from ledger.publish.receipts import Prover
from ledger.runtime.clock import Clock
from ledger.sequence.sequencer import ClockBehind
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from ledger.verify.verifier import verify_export, verify_receipt
from ledger.wire.envelope import envelope_to_object
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    technology_registered,
)
from tests.support.node import append, found, running, settings_for
from tests.support.parties import PERSON, person_erased
from tests.support.postgres import fresh_database
from tests.support.tampering import as_owner
from tests.support.world import World


@dataclass
class Log:
    """A log: its settings, its home, its people, and where it is exported to."""

    settings: Settings
    home: Home
    directory: Path

    @property
    def origin(self) -> str:
        return self.home.identity().origin

    @property
    def trust(self) -> bytes:
        return self.home.trust.read_bytes()

    def say(self, *signed: Signed) -> list[Any]:
        """Append events one after the other, publish and export; return the outcomes."""
        with running(self.settings) as node:
            outcomes = [append(node, each)[0] for each in signed]
            _published(node)
            export(StoredLog(node.pool), self.directory)
        return outcomes

    def run(self, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
        """Run a command of this log's operator."""
        monkeypatch.setenv("LEDGER_HOME", str(self.home.path))
        monkeypatch.setenv("LEDGER_DATABASE_URL", str(self.settings.database_url))
        monkeypatch.setenv("LEDGER_DATABASE_OWNER_URL", str(self.settings.database_owner_url))
        return CliRunner().invoke(app, words)


def _published(node: Node) -> None:
    """Wait until everything that is committed is under a checkpoint."""
    with node.pool.session() as session:
        session.execute("SELECT size FROM ledger.head")
        ((size,),) = session.fetchall()
    node.feed.covering(size - 1).result(30)


@pytest.fixture
def logs(postgres_server: EmbeddedPostgres, tmp_path: Path) -> Iterator[tuple[Log, Log]]:
    """Make an old log and a new one, each on a database of its own."""
    with ExitStack() as stack:
        first, second = (stack.enter_context(fresh_database(postgres_server)) for _ in range(2))
        old = settings_for(first, tmp_path / "old")
        new = settings_for(second, tmp_path / "new")
        home = found(old)
        as_owner(second, "DELETE FROM ledger.head")
        initialise(new, "ledger.example.vn", OPERATOR, REGISTRAR, delay_s=0)
        yield (
            Log(old, home, tmp_path / "old-log"),
            Log(new, Home(new.home), tmp_path / "new-log"),
        )


def closing(log: Log, world: World, **members: Any) -> Signed:
    body = LedgerClosed.model_validate(
        {"ledger": ledger_subject(log.origin), "successor": None, "reason": "a new era", **members}
    )
    return world.sign(body, OPERATOR, REGISTRAR)


def test_a_log_is_closed_and_another_follows_without_breaking_one_old_proof(
    logs: tuple[Log, Log], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = logs
    world = World.of(old.home)
    old.say(world.registration(INSTITUTE), world.registration(FIRM))
    kept = (old.directory / "checkpoint").read_bytes()

    body = old.run(
        monkeypatch, "operate", "close", "--reason", "a new era", "--successor", new.origin
    )
    refused, late = old.say(
        closing(old, world, **json.loads(body.stdout)),
        world.sign(technology_registered(technology="technology:late"), INSTITUTE),
    )
    assert 3 == refused.position
    assert isinstance(late, LedgerIsClosed)
    assert 4 == verify_export(old.directory, old.trust, previous=kept).checkpoint.size

    succeeded = new.run(
        monkeypatch,
        *("operate", "succeed", str(old.directory), "--trust", str(old.home.trust)),
    )
    assert f"position 1 follows {old.origin} at size 4\n" == succeeded.stdout
    again = new.run(
        monkeypatch,
        *("operate", "succeed", str(old.directory), "--trust", str(old.home.trust)),
    )
    assert isinstance(again.exception, AppendRefused)
    people = World.of(new.home)
    new.say(people.registration(INSTITUTE))
    shown = new.run(
        monkeypatch,
        *("audit", "succession", str(new.directory), str(old.directory)),
        *("--trust", str(new.home.trust), "--predecessor-trust", str(old.home.trust)),
    )
    assert f"VERIFIED: {new.origin} follows {old.origin}, closed at size 4\n" == shown.stdout

    # The closed log is served and proves as ever, and signs nothing new.
    with running(old.settings) as node:
        (proof,) = Prover(node.pool).prove([1], node.feed.latest)
        (stored,) = node.gatherer.gather(node.feed.latest, (), (1,)).entries[1:2]
        verify_receipt(proof.tlog_proof(), stored.raw, old.trust)


def test_who_closes_a_log_is_told_that_it_can_still_erase_and_it_can(
    logs: tuple[Log, Log], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old, new = logs
    world = World.of(old.home)
    closed = old.run(monkeypatch, "operate", "close", "--reason", "a new era")
    assert "techledger operate erase goes on" in closed.stderr
    old.say(
        *(world.registration(person, kind="person", name=None) for person in (AUTHOR, PERSON)),
        closing(old, world),
    )
    erased = old.run(monkeypatch, "operate", "erase", AUTHOR)
    assert "erased; order 4, beside the log, says so" == erased.stdout.splitlines()[-1]
    again = old.run(monkeypatch, "operate", "erase", AUTHOR)
    assert str(again.exception).startswith("PARTY_ENDED: ")
    # Where the registrar's key is elsewhere, both lines come in a file.
    both = world.sign(person_erased(token=PERSON), OPERATOR, REGISTRAR)
    file = tmp_path / "signed.json"
    file.write_text(json.dumps(envelope_to_object(both.envelope)))
    assert "order 5" in old.run(monkeypatch, "operate", "erase", "--signed", str(file)).stdout
    assert (
        "2 persons erased since the log was closed"
        in old.run(monkeypatch, "operate", "status").stdout
    )
    assert 4 == verify_export(old.directory, old.trust).checkpoint.size
    open_one = new.run(monkeypatch, "operate", "erase", "--signed", str(file))
    assert (2, True) == (open_one.exit_code, "events submit" in open_one.stderr)


def test_a_log_that_goes_on_has_no_successor(logs: tuple[Log, Log]) -> None:
    old, _ = logs
    old.say(World.of(old.home).registration(INSTITUTE))
    with pytest.raises(NotClosed):
        read_closed(old.directory, old.trust)


def test_another_than_the_one_named_does_not_follow(
    logs: tuple[Log, Log], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = logs
    old.say(closing(old, World.of(old.home), successor="ledger.example.vn/techledger/0badcafe"))
    succeeded = new.run(
        monkeypatch,
        *("operate", "succeed", str(old.directory), "--trust", str(old.home.trust)),
    )
    assert isinstance(succeeded.exception, AnotherSuccessor)


def test_who_says_nothing_at_position_1_follows_nothing(
    logs: tuple[Log, Log], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = logs
    old.say(closing(old, World.of(old.home)))
    closed = read_closed(old.directory, old.trust)
    new.say()
    with pytest.raises(NotDeclared):
        check_succession(new.directory, new.trust, closed)
    new.say(World.of(new.home).registration(INSTITUTE))
    with pytest.raises(NotDeclared):
        check_succession(new.directory, new.trust, closed)
    late = new.run(
        monkeypatch,
        *("operate", "succeed", str(old.directory), "--trust", str(old.home.trust)),
    )
    assert isinstance(late.exception, AppendRefused)
    assert isinstance(late.exception.__cause__, SuccessionTooLate)


def test_who_names_another_end_does_not_follow_this_one(logs: tuple[Log, Log]) -> None:
    old, new = logs
    old.say(closing(old, World.of(old.home)))
    closed = read_closed(old.directory, old.trust)
    wrong = closed.declared_by(new.origin).model_copy(update={"size": 77})
    new.say(World.of(new.home).sign(wrong, OPERATOR, REGISTRAR))
    with pytest.raises(NotDeclared, match="at size 77"):
        check_succession(new.directory, new.trust, closed)


def test_a_closed_log_that_was_halted_is_served_again(
    logs: tuple[Log, Log], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that was restored is: nothing is recorded in it, not even why."""
    old, _ = logs
    (last,) = old.say(closing(old, World.of(old.home)))
    old.run(monkeypatch, "operate", "halt", "--reason", "restored")
    with pytest.raises(Halted), running(old.settings):
        pass
    done = old.run(monkeypatch, "operate", "resume", "--reason", "it is whole")
    assert (0, True) == (done.exit_code, "resumed; the ledger was closed" in done.stdout)
    with running(old.settings) as node:
        (proof,) = Prover(node.pool).prove([last.position], node.feed.latest)
        (stored,) = node.gatherer.gather(node.feed.latest, (), (last.position,)).entries[-1:]
        verify_receipt(proof.tlog_proof(), stored.raw, old.trust)
    assert 2 == verify_export(old.directory, old.trust).checkpoint.size


def test_a_closed_log_is_not_sealed_any_more(logs: tuple[Log, Log]) -> None:
    old, _ = logs
    old.say(closing(old, World.of(old.home)))
    pool = Pool(str(old.settings.database_url), size=3)
    with pytest.raises(AppendRefused) as refused:
        seal(pool, old.home)
    assert isinstance(refused.value.__cause__, LedgerIsClosed)
    pool.close()


def test_a_log_with_an_entry_of_a_year_to_come_is_closed_there_and_another_goes_on_now(
    logs: tuple[Log, Log], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of docs/runbook.md: the clock is set to the last entry once more, for the close."""
    old, new = logs
    world, people = World.of(old.home), World.of(new.home)
    to_come = datetime.now(UTC) + timedelta(days=400)

    def say_then(*signed: Signed) -> list[Any]:
        with monkeypatch.context() as patched:
            patched.setitem(
                Clock.__init__.__kwdefaults__,
                "wall",
                lambda: datetime.now(UTC) + timedelta(days=400, seconds=10),
            )
            return old.say(*signed)

    old.say(world.registration(INSTITUTE))
    body = technology_registered(technology="technology:to-come")
    (ahead,) = say_then(world.sign(body, INSTITUTE, issued_at=to_come))
    assert 2 == ahead.position
    (behind,) = old.say(world.registration(FIRM))
    assert isinstance(behind, ClockBehind)
    last = LedgerClosed(ledger=ledger_subject(old.origin), successor=new.origin, reason="clock")
    (closed,) = say_then(world.sign(last, OPERATOR, REGISTRAR, issued_at=to_come))
    assert 3 == closed.position

    succeeded = new.run(
        monkeypatch,
        *("operate", "succeed", str(old.directory), "--trust", str(old.home.trust)),
    )
    assert f"position 1 follows {old.origin} at size 4\n" == succeeded.stdout
    (now,) = new.say(people.registration(INSTITUTE))
    assert 2 == now.position
