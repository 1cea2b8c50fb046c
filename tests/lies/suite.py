"""Tells each lie on a copy of the stage, asks everybody, and writes who finds what."""

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ledger.follow.audit import StoredLog
from ledger.store.embedded import EmbeddedPostgres
from tests.lies.finders import FINDERS, NOTHING, Case
from tests.lies.lies import LIES, Told
from tests.lies.stage import Stage, set_stage
from tests.support.postgres import fresh_database

BEGIN, END = "<!-- lies -->", "<!-- end of lies -->"

DOCUMENT = Path(__file__).parents[2] / "docs" / "verify.md"


@contextmanager
def lent_stage(server: EmbeddedPostgres) -> Iterator[Stage]:
    """Lend the honest ledger."""
    with (
        tempfile.TemporaryDirectory() as directory,
        fresh_database(server) as database,
        set_stage(database, Path(directory)) as stage,
    ):
        yield stage


def answers(stage: Stage, lie: str) -> list[str]:
    """Tell a lie; return what each finder finds, in their order."""
    with tempfile.TemporaryDirectory() as directory, stage.operator(Path(directory)) as operator:
        told = LIES[lie](operator) or Told()
        served = StoredLog(operator.pool)
        source, known = told.anew or served, told.known or served
        case = Case(stage, operator, source, known, told.words, Path(directory))
        return [find(case) for find in FINDERS.values()]


def table(found: Mapping[str, Iterable[str]]) -> str:
    """Write the table, a lie a row."""
    head = ["an operator who would", *FINDERS]
    rows = [head, ["---"] * len(head), *([lie, *cells] for lie, cells in found.items())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def written() -> dict[str, list[str]]:
    """Return the rows of the table in the document."""
    text = DOCUMENT.read_text("utf-8")
    between = text.partition(f"{BEGIN}\n")[2].partition(END)[0]
    rows = [line.strip("| ").split(" | ") for line in between.splitlines()[2:]]
    return {lie.strip(): [cell.strip() for cell in cells] for lie, *cells in rows}


def write(found: Mapping[str, Iterable[str]]) -> None:
    """Put the table between its marks in the document."""
    text = DOCUMENT.read_text("utf-8")
    between = re.compile(f"{BEGIN}\n.*?{END}", re.DOTALL)
    DOCUMENT.write_text(between.sub(f"{BEGIN}\n{table(found)}{END}", text), "utf-8")


def found_by_nobody(cells: Iterable[str]) -> bool:
    """Say whether nobody finds a lie."""
    return set(cells) == {NOTHING}
