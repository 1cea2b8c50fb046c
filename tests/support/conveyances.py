"""Bodies of conveyances recorded in another register, like those of `builders`."""

from typing import Any

from ledger.domain.rights.conveyance import ConveyanceAttested
from tests.support.builders import CLERK, FIRM, INSTITUTE, RIGHT, SOME_HASH, built


def executed(*parties: str, on: str = "2019-01-07") -> list[dict[str, str]]:
    """Return the assignors of a conveyance as JSON."""
    return [{"party": party, "executed_on": on} for party in parties]


def conveyance_attested(record: str = "49519-955", **overrides: Any) -> ConveyanceAttested:
    """Return a conveyance with its natural id."""
    defaults = {
        "conveyance": f"conveyance:us.{record}",
        "office": "us.uspto",
        "record": record,
        "kind": "assignment",
        "assignors": executed(INSTITUTE),
        "assignees": [FIRM],
        "rights": [RIGHT],
        "office_recorded_on": "2019-06-19",
        "refers_to": None,
        "attested_by": CLERK,
        "document_sha256": SOME_HASH,
    }
    return built(ConveyanceAttested, defaults, overrides)
