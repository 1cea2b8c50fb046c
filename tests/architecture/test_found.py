"""Of each text that an event can hold it is decided whether anything is found by it."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from ledger.domain.core.types import Model, Sealed
from ledger.domain.registry import TOPICS
from projections.tables.hashes import paths_to_hashes
from projections.tables.names import KINDS, SAID, UNFOUND
from tests.support.golden_events import STORY
from tests.support.projecting import logged

_IDS = (":[a-z0-9.-]{1,80}", "[0-9a-f]{64}", "tok\\.[0-9a-f]{32}")
"""What the patterns of ids and of hashes hold: those are all found."""


def texts(kind: Any, path: tuple[str, ...] = (), pattern: str = "") -> Iterator[str]:
    """Yield the paths of a body to texts that are neither ids nor hashes."""
    if kind is str:
        if not any(each in pattern for each in _IDS):
            yield "/".join(path)
    elif isinstance(kind, type) and issubclass(kind, Model):
        for name in kind.model_fields if kind is not Sealed else ():
            yield from texts(get_type_hints(kind, include_extras=True)[name], (*path, name))
    elif get_origin(kind) is Annotated:
        told = [getattr(each, "pattern", None) for each in get_args(kind)[1:]]
        yield from texts(get_args(kind)[0], path, next(filter(None, told), pattern))
    elif get_origin(kind) is not Literal:
        for each in get_args(kind):
            yield from texts(each, path, pattern)


EVERY = {(topic, path) for topic, body in TOPICS.items() for path in texts(body)}
FOUND = {(body.TOPIC, saying.path) for body, sayings in SAID.items() for saying in sayings}
UNDECIDED = [each for names in UNFOUND.values() for each in names]


def _names(topic: str, path: str) -> set[str]:
    return {path.rpartition("/")[2], f"{topic} {path}"}


def test_it_is_decided_of_each_text_whether_something_is_found_by_it() -> None:
    assert FOUND <= EVERY
    left = {
        f"{topic} {path}"
        for topic, path in EVERY - FOUND
        if _names(topic, path).isdisjoint(UNDECIDED)
    }
    assert not left, (
        "say of each in projections/tables/names.py, SAID or UNFOUND, what becomes of it"
    )


def test_what_is_not_found_is_there_and_said_once() -> None:
    assert len(UNDECIDED) == len(set(UNDECIDED))
    there = {name for topic, path in EVERY - FOUND for name in _names(topic, path)}
    assert set(UNDECIDED) <= there


def test_every_kind_of_subject_is_found_but_for_what_is_another_ones_name() -> None:
    kinds = {
        subject.partition(":")[0] for each in logged(*STORY[1:]) for subject in each.event.subjects
    }
    assert kinds - {*KINDS} == {"key", "spelling", "identifier"}


def test_every_member_that_is_a_hash_is_found() -> None:
    there = {
        f"{topic} {'/'.join(path)}"
        for topic, body in TOPICS.items()
        for path in paths_to_hashes(body)
    }
    assert {
        "contract.concluded/1 terms_sha256",
        "contract.concluded/1 performance/documents_sha256/*",
        "evidence.filed/1 documents/*",
        "listing.published/1 scan_sha256",
    } <= there
    assert not any(each.endswith("commitment") for each in there), "of what is sealed"
