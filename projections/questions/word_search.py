"""
What has the words that are asked for, in any order: as they are, as beginnings, or nearly so.

Words are probed in an index. The rarest word says which rows are looked at, `LOOKED_AT` of each
kind at most, the shortest texts first; the others must stand beside it. So what a question costs is
bounded by what is looked at, whatever is stored and however often a word stands there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from math import log2

from projections.engine.near import slips
from projections.engine.view import RECORDED, Known, View, bound_parameters
from projections.questions.wording import as_typed, in_full, said_of_it
from projections.tables.names import MOST_LETTERS, spaced

LOOKED_AT = 500
"""Rows of a kind that one look takes, at most."""

_SHORT = 4
"""Letters of a word below which a slip of the pen is not looked for: it would be any word."""

_LOOKED_UP = 4
"""Words that are looked up where each stands in more texts than one look takes, at most."""

_DOUBTED = 8
"""Words of a question that may be written with a slip of the pen, at most."""

_WAYS = 6
"""Ways to write one word that are looked for, at most."""

WHOLE, BEGINS, HOLDS, HAS, PREFIX = range(5)
"""How well a text has the words: it is they, begins with them, holds them in order, has each, or
has words that begin so."""


@dataclass(frozen=True, slots=True)
class Match:
    """A subject, the `read` of its text that has the words, and how well that has them."""

    subject: str
    read: int
    fits: int


@dataclass(frozen=True, slots=True)
class Matches:
    """A page of matches, how many there are by kind, and of which kinds there may be more.

    `near`: the words are written otherwise than asked; `some`: not all of them are there.
    """

    page: tuple[Match, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    more: frozenset[str] = frozenset()
    near: bool = False
    some: bool = False


@dataclass(frozen=True, slots=True)
class _Reading:
    """A way to read what is asked: of each word the ways to write it, and what it weighs.

    Rows are looked at by the words `by`; a text has to have words that weigh `least`. `words` are
    what stands in it where it has them as they are asked for.
    """

    words: tuple[str, ...]
    ways: tuple[tuple[str, ...], ...]
    by: tuple[str, ...]
    weights: tuple[int, ...]
    least: int
    near: bool = False
    some: bool = False


def match_words(  # noqa: PLR0913  (what is asked, and which page)
    view: View,
    known: Known,
    kinds: Sequence[str],
    asked: Sequence[str],
    *,
    but: Sequence[str],
    bare: bool,
    start: int,
    limit: int,
) -> Matches:
    """Return what has the words, the best first: by the first reading by which anything has them.

    `but` are found already; `bare`: what only says what something is may be left away.
    """
    for reading in _readings(view, asked, bare=bare):
        found = _look(
            view, known, kinds, reading, {"but": list(but), "start": start, "limit": limit}
        )
        if found.counts:
            return found
    return Matches()


def _readings(view: View, asked: Sequence[str], *, bare: bool) -> Iterator[_Reading]:
    """Yield how words may be meant: as asked, joined, in full, `bare` of what it is, near, some."""
    if not asked:
        return
    counts = _counted(view, asked)
    if all(counts.values()):
        yield _all_of(asked, [(word,) for word in asked], counts)
    joined = list(_joined(asked))
    counts |= _counted(view, {word for each in joined for word in each} - counts.keys())
    for each in joined:
        if all(counts[word] for word in each):
            yield _all_of(each, [(word,) for word in each], counts)
    yield from _in_full(view, asked, counts)
    if bare and (count := said_of_it(asked)):
        yield from _readings(view, asked[count:], bare=False)
    ways = _near_ways(view, asked, counts)
    if all(ways) and ways != [(word,) for word in asked]:
        yield replace(_all_of(asked, ways, counts), near=True)
    if any(ways) and len(ways) > 1:
        # A word that stands somewhere is not looked for in other ways as well: that is done.
        kept = [
            each[:1] if each[:1] == (word,) else each
            for word, each in zip(asked, ways, strict=True)
        ]
        yield _some_of(view, asked, kept, counts)


def _joined(asked: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the words without what parts them: all, as numbers are written, or two of them."""
    for end in dict.fromkeys((len(asked), 2)):
        for at in range(len(asked) - end + 1 if end > 1 else 0):
            one = "".join(asked[at : at + end])[:MOST_LETTERS]
            yield (*asked[:at], one, *asked[at + end :])


def _in_full(view: View, asked: Sequence[str], counts: dict[str, int]) -> Iterator[_Reading]:
    """Yield the words with what they are short for, if there is any; adds how often to `counts`."""
    ways = [(word, *in_full(word)) for word in asked]
    counts |= _counted(view, {_first(way) for each in ways for way in each} - counts.keys())
    standing = [tuple(way for way in each if counts[_first(way)]) for each in ways]
    if all(standing) and standing != [(word,) for word in asked]:
        yield _all_of(asked, standing, counts)


