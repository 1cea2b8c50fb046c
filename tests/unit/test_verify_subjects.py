"""Step 7: what the body is about is among the subjects, or a history could be shown without it."""

from pathlib import Path
from typing import Any

import pytest

from ledger import court
from ledger.domain.government.governance import charter_subject
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.verify.outcome import Check, Refused
from ledger.verify.verifier import verify_receipt
from ledger.wire import canonical
from ledger.wire.entry import parse_entry
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR
from tests.support.governance import log_keys_adopted
from tests.support.log import format_vkey
from tests.support.sample_log import SampleLog, log_signers, party_key, sample_log
from tests.support.verifying import append, payload, refusal_of, seal, sealed_bundle, verified


@pytest.fixture
def log() -> SampleLog:
    return sample_log(12)


def without(log: SampleLog, *left_out: str) -> None:
    """Take the last entry back and sign it again, without some of its subjects."""
    entry = parse_entry(log.entries.pop())
    value = canonical.load(entry.payload)
    subjects = [each for each in value["subjects"] if each not in left_out]
    assert len(subjects) == len(value["subjects"]) - len(left_out)
    append(log, {**value, "subjects": subjects}, [party_key(each) for each in value["signers"]])


def registered(log: SampleLog, **says: Any) -> None:
    body = b.technology_registered(technology="technology:x", owners=[b.held(FIRM)], **says)
    log.say(body, [FIRM])


@pytest.mark.parametrize("left_out", ["technology:x", FIRM])
def test_an_event_that_is_left_out_of_a_history_is_refused(
    left_out: str, log: SampleLog, tmp_path: Path
) -> None:
    """A bundle showed that the technology had no history, beside the entry that registered it."""
    registered(log)
    without(log, left_out)
    refused = refusal_of(log, tmp_path)
    assert (Check.LISTS, 12) == (refused.step, refused.position)
    with pytest.raises(Refused, match="step 7"):
        verify_receipt(log.proof(12), log.entries[12], log.trust_root())
    seal(log)
    with pytest.raises(court.Refused, match="step 7"):
        court.verify(sealed_bundle(log, range(14), left_out), log.trust_root())


def test_the_charter_is_not_left_out_of_what_governs_the_log(
    log: SampleLog, tmp_path: Path
) -> None:
    """Else a whole history of the charter would hide who signs for the log."""
    ledger = ledger_subject(log.origin)
    vkeys = map(format_vkey, log_signers(log.origin))
    log.say(log_keys_adopted(*vkeys, ledger=ledger), [OPERATOR, REGISTRAR])
    without(log, charter_subject(ledger))
    refused = refusal_of(log, tmp_path)
    assert (Check.LISTS, 12) == (refused.step, refused.position)


def test_a_key_is_not_left_out_of_its_own_history(log: SampleLog, tmp_path: Path) -> None:
    key = party_key(INSTITUTE, 1)
    body = {"party": INSTITUTE, "key_id": key.key_id, "suspended_by": INSTITUTE}
    log.say(body, [INSTITUTE], keys=[key], topic="key.suspended/1")
    verified(log, tmp_path / "true")
    entry = parse_entry(log.entries.pop())
    append(log, {**canonical.load(entry.payload), "subjects": [INSTITUTE]}, [key])
    refused = refusal_of(log, tmp_path / "false")
    assert (Check.LISTS, 12) == (refused.step, refused.position)


def test_a_type_that_nobody_knows_yet_is_held_to_nothing(log: SampleLog, tmp_path: Path) -> None:
    says = {"technology": "technology:x"}
    append(log, payload(log, type="technology.weighed/1", body=says))
    assert 13 == verified(log, tmp_path).checkpoint.size
