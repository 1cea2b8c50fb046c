"""
Whom the office's names mean. A name is not an identifier: only the clerk's mapping makes it one.

Read in this order: mapping, names, parties. Why each rule is as it is:
docs/decisions/0004-uspto-import.md.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from api.importers import ImporterError
from api.importers.uspto_records import Name, RecordId
from ledger.domain.core.forms import first_fault
from ledger.domain.core.types import FROM_LIST, Model, PartyId, Sha256, Text
from ledger.domain.parties.name import name_key
from ledger.quoted import repeated
from ledger.wire.strict import MalformedJson, load_json


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


class _MappingFile(Model):
    register_id: Annotated[Literal["us.uspto"], Field(alias="register")]
    parties: Annotated[tuple[MappedParty, ...], FROM_LIST]
    links: Annotated[tuple[Link, ...], FROM_LIST]


class PartyMapping(Model):
    """The clerk's mapping file, whole; `document_sha256` is the hash of its bytes."""

    parties: tuple[MappedParty, ...]
    links: tuple[Link, ...]
    document_sha256: Sha256


def parse_mapping(raw: bytes) -> PartyMapping:
    """Return the mapping that a JSON file holds.

    Raises `MappingRefused` if it is not of this form, or gives one name to two parties.
    """
    try:
        on_file = _MappingFile.model_validate(load_json(raw))
    except ValidationError as error:
        where, said = first_fault(error)
        raise MappingRefused(f"{'/'.join(where) or 'the whole'}: {said}") from error
    except MalformedJson as error:
        raise MappingRefused(f"not a JSON object in UTF-8: {error}") from error
    digest = "sha256:" + hashlib.sha256(raw).hexdigest()
    mapping = PartyMapping(parties=on_file.parties, links=on_file.links, document_sha256=digest)
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
    if (twice := repeated(linked)) is not None:
        raise MappingRefused(f"a record is linked twice: {twice}")


_CAPACITY = re.compile(r",?\s+\(?AS(?:\s+[A-Z]+){1,4}\)?$", re.IGNORECASE)
_CAPACITIES = ("AGENT", "TRUSTEE")

_FORM = re.compile(
    r"\b(INC|INCORPORATED|LLC|LLP|LTD|LIMITED|CORP|CORPORATION|COMPANY|PLC|GMBH|MBH|SARL|SRL|SPA"
    r"|PTE|PTY|BHD|OYJ|APS|AKTIENGESELLSCHAFT|KAISHA|GAISHA|HOESA|HOJIN|TNHH|JSC)\b"
)
_WORD = re.compile(
    r"(?!\w+,).*\b(BANK|FUND|ASSOCIATION|SOCIETY|FOUNDATION|UNIVERSITY|UNIVERSITAET|INSTITUTE"
    r"|COLLEGE|HOLDINGS|GROUP|TECHNOLOGIES|LABORATORIES|INDUSTRIES|MINISTRY|DEPARTMENT|ACADEMY"
    r"|HOSPITAL|CENTRE|COUNCIL|COMMITTEE|CONSORTIUM)\b.*"
)
_SHORT_FORM = re.compile(r"\S+[^,]* [^,]+, ?(AG|SE|SA|NV|BV|KG|KK|OY|AB|AS|CO|LP|NA|EV)")
"""After a comma, and more than one word before it: NGUYEN THI NA, and KIM, SE, are persons."""

_VIETNAMESE = re.compile(
    r"(CÔNG TY|TỔNG CÔNG TY|TẬP ĐOÀN|DOANH NGHIỆP|HỢP TÁC XÃ|XÍ NGHIỆP|NHÀ MÁY|ĐẠI HỌC|TRƯỜNG"
    r"|HỌC VIỆN|VIỆN|TRUNG TÂM|PHÒNG THÍ NGHIỆM|BỆNH VIỆN|NGÂN HÀNG|QUỸ|SỞ|BỘ|CỤC|TỔNG CỤC"
    r"|ỦY BAN|UỶ BAN|HỘI|HIỆP HỘI|LIÊN HIỆP|LIÊN ĐOÀN"
    r"|CONG TY|TONG CONG TY|TAP DOAN|DOANH NGHIEP|HOP TAC XA|XI NGHIEP|NHA MAY|DAI HOC"
    r"|TRUONG DAI HOC|HOC VIEN|VIEN NGHIEN CUU|VIEN HAN LAM|TRUNG TAM NGHIEN CUU|BENH VIEN"
    r"|NGAN HANG TMCP|NGAN HANG THUONG MAI) .*"
)
"""A name begins with its form. Without accents only what is nobody's name: TRUNG TAM may be."""

