"""
What stands around an event: who signed, on what it rests, what rests on it, what judged it.

For people who read one entry: everything is as the read models have it, in one snapshot.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.domain.core.body import key_subject
from ledger.domain.core.event import Logged
from ledger.domain.core.types import legal_day
from ledger.store.entries import positions_of
from projections.engine.view import NotFolded, View, read_snapshot
from projections.questions.grounds import EventGrounds, judged_by
from projections.tables.dependencies import Dependency, Falls, dependencies, falls_in
from projections.tables.editions import edition_in, editions
from projections.tables.key_events import KeyFact, keys
from projections.tables.mandates import MandateFact, mandates
from projections.tables.party_facts import names_on, parties
from projections.tables.reader import Reader
from projections.tables.timeline import events

PREFIX = "sha256:"


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """A line of signatures: by which key, whose it is, under which mandates of signers.

    `added` is None where the read models do not have the key; `in_doubt`: it was compromised then.
    """

    key_id: str
    added: KeyFact | None
    mandates: tuple[MandateFact, ...]
    in_doubt: bool


@dataclass(frozen=True, slots=True)
class Rest:
    """Something that an event rests on: the thing, or the hash of its event, and the entries."""

    thing: str
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EntryContext:
    """What stands around an event, as the read models know now."""

    size: int
    signed: tuple[SignatureLine, ...]
    rests_on: tuple[Rest, ...]
    falls: Falls
    grounds: EventGrounds
    names: Mapping[str, str]


def context_of(reader: Reader, logged: Logged, named: Collection[str]) -> EntryContext:
    """Return what stands around an event; `named` are the parties that are to have names.

    Raises `NotFolded` (`projections.engine.view`).
    """
    hashes = sorted(logged.event.body.references())
    raw = {each: bytes.fromhex(each.removeprefix(PREFIX)) for each in hashes}
    places = positions_of(reader.pool, [*raw.values()]) if raw else {}
    references = [Rest(each, (places[at],)) for each, at in raw.items() if at in places]
    with read_snapshot(reader.pool, *_MODELS) as view:
        position, edition = logged.position, edition_in(view, logged.position)
        if edition is None or position >= view.size:
            raise NotFolded(f"position {position} is not folded yet")
        signed = _signed(view, logged)
        holders = {each.added.party for each in signed if each.added is not None}
        own = view.rows(dependencies, "position = %(at)s", {"at": position}, order="thing")
        carries = any(row.role != "needs" for row in own)
        return EntryContext(
            view.size,
            signed,
            (*references, *_rests_on(view, own, position)),
            falls_in(view, reader.as_of(view), position)
            if carries
            else Falls(position, view.size, ()),
            judged_by(reader, logged, edition, view.size),
            names_on(view, {*named, *holders}, legal_day(logged.accepted)),
        )


_MODELS = (keys, mandates, dependencies, events, parties, editions)


def _signed(view: View, logged: Logged) -> tuple[SignatureLine, ...]:
    """Return each line of signatures with what is known of its key."""
    asked = {"keys": [key_subject(each) for each in logged.event.signatures]}
    facts = view.rows(keys, "subject = ANY(%(keys)s)", asked, order="position")
    added = {fact.subject: fact for fact in facts if fact.fact == "added"}
    doubted = {fact.subject for fact in facts if _doubts(fact, logged.position)}
    holders = {fact.party for fact in added.values()} - {*logged.event.signers}
    given = _mandates(view, logged, holders) if holders else ()
    return tuple(
        SignatureLine(
            key_id,
            fact := added.get(key_subject(key_id)),
            tuple(each for each in given if fact is not None and each.holder == fact.party),
            key_subject(key_id) in doubted,
        )
        for key_id in logged.event.signatures
    )


def _doubts(fact: KeyFact, position: int) -> bool:
    since = fact.compromised_since
    return fact.fact == "revoked" and since is not None and since <= position < fact.position


def _mandates(view: View, logged: Logged, holders: Collection[str]) -> Sequence[MandateFact]:
    """Return the mandates of signers for these holders that were in force and are of the topic."""
    rows = view.rows(
        mandates,
        "subject = ANY(%(signers)s) AND holder = ANY(%(holders)s) AND position < %(at)s",
        {
            "signers": [*logged.event.signers],
            "holders": sorted(holders),
            "at": logged.position,
        },
        order="position",
    )
    ended = {row.mandate for row in rows if row.ended}
    topic, day = logged.event.type.partition("/")[0], legal_day(logged.accepted)
    return [
        row
        for row in rows
        if row.mandate not in ended and {topic, "*"} & {*row.topics} and _runs(row, day)
    ]


def _runs(row: MandateFact, day: date) -> bool:
    begun = row.valid_from is None or row.valid_from <= day
    return begun and (row.valid_to is None or day < row.valid_to)


def _rests_on(view: View, own: Sequence[Dependency], position: int) -> tuple[Rest, ...]:
    """Return what the event needs or completes, with the earlier events that made it."""
    needed = [row.thing for row in own if row.role != "makes"]
    if not needed:
        return ()
    made = view.rows(
        dependencies,
        "thing = ANY(%(things)s) AND role = 'makes' AND position < %(at)s",
        {"things": needed, "at": position},
        order="thing, position",
    )
    by: dict[str, list[int]] = {}
    for row in made:
        by.setdefault(row.thing, []).append(row.position)
    return tuple(Rest(thing, tuple(positions)) for thing, positions in by.items())
