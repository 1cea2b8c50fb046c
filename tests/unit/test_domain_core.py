"""What all events share: instants, days, ids, the closed table of topics, the form of refusals."""

import importlib
import pkgutil
import unicodedata
from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

import ledger.domain
from ledger.domain.core.context import Context, OpeningMalformed, OpeningRequired, reveal
from ledger.domain.core.existence import PredecessorUnknown
from ledger.domain.core.money import Money
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import ways
from ledger.domain.core.types import (
    Day,
    Instant,
    PartyIds,
    Sealed,
    SubjectId,
    format_instant,
    legal_day,
    parse_day,
    parse_instant,
)
from ledger.domain.parties.signature_refusals import NotBound
from ledger.domain.registry import ADMITS, EVOLVES, TOPICS
from ledger.domain.signing.who_signs import WHO_SIGNS
from tests.support.builders import RIGHT, SOME_HASH, right_filed, right_granted, sealed, vnd
from tests.support.golden_events import STORY
from tests.support.specification import EMPTY, given

NOON = datetime(2026, 11, 2, 12, 0, 0, 5000, tzinfo=UTC)


def _every_refusal() -> list[type[Refusal]]:
    for module in pkgutil.walk_packages(ledger.domain.__path__, "ledger.domain."):
        importlib.import_module(module.name)
    found: list[type[Refusal]] = []
    waiting: list[type[Refusal]] = [Refusal]
    while waiting:
        children = waiting.pop().__subclasses__()
        waiting += children
        found += [child for child in children if child is not NotBound]
    return [refusal for refusal in found if refusal.__module__.startswith("ledger.domain.")]


REFUSALS = _every_refusal()


