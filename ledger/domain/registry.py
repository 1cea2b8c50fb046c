"""
The closed table of what an event can be: every topic, its rule, and how it folds.

Stored names are looked up here and nowhere else; nothing stored is ever imported. A topic stays
for ever: a changed meaning is a new one, and a golden file for each proves that it still reads.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from ledger.domain import (
    amendment,
    approach,
    assignment,
    auction,
    consent,
    contract,
    conveyance,
    dispute,
    distribution,
    document,
    ending,
    enforcement,
    filing,
    funding,
    governance,
    identity,
    interest,
    investment,
    key,
    ledger,
    listing,
    mandate,
    mirror,
    need,
    notice,
    offer,
    own_use,
    party,
    payment,
    performance,
    preemption,
    profit,
    reconfirmation,
    relation,
    report,
    report_answer,
    right,
    right_status,
    ruling,
    seal,
    sealed_bid,
    security,
    share,
    spelling,
    sublicence,
    suspense,
    technology,
    title,
)
from ledger.domain.event import Admits, Body, Evolves

K = TypeVar("K")
V = TypeVar("V")

MODULES = (
    ledger,
    governance,
    seal,
    party,
    spelling,
    identity,
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
    assignment,
    conveyance,
    security,
    enforcement,
    investment,
    listing,
    need,
    mirror,
    approach,
    offer,
    auction,
    sealed_bid,
    consent,
    contract,
    sublicence,
    amendment,
    performance,
    notice,
    ending,
    own_use,
    filing,
    report,
    report_answer,
    share,
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
