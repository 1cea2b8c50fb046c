"""Every code that an answer can have stands in a document, with its words."""

import ast
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from api.describe.measures import LISTED
from projections.questions import findings
from tests.support import answer_codes
from tests.support.generated import AGAIN
from tests.support.openapi import GOLDEN

REFERENCE = answer_codes.DOCUMENT.parent
PAGE = answer_codes.DOCUMENT.read_text("utf-8")


def test_the_page_says_what_the_types_have():
    assert answer_codes.written() == PAGE, AGAIN


def enums(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """Yield each text of each closed list of a schema, with its place."""
    if isinstance(value, Mapping):
        for each in value.get("enum", ()) if isinstance(value.get("enum"), list) else ():
            yield at, str(each)
        for name, each in value.items():
            if name != "examples":
                yield from enums(each, f"{at}/{name}")
    elif isinstance(value, list):
        for each in value:
            yield from enums(each, at)


def test_every_code_of_the_published_schemas_stands_in_a_document():
    schemas = json.loads(GOLDEN.read_bytes())["components"]["schemas"]
    told = PAGE + "".join(
        path.read_text("utf-8")
        for path in (REFERENCE / "refusals.md", *sorted((REFERENCE / "events").glob("*.md")))
    )
    found = [each for name, schema in schemas.items() for each in enums(schema, name)]
    assert len(found) > 500
    assert [] == [f"{at}: {code}" for at, code in found if f"`{code}`" not in told]


def test_every_finding_says_what_it_means_and_what_to_do():
    raised = {
        each.value
        for each in ast.walk(ast.parse(inspect.getsource(findings)))
        if isinstance(each, ast.Constant) and re.fullmatch("[A-Z]+(_[A-Z]+)+", str(each.value))
    } - {"FREEZE_TITLE", "HOLD_PAYMENT"}
    assert {*LISTED["Suspect.code"]} == findings.KINDS.keys() == raised
    for code, kind in findings.KINDS.items():
        assert f"\n| `{code}` | " in PAGE
        assert all((kind.contradicts, kind.settles, kind.helps)), code
