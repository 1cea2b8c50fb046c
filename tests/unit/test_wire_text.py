import sys
import unicodedata

import pytest

from ledger.wire import text
from ledger.wire.text import fault_in

FORBIDDEN = [
    *range(0x20),
    *range(0x7F, 0xA0),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x206A),
    0xFEFF,
    *range(0xD800, 0xE000),
]


def test_vietnamese_text_is_allowed():
    assert fault_in("Hợp đồng chuyển giao “công nghệ” \u2013 1.500.000 ₫", admission=True) is None


@pytest.mark.parametrize("sample", ["ພາສາລາວ", "科学技术", "Ελληνικά", "🔬"])
def test_other_scripts_are_allowed(sample: str):
    assert fault_in(sample, admission=True) is None


def test_every_control_invisible_direction_and_surrogate_code_point_is_refused():
    allowed = [hex(code) for code in FORBIDDEN if fault_in(chr(code), admission=False) != "text"]
    assert [] == allowed


def test_every_private_code_point_is_refused():
    private = [
        code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Co"
    ]
    allowed = [hex(code) for code in private if fault_in(chr(code), admission=False) != "text"]
    assert 137_468 == len(private)
    assert [] == allowed


def test_the_common_characters_are_all_assigned_and_none_is_forbidden():
    common = [code for code in range(sys.maxunicode + 1) if text._COMMON.fullmatch(chr(code))]
    assert 1_100 < len(common)
    assert [] == [code for code in common if text._FORBIDDEN.match(chr(code))]
    assert [] == [code for code in common if unicodedata.category(chr(code)) == "Cn"]


def test_a_code_point_nobody_assigned_is_refused_at_admission_only():
    assert "unassigned" == fault_in("a\u0378", admission=True)
    assert fault_in("a\u0378", admission=False) is None


def test_of_the_five_spellings_of_one_letter_only_the_composed_one_is_allowed():
    spellings = ["\u1ec7", "\u1eb9\u0302", "\u00ea\u0323", "e\u0323\u0302", "e\u0302\u0323"]
    assert {"\u1ec7"} == {unicodedata.normalize("NFC", spelling) for spelling in spellings}
    assert [fault_in(spelling, admission=True) for spelling in spellings] == [
        None,
        "nfc",
        "nfc",
        "nfc",
        "nfc",
    ]
