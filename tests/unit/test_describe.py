"""Whatever an answer or an event can hold is said, or left out for a reason: in both languages."""

import inspect
import re
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from api.describe.description import describe, lines_of
from api.describe.event_names import event_name
from api.describe.labels import LABELS
from api.describe.language import Language
from api.describe.left_out import LEFT_OUT
from api.describe.measures import LISTED, measure_of
from api.describe.saying import Speech
from api.describe.shape import members_of_kind
from api.describe.together import together_with
from api.describe.values import value_said
from api.main import ROUTED
from ledger.domain.registry import TOPICS
from ledger.events.lawbook import bundled_law
from projections.questions import findings
from projections.questions.terms import TermsOn
from projections.tables import chain
from tests.support.answers import (
    ANSWERS,
    NO_ANSWERS,
    Maker,
    alternatives,
    literals,
    records,
)
from tests.support.spoken import BARE, forms, leaves, text_of

LAW = bundled_law()
LANGUAGES: tuple[Language, ...] = ("vi", "en")
MEMBERS = [
    (kind, member, of)
    for kind in records()
    for member, kinds in members_of_kind(kind).items()
    for of in alternatives(kinds)
]

HIDES: Mapping[str, tuple[str, ...]] = {
    "price_commitment": ("price_amount",),
    "royalty_commitment": ("royalty_ppm",),
    "parties": ("parts_commitment",),
    "parts_ppm": ("parts_commitment",),
}
"""What cannot be there together with a member: a sum stands in the open, or is sealed."""


def named(kind: type[Any], member: str, of: Any) -> str:
    return f"{kind.__module__}.{kind.__name__}.{member}, {getattr(of, '__name__', of)}"


def with_every_member(kind: type[Any], member: str, of: Any) -> tuple[dict[str, Any], Maker]:
    """Return a record of a kind that shows the member, with a value of a type."""
    maker = Maker()
    members = maker.members(kind)
    if kind.__name__ == "PartyFact":
        members["fact"] = "identifier"
    if kind.__name__ not in ("Field", "Money", "Sealed"):
        members[member] = maker.value(kind.__name__, member, of)
    for hiding in HIDES.get(member, ()):
        if hiding in members:
            members[hiding] = None
    if kind.__name__ == "ShareRow" and member == "parts_commitment":
        members.update(parties=None, parts_ppm=None)
    return members, maker


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "member", "of"), MEMBERS)
def test_every_member_of_every_answer_and_event_is_said_or_left_out_for_a_reason(
    kind: type[Any], member: str, of: Any, language: Language
) -> None:
    members, maker = with_every_member(kind, member, of)
    said = text_of(lines_of(kind, members, Speech(language, LAW, "USD")))
    place = f"{kind.__name__}.{member}"
    for value, leaf_of, leaf in leaves(kind.__name__, member, of, members[member]):
        shown = any(form in said for form in forms(leaf, leaf_of, value, language))
        assert shown != (place in LEFT_OUT), f"{named(kind, member, of)}: {value!r} in\n{said}"
    if place not in LEFT_OUT:
        other = {**members, member: another(kind, member, members[member], maker)}
        again = text_of(lines_of(kind, other, Speech(language, LAW, "USD")))
        assert said != again, f"{named(kind, member, of)} makes no difference in\n{said}"


def another(kind: type[Any], member: str, value: Any, maker: Maker) -> Any:
    """Return another value of a member."""
    if isinstance(value, bool):
        return not value
    for of in 20 * alternatives(members_of_kind(kind)[member]):
        found = maker.value(kind.__name__, member, of)
        if found != value:
            return found
    raise AssertionError(f"there is no other value of {kind.__name__}.{member}")


@pytest.mark.parametrize("kind", records(), ids=lambda kind: kind.__name__)
def test_every_number_of_an_answer_or_an_event_has_its_measure(kind: type[Any]) -> None:
    for member, of in members_of_kind(kind).items():
        if f"{kind.__name__}.{member}" in LEFT_OUT or member in BARE:
            continue
        if int in {*alternatives(of), *get_args(alternatives(of)[0])}:
            known = measure_of(kind.__name__, member) or "amount" in member
            assert known, f"{kind.__name__}.{member}"


