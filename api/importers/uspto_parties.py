"""
Whom the office's names mean. A name is not an identifier: only the clerk's mapping makes it one.

Read in this order: mapping, names, refusal, parties. Why each rule is as it is:
docs/decisions/0004-uspto-import.md.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from importlib import resources
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from api.importers import ImporterError
from api.importers.uspto_records import Name, RecordId
from ledger.domain.event import FROM_LIST, Model, PartyId, Refusal, Text


class MappingRefused(ImporterError):
    """The mapping file contradicts itself or the records; nothing was planned."""


class MappedParty(Model):
    """A party and the spellings that the clerk vouches to be its own.

    `punctuation` says whether a spelling that differs from one of them only in case, punctuation
    and spaces is vouched for too (`ignored`) or has to be listed (`exact`).
    """

    party: PartyId
    punctuation: Literal["ignored", "exact"]
    spellings: Annotated[tuple[Name, ...], FROM_LIST, Field(min_length=1)]


class Link(Model):
    """The clerk's finding that a record which names no other record means this one."""

    record: RecordId
    refers_to: RecordId
    reason: Text


class PartyMapping(Model):
    """The clerk's mapping file, whole."""

    register_id: Annotated[Literal["us.uspto"], Field(alias="register")]
    parties: Annotated[tuple[MappedParty, ...], FROM_LIST]
    links: Annotated[tuple[Link, ...], FROM_LIST]


def parse_mapping(raw: bytes) -> PartyMapping:
    """Return the mapping that a JSON file holds.

    Raises `MappingRefused` if it is not of this form, or gives one name to two parties.
    """
    try:
        mapping = PartyMapping.model_validate(json.loads(raw))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "/".join(str(part) for part in first["loc"])
        raise MappingRefused(f"{where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise MappingRefused("not a JSON object in UTF-8") from error
    _check_distinct(mapping)
    return mapping


def default_mapping() -> PartyMapping:
    """Return the mapping that comes with this package."""
    return parse_mapping(resources.files(__package__).joinpath("uspto_parties.json").read_bytes())


def _check_distinct(mapping: PartyMapping) -> None:
    owner: dict[str, str] = {}
    for mapped in mapping.parties:
        for spelling in mapped.spellings:
            names = {spelling} | (
                {name_key(spelling)} if mapped.punctuation == "ignored" else set()
            )
            for name in names:
                if owner.setdefault(name, mapped.party) != mapped.party:
                    raise MappingRefused(f"{spelling} is given to {owner[name]} and {mapped.party}")
    linked = [link.record for link in mapping.links]
    if len(set(linked)) != len(linked):
        raise MappingRefused("a record is linked twice")


_CAPACITY = re.compile(r",?\s+\(?AS(?:\s+[A-Z]+){1,4}\)?$", re.IGNORECASE)
_CAPACITIES = ("AGENT", "TRUSTEE")

_FORM = re.compile(
    r"\b(INC|INCORPORATED|LLC|LLP|LTD|LIMITED|CORP|CORPORATION|COMPANY|PLC|GMBH|MBH|SARL|SRL|SPA"
    r"|PTE|PTY|BHD|OYJ|APS|AKTIENGESELLSCHAFT|KAISHA)\b"
)
_WORD = re.compile(
    r"(?!\w+,).*\b(BANK|FUND|ASSOCIATION|SOCIETY|FOUNDATION|UNIVERSITY|UNIVERSITAET|INSTITUTE"
    r"|COLLEGE|HOLDINGS|GROUP|TECHNOLOGIES|LABORATORIES|INDUSTRIES|MINISTRY|DEPARTMENT)\b.*"
)
_SHORT_FORM = re.compile(r"[^,]+ (AG|SE|SA|NV|BV|KG|KK|OY|AB|AS|CO|LP|NA|EV)")


def without_capacity(spelling: str) -> str:
    """Return the name without a closing `AS COLLATERAL AGENT`: a capacity is no part of a name."""
    found = _CAPACITY.search(spelling)
    if found is None or not found.group().upper().rstrip(")").endswith(_CAPACITIES):
        return spelling
    return spelling[: found.start()]


def name_key(name: str) -> str:
    """Return the name without case, punctuation and spaces: for finding doubles, never an id."""
    plain = unicodedata.normalize("NFKD", name.replace("&", "AND")).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def is_organisation(name: str) -> bool:
    """Whether a name plainly carries an organisation's form.

    What does not is treated as a person, because the error in that direction leaks nobody's name.
    Persons stand there as `SURNAME, GIVEN`, and `BANK, ANN` and `KIM, SE` are persons.
    """
    plain = name.upper().replace(".", "")
    return bool(_FORM.search(plain) or _WORD.fullmatch(plain) or _SHORT_FORM.fullmatch(plain))


def party_id(name: str) -> str:
    """Return the id of an organisation that nobody mapped, from its exact spelling.

    `party:us.<slug>-<8 hex>`: the slug for readers, the hash because `A B CO` and `AB CO.` are
    two spellings and must not become one party by way of a slug.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:56].rstrip("-")
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return "party:us." + (f"{slug}-{digest}" if slug else digest)


class PartyByName(Refusal):
    """A name resembles another party's, and no mapping says whether it is the same."""

    code = "PARTY_BY_NAME"
    title_vi = "Tên giống tên của một bên khác nhưng chưa có định danh phân biệt"


class Parties:
    """Turns recorded names into party ids, one set of records at a time, in order of recording."""

    def __init__(self, mapping: PartyMapping, token: Callable[[str], str]) -> None:
        self._token = token
        self._exact: dict[str, str] = {}
        self._ignoring: dict[str, str] = {}
        self._known: dict[str, tuple[str, str]] = {}
        for mapped in mapping.parties:
            for spelling in mapped.spellings:
                self._add(spelling, mapped)

    def _add(self, spelling: str, mapped: MappedParty) -> None:
        self._exact[spelling] = mapped.party
        self._known.setdefault(name_key(spelling), (spelling, mapped.party))
        if mapped.punctuation == "ignored":
            self._ignoring[name_key(spelling)] = mapped.party

    def mapped(self, spelling: str) -> str | None:
        """Return the id that the mapping gives to a spelling, or to its name without capacity."""
        name = without_capacity(spelling)
        return (
            self._exact.get(spelling)
            or self._exact.get(name)
            or self._ignoring.get(name_key(spelling))
            or self._ignoring.get(name_key(name))
        )

    def is_person(self, spelling: str) -> bool:
        """Whether the name is treated as a natural person's: not mapped, no organisation's form."""
        return self.mapped(spelling) is None and not is_organisation(without_capacity(spelling))

    def resolve(self, spelling: str) -> str:
        """Return the party that a recorded name means.

        Raises `PartyByName` if an unmapped organisation differs from one already known by no more
        than case, punctuation and spaces: the clerk has to say which it is.
        """
        mapped = self.mapped(spelling)
        if mapped is not None:
            return mapped
        if self.is_person(spelling):
            return self._token(spelling)
        name = without_capacity(spelling)
        known, party = self._known.setdefault(name_key(name), (name, party_id(name)))
        if known != name:
            raise PartyByName(
                f"{name!r} and {known!r} are spelt nearly alike; map them to one party or two",
                subjects=[party],
            )
        return party

    def resolve_all(self, spellings: Iterable[str]) -> dict[str, str]:
        """Return the party of each spelling; raises `PartyByName` for the first in doubt."""
        return {spelling: self.resolve(spelling) for spelling in spellings}
