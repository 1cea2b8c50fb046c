"""The notes of golang.org/x/mod and of C2SP signed-note, good and bad."""

from base64 import b64decode

import pytest

from ledger.log.key import MalformedKey
from ledger.log.merkle import LogError, leaf_hash
from ledger.log.note import format_vkey, open_note, parse_vkey
from tests.support.log import shared_vectors

FILE = "signed-note/notes.json"


def test_each_note_opens_or_is_refused_as_by_x_mod():
    """All ten cases, among them changed text, a lost blank line, and an ASCII dash."""
    vectors = shared_vectors(FILE)["notes"]
    assert 10 == len(vectors)
    for case in vectors:
        verifiers = [parse_vkey(vkey) for vkey in case["vkeys"]]
        if case["ok"]:
            _, verified = open_note(case["note"].encode(), verifiers)
            assert case["verified"] == [each.name for each in verified]
        else:
            with pytest.raises(LogError):
                open_note(case["note"].encode(), verifiers)


def test_every_good_verifier_key_reads_back():
    vkeys = {vkey for case in shared_vectors(FILE)["notes"] for vkey in case["vkeys"]}
    assert vkeys == {format_vkey(parse_vkey(vkey)) for vkey in vkeys}


def test_every_bad_verifier_key_is_refused():
    vkeys = shared_vectors(FILE)["bad_vkeys"]
    assert 3 == len(vkeys)
    for vkey in vkeys:
        with pytest.raises(MalformedKey):
            parse_vkey(vkey)


def test_a_record_of_the_go_checksum_database_has_its_leaf_hash():
    case = shared_vectors(FILE)["tree_line"]
    assert b64decode(case["leaf_hash_b64"]) == leaf_hash(case["record"].encode())
