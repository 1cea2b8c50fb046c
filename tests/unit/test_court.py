"""The verifier in one file: what it accepts and refuses is what the parts of whole logs would."""

import ast
import base64
import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger import court
from ledger.log.cosignature import CosignatureV1Signer, MLDSA44Signer
from ledger.log.evidence import Evidence, format_evidence
from ledger.log.merkle import Frontier, LogError
from ledger.log.note import (
    Ed25519NoteSigner,
    Note,
    format_note,
    format_vkey,
    parse_note,
    parse_vkey,
    sign_note,
)
from ledger.log.policy import QUORUM_NONE_POLICY, open_witnessed_checkpoint, parse_policy
from ledger.log.proof import prove_consistency, prove_inclusion
from ledger.verify.outcome import Refused
from ledger.wire.keys import ALGORITHMS, PrivateKey
from tests.golden.test_golden_ledger import LEDGERS
from tests.support.log import MemoryHashes, ed25519_key, flip, ml_dsa_key
from tests.support.reference_evidence import must_be_by_known_keys
from tests.support.reference_evidence import verify_evidence as by_parts
from tests.support.sample_log import ORIGIN as SAMPLE
from tests.support.sample_log import SampleLog, sample_log

FILE = Path(court.__file__)
BUNDLES = [path for ledger in LEDGERS for path in (ledger / "bundle.json", ledger / "charter.json")]
FLIPS, CHANGES = 500, 700

bundles = pytest.mark.parametrize(
    "path", BUNDLES, ids=lambda path: f"{path.parent.name}-{path.stem}"
)


def trust_of(path: Path) -> bytes:
    return (path.parent / "trust.json").read_bytes()


def by_one_file(raw: bytes, trust: bytes) -> tuple[Any, ...]:
    try:
        answer = court.verify(raw, trust)
    except court.Refused as refused:
        return ("refused", refused.step)
    return ("verified", answer.size, answer.signatures, answer.histories, answer.unchecked)


def by_many(raw: bytes, trust: bytes) -> tuple[Any, ...]:
    try:
        answer = by_parts(raw, trust)
    except Refused as refused:
        return ("refused", refused.step.number)
    size, signatures = answer.checkpoint.size, answer.signatures
    return ("verified", size, signatures, answer.histories, answer.unchecked)


def test_it_is_a_thousand_lines_and_needs_no_other_file_of_ours() -> None:
    source = FILE.read_text("utf-8")
    assert len(source.splitlines()) <= 1000
    imported = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).partition(".")[0])
    assert {"cryptography"} == imported - sys.stdlib_module_names


@bundles
def test_a_copy_of_the_file_verifies_on_its_own(path: Path, tmp_path: Path) -> None:
    shutil.copy(FILE, tmp_path / "court.py")
    (tmp_path / "wrong.json").write_bytes(flip(path.read_bytes(), 5000, 1))
    trust = str(path.parent / "trust.json")
    for bundle, code in ((path, 0), (tmp_path / "wrong.json", 1)):
        command = [sys.executable, "-I", "court.py", str(bundle), trust]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert code == done.returncode, done.stderr
        assert ("VERIFIED: " in done.stdout, "REFUSED: step" in done.stderr) == (
            not code,
            bool(code),
        )


