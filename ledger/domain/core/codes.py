"""
Codes of places and fields: whether their list is in use on the day of recording, and has them.

The lists are law data: each edition of the provinces is valid for its days, a classification has
the codes of its edition. A new code of the wrong edition is refused, because it means another place
or another trade; what stood before stands. Where a list is known only down to some level
(docs/reference/law.md says which), a code below it is held to its form alone.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Protocol

from ledger.domain.core.dated_law import Law
from ledger.domain.core.ground import Ground
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Step
from ledger.domain.core.scope import Field, Territory
from ledger.domain.core.territory import in_the_other_list


class TerritoryEdition(Refusal):
    """A place is newly named by a list of units that is not in use on the day of recording."""

    code = "TERRITORY_EDITION"
    title_vi = (
        "Mã địa bàn mới nêu không thuộc danh mục đơn vị hành chính có hiệu lực vào ngày ghi sổ"
    )


class FieldUnknown(Refusal):
    """A field is named by a code that its classification, in that edition, does not have."""

    code = "FIELD_UNKNOWN"
    title_vi = "Mã lĩnh vực không có trong bảng phân loại của ấn bản được nêu"


class Scoped(Protocol):
    """What reaches somewhere, for something."""

    @property
    def reaches(self) -> tuple[tuple[Territory | None, Field | None], ...]:
        """Return the places and fields that it names: those it reaches, those it leaves out."""


def must_be_codes(
    scopes: Iterable[Scoped], on: date, law: Law, stood: Iterable[Scoped] = ()
) -> None:
    """Raise `TerritoryEdition` or `FieldUnknown` for the first scope that names what is not.

    A code stands as long as it stood in the version before, in the head grant, or in the offer that
    was accepted or countered: only those that `stood` nowhere are held to the lists of the day.
    """
    before = [each for scope in stood for each in scope.reaches]
    places = {code for territory, _ in before if territory for code in territory.codes}
    fields = [field for _, field in before if field is not None]
    for scope in scopes:
        for territory, field in scope.reaches:
            if territory is not None:
                _must_be_places(territory, on, law, places)
            if field is not None:
                must_be_fields(field, on, law, fields)


def _must_be_places(territory: Territory, on: date, law: Law, stood: Collection[str]) -> None:
    for code in territory.codes:
        edition, _, unit = code.partition(":")
        if code in stood or edition not in ("vn-2004", "vn-2025"):
            continue
        ground = law.find("territory.units", on, edition=edition)
        if ground is None or unit not in ground.names("codes"):
            raise _of_another_list(code, on, ground)


def _of_another_list(code: str, on: date, ground: Ground | None) -> TerritoryEdition:
    """Return the refusal of a unit, with the units of the other list that it is made of or in."""
    now = in_the_other_list(code)
    if len(now) == 1 and code.startswith("vn-2004:"):
        told = f"{code} lies in {now[0]}, a unit of the list in use on {on}, and is none itself"
    else:
        told = f"{code} is made of {' and '.join(now)}; it was no unit on {on}"
    step = Step({"now": ", ".join(now), "code": code}, replace={code: now}, values=(code,))
    return TerritoryEdition(told, ground=ground, step=step)


def must_be_fields(field: Field, on: date, law: Law, stood: Iterable[Field] = ()) -> None:
    """Raise `FieldUnknown` unless each symbol is one of its scheme, in an edition of that day.

    Those of the same scheme and edition that `stood` before are not asked.
    """
    if field.scheme in ("any", "words"):
        return
    same = (each for each in stood if (each.scheme, each.edition) == (field.scheme, field.edition))
    old = {code for each in same for code in each.codes}
    new = [code for code in field.codes if code not in old]
    ground = law.find("field.codes", on, scheme=field.scheme, edition=field.edition)
    unknown = [code for code in new if not _is_known(field.scheme, code, law, on, ground)]
    if unknown:
        codes = ", ".join(unknown)
        told = {"scheme": field.scheme, "edition": field.edition, "codes": codes}
        raise FieldUnknown(
            f"{field.scheme} {field.edition} has no {codes}",
            ground=ground,
            step=Step(told, ask=(HERE,), values=tuple(unknown)),
        )


def _is_known(scheme: str, code: str, law: Law, on: date, ground: Ground | None) -> bool:
    if ground is None:
        return False
    size = 3 if scheme == "ipc" else 2
    heads = ground.names("heads")
    if not any(head.startswith(code) or code[:size] == head for head in heads):
        return False
    subclass, _, group = code.partition(" ")
    known = law.find("field.groups", on, subclass=subclass) if group else None
    return known is None or group.partition("/")[0] in known.names("groups")
