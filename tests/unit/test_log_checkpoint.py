"""Checkpoints and cosignatures: the log's two lines, and what makes them count."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.log.checkpoint import (
    Checkpoint,
    CheckpointRefused,
    MalformedCheckpoint,
    format_checkpoint,
    open_checkpoint,
    open_cosigned_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.log.cosignature import (
    MLDSA44Signer,
    MLDSA44Verifier,
    cosignature_message,
    cosignature_time,
    subtree_message,
    whole_tree,
)
from ledger.log.encoding import write_base64
from ledger.log.key import BadNoteSignature, MalformedKey
from ledger.log.note import Note, UnverifiedNote, format_note, parse_note, sign_note
from tests.support.log import (
    ORIGIN,
    TIME,
    ed25519_key,
    log_signers,
    seed,
    signed_checkpoint,
    verifiers,
    witness,
)

ROOT = bytes(range(32))
CHECKPOINT = Checkpoint(ORIGIN, 300, ROOT)
TEXT = f"{ORIGIN}\n300\n{write_base64(ROOT)}\n"
LOG_KEYS = verifiers(log_signers())
WITNESS = witness("w1.example")


def without(raw, line):
    note = parse_note(raw)
    kept = tuple(each for at, each in enumerate(note.signatures) if at != line)
    return format_note(Note(note.text, kept))


def test_the_text_is_origin_size_and_root():
    assert format_checkpoint(CHECKPOINT) == TEXT
    assert parse_checkpoint(TEXT) == CHECKPOINT


def test_a_foreign_log_may_have_extension_lines():
    extended = parse_checkpoint(TEXT + "one\ntwo\n")
    assert extended.extensions == ("one", "two")
    assert TEXT + "one\ntwo\n" == format_checkpoint(extended)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n\n",
        TEXT[:-1],
        TEXT + "\n",
        TEXT + "extension without end",
        TEXT.replace(ORIGIN, ""),
        TEXT.replace("300", ""),
        TEXT.replace("300", "0300"),
        TEXT.replace("300", "+300"),
        TEXT.replace("300", "-300"),
        TEXT.replace("300", "3_00"),
        TEXT.replace("300", " 300"),
        TEXT.replace("300", "\uff13\uff10\uff10"),  # full-width digits, which int() reads
        TEXT.replace("300", "300\r"),
        TEXT.replace("300", str(2**63)),
        TEXT.replace("300", "9" * 40),
        TEXT.replace("=", ""),
        TEXT.replace("=", "=="),
        TEXT.replace(write_base64(ROOT), write_base64(ROOT[1:])),
        TEXT.replace(write_base64(ROOT), write_base64(ROOT).replace("A", "*", 1)),
        TEXT.replace("ledger.", "led\x01ger."),
        TEXT.replace("ledger.", "led\ud800ger."),
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(MalformedCheckpoint):
        parse_checkpoint(text)


def test_the_largest_size_is_that_of_a_signed_64_bit_integer():
    assert 2**63 - 1 == parse_checkpoint(TEXT.replace("300", str(2**63 - 1))).size


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("two\nlines", 300, ROOT),
        Checkpoint("", 300, ROOT),
        Checkpoint(ORIGIN, -1, ROOT),
        Checkpoint(ORIGIN, 300, ROOT[1:]),
        Checkpoint(ORIGIN, 300, ROOT, ("",)),
        Checkpoint(ORIGIN, 300, ROOT, ("two\nlines",)),
    ],
)
def test_what_would_not_read_back_is_not_written(checkpoint):
    with pytest.raises(MalformedCheckpoint):
        format_checkpoint(checkpoint)


def test_the_log_signs_by_ed25519_and_by_ml_dsa_44_under_its_origin():
    note = parse_note(signed_checkpoint())
    assert [ORIGIN, ORIGIN] == [each.name for each in note.signatures]
    assert [64, 8 + 2420] == [len(each.blob) for each in note.signatures]
    assert TIME == cosignature_time(note.signatures[1].blob)


def test_a_checkpoint_opens_when_every_required_key_has_signed():
    assert 300 == open_checkpoint(signed_checkpoint(), ORIGIN, LOG_KEYS).size


@pytest.mark.parametrize("line", [0, 1])
def test_a_missing_line_of_the_log_is_refused(line):
    """An unknown line is ignored, so only its absence shows that one was tampered with."""
    raw = without(signed_checkpoint(), line)
    with pytest.raises(CheckpointRefused, match="key of the log"):
        open_checkpoint(raw, ORIGIN, LOG_KEYS)
    assert 300 == open_checkpoint(raw, ORIGIN, LOG_KEYS[1 - line :][:1]).size


def test_no_keys_open_nothing():
    with pytest.raises(CheckpointRefused):
        open_checkpoint(signed_checkpoint(), ORIGIN, [])


def test_a_key_of_another_name_is_no_key_of_the_log():
    """A witness given as log key by mistake must not make the log's own lines optional."""
    raw = signed_checkpoint(cosigners=[WITNESS])
    with pytest.raises(CheckpointRefused):
        open_checkpoint(raw, ORIGIN, verifiers([WITNESS]))


def test_a_checkpoint_of_another_log_under_the_same_keys_is_refused():
    raw = sign_checkpoint(Checkpoint("other.example/log", 300, ROOT), log_signers(), TIME)
    with pytest.raises(CheckpointRefused, match="another log"):
        open_checkpoint(raw, ORIGIN, LOG_KEYS)