def _all_of(
    asked: Sequence[str], ways: Sequence[tuple[str, ...]], counts: Mapping[str, int]
) -> _Reading:
    """Return the reading that has all words. Of rare words one is looked up, else some of them.

    Of words that are all counted to the end nobody knows which is rarer; long ones mostly are.
    """
    often = {each: sum(counts[_first(way)] for way in each) for each in ways}
    ranked = sorted(often, key=lambda each: (often[each], -len(each[0])))
    rarest = ranked[: 1 if often[ranked[0]] <= LOOKED_AT else _LOOKED_UP]
    by = tuple(way for each in rarest for way in each)
    return _Reading(tuple(asked), tuple(ways), by, (0,) * len(ways), 0)


def _some_of(
    view: View,
    asked: Sequence[str],
    ways: Sequence[tuple[str, ...]],
    counts: Mapping[str, int],
) -> _Reading:
    """Return the reading that lacks words, but has most of what tells one name from another."""
    ((names,),) = view.ask(_NAMES, {"most": LOOKED_AT})
    often = [min(sum(counts[_first(way)] for way in each), names) for each in ways]
    weights = [max(1, round(100 * log2((names + 2) / (each + 1)))) for each in often]
    least = sum(weights) // 2 + 1
    # A word that is found only otherwise written tells half as much.
    weights = [
        each if way[:1] == (word,) else each // 2
        for each, way, word in zip(weights, ways, asked, strict=True)
    ]
    rare = sorted((each, way) for each, way in zip(often, ways, strict=True) if each)[:2]
    by = tuple(way for _, each in rare for way in each)
    return _Reading(tuple(asked), tuple(ways), by, tuple(weights), least, some=True)


def _near_ways(view: View, asked: Sequence[str], counts: dict[str, int]) -> list[tuple[str, ...]]:
    """Return the ways to write each word that stand somewhere; adds how often to `counts`."""
    # Of a long question only words that stand nowhere are doubted: what is probed is bounded.
    doubted = [word for word in asked if not counts[word] or len(asked) <= _DOUBTED][:_DOUBTED]
    slips_of = {word: frozenset(_slips(word) if word in doubted else ()) for word in asked}
    parts_of = {word: tuple(_parts(word) if word in doubted else ()) for word in asked}
    probed = frozenset[str]().union(
        *slips_of.values(), *(part for each in parts_of.values() for part in each)
    )
    there = _standing(view, probed)
    ways = []
    for word in asked:
        found = [word] if counts[word] else []
        found += sorted(slips_of[word] & there)[:_WAYS]
        found += [" ".join(parts) for parts in parts_of[word] if there.issuperset(parts)]
        ways.append(tuple(found))
    firsts = {_first(way) for each in ways for way in each} - counts.keys()
    counts |= _counted(view, firsts)
    return ways


def _first(way: str) -> str:
    return way.partition(" ")[0]


def _slips(word: str) -> Iterator[str]:
    """Yield how a word may be meant that somebody wrote with a slip of the pen.

    In short words only i and y are one another's: they end the same syllable, as in Mỹ and Mĩ.
    """
    if meant := as_typed(word):
        yield meant
    if len(word) >= _SHORT:
        yield from (each for each in slips(word) if each.isalnum())
    elif word.endswith(("i", "y")):
        yield word[:-1] + ("y" if word[-1] == "i" else "i")


def _parts(word: str) -> Iterator[tuple[str, str]]:
    """Yield the two words that somebody may have written as one."""
    return ((word[:at], word[at:]) for at in range(2, len(word) - 1))


# What begins with a text stands between it and it with the last of all code points.
_BEGINS = "word >= {0} AND word < {0} || U&'\\+10FFFF' COLLATE \"C\""

_COUNT = f"""
SELECT asked.text, (SELECT count(*) FROM (
    SELECT FROM read.words WHERE {_BEGINS.format("asked.text")} LIMIT %(most)s
) AS found)
FROM (SELECT unnest(%(texts)s::text[]) COLLATE "C") AS asked (text)
"""  # noqa: S608  (of our own words)

_NAMES = "SELECT count(*) FROM (SELECT FROM read.names LIMIT %(most)s) AS few"

_STANDING = """
SELECT asked.text FROM (SELECT unnest(%(texts)s::text[]) COLLATE "C") AS asked (text)
WHERE EXISTS (SELECT FROM read.words WHERE word = asked.text)
"""


def _counted(view: View, texts: Iterable[str]) -> dict[str, int]:
    """Return how many words begin with each of these, up to one more than a look takes."""
    asked = {"texts": sorted(set(texts)), "most": LOOKED_AT + 1}
    return {text: int(count) for text, count in view.ask(_COUNT, asked)} if asked["texts"] else {}


def _standing(view: View, texts: Iterable[str]) -> frozenset[str]:
    """Return which of these are words of some text."""
    return frozenset(text for (text,) in view.ask(_STANDING, {"texts": sorted(texts)}))


