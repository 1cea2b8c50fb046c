"""
Which read models there are, as docs/projections.md lists them, each kind in a row.

`python -m tests.support.read_model_list` writes it anew; a test holds both together.
"""

from pathlib import Path

from projections.engine.projection import Journal, Projection
from projections.run.catalogue import READ_MODELS

DOCUMENT = Path(__file__).parents[2] / "docs" / "projections.md"
HEAD = "| kind | read models |\n|---|---|\n"


def written() -> str:
    """Return what the page has to be: its words, and the lists as the catalogue has them."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(HEAD)
    rows = "".join(map(_row, (Projection, Journal)))
    after = rest.partition("\n\n")[2]
    return f"{before}{HEAD}{rows}\n{after}"


def _row(kind: type[object]) -> str:
    names = ", ".join(f"`{each.name}`" for each in READ_MODELS if type(each) is kind)
    return f"| `{kind.__name__}` | {names} |\n"


if __name__ == "__main__":
    DOCUMENT.write_text(written(), "utf-8")
