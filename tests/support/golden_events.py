"""
One event a topic, as a story in which each is admissible; and the payloads that are stored of it.

`python -m tests.support.golden_events` stores the payload of each topic that has none yet under
tests/golden/events. What is stored is never written again: it shows that old events still read.
"""

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.government.ledger import opened
from ledger.domain.registry import TOPICS
from ledger.domain.signing.who_signs import who_signs
from ledger.wire import canonical
from tests.support import builders as b
from tests.support import (
    contracts,
    conveyances,
    disputes,
    documents,
    governance,
    mandates,
    market,
    moneys,
    parties,
    rights,
    technologies,
    titles,
)
from tests.support.running import contract_running
from tests.support.specification import START

GOLDEN = Path(__file__).parents[1] / "golden" / "events"

_THIRD_OFFER = "offer:01890000-0000-7000-8000-00000000000e"
_FOURTH_OFFER = "offer:01890000-0000-7000-8000-00000000000f"
_COUNTER = b.offer_countered(
    listing=b.LISTING, royalty_ppm=50_000, counters_event=b.hash_of(b.offer_made())
)
_ACCEPTANCE = b.offer_accepted(offer=b.COUNTER, accepts=b.hash_of(_COUNTER), accepted_by=b.FIRM)
_CONTRACT = contract_running(offer=b.COUNTER, acceptance=b.hash_of(_ACCEPTANCE))

_ONE_BY_ONE: tuple[Body, ...] = (
    b.ledger_opened(),
    governance.succession_declared(),
    b.rules_adopted(),
    *governance.STORY,
    b.party_registered(),
    *parties.STORY,
    b.key_added(),
    parties.key_suspended(key_id=b.key_id(b.INSTITUTE, 1), suspended_by=b.REGISTRAR),
    parties.key_resumed(key_id=b.key_id(b.INSTITUTE, 1)),
    b.key_revoked(key_id=b.key_id(b.INSTITUTE, 1), reason="rotated", compromised_since=3),
    parties.reconfirmation_given(parties.known_as()),
    mandates.mandate_given(ceiling=b.vnd(1_000_000_000)),
    mandates.mandate_ended(),
    b.technology_registered(),
    b.right_filed(technology=b.TECHNOLOGY),
    b.right_granted(),
    b.right_lapsed(),
    b.right_restored(),
    b.other_right_filed(),
    conveyances.conveyance_attested(rights=[b.OTHER_RIGHT]),
    b.security_created(),
    b.security_released(),
    b.listing_published(
        technology=b.TECHNOLOGY,
        fields={"scheme": "vsic", "edition": "2025", "codes": ["2100"]},
    ),
    *market.STORY,
    b.offer_made(),
    _COUNTER,
    _ACCEPTANCE,
    b.offer_made(offer=_THIRD_OFFER, price=b.sealed(), royalty_ppm=None),
    b.offer_rejected(offer=_THIRD_OFFER),
    b.offer_made(offer=_FOURTH_OFFER, revocable=True),
    b.offer_revoked(offer=_FOURTH_OFFER),
    _CONTRACT,
    b.sublicence_granted(),
    *contracts.story(b.hash_of(_CONTRACT)),
    b.share_agreed(),
    b.revenue_reported(due=b.vnd(55_000_000)),  # The rate was meant to be 5.5 %.
    b.revenue_distributed(
        total=b.vnd(55_000_000),
        parts=[
            {"party": b.INSTITUTE, "amount": 38_500_000},
            {"party": b.AUTHOR, "amount": 16_500_000},
        ],
    ),
    b.payment_confirmed(),
    *moneys.STORY,
    *documents.STORY,
    *disputes.STORY,
    *rights.STORY,
    *technologies.STORY,
    b.listing_suspended(),
    b.listing_closed(),
    b.assignment_agreed(),
    b.assignment_registered(attested_by=b.CLERK, document_sha256=b.SOME_HASH),
    *titles.STORY,
)

STORY = (
    *_ONE_BY_ONE,
    *market.sealed_story(START + timedelta(seconds=len(_ONE_BY_ONE))),
    *governance.END,
)
"""Admissible in this order, a second apart; every topic occurs."""


def examples() -> dict[str, Body]:
    """Return the first body of each topic in the story."""
    return {body.TOPIC: body for body in reversed(STORY)}


def must_tell_all() -> None:
    """Raise `AssertionError` for a topic of which the story has no event."""
    untold = sorted(TOPICS.keys() - examples().keys())
    assert not untold, f"tell one event each in STORY of tests/support/golden_events.py: {untold}"


def golden_path(topic: str) -> Path:
    """Return where the payload of a topic is stored."""
    return GOLDEN / f"{topic.replace('/', '-')}.json"


def payload_of(body: Body) -> dict[str, Any]:
    """Return a whole payload, its header's times and random parts fixed by the topic."""
    digest = hashlib.sha256(body.TOPIC.encode()).digest()
    officers = opened(b.ledger_opened(), 0)
    return {
        "ledger": b.ORIGIN,
        "event_id": f"01890000-0000-7000-8000-{digest[:6].hex()}",
        "type": body.TOPIC,
        "issued_at": "2026-11-02T03:00:00.000Z",
        "not_after": "2026-12-02T03:00:00.000Z",
        "nonce": base64.urlsafe_b64encode(digest[:16]).decode().rstrip("="),
        "subjects": sorted(body.subjects()),
        "signers": sorted(who_signs(body, officers)),
        "body": body.model_dump(mode="json", exclude_unset=True),
    }


def store_missing() -> Iterator[Path]:
    """Store the payload of each topic that has none; yield the new files."""
    for topic, body in examples().items():
        path = golden_path(topic)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(canonical.dump(payload_of(body)))
            yield path


if __name__ == "__main__":
    must_tell_all()
    for stored in store_missing():
        print(stored)  # noqa: T201  (a command prints)
