"""
Offices by their codes (WIPO ST.3): of a State, of several, or of one that is no more.

The list only grows, so that a log replays after an office is gone.
"""

import json
from importlib import resources
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_LIST = json.loads(
    (resources.files("ledger.domain.core") / "code_lists" / "offices.json").read_text("utf-8")
)

REGIONAL = frozenset(_LIST["regional"])
"""Offices that act for several States: a right says which it is for, or nothing."""

STATES, FORMER_STATES = frozenset(_LIST["states"].split()), frozenset(_LIST["former"])
OFFICES = REGIONAL | STATES | FORMER_STATES


def _listed(code: str) -> str:
    if code[:2] not in OFFICES:
        raise ValueError(f"{code[:2]} is the code of no office (WIPO ST.3)")
    return code


Office = Annotated[
    str, StringConstraints(pattern=r"^[a-z]{2}(\.[a-z0-9]{1,16})?$"), AfterValidator(_listed)
]
"""An office, and where one has several registers which of them."""
