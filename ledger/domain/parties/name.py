"""
Names are no identifiers: what is alike, and who is meant by a name as it is written.

Registers write "US WELL SERVICES LLC" and "U.S. WELL SERVICES, LLC"; whether both are one party is
for somebody to say and to sign (`spelling`). Spellings that differ in no more than case, marks,
punctuation, spaces and letters that look alike (Đ and Ð) are one subject, so that no
two parties share them unnoticed.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger.domain.core.body import State
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, Step
from ledger.letters import plain

KIND = "spelling"

_LONGEST_LOCAL = 80
"""Characters of the local part of a subject id."""


def name_key(name: str) -> str:
    """Return the name as it is read, without what parts its words: for finding doubles."""
    return plain(name.replace("&", "AND")).replace(" ", "")


def spelling_subject(name: str) -> str:
    """Return the subject of all spellings that differ from this one in no letter or digit.

    It is the key itself where that is short and ASCII, else a part of it and its hash.
    """
    key = name_key(name)
    if key.isascii() and len(key) <= _LONGEST_LOCAL:
        return f"{KIND}:{key}"
    readable = "".join(letter for letter in key if letter.isascii())[:40]
    return f"{KIND}:{readable}.{hashlib.sha256(key.encode()).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True)
class Meant:
    """The party that is meant by a spelling, since the event at `position`."""

    party: str
    position: int


@dataclass(frozen=True, slots=True)
class Spellings:
    """What is meant by each of the spellings that are alike, as they are written."""

    position: int
    meant: Mapping[str, Meant]


class PartyByName(Refusal):
    """A name is no identifier: what is written here is not vouched for as this party's."""

    code = "PARTY_BY_NAME"
    members = ("spelling", "name")
    title_vi = "Tên không phải là định danh: chưa có xác nhận tên này chỉ đúng bên được nêu"


def must_not_be_anothers(
    state: State, party: str, name: str, distinct_from: Iterable[str] = ()
) -> None:
    """Raise `PartyByName` if another party is meant by this spelling, or by one like it.

    One that is merely alike does not count if its party is said to be another, or if somebody
    vouched already that this very spelling is the party's.
    """
    subject = spelling_subject(name)
    spellings: Spellings | None = state.get(subject)
    alike = {} if spellings is None else spellings.meant
    if name in alike and alike[name].party == party:
        return
    for written, meant in sorted(alike.items()):
        if meant.party == party or (written != name and meant.party in distinct_from):
            continue
        raise PartyByName(
            f"{written!r} is {meant.party}; {name!r} is spelt the same or nearly so",
            positions=(meant.position,),
            subjects=(meant.party, subject),
            step=Step(
                {"meant": meant.party, "party": party},
                first=(Other("party.known_as/1", {"party": party, "spelling": name}),),
            ),
        )
