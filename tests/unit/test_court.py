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
from pathlib import Path
from typing import Any

import pytest

from ledger import court
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.log.cosignature import MLDSA44Signer
from ledger.log.evidence_bundle import Evidence, format_evidence
from ledger.log.merkle import Frontier, LogError
from ledger.log.note import (
    format_vkey,
    parse_note,
    parse_vkey,
)
from ledger.log.policy import QUORUM_NONE_POLICY
from ledger.log.proof import prove_consistency, prove_inclusion
from ledger.verify.outcome import Refused
from tests.golden.test_golden_ledger import LEDGERS
from tests.support.builders import OPERATOR
from tests.support.governance import ledger_sealed
from tests.support.log import MemoryHashes, flip, ml_dsa_key
from tests.support.reference_evidence import verify_evidence as by_parts
from tests.support.sample_log import SampleLog, party_key, sample_log
from tests.support.verifying import whole_bundle

FILE = Path(court.__file__)
BUNDLES = [path for ledger in LEDGERS for path in (ledger / "bundle.json", ledger / "charter.json")]
FLIPS, CHANGES = 300, 400

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
    states = tuple(answer.states.values())
    return ("verified", answer.size, answer.signatures, answer.histories, answer.unchecked, states)


def by_many(raw: bytes, trust: bytes) -> tuple[Any, ...]:
    try:
        answer = by_parts(raw, trust)
    except Refused as refused:
        return ("refused", refused.step.number)
    size, signatures = answer.checkpoint.size, answer.signatures
    return ("verified", size, signatures, answer.histories, answer.unchecked, answer.steps)


def test_it_needs_no_other_file_of_ours() -> None:
    source = FILE.read_text("utf-8")
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


@bundles
def test_what_cannot_be_printed_refuses_nothing(path: Path) -> None:
    """Neither a full disk nor an encoding without some letter: 1 would say that it is refused."""
    command = [sys.executable, str(FILE), str(path), str(path.parent / "trust.json")]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (2, "[Errno 28] No space left on device\n") == (done.returncode, done.stderr)
    done = subprocess.run(
        [*command, "party:Đỗ"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "latin-1"},
    )
    assert (1, "") == (done.returncode, done.stderr), "that history is not shown"
    assert "not shown: all of party:\\u0110\\u1ed7\n" in done.stdout


def test_its_command_says_what_it_needs(tmp_path: Path) -> None:
    for words, said in (([], "usage: "), (["a", "b"], "[Errno 2]")):
        command = [sys.executable, "-I", str(FILE), *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (2, True) == (done.returncode, done.stderr.startswith(said))


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


def test_openings_of_no_form_are_refused_by_both() -> None:
    path = BUNDLES[0]
    raw, trust = path.read_bytes(), trust_of(path)
    members = json.loads(raw)
    honest = members["openings"][0]["opening"]
    long_salt = honest["salt"] + "A"
    for name, values in {
        "salt": [
            5,
            None,
            "",
            honest["salt"][:-1],
            long_salt,
            honest["salt"] + "=",
            [honest["salt"]],
        ],
        "path": [5, "", "/", honest["path"][1:], honest["path"] + "/x", "/body", "/Body/price"],
        "value": ["another", None, 1.5, {"a": "\u200b"}],
    }.items():
        for value in values:
            changed = deepcopy(members)
            changed["openings"][0]["opening"][name] = value
            wrong = court.dumps(changed).encode() + b"\n"
            assert ("refused", court.OPENINGS) == by_one_file(wrong, trust)
            assert ("refused", court.OPENINGS) == by_many(wrong, trust)
    for changed_opening in ({}, {**honest, "more": 1}, {"path": honest["path"]}):
        changed = deepcopy(members)
        changed["openings"][0]["opening"] = changed_opening
        wrong = court.dumps(changed).encode() + b"\n"
        assert ("refused", court.OPENINGS) == by_one_file(wrong, trust) == by_many(wrong, trust)


def test_a_seal_that_covers_what_comes_behind_it_is_none() -> None:
    log = sample_log(11)
    body = ledger_sealed(13, ledger=ledger_subject(log.origin), projections=[])
    log.say(body, [OPERATOR])
    for seal in (11, 10, 500):
        members = json.loads(whole_bundle(log))
        raw = court.dumps({**members, "seal": seal}).encode() + b"\n"
        assert ("refused", court.HISTORY) == by_one_file(raw, log.trust_root())
        assert ("refused", court.HISTORY) == by_many(raw, log.trust_root())


def test_a_seal_whose_root_or_size_is_none_is_none() -> None:
    log = sample_log(11)
    log.say(ledger_sealed(5, ledger=ledger_subject(log.origin), projections=[]), [OPERATOR])
    honest = json.loads(log.entries.pop().partition(b"\n\n")[2])
    for wrong in (
        {"map_root": "sha256:" + "G" * 64},
        {"map_root": 5},
        {"size": True},
        {"size": "5"},
    ):
        said = {**honest, "body": {**honest["body"], **wrong}}
        log.sign(court.dumps(said).encode(), [party_key(OPERATOR)])
        members = json.loads(whole_bundle(log))
        raw = court.dumps({**members, "seal": 11}).encode() + b"\n"
        assert ("refused", court.HISTORY) == by_one_file(raw, log.trust_root())
        assert ("refused", court.HISTORY) == by_many(raw, log.trust_root())
        log.entries.pop()


def test_an_entry_beyond_the_size_is_not_in_the_tree() -> None:
    log = sample_log(12)
    members = json.loads(whole_bundle(log))
    for position in (12, 13, 2**40):
        members["entries"][-1]["position"] = position
        raw = court.dumps(members).encode() + b"\n"
        assert ("refused", court.TREE) == by_one_file(raw, log.trust_root())
        assert ("refused", court.TREE) == by_many(raw, log.trust_root())


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
                with pytest.raises(court.CheckFailed):
                    court.check_consistency(old, size, wrong, roots)


def test_no_tree_is_a_prefix_of_a_smaller_one() -> None:
    for old, new in ((2, 1), (-1, 3)):
        with pytest.raises(court.CheckFailed):
            court.check_consistency(old, new, [], (bytes(32), bytes(32)))


def test_names_and_origins_fit_into_a_byte_and_notes_into_a_mebibyte() -> None:
    key = MLDSA44Signer("x" * 255, ml_dsa_key("long"))
    vkey = format_vkey(key)
    assert court.NoteKey.read(vkey).name == "x" * 255
    name, typed = "x" * 256, bytes((court.MLDSA44,)) + key.public
    label = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    for read in (court.NoteKey.read, parse_vkey):
        with pytest.raises((court.CheckFailed, LogError)):
            read(f"{name}+{label.hex()}+{court.base64(typed)}")
    text = f"{'o' * 256}\n1\n{base64.b64encode(bytes(32)).decode()}\n"
    with pytest.raises(court.CheckFailed, match="255"):
        court.NoteKey.read(vkey).check(text, bytes(8 + 2420))
    with pytest.raises(court.CheckFailed, match=r"x{120}… .* no time before 3000"):
        court.NoteKey.read(vkey).check(text, bytes(8))
    note = sample_log(1).checkpoint()
    court.read_note(note)
    for wrong in (b"x" * (1 << 20) + note, note + b"\xe2\x80\x94 name QUJDRA==\n"):
        for read in (court.read_note, parse_note):
            with pytest.raises((court.CheckFailed, LogError)):
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
