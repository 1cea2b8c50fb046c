"""What the tests of `ledger.verify` share: verify a sample log, and entries made wrong by hand."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ledger.compose import compose
from ledger.verify.outcome import Refused, Step, Verified
from ledger.verify.verifier import verify_export
from ledger.wire import canonical
from ledger.wire.base64 import b64url_encode
from ledger.wire.keys import PrivateKey
from tests.support.builders import FIRM, held, technology_registered
from tests.support.sample_log import SampleLog, event_id, numbered, party_key, seed


def verified(log: SampleLog, directory: Path, **options: Any) -> Verified:
    """Write a log's files and verify them."""
    return verify_export(log.write(directory), log.trust_root(), workers=1, **options)


def refusal(directory: Path, trust_root: bytes, **options: Any) -> Refused:
    """Fail unless the files in a directory are refused; return the refusal."""
    with pytest.raises(Refused) as caught:
        verify_export(directory, trust_root, **{"workers": 1, **options})
    return caught.value


def refusal_of(log: SampleLog, directory: Path, **options: Any) -> Refused:
    """Write a log's files and fail unless they are refused; return the refusal."""
    return refusal(log.write(directory), log.trust_root(), **options)


def payload(log: SampleLog, **header: Any) -> dict[str, Any]:
    """Return the next event, a technology of the firm's, as JSON; `header` overrides members."""
    number = log.size
    body = technology_registered(technology=numbered("technology", number), owners=[held(FIRM)])
    raw = compose(
        log.origin,
        body.TOPIC,
        body.model_dump(mode="json"),
        [FIRM],
        event_id=event_id(number),
        nonce=b64url_encode(seed(f"nonce {number}")[:16]),
        issued_at=log.now,
    )
    return {**canonical.load(raw), **header}


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
    assert (Step.SIGNATURES, expected) == (refused.step, refused.position), refused
    assert why in refused.reason
