"""
What an event code of the INPADOC legal-event data says about a title.

Every authority has codes of its own, some thousands in all, each with a fixed description. Codes
that an extract is likely to hold are in `_BY_CODE`; any other is read by the words of its
description, cautiously: what only asks for something, announces or corrects it has no effect here.
Whatever has none is recorded in the office's own words (`office_event.recorded/1`).
"""

import re
from typing import Literal

Meaning = Literal[
    "designated",
    "granted",
    "granted_nationally",
    "fee_paid",
    "lapsed",
    "restored",
    "surrendered",
    "cancelled",
    "limited",
    "expected_grant",
    "noted",
]

_BY_CODE: dict[str, Meaning] = {
    "EP.AK": "designated",
    "EP.GRAA": "expected_grant",
    "EP.PG25": "lapsed",
    "EP.PGFP": "fee_paid",
    "EP.GBPC": "lapsed",
    "EP.BERE": "lapsed",
    "EP.18D": "lapsed",  # deemed to be withdrawn
    "EP.18R": "lapsed",  # refused
    "EP.18W": "surrendered",  # withdrawn by the applicant
    "EP.27W": "cancelled",  # revoked in opposition
    "EP.27A": "limited",  # maintained as amended
    "EP.26N": "noted",
    "EP.AKX": "noted",  # designation fees, which keep nothing in force
    "EP.STAA": "noted",
    "GB.FG4D": "granted",
    "US.STCF": "granted",
    "US.MAFP": "fee_paid",
    "US.LAPS": "lapsed",
    "US.FP": "lapsed",
    # Their detail is in a text that extracts leave out, so that they prove nothing here.
    "US.AS": "noted",
    "US.CC": "noted",
    "US.FEPP": "noted",
    "US.STCH": "noted",
    "US.STPP": "noted",
}

_HAS_NO_EFFECT = re.compile(
    r"INFORMATION ON|REQUEST|INTENTION|EXPECTED|PROPOS|REMINDER|OBSERVATION|CORRECT|ERRONEOUS"
    r"|DELETED|RESCINDED|NO OPPOSITION|OPPOSITION FILED|PROCEEDINGS|PETITION|NOT FILED|NOT PAID"
    r"|(20|TWENTY) YEARS|END OF (THE )?(PATENT )?TERM|TERM OF PROTECTION"
)

_BY_WORDS: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    (re.compile(r"RESTOR|REINSTAT|RE-ESTABLISH"), "restored"),
    (re.compile(r"\bREVOKED|REVOCATION|INVALID|NULLIT|ANNULLED"), "cancelled"),
    (re.compile(r"SURRENDER|RENUNCIATION|RELINQUISH|WITHDRAWN BY"), "surrendered"),
    (re.compile(r"LAPSE|CEASED|NON-?PAYMENT|FAILURE TO PAY|EXPIRED|DISCONTINU"), "lapsed"),
    (re.compile(r"(ANNUAL|RENEWAL|MAINTENANCE) FEE.*(PAID|PAYMENT)|ANNUITY"), "fee_paid"),
    (re.compile(r"(PAYMENT|RECEIPT) OF (THE )?(ANNUAL|RENEWAL|MAINTENANCE) FEE"), "fee_paid"),
    (re.compile(r"GRANTED|GRANT OF|TAKES EFFECT AS A NATIONAL"), "granted_nationally"),
    (re.compile(r"LIMITED|LIMITATION|AMENDED FORM"), "limited"),
)
"""In order: the first that fits decides."""


def meaning_of(code: str, description: str) -> Meaning:
    """Return what an event means, by its code or, where that is not known, by its description."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    words = description.upper()
    if _HAS_NO_EFFECT.search(words):
        return "noted"
    return next((meaning for pattern, meaning in _BY_WORDS if pattern.search(words)), "noted")
