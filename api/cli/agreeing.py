"""
Where the rows of an answer are about what it is about: an answer whose rows are not is none.

Nor is one with a row of an event that is not among those that it names. Which members of rows say
it, a table has, by the kind of answer and the member that asks it. What a row says of an event that
was checked is held to its bytes elsewhere (`ledger.checked`).
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from ledger.checked import rows_of
from ledger.replies import WrongAnswer
from ledger.wire.shown import brief

_THINGS = ("rights", "technologies")

ABOUT: Mapping[str, Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "Chain": {"right": (("links", ("subject",)),)},
    "MarkedDispute": {"dispute": (("steps", ("subject",)), ("orders", ("dispute",)))},
    "Dues": {"contract": (("lines", ("contract",)), ("suspense", ("contract",)))},
    "HoldsOn": {"subject": (("orders", ("subject",)),)},
    "LeftToGrant": {"subject": (("status", ("right",)),)},
    "LicenceCheck": {
        # What is granted to whomever the State names is granted to no licensee alone.
        "use.party": (("grants.grant", ("licensee", "open_beneficiaries")),),
        "use.act": (("grants.grant", ("acts",)),),
        "use.object": (("grants.grant", _THINGS),),
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


ONLY_ASKED = ("Falls",)
"""The kinds whose own `position` is that of an event that was asked about, and proves nothing."""


def must_name(kind: Any, answer: Mapping[str, Any]) -> None:
    """Raise `WrongAnswer` for a row of an event that is not named: nobody would look at it."""
    for row in rows_of(answer):
        if row is answer and kind.__name__ in ONLY_ASKED:
            continue
        if (position := row.get("position")) is not None and position not in answer["positions"]:
            raise WrongAnswer(f"a row is of the event at {position}, which positions does not name")


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
