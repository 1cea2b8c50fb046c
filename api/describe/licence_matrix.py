"""
A licence check as a table: each grant against each side of the use, and where in Việt Nam it is.

All of it is said by the answer (`beyond`, `against`, `ended`); nothing is judged here again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from api.describe import days, money
from api.describe.language import Language, Said
from api.describe.places import places
from api.describe.saying import Members, Speech, field_said
from api.describe.values import value_name
from ledger.domain.core.scope import Hole, field_region, territory_region
from ledger.domain.core.territory import NEW_UNITS, in_the_other_list

State = Literal["met", "failed", "open", "told"]
"""Whether a side is covered, is not, depends on what no code or question says; or is only told."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One side of a grant: whether the use lies within, and what was granted."""

    side: str
    called: str
    state: State
    words: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A grant as a row of the table."""

    ref: str
    contract: str
    licensor: str
    position: int
    holds: bool
    doubted: bool
    cells: tuple[Cell, ...]
    until: str

    @property
    def failing(self) -> tuple[Cell, ...]:
        """Return the sides that are not covered, or not for certain."""
        return tuple(cell for cell in self.cells if cell.state in ("failed", "open"))

    @property
    def depends(self) -> bool:
        """Say whether all that keeps it from holding is open."""
        return not self.holds and all(cell.state == "open" for cell in self.failing)


def things_of(check: Members) -> tuple[str, ...]:
    """Return the rights and technologies that an answer to a licence check names."""
    grants = [each["grant"] for each in (*check["grants"], *check["others"])]
    named = (thing for grant in grants for thing in (*grant["rights"], *grant["technologies"]))
    return tuple(dict.fromkeys(filter(None, (check["use"]["object"], *named))))


def matrix_of(check: Members, speech: Speech, titles: Mapping[str, str]) -> tuple[MatrixRow, ...]:
    """Return the grants of an answer to a licence check: those that hold first.

    `titles` are of the rights and technologies, as far as they have any.
    """
    rows = [_row(each, check, speech, titles) for each in (*check["grants"], *check["others"])]
    return tuple(sorted(rows, key=lambda row: not row.holds))


def _row(
    looked_at: Members, check: Members, speech: Speech, titles: Mapping[str, str]
) -> MatrixRow:
    grant = looked_at["grant"]
    return MatrixRow(
        grant["ref"],
        grant["subject"],
        grant["licensor"],
        grant["changed_position"] or grant["position"],
        looked_at["holds"],
        not {*check["doubted"]}.isdisjoint(looked_at["positions"]),
        tuple(_cells(looked_at, check, speech, titles)),
        days.until(_day(looked_at["until"]), speech.language),
    )


def _cells(
    looked_at: Members, check: Members, speech: Speech, titles: Mapping[str, str]
) -> Iterator[Cell]:
    for side, called in _SIDES.items():
        if side == "third_parties" and check["use"]["effect"] != "third_parties":
            continue
        state = _STATES[side](looked_at, check["use"])
        if side == "objects":
            words = "; ".join(_objects(looked_at, speech, titles))
        else:
            words = _SAID[side](looked_at, speech)
        yield Cell(side, called.in_(speech.language), state, words)


_SIDES: Mapping[str, Said] = {
    "act": Said("việc", "act"),
    "territory": Said("nơi", "place"),
    "field": Said("lĩnh vực", "field"),
    "excluded": Said("phần bị trừ", "what is excepted"),
    "day": Said("ngày", "day"),
    "quantity": Said("số lượng", "quantity"),
    "objects": Said("quyền còn hiệu lực", "rights in force"),
    "standing": Said("được thực hiện", "not held up"),
    "third_parties": Said("với bên thứ ba", "third parties"),
}


def _beyond(*sides: str) -> Callable[[Members, Members], State]:
    def state(looked_at: Members, _use: Members) -> State:
        return "failed" if {*sides} & {*looked_at["beyond"]} else "met"

    return state


def _by_field(side: str, scheme: str) -> Callable[[Members, Members], State]:
    """Return what tells of the field, or of what is excepted, whether the use lies within."""

    def state(looked_at: Members, use: Members) -> State:
        grant, beyond = looked_at["grant"], looked_at["beyond"]
        if "field_in_words" in beyond and grant[scheme] == "words":
            return "open"
        if side not in beyond:
            return "met"
        unnamed = use["field"]["scheme"] == "any"
        return "open" if unnamed and grant[scheme] is not None else "failed"

    return state


def _against(*codes: str) -> Callable[[Members, Members], State]:
    def state(looked_at: Members, _use: Members) -> State:
        return "failed" if {*codes} & {*looked_at["against"]} else "met"

    return state


_HOLDS_UP = ("AWAITED", "SUSPENDED", "HEAD_ENDED")
_STATES: Mapping[str, Callable[[Members, Members], State]] = {
    "act": _beyond("act"),
    "territory": _beyond("territory"),
    "field": _by_field("field", "field_scheme"),
    "excluded": _by_field("excluded", "excluded_scheme"),
    "day": _beyond("day"),
    "quantity": lambda looked_at, _: "told" if looked_at["grant"]["quantity"] else "met",
    "objects": lambda looked_at, _: "met" if looked_at["objects"] else "failed",
    "standing": _against(*_HOLDS_UP),
    "third_parties": _against("UNREGISTERED_OPPOSED"),
}


def _acts(looked_at: Members, speech: Speech) -> str:
    acts = looked_at["grant"]["acts"]
    return ", ".join(value_name("GrantRow", "acts", act, speech.language) for act in acts)


def _where(looked_at: Members, speech: Speech) -> str:
    return places(looked_at["grant"]["territory"], speech.language)


def _field(looked_at: Members, speech: Speech) -> str:
    return _fields(looked_at["grant"], "field", speech)


def _fields(grant: Members, prefix: str, speech: Speech) -> str:
    names = ("scheme", "edition", "codes")
    return field_said({name: grant[f"{prefix}_{name}"] for name in names}, speech)[0].text


def _excluded(looked_at: Members, speech: Speech) -> str:
    grant, said = looked_at["grant"], list[str]()
    if grant["excluded_scheme"] is not None:
        said.append(_fields(grant, "excluded", speech))
    if grant["excluded_territory"] is not None:
        said.append(places(grant["excluded_territory"], speech.language))
    return _THERE.in_(speech.language).join(said) or _NOTHING.in_(speech.language)


def _days(looked_at: Members, speech: Speech) -> str:
    """Return the days as agreed; where they ended earlier, as they ended."""
    grant = looked_at["grant"]
    ends = [grant["valid_to"]]
    if "day" in looked_at["beyond"]:
        ends.append(grant["true_to"])
    end = min((each for each in ends if each is not None), default=None)
    return days.span(date.fromisoformat(grant["valid_from"]), _day(end), speech.language)


def _quantity(looked_at: Members, speech: Speech) -> str:
    quantity = looked_at["grant"]["quantity"]
    if quantity is None:
        return _UNLIMITED.in_(speech.language)
    return _AT_MOST.in_(speech.language).format(money.number(int(quantity), speech.language))


def _objects(looked_at: Members, speech: Speech, titles: Mapping[str, str]) -> Iterator[str]:
    """Yield the things through which a grant holds, by title and id, and what became of others."""
    for each in looked_at["objects"]:
        yield _titled(each, titles)
    for each in looked_at["ended"]:
        yield f"{_titled(each['right'], titles)}: {_status(each['status'], speech.language)}"


def _titled(thing: str, titles: Mapping[str, str]) -> str:
    return f"{titles[thing]} ({thing})" if thing in titles else thing


def _status(status: str | None, language: Language) -> str:
    if status is None:
        return _NOT_THERE.in_(language)
    return value_name("Standing", "status", status, language)


def _standing(looked_at: Members, speech: Speech) -> str:
    told = [code for code in looked_at["against"] if code in _HOLDS_UP]
    said = [value_name("LookedAt", "against", code, speech.language) for code in told]
    return "; ".join(said) or _NOT_HELD_UP.in_(speech.language)


def _third_parties(looked_at: Members, speech: Speech) -> str:
    if "UNREGISTERED_OPPOSED" in looked_at["against"]:
        return value_name("LookedAt", "against", "UNREGISTERED_OPPOSED", speech.language)
    entered = looked_at["grant"]["registered_on"]
    if entered is None:
        return _NO_ENTRY_NEEDED.in_(speech.language)
    day = days.day(date.fromisoformat(entered), speech.language)
    return _ENTERED.in_(speech.language).format(day)


_SAID: Mapping[str, Callable[[Members, Speech], str]] = {
    "act": _acts,
    "territory": _where,
    "field": _field,
    "excluded": _excluded,
    "day": _days,
    "quantity": _quantity,
    "standing": _standing,
    "third_parties": _third_parties,
}

_THERE = Said(" tại ", " in ")
_NOTHING = Said("không trừ gì", "nothing")
_UNLIMITED = Said("không giới hạn", "no limit")
_AT_MOST = Said("tối đa {} đơn vị; câu hỏi không đếm", "{} units at most; the question counts none")
_NOT_THERE = Said("không có ở nơi đó vào ngày đó", "none there on that day")
_NOT_HELD_UP = Said("không chờ gì, không tạm ngừng", "waits for nothing, is not suspended")
_NO_ENTRY_NEEDED = Said("không cần ghi vào sổ đăng bạ", "needs no entry in a register")
_ENTERED = Said("đã ghi vào sổ đăng bạ ngày {}", "entered in the register on {}")


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


Reach = Literal["whole", "part", "none"]


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the 34 units: how far grants reach there, and whether it was asked about."""

    code: str
    name: str
    reach: Reach
    asked: bool


