"""
Writes what is generated from the bodies of events: `python -m tests.support.event_types`.

`api/describe/event_types.json` has what is not read from a body itself: the refusals that its rule
can raise (`raised`), and the golden payload. The pages of
`docs/reference/events` say what `GET /v1/types` says (`event_pages`).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.describe import event_types
from api.describe.event_types import OF_ANY
from ledger.domain import admission
from ledger.domain.core.rules import ADMITS
from ledger.domain.registry import RULES, TOPICS
from ledger.wire import canonical
from tests.support import event_pages
from tests.support.golden_events import golden_path
from tests.support.raised import raised_by

WRITTEN = Path(event_types.__file__).with_suffix(".json")


def refusals() -> Mapping[str, list[str]]:
    """Return the codes of what can refuse each type, and what can refuse any event."""
    common = {each.code for each in raised_by(admission.admit, but=(RULES,))}
    own = {body.TOPIC: {each.code for each in raised_by(rule)} for body, rule in ADMITS.items()}
    return {OF_ANY: sorted(common), **{topic: sorted(codes) for topic, codes in own.items()}}


def written() -> str:
    """Return what `event_types.json` has to be."""
    codes = refusals()
    found: dict[str, Any] = {OF_ANY: {"refusals": codes[OF_ANY]}}
    for topic in sorted(TOPICS):
        found[topic] = {
            "refusals": codes[topic],
            "example": canonical.load(golden_path(topic).read_bytes()),
        }
    rows = (f'"{key}": {json.dumps(row, ensure_ascii=False)}' for key, row in found.items())
    return "{\n" + ",\n".join(rows) + "\n}\n"


def main() -> None:
    """Write it, and then the pages."""
    WRITTEN.write_text(written(), "utf-8")
    for path, text in event_pages.pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
