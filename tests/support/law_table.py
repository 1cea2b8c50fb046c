"""
The rows of the shipped law data as people read them.

`python -m tests.support.law_table` writes docs/reference/law.md again; a test holds both together.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from ledger.domain.core.dated_law import Between, Instrument, Key, Row
from ledger.events.lawbook import bundled_law

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "law.md"

_HEAD = """\
# Law data

The law that admission and amounts follow, as dated rows: `ledger/domain/core/law_data/*.json`, read
by `ledger/domain/core/dated_law.py` ([decision 0012](../decisions/0012-law-data.md)). A rule is
chosen by its topic, the day and its keys; an answer that rests on it names it. `trust` says how a
row was read: in the text of the law (T), in a secondary source (S), from memory (M): what is not T
is to be checked before somebody relies on it. Days are half-open: *until* is the first day on which
the row no longer holds. This file is written by `python -m tests.support.law_table`.
"""


def described() -> str:
    """Return the document."""
    law = bundled_law()
    rows = sorted(law.rows, key=lambda row: (row.topic, row.valid_from, row.rule))
    instruments = sorted(law.instruments.values(), key=lambda each: each.valid_from)
    return "\n".join(
        (
            _HEAD,
            f"Edition `{law.edition}`: {len(instruments)} instruments, {len(rows)} rows.\n",
            "## Instruments\n",
            "| instrument | number | title | from | until | trust |",
            "|---|---|---|---|---|---|",
            *map(_instrument, instruments),
            "",
            *_topics(rows),
        )
    )


def _topics(rows: list[Row]) -> Iterator[str]:
    for topic, group in groupby(rows, lambda row: row.topic):
        yield f"## `{topic}`\n"
        yield "| rule | article | says | keys | values | from | until | trust |"
        yield "|---|---|---|---|---|---|---|---|"
        yield from map(_row, group)
        yield ""


def _instrument(each: Instrument) -> str:
    title = f"{each.title_vi} / {each.title_en}"
    return _line(
        f"`{each.instrument}`", each.number, title, each.valid_from, each.valid_to, each.trust
    )


def _row(row: Row) -> str:
    note = "" if row.note is None else f" ({row.note})"
    return _line(
        f"`{row.rule}`",
        f"{row.article} `{row.instrument}`",
        f"{row.title_vi} / {row.title_en}{note}",
        "; ".join(f"{name}: {_key(key)}" for name, key in sorted(row.keys.items())),
        "; ".join(f"{name}: {_value(value)}" for name, value in sorted(row.values.items())),
        row.valid_from,
        row.valid_to,
        row.trust,
    )


def _key(key: Key) -> str:
    if isinstance(key, Between):
        return f"[{key.since or '…'}, {key.until or '…'})"
    return _value(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _line(*cells: object) -> str:
    told = ("" if cell is None else str(cell).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(told)} |"


if __name__ == "__main__":
    DOCUMENT.write_text(described(), "utf-8")
