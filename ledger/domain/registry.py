"""
The closed table of what an event can be: every topic, its rule, and how it folds.

Stored names are looked up here and nowhere else; nothing stored is ever imported. A topic stays
for ever: a changed meaning is a new one, and a golden file for each proves that it still reads.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from ledger.domain.contracts import (
    amendment,
    assignment_agreement,
    consent,
    contract,
    document,
    entry_into_force,
    filing,
    notice,
    own_use,
    sublicence,
    suspension_and_termination,
)
from ledger.domain.core.body import Body
from ledger.domain.core.context import Admits, Evolves
from ledger.domain.disputes import dispute, ruling
from ledger.domain.government import governance, ledger, seal
from ledger.domain.market import (
    auction,
    interest_and_nda,
    listing,
    mirrored_listing,
    need,
    offer,
    sealed_bid,
)
from ledger.domain.parties import (
    key,
    mandate,
    name_alias,
    party,
    party_lifecycle,
    reconfirmation,
    relation,
)
from ledger.domain.revenue import (
    distribution,
    interest,
    payment,
    profit,
    report,
    report_answer,
    share_agreement,
    suspense,
)
from ledger.domain.rights import (
    assignment,
    conveyance,
    enforcement,
    funding,
    investment,
    preemption,
    right,
    right_status,
    security,
    technology,
    title,
)

K = TypeVar("K")
V = TypeVar("V")

MODULES = (
    ledger,
    governance,
    seal,
    party,
    name_alias,
    party_lifecycle,
    relation,
    key,
    reconfirmation,
    mandate,
    technology,
    funding,
    right,
    right_status,
    preemption,
    title,
    assignment_agreement,
    assignment,
    conveyance,
    security,
    enforcement,
    investment,
    listing,
    need,
    mirrored_listing,
    interest_and_nda,
    offer,
    auction,
    sealed_bid,
    consent,
    contract,
    sublicence,
    amendment,
    entry_into_force,
    notice,
    suspension_and_termination,
    own_use,
    filing,
    report,
    report_answer,
    share_agreement,
    profit,
    distribution,
    suspense,
    payment,
    interest,
    document,
    dispute,
    ruling,
)


def _merged(tables: Iterable[Mapping[K, V]]) -> dict[K, V]:
    merged: dict[K, V] = {}
    for table in tables:
        assert merged.keys().isdisjoint(table), "two modules claim one entry"
        merged.update(table)
    return merged


TOPICS: Mapping[str, type[Body]] = _merged(
    {body.TOPIC: body} for module in MODULES for body in module.BODIES
)
ADMITS: Admits = _merged(module.ADMITS for module in MODULES)
EVOLVES: Evolves = _merged(module.EVOLVES for module in MODULES)

RULES: Mapping[str, Admits] = {"0-dev": ADMITS}
"""The rules of each edition. A change of behaviour is a new edition; an old one stays as it was."""

assert ADMITS.keys() == set(TOPICS.values()), "a topic without its rule"
assert RULES.keys() == ledger.EDITIONS, "an edition without its rules"
