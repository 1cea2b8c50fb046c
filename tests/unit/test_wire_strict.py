"""JSON around a payload: one reading for all parsers, or none."""

import json
from pathlib import Path

import pytest

from ledger import court
from ledger.follow.client import Signed
from ledger.verify.outcome import Refused
from ledger.verify.trust import parse_trust
from ledger.wire.commitment import BadOpening
from ledger.wire.envelope import MalformedEnvelope, envelope_to_object, sign_envelope
from ledger.wire.strict import MAX_DEPTH, MalformedJson, load_json
from tests.support.sample_log import party_key


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{} {}",
        b"{}\x00",
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\\ud800"}',
        b'{"\\udc00":1}',
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'[{"b":{"a":1,"a":1}}]',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":-0}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":9007199254740992}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":01}',
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":1}//',
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b"[" * 200_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"a":"\n"}',
    ],
)
def test_what_parsers_read_differently_is_read_by_none(raw: bytes) -> None:
    with pytest.raises(MalformedJson):
        load_json(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b' {"b" : 1,\n"a":[true,false,null,"\\ud83d\\ude00"]}\r\n',
        b'{"a":9007199254740991,"b":-9007199254740991,"c":0}',
        b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
        '{"tên":"Hợp đồng"}'.encode(),
    ],
)
def test_spaces_order_and_escapes_are_the_writer_s(raw: bytes) -> None:
    assert json.loads(raw) == load_json(raw)


def submission() -> bytes:
    return Signed(sign_envelope(b"{}", [party_key("party:vn.firm")])).to_json()


def test_a_file_with_a_submission_or_an_envelope_is_read() -> None:
    whole = Signed.from_json(submission())
    envelope = json.dumps(envelope_to_object(whole.envelope), indent=1).encode()
    assert whole == Signed.from_json(envelope)


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ('"openings":[]', '"openings":[],"note":1'),
        ('"openings":[]', '"openings":{}'),
        ('"openings":[]', '"openings":[{}]'),
        ('"openings":[]', '"openings":[],"openings":[]'),
        ('"keyid"', '"Keyid"'),
        ('"signatures":[', '"signatures":[],"signatures":['),
    ],
)
def test_a_file_with_anything_beside_it_is_refused(found: str, instead: str) -> None:
    raw = submission().decode()
    assert found in raw
    with pytest.raises((MalformedJson, MalformedEnvelope, BadOpening)):
        Signed.from_json(raw.replace(found, instead).encode())


@pytest.mark.parametrize("change", ["utf-16", "utf-8-sig", "twice", "behind"])
def test_a_trust_root_that_parsers_read_differently_is_refused(change: str) -> None:
    trust = json.dumps(TRUST).encode()
    parse_trust(trust)
    court.read_trust(trust)
    changed = {
        "twice": trust.replace(b'"origin"', b'"origin": "x", "origin"', 1),
        "behind": trust + b"{}",
    }.get(change) or trust.decode().encode(change)
    with pytest.raises(Refused):
        parse_trust(changed)
    with pytest.raises(court.CheckFailed):
        court.read_trust(changed)


TRUST = json.loads(
    (Path(__file__).parents[1] / "golden" / "ledger" / "0-dev" / "trust.json").read_bytes()
)
