"""Writes the table of authority to where the verifiers read it: `python -m tests.support...`.

Its source is `WHO_SIGNS`. `powers.json` is read by `ledger.powers`, the literal by `ledger.court`.
"""

import json
import re
from pathlib import Path

from ledger import court
from ledger.domain.who_signs import WHO_SIGNS
from ledger.powers import TABLE_FILE, write_table

COURT = Path(court.__file__)
MARKED = re.compile("(# <table of authority>\n)(.*)(# </table of authority>\n)", re.DOTALL)


def table() -> str:
    """Return what `powers.json` has to be."""
    return write_table({body.TOPIC: row for body, row in WHO_SIGNS.items()})


def literal() -> str:
    """Return what has to stand between the two marks in `court.py`."""
    lines = []
    for topic, row in sorted((body.TOPIC, row) for body, row in WHO_SIGNS.items()):
        whole = f"    {json.dumps(topic)}: ({', '.join(map(json.dumps, row))}),"
        split = [f"    {json.dumps(topic)}: (", *(f"        {json.dumps(part)}," for part in row)]
        lines += [whole] if len(whole) <= 100 else [*split, "    ),"]
    return "\n".join(["TABLE: dict[str, tuple[str, str, str, str]] = {", *lines, "}", ""])


def main() -> None:
    """Write both."""
    TABLE_FILE.write_text(table(), "utf-8")
    source = COURT.read_text("utf-8")
    COURT.write_text(MARKED.sub(lambda m: f"{m[1]}{literal()}{m[3]}", source), "utf-8")


if __name__ == "__main__":
    main()
