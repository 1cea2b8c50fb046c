"""
Codes of places and fields: whether their list was in use on the day of signing, and has them.

The lists are law data: each edition of the provinces is valid for its days, a classification has
the codes of its edition. A code of the wrong edition is refused, because it means another place or
another trade. Where a list is known only down to some level (docs/reference/law.md says which), a
code below it is held to its form alone.
"""

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from ledger.domain.event import Refusal
from ledger.domain.law import Ground, Law
from ledger.domain.scope import Field, Territory


class TerritoryEdition(Refusal):
    """A place is named by a list of units that was not in use on the day of signing."""

    code = "TERRITORY_EDITION"
    members = ("grants", "grant", "territory", "changes")
    title_vi = "Mã địa bàn không thuộc danh mục đơn vị hành chính có hiệu lực vào ngày ký"


class FieldUnknown(Refusal):
    """A field is named by a code that its classification, in that edition, does not have."""

    code = "FIELD_UNKNOWN"
    members = ("grants", "grant", "fields", "field", "changes")
    title_vi = "Mã lĩnh vực không có trong bảng phân loại của ấn bản được nêu"


def must_be_places(territory: Territory, on: date, law: Law) -> None:
    """Raise `TerritoryEdition` unless each unit is of an edition in use on a day."""
    for code in territory.codes:
        edition, _, unit = code.partition(":")
        if edition not in ("vn-2004", "vn-2025"):
            continue
        ground = law.find("territory.units", on, edition=edition)
        if ground is None or unit not in ground.names("codes"):
            raise TerritoryEdition(f"{code} was no unit of Vietnam on {on}", ground=ground)


def must_be_fields(field: Field, on: date, law: Law) -> None:
    """Raise `FieldUnknown` unless each symbol is one of its scheme, in an edition of that day."""
    if field.scheme in ("any", "words"):
        return
    ground = law.find("field.codes", on, scheme=field.scheme, edition=field.edition)
    unknown = [code for code in field.codes if not _is_known(field.scheme, code, law, on, ground)]
    if unknown:
        raise FieldUnknown(
            f"{field.scheme} {field.edition} has no {', '.join(unknown)}", ground=ground
        )


class Scoped(Protocol):
    """What reaches somewhere, for something."""

    @property
    def territory(self) -> Territory:
        """Return where."""

    @property
    def field(self) -> Field:
        """Return for what."""


def must_be_codes(grants: Iterable[Scoped], on: date, law: Law) -> None:
    """Raise `TerritoryEdition` or `FieldUnknown` for the first grant that names what is not."""
    for grant in grants:
        must_be_places(grant.territory, on, law)
        must_be_fields(grant.field, on, law)


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
