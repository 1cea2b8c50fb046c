"""The parts of the one-file verifier, each beside the part of the package that reads the same."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import court
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.merkle import LogError
from ledger.log.note import parse_note, parse_vkey
from ledger.log.policy import parse_policy
from ledger.verify.event import read_event
from ledger.verify.outcome import Refused
from ledger.wire import canonical
from ledger.wire.base64 import b64decode
from ledger.wire.canonical import WireError
from ledger.wire.instant import parse_instant
from tests.property.test_log_parsers import NOTE, PIECES, POLICY, TEXT, VKEY, mutations
from tests.support.sample_log import ORIGIN, sample_log

ENTRIES = sample_log(24).entries
often = settings(max_examples=400, deadline=None)


def answer(read: Callable[..., Any], *given_: Any) -> Any:
    """Return what was read, or `Refused` and the step where there is one."""
    try:
        return read(*given_)
    except (LogError, WireError, court.CheckFailed):
        return Refused
    except Refused as refused:
        return (Refused, refused.step.number)
    except court.Refused as refused:
        return (Refused, refused.step)


@often
@given(mutations(NOTE))
def test_notes(raw: bytes) -> None:
    theirs = answer(parse_note, raw)
    if theirs is not Refused:
        lines = [((each.name, each.key_id), each.blob) for each in theirs.signatures]
        theirs = (theirs.text, lines)
    assert theirs == answer(court.read_note, raw)


@often
@given(mutations(TEXT.encode()))
def test_checkpoints(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    theirs = answer(parse_checkpoint, text)
    if theirs is not Refused:
        told = (theirs.origin, theirs.size, theirs.root)
        theirs = Refused if theirs.extensions else told  # Ours has none, so it knows of none.
    ours = answer(court.read_head, text)
    # What no note can hold comes never so far.
    assert theirs == ours or any(char < " " and char != "\n" for char in text)


@often
@given(mutations(VKEY.encode()))
def test_verifier_keys(raw: bytes) -> None:
    vkey = raw.decode("utf-8", "replace")
    theirs, ours = answer(parse_vkey, vkey), answer(court.NoteKey.read, vkey)
    assert (theirs is Refused) == (ours is Refused)
    if ours is not Refused:
        assert (theirs.name, theirs.key_type, theirs.public) == tuple(ours)[:3]
        assert (theirs.name, theirs.key_id) == ours.label


@often
@given(mutations(POLICY))
def test_policies(raw: bytes) -> None:
    theirs, ours = answer(parse_policy, raw), answer(court.read_policy, raw)
    assert (theirs is Refused) == (ours is Refused)
    if ours is not Refused:
        assert [each.name for each in theirs.witnesses] == list(ours.witnesses)
        assert [(g.name, g.threshold, list(g.members)) for g in theirs.groups] == ours.groups
        assert [theirs.quorum or "none"] == ours.quorums


@often
@given(st.sampled_from(range(len(ENTRIES))), st.data())
def test_entries(position: int, data: st.DataObject) -> None:
    raw = data.draw(mutations(ENTRIES[position]))
    theirs, ours = (
        answer(read_event, raw, position, ORIGIN),
        answer(court.read_event, raw, position, ORIGIN),
    )
    if isinstance(ours, court.Event):
        told = (theirs.entry.accepted, theirs.event_id, theirs.type, theirs.signers, theirs.body)
        assert told == (ours.accepted, ours.says["event_id"], ours.kind, ours.signers, ours.body)
    else:
        assert theirs == ours


TEXTS = st.text(max_size=12) | st.sampled_from(["e\u0301", "\u200b", "\ud800", "\x7f", "\u0378"])
NAMES = st.sampled_from(["a", "b", "amount", "A", "", "a-b", "x" * 64, "x" * 65])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**54), 2**54) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=4),
    max_leaves=12,
)


@often
@given(st.dictionaries(NAMES, VALUES, max_size=4), st.booleans())
def test_payloads(value: dict[str, Any], spaced: bool) -> None:  # noqa: FBT001
    raw = court.dumps(value).encode("utf-8", "surrogatepass")
    raw = raw.replace(b":", b": ", 1) if spaced else raw

    def by_one_file(raw: bytes) -> Any:
        found = court.loads(raw.decode("utf-8", "replace"))
        court.require(court.dumps(found).encode("utf-8", "replace") == raw, "not UTF-8")
        court.check_value(found)
        return found

    assert answer(lambda given_: canonical.load(given_, admission=False), raw) == answer(
        by_one_file, raw
    )


def test_the_deepest_and_largest_payloads() -> None:
    def nested(depth: int) -> Any:
        return {"a": nested(depth - 1)} if depth else 1

    for value in (
        *(nested(depth) for depth in (15, 16, 17, 30)),
        *({"a": [1] * count} for count in (4096, 4097)),
        *({f"a{n}": 1 for n in range(count)} for count in (512, 513)),
        *({"a": "x" * count} for count in (16384, 16385)),
        *({"a": "\u1ea1" * count} for count in (5461, 5462)),
        *({"a": sign * (2**53 - over)} for sign in (1, -1) for over in (0, 1)),
    ):
        raw = court.dumps(value).encode()
        theirs = answer(lambda given_: canonical.load(given_, admission=False), raw)
        assert (theirs is Refused) == (answer(court.check_value, value) is Refused)


@often
@given(st.lists(PIECES | st.sampled_from([b"QQ==", b"QR==", b"AAAA", b"A"]), max_size=3))
def test_base64(pieces: list[bytes]) -> None:
    text = b"".join(pieces).decode("utf-8", "replace")
    assert answer(b64decode, text) == answer(court.unbase64, text)


@often
@given(mutations(b"2026-11-22T03:10:00.123Z"))
def test_instants(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    assert answer(parse_instant, text) == answer(court.instant, text)
