"""A page of docs/ whose Python blocks are one program, as whoever reads it would copy it."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
ELSEWHERE = "http://127.0.0.1:8017"


def program_of(page: str, url: str) -> str:
    """Return the program of a page, asking the ledger at a URL in place of the one that it names.

    Lines are where they are on the page, so that an error names its line there.
    """
    text = (DOCS / page).read_text("utf-8")
    inside, lines = False, list[str]()
    for line in text.splitlines():
        inside = inside and line != "```"
        lines.append(line if inside else "")
        inside = inside or line == "```python"
    program = "\n".join(lines)
    assert len(re.findall("^```python$", text, re.MULTILINE)) > 0 < program.count(ELSEWHERE)
    return program.replace(ELSEWHERE, url)
