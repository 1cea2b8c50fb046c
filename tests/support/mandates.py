"""Bodies of mandates, like those of `builders`: the institute's author is its deputy."""

from typing import Any

from ledger.domain.parties.mandate import MandateEnded, MandateGiven
from tests.support.builders import AUTHOR, INSTITUTE, built

MANDATE = "mandate:01890000-0000-7000-8000-000000000002"


def mandate_given(**overrides: Any) -> MandateGiven:
    defaults = {
        "mandate": MANDATE,
        "principal": INSTITUTE,
        "holder": AUTHOR,
        "topics": ["technology.registered", "contract.concluded"],
        "ceiling": None,
        "valid_from": "2026-01-01",
        "valid_to": "2027-01-01",
    }
    return built(MandateGiven, defaults, overrides)


def mandate_ended(**overrides: Any) -> MandateEnded:
    defaults = {
        "mandate": MANDATE,
        "principal": INSTITUTE,
        "holder": AUTHOR,
        "ended_by": INSTITUTE,
    }
    return built(MandateEnded, defaults, overrides)