_CJK = re.compile(
    "株式会社|株式會社|有限会社|合同会社|合資会社|㈱|㈜|[(\uff08](?:株|有|주)[)\uff09]|法人|公司|集团|集團"
    "|企业|企業|工厂|工廠|大学|大學|学院|學院|学校|學校|研究院|研究所|研究中心|科学院|科學院"
    "|医院|醫院|病院|银行|銀行|协会|協會|協会|基金|机构|機構|事業団"
    "|주식회사|유한회사|대학|학교|학원|연구원|연구소|협력단|재단|은행|협회|병원|공사|법인"
)


def without_capacity(spelling: str) -> str:
    """Return the name without a closing `AS COLLATERAL AGENT`: a capacity is no part of a name."""
    found = _CAPACITY.search(spelling)
    if found is None or not found.group().upper().rstrip(")").endswith(_CAPACITIES):
        return spelling
    return spelling[: found.start()]


def is_organisation(name: str) -> bool:
    """Whether a name plainly carries an organisation's form.

    What does not is treated as a person, because the error in that direction leaks nobody's name.
    Persons stand there as `SURNAME, GIVEN`, and `BANK, ANN` and `KIM, SE` are persons.
    """
    plain = name.upper().replace(".", "")
    return bool(
        _FORM.search(plain)
        or _WORD.fullmatch(plain)
        or _SHORT_FORM.fullmatch(plain)
        or _VIETNAMESE.match(plain)
        or _CJK.search(name)
    )


def party_id(name: str) -> str:
    """Return the id of an organisation that nobody mapped, from its exact spelling.

    `party:us.<slug>-<8 hex>`: the slug for readers, the hash because `A B CO` and `AB CO.` are
    two spellings and must not become one party by way of a slug.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:56].rstrip("-")
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return "party:us." + (f"{slug}-{digest}" if slug else digest)


@dataclass(frozen=True, slots=True)
class Vouched:
    """The clerk's word that a party is meant by a name; `distinct_from` are others spelt alike."""

    party: str
    name: str
    distinct_from: tuple[str, ...]
    document_sha256: str


class Parties:
    """Turns recorded names into party ids, one set of records at a time, in order of recording.

    `vouched` gathers what the clerk says of the names that occurred, by name: those of the mapping
    file, and the first spelling of each organisation that is not in it. A second spelling that
    differs from it by no more than case, punctuation and spaces is nobody's word: the ledger will
    refuse the record, PARTY_BY_NAME, until the clerk maps it. `persons` are the names that were
    taken for persons, in that order: a firm among them has to be mapped.
    """

    def __init__(self, mapping: PartyMapping, token: Callable[[str], str]) -> None:
        self._token = token
        self._document = mapping.document_sha256
        self._exact: dict[str, str] = {}
        self._ignoring: dict[str, str] = {}
        self._alike: dict[str, set[str]] = {}
        self._first: dict[str, str] = {}
        self.vouched: dict[str, Vouched] = {}
        self.persons: dict[str, None] = {}
        for mapped in mapping.parties:
            for spelling in mapped.spellings:
                self._add(spelling, mapped)

    def _add(self, spelling: str, mapped: MappedParty) -> None:
        self._exact[spelling] = mapped.party
        self._alike.setdefault(name_key(spelling), set()).add(mapped.party)
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

    def in_doubt(self, spelling: str) -> bool:
        """Whether nobody vouches for an organisation's name: it is only spelt like another's."""
        return not self.is_person(spelling) and self.name(spelling) not in self.vouched

    def name(self, spelling: str) -> str:
        """Return the name that is vouched for: without a capacity, unless that was mapped too."""
        return spelling if spelling in self._exact else without_capacity(spelling)

    def resolve(self, spelling: str, document_sha256: str) -> str:
        """Return the party that a recorded name means; note what the clerk says of the name.

        `document_sha256` is the hash of the record that first names an organisation nobody mapped.
        """
        mapped = self.mapped(spelling)
        if mapped is None and self.is_person(spelling):
            self.persons.setdefault(spelling)
            return self._token(spelling)
        name = self.name(spelling)
        key = name_key(name)
        party = mapped or party_id(name)
        if mapped is not None:
            self._vouch(name, mapped, self._document)
        elif not self._alike.get(key) and self._first.setdefault(key, name) == name:
            self._vouch(name, party, document_sha256)
        return party

    def _vouch(self, name: str, party: str, document: str) -> None:
        others = tuple(sorted(self._alike.get(name_key(name), set()) - {party}))
        self.vouched.setdefault(name, Vouched(party, name, others, document))