def tiles_of(check: Members) -> tuple[Tile, ...]:
    """Return where in Việt Nam grants reach that fit the use but for the place; empty for none."""
    fitting = [each["grant"] for each in check["grants"] if _fits_but_for_the_place(each)]
    if not fitting:
        return ()
    use = check["use"]
    asked = territory_region(tuple(use["territory"]["codes"]))
    field = use["field"]
    used = field_region(field["scheme"], field["edition"], tuple(field["codes"]))
    found = list[Tile]()
    for code, name in NEW_UNITS.items():
        place = territory_region((f"vn-2025:{code}",))
        reaches = [_reach(grant, code, used) for grant in fitting]
        reach: Reach = "whole" if "whole" in reaches else "part" if "part" in reaches else "none"
        found.append(Tile(code, _with_islands(code, name), reach, asked.overlaps(place)))
    return tuple(found)


def _fits_but_for_the_place(looked_at: Members) -> bool:
    beyond = {*looked_at["beyond"]} - {"territory", "excluded"}
    return bool(looked_at["objects"]) and not beyond and not looked_at["against"]


def _reach(grant: Members, unit: str, used: Any) -> Reach:
    """Return how far a grant reaches into a unit: all of it, some of the old ones in it, not."""
    own = (f"vn-2025:{unit}", *in_the_other_list(f"vn-2025:{unit}"))
    granted, hole = territory_region(tuple(grant["territory"])), _hole(grant)
    within = [
        granted.contains(region) and not (hole is not None and hole.touches(region, used))
        for region in (territory_region((code,)) for code in own)
    ]
    if within[0]:
        return "whole"
    return "part" if any(within[1:]) else "none"