def _look(
    view: View, known: Known, kinds: Sequence[str], reading: _Reading, page: Mapping[str, object]
) -> Matches:
    text, by = spaced(reading.words), sorted({_first(way) for way in reading.by})
    asked: dict[str, object] = {
        **bound_parameters(known),
        **page,
        "kinds": list(kinds),
        "by": by,
        "text": text,
        "phrase": f"{text} ",
        "length": 1 if reading.some else len(reading.ways),
        "least": reading.least,
        "most": LOOKED_AT // len(by),
    }
    for at, (ways, weight) in enumerate(zip(reading.ways, reading.weights, strict=True)):
        asked[f"begins{at}"] = [f"% {way}%" for way in ways]
        asked[f"has{at}"] = [f"% {way} %" for way in ways]
        asked[f"weight{at}"] = weight
    # Whatever is looked at has the one word that is asked for.
    by_word = len(reading.ways) == 1 and not any(" " in way for way in reading.ways[0])
    rows = view.ask(
        _by_word() if by_word else _by_text(len(reading.ways), some=reading.some), asked
    )
    groups = [row[1:] for row in rows if not row[0]]
    return Matches(
        tuple(Match(*row[1:]) for row in rows if row[0]),
        {kind: count for kind, count, _ in groups},
        frozenset(kind for kind, _, looked_at in groups if looked_at >= LOOKED_AT // len(by)),
        near=reading.near,
        some=reading.some,
    )


_LOOKED_AT = f"""
WITH looked_at AS MATERIALIZED (
    (SELECT subject, split_part(subject, ':', 1) AS kind, read, NULL AS word, 0 AS length
    FROM read.names WHERE reads = %(text)s AND split_part(subject, ':', 1) = ANY(%(kinds)s)
        AND {RECORDED}
    LIMIT %(most)s)
    UNION ALL
    SELECT words.*
    FROM (SELECT unnest(%(kinds)s::text[]) COLLATE "C") AS of (kind),
        (SELECT unnest(%(by)s::text[]) COLLATE "C") AS by (word),
        LATERAL (
            SELECT subject, kind, read, word, length FROM read.words
            WHERE words.kind = of.kind AND {_BEGINS.format("by.word")}
                AND length >= %(length)s AND {RECORDED}
            ORDER BY word, length LIMIT %(most)s
        ) AS words
)"""  # noqa: S608  (of our own words)

_PAGE = """, page AS (
    SELECT row_number() OVER (ORDER BY score DESC, fits, length, reads, subject) AS number,
        subject, read, fits
    FROM found ORDER BY number OFFSET %(start)s LIMIT %(limit)s
), counts AS (
    SELECT kind, count(*) AS found,
        (SELECT count(*) FROM looked_at WHERE looked_at.kind = found.kind) AS looked_at
    FROM found GROUP BY kind
)
SELECT number, subject, read, fits FROM page
UNION ALL SELECT 0, kind, found, looked_at FROM counts
ORDER BY 1
"""


@cache
def _by_word() -> str:
    """Return the statement that looks for one word: a page of matches, then their counts."""
    return f"""{_LOOKED_AT}, found AS MATERIALIZED (
    SELECT DISTINCT ON (subject) subject, kind, read, 0 AS score, fits, length, word AS reads
    FROM (
        SELECT *, CASE WHEN word IS NULL THEN {WHOLE}
            WHEN word = ANY(%(by)s) THEN {HAS} ELSE {PREFIX} END AS fits
        FROM looked_at WHERE subject <> ALL (%(but)s)
    ) AS fitting
    ORDER BY subject, fits, length, read
){_PAGE}"""  # noqa: S608


@cache
def _by_text(size: int, *, some: bool) -> str:
    """Return the statement that looks for so many words, in the texts that have one of them."""
    begins = [f"said LIKE ANY (%(begins{at})s)" for at in range(size)]
    has = " AND ".join(f"said || ' ' LIKE ANY (%(has{at})s)" for at in range(size))
    weighed = [f"CASE WHEN {each} THEN %(weight{at})s ELSE 0 END" for at, each in enumerate(begins)]
    score, where = (" + ".join(weighed), "true") if some else ("0", " AND ".join(begins))
    return f"""{_LOOKED_AT}, scored AS (
    SELECT *, {score} AS score,
        CASE WHEN reads = %(text)s THEN {WHOLE}
            WHEN starts_with(reads || ' ', %(phrase)s) THEN {BEGINS}
            WHEN strpos(reads || ' ', %(phrase)s) > 0 THEN {HOLDS}
            WHEN {has} THEN {HAS} ELSE {PREFIX} END AS fits
    FROM (
        SELECT subject, kind, read, length, reads, reads || too AS said
        FROM looked_at, LATERAL (
            SELECT reads, too FROM read.names
            WHERE names.subject = looked_at.subject AND names.read = looked_at.read LIMIT 1
        ) AS text
        WHERE subject <> ALL (%(but)s)
    ) AS texts
    WHERE {where}
), found AS MATERIALIZED (
    SELECT DISTINCT ON (subject) subject, kind, read, score, fits, length, reads
    FROM scored WHERE score >= %(least)s
    ORDER BY subject, score DESC, fits, length, read
){_PAGE}"""  # noqa: S608
