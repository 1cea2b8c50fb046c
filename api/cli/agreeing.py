"""
Where the rows of an answer are about what it is about: an answer whose rows are not is none.

Nor is one with a row of an event that is not among those that it names. Which members of rows say
it, a table has, by the kind of answer and the member that asks it. What a row says of an event that
was checked is held to its bytes elsewhere (`ledger.follow.checked`).
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from api.describe.answer_json import plain_members, records_in
from api.describe.measures import measure_of
from ledger.follow.replies import WrongAnswer
from ledger.wire.shown import brief

_THINGS = ("rights", "technologies")

ABOUT: Mapping[str, Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "Chain": {"right": (("links", ("subject",)),)},
    "MarkedDispute": {"dispute": (("steps", ("subject",)), ("orders", ("dispute",)))},
    "Dues": {"contract": (("lines", ("contract",)), ("suspense", ("contract",)))},
    "HoldsOn": {"subject": (("orders", ("subject",)),)},
    "LeftToGrant": {"subject": (("status", ("right",)),)},
    "LicenceCheck": {
        # What is granted to anyone whom the State names is granted to no licensee alone.
        "use.party": tuple(
            (rows, ("licensee", "open_beneficiaries")) for rows in ("grants.grant", "others.grant")
        ),
        "use.act": (("grants.grant", ("acts",)),),
        "use.object": (("grants.grant", _THINGS), ("others.grant", _THINGS)),
    },
    "PowerToBind": {"signer": (("mandates.mandate", ("holder",)),)},
    "ReportTerms": {"contract": (("filed", ("contract",)), ("sold", ("contract",)))},
}
"""For each kind, each member that says what it is about: the rows, and the members of a row of
which one says the same, has it among others, or is true."""


def must_agree(kind: Any, answer: Mapping[str, Any]) -> None:
    """Raise `WrongAnswer` for an answer of a kind with a row about something else.

    Nor do shares come to more than the whole, nor is one of them nothing.
    """
    for member, rows in ABOUT.get(kind.__name__, {}).items():
        (about,) = _all_at(answer, member)
        for place, names in rows if about is not None else ():
            for row in _all_at(answer, place):
                if row is not None and not any(_says(row[name], about) for name in names):
                    said = f"{place} has a row whose {' or '.join(names)} is not {member} {about}"
                    raise WrongAnswer(brief(said))
    shares = [Fraction(*map(int, each["share"])) for each in answer.get("owners") or ()]
    if any(each <= 0 for each in shares) or sum(shares) > 1:
        raise WrongAnswer("owners: their shares are no parts of one whole")


PROVES_NOTHING = frozenset(
    {
        "Falls.position",
        "Fallen.of",
        "Feed.since",
        "next_after",
        "compromised_since",
        "doubt",
        "doubted",
    }
)
"""Numbers of entries that prove nothing: what was asked about, where to go on, what is doubted."""


def must_name(answer: Any) -> None:
    """Raise `WrongAnswer` for a member that names an event which the answer does not.

    Nobody would look at it. `answer` is as it was read, by its types.
    """
    for record in records_in(answer):
        owner = type(record).__name__
        for member, value in plain_members(record).items():
            if (
                measure_of(owner, member) != "entry"
                or {member, f"{owner}.{member}"} & PROVES_NOTHING
            ):
                continue
            astray = {*(value if isinstance(value, tuple) else (value,))} - {
                None,
                *answer.positions,
            }
            if astray:
                told = f"{owner}.{member} is of the event at {min(astray)}"
                raise WrongAnswer(f"{told}, which positions does not name")


def _says(value: Any, about: Any) -> bool:
    return value is True or value == about or (isinstance(value, list) and about in value)


def _all_at(value: Any, place: str) -> Iterator[Any]:
    """Yield all that stands at a place of a JSON value, within lists too."""
    if isinstance(value, list):
        for each in value:
            yield from _all_at(each, place)
    elif not place or value is None:
        yield value
    else:
        name, _, rest = place.partition(".")
        yield from _all_at(value[name], rest)
