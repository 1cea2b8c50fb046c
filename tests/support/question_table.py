"""
The questions that a ledger answers, by their commands: the last section of docs/questions.md.

`python -m tests.support.question_table` writes it again; a test holds both together.
"""

from pathlib import Path

from api.reads.questions import command_of
from tests.support.asked_table import in_order

DOCUMENT = Path(__file__).parents[2] / "docs" / "questions.md"
_BEGINS = "Written by `python -m tests.support.question_table`.\n"


def described() -> str:
    """Return the document, as its last section has to be."""
    rows = (
        f"| `techledger ask {command_of(name)}` | {each.route.summary} | `{each.route.path}` |\n"
        for name, each in in_order()
    )
    head = "| command | question | request |\n|---|---|---|\n"
    before = DOCUMENT.read_text("utf-8").partition(_BEGINS)[0]
    return f"{before}{_BEGINS}\n{head}{''.join(rows)}"


if __name__ == "__main__":
    DOCUMENT.write_text(described(), "utf-8")
