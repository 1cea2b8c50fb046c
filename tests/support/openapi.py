"""
The OpenAPI document as it is frozen; `python -m tests.support.openapi` writes it anew.

Titles that FastAPI derives from names are left out: they say nothing, and differ by its version.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from api.main import create_app
from ledger.home.settings import Settings
from ledger.node.node import Node

GOLDEN = Path(__file__).parents[1] / "golden" / "openapi.json"


def described() -> Any:
    """Return the document that the application serves."""
    # Nothing else is asked of it to describe what could be asked.
    node = cast("Node", SimpleNamespace(settings=Settings()))
    return _without_derived_titles(create_app(node).openapi())


def _without_derived_titles(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_derived_titles(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without_derived_titles(member)
        for name, member in value.items()
        if not (name == "title" and isinstance(member, str) and member.istitle())
    }


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(described(), indent=1, ensure_ascii=False) + "\n", "utf-8")
