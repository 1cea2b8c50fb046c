"""What is printed, or shown on a page, has no code point in it that nobody sees."""

import io
import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from api.explorer.shown import templates
from ledger import court
from ledger.verify.__main__ import main
from ledger.verify.outcome import Check, Refused
from ledger.wire.shown import _BLANK, showing, visible, visible_lines
from tests.support.sample_log import sample_log

EVERY = "".join(map(chr, range(sys.maxunicode + 1)))

IGNORABLE = {  # Default_Ignorable_Code_Point (UAX #44), by what the blocks are of.
    "soft hyphen": [0x00AD],
    "grapheme joiner": [0x034F],
    "Arabic mark": [0x061C],
    "Hangul fillers": [0x115F, 0x1160, 0x3164, 0xFFA0],
    "Khmer vowels": [0x17B4, 0x17B5],
    "Mongolian selectors": range(0x180B, 0x1810),
    "zero width and direction": [*range(0x200B, 0x2010), *range(0x202A, 0x202F)],
    "invisible operators": range(0x2060, 0x2070),
    "variation selectors": [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)],
    "byte order mark": [0xFEFF],
    "specials": range(0xFFF0, 0xFFF9),
    "shorthand": range(0x1BCA0, 0x1BCA4),
    "musical beams and slurs": range(0x1D173, 0x1D17B),
    "tags, and the rest of their plane": range(0xE0000, 0xE1000),
}
GLYPHLESS = {
    "Braille": [0x2800],
    "Brahmi joiner": [0x1107F],
    "hieroglyphic blanks": [0x13441, 0x13442],
    "Khitan filler": [0x16FE4],
    "null notehead": [0x1D159],
}
BLANK = {chr(point) for block in [*IGNORABLE.values(), *GLYPHLESS.values()] for point in block}
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}

VIETNAMESE = "Viện Hàn lâm Khoa học và Công nghệ Việt Nam, số 18 đường Hoàng Quốc Việt: 100 %"


def test_no_code_point_that_nobody_sees_is_shown() -> None:
    shown = visible(EVERY)
    assert not BLANK & set(shown)
    assert not UNSEEN & {unicodedata.category(char) for char in set(shown) - {" "}}


@pytest.mark.parametrize("block", [*IGNORABLE, *GLYPHLESS])
def test_a_block_of_blanks_is_escaped_as_json_does_by_the_rule(block: str) -> None:
    for char in map(chr, (IGNORABLE | GLYPHLESS)[block]):
        assert json.dumps(char)[1:-1] == visible(char) == court.seen(char)
        assert _BLANK.match(char), "by the rule, whatever is printable"


def test_whatever_can_be_seen_is_shown_as_it_is() -> None:
    seen = [
        char
        for char in EVERY
        if (char == " " or unicodedata.category(char) not in UNSEEN) and char not in BLANK
    ]
    assert "".join(seen) == visible("".join(seen))
    assert VIETNAMESE == visible(VIETNAMESE) == court.seen(VIETNAMESE)


def test_the_one_file_verifier_shows_what_all_others_show() -> None:
    assert visible(EVERY) == court.seen(EVERY)


def test_json_stays_what_it_was() -> None:
    value = {"name": "a\u2028b\u00adc\U000e0041d\u3164\x1b"}
    assert value == json.loads(visible_lines(json.dumps(value, ensure_ascii=False, indent=1)))


def test_a_line_feed_ends_a_line_of_ours_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    refused = Refused(Check.TREE, "no file of a log", path="x\nVERIFIED: all")
    with showing():
        sys.stdout.write(f"REFUSED: {refused}\nsecond\u2028line \x1b[31mred\x1b[0m \x1b[2Kgone\n")
        sys.stderr.write("\u202etxt\n")
    said = capsys.readouterr()
    first, second, end = said.out.split("\n")
    assert first.endswith("x\\nVERIFIED: all: no file of a log")
    assert ("second\\u2028line \x1b[31mred\x1b[0m \\u001b[2Kgone", "") == (second, end)
    assert "\\u202etxt\n" == said.err


def test_a_letter_that_the_encoding_does_not_have_is_escaped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), "latin-1", newline="")
    monkeypatch.setattr(sys, "stdout", out)
    with showing():
        sys.stdout.write("Nguyễn é\n")
    out.flush()
    assert "Nguy\\u1ec5n é\n".encode("latin-1") == out.buffer.getvalue()


def test_a_stream_that_is_closed_stays_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with showing():
        assert sys.stdout is None


SHOWN = "tile\\u202e\\u00ad\\u2028\\udb40\\udc41\\udcff"


@pytest.fixture
def hidden(tmp_path: Path) -> list[str]:
    """Write a log with a file whose name hides something, as arguments of a verifier."""
    log = sample_log(2)
    log.write(tmp_path / "log")
    (tmp_path / "trust.json").write_bytes(log.trust_root())
    (tmp_path / "log" / "tile\u202e\u00ad\u2028\U000e0041\udcff").write_bytes(b"")
    return [str(tmp_path / "log"), "--trust", str(tmp_path / "trust.json")]


def test_a_file_with_a_name_that_hides_something(
    hidden: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == main(hidden)
    assert SHOWN in capsys.readouterr().out


def test_the_commands_show_what_they_print(hidden: list[str]) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "api.cli", "audit", "verify", *hidden],
        capture_output=True,
        text=True,
        check=False,
    )
    assert SHOWN in said.stdout


def test_a_page_shows_what_an_entry_says() -> None:
    page = templates.env.from_string("<p>{{ name }}</p>{{ count }}\n")
    shown = page.render(name=f"{VIETNAMESE}\u2028<\u00ad\U000e0041\u3000\u2067>", count=3)
    assert f"<p>{VIETNAMESE}\\u2028&lt;\\u00ad\\udb40\\udc41\\u3000\\u2067&gt;</p>3" == shown
