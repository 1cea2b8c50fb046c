import dataclasses

import pytest

from ledger.wire.base64 import b64encode
from ledger.wire.entry import (
    MAX_ENTRY,
    Entry,
    EntryTooLarge,
    MalformedEntry,
    format_entry,
    parse_entry,
)
from ledger.wire.envelope import PAYLOAD_TYPE, Signature

A, B = f"{10:064x}", f"{11:064x}"
ENTRY = Entry(
    accepted="2026-11-22T03:10:00.123Z",
    payload_type=PAYLOAD_TYPE,
    signatures=(Signature(A, b"\1" * 64), Signature(B, b"\2" * 65)),
    payload=b'{"ledger":"a.vn"}',
)
SIG_A, SIG_B = b64encode(b"\1" * 64), b64encode(b"\2" * 65)
RAW = f"""\
techledger-entry/v1
accepted 2026-11-22T03:10:00.123Z
type application/vnd.techledger.event+json
sig {A} {SIG_A}
sig {B} {SIG_B}

{{"ledger":"a.vn"}}""".encode()


def test_an_entry_is_written_as_the_specification_shows():
    assert RAW == format_entry(ENTRY)


def test_an_entry_is_read_back():
    assert ENTRY == parse_entry(RAW)


@pytest.mark.parametrize("payload", [b"", b"\n", b"\n\n", b"x\n\nsig", bytes(range(256))])
def test_the_payload_stands_verbatim_whatever_it_is(payload: bytes):
    entry = dataclasses.replace(ENTRY, payload=payload)
    assert entry == parse_entry(format_entry(entry))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("techledger-entry/v1", "techledger-entry/v2"),
        ("techledger-entry/v1", " techledger-entry/v1"),
        ("v1\n", "v1\r\n"),
        ("v1\n", "v1\n\n"),
        ("accepted ", "accepted  "),
        ("accepted ", ""),
        ("accepted ", "Accepted "),
        (".123Z", ".123456Z"),
        (".123Z", "Z"),
        ("11-22", "02-30"),
        ("type ", ""),
        ("+json", "+json;v=1"),
        ("+json", "+cbor"),
        (f"sig {A} {SIG_A}\nsig {B} {SIG_B}\n", ""),
        (f"sig {A} {SIG_A}\n", f"sig {A} {SIG_A}\n" * 2),
        (f"sig {A} {SIG_A}\nsig {B} {SIG_B}", f"sig {B} {SIG_B}\nsig {A} {SIG_A}"),
        (f"sig {A}", f"sig  {A}"),
        (f"sig {A}", f"sig {A.upper()}"),
        (f"sig {A}", f"sig {A[1:]}"),
        (f"sig {A}", f"key {A}"),
        (f"sig {A}", A),
        (SIG_A, ""),
        (SIG_A, SIG_A.rstrip("=")),
        (SIG_A, SIG_A[:-3] + "R=="),
        (SIG_A, SIG_A + " "),
        (SIG_A, SIG_A + " more"),
        ("\n\n", "\n"),
        ("\n\n", "\n \n"),
        ("techledger", "techledge\uff52"),
    ],
)
def test_a_frame_in_any_other_spelling_is_refused(old: str, new: str):
    text = RAW.decode()
    changed = text.replace(old, new, 1)
    assert changed != text
    with pytest.raises(MalformedEntry, match="techledger-entry/v1"):
        parse_entry(changed.encode())


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\n\n", b"techledger-entry/v1", b"\xff\n\n", RAW[:-20]]
)
def test_what_is_no_frame_is_refused(raw: bytes):
    with pytest.raises(MalformedEntry):
        parse_entry(raw)


@pytest.mark.parametrize(
    "change",
    [
        {"accepted": "2026-11-22"},
        {"accepted": "2026-11-22T03:10:00.123Z\nsig"},
        {"payload_type": "text/plain"},
        {"signatures": ()},
        {"signatures": (ENTRY.signatures[1], ENTRY.signatures[0])},
        {"signatures": (ENTRY.signatures[0], ENTRY.signatures[0])},
        {"signatures": tuple(Signature(f"{n:064x}", b"x") for n in range(33))},
        {"signatures": (Signature(A, b""),)},
        {"signatures": (Signature(A[:-1] + "\n", b"x"),)},
    ],
)
def test_an_entry_that_breaks_a_rule_of_the_frame_is_not_written(change: dict[str, object]):
    with pytest.raises(MalformedEntry):
        format_entry(dataclasses.replace(ENTRY, **change))


def test_thirty_two_signatures_fit():
    lines = tuple(Signature(f"{n:064x}", b"x") for n in range(32))
    entry = dataclasses.replace(ENTRY, signatures=lines)
    assert entry == parse_entry(format_entry(entry))


def test_an_entry_of_exactly_the_limit_is_written_and_one_byte_more_is_not():
    room = MAX_ENTRY - len(format_entry(dataclasses.replace(ENTRY, payload=b"")))
    largest = dataclasses.replace(ENTRY, payload=b"x" * room)
    assert 65_535 == len(format_entry(largest))
    assert largest == parse_entry(format_entry(largest))
    with pytest.raises(EntryTooLarge, match="65535 bytes"):
        format_entry(dataclasses.replace(ENTRY, payload=b"x" * (room + 1)))


def test_bytes_beyond_the_limit_are_refused_unread():
    with pytest.raises(EntryTooLarge):
        parse_entry(b"x" * (MAX_ENTRY + 1))
