"""Who signs for a log is shown by the whole history of its own charter, and of no other subject."""

import pytest

from ledger import court
from ledger.domain.government.governance import charter_subject
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.verify.verifier import verify_receipt
from tests.support.builders import FIRM, OPERATOR, REGISTRAR, held, technology_registered
from tests.support.governance import policy_adopted
from tests.support.reference_evidence import verify_evidence as by_parts
from tests.support.sample_log import SampleLog, sample_log
from tests.support.verifying import seal, sealed_bundle

CHANGED = "whether the log's keys, policy or operator changed since"
SIZE = 12


@pytest.fixture(scope="module")
def log() -> SampleLog:
    """Return a log that adopted another policy at position 12, and sealed it at position 14."""
    log = sample_log(SIZE)
    speakers = [{"group": "state", "party": REGISTRAR}, {"group": "firms", "party": FIRM}]
    body = policy_adopted(
        "# of this year",
        "quorum none",
        ledger=ledger_subject(log.origin),
        speakers=speakers,
        approved_by=[FIRM, REGISTRAR],
    )
    log.say(body, [FIRM, OPERATOR, REGISTRAR])
    log.say(technology_registered(technology="technology:x", owners=[held(FIRM)]), [FIRM])
    seal(log)
    return log


def own_charter(log: SampleLog) -> str:
    return charter_subject(ledger_subject(log.origin))


OTHERS = {
    "none": (),
    "a charter of no ledger": ("charter:0",),
    "the charter of another ledger": (charter_subject(ledger_subject("other.example/log")),),
    "a name that begins like the log's own": (own_charter(sample_log(1))[:-1],),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_charter_shows_nothing_of_this_log(name: str, log: SampleLog) -> None:
    """An empty history of a subject that nobody has touched hid a policy that was adopted."""
    shown, trust = sealed_bundle(log, [0, 13, 14], *OTHERS[name], "technology:x"), log.trust_root()
    answer = court.verify(shown, trust)
    assert (0, CHANGED) in answer.unchecked
    assert "unchecked" == answer.states[court.CHECKPOINT]
    assert answer.unchecked == by_parts(shown, trust).unchecked
    told = verify_receipt(log.proof(3, SIZE), log.entries[3], trust, shown).unchecked
    assert [what for _, what in told if CHANGED in what]


def test_the_logs_own_charter_shows_it_up_to_the_seal(log: SampleLog) -> None:
    policy, trust = b"# of this year\nquorum none\n", log.trust_root()
    shown = sealed_bundle(log, [0, 12, 14], own_charter(log), policy=policy)
    answer = court.verify(shown, trust)
    assert (14, CHANGED) in answer.unchecked
    assert answer.unchecked == by_parts(shown, trust).unchecked
    told = verify_receipt(log.proof(3, SIZE), log.entries[3], trust, shown).unchecked
    assert not [what for _, what in told if CHANGED in what]
    with pytest.raises(court.Refused, match="step 10"):
        court.verify(sealed_bundle(log, [0, 13, 14], own_charter(log)), trust)