def test_every_member_has_its_name_and_every_name_is_in_both_languages() -> None:
    unnamed = {
        f"{kind.__name__}.{member}"
        for kind in records()
        for member in members_of_kind(kind)
        if not {member, f"{kind.__name__}.{member}"} & LABELS.keys()
        and f"{kind.__name__}.{member}" not in LEFT_OUT
        and together_with(member, members_of_kind(kind)) is None
    }
    assert not unnamed, "say what each is called in LABELS of api/describe/labels.py"
    assert all(said.vi and said.en for said in LABELS.values())


def test_every_value_of_every_closed_list_has_words_in_both_languages() -> None:
    closed = {
        (kind.__name__, member, value)
        for kind in records()
        for member, of in members_of_kind(kind).items()
        for value in literals(of)
    }
    closed |= {
        (*place.split(".", 1), value)  # type: ignore[misc]
        for place, values in LISTED.items()
        for value in values
    }
    wordless = {each for each in closed if value_said(*each) is None}
    assert not wordless
    assert all(all(value_said(*each) or ("",)) for each in closed)


def test_lists_that_are_texts_in_read_models_are_those_of_the_read_models() -> None:
    assert {*LISTED["Suspect.code"]} == findings.KINDS.keys()
    source = inspect.getsource(chain)
    said = re.findall(r'link="([a-z_]+)"(?: if .* else "([a-z_]+)")?', source)
    assert {each for pair in said for each in pair if each} <= {*LISTED["ChainRow.link"]}


def test_every_type_of_event_has_words_in_both_languages() -> None:
    for language in LANGUAGES:
        named = {topic: event_name(topic, language) for topic in TOPICS}
        assert all(named.values())
        assert len(named) == len({*named.values()})
    assert "Offer made" == event_name("offer.made", "en")
    assert "offer.unheard_of/1" == event_name("offer.unheard_of/1", "vi")


def test_what_is_left_out_is_there_to_be_shown() -> None:
    there = {f"{kind.__name__}.{m}" for kind in records() for m in members_of_kind(kind)}
    assert LEFT_OUT.keys() <= there
    assert all(reason for reason in LEFT_OUT.values())


def test_every_read_of_the_api_is_described() -> None:
    reads = {
        route.operation_id
        for module in ROUTED
        for route in module.router.routes
        if "GET" in route.methods and route.include_in_schema
    }
    assert reads == ANSWERS.keys() | NO_ANSWERS


@pytest.mark.parametrize("kind", [kind for kinds in ANSWERS.values() for kind in kinds])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_is_described_with_what_it_rests_on(kind: type[Any], language: Language) -> None:
    members = Maker().members(kind)
    members.update({each: None for each in members if None.__class__ in get_args(kind)})
    members["unknown"] = []
    described = describe(kind, members, language, LAW)
    assert described.lines
    unknown = re.search("đơn vị nhỏ nhất|minor units", text_of(described.lines))
    assert (unknown is not None) == (kind.__name__ == "Agreement")  # It names no currency.
    assert not re.search(r"[{}]|None|Said", described.sentence)
    if "size" in members:
        assert f"{members['size']:,}".replace(",", "." if language == "vi" else ",") in text_of(
            described.proof
        )


def test_of_what_the_log_does_not_name_nothing_else_is_said() -> None:
    members = Maker().members(TermsOn)
    near = [{"asked": "contract:b", "ids": ["contract:a"]}]
    members |= {"unknown": ["contract:b"], "near": near, "size": 9, "positions": [], "doubted": []}
    described = describe(TermsOn, members, "en", LAW)
    assert "Unknown: nothing is recorded of contract:b; near: contract:a." == described.sentence
    assert () == described.lines
    assert "9" in text_of(described.proof)