def test_a_signed_text_that_is_no_checkpoint_is_refused():
    raw = sign_note("a letter\n", log_signers()[:1], TIME)
    with pytest.raises(MalformedCheckpoint):
        open_checkpoint(raw, ORIGIN, LOG_KEYS[:1])


def test_extension_lines_are_neither_signed_nor_opened():
    """ML-DSA-44 does not cover them, so anyone could add one below that signature alone."""
    extended = Checkpoint(ORIGIN, 300, ROOT, ("extension",))
    with pytest.raises(CheckpointRefused, match="extension"):
        sign_checkpoint(extended, log_signers(), TIME)
    raw = sign_note(format_checkpoint(extended), log_signers(), TIME)
    with pytest.raises(CheckpointRefused, match="extension"):
        open_checkpoint(raw, ORIGIN, LOG_KEYS)


def test_a_checkpoint_needs_a_signer():
    with pytest.raises(CheckpointRefused):
        sign_checkpoint(CHECKPOINT, [], TIME)


def test_the_lines_of_witnesses_are_returned_apart():
    others = [WITNESS, witness("w2.example"), witness("w3.example")]
    raw = signed_checkpoint(cosigners=others)
    checkpoint, lines = open_cosigned_checkpoint(raw, ORIGIN, LOG_KEYS, verifiers(others[:2]))
    assert 300 == checkpoint.size
    assert ["w1.example", "w2.example"] == [each.name for each in lines]


def test_a_missing_witness_is_no_error_here():
    assert (
        ()
        == open_cosigned_checkpoint(signed_checkpoint(), ORIGIN, LOG_KEYS, verifiers([WITNESS]))[1]
    )


def test_the_message_of_type_4_is_the_text_below_two_lines():
    """Example of C2SP tlog-cosignature."""
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert f"cosignature/v1\ntime 1679315147\n{text}".encode() == cosignature_message(
        text, 1679315147
    )


def test_the_message_of_type_6_is_the_struct_of_the_specification():
    expected = (
        b"subtree/v1\n\0"
        + bytes([2])
        + b"w1"
        + bytes.fromhex("0000000064185f0b")
        + bytes([len(ORIGIN)])
        + ORIGIN.encode()
        + bytes(8)
        + (300).to_bytes(8, "big")
        + ROOT
    )
    assert expected == subtree_message("w1", 0x64185F0B, whole_tree(CHECKPOINT))


def test_a_cosignature_is_bound_to_its_time():
    note = parse_note(signed_checkpoint(cosigners=[WITNESS]))
    for verifier, line in zip(
        (LOG_KEYS[1], *verifiers([WITNESS])), note.signatures[1:], strict=True
    ):
        verifier.verify(note.text, line.blob)
        later = (TIME + 1).to_bytes(8, "big") + line.blob[8:]
        with pytest.raises(BadNoteSignature):
            verifier.verify(note.text, later)


def test_a_time_that_no_instant_of_an_event_has_is_refused():
    last = int(datetime(2999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
    assert last == cosignature_time(last.to_bytes(8, "big") + b"signature")
    for late in (last + 1, 2**62, 1 << 63):
        with pytest.raises(BadNoteSignature):
            cosignature_time(late.to_bytes(8, "big") + b"signature")


@pytest.mark.parametrize("length", [0, 4, 8])
def test_a_cosignature_without_a_signature_is_refused(length):
    with pytest.raises(BadNoteSignature):
        cosignature_time(bytes(length))


def test_an_ml_dsa_key_cosigns_nothing_but_checkpoints():
    signer = log_signers()[1]
    with pytest.raises(MalformedCheckpoint):
        signer.sign("a letter\n", TIME)
    with pytest.raises(BadNoteSignature):
        LOG_KEYS[1].verify("a letter\n", signer.sign(TEXT, TIME))


def test_an_ml_dsa_cosignature_names_its_cosigner():
    """Unlike type 0x04: the same key under another name signs another message."""
    private = MLDSA44PrivateKey.from_seed_bytes(seed("shared"))
    one, two = MLDSA44Signer("one.example", private), MLDSA44Signer("two.example", private)
    with pytest.raises(BadNoteSignature):
        verifiers([two])[0].verify(TEXT, one.sign(TEXT, TIME))


def test_names_and_origins_signed_by_ml_dsa_have_at_most_255_bytes():
    """The message writes their length in one byte."""
    public = log_signers()[1].public
    MLDSA44Verifier("n" * 255, public)
    with pytest.raises(MalformedKey):
        MLDSA44Verifier("ệ" * 86, public)
    long = Checkpoint("o" * 256, 300, ROOT)
    with pytest.raises(MalformedCheckpoint):
        subtree_message("w1", TIME, whole_tree(long))


def test_a_cosignature_is_no_plain_signature():
    """The key id holds the type, so one type never stands in for another."""
    line = parse_note(sign_note(TEXT, [WITNESS], TIME)).signatures[0]
    plain = type(log_signers()[0])("w1.example", ed25519_key("w1.example"))
    with pytest.raises(UnverifiedNote):
        open_checkpoint(format_note(Note(TEXT, (line,))), "w1.example", verifiers([plain]))
