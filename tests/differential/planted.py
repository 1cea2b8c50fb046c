"""
Disagreements planted on purpose: each judge's copy of the table, changed in one word.

What the differential does not find here it would not find elsewhere.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ledger import court, powers
from ledger.domain.registry import TOPICS
from ledger.domain.signing import who_signs
from ledger.powers import TopicPowers

TABLES = ("admission", "verify", "court")

CHANGES: tuple[tuple[str, int, str, str], ...] = (
    ("contract.concluded/1", 0, "parties/* consents/*", "consents/* @operator"),
    ("offer.accepted/1", 2, "named:offer", ""),
    ("terms.amended/1", 2, "sum:changes/price ", ""),
    ("assignment.agreed/1", 2, " gives:assignors/*/party", ""),
    ("right.filed/1", 1, "attested_by=#clerk", ""),
    ("key.added/1", 1, "vouched_by=!party ", ""),
    ("key.added/1", 1, " party=#older?!vouched_by", ""),
    ("key.revoked/1", 1, "revoked_by=party", ""),
    ("listing.published/1", 1, "#reviewer", "#clerk"),
    ("mandate.given/1", 0, "principal @operator", "principal"),
    ("key.added/1", 1, " party=#older|!@officers", ""),
    ("key.suspended/1", 1, "suspended_by=party|@officers", ""),
    ("key.resumed/1", 1, " party=#older?lifted_by", ""),
    ("party.registered/1", 3, "?!kind=person", ""),
    ("key.added/1", 3, "?vouched_by", ""),
    ("ledger.delay_adopted/1", 3, "?!stopped_by", ""),
    ("ledger.delay_adopted/1", 1, "stopped_by=@officers", ""),
    ("party.registered/1", 0, "@registrar?!kind=person ", ""),
    ("key.stopped/1", 1, "party|@registrar", "party|@officers"),
    ("ledger.policy_adopted/1", 1, " speakers/*/party=!@operator", ""),
    ("party.dissolved/1", 1, " party=!@officers", ""),
    ("key.suspended/1", 1, " party=#older|!@officers", ""),
    ("key.revoked/1", 1, " party=#older|!@officers", ""),
    ("contract.concluded/1", 4, "parties/* grants/*:licensor~licensee", ""),
    ("share.agreed/1", 4, "agreed_by/*", ""),
    ("ledger.operation_handed_over/1", 1, "operator=!@registrar", ""),
    ("terms.amended/1", 2, " term:changes/effective_to", ""),
    ("contract.concluded/1", 2, "sum:price ", ""),
    ("contract.concluded/1", 2, " royalty:royalty:effective_from~effective_to?!renewal", ""),
    ("contract.concluded/1", 2, ":effective_from~effective_to", ""),
)
"""Topic, column, word, and what stands there instead: in each of three tables."""


@contextmanager
def planted(table: str, change: tuple[str, int, str, str]) -> Iterator[None]:
    """Change a word of one judge's table for as long as the block runs."""
    topic, column, word, instead = change
    tables: dict[str, tuple[Any, Any, Callable[..., Any]]] = {
        "admission": (who_signs.WHO_SIGNS, TOPICS[topic], TopicPowers),
        "verify": (powers.TABLE, topic, TopicPowers),
        "court": (court.TABLE, topic, lambda *words: words),
    }
    rows, name, make = tables[table]
    before = rows[name]
    words = list(before)
    assert word in words[column], (topic, words)
    words[column] = words[column].replace(word, instead)
    rows[name] = make(*words)
    try:
        yield
    finally:
        rows[name] = before
