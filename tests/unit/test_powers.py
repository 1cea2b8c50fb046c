"""The table of authority: one source, three readers, and words that name what bodies have."""

import re
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from ledger import court
from ledger.domain.core.body import Body
from ledger.domain.core.money import Money
from ledger.domain.registry import TOPICS
from ledger.domain.signing.who_signs import WHO_SIGNS
from ledger.powers import (
    TABLE,
    TABLE_FILE,
    Officers,
    exposure,
    is_boundless,
    parties_bound,
    subjects_of,
    values,
)
from tests.support import builders as b
from tests.support.authority_table import COURT, MARKED, literal, table
from tests.support.generated import AGAIN
from tests.support.golden_events import STORY, examples

OFFICERS = Officers("party:vn.operator", "party:vn.registrar")
ROLES = {"bank", "clerk", "forum", "fund", "reviewer"}


def test_the_data_file_is_what_the_table_says() -> None:
    assert table() == TABLE_FILE.read_text("utf-8"), AGAIN
    assert {body.TOPIC: row for body, row in WHO_SIGNS.items()} == TABLE


def test_the_court_s_literal_is_what_the_table_says() -> None:
    marked = MARKED.search(COURT.read_text("utf-8"))
    assert marked is not None
    assert literal() == marked[2], AGAIN
    assert {topic: tuple(row[:5]) for topic, row in TABLE.items()} == court.TABLE
    assert {topic: row.about for topic, row in TABLE.items()} == court.ABOUT


COLUMNS = ("party", "party", "", "any", "opposed", "any")
"""What the words of a row are about; none where each of them says that itself."""


def named_paths() -> list[tuple[str, str, str]]:
    """Return (topic, path, what the table takes it for) of every word."""
    found = []
    for topic, row in TABLE.items():
        for column, words in zip(COLUMNS, row, strict=True):
            for word in words.split():
                rule, _, condition = word.partition("?")
                if condition:
                    found.append((topic, condition.removeprefix("!").partition("=")[0], "any"))
                if column == "opposed":
                    base, _, sides = rule.rpartition(":")
                    each = [f"{base}/{side}".removeprefix("/") for side in sides.split("~")]
                    found += [(topic, path, "party") for path in each]
                    continue
                kind = column
                if not column:
                    kind, _, rest = rule.partition(":")
                    rule, _, term = rest.partition(":")
                    found += [(topic, path, "day") for path in term.split("~") if path]
                sources = re.split(r"[|=]", rule)
                paths = [
                    path
                    for each in sources
                    if (path := each.removeprefix("!").removeprefix("key:")) and path[0] not in "@#"
                ]
                found += [(topic, path, kind) for path in paths]
    return found


@pytest.mark.parametrize(("topic", "path", "kind"), named_paths())
def test_a_word_names_what_the_body_has(topic: str, path: str, kind: str) -> None:
    """A path that no body has would name nobody, and nothing would be asked of anyone."""
    found: Any = TOPICS[topic]
    for name in path.split("/"):
        found = _member(found, name)
    inside = _kinds(found)
    if kind == "sum":
        assert any(isinstance(each, type) and issubclass(each, Money) for each in inside)
    if kind in {"party", "gives"}:
        assert str in inside
    if kind == "day":
        assert date in inside


DERIVED = {"party.identified/1": "identifier", "party.known_as/1": "spelling"}
"""Kinds of subjects that more than paths leads to."""


@pytest.mark.parametrize("topic", sorted(TABLE))
def test_who_signs_because_a_member_names_it_is_a_subject(topic: str) -> None:
    row = TABLE[topic]
    sources = "|".join(word.partition("?")[0] for word in row.signers.split()).split("|")
    named = {source for source in sources if not source.startswith("@")}
    assert named <= {*row.about.split()}


AFTER_AN_OFFER = b.assignment_agreed(offer="offer:1", acceptance=f"sha256:{'0' * 64}")
TOLD = [*STORY, *examples().values(), AFTER_AN_OFFER]


@pytest.mark.parametrize("body", TOLD, ids=lambda body: body.TOPIC)
def test_the_words_say_what_an_event_is_about_as_its_body_does(body: Body) -> None:
    row, said = TABLE[body.TOPIC], body.model_dump(mode="json")
    told = subjects_of(row, said, b.ORIGIN)
    kind = DERIVED.get(body.TOPIC, "nothing")
    assert told == {each for each in body.subjects() if not each.startswith(f"{kind}:")}
    assert told == subjects_of(row, body, b.ORIGIN)
    header = {"type": body.TOPIC, "ledger": b.ORIGIN, "body": said}
    assert told == court.brought_subjects(header)


def _kinds(annotation: Any) -> set[Any]:
    """Return what an annotation holds, through unions and tuples."""
    inside = getattr(annotation, "__args__", ())
    return {annotation} | {kind for each in inside for kind in _kinds(each)}


def _member(annotation: Any, name: str) -> Any:
    if name == "*":
        items = [each for each in _kinds(annotation) if getattr(each, "__origin__", None) is tuple]
        return items[0].__args__[0]
    models = [
        each
        for each in _kinds(annotation)
        if isinstance(each, type) and issubclass(each, BaseModel)
    ]
    fields = [model.model_fields[name] for model in models if name in model.model_fields]
    assert fields, f"{annotation} has no {name}"
    return fields[0].annotation


