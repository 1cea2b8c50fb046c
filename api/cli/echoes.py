"""
Where an answer says what it was asked: one that says another thing answers another question.

A parameter is looked for under its own name, and else where `MEMBERS` says. A test holds every
parameter of every command to it.
"""

from collections.abc import Mapping
from typing import Any

from api.describe.answer_json import kinds_of
from ledger.follow.replies import WrongAnswer
from ledger.wire.shown import brief

_PART: Mapping[str, str] = {
    "territory": "territory.codes",
    "field": "field.codes",
    "scheme": "field.scheme",
    "edition": "field.edition",
    "from": "start",
    "to": "end",
}
_DAYS = ("from", "to")
_WANTED = ("party", "kind", "market", "trl_from", "trl_to", "price", "price_to", "currency", "open")

MEMBERS: Mapping[str, str] = {
    **{f"Exclusive.{name}": f"part.{member}" for name, member in _PART.items()},
    **{f"LeftToGrant.{name}": f"asked.{member}" for name, member in _PART.items()},
    **{f"LicenceCheck.{name}": f"use.{name}" for name in ("party", "act", "true_on", "effect")},
    **{f"LicenceCheck.{name}": f"use.{_PART[name]}" for name in _PART if name not in _DAYS},
    "LicenceCheck.right": "use.object",
    **{f"Listings.{name}": f"wanted.{name}" for name in _WANTED},
    **{f"Listings.{name}": f"wanted.field.{name}" for name in ("scheme", "edition")},
    "Listings.field": "wanted.field.codes",
    **dict.fromkeys(("Exclusive.thing", "LeftToGrant.thing"), "subject"),
    **dict.fromkeys(("KeyAsKnown.key_id", "MarkedSignedBy.key_id"), "key.key_id"),
    "DocumentAsKnown.document": "document.document",
    **dict.fromkeys(("TableDifference.name", "ReplayDigest.name"), "projection"),
}

CHOSEN: Mapping[str, str] = {
    "MinimumMet.licensee": "where nobody is named, the first licensee of the contract",
    "Offers.at": "where no instant is named, that of the answer",
    "Exclusive.territory": "where no place is named, the world",
    **{
        f"{kind}.{name}": "where none is named, the scheme by default, in the edition in use"
        for kind in ("Exclusive", "LeftToGrant", "LicenceCheck", "Listings")
        for name in ("scheme", "edition")
    },
}
"""What the server chooses where it is not asked for, and says."""


def must_answer(kind: Any, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Raise `WrongAnswer` for an answer of a kind that says that it was asked anything else.

    Of what it does not know it says nothing but that.
    """
    for name, value in ({"known_at": None} | {**asked}).items():
        member = place_of(kind, name)
        given, said = _written(value), _written(_member_at(answer, member))
        chosen = given is None and f"{kind.__name__}.{name}" in CHOSEN
        unknown = said is None and given in answer["unknown"]
        if said != given and not chosen and not unknown:
            told = f"{member} is {said or 'none'}, and {name} {given or 'none'} was asked for"
            raise WrongAnswer(f"it answers another question: {brief(told)}")


def place_of(kind: Any, parameter: str) -> str:
    """Return where an answer of a kind says what it was asked by a parameter."""
    return MEMBERS.get(f"{kind.__name__}.{parameter}", parameter)


def says(kind: Any, parameter: str) -> bool:
    """Say whether answers of a kind say what they were asked by a parameter."""
    return place_of(kind, parameter).partition(".")[0] in kinds_of(kind)


def _member_at(answer: Mapping[str, Any], place: str) -> Any:
    """Return what stands at a place of an answer, None where what it would stand in is not."""
    found: Any = answer
    for name in place.split("."):
        found = None if found is None else found[name]
    return found


def _written(value: Any) -> str | None:
    """Return a value as a parameter writes it; None for none."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(str, value)) or None
    return None if value is None else str(value)
