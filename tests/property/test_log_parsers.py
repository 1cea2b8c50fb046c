"""No bytes make a parser raise anything but a LogError; what is read is written back the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.log.checkpoint import format_checkpoint, open_checkpoint, parse_checkpoint
from ledger.log.merkle import LogError
from ledger.log.note import format_note, format_vkey, open_note, parse_note, parse_vkey
from ledger.log.policy import QUORUM_NONE_POLICY, parse_policy
from ledger.log.receipt import TlogProof, format_tlog_proof, parse_tlog_proof, verify_tlog_proof
from ledger.log.tiles import (
    authenticate,
    entries_path,
    format_bundle,
    parse_bundle,
    parse_tile_path,
    tile_path,
)
from tests.support.log import ORIGIN, leaves, log_signers, signed_checkpoint, verifiers, witness

LOG_KEYS = verifiers(log_signers())
NOTE = signed_checkpoint(cosigners=[witness("w1.example")])
TEXT = parse_note(NOTE).text
RECEIPT = format_tlog_proof(TlogProof(7, tuple(leaves(4)), NOTE, b"extra"))
VKEY = format_vkey(witness("w1.example"))
POLICY = f"# a policy\nwitness w {VKEY} url\ngroup g 1 w\nquorum g\n".encode()
BUNDLE = format_bundle([b"", b"one", b"three"])

# Pieces that a mutation is likely to get past the first check with.
PIECES = st.sampled_from(
    [
        b"\n",
        b"\n\n",
        "\N{EM DASH} ".encode(),
        b" ",
        b"+",
        b"=",
        b"0",
        b"9" * 30,
        b"A" * 44,
        "\N{FULLWIDTH DIGIT ONE}".encode(),
        b"\xff",
        b"\xed\xa0\x80",
        b"\x00",
        b"\x85",
        "\u2028".encode(),
        b"index ",
        b"extra ",
        b".p/",
        b"x001/",
        b"all",
        b"none",
    ]
)


@st.composite
def mutations(draw, *originals):
    """Draw random bytes, or a valid original with some spans replaced."""
    raw = draw(st.one_of(st.binary(max_size=200), st.sampled_from(originals)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(len(raw), start + 8)))
        raw = raw[:start] + draw(st.one_of(PIECES, st.binary(max_size=4))) + raw[end:]
    return raw


def texts(*originals):
    """Draw str as a JSON reader or `surrogateescape` may hand it in, lone surrogates included."""
    return st.one_of(
        st.text(st.characters()),
        st.text(st.characters(categories=["Cs", "Nd", "Zs", "Cc"])),
        mutations(*(each.encode() for each in originals)).map(
            lambda raw: raw.decode("utf-8", "surrogateescape")
        ),
    )


many = settings(max_examples=250, deadline=None)


def reads_back(parse, write, raw):
    """Check that `raw` is refused by a LogError or written back as it was."""
    try:
        parsed = parse(raw)
    except LogError as error:
        assert type(error) is not LogError  # noqa: PT017  the superclass is never raised itself
    else:
        assert raw == write(parsed)


@many
@given(mutations(NOTE))
def test_notes(raw):
    reads_back(parse_note, format_note, raw)


@many
@given(mutations(NOTE))
def test_opened_notes(raw):
    reads_back(lambda r: open_note(r, LOG_KEYS)[0], format_note, raw)


@many
@given(texts(TEXT, TEXT + "extension\n"))
def test_checkpoints(text):
    reads_back(parse_checkpoint, format_checkpoint, text)


@many
@given(mutations(NOTE))
def test_a_mutated_checkpoint_never_opens_as_another(raw):
    try:
        opened = open_checkpoint(raw, ORIGIN, LOG_KEYS)
    except LogError:
        return
    assert TEXT == format_checkpoint(opened)


@many
@given(texts(VKEY, *map(format_vkey, log_signers())))
def test_verifier_keys(vkey):
    reads_back(parse_vkey, format_vkey, vkey)


@many
@given(st.sampled_from([*LOG_KEYS, *verifiers([witness("w1.example")])]), st.binary())
def test_verifiers_refuse_any_blob(verifier, blob):
    with pytest.raises(LogError):
        verifier.verify(TEXT, blob)


@many
@given(mutations(POLICY, QUORUM_NONE_POLICY))
def test_a_policy_is_met_by_all_its_witnesses_and_never_by_none(raw):
    try:
        policy = parse_policy(raw)
    except LogError:
        return
    assert policy.satisfied([each.name for each in policy.witnesses])
    assert (policy.quorum is None) == policy.satisfied([])


@many
@given(mutations(RECEIPT))
def test_receipts(raw):
    reads_back(parse_tlog_proof, format_tlog_proof, raw)


@many
@given(mutations(RECEIPT), st.binary(max_size=40))
def test_no_bytes_verify_as_a_receipt(raw, leaf):
    with pytest.raises(LogError):
        verify_tlog_proof(raw, leaf, ORIGIN, LOG_KEYS)


@many
@given(mutations(BUNDLE), st.integers(-1, 300))
def test_bundles(raw, width):
    reads_back(lambda r: parse_bundle(r, width), format_bundle, raw)


@many
@given(texts("tile/0/x001/234.p/5", "tile/entries/x001/x234/067", "tile/63/999"))
def test_tile_paths(path):
    def write(parsed):
        if parsed.level is None:
            return entries_path(parsed.index, parsed.width)
        return tile_path(parsed.level, parsed.index, parsed.width)

    reads_back(parse_tile_path, write, path)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.binary(max_size=32), st.binary(max_size=100))
def test_no_tiles_but_its_own_authenticate_a_root(size, root, tile):
    with pytest.raises(LogError):
        list(authenticate(size, root, lambda _level, _n, _width: tile))


@settings(deadline=None)
@given(st.integers(0, 63), st.integers(0, 2**55 - 1), st.integers(1, 256))
def test_every_tile_has_one_path(level, n, width):
    parsed = parse_tile_path(tile_path(level, n, width))
    assert (level, n, width) == (parsed.level, parsed.index, parsed.width)
