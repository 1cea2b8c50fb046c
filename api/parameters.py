"""
Whole numbers in paths and queries: each is written in one way. Days are those of events.

What reads them otherwise is generous: `+1`, `0_1` and full-width digits are one.
"""

import re
from typing import Annotated

from fastapi import Path
from pydantic import BeforeValidator, Field

from ledger.domain.event import LAST_YEAR


def _written(form: str, says: str) -> BeforeValidator:
    """Return what lets through a text of a form, and nothing else."""
    pattern = re.compile(form)

    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(says)
        return text

    return BeforeValidator(read)


_DECIMAL = _written("0|-?[1-9][0-9]{0,18}", "a decimal without leading zeros")
_END = 2**62

Count = Annotated[int, Field(ge=0, lt=_END), _DECIMAL]
"""How many there are, or a place counted from 0."""

Ordinal = Annotated[int, Field(ge=1, lt=_END), _DECIMAL]
"""A place counted from 1."""

Cursor = Annotated[int, Field(ge=-1, lt=_END), _DECIMAL]
"""The last position that has been seen; -1: none has."""

Hundred = Annotated[int, Field(ge=1, le=100), _DECIMAL]
Thousand = Annotated[int, Field(ge=1, le=1000), _DECIMAL]
"""How many there may be on a page."""

Year = Annotated[int, Field(ge=1900, le=LAST_YEAR), _DECIMAL]
Amount = Annotated[int, Field(ge=0, lt=2**53), _DECIMAL]
"""A sum in minor units."""

Position = Annotated[Count, Path(description="0-based place in the log", examples=[0])]
