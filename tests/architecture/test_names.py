"""Names: one meaning each, so that a reader who has met one knows what the next is."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("ledger", "api", "projections")
BY_ITSELF = "ledger/court.py"
"""One file that runs without any other (decision 17), so it has the words of those it is for."""


def modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the modules of a package by their paths."""
    for path in sorted((ROOT / package).rglob("*.py")):
        if (name := path.relative_to(ROOT).as_posix()) != BY_ITSELF:
            yield name, ast.parse(path.read_text("utf-8"))


def test_no_two_public_classes_of_a_package_have_one_name():
    shared = []
    for package in PACKAGES:
        places = defaultdict(list)
        for path, tree in modules(package):
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(path)
        shared += [(name, *found) for name, found in sorted(places.items()) if len(found) > 1]
    assert [] == shared


def test_no_module_name_stands_in_more_than_two_folders():
    """Two, because a noun's command and its route are both called as the noun is."""
    places = defaultdict(list)
    for package in PACKAGES:
        for path, _ in modules(package):
            places[Path(path).stem].append(path)
    del places["__init__"]
    assert [] == [found for _, found in sorted(places.items()) if len(found) > 2]


OLD_WORDS = re.compile(r"\b(anew|reckon(s|ed)?|whoever|whomever)\b", re.IGNORECASE)
"""Again, compute or count, anyone who: what people say today."""

OF_STEPS = re.compile(r'case="anew"|`reckoning`')
"""How a remedy's way and a member of a payload are called, which are not renamed."""


def test_code_and_documents_say_what_people_say():
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    pages = [path for path in sorted((ROOT / "docs").rglob("*.md")) if path.name != "law.md"]
    old = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in (*files, *pages, *sorted(ROOT.glob("*.md")))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if OLD_WORDS.search(OF_STEPS.sub("", line))
    ]
    assert [] == old
