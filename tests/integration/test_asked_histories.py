"""
Every question, asked of parts of random histories: answered as of the whole, or not shown.

A part has whole histories of some subjects and some entries alone, as an evidence bundle has.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import quote

import pytest

from api.cli.in_process import asked_here
from api.cli.offline import without_near
from api.cli.questions import questions
from ledger.domain.core.event import Logged
from ledger.domain.core.types import legal_day
from ledger.events.lawbook import available_laws
from ledger.follow.checked import CopyState
from ledger.follow.reader import LedgerReader
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from projections.run.own_bundle import fold
from projections.run.own_copy import OwnCopy
from projections.run.shown_rows import Needs, Shown
from tests.support.beside import Beside
from tests.support.builders import ORIGIN
from tests.support.golden_events import STORY
from tests.support.postgres import fresh_database
from tests.support.projecting import logged
from tests.support.whole_actions import any_event


def history_of(seed: int) -> list[Logged]:
    random, world = Random(seed), Beside()
    for _ in range(160):
        world.step(random, any_event)
        world.wait(random.choice((0, 0, 0, 0, 1, 5, 20)))
    return world.logged


HISTORIES = {
    "one of each": lambda: logged(*STORY[1:]),
    "random 1": lambda: history_of(1),
    "random 2": lambda: history_of(2),
}


@contextmanager
def served(server: EmbeddedPostgres, shown: Shown) -> Iterator[LedgerReader]:
    """Lend what asks a part in this process; `shown` notes what that needs."""
    with ExitStack() as open_:
        database = open_.enter_context(fresh_database(server))
        with closing(Pool(database.app_dsn, size=2)) as pool:
            fold(pool, shown)
        watched = open_.enter_context(closing(Pool(database.app_dsn, watch=shown.see)))
        known = CopyState(ORIGIN, shown.size, "", "", 0, demonstration=False)
        copy = OwnCopy(watched, available_laws(), shown.size, known)
        yield open_.enter_context(asked_here(copy, "en"))


def put(ledger: LedgerReader, shown: Shown, path: str, asked: dict[str, Any]) -> Any:
    """Return what is answered, or why not; None where that is not shown."""
    shown.needs = Needs()
    where = path.format_map({name: quote(str(value), ":") for name, value in asked.items()})
    rest = {name: value for name, value in asked.items() if f"{{{name}}}" not in path}
    try:
        answer: Any = without_near(ledger.get(where, **rest))
    except Exception as error:  # noqa: BLE001  (what is not there may be missed in any way)
        answer = f"{type(error).__name__}: {error}"
    return answer if shown.lacking == Needs() else None


class Asking:
    """Makes parameters for a history, of subjects that are in it and of some that are not."""

    def __init__(self, random: Random, history: Sequence[Logged]) -> None:
        self.random, self.history = random, history
        self.subjects = sorted({each for logged in history for each in logged.event.subjects})

    def of(self, kind: str) -> str:
        there = [each for each in self.subjects if each.partition(":")[0] == kind]
        return self.random.choice([*there, *there, *there, f"{kind}:nobody-knows"])

    def day(self) -> str:
        accepted = self.random.choice(self.history).accepted
        return str(legal_day(accepted) + timedelta(days=self.random.choice((-1, 0, 0, 1, 40))))

    def value(self, path: str, name: str) -> Any:  # noqa: PLR0911  (one for each kind)
        plain = {
            "year": 2026, "before": 1, "act": "sell", "q": "2024", "name": "title", "size": 5,
            "territory": "iso:VN", "limit": self.random.choice((1, 50)),
        }  # fmt: skip
        if name in plain:
            return plain[name]
        if name == "after":
            return 2 if "versions" in path else None
        if name in ("position", "known_at"):
            return self.random.randrange(len(self.history))
        if name in ("true_on", "start", "distributed_on"):
            return self.day()
        if name == "effect":
            return self.random.choice(("parties", "third_parties"))
        if name == "key_id":
            return self.of("key").partition(":")[2].replace("nobody-knows", 64 * "0")
        if name == "thing":
            return self.of("technology" if "technologies" in path else "right")
        kind = {"subject": self.random.choice(self.subjects).partition(":")[0]}
        kind |= dict.fromkeys(("signer", "licensee", "to"), "party")
        kind |= {each: each for each in _KINDS}
        return self.of(kind[name]) if name in kind else None

    def question(self, path: str, parameters: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return what is asked: what has to be, and now and then what may be."""
        asked = {}
        for each in parameters:
            may = each.get("optional") or each.get("default") is not None
            if may and self.random.random() < 0.6:
                continue
            if (value := self.value(path, each["name"])) is not None:
                asked[each.get("alias", each["name"])] = value
        return asked


_KINDS = (
    *("right", "contract", "technology", "listing", "offer", "distribution", "party", "share"),
    *("dispute", "document", "report"),
)


@pytest.mark.parametrize("history", HISTORIES)
def test_a_part_answers_what_the_whole_answers_or_nothing(
    postgres_server: EmbeddedPostgres, history: str
) -> None:
    logged, answered = HISTORIES[history](), Counter[str]()
    random = Random(history)
    asking = Asking(random, logged)
    whole = Shown(ORIGIN, len(logged), asking.subjects, logged)
    with served(postgres_server, whole) as all_of_it:
        for share in (0.3, 0.7, 0.95):
            kept = {each for each in asking.subjects if random.random() < share}
            alone = {random.randrange(len(logged)) for _ in range(int(share * len(logged)))}
            entries = [e for e in logged if e.position in alone or kept & {*e.event.subjects}]
            shown = Shown(ORIGIN, len(logged), kept, entries)
            with served(postgres_server, shown) as part:
                for name, question in questions().items():
                    for _ in range(3):
                        asked = asking.question(question["path"], question["parameters"])
                        ours = put(part, shown, question["path"], asked)
                        if ours is not None:
                            theirs = put(all_of_it, whole, question["path"], asked)
                            assert theirs == ours, (name, asked)
                            answered[name] += isinstance(ours, dict)
    assert len(+answered) > 25
