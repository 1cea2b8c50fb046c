"""Signed notes: what is one, what opens, and what a verifier key is."""

import pytest

from ledger.log.key import BadNoteSignature, MalformedKey
from ledger.log.note import (
    AmbiguousKeys,
    Ed25519NoteSigner,
    Ed25519NoteVerifier,
    MalformedNote,
    Note,
    UnverifiedNote,
    format_note,
    format_vkey,
    open_note,
    parse_note,
    parse_vkey,
    sign_note,
)
from tests.support.log import ed25519_key, log_signers, seed, verifiers, witness

ALICE = Ed25519NoteSigner("alice.example", ed25519_key("alice"))
BOB = Ed25519NoteSigner("bob.example", ed25519_key("bob"))
(ALICE_KEY,) = verifiers([ALICE])
(BOB_KEY,) = verifiers([BOB])
TEXT = "a text\n\nwith an empty line\n"
NOTE = sign_note(TEXT, [ALICE], 0)
LINE = NOTE.removeprefix(f"{TEXT}\n".encode())


def names(raw, keys):
    return [each.name for each in open_note(raw, keys)[1]]


def test_the_last_empty_line_parts_text_from_signatures():
    note, _ = open_note(NOTE, [ALICE_KEY])
    assert note.text == TEXT


def test_a_note_reads_back_as_it_was_written():
    note = parse_note(sign_note(TEXT, [ALICE, BOB], 0))
    assert note == parse_note(format_note(note))
    assert ["alice.example", "bob.example"] == [each.name for each in note.signatures]


def test_a_text_may_hold_what_other_programs_take_for_line_ends():
    """`str.splitlines` would cut here."""
    text = "one\x85line\u2028still\n"
    note, _ = open_note(sign_note(text, [ALICE], 0), [ALICE_KEY])
    assert note.text == text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"\n\n",
        b"text\n",
        b"text\n\n",
        NOTE[:-1],
        NOTE + b"\n",
        NOTE + b"no signature line\n",
        NOTE.replace(b"\n\n\xe2\x80\x94", b"\n\xe2\x80\x94"),
        LINE,
        b"\xff" + NOTE,
        b"\xed\xa0\x80" + NOTE,  # a surrogate in UTF-8
        NOTE.replace(b"a text", b"a\ttext"),
        NOTE.replace(b"a text", b"a\rtext"),
        NOTE.replace(b"a text", b"a\0text"),
        NOTE.replace(b"\xe2\x80\x94 ", b"- "),
        NOTE.replace(b"\xe2\x80\x94 ", b"\xe2\x80\x94"),
        NOTE.replace(b"alice.example ", b"alice+example "),
        NOTE.replace(b"alice.example ", "alice\u3000example ".encode()),
        NOTE.replace(b"alice.example ", "alice\u0085example ".encode()),
        NOTE.replace(b"alice.example ", b" "),
        NOTE.replace(b"alice.example ", b"alice.example  "),
        NOTE[:-1] + b" \n",
        NOTE[:-1] + b"\r\n",
        NOTE[:-2] + b"\n",  # unpadded base64
        TEXT.encode() + b"\n\xe2\x80\x94 alice.example AAAAAA==\n",  # an id and no signature
        TEXT.encode() + b"\n\xe2\x80\x94 alice.example \n",
    ],
)
def test_what_is_no_note_is_refused(raw):
    with pytest.raises(MalformedNote):
        open_note(raw, [ALICE_KEY])


def test_base64_has_one_spelling():
    """The last character before the padding has bits that no byte uses."""
    line = parse_note(NOTE).signatures[0].line
    assert line.endswith("=\n")
    last = line[-3] if line[-3] != "=" else line[-4]
    again = line.replace(last + "=", chr(ord(last) + 1) + "=")
    with pytest.raises(MalformedNote, match="canonical"):
        parse_note(f"{TEXT}\n{again}".encode())


def test_a_hundred_lines_are_read_and_no_more():
    assert 100 == len(parse_note(NOTE + LINE * 99).signatures)
    with pytest.raises(MalformedNote):
        parse_note(NOTE + LINE * 100)


def test_a_note_over_a_mebibyte_is_refused():
    with pytest.raises(MalformedNote):
        parse_note(b"x" * (1 << 20) + NOTE)


def test_lines_of_unknown_keys_are_ignored():
    raw = sign_note(TEXT, [BOB, ALICE], 0)
    assert ["alice.example"] == names(raw, [ALICE_KEY])


