"""
Every refusal of the ledger, as the table of docs/reference/refusals.md says it, by its code.

`python -m tests.support.refusal_table` writes it again; a test holds both together.
"""

from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

from api.problems import refusal_status
from ledger import domain
from ledger.domain.core.refusal import Refusal

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "refusals.md"
HEAD = "| code | status | title | tiếng Việt | law |\n|---|---|---|---|---|\n"


def refusals(kind: type[Refusal] = Refusal) -> list[type[Refusal]]:
    """Return every rule there is, at any depth, whatever imported it."""
    for module in walk_packages(domain.__path__, "ledger.domain."):
        import_module(module.name)
    found = []
    for each in kind.__subclasses__():
        found += refusals(each)
        if "code" in each.__dict__ and each.__module__.startswith("ledger."):
            found.append(each)
    return found


def written() -> str:
    """Return what the page has to be: its words, and the table as the code says it."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(HEAD)
    rows = "\n".join(_row(each) for each in sorted(refusals(), key=lambda kind: kind.code))
    after = rest.partition("\n\n")[2]
    return f"{before}{HEAD}{rows}\n\n{after}"


def _row(kind: type[Refusal]) -> str:
    title = " ".join((kind.__doc__ or "").partition("\n\n")[0].split()).removesuffix(".")
    law = kind.article or ""
    return f"| `{kind.code}` | {refusal_status(kind)} | {title} | {kind.title_vi} | {law} |"


if __name__ == "__main__":
    DOCUMENT.write_text(written(), "utf-8")
