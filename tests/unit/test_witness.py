"""A witness's answers (C2SP tlog-witness): every status, what it signs, what it never forgets."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.log.checkpoint import open_checkpoint, open_cosigned_checkpoint
from ledger.log.cosignature import Subtree, cosignature_time
from ledger.log.encoding import write_base64
from ledger.log.merkle import EMPTY_ROOT, root_of
from ledger.log.note import Note, format_note, parse_note, sign_note
from ledger.log.tree_head import Checkpoint, format_checkpoint, parse_checkpoint
from ledger.log.witness_request import MAX_PROOF
from ledger.witness import state
from ledger.witness.directory import BadConfig, NoWitness, WitnessDirectory, WitnessExists
from ledger.witness.state import BookExists, BookMissing, Cosigned, WitnessState, create_book
from tests.support.log import (
    ORIGIN,
    TIME,
    flip,
    format_vkey,
    log_signers,
    naive_subproof,
    verifiers,
)
from tests.support.witnessing import LEAVES, NAME, Bench, asked, note, signers

OTHER_ROOT = root_of(LEAVES[1:9])


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with closing(Bench(tmp_path / "book.sqlite")) as bench:
        yield bench


def test_a_first_checkpoint_is_cosigned_by_both_keys(bench: Bench) -> None:
    answer = bench.add(0, 8)
    assert 200 == answer.status
    log, ours = verifiers(log_signers()), verifiers(signers())
    checkpoint, lines = open_cosigned_checkpoint(note(8) + answer.body.encode(), ORIGIN, log, ours)
    assert (8, root_of(LEAVES[:8])) == (checkpoint.size, checkpoint.root)
    assert {(each.name, each.key_id) for each in signers()} == {(x.name, x.key_id) for x in lines}
    assert {TIME} == {cosignature_time(each.blob) for each in lines}


def test_each_checkpoint_must_continue_the_last(bench: Bench) -> None:
    sizes = (1, 2, 7, 8, 31, 40)
    for old, size in zip((0, *sizes), sizes, strict=False):
        assert 200 == bench.add(old, size).status
    again = bench.add(40, 40)
    assert 200 == again.status
    assert 2 == again.body.count("\n")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n" + note(8),
        b"old 00\n\n" + note(8),
        b"old -1\n\n" + note(8),
        b"old 0 \n\n" + note(8),
        b"olde 0\n\n" + note(8),
        b"old 0\nAAAA\n\n" + note(8),
        b"old 0\r\n\r\n" + note(8),
        b"old 0\n\nno note",
        b"old 0\n\n" + note(8).replace(b"\n8\n", b"\n08\n"),
        asked(0, 8, proof=[EMPTY_ROOT] * (MAX_PROOF + 1)),
        asked(9, 8, proof=[]),
    ],
)
def test_what_is_malformed_is_400(bench: Bench, body: bytes) -> None:
    assert 400 == bench.witness.add_checkpoint(body).status
    assert bench.book.latest(ORIGIN) is None


def test_a_log_that_is_not_known_is_404(bench: Bench) -> None:
    raw = note(8, origin="ledger.example.vn/techledger/other")
    assert 404 == bench.witness.add_checkpoint(asked(0, 8, raw=raw)).status


def test_what_the_log_has_not_signed_is_403(bench: Bench) -> None:
    text = format_checkpoint(Checkpoint(ORIGIN, 8, root_of(LEAVES[:8])))
    by_a_stranger = sign_note(text, signers(), TIME)
    assert 403 == bench.witness.add_checkpoint(asked(0, 8, raw=by_a_stranger)).status
    first, second = parse_note(note(8)).signatures
    broken = replace(first, blob=flip(first.blob, 40))
    for lines in ((broken,), (broken, second), (replace(first, name="another.name"),)):
        raw = format_note(Note(text, lines))
        assert 403 == bench.witness.add_checkpoint(asked(0, 8, raw=raw)).status
    one = format_note(Note(text, (first,)))
    assert 200 == bench.witness.add_checkpoint(asked(0, 8, raw=one)).status


def test_another_old_size_than_the_last_is_409_with_the_last(bench: Bench) -> None:
    bench.add(0, 8)
    for old in (0, 7):
        answer = bench.add(old, 9)
        assert (409, "8\n", "text/x.tlog.size") == (answer.status, answer.body, answer.media_type)
    assert 200 == bench.add(8, 9).status


@pytest.mark.parametrize(
    ("old", "body"),
    [
        (8, asked(8, 20, proof=[])),
        (8, asked(8, 20, proof=[EMPTY_ROOT])),
        (8, asked(8, 8, raw=note(8, OTHER_ROOT))),
        (8, asked(8, 20, raw=note(20, OTHER_ROOT))),
        (8, asked(8, 8, proof=[EMPTY_ROOT])),
        (0, asked(0, 8, proof=[EMPTY_ROOT])),
        (0, asked(0, 0, raw=note(0, OTHER_ROOT))),
    ],
)
def test_what_does_not_continue_is_422(bench: Bench, old: int, body: bytes) -> None:
    if old:
        bench.add(0, old)
    before = bench.book.latest(ORIGIN)
    answer = bench.witness.add_checkpoint(body)
    assert 422 == answer.status
    assert before == bench.book.latest(ORIGIN)
    # A proof that fails proves nothing; two roots of one size, signed, prove a fork.
    assert (OTHER_ROOT.hex() in signed_roots(body)) == bool(bench.book.contradictions(ORIGIN))


def signed_roots(body: bytes) -> set[str]:
    """Return the root of a request whose size was cosigned, or is 0, with another."""
    head = parse_checkpoint(parse_note(body.partition(b"\n\n")[2]).text)
    return {head.root.hex()} if head.size in (0, 8) else set()


def test_a_fork_is_kept_whatever_old_size_it_is_sent_with(bench: Bench) -> None:
    bench.add(0, 8)
    bench.add(8, 20)
    fork = note(8, OTHER_ROOT)
    for old, status in ((0, 409), (8, 409), (20, 400)):
        answer = bench.witness.add_checkpoint(asked(old, 8, proof=[], raw=fork))
        assert status == answer.status
    (kept,) = bench.book.contradictions(ORIGIN)
    assert TIME == kept.received
    ours, theirs = (parse_checkpoint(parse_note(raw).text) for raw in (kept.cosigned, kept.other))
    assert (8, 8, True) == (ours.size, theirs.size, ours.root != theirs.root)
    for raw in (kept.cosigned, kept.other):
        open_checkpoint(raw, ORIGIN, verifiers(log_signers()))


def test_nobody_without_the_logs_keys_can_fill_the_evidence(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Junk proofs under true checkpoints filled it once, after which a fork was not kept."""
    monkeypatch.setattr(state, "KEPT", 3)
    bench.add(0, 8)
    for number in range(10):
        junk = [sha256(bytes([number])).digest()]
        assert 422 == bench.witness.add_checkpoint(asked(8, 20, proof=junk)).status
        assert 422 == bench.witness.add_checkpoint(asked(8, 8, proof=junk)).status
    assert [] == bench.book.contradictions(ORIGIN)
    fork = asked(8, 8, raw=note(8, OTHER_ROOT))
    for _ in range(10):
        assert 422 == bench.witness.add_checkpoint(fork).status
    assert 1 == len(bench.book.contradictions(ORIGIN))


