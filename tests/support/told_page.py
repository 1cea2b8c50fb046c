"""A page of docs/ whose Python blocks are one program, as anyone who reads it would copy it."""

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
ELSEWHERE = "http://127.0.0.1:8017"


def blocks_of(page: str, language: str) -> str:
    """Return what a page says in a language, each line where it is on the page."""
    text = (DOCS / page).read_text("utf-8")
    inside, lines = False, list[str]()
    for line in text.splitlines():
        inside = inside and line != "```"
        lines.append(line if inside else "")
        inside = inside or line == f"```{language}"
    assert any(lines), f"{page} says nothing in {language}"
    return "\n".join(lines)


def program_of(page: str, url: str) -> str:
    """Return the program of a page, asking the ledger at a URL in place of the one it names."""
    program = blocks_of(page, "python")
    assert ELSEWHERE in program
    return program.replace(ELSEWHERE, url)
