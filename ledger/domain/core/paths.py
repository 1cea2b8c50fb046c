"""
Paths into a body, by which it declares what it is about and what it refers to.

Words with spaces between them, read as in the table of authority (docs/spec/authority.md): members
by name, `*` for each item of a list, `key:` before a path for the subject of that kind. What is
null is nothing, and so is what is sealed. A word that begins with `@` is for the body's own method.
"""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

Found = set[str | None]


@cache
def reader(words: str) -> Callable[[Any], frozenset[str]]:
    """Return what reads all that stands at paths."""
    paths = [word for word in words.split() if word[0] != "@"]
    members = [path for path in paths if path.isidentifier()]
    if not paths:
        return lambda _: frozenset()
    # attrgetter gives a tuple for two names or more.
    plain = attrgetter(*members, *members[:1]) if members else lambda _: ()
    deep = [_reader_of(path) for path in paths if path not in members]

    def read(body: Any) -> frozenset[str]:
        found = set(plain(body))
        for reads in deep:
            reads(body, found)
        found.discard(None)
        return frozenset(found)

    return read


def _reader_of(word: str) -> Callable[[Any, Found], None]:
    kind, _, path = word.rpartition(":")
    if not kind:
        return _following(path.split("/"))
    inner = reader(path)
    return lambda body, found: found.update([f"{kind}:{each}" for each in inner(body)])


def _following(steps: list[str]) -> Callable[[Any, Found], None]:
    """Return what adds all that is some steps further on than a value."""
    step, *rest = steps
    if step == "*" and not rest:
        return lambda value, found: found.update(value) if isinstance(value, tuple) else None
    then = _following(rest) if rest else lambda value, found: found.add(value)
    if step == "*":

        def each(value: Any, found: Found) -> None:
            for item in value if isinstance(value, tuple) else ():
                then(item, found)

        return each
    get = attrgetter(step)
    return lambda value, found: then(get(value), found) if value is not None else None
