"""Bodies of documents, like those of `builders`: the institute hands its drawings to the firm."""

from typing import Any

from ledger.domain.contracts.document import (
    DocumentAcknowledged,
    DocumentReceived,
    DocumentSent,
    FileOpened,
)
from ledger.domain.core.body import Body
from tests.support.builders import BANK, CONTRACT, FIRM, INSTITUTE, SOME_HASH, built

DOCUMENT = "document:01890000-0000-7000-8000-000000000020"
OTHER_HASH = f"sha256:{64 * '0'}"


def document_sent(**overrides: Any) -> DocumentSent:
    defaults = {
        "document": DOCUMENT,
        "sender": INSTITUTE,
        "recipients": [FIRM],
        "sha256": SOME_HASH,
        "size": 1_048_576,
        "title": "Bản vẽ thiết bị tách chiết",
        "contract": None,
        "item": None,
        "confidential": False,
        "readers": [],
        "sent_at": "2026-11-01T02:00:00.000Z",
    }
    return built(DocumentSent, defaults, overrides)


def document_received(**overrides: Any) -> DocumentReceived:
    defaults = {
        "document": DOCUMENT,
        "sha256": SOME_HASH,
        "received_by": FIRM,
        "received_at": "2026-11-01T02:00:05.000Z",
        "system": None,
    }
    return built(DocumentReceived, defaults, overrides)


def document_acknowledged(**overrides: Any) -> DocumentAcknowledged:
    defaults = {
        "document": DOCUMENT,
        "sha256": SOME_HASH,
        "acknowledged_by": FIRM,
        "outcome": "accepted",
        "reason": None,
    }
    return built(DocumentAcknowledged, defaults, overrides)


def file_opened(**overrides: Any) -> FileOpened:
    defaults = {
        "document": DOCUMENT,
        "sha256": SOME_HASH,
        "opened_by": FIRM,
        "opened_at": "2026-11-02T02:00:00.000Z",
    }
    return built(FileOpened, defaults, overrides)


STORY: tuple[Body, ...] = (
    document_sent(contract=CONTRACT, item="A.1", confidential=True, readers=[BANK]),
    document_received(),
    document_acknowledged(),
    file_opened(opened_by=BANK),
)
"""Admissible in this order, once the contract is concluded."""
