"""
What an answer stands on: whether the log names what is asked about, and what contradicts it.

`told` completes an answer in the snapshot from which it was made. A question that lists what was
recorded is no guess, no matter who signed it: it is completed by `named` alone.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeVar

from ledger.domain.disputes.dispute import AppealFiled
from ledger.domain.disputes.ruling import RulingMade
from projections.engine.answer import Answer, Near
from projections.engine.near import near_to
from projections.engine.projection import ReadModel
from projections.engine.view import (
    Known,
    View,
    bound_parameters,
    positions_of,
    read_snapshot,
)
from projections.tables.dispute_events import disputes, orders
from projections.tables.key_events import keys, reconfirmations, signed
from projections.tables.reader import Reader
from projections.tables.timeline import events, timeline

A = TypeVar("A", bound=Answer)

NEAR_MAX = 8
"""Ids that are told for one that the log does not name."""

_NAMES = (events, timeline)
_DOUBTS = (keys, signed, reconfirmations, disputes, orders)

BY_THEN = """position <= %(known_position)s AND EXISTS (
    SELECT FROM read.events e
    WHERE e.position = timeline.position AND e.accepted <= %(known_accepted)s
)"""
"""The condition on rows of the timeline that they are known (`projections.engine.view.knowing`)."""

FIRST = """(subject, position) IN (
    SELECT id, (SELECT min(first.position) FROM read.timeline first WHERE first.subject = id)
    FROM (SELECT unnest(%(ids)s::text[]) COLLATE "C") AS asked (id)
)"""
"""The condition on rows of the timeline that they are each the first of one of the `ids`."""

NEAR = FIRST.replace("%(ids)s", "%(near)s")
"""The same condition, of ids that are one slip away from one that is asked about."""

IN_DOUBT = """position = ANY(%(positions)s) AND EXISTS (
    SELECT FROM read.keys k
    WHERE k.subject = signed.subject AND k.fact = 'revoked'
        AND k.compromised_since <= signed.position AND signed.position < k.position
        AND k.position <= %(known_position)s AND k.accepted <= %(known_accepted)s
)"""
"""The condition on lines by a key that they lie between its compromise and its revocation.

As far as both are known.
"""


def listing(reader: Reader, *models: ReadModel) -> AbstractContextManager[View]:
    """Look at read models, and at what the log names, in one snapshot; for `named`.

    Raises `NotFolded` (`projections.engine.view.viewing`).
    """
    return read_snapshot(reader.pool, *{model.name: model for model in (*models, *_NAMES)}.values())


def answering(reader: Reader, *models: ReadModel) -> AbstractContextManager[View]:
    """Look at read models, and at all that an answer from them stands on; for `told`.

    Raises `NotFolded` (`projections.engine.view.viewing`).
    """
    return listing(reader, *models, *_DOUBTS)


def named(view: View, answer: A, known: Known, *about: str | None, recorded: bool = True) -> A:
    """Return an answer with what was to be known, and what the log does not name of its ids.

    `recorded` False: the office that is asked what it knew had recorded nothing of them.
    """
    ids = {each for each in about if each is not None}
    unknown = sorted(ids - _names(view, known, FIRST, ids=sorted(ids)) if recorded else ids)
    near = tuple(Near(each, _near(view, known, each)) for each in unknown)
    return replace(answer, near=near, known_at=known.asked)


def told(
    view: View,
    answer: A,
    known: Known,
    *about: str | None,
    rests_on: Iterable[str] = (),
    recorded: bool = True,
) -> A:
    """Return the same, and which of its positions recorded facts contradict.

    `rests_on` are further subjects whose deeds it takes to stand.
    """
    answer = named(view, answer, known, *about, recorded=recorded)
    found = doubts(view, known, answer.positions, {*filter(None, about), *rests_on})
    return replace(answer, doubted=positions_of(answer.doubted, found))


def doubts(
    view: View, known: Known, positions: Iterable[int | None], deeds: Iterable[str]
) -> tuple[int, ...]:
    """Return which events, of these and of those that void these deeds, others contradict."""
    signed_in_doubt = _in_doubt(view, known, positions_of([*positions]))
    return positions_of(signed_in_doubt, _under_appeal(view, known, deeds))


def _names(view: View, known: Known, first: str, **asked: Sequence[str]) -> set[str]:
    """Return which of these ids some event is about."""
    of = {**asked, **bound_parameters(known)}
    return {
        row.subject for row in view.rows(timeline, f"{first} AND {BY_THEN}", of, order="subject")
    }


def _near(view: View, known: Known, unknown: str) -> tuple[str, ...]:
    """Return what may be meant by an id; of the same kind first."""
    kind = unknown.partition(":")[0]
    found = _names(view, known, NEAR, near=sorted(near_to(unknown)))
    ranked = sorted(found, key=lambda each: (each.partition(":")[0] != kind, each))
    return tuple(ranked[:NEAR_MAX])


def _in_doubt(view: View, known: Known, positions: Sequence[int]) -> list[int]:
    """Return what a compromised key signed, unless its party stands by it."""
    if not positions:
        return []
    asked = {"positions": list(positions), **bound_parameters(known)}
    lines = view.rows(signed, IN_DOUBT, asked, order="position, subject")
    if not lines:
        return []
    words = view.recorded(reconfirmations, known, key=sorted({line.subject for line in lines}))
    said = {"positions": [line.position for line in lines]}
    hashes = {
        row.position: row.payload_hash
        for row in view.rows(events, "position = ANY(%(positions)s)", said, order="position")
    }
    outcomes: dict[tuple[str, str], set[str]] = {}
    for word in words:
        outcomes.setdefault((word.key, word.event), set()).add(word.outcome)
    return [
        line.position
        for line in lines
        if outcomes.get((line.subject, hashes[line.position])) != {"confirmed"}
    ]


def _under_appeal(view: View, known: Known, subjects: Iterable[str]) -> list[int]:
    """Return the rulings that declare a deed void and stand under an appeal."""
    voiding = view.recorded(
        orders, known, "position, name", subject=sorted(subjects), effect="DECLARE_VOID"
    )
    if not voiding:
        return []
    steps = view.recorded(disputes, known, subject=sorted({order.dispute for order in voiding}))
    words = (AppealFiled.TOPIC, RulingMade.TOPIC)
    latest = {step.subject: step.topic for step in steps if step.topic in words or step.final}
    return [row.position for row in voiding if latest[row.dispute] == AppealFiled.TOPIC]
