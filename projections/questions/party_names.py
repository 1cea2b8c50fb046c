"""What parties were called on a day, as known: many at once, for those who read names, not ids."""

from collections.abc import Collection, Mapping
from datetime import date

from projections.engine.view import Known, View, read_snapshot
from projections.tables.party_facts import PartyFact, in_force, named_on, parties
from projections.tables.reader import Reader


def names_of(reader: Reader, ids: Collection[str], true_on: date) -> Mapping[str, str]:
    """Return the name of each party of these that had one on the day. Raises `NotFolded`.

    Who stands as a token has none here: its name is not in the log.
    """
    if not ids:
        return {}
    with read_snapshot(reader.pool, parties) as view:
        return named_in(view, reader.as_of(view), ids, true_on)


def named_in(view: View, known: Known, ids: Collection[str], true_on: date) -> Mapping[str, str]:
    """Return the names of parties on a day, as known; who had none then is left out."""
    facts = view.recorded(parties, known, subject=[*ids]) if ids else ()
    said: dict[str, list[PartyFact]] = {}
    for fact in facts:
        said.setdefault(fact.subject, []).append(fact)
    named = {party: named_on(in_force(own), true_on) for party, own in said.items()}
    return {party: name for party, name in named.items() if name is not None}
