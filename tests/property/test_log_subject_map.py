"""The map of subjects: what it commits to, and what can be proven of it."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import court
from ledger.log.merkle import leaf_hash
from ledger.log.subject_map import (
    EMPTY,
    History,
    MapProof,
    SubjectMap,
    key_of,
    leaf_of,
    map_leaf,
    untouched,
)
from ledger.wire import canonical
from tests.support.reference_map import MapProofRefused, verify_absence, verify_history

TOUCHES = st.lists(st.integers(0, 40).map("party:p{}".format), max_size=120)


def made(touches: list[str]) -> SubjectMap:
    subjects = SubjectMap()
    for position, subject in enumerate(touches):
        subjects.touch(subject, position, leaf_hash(str(position).encode()))
    return subjects


def in_court(
    root: bytes, subject: str, history: History | None, proof: MapProof, touches: list[str]
) -> None:
    """Have the one-file verifier check the same, beside the subject's entries."""
    value, other = None, None
    if history is not None:
        chain = f"sha256:{history.chain.hex()}"
        value = {"chain": chain, "count": history.count, "last": history.last}
    if proof.other is not None:
        other = {"key": proof.other[0].hex(), "value_sha256": proof.other[1].hex()}
    told = {"subject": subject, "value": value, "siblings": list(proof.siblings), "other": other}
    leaves = [
        (at, leaf_hash(str(at).encode()))
        for at, touched in enumerate(touches)
        if touched == subject
    ]
    court.check_history(told, root, leaves)


def naive(items: dict[str, bytes]) -> bytes:
    """Return the root by the definition, on strings of bits."""
    if not items:
        return EMPTY
    if len(items) == 1:
        return next(iter(items.values()))
    left = {path[1:]: leaf for path, leaf in items.items() if path[0] == "0"}
    right = {path[1:]: leaf for path, leaf in items.items() if path[0] == "1"}
    return sha256(b"\x01" + naive(left) + naive(right)).digest()


def bits(key: bytes) -> str:
    return f"{int.from_bytes(key):0256b}"


@given(TOUCHES)
def test_the_root_is_that_of_the_definition(touches: list[str]) -> None:
    subjects = made(touches)
    leaves = {
        bits(key_of(subject)): leaf_of(key_of(subject), history)
        for subject, history in subjects.histories.items()
    }
    assert naive(leaves) == subjects.root()


@given(TOUCHES, TOUCHES)
def test_a_root_does_not_depend_on_when_it_was_asked_for(first: list[str], then: list[str]) -> None:
    asked = made(first)
    asked.root()
    for position, subject in enumerate(then, len(first)):
        asked.touch(subject, position, leaf_hash(str(position).encode()))
    assert made([*first, *then]).root() == asked.root()


@given(TOUCHES)
def test_a_chain_is_that_of_the_definition(touches: list[str]) -> None:
    for subject, history in made(touches).histories.items():
        chain = sha256(b"techledger/chain/v1\n" + subject.encode()).digest()
        positions = [at for at, touched in enumerate(touches) if touched == subject]
        for position in positions:
            chain = sha256(chain + leaf_hash(str(position).encode())).digest()
        assert History(len(positions), positions[-1], chain) == history


@settings(max_examples=60)
@given(TOUCHES, st.integers(0, 45).map("party:p{}".format))
def test_what_is_there_is_proven_and_what_is_not_too_and_never_the_other(
    touches: list[str], subject: str
) -> None:
    subjects = made(touches)
    root, proof = subjects.root(), subjects.prove(subject)
    history = subjects.histories.get(subject)
    if history is None:
        verify_absence(root, subject, proof)
        in_court(root, subject, None, proof, [])
        forged = untouched(subject).and_then(0, bytes(32))
        with pytest.raises(MapProofRefused):
            verify_history(root, subject, forged, proof)
        with pytest.raises(court.CheckFailed):
            in_court(root, subject, History(1, 0, forged.chain), proof, [subject])
        return
    verify_history(root, subject, history, proof)
    in_court(root, subject, history, proof, touches)
    for wrong in (
        MapProof(proof.siblings),
        MapProof(proof.siblings, (key_of(subject), sha256(history.canonical()).digest())),
        MapProof(proof.siblings[:-1]),
        *(MapProof(proof.siblings, (key_of(other), bytes(32))) for other in touches),
    ):
        with pytest.raises(MapProofRefused):
            verify_absence(root, subject, wrong)
        with pytest.raises(court.CheckFailed):
            in_court(root, subject, None, wrong, [])
    for changed in (
        History(history.count + 1, history.last, history.chain),
        History(history.count, history.last + 1, history.chain),
        History(history.count, history.last, bytes(32)),
        untouched(subject),
    ):
        with pytest.raises(MapProofRefused):
            verify_history(root, subject, changed, proof)
        with pytest.raises(court.CheckFailed):
            in_court(root, subject, changed, proof, touches)


