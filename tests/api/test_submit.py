"""Submitting over HTTP: receipts, exact retries, coded refusals; nothing bad is ever stored."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from typer.testing import CliRunner

from api.cli.main import app
from api.cli.signing import sign_sealed
from ledger.events.compose import uuid7
from ledger.follow.client import LedgerClient, ProblemAnswer, Signed, VerifiedReceipt
from ledger.node.genesis import key_record
from ledger.node.node import Node
from ledger.store.entries import read_head
from ledger.store.vault import read_openings
from ledger.wire import canonical
from ledger.wire.envelope import Envelope, envelope_to_object, sign_envelope
from ledger.wire.signing_keys import PrivateKey
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    RIVAL,
    SOME_HASH,
    offer_made,
    offer_rejected,
    offer_revoked,
    party_registered,
    technology_registered,
)
from tests.support.world import World


def technology(world: World, **overrides) -> Signed:
    """Return a fresh technology of the institute, signed."""
    body = technology_registered(technology=f"technology:{uuid7()}", **overrides)
    return world.sign(body, INSTITUTE)


def post(http: httpx2.Client, content: bytes) -> httpx2.Response:
    return http.post("/v1/events", content=content, headers={"Content-Type": "application/json"})


def envelope_of(world: World, payload: bytes, *parties: str) -> bytes:
    """Return a submission of any payload at all, well signed."""
    return Signed(sign_envelope(payload, [world.key(party) for party in parties])).to_json()


def test_an_admitted_event_is_answered_with_a_receipt_that_verifies(
    ledger: LedgerClient, world: World, node: Node
):
    receipt = ledger.submit(technology(world))
    assert receipt.position < receipt.size
    assert read_head(node.pool).size == receipt.position + 1


def test_nobody_waits_for_witnesses_where_the_policy_asks_for_none(
    http: httpx2.Client, world: World, node: Node, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(node.settings, "witnessed_wait_s", 3600.0)
    content, prefer = technology(world).to_json(), {"Prefer": "wait=witnessed"}
    answer = http.post("/v1/events", content=content, headers=prefer, timeout=20)
    assert (201, "logged") == (answer.status_code, answer.json()["grade"])
    assert "preference-applied" not in answer.headers


def test_a_retry_gets_the_same_bytes_and_says_so(http: httpx2.Client, world: World):
    body = technology(world).to_json()
    first, again = post(http, body), post(http, body)
    assert (201, 201) == (first.status_code, again.status_code)
    assert first.content == again.content
    assert (None, "true") == (first.headers.get("replayed"), again.headers.get("replayed"))
    event_id = first.json()["event_id"]
    assert first.content == http.get(f"/v1/events/{event_id}/receipt").content


def test_the_same_payload_with_other_valid_signatures_is_the_same_event(
    http: httpx2.Client, ledger: LedgerClient, world: World
):
    """ECDSA signatures differ on each signing; the stored entry and receipt come back."""
    party, key = f"party:vn.{uuid7()}", PrivateKey.generate("ecdsa-p256-sha256")
    world.keys[party] = key
    body = party_registered(party=party, keys=[key_record(key)])
    payload = world.payload(body, party, OPERATOR, REGISTRAR)
    keys = [key, world.key(OPERATOR), world.key(REGISTRAR)]
    first = post(http, Signed(sign_envelope(payload, keys)).to_json())
    again = Signed(sign_envelope(payload, keys))
    assert 201 == first.status_code
    assert first.content == post(http, again.to_json()).content
    assert ledger.submit(again).replayed


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_high_s_is_told_as_that_and_with_the_low_one_it_is_recorded(
    http: httpx2.Client, world: World, language: str
):
    """A signer that always gives the same signature is not told to sign again."""
    party, key = f"party:vn.{uuid7()}", PrivateKey.generate("ecdsa-p256-sha256")
    payload = world.payload(
        party_registered(party=party, keys=[key_record(key)]), party, OPERATOR, REGISTRAR
    )
    envelope = sign_envelope(payload, [key, world.key(OPERATOR), world.key(REGISTRAR)])
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    (own,) = (each for each in envelope.signatures if each.key_id == key.key_id)
    r, s = decode_dss_signature(own.value)
    twin = replace(own, value=encode_dss_signature(r, order - s))
    lines = tuple(twin if each is own else each for each in envelope.signatures)
    high = Signed(replace(envelope, signatures=lines))
    answer = http.post("/v1/events", content=high.to_json(), headers={"Accept-Language": language})
    assert (403, "BAD_SIGNATURE") == (answer.status_code, answer.json()["code"])
    assert "its s is above half of the order n of P-256" in answer.json()["detail"]
    assert "n \N{MINUS SIGN} s" in answer.json()["remedy"]["says"]
    assert 201 == post(http, Signed(envelope).to_json()).status_code


def test_many_duplicates_racing_are_one_event(url: str, world: World, node: Node):
    """F6: the same bytes from many clients at once."""
    body, before = technology(world).to_json(), read_head(node.pool).size
    barrier, answers = threading.Barrier(16), []

    def race() -> None:
        with httpx2.Client(base_url=url, timeout=30) as client:
            barrier.wait()
            answers.append(post(client, body))

    threads = [threading.Thread(target=race) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {201} == {answer.status_code for answer in answers}
    assert 1 == len({answer.content for answer in answers})
    assert before + 1 == read_head(node.pool).size


def test_duplicate_command_another_content_under_a_stored_id_is_a_mismatch(
    http: httpx2.Client, world: World
):
    event_id = uuid7()
    first = world.sign(
        technology_registered(technology=f"technology:{uuid7()}"), INSTITUTE, event_id=event_id
    )
    other = world.sign(
        technology_registered(technology=f"technology:{uuid7()}"), INSTITUTE, event_id=event_id
    )
    position = post(http, first.to_json()).json()["position"]
    answer = post(http, other.to_json())
    assert 422 == answer.status_code
    assert "IDEMPOTENCY_MISMATCH" == answer.json()["code"]
    assert [position] == answer.json()["positions"]


def test_a_refusal_names_rule_and_positions_in_the_language_asked_for(
    http: httpx2.Client, world: World
):
    signed = technology(world)
    position = post(http, signed.to_json()).json()["position"]
    body = technology_registered(
        technology=canonical.load(signed.envelope.payload)["body"]["technology"]
    )
    again = world.sign(body, INSTITUTE).to_json()
    english = post(http, again).json()
    vietnamese = http.post("/v1/events", content=again, headers={"Accept-Language": "vi"}).json()
    assert "SUBJECT_EXISTS" == english["code"] == vietnamese["code"]
    assert [position] == english["positions"]
    assert "What the event would create is already there" == english["title"]
    assert "Đối tượng mà sự kiện tạo ra đã tồn tại" == vietnamese["title"]


def test_many_in_one_request_are_answered_in_order_each_with_its_receipt(
    ledger: LedgerClient, world: World
):
    bad = technology(world)
    flipped = Signed(
        Envelope(
            bad.envelope.payload_type,
            bad.envelope.payload.replace(b'"trl":', b'"trl" :'),
            bad.envelope.signatures,
        )
    )
    many = [technology(world) for _ in range(300)]
    many[7], many[299] = flipped, many[0]
    answers = list(ledger.submit_many(many))
    assert 300 == len(answers)
    assert isinstance(answers[7], ProblemAnswer)
    assert "NOT_CANONICAL" == answers[7].code
    receipts = [answer for answer in answers if isinstance(answer, VerifiedReceipt)]
    assert 299 == len(receipts)
    positions = [receipt.position for receipt in receipts[:-1]]
    assert sorted(positions) == positions
    assert receipts[-1].replayed
    assert receipts[0].position == receipts[-1].position


def test_in_one_request_a_later_line_may_rest_on_an_earlier_one(ledger: LedgerClient, world: World):
    party = f"party:vn.{uuid7()}"
    registered = world.registration(party)
    body = technology_registered(
        technology=f"technology:{uuid7()}", owners=[{"party": party, "share": [1, 1]}]
    )
    answers = list(ledger.submit_many([registered, world.sign(body, party)]))
    assert [VerifiedReceipt, VerifiedReceipt] == [type(answer) for answer in answers]


def _header(world: World, **changed) -> dict:
    body = technology_registered(technology=f"technology:{uuid7()}", trl=4)
    header = canonical.load(world.payload(body, INSTITUTE))
    return header | changed


def _spelt(value: dict, before: str, after: str) -> bytes:
    raw = canonical.dump(value).decode()
    assert before in raw
    return raw.replace(before, after, 1).encode()


TIMES = {"ISSUED_IN_FUTURE": "/issued_at", "VALIDITY_TOO_LONG": "/not_after"}


def bad_payloads(world: World) -> dict[str, tuple[bytes, str]]:
    """Return payloads that are no events here, each with the code of its answer."""
    good = _header(world)
    now = datetime.now(UTC)
    instant = lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")  # noqa: E731
    return {
        "spaces": (_spelt(good, '"trl":', '"trl": '), "NOT_CANONICAL"),
        "duplicate key": (_spelt(good, '"trl":', '"trl":1,"trl":'), "NOT_CANONICAL"),
        "float": (_spelt(good, '"trl":4', '"trl":4.0'), "NOT_CANONICAL"),
        "exponent": (_spelt(good, '"trl":4', '"trl":4e0'), "NOT_CANONICAL"),
        "NaN": (_spelt(good, '"trl":4', '"trl":NaN'), "NOT_CANONICAL"),
        "2^53": (_spelt(good, '"trl":4', '"trl":9007199254740992'), "NOT_CANONICAL"),
        "2^64": (_spelt(good, '"trl":4', '"trl":18446744073709551616'), "NOT_CANONICAL"),
        "long integer": (_spelt(good, '"trl":4', '"trl":' + "9" * 10_000), "NOT_CANONICAL"),
        "lone surrogate": (_spelt(good, '"title":"', '"title":"\\ud800'), "NOT_CANONICAL"),
        "control character": (_spelt(good, '"title":"', '"title":"\\u0000'), "NOT_CANONICAL"),
        "decomposed": (_spelt(good, '"title":"', '"title":"e\u0302'), "NOT_CANONICAL"),
        "bidi": (_spelt(good, '"title":"', '"title":"\u202e'), "NOT_CANONICAL"),
        "byte order mark": (b"\xef\xbb\xbf" + canonical.dump(good), "NOT_CANONICAL"),
        "UTF-16": (canonical.dump(good).decode().encode("utf-16"), "NOT_CANONICAL"),
        "deep": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "NOT_CANONICAL"),
        "list": (b"[]", "NOT_CANONICAL"),
        "empty": (b"", "NOT_CANONICAL"),
        "unknown member": (canonical.dump(good | {"more": 1}), "MALFORMED"),
        "missing member": (
            canonical.dump({k: v for k, v in good.items() if k != "nonce"}),
            "MALFORMED",
        ),
        "extra in body": (
            canonical.dump(good | {"body": good["body"] | {"more": 1}}),
            "MALFORMED",
        ),
        "string for integer": (
            canonical.dump(good | {"body": good["body"] | {"trl": "4"}}),
            "MALFORMED",
        ),
        "boolean for integer": (
            canonical.dump(good | {"body": good["body"] | {"trl": True}}),
            "MALFORMED",
        ),
        "unknown type": (canonical.dump(good | {"type": "party.dissolved/9"}), "TYPE_UNKNOWN"),
        "another ledger": (
            canonical.dump(good | {"ledger": "ledger.example.vn/techledger/ffffffff"}),
            "WRONG_LEDGER",
        ),
        "subjects": (
            canonical.dump(good | {"subjects": [*good["subjects"], "technology:zzz"]}),
            "SUBJECTS_MISMATCH",
        ),
        "unsorted subjects": (
            canonical.dump(good | {"subjects": good["subjects"][::-1]}),
            "MALFORMED",
        ),
        "UUIDv4": (
            canonical.dump(good | {"event_id": "0f8fad5b-d9cb-469f-a165-70867728950e"}),
            "MALFORMED",
        ),
        "expired": (
            canonical.dump(
                good
                | {
                    "issued_at": instant(now - timedelta(days=10)),
                    "not_after": instant(now - timedelta(days=9)),
                }
            ),
            "SUBMISSION_EXPIRED",
        ),
        "future": (
            canonical.dump(
                good
                | {
                    "issued_at": instant(now + timedelta(minutes=6)),
                    "not_after": instant(now + timedelta(days=1)),
                }
            ),
            "ISSUED_IN_FUTURE",
        ),
        "too long valid": (
            canonical.dump(good | {"not_after": instant(now + timedelta(days=91))}),
            "VALIDITY_TOO_LONG",
        ),
        "entry too large": (
            canonical.dump(
                good
                | {
                    "body": good["body"]
                    | {
                        "summary": "x" * 3900,
                        "owners": [
                            {"party": f"party:vn.{'x' * 70}{n:04d}", "share": [1, 500]}
                            for n in range(500)
                        ],
                    },
                    "subjects": sorted(
                        {f"party:vn.{'x' * 70}{n:04d}" for n in range(500)}
                        | {good["body"]["technology"]}
                    ),
                }
            ),
            "ENTRY_TOO_LARGE",
        ),
    }


CASES = (
    """
