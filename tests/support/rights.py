"""Bodies about the status of rights, like those of `builders`: a European patent and a secret."""

from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.rights.right import RightFiled
from ledger.domain.rights.right_status import (
    DisclosureRecorded,
    OfficeEventRecorded,
    RightCancelled,
    RightFeePaid,
    RightGranted,
    RightLimited,
    RightPublished,
    RightRenewed,
    RightSurrendered,
)
from tests.support.builders import INSTITUTE, SOME_HASH, built, right_filed, right_granted

EUROPEAN = "right:ep.99203729"
SECRET = "right:vn.secret-1"
DESIGNATED = ["iso:BE", "iso:GB", "iso:NL"]

_BY_REGISTRAR = {"attested_by": None, "document_sha256": None}


def european_filed(**overrides: Any) -> RightFiled:
    """Return a European application for three States."""
    defaults = {
        "right": EUROPEAN,
        "office": "ep",
        "application_no": "99203729",
        "name": "Apparatus for manufacturing green bricks",
        "filed_on": "1999-11-08",
        "designated": DESIGNATED,
    }
    return right_filed(**{**defaults, **overrides})


def european_granted(**overrides: Any) -> RightGranted:
    """Return the grant, in force at once wherever it was asked for."""
    defaults = {
        "right": EUROPEAN,
        "title_no": "EP1000000",
        "granted_on": "2003-02-12",
        "in_force_from": "2003-02-12",
        "expires_on": None,
        "designated": DESIGNATED,
        "office_event": "F10",
    }
    return right_granted(**{**defaults, **overrides})


def secret_held(**overrides: Any) -> RightFiled:
    """Return the institute's trade secret, declared to the registrar."""
    defaults = {"right": SECRET, "application_no": "secret-1", "kind": "trade_secret"}
    return right_filed(**{**defaults, **overrides})


def right_published(**overrides: Any) -> RightPublished:
    defaults = {
        "right": EUROPEAN,
        "publication_no": "EP1000000A1",
        "published_on": "2000-05-17",
        **_BY_REGISTRAR,
    }
    return built(RightPublished, defaults, overrides)


def right_fee_paid(**overrides: Any) -> RightFeePaid:
    defaults = {
        "right": EUROPEAN,
        "paid_on": "2010-04-30",
        "fee_year": 11,
        "territory": "iso:GB",
        "national_code": "EP.PGFP",
        **_BY_REGISTRAR,
    }
    return built(RightFeePaid, defaults, overrides)


def right_renewed(**overrides: Any) -> RightRenewed:
    defaults = {
        "right": EUROPEAN,
        "renewed_on": "2019-10-01",
        "expires_on": "2024-11-08",
        **_BY_REGISTRAR,
    }
    return built(RightRenewed, defaults, overrides)


def right_surrendered(**overrides: Any) -> RightSurrendered:
    defaults = {
        "right": EUROPEAN,
        "effective_from": "2011-06-01",
        "published_on": "2011-06-15",
        "territory": "iso:NL",
        **_BY_REGISTRAR,
    }
    return built(RightSurrendered, defaults, overrides)


def right_limited(**overrides: Any) -> RightLimited:
    defaults = {
        "right": EUROPEAN,
        "effective_from": "2008-01-02",
        "published_on": "2008-02-06",
        "limits": "Claims 1 to 3 of 9",
        **_BY_REGISTRAR,
    }
    return built(RightLimited, defaults, overrides)


def right_cancelled(**overrides: Any) -> RightCancelled:
    defaults = {
        "right": EUROPEAN,
        "extent": "whole",
        "effective_from": None,
        "published_on": "2012-03-07",
        "reason": "Not new when it was filed",
        "territory": "iso:BE",
        **_BY_REGISTRAR,
    }
    return built(RightCancelled, defaults, overrides)


def office_event_recorded(**overrides: Any) -> OfficeEventRecorded:
    defaults = {
        "right": EUROPEAN,
        "published_on": "2004-02-04",
        "effective_from": "2003-11-13",
        "description": "NO OPPOSITION FILED",
        "national_code": "EP.26N",
        **_BY_REGISTRAR,
    }
    return built(OfficeEventRecorded, defaults, overrides)


def disclosure_recorded(**overrides: Any) -> DisclosureRecorded:
    defaults = {
        "right": SECRET,
        "disclosed_on": "2026-10-12",
        "description": "Công bố tại hội thảo khoa học",
        "recorded_by": INSTITUTE,
        "document_sha256": SOME_HASH,
    }
    return built(DisclosureRecorded, defaults, overrides)


STORY: tuple[Body, ...] = (
    european_filed(),
    right_published(),
    european_granted(),
    office_event_recorded(),
    right_limited(),
    right_fee_paid(),
    right_surrendered(),
    right_cancelled(),
    right_renewed(),
    secret_held(),
    disclosure_recorded(),
)
"""Admissible in this order at any time."""