@given(TOUCHES.filter(bool), st.data())
def test_a_path_that_was_changed_leads_nowhere(touches: list[str], data: st.DataObject) -> None:
    subjects = made(touches)
    subject = data.draw(st.sampled_from(sorted(subjects.histories)))
    root, history = subjects.root(), subjects.histories[subject]
    siblings = subjects.prove(subject).siblings
    wrong = [(*siblings, EMPTY), (EMPTY, *siblings), (*siblings, b"short")]
    if siblings:
        at = data.draw(st.integers(0, len(siblings) - 1))
        flipped = bytes((siblings[at][0] ^ 1,)) + siblings[at][1:]
        wrong += [
            siblings[:at] + siblings[at + 1 :],
            (*siblings[:at], flipped, *siblings[at + 1 :]),
        ]
    for path in wrong:
        with pytest.raises(MapProofRefused):
            verify_history(root, subject, history, MapProof(path))
        with pytest.raises(court.CheckFailed):
            in_court(root, subject, history, MapProof(path), touches)


def test_the_other_leaf_shown_for_an_absent_subject_lies_on_its_path() -> None:
    """Absence cannot be shown by just any leaf of the map, were it a true one."""
    subjects = made([f"party:p{n}" for n in range(40)])
    root = subjects.root()
    absent = "party:absent"
    refused = 0
    for subject, history in subjects.histories.items():
        proof = MapProof(
            subjects.prove(subject).siblings,
            (key_of(subject), sha256(history.canonical()).digest()),
        )
        try:
            verify_absence(root, absent, proof)
        except MapProofRefused:
            refused += 1
    assert refused >= 39
    verify_absence(root, absent, subjects.prove(absent))


def test_the_value_is_canonical_json() -> None:
    history = untouched("party:x").and_then(7, bytes(32))
    members = {"chain": f"sha256:{history.chain.hex()}", "count": 1, "last": 7}
    assert canonical.dump(members) == history.canonical()


def test_an_empty_map_has_no_root_of_its_own() -> None:
    assert EMPTY == SubjectMap().root()
    verify_absence(EMPTY, "party:x", MapProof(()))


def test_a_leaf_that_was_put_where_it_does_not_belong_shows_no_absence() -> None:
    """A map that lies: on the path of one subject stands the leaf of another."""
    subjects = [f"party:p{n}" for n in range(40)]
    left = next(each for each in subjects if not key_of(each)[0] & 0x80)
    right = next(each for each in subjects if key_of(each)[0] & 0x80)
    value = sha256(untouched(right).and_then(0, bytes(32)).canonical()).digest()
    beside = sha256(b"whatever").digest()
    root = sha256(b"\x01" + map_leaf(key_of(right), value) + beside).digest()
    with pytest.raises(MapProofRefused, match="does not lie on this subject's path"):
        verify_absence(root, left, MapProof((beside,), (key_of(right), value)))
    with pytest.raises(court.CheckFailed, match="does not lie on the subject's path"):
        in_court(root, left, None, MapProof((beside,), (key_of(right), value)), [])


@pytest.mark.parametrize(
    ("other", "siblings"), [(b"", 1), (b"\0", 9), (bytes(33), 1), (bytes(32), 257), (None, 257)]
)
def test_a_proof_of_absence_of_another_shape_is_refused(other: bytes | None, siblings: int) -> None:
    shown = None if other is None else (other, bytes(32))
    with pytest.raises(MapProofRefused):
        verify_absence(bytes(32), "contract:never", MapProof((bytes(32),) * siblings, shown))
    with pytest.raises(court.CheckFailed):
        in_court(bytes(32), "contract:never", None, MapProof((bytes(32),) * siblings, shown), [])
