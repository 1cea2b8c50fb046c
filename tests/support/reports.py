"""Reports that say what a test wants, and what other programs read in the PDFs made of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
from PIL import Image

from api.explorer.found_again import draw_qr
from api.reports.report import Checked, Fact, Part, Report, Table, Words

LETTERS = "".join(
    f"{plain}{''.join(marked)}"
    for plain, marked in (
        ("a", "àáảãạăằắẳẵặâầấẩẫậ"),
        ("bcdđ", ""),
        ("e", "èéẻẽẹêềếểễệ"),
        ("ghi", "ìíỉĩị"),
        ("klmno", "òóỏõọôồốổỗộơờớởỡợ"),
        ("pqrstu", "ùúủũụưừứửữự"),
        ("vxy", "ỳýỷỹỵ"),
    )
)
"""Every letter of Vietnamese, small; all have a capital."""

ADDRESS = "https://ledger.example.vn/tranh-chap/dispute:1?true_on=2026-12-02&known_at=47"


def report(text: str = "Chữ", rows: int = 3, **changed: Any) -> Report:
    """Return a report that says a text wherever a text can stand."""
    words = (Words(text), Words(text, "party:vn.mst.0100000010"))
    fact = Fact(text, words, (Fact(text, (), (Fact(text, words, ()),)),))
    made = Report(
        language="vi",
        title=text,
        kind=text,
        name=text,
        subject="dispute:1",
        sentence=text,
        asked=(text,),
        state=((text, text),),
        parts=(Part(text, text, text, (fact,), text),),
        events=Table(text, (text,) * 6, (((Words(text),),) * 6,) * rows),
        checked=Checked(text, text, ADDRESS, draw_qr(ADDRESS), text, text, (text,), text, (text,)),
        origin="ledger.example.vn/techledger/00000000",
        foot=text,
        signed=datetime(2026, 12, 2, 3, 0, tzinfo=UTC),
    )
    return replace(made, **changed)


def pages_of(pdf: bytes) -> list[str]:
    """Return what pdfium reads on each page, a blank between words.

    A hyphen at which a line was broken it tells as U+0002, and the line as going on.
    """
    document = pypdfium2.PdfDocument(pdf)
    texts = [page.get_textpage().get_text_range() for page in document]
    return [" ".join(text.replace("\x02", "-").split()) for text in texts]


def drawn(pdf: bytes, dpi: int = 150) -> Iterator[Image.Image]:
    """Yield the pages as a grey printer draws them."""
    for page in pypdfium2.PdfDocument(pdf):
        yield page.render(scale=dpi / 72, grayscale=True).to_pil()


def opened(pdf: bytes) -> pikepdf.Pdf:
    """Return a PDF as qpdf reads it."""
    return pikepdf.open(BytesIO(pdf))
