"""
From an answer to words: every member that is there is said, or left out for a reason.

The walk goes by types: a record says its members in their order, what belongs together as one
(`together`); then come the places where it stands in the log. What members and values are called is
in `labels` and `values`, what is left out in `left_out`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import getitem
from typing import Any, get_args, get_origin

from api.describe.labels import label
from api.describe.language import Language, Said
from api.describe.left_out import left_out
from api.describe.measures import PAIRS, SUMS_IN
from api.describe.saying import WHOLE, Line, Members, Speech, Word, member_name, words_of
from api.describe.sentences import sentence_of
from api.describe.shape import bare, is_record, members_of_kind
from api.describe.together import together_with
from ledger.domain.contracts.contract_terms import Grant, Terms
from ledger.domain.core.dated_law import Law


@dataclass(frozen=True, slots=True)
class Described:
    """An answer in words: one sentence that answers, what it says, and what it rests on.

    `sentence` is empty for a list; `proof` are how far was read and the entries that prove it.
    """

    sentence: str
    lines: tuple[Line, ...]
    proof: tuple[Line, ...]


def describe(
    kind: Any, members: Members, language: Language, law: Law, said: Collection[str] = ()
) -> Described:
    """Return an answer of a type, given its members as JSON, in words.

    `law` has the titles of laws and decrees. `said` are members of it that are said already, as in
    the heading of a page. Of what the log does not name nothing else is said.
    """
    speech = Speech(language, law)
    if members.get("unknown"):
        said = members_of_kind(kind)
    rests_on = [member for member in _PROOF if member in members_of_kind(kind)]
    return Described(
        sentence_of(kind, members, language),
        lines_of(kind, members, speech, {*said, *rests_on}),
        tuple(
            line
            for member in rests_on
            for line in line_of(kind.__name__, member, _kind(kind, member), members, speech)
        ),
    )


def _kind(kind: Any, member: str) -> Any:
    return members_of_kind(kind)[member]


_PROOF = ("size", "positions", "doubted")
_LAST = ("position", "accepted", "event_id", "payload_hash", *_PROOF)
"""Where a record stands in the log is said behind what it says."""


def lines_of(
    kind: Any, members: Members, speech: Speech, said: Collection[str] = ()
) -> tuple[Line, ...]:
    """Return what the members of a record say, in their order, but those that are said already."""
    kinds = members_of_kind(kind)
    last = [member for member in _LAST if member in kinds]
    total = members.get("total") or {}
    currency = members.get("currency") or total.get("currency") or speech.currency
    speech = replace(speech, currency=currency)
    lines: list[Line] = []
    done = {*said}
    for member in (*(each for each in kinds if each not in last), *last):
        if member in done or left_out(kind.__name__, member):
            continue
        together = together_with(member, kinds)
        if kinds.keys() >= _CHANGE and member in _CHANGE:
            done.update(_CHANGE)
            lines.extend(_say_change(kind, members, speech))
        elif together is not None:
            done.update(together.members)
            if members.keys() & {*together.members}:
                whole = {**dict.fromkeys(together.members), **members}
                lines.extend(together.say(kind, whole, speech))
        else:
            lines.extend(line_of(kind.__name__, member, kinds[member], members, speech))
    return tuple(lines)


def line_of(owner: str, member: str, of: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Yield what a member says; nothing where it is not there, and nobody would miss it."""
    value = members.get(member)
    called = label(owner, member, speech.language)
    if value is None or value in ("", [], {}):
        missing = _ABSENT if value is None else _EMPTY
        said = missing.get(f"{owner}.{member}") or missing.get(member)
        if said is not None and member in members:
            yield Line(called, speech.said(said))
        return
    if f"{owner}.{member}" in SUMS_IN:
        currency: Any = reduce(getitem, SUMS_IN[f"{owner}.{member}"].split("/"), members)
        speech = replace(speech, currency=currency)
    yield said_as(called, owner, member, of, value, speech)


