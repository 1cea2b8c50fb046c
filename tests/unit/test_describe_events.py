"""An event of every type in words: each leaf of its body is said, or left out for a reason."""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, get_args

import pytest

from api.describe.description import lines_of
from api.describe.event_saying import event_sentence, kind_name
from api.describe.event_sentences import EVENT_SENTENCES
from api.describe.event_types import describe_event_type
from api.describe.language import Language
from api.describe.left_out import LEFT_OUT
from api.describe.saying import Speech
from api.describe.shape import bare, is_record, members_of_kind
from ledger.domain.registry import EVOLVES, TOPICS
from ledger.events.lawbook import bundled_law
from projections.questions.search import FOUND
from tests.support.answers import Maker
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


def sentence(payload: Mapping[str, Any], language: Language) -> str:
    """Return an event in one sentence, in which each party has a name."""
    names = {party: f"<{party[6:]}>" for party in re.findall(r"party:[a-z0-9.-]+", str(payload))}
    words = event_sentence(payload, Speech(language, LAW), names)
    return "".join(word.text for word in words)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_type_of_event_is_told_in_one_sentence(topic: str, language: Language) -> None:
    payload = describe_event_type(topic).example
    said = sentence(payload, language)
    assert re.fullmatch(r"[^a-z].*[.?!]", said), said
    assert not re.search(r"  |party:|[{}\[\]]|None|: *[.]| [,.:;)]", said), said
    assert "<" in said or topic in OF_NOBODY, said


OF_NOBODY = frozenset(
    {
        *("assignment.refused/1", "assignment.registered/1", "certificate.issued/1"),
        *("ledger.delay_adopted/1", "ledger.succession_declared/1", "office_event.recorded/1"),
        *("permit.issued/1", "registration.refused/1", "security.perfected/1"),
        *(topic for topic in TOPICS if topic.startswith("right.") and topic != "right.filed/1"),
    }
)
"""Types whose sentence is of what an office did, or of the ledger."""


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_sentence_says_all_that_its_pattern_names_where_it_is_there(topic: str) -> None:
    """Of a body with every member there no part is left out; of an empty one no blank is left."""
    vi, en = EVENT_SENTENCES[topic]
    assert {*re.findall(r"{[^}]*}", vi)} >= {*re.findall(r"{[^}]*}", en)} - {"{security}"}
    maker = Maker()
    payload = {"type": topic, "signers": ["party:vn.a"], "body": maker.members(TOPICS[topic])}
    for pattern, language in ((vi, "vi"), (en, "en")):
        said = sentence(payload, language)
        for text in filter(str.strip, re.split(r"{[^}]*}", re.sub(r"[\[\]]", "", pattern))):
            assert text[1:] in said, (text, said)


def test_names_stand_before_ids_and_long_ids_are_shortened() -> None:
    payload = describe_event_type("contract.concluded/1").example
    names = dict(zip(payload["signers"], ("Viện A", "Công ty B"), strict=True))
    words = event_sentence(payload, Speech("vi", LAW), names)
    assert (
        "Viện A và Công ty B ký hợp đồng …000008 (chuyển quyền sử dụng): Viện A cấp quyền sử dụng"
        " (độc quyền) cho Công ty B."
    ) == "".join(word.text for word in words)
    assert {*payload["signers"], payload["body"]["contract"]} == {
        word.subject for word in words if word.subject
    }


def test_of_many_a_sentence_names_three_and_says_how_many_more() -> None:
    payload = {
        **describe_event_type("settlement.recorded/1").example,
        "body": {"dispute": "dispute:a", "parties": [f"party:{each}" for each in "abcde"]},
    }
    said = sentence(payload, "en")
    assert "<a>, <b>, <c> and 2 more settled dispute a." == said


def test_what_is_sealed_is_told_as_sealed() -> None:
    payload = describe_event_type("offer.made/1").example
    body = {**payload["body"], "price": {"commitment": f"sha256:{64 * '0'}"}}
    assert sentence({**payload, "body": body}, "en").endswith("for a sealed sum.")


@pytest.mark.parametrize("kind", sorted({*FOUND, *(kind for kind, _ in EVOLVES)}))
def test_every_kind_of_what_is_found_is_called_in_vietnamese(kind: str) -> None:
    assert kind != kind_name(kind, "vi")
    assert kind_name(kind, "vi") != kind_name(kind, "en")
