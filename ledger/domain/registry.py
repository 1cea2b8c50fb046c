"""
The closed table of what an event can be: every topic, its rule, and how it folds.

Stored names are looked up here and nowhere else; nothing stored is ever imported. A topic stays
for ever: a changed meaning is a new one, and a golden file for each proves that it still reads.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import walk_packages

from ledger.domain import contracts, disputes, government, market, parties, revenue, rights
from ledger.domain.core import rules
from ledger.domain.core.body import Body
from ledger.domain.core.rules import Admits, Evolves
from ledger.domain.government import ledger

for _family in (parties, government, rights, market, contracts, revenue, disputes):
    for _module in walk_packages(_family.__path__, f"{_family.__name__}."):
        import_module(_module.name)

ADMITS: Admits = dict(rules.ADMITS)
EVOLVES: Evolves = dict(rules.EVOLVES)
TOPICS: Mapping[str, type[Body]] = {body.TOPIC: body for body in ADMITS}

RULES: Mapping[str, Admits] = {"0-dev": ADMITS}
"""The rules of each edition. A change of behaviour is a new edition; an old one stays as it was."""

assert len(TOPICS) == len(ADMITS), "two bodies of one topic"
assert all(body in ADMITS for _, body in EVOLVES), "a topic without its rule"
assert RULES.keys() == ledger.EDITIONS, "an edition without its rules"


def build() -> None:
    """Build what reads bodies, of all types: a server does so before it is asked."""
    for body in TOPICS.values():
        body.model_rebuild()