def test_a_monitor_is_told_nothing_that_is_not_committed(bench: Bench) -> None:
    bench.add(0, 8)
    hashed = sha256(ORIGIN.encode()).hexdigest()
    told = bench.witness.checkpoint(hashed).body

    def cut() -> None:
        with bench.book.moving() as moving:
            moving.write(ORIGIN, Cosigned(9, OTHER_ROOT, TIME, note(9, OTHER_ROOT)))
            assert told == bench.witness.checkpoint(hashed).body
            raise OSError("power")

    with pytest.raises(OSError, match="power"):
        cut()
    assert told == bench.witness.checkpoint(hashed).body


def test_a_book_of_an_earlier_version_is_opened_and_goes_on(bench: Bench, tmp_path: Path) -> None:
    bench.add(0, 8)
    bench.book.close()
    with sqlite3.connect(tmp_path / "book.sqlite") as old:
        old.execute("DROP TABLE history")
        old.execute("DROP TABLE contradiction")
    old.close()
    with closing(Bench(tmp_path / "book.sqlite", fresh=False)) as again:
        again.witness.add_checkpoint(asked(8, 8, raw=note(8, OTHER_ROOT)))
        assert 1 == len(again.book.contradictions(ORIGIN))
        assert 200 == again.add(8, 9).status


def test_an_empty_log_has_the_empty_root(bench: Bench) -> None:
    assert 200 == bench.witness.add_checkpoint(asked(0, 0, raw=note(0, EMPTY_ROOT))).status
    assert 200 == bench.add(0, 8).status


def test_nothing_is_dated_before_what_was_cosigned(bench: Bench) -> None:
    bench.add(0, 8)
    bench.now = TIME - 1
    assert 503 == bench.add(8, 9).status
    bench.now = TIME
    assert 200 == bench.add(8, 9).status


