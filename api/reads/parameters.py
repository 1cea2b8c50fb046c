"""
What an operation may be asked: its own parameters, each once, and each written in one way.

A parameter that nobody reads would have the answer be to another question. Days are those of
events. What reads whole numbers otherwise is generous: `+1`, `0_1` and full-width digits are one.
"""

import re
from copy import copy
from difflib import get_close_matches
from typing import Annotated, Any, get_args, get_origin

from fastapi import Path
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from pydantic import BeforeValidator, Field
from starlette.datastructures import QueryParams
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from api.problems import BadParameter
from ledger.domain.core.types import LAST_YEAR
from projections.engine.cursor import CURSOR


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

PageCursor = Annotated[
    str | None,
    Query(
        pattern=CURSOR,
        description="`next_after` of the page before, asked by the same question",
    ),
]
"""Where a page of a list begins; None: at its beginning."""

Hundred = Annotated[int, Field(ge=1, le=100), _DECIMAL]
Thousand = Annotated[int, Field(ge=1, le=1000), _DECIMAL]
"""How many there may be on a page."""

Readiness = Annotated[int, Field(ge=1, le=9), _DECIMAL]
"""A technology readiness level."""

Year = Annotated[int, Field(ge=1900, le=LAST_YEAR - 1), _DECIMAL]
"""A year whose end is a day: the first of the next."""

Month = Annotated[int, Field(ge=1, le=12), _DECIMAL]
"""A month of a year."""

Amount = Annotated[int, Field(ge=0, lt=2**53), _DECIMAL]
"""A sum in minor units."""

Position = Annotated[Count, Path(description="0-based place in the log", examples=[0])]


def query_of(route: APIRoute) -> dict[str, Any]:
    """Return what an operation can be asked in its query, by name."""
    found = get_flat_params(route.dependant)
    return {field.alias: field for field in found if isinstance(field.field_info, Query)}


def strict(route: BaseRoute) -> BaseRoute:
    """Return a route as it answers only what it has parameters for, each of them once."""
    if not isinstance(route, APIRoute):
        return route
    asked = {name: field.field_info.annotation for name, field in query_of(route).items()}
    answer = route.app

    async def answer_what_it_can(scope: Scope, receive: Receive, send: Send) -> None:
        _must_be_asked(asked, QueryParams(scope["query_string"]))
        await answer(scope, receive, send)

    stricter = copy(route)
    stricter.app = answer_what_it_can
    return stricter


def _must_be_asked(asked: dict[str, Any], query: QueryParams) -> None:
    """Raise `BadParameter` for what is no parameter of the operation, and for one given twice."""
    for name in query:
        if name not in asked:
            raise BadParameter(
                name,
                query[name],
                f"no such parameter; this operation has {', '.join(sorted(asked)) or 'none'}",
                get_close_matches(name, asked, 3),
                "UNKNOWN_PARAMETER",
            )
        if len(query.getlist(name)) > 1 and not _is_list(asked[name]):
            raise BadParameter(name, ", ".join(query.getlist(name)), "it is given twice")


def _is_list(kind: Any) -> bool:
    return list in {get_origin(each) for each in (kind, *get_args(kind))}
