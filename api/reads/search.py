"""Search: what is found by a name, a title, a number, an id, a hash or a position."""

from difflib import get_close_matches
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, StringConstraints

from api.reads.common import AsKnown
from api.reads.named import none_such
from api.reads.parameters import Hundred, PageCursor
from api.reads.questions import Questions
from projections.questions.search import FOUND, Found, search

router = Questions(prefix="/v1/search", tags=["search"])


def _known_kind(kind: str) -> str:
    """Let through a kind of what is found. Raises `PydanticCustomError` for what is none."""
    if kind in FOUND:
        return kind
    raise none_such(
        f"what is found is of a kind: {', '.join(FOUND)}", get_close_matches(kind, FOUND)
    )


Kind = Annotated[str, StringConstraints(pattern=r"^[a-z]+$"), AfterValidator(_known_kind)]


@router.question("", "search", "What is found by a text?")
def get_search(
    reader: AsKnown,
    *,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=400,
            description="Words of names, titles, numbers, however spelt; an id, a hash, a position",
            examples=["bach khoa"],
        ),
    ],
    kind: Annotated[
        Kind | None,
        Query(
            description="Only parties, or rights, or contracts, and so on; default: all",
            examples=["party"],
        ),
    ] = None,
    after: PageCursor = None,
    limit: Hundred = 20,
) -> Found:
    """Return what is found, the best first, with how many there are of each kind.

    First what is meant exactly; else what has all the words, as they are or as beginnings of words;
    else what is a slip of the pen away; else what has the most telling of the words.
    """
    return search(reader, q, kind=kind, limit=limit, after=after)