def test_a_monitor_sees_the_logs_lines_and_ours(bench: Bench) -> None:
    house = bench.witness
    hashed = sha256(ORIGIN.encode()).hexdigest()
    assert 404 == house.checkpoint(hashed).status
    answer = bench.add(0, 8)
    seen = house.checkpoint(hashed)
    assert (200, True) == (seen.status, seen.body.endswith(answer.body))
    everyone = verifiers(signers())
    log = verifiers(log_signers())
    checkpoint, lines = open_cosigned_checkpoint(seen.body.encode(), ORIGIN, log, everyone)
    assert (8, 2) == (checkpoint.size, len(lines))
    assert 404 == house.checkpoint(64 * "0").status


def test_of_many_at_once_one_moves_and_the_others_are_told(bench: Bench) -> None:
    bench.add(0, 8)
    seen: Counter[int] = Counter()
    lock = threading.Lock()

    def ask(size: int) -> None:
        status = bench.add(8, size).status
        with lock:
            seen[status] += 1

    threads = [threading.Thread(target=ask, args=(size,)) for size in range(9, 33)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {200: 1, 409: 23} == dict(seen)


def test_what_was_cosigned_is_known_after_a_restart(bench: Bench, tmp_path: Path) -> None:
    bench.add(0, 8)
    bench.book.close()
    with closing(Bench(tmp_path / "book.sqlite", fresh=False)) as again:
        assert (409, "8\n") == (again.add(0, 3).status, again.add(0, 3).body)
        assert 200 == again.add(8, 9).status


def test_a_book_is_made_once_and_never_anew(tmp_path: Path) -> None:
    with pytest.raises(BookMissing):
        WitnessState(tmp_path / "none.sqlite")
    create_book(tmp_path / "book.sqlite")
    with pytest.raises(BookExists):
        create_book(tmp_path / "book.sqlite")


def subtree_asked(start: int, end: int, size: int, raw: bytes, root: bytes | None = None) -> bytes:
    proof = naive_subproof(start, end, LEAVES[:size], known=True)
    found = root_of(LEAVES[start:end]) if root is None else root
    lines = [f"subtree {start} {end}", write_base64(found), *map(write_base64, proof)]
    return "\n".join(lines).encode() + b"\n\n" + raw


def cosigned(bench: Bench, size: int) -> bytes:
    bench.add(0, size)
    last = bench.book.latest(ORIGIN)
    assert last is not None
    return last.note


def test_a_subtree_of_a_cosigned_tree_is_signed_without_a_time(bench: Bench) -> None:
    raw = cosigned(bench, 14)
    answer = bench.witness.sign_subtree(subtree_asked(8, 13, 14, raw))
    assert 200 == answer.status
    (line,) = parse_note(b"x\n\n" + answer.body.encode()).signatures
    subtree = Subtree(ORIGIN, 8, 13, root_of(LEAVES[8:13]))
    signers()[1].verifier().verify_subtree(subtree, line.blob)
    assert 0 == cosignature_time(line.blob)


def test_a_subtree_is_refused_as_the_protocol_says(bench: Bench) -> None:
    raw = cosigned(bench, 14)
    ask = bench.witness.sign_subtree
    assert 400 == ask(b"subtree 8 13\n\n" + raw).status
    assert 400 == ask(subtree_asked(8, 13, 14, raw).replace(b"8 13", b"8 15")).status
    assert 400 == ask(subtree_asked(8, 13, 14, raw).replace(b"8 13", b"7 13")).status
    assert 403 == ask(subtree_asked(8, 13, 14, note(14))).status
    assert 422 == ask(subtree_asked(8, 13, 14, raw, EMPTY_ROOT)).status
    other = note(14, origin="ledger.example.vn/techledger/other")
    assert 404 == ask(subtree_asked(8, 13, 14, other)).status


def test_a_house_is_made_once_and_says_what_is_wrong(tmp_path: Path) -> None:
    house = WitnessDirectory(tmp_path / "witness")
    with pytest.raises(NoWitness):
        house.config()
    vkeys = tuple(format_vkey(signer) for signer in log_signers())
    with pytest.raises(BadConfig):
        house.create("has space", vkeys, "127.0.0.1", 1)
    with pytest.raises(BadConfig):
        house.create(NAME, ("no vkey",), "127.0.0.1", 1)
    with pytest.raises(BadConfig):
        house.create(NAME, (format_vkey(signers()[0]),), "127.0.0.1", 1)
    house.create(NAME, vkeys, "127.0.0.1", 8021)
    config = house.config()
    assert (NAME, 8021, [ORIGIN]) == (config.name, config.port, list(config.logs))
    assert 2 == len(config.logs[ORIGIN])
    with pytest.raises(WitnessExists):
        house.create(NAME, vkeys, "127.0.0.1", 8021)
