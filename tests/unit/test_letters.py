"""Letters as people read them: case, marks and look-alikes make no other word."""

import unicodedata

import pytest
from hypothesis import given, strategies

from ledger.letters import plain, vietnamese_order

NAME = "Đại học Bách khoa Hà Nội"
FILLER = chr(0x3164)


@pytest.mark.parametrize(
    "written",
    [
        NAME,
        NAME.upper(),
        unicodedata.normalize("NFD", NAME),
        "Dai hoc Bach khoa Ha Noi",
        NAME.replace("Đ", chr(0xD0)),
        NAME.replace("Đ", chr(0x189)),
        NAME.replace("o", chr(0x3BF)),
        NAME.replace("B", chr(0x412)),
        NAME.upper().replace("H", chr(0x397)),
        f"{NAME[:2]}{FILLER}{NAME[2:]}",
        f"{NAME[:2]}{chr(0xAD)}{NAME[2:]}",
        "  “Đại học”, Bách-khoa (Hà Nội). ",
    ],
)
def test_what_looks_the_same_reads_the_same(written: str) -> None:
    """R1, R3: capitals, NFD, no marks, Ð and Ɖ, Greek and Cyrillic letters, what shows nothing."""
    assert "dai hoc bach khoa ha noi" == plain(written)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("1-0026606", "1 0026606"),
        ("1 -0026606", "1 0026606"),
        ("QT-2026/HĐ-CGCN", "qt 2026 hd cgcn"),
        ("AT&T (VN", "at t vn"),
        ("株式会社 ABC", "株式会社 abc"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("':*\x00\ud800%_", ""),
    ],
)
def test_what_is_neither_letter_nor_digit_parts_words(written: str, words: str) -> None:
    """R2."""
    assert words == plain(written)


@given(strategies.text())
def test_what_is_read_is_read_so_again_in_any_form_of_unicode(text: str) -> None:
    read = plain(text)
    assert read == plain(read)
    assert read == plain(unicodedata.normalize("NFC", text))
    assert read == plain(unicodedata.normalize("NFD", text))
    assert read.split() == [word for word in read.split(" ") if word]


@pytest.mark.parametrize(
    "name", ["\u039d\u0399\u039a\u0397", "\u0412\u0415\u041a\u0422\u041e\u0420", "\u0531\u0550"]
)
def test_a_name_in_another_script_has_no_case_either(name: str) -> None:
    assert plain(name) == plain(name.lower())


LETTERS = (
    "a à ả ã á ạ an ă ằ ẳ ẵ ắ ặ ăn â ầ ẩ ẫ ấ ậ ân b ba bà c d da dạ đ đa đà e ê g h i ì o ò ô ố ơ"
    " ờ u ù ư ứ v x y ỳ"
)


def test_lists_are_in_vietnamese_order() -> None:
    letters = LETTERS.split()
    assert letters == sorted(sorted(letters), key=vietnamese_order)


def test_tones_count_only_where_the_letters_are_alike() -> None:
    names = ["An Bình", "Án Bình", "Ân Bình", "Bà An", "Bà Ân", "Bạ An", "Đa An", "Đá An", "Đà Bắc"]
    expected = [
        "An Bình",
        "Án Bình",
        "Ân Bình",
        "Bà An",
        "Bạ An",
        "Bà Ân",
        "Đa An",
        "Đá An",
        "Đà Bắc",
    ]
    assert expected == sorted(names, key=vietnamese_order)


@given(strategies.text(alphabet="aăâdđeêoôơuưAĂÂDĐ ẠẶẬệộợự.-19"))
def test_the_order_is_of_ascii_and_knows_no_case(text: str) -> None:
    key = vietnamese_order(text)
    assert key.isascii()
    assert (
        key
        == vietnamese_order(text.upper())
        == vietnamese_order(unicodedata.normalize("NFD", text))
    )