def _hole(grant: Members) -> Hole | None:
    where, scheme = grant["excluded_territory"], grant["excluded_scheme"]
    if where is None and scheme is None:
        return None
    codes = tuple(grant["excluded_codes"] or ())
    return Hole(
        None if where is None else territory_region(tuple(where)),
        None if scheme is None else field_region(scheme, grant["excluded_edition"], codes),
    )


_ISLANDS: Mapping[str, str] = {"48": "Hoàng Sa", "56": "Trường Sa"}
"""The archipelagos that belong to a province, and are named with it."""


def _with_islands(code: str, name: str) -> str:
    return f"{name}, {_ISLANDS[code]}" if code in _ISLANDS else name


def fields_granted(check: Members, speech: Speech) -> Sequence[tuple[Members, str]]:
    """Return the fields on which it depends where the question names none, with their words."""
    found: dict[tuple[Any, ...], tuple[Members, str]] = {}
    for each in check["grants"]:
        grant = each["grant"]
        if "field" in each["beyond"] and grant["field_scheme"] in ("ipc", "vsic"):
            for code in grant["field_codes"]:
                one = {**grant, "field_codes": [code]}
                key = (grant["field_scheme"], grant["field_edition"], code)
                found[key] = (one, _fields(one, "field", speech))
    return tuple(found.values())
