"""
What is found by a text: names, titles, numbers, ids, hashes, positions. Serves `GET /v1/search`.

What is asked is read as what is stored was read (`ledger.letters`): it is data, whatever it holds.
First stands what is meant exactly, then what has all the words, as they are or as beginnings of
words; only where nothing has them, what is a slip of the pen away, then what has some of them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from ledger.domain.core.refusal import Refusal
from ledger.domain.parties.identifier import BY_TAX_CODE, entity_of
from ledger.letters import plain
from ledger.store.entries import positions_by_hash, positions_by_id
from projections.engine.answer import Answer, Near
from projections.engine.cursor import Cursor
from projections.engine.view import (
    RECORDED,
    Known,
    View,
    bound_parameters,
    positions_of,
    read_snapshot,
    written,
)
from projections.questions.word_search import HAS, LOOKED_AT, WHOLE, Match, Matches, match_words
from projections.questions.wording import behind, said_of_it, says_a_place
from projections.tables.hashes import hashes
from projections.tables.names import KINDS, MOST_LETTERS, Name, names, title_of, words
from projections.tables.reader import Reader
from projections.tables.timeline import events, timeline

Why = Literal["exact", "words", "prefix", "near", "some"]
"""Why something is found: it is called so, it has the words, it has words that begin so, words a
slip of the pen away, or some of the words."""

FOUND = tuple(sorted((*KINDS, "entry", "key")))
"""The kinds of what is found: of subjects, and entries of the log."""

MOST_ASKED = 20
"""Words of a question that are looked for, at most."""

MOST_BEGUN = 20
"""Entries that are told of the beginning of a hash or of an event's id, at most."""

MOST_ALIKE = 20
"""Parties of a like name that are told of one, at most."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that is found: by which text, to which `member` of the event at `position`, why.

    `title` is what it is called, as last said; `alike` are other parties whose names read the same.
    """

    kind: str
    id: str
    text: str
    member: str
    why: Why
    position: int
    title: str | None = None
    alike: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """How many things of a kind are found; with `more` they are not all counted."""

    kind: str
    count: int
    more: bool