def test_its_command_says_what_it_needs(tmp_path: Path) -> None:
    for words, said in (([], "usage: "), (["a", "b"], "REFUSED: [Errno 2]")):
        command = [sys.executable, "-I", str(FILE), *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (1, True) == (done.returncode, done.stderr.startswith(said))


@bundles
def test_a_bundle_has_one_spelling(path: Path) -> None:
    raw, trust = path.read_bytes(), trust_of(path)
    text = raw.decode()
    members = json.loads(text)
    for other in (
        text[:-1],
        text + "\n",
        " " + text,
        text.replace('","', '", "', 1),
        text.replace("techledger-bundle", "techledger\\u002dbundle", 1),
        text.replace('{"checkpoint"', '{"checkpoint":"x","checkpoint"', 1),
        json.dumps(members, separators=(",", ":"), sort_keys=True) + "\n",
        json.dumps(dict(reversed(members.items())), ensure_ascii=False, separators=(",", ":"))
        + "\n",
    ):
        assert other != text
        assert ("refused", court.FORM) == by_one_file(other.encode(), trust)
        assert ("refused", court.FORM) == by_many(other.encode(), trust)


@bundles
def test_both_accept_and_say_the_same(path: Path) -> None:
    raw, trust = path.read_bytes(), trust_of(path)
    assert "verified" == by_one_file(raw, trust)[0]
    assert by_many(raw, trust) == by_one_file(raw, trust)


@bundles
def test_both_refuse_the_same_flips_by_the_same_step(path: Path) -> None:
    raw, trust, chance = path.read_bytes(), trust_of(path), random.Random(9)
    apart = set[tuple[int, int]]()
    for at in chance.sample(range(len(raw)), FLIPS):
        flipped = flip(raw, at, 1 << chance.randrange(8))
        ours, theirs = by_one_file(flipped, trust), by_many(flipped, trust)
        assert ("refused", "refused") == (ours[0], theirs[0]), flipped[max(0, at - 40) : at + 40]
        if ours != theirs:
            apart.add((ours[1], theirs[1]))
    # What is no hash within a history is a matter of form there, of histories here.
    assert apart <= {(court.HISTORY, court.FORM)}


@bundles
def test_both_refuse_the_same_trust_roots(path: Path) -> None:
    raw, trust = path.read_bytes(), trust_of(path)
    for at in range(len(trust)):
        flipped = flip(trust, at, 1 << at % 8)
        assert by_many(raw, flipped) == by_one_file(raw, flipped), flipped


@bundles
@pytest.mark.parametrize("name", ["origin", "log_keys", "genesis_sha256", "policy", "more"])
@pytest.mark.parametrize("value", [chr(0xD800), chr(0xDC80), [[chr(0xD800)]], {"a": 1}, 7, None])
def test_a_trust_root_that_is_none_is_refused_by_both(path: Path, name: str, value: object) -> None:
    raw, members = path.read_bytes(), json.loads(trust_of(path))
    trust = json.dumps({**members, name: value}).encode()
    assert ("refused", court.TRUST) == by_one_file(raw, trust) == by_many(raw, trust)


@bundles
def test_a_subject_that_is_no_text_is_refused_by_both(path: Path) -> None:
    raw, trust = path.read_bytes(), trust_of(path)
    last = json.loads(raw)["histories"][-1]["subject"].encode()
    for wrong in (b"\xff", b"\xed\xa0\x80", "\u00e9".encode()):
        changed = raw.replace(b'"subject":"' + last, b'"subject":"' + last + wrong)
        assert changed != raw
        assert "refused" == by_one_file(changed, trust)[0] == by_many(changed, trust)[0]


def mutations(members: Any, chance: random.Random) -> Iterator[bytes]:
    """Yield bundles whose JSON was changed somewhere: dropped, doubled, swapped, of other kinds."""
    strange = [None, True, 0, -1, 2**63, 1.5, "", "AAAA", [], {}, "\u00e9", "sha256:00", [[]]]
    while True:
        changed = json.loads(json.dumps(members))
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            _change(changed, chance, strange)
        text = json.dumps(changed, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        yield text.encode("utf-8", "surrogatepass") + b"\n"


def _change(value: Any, chance: random.Random, strange: list[Any]) -> None:
    """Go down at random, and change what is there."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = chance.choice(keys)
    found = value[key]
    if isinstance(found, dict | list) and found and chance.random() < 0.8:
        _change(found, chance, strange)
        return
    match chance.randrange(6), found:
        case 0, _:
            del value[key]
        case 1, _ if isinstance(value, list):
            value.insert(key, deepcopy(value[chance.choice(keys)]))
        case 2, _:
            other = chance.choice(keys)
            value[key], value[other] = value[other], found
        case 3, int():
            value[key] = found + chance.choice((-1, 1, 256))
        case 4, str() if len(found) > 8:
            at = chance.randrange(len(found) - 4)
            value[key] = found[:at] + found[at + 4 :]
        case _:
            value[key] = deepcopy(chance.choice(strange))


@bundles
def test_both_judge_changed_bundles_alike_and_never_fail_otherwise(path: Path) -> None:
    members, trust = json.loads(path.read_bytes()), trust_of(path)
    chance = random.Random(17)
    changed, found = mutations(members, chance), Counter[str]()
    for _ in range(CHANGES):
        raw = next(changed)
        ours, theirs = by_one_file(raw, trust), by_many(raw, trust)
        assert ours[0] == theirs[0], raw[:4000]
        if ours[0] == "verified":
            assert ours == theirs
        found[ours[0]] += 1
    # What is shown beyond need may be left out: an older checkpoint, an opening, a history.
    assert found["refused"] > found["verified"] > 0


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 31, 64, 65, 100])
def test_its_proofs_are_those_of_rfc_9162(size: int) -> None:
    log = sample_log(max(size, 20))
    leaves = log.leaves(size)
    root = Frontier().extend(leaves).root()
    hashes = _hashes(log, size)
    for at in range(size):
        path = prove_inclusion(at, size, hashes)
        assert court.climb(at, size - 1, [leaves[at], *path])[1] == root
    for old in range(size + 1):
        roots = (Frontier().extend(leaves[:old]).root(), root)
        path = prove_consistency(old, size, hashes)
        court.check_consistency(old, size, path, roots)
        for wrong in ([], path[:-1], [*path, bytes(32)], [bytes(32), *path[1:]]):
            if wrong != path:
                with pytest.raises(court.Wrong):
                    court.check_consistency(old, size, wrong, roots)


def test_no_tree_is_a_prefix_of_a_smaller_one() -> None:
    for old, new in ((2, 1), (-1, 3)):
        with pytest.raises(court.Wrong):
            court.check_consistency(old, new, [], (bytes(32), bytes(32)))


def test_names_and_origins_fit_into_a_byte_and_notes_into_a_mebibyte() -> None:
    key = MLDSA44Signer("x" * 255, ml_dsa_key("long"))
    vkey = format_vkey(key)
    assert court.NoteKey.read(vkey).name == "x" * 255
    longer = court.NoteKey("x" * 256, court.MLDSA44, key.public)
    typed = court.base64(bytes((longer.kind,)) + longer.public)
    for read in (court.NoteKey.read, parse_vkey):
        with pytest.raises((court.Wrong, LogError)):
            read(f"{longer.name}+{longer.label[1].hex()}+{typed}")
    text = f"{'o' * 256}\n1\n{base64.b64encode(bytes(32)).decode()}\n"
    with pytest.raises(court.Wrong, match="255"):
        court.NoteKey.read(vkey).check(text, bytes(8 + 2420))
    with pytest.raises(court.Wrong, match="a time and a signature"):
        court.NoteKey.read(vkey).check(text, bytes(8))
    note = sample_log(1).checkpoint()
    court.read_note(note)
    for wrong in (b"x" * (1 << 20) + note, note + b"\xe2\x80\x94 name QUJDRA==\n"):
        for read in (court.read_note, parse_note):
            with pytest.raises((court.Wrong, LogError)):
                read(wrong)


def _hashes(log: SampleLog, size: int) -> Any:
    return MemoryHashes(log.leaves(size))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda note: note.replace(b"\n12\n", b"\n0\n"),
        lambda note: note.replace(b"\n12\n", b"\n9223372036854775807\n"),
        lambda note: note.replace(b"\n12\n", b"\n12\nmore\n"),
        lambda _: b"",
    ],
)
def test_a_bundle_whose_checkpoint_is_none_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    log = sample_log(12)
    raw = format_evidence(Evidence(spoil(log.checkpoint()), QUORUM_NONE_POLICY, ()))
    assert ("refused", 4) == by_one_file(raw, log.trust_root())
    assert "refused" == by_many(raw, log.trust_root())[0]


# Checkpoints: who must have signed, and who may


CITY = "ledger.example.vn/techledger/00000000"
LOG = (Ed25519NoteSigner(CITY, ed25519_key("log")), MLDSA44Signer(CITY, ml_dsa_key("log")))
WITNESSES = tuple(CosignatureV1Signer(f"w{n}.example", ed25519_key(f"w{n}")) for n in range(3))
STRANGER = CosignatureV1Signer("stranger.example", ed25519_key("stranger"))
ELSEWHERE = Ed25519NoteSigner("other.example/log", ed25519_key("log"))
THREE = "".join(f"witness w{n} {format_vkey(WITNESSES[n])}\n" for n in range(3))
MAJORITY = f"{THREE}group g 2 w0 w1 w2\nquorum g\n"
LISTING = f"log {format_vkey(LOG[0])}\n{MAJORITY}"
LISTING_ANOTHER = f"log {format_vkey(ELSEWHERE)}\n{MAJORITY}"
TEXT = f"{CITY}\n7\n{court.base64(bytes(32))}\n"


@pytest.mark.parametrize(
    ("signers", "policy", "text", "opens"),
    [
        ((*LOG, *WITNESSES), MAJORITY, TEXT, True),
        ((*LOG, *WITNESSES), LISTING, TEXT, True),
        ((*LOG, *WITNESSES[:2]), MAJORITY, TEXT, True),
        ((*WITNESSES[1:], *LOG), MAJORITY, TEXT, True),
        ((*LOG, *WITNESSES[:1]), MAJORITY, TEXT, False),
        (LOG, MAJORITY, TEXT, False),
        (LOG, "quorum none\n", TEXT, True),
        (LOG[:1], "quorum none\n", TEXT, False),
        (LOG[1:], "quorum none\n", TEXT, False),
        (WITNESSES, MAJORITY, TEXT, False),
        ((*LOG, STRANGER), "quorum none\n", TEXT, False),
        ((*LOG, *WITNESSES), "quorum none\n", TEXT, False),
        ((*LOG, *WITNESSES), LISTING_ANOTHER, TEXT, False),
        (LOG, "quorum none\n", TEXT.replace("00000000", "00000001"), False),
    ],
)
def test_a_checkpoint_opens_for_the_log_a_quorum_and_nobody_else(
    signers: tuple[Any, ...], policy: str, text: str, *, opens: bool
) -> None:
    note = sign_note(text, signers, 1_795_000_000)
    vkeys = tuple(map(format_vkey, LOG))
    trust = court.Trust(CITY, vkeys, "", court.read_policy(policy.encode()))
    theirs = (note, CITY, tuple(map(parse_vkey, vkeys)), parse_policy(policy.encode()))
    if opens:
        assert (7, bytes(32)) == court.open_checkpoint(note, trust)[:2]
        assert 7 == open_witnessed_checkpoint(*theirs).checkpoint.size
        must_be_by_known_keys(note, theirs[2], theirs[3])
        return
    with pytest.raises(court.Wrong):
        court.open_checkpoint(note, trust)
    assert _refused_by_parts(note, theirs)


def _refused_by_parts(note: bytes, theirs: Any) -> bool:
    try:
        must_be_by_known_keys(note, theirs[2], theirs[3])
        open_witnessed_checkpoint(*theirs)
    except LogError:
        return True
    return False


def test_a_key_of_another_name_is_none_of_this_logs() -> None:
    note = sign_note(TEXT, [ELSEWHERE], 0)
    trust = court.Trust(CITY, (format_vkey(ELSEWHERE),), "", court.read_policy(b"quorum none\n"))
    with pytest.raises(court.Wrong, match="bear its name"):
        court.open_checkpoint(note, trust)


def test_the_earliest_signature_with_a_time_ends_what_can_be_in_it() -> None:
    note = sign_note(TEXT, LOG, 1_795_000_000)
    late = parse_note(sign_note(TEXT, WITNESSES[:1], 1_794_000_000)).signatures
    both = format_note(Note(TEXT, (*parse_note(note).signatures, *late)))
    policy = court.read_policy(f"{THREE}quorum none\n".encode())
    trust = court.Trust(CITY, tuple(map(format_vkey, LOG)), "", policy)
    for signed, earliest in ((note, 1_795_000_000), (both, 1_794_000_000)):
        end = datetime.fromtimestamp(earliest + 61, UTC)
        assert court.spelled(end) == court.open_checkpoint(signed, trust)[2]


def spoken(entry: bytes, **members: Any) -> bytes:
    """Return an entry whose payload says something else; its signatures do not matter here."""
    head, gap, payload = entry.partition(b"\n\n")
    return head + gap + court.dumps({**json.loads(payload), **members}).encode()


def test_an_entry_has_at_most_65535_bytes() -> None:
    entry = sample_log(2).entries[1]
    full = ["x" * 12_000] * 5
    frame = len(spoken(entry, body={"a": ["", *full]}))
    for size, fits in ((65_535, True), (65_536, False)):
        body = {"a": ["x" * (size - frame), *full]}
        raw = spoken(entry, body=body)
        assert size == len(raw)
        if fits:
            assert body == court.read_event(raw, 1, SAMPLE).body
        else:
            with pytest.raises(court.Refused, match="step 5"):
                court.read_event(raw, 1, SAMPLE)


def test_signature_lines_are_in_order_and_each_by_another_key() -> None:
    entry = sample_log(8).entries[7]
    head, gap, payload = entry.partition(b"\n\n")
    *frame, first, second = head.split(b"\n")
    assert first[:4] == second[:4] == b"sig "
    court.read_event(entry, 7, SAMPLE)
    for lines in ([second, first], [first, first], [first, second, second]):
        with pytest.raises(court.Refused, match="step 5"):
            court.read_event(b"\n".join([*frame, *lines]) + gap + payload, 7, SAMPLE)


# Keys: which could bind anybody


def key_of(algorithm: str, spki: bytes, key_id: str | None = None) -> court.Key:
    return court.Key(key_id or hashlib.sha256(spki).hexdigest(), "party:x", algorithm, spki, 0)


KEYS = {name: PrivateKey.generate(name) for name in ALGORITHMS}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_key_of_each_algorithm_binds_and_verifies(name: str) -> None:
    key = key_of(name, KEYS[name].spki)
    key.must_bind()
    signature = KEYS[name].sign(b"message")
    key.check(signature, b"message")
    for wrong, message in (
        (signature, b"another"),
        (signature[:-1], b"message"),
        (b"", b"message"),
    ):
        with pytest.raises(court.Wrong):
            key.check(wrong, message)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_key_that_is_not_what_it_is_said_to_be_binds_nobody(name: str) -> None:
    spki = KEYS[name].spki
    others = [other for other in ALGORITHMS if other != name]
    wrong = [key_of(other, spki) for other in others]
    wrong += [key_of(name, spki, "0" * 64), key_of(name, spki + b"\0"), key_of(name, spki[:-1])]
    wrong += [key_of(name, b""), key_of("rsa", spki)]
    for key in wrong:
        with pytest.raises(court.Wrong):
            key.must_bind()


def test_a_key_under_which_anybody_signs_binds_nobody() -> None:
    head = KEYS["ed25519"].spki[:-32]
    points = [bytes(32), b"\1" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f", b"\xff" * 32]
    zero = KEYS["ml-dsa-65"].spki[:-1920] + bytes(1920)
    for key in (*(key_of("ed25519", head + each) for each in points), key_of("ml-dsa-65", zero)):
        with pytest.raises(court.Wrong):
            key.must_bind()


def test_a_weak_rsa_key_binds_nobody() -> None:
    small = rsa.generate_private_key(65537, 2048).public_key()
    spki = small.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(court.Wrong, match="3072"):
        key_of("rsa-pss-sha256", spki).must_bind()


def test_of_two_ecdsa_signatures_one_counts() -> None:
    key, message = KEYS["ecdsa-p256-sha256"], b"message"
    r, low = decode_dss_signature(key.sign(message))
    order = 2 * court.HALF_OF_P256 + 1
    known = key_of("ecdsa-p256-sha256", key.spki)
    known.check(encode_dss_signature(r, low), message)
    with pytest.raises(court.Wrong):
        known.check(encode_dss_signature(r, order - low), message)
