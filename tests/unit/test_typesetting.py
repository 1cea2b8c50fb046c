"""Reports as PDF/A-3: the same bytes anywhere, every letter read back, nothing said is markup."""

import hashlib
import subprocess
import sys
import unicodedata
from pathlib import Path

import pypdfium2
import pytest

from api.reports import typesetting
from api.reports.typesetting import BUNDLE, coverage, legible, typeset
from tests.support.qr import read_picture
from tests.support.reports import ADDRESS, LETTERS, drawn, opened, pages_of, report

EVIDENCE = b'{"checkpoint":"x"}\n'

HOSTILE = (
    '#let x = 1; #read("/etc/passwd")',
    "*đậm* _nghiêng_ `mã` $x^2$ @nhãn <nhãn> = đầu - dòng",
    "\\ \\u{41} // chú thích /* hết */ [a] {b} ~ -- ---",
    "\"ngoặc\" 'đơn' ``` #pagebreak()",
    '"}],"sentence":"khác',
)


def test_a_report_made_twice_in_new_processes_has_one_digest():
    program = (
        "import hashlib, sys; from api.reports.typesetting import typeset;"
        "from tests.support.reports import report;"
        f"print(hashlib.sha256(typeset(report('Ữ ẵ ợ Đ', 90), {EVIDENCE!r})).hexdigest())"
    )
    # Fontconfig finds nothing in a home that is not there: no fonts but those that are shipped.
    bare = {"PATH": "", "HOME": "/nonexistent", "FONTCONFIG_FILE": "/dev/null", "TZ": "Asia/Tokyo"}
    root = Path(typesetting.__file__).parents[2]
    for environment in (bare, None):
        run = subprocess.run(
            [sys.executable, "-c", program],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        here = hashlib.sha256(typeset(report("Ữ ẵ ợ Đ", 90), EVIDENCE)).hexdigest()
        assert here == run.stdout.strip()


def test_every_letter_of_vietnamese_is_read_back_wherever_it_stands():
    both = LETTERS + LETTERS.upper()
    assert 2 * 89 == len({*both})
    text = " ".join(both[at : at + 12] for at in range(0, len(both), 12))
    pdf = typeset(report(text, 60), EVIDENCE)
    first, *more = pages_of(pdf)
    # Kind, name, sentence, what was asked, a state, how it is found again; the foot.
    assert 7 <= first.count(text)
    assert all(text in page for page in more)
    with opened(pdf) as document, document.open_outline() as outline:
        assert text == outline.root[0].title
        assert {text} == {each.title for each in outline.root[0].children}
        assert text == str(document.docinfo["/Title"])
        assert text == document.open_metadata()["dc:title"]
        assert text == document.attachments[BUNDLE].description


def test_a_pdf_declares_what_an_archive_asks_for():
    pdf = typeset(report("Ữ ẵ ợ Đ", 60), EVIDENCE)
    with opened(pdf) as document:
        assert not document.check_pdf_syntax()
        metadata = document.open_metadata()
        assert ("3", "A") == (metadata["pdfaid:part"], metadata["pdfaid:conformance"])
        (intent,) = document.Root.OutputIntents
        assert "/GTS_PDFA1" == intent.S
        assert intent.DestOutputProfile.read_bytes()
        assert ("vi", True) == (str(document.Root.Lang), document.Root.MarkInfo.Marked)
        assert not document.is_encrypted
        (file,) = document.Root.AF
        assert ("/Data", BUNDLE) == (file.AFRelationship, str(file.UF))
        assert "/application/json" == file.EF.F.Subtype
        assert EVIDENCE == document.attachments[BUNDLE].get_file().read_bytes()
        fonts = [each for page in document.pages for each in page.Resources.Font.values()]
        for font in fonts:
            (inner,) = font.DescendantFonts
            assert "/FontFile2" in inner.FontDescriptor
            assert "/ToUnicode" in font
        assert fonts
        assert not {"/JavaScript", "/OpenAction", "/AA", "/AcroForm"} & {*document.Root.keys()}
    assert pdf.startswith(b"%PDF-1.7")


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_said_is_no_markup(text: str):
    pdf = typeset(report(text), EVIDENCE)
    assert " ".join(text.split()) in pages_of(pdf)[0]
    with opened(pdf) as document:
        assert text == str(document.docinfo["/Title"])
        assert EVIDENCE == document.attachments[BUNDLE].get_file().read_bytes()


def test_what_has_no_letter_here_or_is_not_seen_is_written_by_its_code_point():
    assert "Ữ ẵ ợ Đ ≤ β Я" == legible("Ữ ẵ ợ Đ ≤ β Я")
    assert "\\u4e2d\\u200b\\u202e\\u05d0\\ud83d\\ude00" == legible("中\u200b\u202e\u05d0😀")
    said = pages_of(typeset(report("中 a\u202eb"), EVIDENCE))[0]
    assert "\\u4e2d a\\u202eb" in said


def test_all_that_counts_as_legible_can_be_set():
    """PDF/A refuses a letter that its font does not have: one that is claimed falsely fails."""
    seen = [chr(each) for each in sorted(coverage()) if chr(each) == legible(chr(each))]
    assert len(seen) > 2000
    assert {*unicodedata.normalize("NFD", LETTERS)} <= {*seen}
    for at in range(0, len(seen), 500):
        typeset(report(" ".join(seen[at : at + 500]), 0), EVIDENCE)


def test_what_has_no_blank_is_broken_within_the_sheet_and_read_back_whole():
    long = f"sha256:{'0123456789abcdef' * 12}"
    pdf = typeset(report(long), EVIDENCE)
    with opened(pdf) as document:
        width = float(document.pages[0].MediaBox[2])
    text = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    assert long in "".join(text.get_text_range().split())
    boxes = [text.get_charbox(at) for at in range(text.count_chars())]
    assert max(right for _, _, right, _ in boxes) < width - 18 / 25.4 * 72 + 1


def test_the_code_is_read_from_the_sheet_as_a_grey_printer_draws_it():
    first = next(drawn(typeset(report(), EVIDENCE)))
    assert [ADDRESS] == read_picture(first)


def test_the_fonts_are_those_whose_licence_lies_beside_them():
    noted = (typesetting.FONTS / "SHA256SUMS").read_text().split()
    digests, names = noted[::2], noted[1::2]
    assert names == sorted(
        each.name for each in typesetting.FONTS.iterdir() if each.suffix == ".ttf"
    )
    for digest, name in zip(digests, names, strict=True):
        assert digest == hashlib.sha256((typesetting.FONTS / name).read_bytes()).hexdigest()
    assert "SIL OPEN FONT LICENSE" in (typesetting.FONTS / "OFL.txt").read_text()
