"""
Numbers by which organisations are known elsewhere, and what can be checked of them.

A Vietnamese tax code (*mã số thuế*, MST) has ten digits, the last of which checks the others; a
branch adds three. A branch is no legal person: the party to a contract is the ten-digit entity.
"""

import re
from typing import Annotated, Literal

from pydantic import StringConstraints

from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Step
from ledger.domain.core.types import DISTINCT, FROM_LIST, NOT_EMPTY, Model

Scheme = Literal["mst", "lei", "gln", "vneid", "duns", "register"]


class Identifier(Model):
    """A number under which a register knows the party; `register` is any other company register."""

    scheme: Scheme
    """Register that gave the number: `mst` (Vietnamese tax code), `lei`, `gln`, `vneid`,
    `duns`, or `register` for any other company register.
    """
    value: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.-]{1,60}$")]
    """The number, of letters, digits, `.` and `-`. A tax code has ten digits that check, or
    those and three more of a branch.
    """

    @property
    def subject(self) -> str:
        """Return the subject of the number: no two parties have it."""
        return f"identifier:{self.scheme}.{self.value.lower()}"


Identifiers = Annotated[tuple[Identifier, ...], FROM_LIST, NOT_EMPTY, DISTINCT]

_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_TAX_CODE = re.compile(r"(?P<entity>[0-9]{10})(?:-?(?!000)[0-9]{3})?")
BY_TAX_CODE = "party:vn.mst."


class TaxCodeInvalid(Refusal):
    """A tax code has ten digits that check, and names the legal person, not its branch."""

    code = "TAX_CODE_INVALID"
    members = ("identifiers", "party")
    title_vi = "Mã số thuế không hợp lệ, hoặc là mã của đơn vị phụ thuộc không phải pháp nhân"


def checks(entity: str) -> bool:
    """Whether the last of ten digits is the check digit of the first nine."""
    remainder = sum(int(digit) * w for digit, w in zip(entity, _WEIGHTS, strict=False)) % 11
    return remainder != 0 and 10 - remainder == int(entity[9])


def entity_of(tax_code: str) -> str:
    """Return the ten digits of the legal person, given its tax code or a branch's.

    Raises `TaxCodeInvalid` if the digits have another form or do not check.
    """
    form = _TAX_CODE.fullmatch(tax_code)
    if form is None or not checks(form["entity"]):
        raise TaxCodeInvalid(
            f"{tax_code} is no tax code: 10 digits that check, or 10 and 3", step=Step(ask=(HERE,))
        )
    return form["entity"]


def must_be_a_legal_person(party: str) -> None:
    """Raise `TaxCodeInvalid` if the party's id is a tax code that is none, or a branch's."""
    if not party.startswith(BY_TAX_CODE):
        return
    own = party.removeprefix(BY_TAX_CODE)
    if (entity := entity_of(own)) != own:
        raise TaxCodeInvalid(
            f"{party} is a branch: the party is {BY_TAX_CODE}{entity}",
            subjects=(party,),
            step=Step(
                {"party": BY_TAX_CODE + entity},
                case="branch",
                replace={party: BY_TAX_CODE + entity},
            ),
        )


def must_be_numbered(party: str, identifiers: tuple[Identifier, ...]) -> None:
    """Raise `TaxCodeInvalid` if one of the numbers is no tax code, or another legal person's."""
    for identifier in identifiers:
        if identifier.scheme != "mst":
            continue
        theirs = f"{BY_TAX_CODE}{entity_of(identifier.value)}"
        if party.startswith(BY_TAX_CODE) and party != theirs:
            raise TaxCodeInvalid(
                f"{identifier.value} is {theirs}",
                subjects=(party, theirs),
                step=Step({"party": theirs}, case="branch", replace={party: theirs}),
            )
