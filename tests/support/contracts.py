"""Bodies of the contract family, one function a topic, as in `tests.support.builders`."""

from typing import Any

from ledger.domain.consent import ConsentGiven
from ledger.domain.event import Body
from tests.support.builders import CONTRACT, FIRM, INSTITUTE, built

CONSENT = "consent:01890000-0000-7000-8000-000000000020"


def consent_given(**overrides: Any) -> ConsentGiven:
    """Return the institute's consent that the firm passes its grant on."""
    defaults = {
        "consent": CONSENT,
        "given_by": INSTITUTE,
        "to": FIRM,
        "matter": "sublicence",
        "about": f"{CONTRACT}#g1",
        "valid_from": "2026-11-01",
        "valid_to": None,
        "document_sha256": None,
    }
    return built(ConsentGiven, defaults, overrides)


STORY: tuple[Body, ...] = (consent_given(),)
"""Admissible, in this order, after the builders' contract and sublicence."""
