"""What the tests of `ledger.verify` share: verify a sample log, and entries made wrong by hand."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ledger import court
from ledger.domain.government.seal import LedgerSealed
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.domain.rights.technology import TechnologyRegistered
from ledger.events.compose import compose
from ledger.log.evidence_bundle import Evidence, ShownEntry, ShownHistory, format_evidence
from ledger.log.policy import QUORUM_NONE_POLICY
from ledger.log.proof import prove_inclusion
from ledger.log.subject_map import SubjectMap
from ledger.powers import TABLE, subjects_of
from ledger.verify.outcome import Check, Refused, Verified
from ledger.verify.verifier import verify_export
from ledger.wire import canonical
from ledger.wire.base64 import b64url_encode
from ledger.wire.entry import parse_entry
from ledger.wire.signing_keys import PrivateKey
from tests.support.builders import FIRM, OPERATOR, held, technology_registered
from tests.support.log import MemoryHashes
from tests.support.sample_log import SampleLog, event_id, numbered, party_key, seed


def verified(log: SampleLog, directory: Path, **options: Any) -> Verified:
    """Write a log's files and verify them; so does the one-file verifier, of a bundle of all."""
    answer = verify_export(log.write(directory), log.trust_root(), workers=1, **options)
    if log.size <= LARGEST_BUNDLE:
        assert answer.signatures == court.verify(whole_bundle(log), log.trust_root()).signatures
    return answer


def refusal(directory: Path, trust_root: bytes, **options: Any) -> Refused:
    """Fail unless the files in a directory are refused; return the refusal."""
    with pytest.raises(Refused) as caught:
        verify_export(directory, trust_root, **{"workers": 1, **options})
    return caught.value


def refusal_of(log: SampleLog, directory: Path, **options: Any) -> Refused:
    """Write a log's files and fail unless they are refused; return the refusal.

    The one-file verifier refuses a bundle of all entries by the same step at the same position,
    but for what a bundle of all does not bring: an older note.
    """
    refused = refusal(log.write(directory), log.trust_root(), **options)
    if not options:
        with pytest.raises(court.Refused) as caught:
            court.verify(whole_bundle(log), log.trust_root())
        theirs = (caught.value.step, caught.value.position)
        assert (refused.step.number, refused.position) == theirs, (refused, caught.value)
    return refused


LARGEST_BUNDLE = 400


def whole_bundle(log: SampleLog) -> bytes:
    """Return a bundle that shows every entry of a log, and nothing else."""
    return bundle_of(log, range(log.size))


def bundle_of(log: SampleLog, positions: Iterable[int], **parts: Any) -> bytes:
    """Return a bundle that shows these entries of a log, and nothing else but `parts`."""
    hashes = MemoryHashes(log.leaves())
    shown = (
        ShownEntry(at, log.entries[at], tuple(prove_inclusion(at, log.size, hashes)))
        for at in positions
    )
    shown = tuple(shown)
    by = {"checkpoint": log.checkpoint(), "policy": QUORUM_NONE_POLICY}
    return format_evidence(Evidence(entries=shown, **{**by, **parts}))


def mapped(log: SampleLog, size: int) -> SubjectMap:
    """Return the map of the subjects of the first `size` entries."""
    found = SubjectMap()
    for at, (raw, leaf) in enumerate(zip(log.entries[:size], log.leaves(size), strict=True)):
        for subject in canonical.load(parse_entry(raw).payload, admission=False)["subjects"]:
            found.touch(subject, at, leaf)
    return found


def seal(log: SampleLog) -> int:
    """Append a seal of the whole log, signed by the operator; return its position."""
    root = f"sha256:{mapped(log, log.size).root().hex()}"
    body = {"ledger": ledger_subject(log.origin), "map_root": root, "projections": []}
    log.say({**body, "size": log.size}, [OPERATOR], topic=LedgerSealed.TOPIC)
    return log.size - 1


def sealed_bundle(log: SampleLog, positions: Iterable[int], *subjects: str, **parts: Any) -> bytes:
    """Return a bundle of entries and of subjects' histories, under the seal that ends the log."""
    found = mapped(log, log.size - 1)
    histories = tuple(
        ShownHistory(each, found.histories.get(each), found.prove(each))
        for each in sorted(subjects)
    )
    return bundle_of(log, positions, seal=log.size - 1, histories=histories, **parts)


def payload(log: SampleLog, **header: Any) -> dict[str, Any]:
    """Return the next event, a technology of its signers, as JSON; `header` overrides members.

    The firm signs, where no list of others is given; what the body is about is among the subjects.
    """
    number, signers = log.size, header.get("signers")
    body = technology_registered(technology=numbered("technology", number), owners=[held(FIRM)])
    said = body.model_dump(mode="json")
    named = [held(party) for party in signers] if isinstance(signers, list) else said["owners"]
    try:  # What is no technology at all has the subjects of the firm's.
        TechnologyRegistered.model_validate({**said, "owners": named})
        said["owners"] = named
    except ValidationError:
        pass
    raw = compose(
        log.origin,
        body.TOPIC,
        said,
        [FIRM],
        event_id=event_id(number),
        nonce=b64url_encode(seed(f"nonce {number}")[:16]),
        issued_at=log.now,
    )
    value = canonical.load(raw)
    value = {**value, "body": {**value["body"], "owners": named}, **header}
    row, body = TABLE.get(str(value.get("type"))), value.get("body")
    if row and "subjects" not in header:
        value["subjects"] = sorted({*value["subjects"], *subjects_of(row, body, log.origin)})
    return value


def append(
    log: SampleLog,
    value: Mapping[str, Any],
    keys: Iterable[PrivateKey] | None = None,
    accepted: datetime | None = None,
) -> int:
    """Append a payload, signed by the firm unless `keys` says otherwise; return its position."""
    log.sign(canonical.dump(value), [party_key(FIRM)] if keys is None else keys, accepted)
    return log.size - 1


def check_refused(log: SampleLog, directory: Path, why: str, at: int | None = None) -> None:
    """Fail unless a log's last entry, or that at `at`, is refused for its signatures, and why."""
    refused = refusal_of(log, directory)
    expected = log.size - 1 if at is None else at
    assert (Check.SIGNATURES, expected) == (refused.step, refused.position), refused
    assert why in refused.reason
