"""
What a bundle shows of read models is what they have of the whole log, whatever it leaves out.

It rests on two things, which hold for every event of every type here: what a row is kept by, and
what its other columns are selected by (`HELD`), are subjects of the event by which it came there.
"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.core.event import Logged
from projections.engine.projection import Journal, Projection, ReadModel
from projections.engine.row_cache import RowCache
from projections.questions.vouching import REACHED
from projections.run.catalogue import READ_MODELS
from projections.run.shown_rows import HELD, KEPT_OTHERWISE, Needs, Shown, subject_of
from projections.tables.basis import BY_THEN, FIRST, IN_DOUBT, NEAR
from tests.support.beside import Beside
from tests.support.builders import ORIGIN
from tests.support.golden_events import STORY
from tests.support.histories import random_history
from tests.support.projecting import logged
from tests.support.whole_actions import any_event


def whole_history(seed: int, steps: int = 150) -> list[Logged]:
    random, world = Random(seed), Beside()
    for _ in range(steps):
        world.step(random, any_event)
        world.wait(random.choice((0, 0, 0, 0, 1, 5, 20)))
    return world.logged


HISTORIES = [
    logged(*STORY[1:]),
    *(whole_history(seed) for seed in range(4)),
    *(random_history(Random(seed), 60) for seed in range(4)),
]
"""One event of every type, and random ones of every family and of titles alone."""

Rows = dict[str, tuple[Any, ...]]


def folded(model: ReadModel, events: Sequence[Logged]) -> Rows:
    """Return the rows of a read model by their first column."""
    if isinstance(model, Projection):
        sheet = RowCache(model, complete=True, capacity=None)
        for each in events:
            if model.touches(type(each.event.body)):
                sheet.fold(each)
        return {key_of(model, rows[0]): rows for rows in sheet.rows() if rows}
    found: Rows = {}
    for each in events:
        for row in model.emit(each) if model.touches(type(each.event.body)) else ():
            found[key_of(model, row)] = (*found.get(key_of(model, row), ()), row)
    return found


def key_of(model: ReadModel, row: Any) -> str:
    return str(getattr(row, model.table.columns[0].name))


def came(model: ReadModel, logged: Logged, before: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each key of a read model that an event touches, with each row that is new there."""
    if isinstance(model, Journal):
        yield from ((key_of(model, row), row) for row in model.emit(logged))
        return
    on = model.on[type(logged.event.body)]
    for key in on.keys(logged):
        old = before.get(key, ())
        new = on.fold(key, old, logged)
        yield from ((key, row) for row in new if row not in old)
        before[key] = new  # type: ignore[index]


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)
def test_rows_are_kept_and_selected_by_subjects_of_the_event_that_brings_them(model: ReadModel):
    tried, held = set[str](), HELD.get(model.name, ())
    for history in HISTORIES:
        before: dict[str, tuple[Any, ...]] = {}
        for each in history:
            if not model.touches(type(each.event.body)):
                continue
            subjects = {*each.event.subjects}
            had = {
                (key, name, getattr(row, name))
                for key, rows in before.items()
                for row in rows
                for name in held
            }
            for key, row in came(model, each, before):
                if model.name not in KEPT_OTHERWISE:
                    assert subject_of(key) in subjects, (each.event.type, key)
                for name in held:
                    value = getattr(row, name)
                    if value is None or (key, name, value) in had:
                        continue
                    tried.add(name)
                    assert subject_of(value) in subjects, (each.event.type, name, value)
    assert {*held} == tried


def shown_of(history: Sequence[Logged], whole: set[str]) -> Shown:
    entries = [each for each in history if whole & {*each.event.subjects}]
    return Shown(ORIGIN, len(history), whole, entries)


@settings(max_examples=60, deadline=None)
@given(history=st.sampled_from(HISTORIES), seed=st.integers(0, 2**32))
def test_what_is_shown_is_all_that_the_log_has(history: Sequence[Logged], seed: int):
    random = Random(seed)
    subjects = sorted({each for logged in history for each in logged.event.subjects})
    share = random.random()
    shown = shown_of(history, {each for each in subjects if random.random() < share})
    for whole_model, model in zip(READ_MODELS, shown.models, strict=True):
        if model.name in KEPT_OTHERWISE:
            continue
        ours = folded(model, [*shown.entries.values()])
        theirs = folded(whole_model, history)
        for key in {*ours, *theirs}:
            if subject_of(key) in shown.whole:
                assert ours.get(key) == theirs.get(key)
        for name in HELD.get(model.name, ()):
            for value in {getattr(row, name) for rows in theirs.values() for row in rows} - {None}:
                if not lacking(
                    shown, f"SELECT a FROM read.{model.name} WHERE {name} = %(x)s", x=value
                ):
                    assert having(ours, name, value) == having(theirs, name, value)


def having(rows: Rows, name: str, value: Any) -> list[Any]:
    return [row for key in sorted(rows) for row in rows[key] if getattr(row, name) == value]


def lacking(shown: Shown, statement: str, **asked: Any) -> Needs | None:
    """Return what is lacking for a statement; None for nothing."""
    shown.needs = Needs()
    shown.see(statement, asked)
    found = shown.lacking
    return None if found == Needs() else found