spaces; duplicate key; float; exponent; NaN; 2^53; 2^64; long integer; lone surrogate;
control character; decomposed; bidi; byte order mark; UTF-16; deep; list; empty; unknown member;
missing member; extra in body; string for integer; boolean for integer; unknown type;
another ledger; subjects; unsorted subjects; UUIDv4; expired; future; too long valid;
entry too large
""".replace("\n", " ")
    .strip()
    .split("; ")
)


@pytest.mark.parametrize("case", CASES)
def test_a_bad_payload_gets_its_code_and_nothing_is_stored(
    http: httpx2.Client, world: World, node: Node, case: str
):
    cases = bad_payloads(world)
    assert set(CASES) == set(cases)
    payload, code = cases[case]
    before = read_head(node.pool).size
    answer = post(http, envelope_of(world, payload, INSTITUTE))
    assert code == answer.json()["code"]
    assert TIMES.get(code) == (answer.json()["pointer"] if code in TIMES else None)
    assert 422 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert before == read_head(node.pool).size


def test_fractional_vnd_money_is_integers(http: httpx2.Client, world: World):
    body = offer_made(offer=f"offer:{uuid7()}", listing=None).model_dump(mode="json")
    body["price"] = {"amount": 1, "currency": "VND"}
    header = _header(world, type="offer.made/1", body=body)
    for spelt in ("1000000.50", "1e6"):
        raw = _spelt(header, '"amount":1', f'"amount":{spelt}')
        answer = post(http, envelope_of(world, raw, FIRM))
        assert "FRACTIONAL_VND" == answer.json()["code"]
        assert "/body/price/amount" == answer.json()["pointer"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "MALFORMED"),
        (b"{", 422, "MALFORMED"),
        (b"[1]", 422, "MALFORMED"),
        (b'{"envelope":1}', 422, "MALFORMED_ENVELOPE"),
        (
            b'{"envelope":{"payload":"e30=","payloadType":"x","signatures":[]}}',
            422,
            "MALFORMED_ENVELOPE",
        ),
        (b"\xff\xfe", 422, "MALFORMED"),
        (b"\xef\xbb\xbf{}", 422, "MALFORMED"),
        (b"{} {}", 422, "MALFORMED"),
        (b'{"envelope":NaN}', 422, "MALFORMED"),
        (b'{"envelope":1,"openings":[],"note":""}', 422, "MALFORMED"),
        (b"[" * 100_000, 422, "MALFORMED"),
        (b" " * (256 * 1024 + 1), 413, "TOO_LARGE"),
    ],
)
def test_a_bad_request_gets_its_code(http: httpx2.Client, content: bytes, status: int, code: str):
    answer = post(http, content)
    assert (status, code) == (answer.status_code, answer.json()["code"])


def test_a_compressed_request_is_refused(http: httpx2.Client):
    answer = http.post("/v1/events", content=b"x", headers={"Content-Encoding": "gzip"})
    assert (415, "MEDIA_TYPE") == (answer.status_code, answer.json()["code"])


def test_bad_signature_one_byte_of_the_payload_changed(http: httpx2.Client, world: World):
    signed = technology(world, title="Coating A")
    envelope = Envelope(
        signed.envelope.payload_type,
        signed.envelope.payload.replace(b"Coating A", b"Coating B"),
        signed.envelope.signatures,
    )
    answer = post(http, Signed(envelope).to_json())
    assert (403, "BAD_SIGNATURE") == (answer.status_code, answer.json()["code"])


def test_signer_missing_one_of_two_signatures(http: httpx2.Client, world: World):
    whole = world.registration(f"party:vn.{uuid7()}")
    members = json.loads(whole.to_json())
    operator = world.key(OPERATOR).key_id
    members["envelope"]["signatures"] = [
        line for line in members["envelope"]["signatures"] if line["keyid"] != operator
    ]
    answer = post(http, json.dumps(members).encode())
    assert (403, "SIGNER_MISSING") == (answer.status_code, answer.json()["code"])


def test_wrong_signer_a_line_that_binds_nobody_is_refused_not_ignored(
    http: httpx2.Client, world: World
):
    body = technology_registered(technology=f"technology:{uuid7()}")
    payload = world.payload(body, INSTITUTE)
    answer = post(http, envelope_of(world, payload, INSTITUTE, RIVAL))
    assert (403, "WRONG_SIGNER") == (answer.status_code, answer.json()["code"])


def test_a_key_that_was_never_added_is_unknown(http: httpx2.Client, world: World):
    body = technology_registered(technology=f"technology:{uuid7()}")
    answer = post(http, envelope_of(world, world.payload(body, INSTITUTE), "party:vn.nobody"))
    assert (403, "KEY_UNKNOWN") == (answer.status_code, answer.json()["code"])
    remedy = answer.json()["remedy"]
    assert f"sign with a key of {INSTITUTE} that is in the log" == remedy["says"]


def test_a_type_that_is_unknown_is_told_with_what_may_be_meant(http: httpx2.Client, world: World):
    body = technology_registered(technology=f"technology:{uuid7()}")
    payload = canonical.load(world.payload(body, INSTITUTE))
    wrong = canonical.dump(payload | {"type": "technology.registred/1"})
    problem = post(http, envelope_of(world, wrong, INSTITUTE)).json()
    assert "TYPE_UNKNOWN" == problem["code"]
    assert "'technology.registred/1'" in problem["detail"]
    assert "technology.registered/1" == problem["near"][0]


def test_a_line_is_told_what_is_wrong_with_it(http: httpx2.Client, world: World):
    body = technology_registered(technology=f"technology:{uuid7()}")
    for change, told in (
        ({"keyid": "AB"}, "keyid is not 64 hex digits in lower case: 'AB'"),
        ({"sig": ""}, "is empty"),
    ):
        members = json.loads(envelope_of(world, world.payload(body, INSTITUTE), INSTITUTE))
        members["envelope"]["signatures"][0] |= change
        problem = post(http, json.dumps(members).encode()).json()
        assert "MALFORMED_ENVELOPE" == problem["code"]
        assert problem["detail"].endswith(told)


def test_stale_view_an_event_signed_in_ignorance_of_a_later_one(http: httpx2.Client, world: World):
    """Row 51: two officers answer one offer; the second had not seen the first."""
    offer = f"offer:{uuid7()}"
    made = world.sign(offer_made(offer=offer, listing=None, revocable=True), FIRM)
    size = post(http, made.to_json()).json()["position"] + 1
    revoked = world.sign(offer_revoked(offer=offer), FIRM)
    position = post(http, revoked.to_json()).json()["position"]
    rejected = world.sign(offer_rejected(offer=offer), INSTITUTE, seen=size)
    answer = post(http, rejected.to_json())
    assert (409, "STALE_VIEW") == (answer.status_code, answer.json()["code"])
    assert [position] == answer.json()["positions"]


def test_a_sealed_price_is_a_commitment_in_the_log_and_its_opening_in_the_vault(
    ledger: LedgerClient, world: World, node: Node
):
    body = offer_made(offer=f"offer:{uuid7()}", listing=None).model_dump(mode="json")
    body["price"] = {"amount": 800_000_000, "currency": "VND"}
    signed = sign_sealed(
        world.origin, "offer.made/1", body, [FIRM], [world.key(FIRM)], ["/body/price"]
    )
    receipt = ledger.submit(signed)
    assert b"800000000" not in receipt.entry
    (kept,) = read_openings(node.pool, [receipt.position])
    assert b"800000000" not in kept.row.sealed
    assert signed.openings == (node.vault.unseal(kept),)


def test_what_opens_a_sealed_section_goes_round_with_what_is_signed(
    ledger: LedgerClient, world: World, node: Node, tmp_path: Path
):
    """From the payload on: each who signs sees that it opens, and the last one submits the file."""
    body = offer_made(offer=f"offer:{uuid7()}", listing=None).model_dump(mode="json")
    signed = sign_sealed(
        world.origin, "offer.made/1", body, [FIRM], [world.key(FIRM)], ["/body/price"]
    )
    opening = json.loads(signed.to_json())["openings"]
    files = {"payload": signed.envelope.payload, "openings.json": json.dumps(opening).encode()}
    files["firm.pem"] = world.key(FIRM).to_pem()
    for name, raw in files.items():
        (tmp_path / name).write_bytes(raw)
    (tmp_path / "firm.pem").chmod(0o600)

    def sign(file: str, *more: str) -> Result:
        key = ["--key", str(tmp_path / "firm.pem")]
        return CliRunner().invoke(app, ["events", "sign", str(tmp_path / file), *key, *more])

    first = sign("payload", "--openings", str(tmp_path / "openings.json"))
    (tmp_path / "submission.json").write_text(first.stdout)
    again = sign("submission.json")
    assert (0, first.stdout) == (again.exit_code, again.stdout)
    receipt = ledger.submit(Signed.from_json(again.stdout.encode()))
    (kept,) = read_openings(node.pool, [receipt.position])
    assert signed.openings == (node.vault.unseal(kept),)
    opening[0]["value"]["amount"] += 1
    (tmp_path / "openings.json").write_text(json.dumps(opening))
    wrong = sign("submission.json", "--openings", str(tmp_path / "openings.json"))
    assert (2, True) == (wrong.exit_code, "/body/price: the commitment was not" in wrong.output)


def test_a_subject_that_is_missing_and_one_too_many_are_told_apart(
    http: httpx2.Client, world: World
):
    signed = technology(world)
    payload = canonical.load(signed.envelope.payload)
    (kept, *others) = payload["subjects"]
    payload["subjects"] = [kept, "technology:zzz"]
    envelope = sign_envelope(canonical.dump(payload), [world.key(INSTITUTE)])
    told = post(http, Signed(envelope, ()).to_json()).json()
    assert "SUBJECTS_MISMATCH" == told["code"]
    missing, extra = ", ".join(map(repr, others)), "'technology:zzz'"
    assert f"{missing} follows from the body and is missing; {extra} does not" in told["detail"]


def test_bad_opening_a_value_that_the_commitment_does_not_commit_to(
    http: httpx2.Client, world: World
):
    body = offer_made(offer=f"offer:{uuid7()}", listing=None).model_dump(mode="json")
    body["price"] = {"amount": 800_000_000, "currency": "VND"}
    signed = sign_sealed(
        world.origin, "offer.made/1", body, [FIRM], [world.key(FIRM)], ["/body/price"]
    )
    members = json.loads(signed.to_json())
    members["openings"][0]["value"]["amount"] = 1
    answer = post(http, json.dumps(members).encode())
    assert (422, "BAD_OPENING") == (answer.status_code, answer.json()["code"])
    assert "/body/price" == answer.json()["pointer"]


@pytest.mark.parametrize(
    ("section", "value"),
    [
        *(("/body/price", each) for each in ("cheap", 5, None, {"commitment": SOME_HASH})),
        *(("/body/price", {"amount": each, "currency": "VND"}) for each in (-5, "5")),
        ("/body/price", {"amount": 5}),
        ("/body/royalty_ppm", "50000"),
    ],
)
def test_what_was_sealed_is_of_the_form_that_it_would_have_openly(
    http: httpx2.Client, world: World, section: str, value: object
):
    body = offer_made(offer=f"offer:{uuid7()}", listing=None).model_dump(mode="json")
    body[section.rpartition("/")[2]] = value
    signed = sign_sealed(world.origin, "offer.made/1", body, [FIRM], [world.key(FIRM)], [section])
    answer = post(http, signed.to_json())
    told = answer.json()
    assert (422, "OPENING_MALFORMED", section) == (
        answer.status_code,
        told.get("code"),
        told.get("pointer"),
    )


@pytest.mark.parametrize("ledger", [{}, [], 1, None])
def test_what_is_sealed_is_for_a_ledger_that_is_a_text(
    http: httpx2.Client, world: World, ledger: object
):
    body = offer_made(offer=f"offer:{uuid7()}", listing=None).model_dump(mode="json")
    body["price"] = {"amount": 800_000_000, "currency": "VND"}
    key = world.key(FIRM)
    signed = sign_sealed(world.origin, "offer.made/1", body, [FIRM], [key], ["/body/price"])
    payload = canonical.load(signed.envelope.payload) | {"ledger": ledger}
    envelope = sign_envelope(canonical.dump(payload), [key])
    answer = post(http, Signed(envelope, signed.openings).to_json())
    assert (422, "MALFORMED") == (answer.status_code, answer.json()["code"])
    assert "/ledger" == answer.json()["pointer"]


def test_an_envelope_of_another_payload_type_is_refused(http: httpx2.Client, world: World):
    """Cross-protocol replay: a signature over another type binds nothing here."""
    signed = technology(world)
    members = {
        "envelope": envelope_to_object(signed.envelope) | {"payloadType": "application/json"}
    }
    answer = post(http, json.dumps(members).encode())
    assert "MALFORMED_ENVELOPE" == answer.json()["code"]


def test_base64_with_junk_is_refused(http: httpx2.Client, world: World):
    members = json.loads(technology(world).to_json())
    members["envelope"]["payload"] += "\n"
    assert "MALFORMED_ENVELOPE" == post(http, json.dumps(members).encode()).json()["code"]


NO_EVENT = {
    "MALFORMED": {"subjects": []},
    "SUBJECTS_MISMATCH": {"subjects": ["party:nobody"]},
    "TYPE_UNKNOWN": {"type": "technology.unheard_of/1"},
    "WRONG_LEDGER": {"ledger": "another.example/techledger/00000000"},
}
"""By its code, what a payload says that is no event, though its id can be read."""


def test_a_line_that_is_no_event_says_which_one_it_would_be(http: httpx2.Client, world: World):
    whole = json.loads(technology(world).envelope.payload)
    changes = (*NO_EVENT.values(), {"event_id": "none"})
    sent = [envelope_of(world, canonical.dump(whole | each), INSTITUTE) for each in changes]
    answers = http.post("/v1/events/batch", content=b"\n".join([*sent, b"{}"])).iter_lines()
    lines = [json.loads(line) for line in answers]
    told = [(line["problem"]["code"], line["event_id"]) for line in lines]
    named = [(code, whole["event_id"]) for code in NO_EVENT]
    assert [*named, ("MALFORMED", None), ("MALFORMED", None)] == told
    assert {"invalid"} == {line["status"] for line in lines}
