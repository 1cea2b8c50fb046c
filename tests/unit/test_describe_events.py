"""An event of every type in words: each leaf of its body is said, or left out for a reason."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, get_args

import pytest

from api.describe.description import lines_of
from api.describe.event_types import describe_event_type
from api.describe.language import Language
from api.describe.left_out import LEFT_OUT
from api.describe.saying import Speech
from api.describe.shape import bare, is_record, members_of_kind
from ledger.domain.registry import TOPICS
from ledger.events.lawbook import bundled_law
from tests.support.spoken import forms, leaves, text_of

LAW = bundled_law()
LANGUAGES: tuple[Language, ...] = ("vi", "en")


def plain(kind: Any, members: Mapping[str, Any]) -> Iterator[tuple[Any, Any, str]]:
    """Yield the plain values below a record, each with its type and its place."""
    for member, of in members_of_kind(kind).items():
        value = members.get(member)
        if value is None or f"{kind.__name__}.{member}" in LEFT_OUT:
            continue
        yield from _below(kind.__name__, member, bare(of, value), value)


def _below(owner: str, member: str, of: Any, value: Any) -> Iterator[tuple[Any, Any, str]]:
    if is_record(of):
        yield from plain(of, value)
    elif isinstance(value, list) and of is not Fraction:
        for each in value:
            yield from _below(owner, member, bare(get_args(of)[0], each), each)
    else:
        yield from leaves(owner, member, of, value)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_leaf_of_the_example_of_a_type_is_said(topic: str, language: Language) -> None:
    body = describe_event_type(topic).example["body"]
    said = text_of(lines_of(TOPICS[topic], body, Speech(language, LAW)))
    for value, of, place in plain(TOPICS[topic], body):
        shown = any(form in said for form in forms(place, of, value, language))
        assert shown, f"{place} {value!r} is not in\n{said}"