def test_a_note_without_a_line_of_a_known_key_is_refused():
    with pytest.raises(UnverifiedNote):
        open_note(NOTE, [BOB_KEY])
    with pytest.raises(UnverifiedNote):
        open_note(NOTE, [])


def test_one_bad_line_of_a_known_key_refuses_the_whole_note():
    forged = format_note(Note("other\n", parse_note(NOTE).signatures))
    bob = parse_note(sign_note("other\n", [BOB], 0)).signatures[0]
    with pytest.raises(BadNoteSignature):
        open_note(forged + bob.line.encode(), [ALICE_KEY, BOB_KEY])
    assert ["bob.example"] == names(forged + bob.line.encode(), [BOB_KEY])


def test_a_repeated_line_counts_once():
    assert ["alice.example"] == names(NOTE + LINE, [ALICE_KEY])


def test_a_second_line_of_a_known_key_is_verified_too():
    """x/mod does not look at it; C2SP signed-note says it MUST be verified."""
    other = parse_note(sign_note("other\n", [ALICE], 0)).signatures[0]
    with pytest.raises(BadNoteSignature):
        open_note(NOTE + other.line.encode(), [ALICE_KEY])


def test_a_key_is_known_by_name_and_id_together():
    raw = NOTE.replace(b"alice.example", b"bob.example")
    with pytest.raises(UnverifiedNote):
        open_note(raw, [ALICE_KEY, BOB_KEY])


def test_two_known_keys_of_one_name_and_id_are_refused():
    class Impostor(Ed25519NoteVerifier):
        """Its id was ground to collide: 32 bits are no fingerprint."""

    impostor = Impostor("alice.example", seed("impostor"))
    impostor.key_id = ALICE_KEY.key_id
    with pytest.raises(AmbiguousKeys):
        open_note(NOTE, [ALICE_KEY, impostor])


@pytest.mark.parametrize("text", ["no line feed", "tab\there\n", "\ud800\n"])
def test_what_no_note_can_hold_is_not_signed(text):
    with pytest.raises(MalformedNote):
        sign_note(text, [ALICE], 0)


def test_a_note_needs_a_signer():
    with pytest.raises(MalformedNote):
        sign_note(TEXT, [], 0)


@pytest.mark.parametrize("signer", [ALICE, *log_signers(), witness("w.example")])
def test_a_verifier_key_reads_back_as_it_was_written(signer):
    vkey = format_vkey(signer)
    verifier = parse_vkey(vkey)
    assert vkey == format_vkey(verifier)
    assert (signer.name, signer.key_type) == (verifier.name, verifier.key_type)


def test_a_verifier_key_may_have_a_plus_in_its_base64():
    """Only the first two pluses divide it."""
    vkeys = (format_vkey(Ed25519NoteSigner("x.example", ed25519_key(str(n)))) for n in range(1000))
    vkey = next(each for each in vkeys if each.count("+") > 2)
    assert vkey == format_vkey(parse_vkey(vkey))


VKEY = format_vkey(ALICE)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "alice.example",
        "alice.example+",
        "alice.example++",
        VKEY[:-1],
        VKEY + "=",
        VKEY + "\n",
        " " + VKEY,
        VKEY.replace("alice", "malice"),
        VKEY.replace("alice.example", ""),
        VKEY.replace("alice", "al ice"),
        VKEY.replace("alice", "al\ud800ice"),
        VKEY.replace("+", "+0", 1),
        "alice.example+" + VKEY.split("+")[1].upper() + "+" + VKEY.split("+", 2)[2],
        "alice.example+00000000+" + VKEY.split("+", 2)[2],
        "alice.example+00000000+",
        "alice.example+00000000+é",
        "alice.example+00000000+AQ==",  # type 0x01 without a key
        "alice.example+00000000+ApQ=",  # type 0x02
    ],
)
def test_what_is_no_verifier_key_is_refused(vkey):
    with pytest.raises(MalformedKey):
        parse_vkey(vkey)


def test_a_verifier_key_has_the_size_of_its_type():
    with pytest.raises(MalformedKey):
        Ed25519NoteVerifier("alice.example", b"\0" * 31)


def test_a_key_that_is_no_point_verifies_nothing():
    with pytest.raises(BadNoteSignature):
        Ed25519NoteVerifier("alice.example", b"\xff" * 32).verify(TEXT, b"\0" * 64)


def test_a_key_shows_its_name_and_id_but_no_secret():
    assert f"<Ed25519NoteSigner alice.example+{ALICE.key_id.hex()}>" == repr(ALICE)
