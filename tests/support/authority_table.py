"""Writes the table of authority to where the verifiers read it: `python -m tests.support...`.

Its source is what the bodies declare. `powers.json` is read by `ledger.powers`, the literal by
`ledger.court`.
"""

import json
import re
from pathlib import Path

from ledger import court
from ledger.domain.signing.who_signs import WHO_SIGNS
from ledger.powers import TABLE_FILE, write_table

COURT = Path(court.__file__)
LONGEST, WRAPPED = 100, 80
"""Characters of a line, and of words before the rest goes to the next one."""

MARKED = re.compile("(# <table of authority>\n)(.*)(# </table of authority>\n)", re.DOTALL)


def table() -> str:
    """Return what `powers.json` has to be."""
    return write_table({body.TOPIC: row for body, row in WHO_SIGNS.items()})


def literal() -> str:
    """Return what has to stand between the two marks in `court.py`."""
    rows = sorted((body.TOPIC, row) for body, row in WHO_SIGNS.items())
    lines, about = list[str](), list[str]()
    for topic, row in rows:
        *words, subjects = map(json.dumps, row)
        name = f"    {json.dumps(topic)}: ("
        whole = f"{name}{', '.join(words)}),"
        split = [name, *(line for part in words for line in _member(part)), "    ),"]
        lines += [whole] if len(whole) <= LONGEST else split
        whole = f"    {json.dumps(topic)}: {subjects},"
        split = [name, *_wrapped(subjects), "    ),"]
        about += [whole] if len(whole) <= LONGEST else split
    head = "TABLE: dict[str, tuple[str, str, str, str, str]] = {"
    return "\n".join([head, *lines, "}", "ABOUT = {", *about, "}", ""])


def _wrapped(words: str, indent: int = 8) -> list[str]:
    """Return a literal on a line, or on two that are read as one."""
    space = indent * " "
    if len(whole := space + words) <= LONGEST:
        return [whole]
    first = words[:WRAPPED].rpartition(" ")[0]
    return [f'{space}{first}"', f'{space}"{words[len(first) :]}']


def _member(words: str) -> list[str]:
    """Return a literal of a tuple, two lines between brackets."""
    if len(whole := f"        {words},") <= LONGEST:
        return [whole]
    return ["        (", *_wrapped(words, 12), "        ),"]


def main() -> None:
    """Write both."""
    TABLE_FILE.write_text(table(), "utf-8")
    source = COURT.read_text("utf-8")
    COURT.write_text(MARKED.sub(lambda m: f"{m[1]}{literal()}{m[3]}", source), "utf-8")


if __name__ == "__main__":
    main()
