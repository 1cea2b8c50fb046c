"""What one signed is known by the hash of its payload: an id can be put on anything."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.follow.monitor import Mine
from ledger.follow.sent import SentUnreadable, SignedById, read_sent
from ledger.node.genesis import key_record
from ledger.wire import canonical
from ledger.wire.envelope import (
    envelope_to_object,
    payload_hash,
    sign_envelope,
)
from tests.support import builders as b
from tests.support.builders import FIRM, OPERATOR
from tests.support.sample_log import event_id, party_key, sample_log
from tests.support.verifying import payload
from tests.unit.test_audit_export import MemoryLog
from tests.unit.test_monitor import Watch

LATER = "2026-12-24T00:00:00.000Z"
PAYLOAD = canonical.dump(payload(sample_log(12)))
ENVELOPE = json.dumps(envelope_to_object(sign_envelope(PAYLOAD, [party_key(FIRM)]))).encode()
HASH = payload_hash(PAYLOAD)


@pytest.mark.parametrize(
    "content",
    [
        PAYLOAD,
        ENVELOPE,
        b'{"envelope":' + ENVELOPE + b',"openings":[]}',
        HASH.encode() + b"\n",
        HASH.removeprefix("sha256:").encode(),
    ],
)
def test_an_envelope_a_submission_a_payload_and_its_hash_say_the_same(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "sent.json").write_bytes(content)
    (tmp_path / "promise.note").write_bytes(b"nothing that was sent")
    assert {HASH} == read_sent(tmp_path / "sent.json") == read_sent(tmp_path)


def test_a_list_has_many(tmp_path: Path) -> None:
    other = payload_hash(b"other")
    (tmp_path / "sent").write_text(f"{HASH}\n\n{other}\n")
    assert {HASH, other} == read_sent(tmp_path / "sent")


@pytest.mark.parametrize("content", [b"{", b"{}", b"[]", b"sha256:12", b"\xff", ENVELOPE[:-9]])
def test_what_says_nothing_of_a_payload_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(content)
    with pytest.raises(SentUnreadable, match="SIGNED_UNREADABLE"):
        read_sent(tmp_path / "sent")


def test_an_id_alone_is_refused_and_the_command_says_why(tmp_path: Path) -> None:
    sent, trust = tmp_path / "sent.txt", tmp_path / "trust.json"
    sent.write_text(f"{HASH}\n{event_id(7)}\n")
    trust.write_bytes(sample_log(1).trust_root())
    with pytest.raises(SignedById, match="SIGNED_BY_ID"):
        read_sent(sent)
    words = ["monitor", str(tmp_path / "m"), "--url", "http://127.0.0.1:9", "--trust", str(trust)]
    done = CliRunner().invoke(app, [*words, "--party", FIRM, "--signed", str(sent)])
    assert (2, True) == (done.exit_code, "SIGNED_BY_ID" in done.output), done.output
    assert not (tmp_path / "m.monitor.json").exists()


def test_an_event_that_bears_the_id_of_what_was_withheld_is_not_ones_own(tmp_path: Path) -> None:
    """The operator withholds what a firm sent, and puts its ids on what a vouched key signs."""
    log, thief = sample_log(12), party_key(FIRM, 7)
    ids = [event_id(number) for number in (12, 13)]
    added = b.key_added(party=FIRM, key=key_record(thief), vouched_by=b.REGISTRAR, not_before=LATER)
    keys = [thief, party_key(OPERATOR), party_key(b.REGISTRAR)]
    log.say(added, [FIRM, OPERATOR, b.REGISTRAR], keys=keys)
    log.say(b.technology_registered(technology="technology:x"), [FIRM], keys=[thief])
    watch = Watch(tmp_path, log, mine=Mine([FIRM], {HASH, *ids}))
    watch.source = MemoryLog(log)
    found = [alarm for alarm in watch.monitor.look() if (alarm.position or 0) >= 12]
    assert {"WAITING", "NOT_MINE"} <= {alarm.kind for alarm in found}
    assert {12, 13} == {alarm.position for alarm in found if alarm.kind == "NOT_MINE"}


def test_what_is_no_regular_file_is_named_and_waited_for_by_nobody(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(SentUnreadable, match=r"pipe\.json"):
        read_sent(tmp_path)
    (tmp_path / "pipe.json").unlink()
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    with pytest.raises(SentUnreadable, match=r"loop\.txt"):
        read_sent(tmp_path)
    (tmp_path / "loop.txt").unlink()
    (tmp_path / "dir.json").mkdir()
    with pytest.raises(SentUnreadable, match=r"dir\.json"):
        read_sent(tmp_path)
