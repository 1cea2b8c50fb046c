"""The bundle in a report is found where readers of PDF find it, or the file is refused."""

import json
import re
import time
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path
from random import Random

import pikepdf
import pytest

from api.reports.typesetting import typeset
from ledger.verify.__main__ import main
from ledger.wire.report_file import NoReport, bundle_in
from tests.support.reports import opened, report

MOST = 1 << 20
EVIDENCE = b'{"checkpoint":"%s"}\n' % (b"x" * 400)
PDF = typeset(report("(A (b) \\( c)", 2), EVIDENCE)


def refused(raw: bytes) -> str:
    """Return by which code a file is refused."""
    with pytest.raises(NoReport) as told:
        bundle_in(raw, MOST)
    assert str(told.value).startswith(f"{told.value.code}: ")
    return told.value.code


def replaced(old: bytes, new: bytes) -> bytes:
    """Return the report with something of the same length elsewhere in it."""
    assert 1 == PDF.count(old)
    assert len(old) == len(new)
    return PDF.replace(old, new)


def saved(document: pikepdf.Pdf) -> bytes:
    into = BytesIO()
    document.save(into, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return into.getvalue()


def stream_of(bundle: bytes) -> bytes:
    """Return the report with other compressed bytes for its bundle, of the length that it has."""
    found = re.search(rb"/Length ([0-9]+)/Type/EmbeddedFile[^\n]*\nstream\n", PDF)
    assert found
    length = int(found[1])
    return PDF[: found.end()] + bundle.ljust(length)[:length] + PDF[found.end() + length :]


def test_the_bundle_is_what_other_programs_find_attached():
    with opened(PDF) as document:
        assert document.attachments["bundle.json"].get_file().read_bytes() == bundle_in(PDF, MOST)
    assert EVIDENCE == bundle_in(PDF, MOST)


def test_a_report_that_was_added_to_is_refused():
    assert "PDF_ADDED_TO" == refused(PDF + PDF)
    assert "PDF_ADDED_TO" == refused(PDF + b"\nstartxref\n9\n%%EOF\n")
    assert "PDF_ADDED_TO" == refused(b"%PDF-1.7\n")


def test_a_report_with_another_file_or_none_is_refused():
    with opened(PDF) as document:
        document.attachments["more.json"] = b"{}"
        assert refused(saved(document)) in {"PDF_ODD", "PDF_WITHOUT_BUNDLE"}
    with opened(PDF) as document:
        del document.attachments["bundle.json"]
        assert refused(saved(document)) in {"PDF_ODD", "PDF_WITHOUT_BUNDLE"}
    with opened(PDF) as document:
        del document.Root.Names
        assert "PDF_WITHOUT_BUNDLE" == refused(saved(document))
    other = replaced(b"/F(bundle.json)/UF(bundle.json)", b"/F(bundle.json)/UF(bandle.json)")
    assert "PDF_WITHOUT_BUNDLE" == refused(other)
    (file,) = re.findall(rb"/AF\[([0-9]+) 0 R\]", PDF)
    assert "PDF_WITHOUT_BUNDLE" == refused(
        replaced(b"/AF[%s 0 R]" % file, b"/AF[%s 0 R]" % b"1".rjust(len(file), b"0"))
    )


def test_what_a_second_reader_might_take_otherwise_is_refused():
    # Twice the same name in one dictionary; an object that lies elsewhere than it says.
    (kept,) = re.findall(rb"/EF<</F ([0-9]+) 0 R/UF", PDF)
    assert "PDF_ODD" == refused(replaced(b"/EF<</F %s 0 R/UF" % kept, b"/EF<</F %s 0 R/F " % kept))
    assert "PDF_ODD" == refused(replaced(b"\n%s 0 obj\n" % kept, b"\n%s 1 obj\n" % kept))
    assert "PDF_ODD" == refused(PDF.replace(b"trailer\n<</Size", b"trailer\n<</Prev"))


def test_a_damaged_bundle_is_refused():
    assert "PDF_DAMAGED" == refused(stream_of(b"\x00\x01"))
    assert "PDF_DAMAGED" == refused(stream_of(zlib.compress(EVIDENCE)[:-2]))
    assert "PDF_DAMAGED" == refused(stream_of(zlib.compress(b"")))


def test_a_bundle_that_never_ends_takes_no_more_memory_than_one_may():
    bomb = typeset(report("x", 0), b" " * (MOST + 1) * 64)
    tracemalloc.start()
    assert "PDF_DAMAGED" == refused(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MOST


def test_whatever_bytes_a_file_has_it_ends_in_a_refusal_or_a_bundle_soon():
    chance = Random(20261202)
    begun = time.monotonic()
    for _ in range(3000):
        raw = bytearray(PDF)
        tail = len(raw) - 6000
        for _ in range(chance.randrange(1, 6)):
            at = (
                chance.randrange(tail, len(raw))
                if chance.random() < 0.8
                else chance.randrange(tail)
            )
            raw[at] = chance.choice(b"<>[]()/0123456789 R\n\x00xy")
        try:
            found = bundle_in(bytes(raw), MOST)
        except NoReport:
            continue
        assert isinstance(found, bytes)
    deep = b"<<" + b"/Root[" * 20000
    for nasty in (deep, b"<</Root(" + b"\\(" * 60000, b"<</Root<" + b"0 " * 60000, b"[" * 99999):
        start = PDF.index(b"trailer\n")
        assert "PDF_ODD" == refused(PDF[: start + 8] + nasty + PDF[PDF.index(b"\nstartxref") :])
    assert time.monotonic() - begun < 30


def test_the_command_refuses_it_with_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    trust, file = tmp_path / "trust.json", tmp_path / "report.pdf"
    trust.write_text("{}")
    file.write_bytes(PDF + PDF)
    assert 1 == main([str(file), "--trust", str(trust)])
    assert capsys.readouterr().out.startswith("REFUSED: PDF_ADDED_TO: it has 2 times startxref")
    assert 1 == main([str(file), "--trust", str(trust), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (False, "PDF_ADDED_TO") == (told["verified"], told["code"])