def said_as(called: str, owner: str, member: str, of: Any, value: Any, speech: Speech) -> Line:
    """Return a value that is there, under a name."""
    of = bare(of, value)
    if of in WHOLE:
        return Line(called, WHOLE[of](value, speech))
    if is_record(of):
        return Line(called, (), lines_of(of, value, speech))
    if isinstance(value, list) and f"{owner}.{member}" in PAIRS:
        return Line(called, (), tuple(_pairs(f"{owner}.{member}", of, value, speech)))
    if isinstance(value, list) and _of_records(of):
        inner = get_args(of)[0]
        return Line(called, (), tuple(_record(inner, each, speech) for each in value))
    return Line(called, words_of(owner, member, of, value, speech))


def _of_records(of: Any) -> bool:
    return get_origin(of) is tuple and is_record(bare(get_args(of)[0], {}))


def _record(kind: Any, members: Any, speech: Speech) -> Line:
    """Return a record of a list: headed by the first thing that it says."""
    kind = bare(kind, members)
    if kind in WHOLE:
        return Line("", WHOLE[kind](members, speech))
    first, *rest = lines_of(kind, members, speech)
    return Line(first.label, first.words, (*first.under, *rest))


def _pairs(place: str, of: Any, value: Sequence[Any], speech: Speech) -> Iterator[Line]:
    """Yield tuples whose places have names."""
    names, kinds = PAIRS[place], get_args(get_args(of)[0])
    for each in value:
        members = dict(zip(names, each, strict=True))
        inner = replace(speech, currency=members.get("currency") or speech.currency)
        said = [
            line
            for name, kind in zip(names, kinds, strict=True)
            for line in line_of(place, name, kind, members, inner)
        ]
        yield Line(said[0].label, said[0].words, tuple(said[1:]))


_CHANGE = frozenset({"member", "before", "after"})


def _say_change(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say a member of the terms as it was and as it is, in the words of that member."""
    path = members["member"]
    yield Line(
        label(kind.__name__, "member", speech.language), (Word(member_name(path, speech.language)),)
    )
    for side in ("before", "after"):
        called = label("TermsDifference", side, speech.language)
        if members[side] is None or members[side] == []:
            yield Line(called, speech.said(_NOTHING))
        else:
            yield term_line(called, path, members[side], speech)


def term_line(called: str, path: str, value: Any, speech: Speech) -> Line:
    """Return what a member of the terms says, or one of their grants, under a name."""
    if path.startswith("grants/"):
        return Line(called, (), lines_of(Grant, value, speech))
    return said_as(called, "Terms", path, members_of_kind(Terms).get(path, Any), value, speech)


_NOTHING = Said("không có", "nothing")

_ABSENT: Mapping[str, Said] = {
    "AuctionClosed.winner": Said("không có ai", "nobody"),
    "Computation.recomputed": Said(
        "không tính lại được: có phần niêm phong hoặc không thỏa thuận phí",
        "not computed again: something of it is sealed, or no royalty is agreed",
    ),
    "ReportLines.recomputed": Said(
        "không tính lại được: niêm phong hoặc không thỏa thuận phí",
        "not computed again: it is sealed, or no royalty is agreed",
    ),
    "depth": Said("không giới hạn", "any number"),
    "quantity": Said("không giới hạn", "any number"),
    "upto": Said("không giới hạn", "no end"),
    "Promised.until": Said("đến khi quỹ từ bỏ", "until the fund gives it up"),
    "TechnologyClassified.category": Said("không thuộc danh mục nào", "in none of the lists"),
    "Lien.perfected_at": Said("chưa đăng ký", "not registered"),
    "OrderRow.party": Said("mọi bên", "everybody"),
    "OrderRow.lifted_position": Said("chưa", "not lifted"),
    "Standing.status": Said("không có ở nơi đó vào ngày đó", "none there on that day"),
    "vouched_at": Said("không rõ", "not known"),
}
"""What it means that a member is null, where that means something."""

_EMPTY: Mapping[str, Said] = {
    **dict.fromkeys(
        (
            *("Chain.links", "Documents.documents", "Grant.accepts", "HoldsOn.orders"),
            *("KeysOf.keys", "LeftToGrant.exclusive", "LeftToGrant.non_exclusive", "Liens.liens"),
            *("Mandates.mandates", "MarkedDispute.orders", "Revenue.payables"),
            *("Revenue.payments", "Revenue.reports"),
        ),
        _NOTHING,
    ),
    "Title.owners": Said("không rõ", "nobody is known"),
}
"""What it means that a list is empty, where that means something."""