@dataclass(frozen=True, slots=True)
class Found(Answer):
    """A page of what is found by a text, the best first; folded up to `size` entries.

    `groups` counts all that is found, by kind. `next_after` is the cursor of the next page, None
    on the last: it is of this question alone, and its pages are of one state of knowledge.
    """

    q: str
    kind: str | None
    size: int
    groups: tuple[Group, ...]
    hits: tuple[Hit, ...]
    after: str | None
    limit: int
    next_after: str | None

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that called them so."""
        return positions_of([hit.position for hit in self.hits])


def search(
    reader: Reader, q: str, *, kind: str | None = None, limit: int = 20, after: str | None = None
) -> Found:
    """Return a page of what is found by a text, of one kind or of all, as known (default: now).

    Raises `NotFolded` or `NotAsked`, the latter also for a cursor of another question.
    """
    question = (q, kind, written(reader.known_at), limit)
    cursor = Cursor.read(after, *question)
    asked_for = [word[:MOST_LETTERS] for word in plain(q).split()[:MOST_ASKED]]
    said, before = q.strip().lower(), said_of_it(asked_for)
    if before and not _SUBJECT.fullmatch(said):
        said = behind(said, before).strip()
    of_log = not before or says_a_place(asked_for[:before])
    entries = _entries_meant(reader, said, of_log=of_log)
    with read_snapshot(reader.pool, names, words, hashes, events, timeline) as view:
        asked = reader.as_of(view)
        size = view.size if cursor is None else cursor.size
        known = replace(asked, position=min(asked.position, size - 1))
        meant = [hit for hit in _meant(view, known, said, entries) if kind in (None, hit.kind)]
        start = 0 if cursor is None else cursor.offset
        first = meant[start : start + limit]
        matches = match_words(
            view,
            known,
            [each for each in KINDS if kind in (None, each)],
            asked_for,
            but=[hit.id for hit in meant],
            bare=all(hit.kind == "entry" for hit in meant),
            start=max(0, start - len(meant)),
            limit=limit - len(first),
        )
        why: Why | None = "near" if matches.near else "some" if matches.some else None
        hits = (*first, *_hits(view, known, matches.page, why))
        groups = _groups(meant, matches)
        seen = start + len(hits)
        more = hits and seen < sum(group.count for group in groups)
        return Found(
            q=q,
            kind=kind,
            size=view.size,
            groups=groups,
            hits=hits,
            after=after,
            limit=limit,
            next_after=Cursor(seen, size).written(*question) if more else None,
            known_at=asked.asked,
            near=() if groups else (Near(q, ()),),
        )


def titles_of(reader: Reader, subjects: Sequence[str]) -> Mapping[str, str]:
    """Return what subjects are called, as last said, of those that have a name or a title.

    Raises `NotFolded` or `NotAsked`.
    """
    if not subjects:
        return {}
    with read_snapshot(reader.pool, names) as view:
        of = _names_of(view, reader.as_of(view), subjects)
    called = {subject: title_of(rows) for subject, rows in of.items()}
    return {subject: title for subject, title in called.items() if title is not None}


_POSITION = re.compile("#? ?(?P<number>0|[1-9][0-9]{0,17})")
_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{1,4}(-[0-9a-f]{0,12})?")
_HASH = re.compile("(?:sha256:)?(?P<hex>[0-9a-f]{12,64})")
_KEY = re.compile("(?:key:)?(?P<hex>[0-9a-f]{64})")
_SUBJECT = re.compile("[a-z]+:[a-z0-9.-]{1,80}")
_TAX_CODE = re.compile("(?P<entity>[0-9]{10})[ .-]?(?P<branch>[0-9]{3})?")


def _entries_meant(reader: Reader, said: str, *, of_log: bool) -> dict[int, str]:
    """Return the entries that are meant by position, or by how an id or a hash begins; by which."""
    if _UUID.fullmatch(said):
        digits = said.replace("-", "")
        low, high = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
        found = positions_by_id(reader.pool, low, high, MOST_BEGUN)
        return dict.fromkeys(found, "event_id")
    if form := _HASH.fullmatch(said):
        first, last = (bytes.fromhex(form["hex"].ljust(64, filler)) for filler in "0f")
        found = positions_by_hash(reader.pool, first, last, MOST_BEGUN)
        return dict.fromkeys(found, "payload_hash")
    form = _POSITION.fullmatch(said)
    return {int(form["number"]): "position"} if form and of_log else {}


def _meant(view: View, known: Known, said: str, entries: Mapping[int, str]) -> Iterator[Hit]:
    """Yield what a text means exactly: a subject by its id or tax code, an entry, a key, a file."""
    of = _names_of(view, known, list(_ids_meant(said)))
    ids = [row for rows in of.values() for row in rows if row.called == "id"]
    yield from _hits(view, known, [Match(row.subject, row.read, WHOLE) for row in ids])
    for row in view.recorded(events, known, position=list(entries)) if entries else ():
        yield _entry(row.position, said, entries[row.position])
    if form := _KEY.fullmatch(said):
        asked = {"subject": f"key:{form['hex']}", **bound_parameters(known)}
        of_key = "subject = %(subject)s AND position <= %(known_position)s"
        for line in view.rows(timeline, of_key, asked, "position", 1):
            yield Hit("key", line.subject, line.subject, "key_id", "exact", line.position)
    if form := _HASH.fullmatch(said):
        begun = {
            name: form["hex"].ljust(64, each) for name, each in (("first", "0"), ("last", "f"))
        }
        asked = {**begun, **bound_parameters(known)}
        so = f"hash BETWEEN %(first)s AND %(last)s AND {RECORDED}"
        for at in view.rows(hashes, so, asked, "position", LOOKED_AT):
            if at.position not in entries:
                yield _entry(at.position, said, at.member)


def _entry(position: int, said: str, member: str) -> Hit:
    return Hit("entry", str(position), said, member, "exact", position)


def _ids_meant(said: str) -> Iterator[str]:
    """Yield the subjects that a text is the id or the tax code of; of a branch, whose it is."""
    if _SUBJECT.fullmatch(said):
        yield said
    if form := _TAX_CODE.fullmatch(said):
        with suppress(Refusal):
            yield BY_TAX_CODE + entity_of("-".join(filter(None, form.groups())))


def _hits(
    view: View, known: Known, matches: Sequence[Match], why: Why | None = None
) -> tuple[Hit, ...]:
    """Return what is said of subjects that are found."""
    if not matches:
        return ()
    of = _names_of(view, known, [match.subject for match in matches])
    alike = _alike(view, known, [row for rows in of.values() for row in rows])
    told = [
        (match, next(row for row in of[match.subject] if row.read == match.read))
        for match in matches
    ]
    return tuple(
        Hit(
            kind=match.subject.partition(":")[0],
            id=match.subject,
            text=row.text,
            member=row.member or "id",
            why=why or _why(match.fits),
            position=row.position,
            title=title_of(of[match.subject]),
            alike=alike.get(match.subject, ()),
        )
        for match, row in told
    )


def _names_of(view: View, known: Known, subjects: Sequence[str]) -> dict[str, list[Name]]:
    """Return what subjects go by, in the order in which it was said; nothing of unknown ones."""
    found: dict[str, list[Name]] = {}
    for row in view.recorded(names, known, "subject, n", subject=sorted(set(subjects))):
        found.setdefault(row.subject, []).append(row)
    return found


def _why(fits: int) -> Why:
    if fits == WHOLE:
        return "exact"
    return "words" if fits <= HAS else "prefix"


def _alike(view: View, known: Known, rows: Sequence[Name]) -> dict[str, tuple[str, ...]]:
    """Return for parties the others that have a name which reads the same."""
    by_name: dict[str, set[str]] = {}
    for row in rows:
        if row.called == "name" and _is_party(row):
            by_name.setdefault(row.reads, set()).add(row.subject)
    if not by_name:
        return {}
    asked = {"reads": sorted(by_name), **bound_parameters(known)}
    named_so = f"reads = ANY(%(reads)s) AND called = 'name' AND {RECORDED}"
    others: dict[str, set[str]] = {}
    for row in view.rows(names, named_so, asked, "subject, n", LOOKED_AT):
        for party in by_name[row.reads] - {row.subject} if _is_party(row) else ():
            others.setdefault(party, set()).add(row.subject)
    return {party: tuple(sorted(each)[:MOST_ALIKE]) for party, each in others.items()}


def _is_party(row: Name) -> bool:
    return row.subject.startswith("party:")


def _groups(meant: Sequence[Hit], matches: Matches) -> tuple[Group, ...]:
    """Return how many are found of each kind, the most first."""
    counts = Counter(hit.kind for hit in meant) + Counter(matches.counts)
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return tuple(Group(kind, count, kind in matches.more) for kind, count in ordered)
