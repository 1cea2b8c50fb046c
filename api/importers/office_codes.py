"""
What a legal event of an office means for a title: by a list of codes that people reviewed.

Every authority has codes of its own, some thousands in all, each with a fixed description. A code
means what its row in `office_codes.json` says, and one without a row means nothing: no pattern
reads descriptions, because what was only asked for, announced, rejected or taken back is told in
the words of what happens. A row is of the EPO's table of that edition, and has the reviewer, the
reason and how far it is to be trusted (docs/reference/law.md: T, S or M).
"""

from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ledger.domain.core.types import FROM_LIST, Model, Text

Meaning = Literal[
    "designated",
    "granted",
    "granted_nationally",
    "granted_on_issue",
    "fee_paid",
    "lapsed",
    "restored",
    "surrendered",
    "cancelled",
    "limited",
    "expected_grant",
    "noted",
    "not_told",
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}\.[A-Z0-9+-]{1,20}$")]
State = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class ReviewedCode(Model):
    """A code, and what it does to a title; `noted` is nothing.

    `not_told` is noted too, though it may do something: the reason says what nobody can tell of it.

    `class` is its letter in the EPO's table. With `states` it acts only where the event names a
    State; `state` is the one that the code itself is of. With `kinds` it acts only for publications
    whose kind begins so: elsewhere it has another meaning.
    """

    code: Code
    means: Meaning
    class_: Annotated[str | None, Field(alias="class", max_length=1)]
    states: Literal["named"] | None = None
    state: State | None = None
    kinds: Annotated[tuple[str, ...], FROM_LIST] = ()
    reviewer: Text
    reason: Text
    trust: Literal["T", "S", "M"]

    def meaning(self, kind: str | None, *, in_state: bool) -> Meaning:
        """Return what the code means on a publication of that kind, in an event of a State or not.

        What is ambiguous there is `noted`.
        """
        if self.states is not None and not in_state:
            return "noted"
        if self.kinds and (kind or "")[:1] not in self.kinds:
            return "noted"
        return self.means


class _Table(Model):
    edition: Text
    source: Text
    rows: Annotated[tuple[ReviewedCode, ...], FROM_LIST]


@cache
def reviewed() -> dict[str, ReviewedCode]:
    """Return the reviewed codes."""
    raw = resources.files(__package__).joinpath("office_codes.json").read_bytes()
    return {row.code: row for row in _Table.model_validate_json(raw).rows}