def test_every_role_of_the_table_is_one() -> None:
    named = {role for row in TABLE.values() for role in re.findall("#([a-z]+)", row.may)}
    assert named - {"older"} <= ROLES


@pytest.mark.parametrize("topic", TABLE)
def test_a_model_and_its_json_are_read_alike(topic: str) -> None:
    body = examples()[topic]
    said = body.model_dump(mode="json", exclude_unset=True)
    row = TABLE[topic]
    bound = parties_bound(row, body, OFFICERS)
    assert bound == parties_bound(row, said, OFFICERS)
    for signer in bound:
        of_body = exposure(row, body, signer, lambda _offer: None)
        assert of_body == exposure(row, said, signer, lambda _offer: None)


def test_what_has_another_shape_than_its_path_is_taken_for_what_it_holds() -> None:
    says = {"a": [{"b": 1}, {"b": None}, 2], "c": "text", "d": {"x": {"b": 3}}, "e": [[{"b": 4}]]}
    for path, found in {
        "a/*/b": [1, 2],
        "c/*/b": ["text"],
        "c/b": ["text"],
        "d/*/b": [3],
        "e/*/b": [4],
        "e/b": [4],
        "f/*/b": [],
    }.items():
        assert found == values(says, path) == court.values(says, path)


@pytest.mark.parametrize(
    "parties",
    [
        ["party:a", "party:b"],
        {"x": "party:a", "y": "party:b"},
        [["party:a"], ["party:b"]],
        "party:a",
        {"commitment": "party:a"},
    ],
    ids=str,
)
def test_no_shape_of_a_list_names_nobody(parties: Any) -> None:
    says = {"parties": parties, "consents": ["party:vn.operator"]}
    bound = parties_bound(TABLE["contract.concluded/1"], says, OFFICERS)
    assert len(bound - {"party:vn.operator"}) > 0  # So its signers are not the operator alone.


BOUNDLESS = {
    "an exclusive grant in an object": {
        "grants": {"g": {"licensor": "party:a", "exclusivity": "exclusive"}}
    },
    "a grant of nobody in particular": {"grants": [{"exclusivity": "exclusive"}]},
    "a milestone in an object": {
        "royalty": {
            "currency": "VND",
            "cap": {"per": "term", "amount": 1},
            "milestones": {"m": {"amount": 10**9}},
        }
    },
    "a price below nothing": {"price": {"amount": -5, "currency": "VND"}},
    "a price with an idle commitment": {
        "price": {"amount": 10**9, "currency": "VND", "commitment": f"sha256:{'0' * 64}"}
    },
    "a sealed grant": {"grants": [{"commitment": f"sha256:{'0' * 64}"}]},
    "a cap in a list": {
        "royalty": {"currency": "VND", "cap": [{"per": "term", "amount": 1}]},
    },
    "a price in a list": {"price": [{"amount": 10**9, "currency": "VND"}]},
}


@pytest.mark.parametrize("says", BOUNDLESS.values(), ids=BOUNDLESS)
def test_no_shape_hides_a_sum_from_a_ceiling(says: dict[str, Any]) -> None:
    body = {"parties": ["party:a"], "price": None, **says}
    row = TABLE["contract.concluded/1"]
    assert exposure(row, body, "party:a", lambda _offer: None).within(100, "VND") is False
    event = court.Event(1, b"", "", (), b"", {}, "contract.concluded/1", body, {"party:a"})
    told = [*court.commits(event, "party:a", court.Authority())]
    assert not court.are_within([each for each in told if not isinstance(each, str)], 100, "VND")


def test_what_a_ceiling_covers() -> None:
    row, says = TABLE["offer.made/1"], {"offeror": "party:a", "price": {"amount": 5}}
    committed = exposure(row, says, "party:a", lambda _offer: None)
    assert committed.within(5, "VND") is False
    says["price"] = {"amount": 5, "currency": "VND"}
    committed = exposure(row, says, "party:a", lambda _offer: None)
    assert [True, False, False] == [
        committed.within(5, "VND"),
        committed.within(4, "VND"),
        committed.within(5, "USD"),
    ]
    says["price"] = {"commitment": f"sha256:{'0' * 64}"}
    assert exposure(row, says, "party:a", lambda _offer: None).within(5, "VND") is None


@pytest.mark.parametrize(
    "topic",
    [topic for topic, row in TABLE.items() if re.fullmatch(r"gives:\S+", row.commits)],
)
def test_whoever_only_takes_is_committed_to_nothing(topic: str) -> None:
    """A mandate with a ceiling suffices to accept what others give."""
    body = examples()[topic]
    says = body.model_dump(mode="json", exclude_unset=True)
    row = TABLE[topic]
    givers = set(map(str, values(says, row.commits.partition(":")[2])))
    for signer in parties_bound(row, says, OFFICERS) | {"party:takes"}:
        told = exposure(row, says, signer, lambda _offer: None)
        assert (signer in givers) == bool(told.beyond), signer
        assert (told.within(0, "USD") is True) == (signer not in givers)


@pytest.mark.parametrize("topic", [topic for topic, row in TABLE.items() if is_boundless(row)])
def test_what_is_boundless_is_within_no_ceiling_for_who_gives(topic: str) -> None:
    body, row = examples()[topic], TABLE[topic]
    by_signer = [
        exposure(row, body, each, lambda _: None) for each in parties_bound(row, body, OFFICERS)
    ]
    assert False in {each.within(2**53 - 1, "VND") for each in by_signer if each.beyond}
