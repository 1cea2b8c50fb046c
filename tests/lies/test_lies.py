"""A sample of the lies, told again; and the table of the document is that of the suite."""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Self

import pytest

from ledger.store.embedded import EmbeddedPostgres
from tests.lies import lies
from tests.lies.finders import FINDERS
from tests.lies.lies import LIES, UNSTOPPABLE
from tests.lies.stage import Stage
from tests.lies.suite import DOCUMENT, answers, found_by_nobody, lent_stage, written

SAMPLE = (
    "date an entry before the one before it",
    "drop the last entries, go on with others",
    "show newcomers another history",
    "sign for a party with a key that both officers vouched for",
    "refuse an event for good, and record it",
    "write a row past the sequencer",
    "exchange two sealed openings",
)


@pytest.fixture(scope="module")
def stage(postgres_server: EmbeddedPostgres) -> Iterator[Stage]:
    with lent_stage(postgres_server) as lent:
        yield lent


@pytest.mark.parametrize("lie", SAMPLE)
def test_a_lie_is_found_by_whom_the_document_says(stage: Stage, lie: str) -> None:
    assert written()[lie] == answers(stage, lie)


def test_a_promise_is_due_before_the_log_was_signed_whatever_the_clock_says(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie = "promise an answer, and give none"
    monkeypatch.setattr(lies, "datetime", AnHourLater)
    assert written()[lie] == answers(stage, lie)


class AnHourLater(datetime):
    """The clock of a machine that was busy for an hour."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + timedelta(hours=1)


def test_the_document_has_every_lie_and_every_finder() -> None:
    rows = written()
    assert list(LIES) == list(rows)
    assert {len(FINDERS)} == {len(cells) for cells in rows.values()}


def test_what_nobody_finds_the_document_says() -> None:
    text = DOCUMENT.read_text("utf-8")
    section = text.partition("## What no step can stop")[2].partition("\n## ")[0]
    unfound = {lie for lie, cells in written().items() if found_by_nobody(cells)}
    assert unfound == set(UNSTOPPABLE)
    assert not [phrase for phrase in UNSTOPPABLE.values() if phrase not in section]
