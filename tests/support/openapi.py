"""The OpenAPI document as it is frozen; `python -m tests.support.openapi` writes it again."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from api.main import create_app
from api.openapi import document
from api.openapi.document import made
from ledger.home.settings import Settings
from ledger.node.node import Node

GOLDEN = Path(document.__file__).with_name("openapi.json")


def described() -> Any:
    """Return the document as the application would be described now."""
    # Nothing else is asked of it to describe what could be asked.
    node = cast("Node", SimpleNamespace(settings=Settings()))
    return made(create_app(node))


def write() -> None:
    """Write the document as it would be described now."""
    GOLDEN.write_text(json.dumps(described(), indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    write()
