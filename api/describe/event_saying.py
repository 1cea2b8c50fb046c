"""What happened, in one sentence: the pattern of its type, filled from the event."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, get_args

from api.describe.event_sentences import EVENT_SENTENCES
from api.describe.labels import LABELS
from api.describe.language import Language, Said
from api.describe.saying import WHOLE, Members, Speech, Word, words_of
from api.describe.shape import bare, is_record, members_of_kind
from ledger.domain.core.types import Sealed
from ledger.domain.registry import TOPICS

Names = Mapping[str, str]
"""What subjects are called, by id."""

MOST = 3
"""Items of a list that a sentence names; of more it says how many."""

_PARTS = re.compile(r"\[([^]]*)\]|([^[]+)")
_PLACES = re.compile(r"\{([^}]*)\}")
_AND = Said(" và ", " and ")
_MORE = Said(" và {} nữa", " and {} more")
_SEALED = Said("niêm phong", "sealed")
_SEALED_SUM = Said("(niêm phong)", "a sealed sum")
_PERSON = Said("cá nhân", "person")
_KINDS = {
    "charter": Said("hiến chương", "charter"),
    "entry": Said("mục", "entry"),
    "identifier": Said("mã định danh", "identifier"),
    "relation": Said("quan hệ", "relation"),
    "share": Said("thỏa thuận chia", "sharing agreement"),
    "use": Said("việc tự sử dụng", "own use"),
}
"""Kinds of subject whose members are called otherwise than they are."""

_SHORT = 24
"""Characters of an id that a sentence still has whole."""

_TOKEN = "party:tok."  # noqa: S105  (ids of persons begin so)


def event_sentence(payload: Members, speech: Speech, names: Names) -> tuple[Word, ...]:
    """Return an event in one sentence, with the names of those who are in it."""
    topic, body = payload["type"], payload["body"]
    speech = replace(speech, currency=body.get("currency"))
    words: list[Word] = []
    for optional, pieces in _pieces_of(EVENT_SENTENCES[topic].in_(speech.language)):
        filled: list[Word] = []
        for text, path in pieces:
            found = _filling(TOPICS[topic], payload, path, speech, names) if path else ()
            if path and optional and not found:
                break
            filled += [Word(text), *found]
        else:
            words += filled
    return _whole(words)


@cache
def _pieces_of(pattern: str) -> tuple[tuple[bool, tuple[tuple[str, str], ...]], ...]:
    """Return the parts of a pattern: whether one may be left out, its texts, a path behind each."""
    parts = []
    for optional, text in _PARTS.findall(pattern):
        split = _PLACES.split(optional or text)
        pairs = zip(split[::2], [*split[1::2], ""], strict=True)
        parts.append((bool(optional), tuple(pairs)))
    return tuple(parts)


def _whole(words: Iterable[Word]) -> tuple[Word, ...]:
    """Return the words of a sentence: the first begins large, a stop is behind the last."""
    first, *rest = (word for word in words if word.text)
    large = replace(first, text=first.text[:1].upper() + first.text[1:])
    stop = () if (rest or [first])[-1].text.endswith((".", "?", "!")) else (Word("."),)
    return (large, *rest, *stop)


def _filling(
    kind: Any, payload: Members, path: str, speech: Speech, names: Names
) -> tuple[Word, ...]:
    """Return all that stands at a path, once each."""
    if path == "@signers":
        found: Iterable[tuple[Word, ...]] = [(Word("", each),) for each in payload["signers"]]
    else:
        found = _at(kind.__name__, "", kind, payload["body"], path.split("/"), speech)
    each = [tuple(_named(word, speech, names) for word in words) for words in found]
    return _listed(list(dict.fromkeys(each)), speech)


def _listed(each: list[tuple[Word, ...]], speech: Speech) -> tuple[Word, ...]:
    shown, more = each[:MOST], len(each) - MOST
    words: list[Word] = []
    for number, item in enumerate(shown):
        if number:
            last = number == len(shown) - 1 and more <= 0
            words.append(Word(_AND.in_(speech.language) if last else ", "))
        words += item
    if more > 0:
        words.append(Word(_MORE.in_(speech.language).format(more)))
    return tuple(words)


def _at(
    owner: str, member: str, of: Any, value: Any, steps: list[str], speech: Speech
) -> Iterator[tuple[Word, ...]]:
    """Yield in words what stands some steps below a value."""
    of = bare(of, value)
    if value is None:
        return
    if of is Sealed:
        yield speech.said(_SEALED if steps else _SEALED_SUM)
    elif not steps:
        yield (
            WHOLE[of](value, speech) if of in WHOLE else words_of(owner, member, of, value, speech)
        )
    elif steps[0] == "*":
        for each in value:
            yield from _at(owner, member, get_args(of)[0], each, steps[1:], speech)
    elif is_record(of):
        inner = members_of_kind(of)[steps[0]]
        yield from _at(of.__name__, steps[0], inner, value.get(steps[0]), steps[1:], speech)


def _named(word: Word, speech: Speech, names: Names) -> Word:
    if word.subject is None:
        return word
    named = called(word.subject, speech, names)
    within = word.text.partition("#")[2]
    return replace(named, text=f"{named.text} #{within}") if within else named


def kind_name(kind: str, language: Language) -> str:
    """Return what a kind of subject is called; the kind itself where nobody has named it."""
    return (_KINDS.get(kind) or LABELS.get(kind) or Said(kind, kind)).in_(language)


def called(subject: str, speech: Speech, names: Names) -> Word:
    """Return a subject by its name; where it has none, by its kind and the end of a long id."""
    if subject in names:
        return Word(names[subject], subject=subject)
    kind, _, local = subject.partition(":")
    if subject.startswith(_TOKEN):
        said = _PERSON.in_(speech.language)
    else:
        said = kind_name(kind, speech.language)
    short = local if len(local) <= _SHORT else f"…{local[-6:]}"
    return Word(f"{said} {short}", subject=subject)
