"""
Reads a mapped agreement into the terms of a contract, and says how: read, assumed, left out.

Where a contract has to say something that the mapping does not, the cautious reading is taken and
named. What limits a grant in words stands in its field, in words: it keeps others out and permits
nothing. Of money what a contract of this ledger cannot say as agreed is refused. Nothing is guessed
silently, and nothing that is left out makes a grant wider.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from api.importers.cuad_records import Agreement, in_words, unread

ALL_ACTS = ("make", "use", "sell", "offer_for_sale", "import")
_ACTS = {
    "make": ("make",),
    "have_made": ("make",),
    "use": ("use",),
    "sell": ("sell",),
    "offer": ("offer_for_sale",),
    "offer_for_sale": ("offer_for_sale",),
    "import": ("import",),
    "export": ("export",),
    "copy": ("copy",),
    "reproduce": ("copy",),
    "modify": ("adapt",),
    "adapt": ("adapt",),
    "distribute": ("distribute",),
    "manufacture": ("make",),
    "develop": ("make", "use"),
    "commercialise": ("sell", "offer_for_sale", "import"),
    "commercialize": ("sell", "offer_for_sale", "import"),
}
_SUBLICENSING = {
    "forbidden": "no",
    "no": "no",
    "with_consent": "consent",
    "consent": "consent",
    "affiliates": "affiliates",
    "allowed": "free",
    "free": "free",
}
_VOID = {"a": "VOID_IMPROVEMENT_BACK", "b": "VOID_EXPORT_BAN", "c": "VOID_TIED_PURCHASE"} | {
    "d": "VOID_NO_CHALLENGE"
}
ARTICLE = "vn_art144_2"
_BACK = frozenset({"exclusivity", "royalty", "territory", "what", "ref"})
_EVERYWHERE = frozenset({"WORLD", "WORLDWIDE", "GLOBAL"})
_EU = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"


@dataclass(slots=True)
class Reading:
    """How an agreement was read: into what, by which assumptions, without what.

    `breaches` are all clauses that the mapping calls void, with the code of each; `review` are
    those that it leaves to a person.
    """

    read: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    review: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Grantable:
    """A grant as the mapping has it: who gives, and the members of a grant that it says."""

    giver: str
    taker: str
    what: str | None
    members: Mapping[str, Any]


class Unmappable(Exception):
    """The mapping does not say what the contract cannot do without."""

    code: ClassVar[str] = "CONTENT_MISSING"


class NotCarried(Unmappable):
    """The mapping says what a contract of this ledger cannot, and without which it would lie."""

    code = "NOT_CARRIED"


def grants_of(
    agreement: Agreement, limits: Iterable[str], reading: Reading
) -> tuple[Grantable, ...]:
    """Return the grants of an agreement, in its order, each within `limits` in words.

    Raises `Unmappable`, `NotCarried`.
    """
    return tuple(
        _grant(agreement, item, f"g{number}", limits, reading)
        for number, item in enumerate(agreement.items("grants"), start=1)
    )


_GRANT_MEMBERS = frozenset(
    {"from", "to", "what", "exclusivity", "territory", "rights", "purpose", "sublicensing"}
) | {"transferable", "field", "royalty"}


def _grant(
    agreement: Agreement,
    item: Mapping[str, Any],
    name: str,
    limits: Iterable[str],
    reading: Reading,
) -> Grantable:
    roles = ("licensor", "licensee") if agreement.text("licensor") else ("assignor", "assignee")
    giver, taker = item.get("from", roles[0]), item.get("to", roles[1])
    codes, excluded = _places(item, name, reading)
    acts, strange = _acts(item, name, reading)
    words = [str(item["field"])] if "field" in item else []
    words += [*strange, *unread(item, _GRANT_MEMBERS), *limits]
    exclusivity = _exclusivity(item, name, reading)
    members: dict[str, Any] = {
        "grant": name,
        "acts": acts,
        "exclusivity": exclusivity,
        "territory": {"codes": codes},
        "field": _field(words),
        **({} if excluded is None else {"excluded": excluded}),
        "sublicensing": _sublicensing(item, name, reading),
        "transferable": item.get("transferable") is True,
    }
    reading.read.append(f"{name}: {exclusivity}, {', '.join(codes)}")
    if words:
        reading.read.append(f"{name} in words only, so it permits nothing: {'; '.join(words)}")
    return Grantable(giver, taker, item.get("what"), members)


def _field(words: list[str]) -> dict[str, Any]:
    """Return any field, or what is said in words of it: that keeps others out, permits nothing."""
    if not words:
        return {"scheme": "any", "edition": None, "codes": []}
    return {"scheme": "words", "edition": None, "codes": list(dict.fromkeys(words))}


def _exclusivity(item: Mapping[str, Any], name: str, reading: Reading) -> str:
    said = item.get("exclusivity")
    if said in ("exclusive", "sole", "non_exclusive"):
        return str(said)
    if said is not None:
        raise NotCarried(f"{name} is {said}: neither exclusive, sole nor non-exclusive")
    reading.assumed.append(f"{name} is non-exclusive: the mapping says nothing")
    return "non_exclusive"


def _acts(item: Mapping[str, Any], name: str, reading: Reading) -> tuple[list[str], list[str]]:
    """Return the acts of a grant, and what it is for that is no act here.

    Of listed acts one that is none here is left out: there are fewer. A purpose is one phrase: a
    word that is no act limits all of it, and beside listed acts it limits them.
    """
    listed, purpose = item.get("rights"), item.get("purpose")
    words = [listed] if isinstance(listed, str) else list(listed or ())
    for_what = [] if purpose is None else str(purpose).replace("+", " ").split()
    strange = [word for word in words if word not in _ACTS]
    limits = [f"purpose: {purpose}"] if words and for_what else []
    if not words:
        words = for_what
        limits = [f"acts: {word}" for word in words if word not in _ACTS]
    found = [act for word in words for act in _ACTS.get(word, ())]
    if not found:
        reading.assumed.append(f"{name} is of all acts of use: the mapping names none")
        limits += [f"acts: {word}" for word in strange]
    elif strange:
        reading.left_out.append(f"{name} acts: {', '.join(strange)}")
    return list(dict.fromkeys(found or ALL_ACTS)), limits


def _territory(listed: Any, name: str) -> Iterator[str]:
    """Yield the codes of places in words of the mapping. Raises `Unmappable`."""
    for word in [listed] if isinstance(listed, str) else list(listed):
        place = str(word).upper()
        if place in _EVERYWHERE:
            yield "world"
        elif place == "EU":
            yield from (f"iso:{member}" for member in _EU.split())
        elif len(place) == 2 and place.isalpha():  # noqa: PLR2004  (ISO 3166-1 alpha-2)
            yield f"iso:{place}"
        else:
            raise Unmappable(f"{name}: {word} is no territory code")


def _places(
    item: Mapping[str, Any], name: str, reading: Reading
) -> tuple[list[str], dict[str, Any] | None]:
    """Return where a grant is for, and what it excludes there."""
    said = item.get("territory")
    if said is None:
        reading.assumed.append(f"{name} is worldwide: the mapping names no territory")
        return ["world"], None
    if not isinstance(said, dict):
        return list(dict.fromkeys(_territory(said, name))), None
    for other in unread(said, frozenset({"include", "exclude"})):
        raise NotCarried(f"{name}: its territory has {other}")
    inside = list(dict.fromkeys(_territory(said.get("include", "WORLD"), name)))
    outside = list(dict.fromkeys(_territory(said.get("exclude", ()), name)))
    return inside, {"territory": {"codes": outside}} if outside else None


def _sublicensing(item: Mapping[str, Any], name: str, reading: Reading) -> str:
    said = item.get("sublicensing")
    if said in _SUBLICENSING:
        return _SUBLICENSING[said]
    reading.assumed.append(f"{name} is not passed on: the mapping says {said} (IP Law art. 142)")
    return "no"


def clauses_of(agreement: Agreement, reading: Reading) -> dict[str, Any]:
    """Return what the agreement asks of the licensee, as members of a contract.

    A clause stands there as void only if the mapping calls it so; one that it leaves to a person is
    for review. Raises `NotCarried`.
    """
    said: dict[str, Any] = {}
    back = agreement.said.get("grant_back")
    for clause in (*agreement.items("clauses"), *agreement.items("grant_back")):
        for letter in (key.removeprefix(ARTICLE) for key in clause if key.startswith(ARTICLE)):
            verdict = str(clause[f"{ARTICLE}{letter}"])
            if verdict.startswith("VOID"):
                _read_clause(said, clause, letter, reading)
            else:
                text = f"{clause.get('ref', '?')}: {clause.get('what', '')}"
                reading.review.append(f"144(2)({letter}), {text}: {verdict}")
    if back is not None and "improvements" not in said:
        said["improvements"] = _granted_back(back)
        reading.read.append(f"grant back {in_words(back)}")
    return said


def _granted_back(back: Any) -> dict[str, Any]:
    """Return a licence back of improvements. Raises `NotCarried` for one that is limited."""
    if not isinstance(back, dict):
        raise NotCarried(f"grants back are several: {back}")
    exclusivity = back.get("exclusivity", "non_exclusive")
    if exclusivity not in ("exclusive", "non_exclusive"):
        raise NotCarried(f"grant back: {exclusivity}")
    limits = [*unread(back, _BACK | {name for name in back if name.startswith(ARTICLE)})]
    if list(_territory(back.get("territory", "WORLD"), "grant back")) != ["world"]:
        limits.append(f"territory: {back['territory']}")
    if limits:
        raise NotCarried(f"grant back: {'; '.join(limits)}")
    return {
        "owner": "licensee",
        "licence_back": exclusivity,
        "paid": back.get("royalty") not in ("free", "fully_paid", None),
    }


def _read_clause(
    said: dict[str, Any], clause: Mapping[str, Any], letter: str, reading: Reading
) -> None:
    text = f"{clause.get('ref', '?')}: {clause.get('what', '')}"
    if letter == "a":
        said["improvements"] = {
            "owner": "licensor",
            "licence_back": "none",
            "paid": False,
            "clause": text,
        }
    elif letter == "b":
        ban = {"territory": "world", "right": None, "clause": text}
        said.setdefault("export_bans", []).append(ban)
    elif letter == "c":
        tied = {"item": str(clause.get("what", text)), "quality_reason": None, "clause": text}
        said.setdefault("tied_purchases", []).append(tied)
    elif letter == "d":
        said["no_challenge"] = text
    else:
        reading.left_out.append(f"clause {text}")
        return
    reading.read.append(f"clause {text}")
    reading.breaches.append(f"{_VOID[letter]} ({clause.get('ref', '?')})")