TITLE = "SELECT a, b FROM read.title WHERE"
RIGHT, OTHER = "right:vn.1-2020-01234", "right:vn.1-2020-09999"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT a FROM read.title",
        f"{TITLE} true",
        f"{TITLE} subject <> %(x)s",
        f"{TITLE} NOT subject = %(x)s",
        f"{TITLE} (NOT subject = %(x)s)",
        f"{TITLE} subject = %(x)s OR true",
        f"{TITLE} (subject = %(x)s AND n = 1) OR n = 2",
        f"{TITLE} subject = %(x)s AND n = 1 OR n = 2",
        f"{TITLE} (subject = %(x)s OR n = %(x)s)",
        f"{TITLE} subject = subject",
        f'{TITLE} "by" = %(x)s',
        f"{TITLE} subject = ALL(%(x)s)",
        f"{TITLE} subject = %(x)s || ''",
        f"{TITLE} subject = %(x)s AND EXISTS (SELECT FROM read.keys k)",
        f"{TITLE} subject = %(x)s AND CASE WHEN true THEN true END",
        f"{TITLE} n IN (SELECT n FROM read.title WHERE subject = %(x)s)",
        "SELECT (SELECT n FROM read.title LIMIT 1) FROM read.title WHERE subject = %(x)s",
        "SELECT a FROM read.title, read.keys WHERE subject = %(x)s",
        "SELECT a FROM read.title t JOIN read.keys k ON true WHERE subject = %(x)s",
        "WITH x AS (SELECT 1) SELECT a FROM read.title WHERE subject = %(x)s",
        f"{TITLE} subject = %(x)s UNION SELECT a, b FROM read.title",
        "SELECT a FROM read.hashes WHERE hash = %(x)s",
        "SELECT a FROM read.signed WHERE subject = %(x)s",
        "SELECT size FROM ledger.head",
        "SELECT entry FROM ledger.entries WHERE position = %(x)s",
        "DECLARE page CURSOR FOR SELECT a FROM read.title",
        "TABLE read.title",
        "COPY read.title TO STDOUT",
        "SET LOCAL a = 1; TABLE read.title",
    ],
)
def test_whatever_is_selected_otherwise_may_be_anywhere(statement: str):
    shown = Shown(ORIGIN, 9, [RIGHT], [])
    assert Needs(everything=True) == lacking(shown, statement, x=RIGHT)


@pytest.mark.parametrize(
    ("statement", "needs"),
    [
        (f"{TITLE} subject = %(x)s", {OTHER}),
        (f"{TITLE} subject = ANY(%(x)s) AND n IS NULL ORDER BY n LIMIT 1", {OTHER}),
        (f"{TITLE} subject = %(right)s AND subject = ANY(%(x)s)", set()),
        (f"{TITLE} (subject = %(x)s OR party = %(y)s)", {OTHER, "party:y"}),
        (
            "SELECT subject, count(*) OVER () FROM read.title WHERE party = %(y)s GROUP BY subject",
            {"party:y"},
        ),
        ("SELECT count(*) FROM read.grants WHERE ref = %(ref)s", {"contract:c"}),
        (f"SELECT a FROM read.timeline WHERE {FIRST} AND {BY_THEN}", {OTHER}),
        (f"SELECT a FROM read.timeline WHERE {NEAR} AND {BY_THEN}", set()),
        ("SELECT a FROM read.editions WHERE true", {"the ledger"}),
        (
            "BEGIN;SET LOCAL lock_timeout = 1;SELECT name FROM read.progress WHERE name = ANY(%s)",
            set(),
        ),
    ],
)
def test_what_names_ids_needs_their_histories(statement: str, needs: set[str]):
    shown = Shown(ORIGIN, 9, [RIGHT], [])
    law = {"the ledger": shown.law}
    asked = {"x": [OTHER], "y": "party:y", "right": RIGHT, "ref": "contract:c#2", "ids": [OTHER]}
    found = lacking(shown, statement, near=[OTHER], **asked)
    assert {law.get(each, each) for each in needs} == (found.subjects if found else set())
    assert not (found and (found.everything or found.positions))


def test_positions_need_their_entries_and_what_they_stand_on():
    history = HISTORIES[0]
    at = next(each.position for each in history if each.event.type == "contract.concluded/1")
    shown = Shown(ORIGIN, len(history), (), [history[at]])
    keys = {f"key:{each}" for each in history[at].event.signatures}
    events = "SELECT a FROM read.events WHERE position = ANY(%(positions)s)"
    assert lacking(shown, events, positions=[at]) is None
    assert Needs(positions=frozenset({at + 1})) == lacking(shown, events, positions=[at, at + 1])
    doubted = lacking(shown, f"SELECT a FROM read.signed WHERE {IN_DOUBT}", positions=[at])
    assert Needs(frozenset(keys)) == doubted
    reached = lacking(shown, f"SELECT a FROM read.signed WHERE {REACHED}", positions=[at])
    assert reached is not None
    assert keys <= reached.subjects
    behind = Shown(ORIGIN, at, (), [history[at]])
    assert Needs(positions=frozenset({at})) == lacking(behind, events, positions=[at])
    assert {at} == behind.behind