def test_an_instant_reads_back_as_it_is_written() -> None:
    assert "2026-11-02T12:00:00.005Z" == format_instant(NOON)
    assert NOON == TypeAdapter(Instant).validate_python("2026-11-02T12:00:00.005Z")
    assert b'"2026-11-02T12:00:00.005Z"' == TypeAdapter(Instant).dump_json(NOON)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-02T12:00:00Z",
        "2026-11-02T12:00:00.005000Z",
        "2026-11-02T12:00:00.005+00:00",
        "2026-11-02 12:00:00.005Z",
        "2026-11-02T12:00:00.005z",
        "20261102T120000.005Z",
        "0001-01-01T00:00:00.000+23:59",
        "2026-13-02T12:00:00.005Z",
        1_793_620_800_005,
        None,
    ],
)
def test_another_spelling_of_an_instant_is_no_instant(text: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_python(text)


@pytest.mark.parametrize("text", ["2026-2-1", "20260201", "2026-W05-1", "2026-02-30", 20260201])
def test_another_spelling_of_a_day_is_no_day(text: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python(text)


def test_a_day_reads_back_as_it_is_written() -> None:
    day = TypeAdapter(Day).validate_python("2026-02-01")
    assert date(2026, 2, 1) == day
    assert b'"2026-02-01"' == TypeAdapter(Day).dump_json(day)


def test_a_legal_day_of_hanoi_begins_at_17_utc() -> None:
    assert date(2026, 3, 10) == legal_day(datetime(2026, 3, 10, 16, 59, 59, tzinfo=UTC))
    assert date(2026, 3, 11) == legal_day(datetime(2026, 3, 10, 17, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    "text", ["right:", "right:A", "Right:a", "right:a\n", "right", "r:" + 81 * "a"]
)
def test_a_subject_id_is_a_lower_case_kind_and_a_short_local_part(text: str) -> None:
    TypeAdapter(SubjectId).validate_python("right:us.15145443")
    with pytest.raises(ValidationError):
        TypeAdapter(SubjectId).validate_python(text)


def test_a_list_names_each_once() -> None:
    assert ("party:a", "party:b") == TypeAdapter(PartyIds).validate_python(["party:a", "party:b"])
    with pytest.raises(ValidationError, match="occurs twice"):
        TypeAdapter(PartyIds).validate_python(["party:a", "party:a"])


def test_a_body_has_every_field_and_no_other() -> None:
    whole = right_granted().model_dump(mode="json", exclude_unset=True)
    with pytest.raises(ValidationError, match="Extra inputs"):
        right_granted(note="x")
    for name in whole:
        with pytest.raises(ValidationError, match="Field required"):
            type(right_granted()).model_validate({k: v for k, v in whole.items() if k != name})


def test_opening_required_unless_the_section_is_open_or_opened() -> None:
    section = Sealed.model_validate(sealed())
    opened = Context(accepted=NOON, position=1, openings={"/body/royalty_ppm": 50_000})
    assert 50_000 == reveal(50_000, "/body/royalty_ppm", Context(NOON, 1), int)
    assert 50_000 == reveal(section, "/body/royalty_ppm", opened, int)
    with pytest.raises(OpeningRequired, match="/body/royalty_ppm"):
        reveal(section, "/body/royalty_ppm", Context(NOON, 1), int)


@pytest.mark.parametrize("value", [1, {"amount": 1.0, "currency": "VND"}, {"amount": 1}, None])
def test_opening_malformed_refuses_what_is_not_of_the_section_s_form(value: object) -> None:
    section = Sealed.model_validate(sealed())
    opened = Context(accepted=NOON, position=1, openings={"/body/price": value})
    with pytest.raises(OpeningMalformed, match="/body/price"):
        reveal(section, "/body/price", opened, Money.model_validate)
    fitting = Context(accepted=NOON, position=1, openings={"/body/price": vnd(1)})
    assert 1 == reveal(section, "/body/price", fitting, Money.model_validate).amount


def test_predecessor_unknown_names_what_is_not_in_the_log() -> None:
    given().when(right_granted()).then_refused(PredecessorUnknown, subjects=(RIGHT,))
    given(right_filed()).when(right_granted()).then_admitted()


def test_every_topic_has_a_rule_a_signer_and_a_fold() -> None:
    bodies = set(TOPICS.values())
    assert bodies == ADMITS.keys()
    assert bodies == WHO_SIGNS.keys()
    assert bodies - {body for _, body in EVOLVES} == set()
    assert all(topic == body.TOPIC for topic, body in TOPICS.items())


def test_a_story_in_which_every_topic_occurs_is_admitted() -> None:
    log = EMPTY
    for body in STORY:
        log = log.and_then(body)
    assert len(STORY) == log.size
    assert TOPICS.keys() == {body.TOPIC for body in STORY}


def test_codes_are_unique_and_upper_snake() -> None:
    codes = [refusal.code for refusal in REFUSALS]
    assert len(codes) == len(set(codes))
    assert [] == [code for code in codes if not code.replace("_", "").isupper()]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_a_refusal_has_a_title_in_both_languages(refusal: type[Refusal]) -> None:
    first_line = (refusal.__doc__ or "").splitlines()[0]
    assert first_line.endswith(".")
    assert refusal.title_vi
    assert unicodedata.is_normalized("NFC", refusal.title_vi)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_a_refusal_says_what_helps_or_why_nothing_does(refusal: type[Refusal]) -> None:
    said = [way for name, way in ways().items() if name.partition("/")[0] == refusal.code]
    assert said, f"{refusal.code} is to have its words in ledger/domain/core/ways.json"
    for way in said:
        assert way.en
        assert unicodedata.is_normalized("NFC", way.vi)


def test_a_refusal_lists_each_position_and_subject_once_in_order() -> None:
    refusal = PredecessorUnknown("x", positions=(3, 1, 3), subjects=("b:b", "a:a", "b:b"))
    assert (1, 3) == refusal.positions
    assert ("a:a", "b:b") == refusal.subjects


def test_every_value_remembers_the_event_that_created_its_subject() -> None:
    log = EMPTY
    for body in STORY:
        log = log.and_then(body)
    values = {subject: log.value(subject) for subject in log.subjects}
    without = {subject for subject, value in values.items() if not hasattr(value, "position")}
    assert set() == without


def test_who_faces_whom_is_known_of_what_an_event_names() -> None:
    log = EMPTY
    for body in STORY:
        log = log.and_then(body)
        if body.FACES:
            named, _, sides = body.FACES.partition(":")
            known = log.value(getattr(body, named))
            assert all(getattr(known, side) for side in sides.split("~")), body.TOPIC
    assert {"offer.revoked/1", "evidence.filed/1"} <= {each.TOPIC for each in STORY if each.FACES}


def test_a_hash_is_lower_case_hex() -> None:
    with pytest.raises(ValidationError):
        Sealed.model_validate({"commitment": SOME_HASH.upper()})


@pytest.mark.parametrize("text", ["0999-12-31", "3000-01-01"])
def test_a_day_is_of_a_year_that_terms_can_be_reckoned_in(text: str):
    with pytest.raises(ValueError, match="year is one of"):
        parse_day(text)
    with pytest.raises(ValueError, match="year is one of"):
        parse_instant(f"{text}T00:00:00.000Z")


@pytest.mark.parametrize("text", ["1000-01-01", "2999-12-31"])
def test_the_first_and_the_last_day_can_be_said(text: str):
    assert text == parse_day(text).isoformat()
    assert f"{text}T23:59:59.999Z" == format_instant(parse_instant(f"{text}T23:59:59.999Z"))
