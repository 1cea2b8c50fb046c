"""What identifies a person, and what only looks like it, in the free texts of a body."""

import pytest

from ledger.domain.core.personal_data import (
    PersonalDataInEvent,
    free_texts,
    must_hold_no_personal_data,
    personal_data_in,
)
from tests.support.builders import (
    listing_published,
    right_filed,
    right_lapsed,
    technology_registered,
)
from tests.support.golden_events import STORY


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("001099012345", "a citizen number"),
        ("CCCD số 001 099 012 345.", "a citizen number"),
        ("MST cá nhân: 001099012345", "a citizen number"),
        ("Liên hệ: an.nguyen@vien.edu.vn", "an e-mail address"),
        ("ĐT 0912345678", "a telephone number"),
        ("ĐT 0912 345 678", "a telephone number"),
        ("ĐT 091.2345.678", "a telephone number"),
        ("gọi +84 912 345 678", "a telephone number"),
        ("gọi 0084-35-123-4567", "a telephone number"),
        ("(024) 3825 1234", "a telephone number"),
        ("0236 382 1234", "a telephone number"),
        ("0301234567", "a telephone number"),
        ("09.12.34.56.78", "a telephone number"),
        ("gọi 09 12 34 56 78", "a telephone number"),
        ("84912345678", "a telephone number"),
        ("(+84) 91-234-5678", "a telephone number"),
        ("0912\u2013345\u2013678", "a telephone number"),
        ("0912\u00a0345\u00a0678", "a telephone number"),
        ("\uff10\uff19\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18", "a telephone number"),
        ("0912/345/678", "a telephone number"),
        ("0010 8500 0123", "a citizen number"),
        ("001/085/000/123", "a citizen number"),
        ("001_085_000_123", "a citizen number"),
        ("001085\u00ad000123", "a citizen number"),
        ("a\uff20b.vn", "an e-mail address"),
    ],
)
def test_personal_data_is_found(text: str, kind: str) -> None:
    assert kind == personal_data_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "700.000.000.000 đồng",
        "700 000 000 000 đồng",
        "MST 0301234567",
        "mã số thuế: 0912345678",
        "1-2025-07378",
        "PCT/VN2024/000001",
        "03-05-2026 12:30",
        "03/05/2026 12/06/2026",
        "03.05.2026, 12.06.2026",
        "từ 05\u201312\u20132026 đến 06\u201312\u20132027",
        "8491234567 đồng",
        "849.123.456.789 đồng",
        "84 912 000 000 đồng",
        "84912000000 đồng",
        "contract:01890000-0000-7000-8000-000000000008",
        "sha256:" + 64 * "1",
        "bên A@bên B",
        "Nghị định 65/2023/NĐ-CP, Điều 9a",
    ],
)
def test_what_looks_like_it_is_not(text: str) -> None:
    assert personal_data_in(text) is None


def test_free_texts_are_those_that_no_pattern_holds_to_a_form() -> None:
    listed = listing_published(technology=None)
    assert {"/body/title", "/body/summary"} == dict(free_texts(listed, "/body")).keys()


def test_an_office_may_number_as_it_likes() -> None:
    must_hold_no_personal_data(
        right_filed(right="right:vn.202010123456", application_no="202010123456")
    )
    must_hold_no_personal_data(right_filed())


def test_the_place_is_named_and_the_data_is_not_repeated() -> None:
    body = technology_registered(summary="Liên hệ 0912345678")
    with pytest.raises(PersonalDataInEvent) as refused:
        must_hold_no_personal_data(body)
    assert "/body/summary holds a telephone number" == refused.value.detail


def test_the_story_holds_none() -> None:
    for body in (*STORY, right_lapsed()):
        must_hold_no_personal_data(body)
