"""
Whether a right was in force, where, on which day, as known when. Serves `/v1/rights/{id}/status`.

A lapse has effect from a day that may be long past when the gazette publishes it, so status has all
three axes; and one right may have national fates, so a State in which anything of its own happened
has rows of its own, which begin as a copy of those of the right as a whole. Of several changes the
one with the latest day of effect governs a day, as in `ledger.domain.rights.status_timeline`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Literal

from ledger.domain.core.dated_law import Law
from ledger.domain.core.event import Logged
from ledger.domain.rights.protection import term_of
from ledger.domain.rights.right import RightFiled, covered, needs_no_title
from ledger.domain.rights.right_status import (
    DisclosureRecorded,
    OfficeEventRecorded,
    OfRight,
    RightCancelled,
    RightFeePaid,
    RightGranted,
    RightLapsed,
    RightLimited,
    RightPublished,
    RightRenewed,
    RightRestored,
    RightSurrendered,
    effect_of,
)
from ledger.domain.rights.status_timeline import EVERYWHERE, FROM_THE_START
from projections.engine.answer import Verdict, YesOrNo, yes_or_no
from projections.engine.bitemporal import UNRECORDED, Change, Dated, open_box, revise
from projections.engine.projection import On, Projection, Tells
from projections.engine.view import (
    DATED,
    TRUE_ON,
    Known,
    KnownBy,
    View,
    bound_parameters,
    positions_of,
)
from projections.tables.basis import answering, told
from projections.tables.chain import chain, is_on_record
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class StatusRow(Dated):
    """A row of `read.status`, of a State or (`territory` empty) of the right as a whole.

    `expires_on` is the last day of the term if the office named it; else the law says how long it
    can last, when the row is read. `covers` are the places that the title is for. `outcome` is what
    the change that governs made of the title, `changed_from` its day of effect.
    """

    territory: str
    office: str
    kind: str
    application_no: str
    title_no: str | None
    covers: tuple[str, ...]
    filed_on: date
    published_on: date | None
    granted_from: date | None
    created_on: date | None
    exploited_from: date | None
    expires_on: date | None
    outcome: str | None
    changed_from: date | None
    reason: str | None
    limits: str | None
    fee_year: int | None
    filed_position: int
    published_position: int | None
    granted_position: int | None
    changed_position: int | None
    limited_position: int | None
    fee_position: int | None


Stage = Literal[
    "filed", "published", "in_force", "lapsed", "surrendered", "cancelled", "disclosed", "expired"
]
ALIVE: frozenset[str | None] = frozenset({"filed", "published", "in_force"})
"""The stages in which there is something to license."""
ENDED: frozenset[str | None] = frozenset(
    {"lapsed", "surrendered", "cancelled", "disclosed", "expired"}
)
"""The stages with which a licence ends by itself."""


@dataclass(frozen=True, slots=True)
class Fate:
    """A right's status in one State."""

    territory: str
    status: Stage
    since: date | None
    reason: str | None
    fee_year: int | None
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a right stands on a day.

    `status` is None if nothing was known of the right, it was not filed by then, or it is not for
    that `territory`. `limits` says to what it was narrowed. Of the right as a whole, `states` are
    its fates in each State that it is for.
    """

    right: str
    true_on: date
    status: Stage | None
    since: date | None
    reason: str | None
    positions: tuple[int, ...]
    territory: str | None = None
    limits: str | None = None
    states: tuple[Fate, ...] = ()


@dataclass(frozen=True, slots=True)
class Status(YesOrNo):
    """A right's status on a day (`Standing`), from what was known; of `size` entries."""

    right: str
    true_on: date
    known_by: KnownBy
    size: int
    status: Stage | None
    since: date | None
    reason: str | None
    positions: tuple[int, ...]
    territory: str | None
    limits: str | None
    states: tuple[Fate, ...]

    @property
    def _says(self) -> Verdict:
        return yes_or_no(self.status == "in_force")


Rows = tuple[StatusRow, ...]
OneRow = Callable[[StatusRow], StatusRow]


def _filed(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RightFiled)
    row = StatusRow(
        right,
        *open_box(Change(logged, body.filed_on, body.filed_on)),
        territory=EVERYWHERE,
        office=body.office,
        kind=body.kind,
        application_no=body.application_no,
        title_no=body.title_no,
        covers=covered(body.kind, body.office, body.designated),
        filed_on=body.filed_on,
        published_on=None,
        granted_from=None,
        created_on=body.created_on,
        exploited_from=body.exploited_from,
        expires_on=None,
        outcome=None,
        changed_from=None,
        reason=None,
        limits=None,
        fee_year=None,
        filed_position=logged.position,
        published_position=None,
        granted_position=None,
        changed_position=None,
        limited_position=None,
        fee_position=None,
    )
    return (*rows, row)


def _published(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RightPublished)
    del right

    def publish(row: StatusRow) -> StatusRow:
        if row.published_position is not None:
            return row
        return replace(row, published_on=body.published_on, published_position=logged.position)

    return _revised(rows, Change(logged, body.published_on, body.published_on), body, publish)


def _granted(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RightGranted)
    del right

    def grant(row: StatusRow) -> StatusRow:
        granted = replace(
            row,
            title_no=body.title_no,
            granted_from=body.in_force_from,
            granted_position=logged.position,
        )
        if body.territory is not None:
            return granted
        return replace(
            granted,
            covers=body.designated or row.covers,
            expires_on=body.expires_on,
        )

    return _revised(rows, Change(logged, body.in_force_from, body.granted_on), body, grant)


def _renewed(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RightRenewed)
    del right

    def renew(row: StatusRow) -> StatusRow:
        return replace(row, expires_on=body.expires_on)

    return _revised(rows, Change(logged, body.renewed_on, body.renewed_on), body, renew)


def _fee_paid(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RightFeePaid)
    del right

    def pay(row: StatusRow) -> StatusRow:
        if (row.fee_year or 0) > (body.fee_year or 0):
            return row
        return replace(row, fee_year=body.fee_year, fee_position=logged.position)

    return _revised(rows, Change(logged, body.paid_on, body.paid_on), body, pay)


def _limited(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RightLimited)
    del right
    return _narrowed(rows, Change(logged, body.effective_from, body.published_on), body.limits)


def _cancelled(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RightCancelled)
    if body.extent == "whole":
        return _changed(right, rows, logged)
    effective = body.effective_from or FROM_THE_START
    return _narrowed(rows, Change(logged, effective, body.published_on), body.reason)


def _narrowed(rows: Rows, change: Change, limits: str) -> Rows:
    body = change.logged.event.body
    assert isinstance(body, RightLimited | RightCancelled)

    def narrow(row: StatusRow) -> StatusRow:
        return replace(row, limits=limits, limited_position=change.logged.position)

    return _revised(rows, change, body, narrow)


def _changed(right: str, rows: Rows, logged: Logged) -> Rows:
    """Return the rows after a change of standing, which governs from its day of effect on."""
    body = logged.event.body
    assert isinstance(body, OfRight | DisclosureRecorded)
    effect = effect_of(body)
    assert effect is not None, "folded here because it changes the standing"
    del right
    outcome, day = effect

    def govern(row: StatusRow) -> StatusRow:
        governing = row.changed_from
        if governing is not None and governing > day > FROM_THE_START:
            return row
        return replace(
            row,
            outcome=outcome,
            reason=getattr(body, "reason", None),
            changed_from=day,
            changed_position=logged.position,
        )

    recorded = UNRECORDED if isinstance(body, DisclosureRecorded) else body.said_on()
    return _revised(rows, Change(logged, day, recorded), body, govern)


def _revised(rows: Rows, change: Change, body: OfRight | DisclosureRecorded, one: OneRow) -> Rows:
    """Return the rows after a change of the right as a whole, or in the State that it names."""
    territory = None if isinstance(body, DisclosureRecorded) else body.territory
    if territory is not None and not any(row.territory == territory for row in rows):
        rows = (*rows, *_copied(rows, territory, change.logged))

    def transform(held: Rows) -> Rows:
        after = tuple(map(one, held))
        unchanged = all(new is old for new, old in zip(after, held, strict=True))
        return held if unchanged else after

    return revise(rows, change, lambda row: territory in (None, row.territory), transform)


def _copied(rows: Rows, territory: str, logged: Logged) -> Iterable[StatusRow]:
    """Return what is believed of the right as a whole, said of a State, from an event on."""
    return (
        replace(
            row,
            territory=territory,
            known_from=logged.position,
            known_from_at=logged.accepted,
        )
        for row in rows
        if row.territory == EVERYWHERE and row.known_to is None
    )


def _the_right(logged: Logged) -> Sequence[str]:
    body = logged.event.body
    assert isinstance(body, RightFiled | OfRight | DisclosureRecorded)
    return (body.right,)


status = Projection(
    name="status",
    version=2,
    row=StatusRow,
    on={
        RightFiled: On(_the_right, _filed),
        RightPublished: On(_the_right, _published),
        RightGranted: On(_the_right, _granted),
        RightRenewed: On(_the_right, _renewed),
        RightFeePaid: On(_the_right, _fee_paid),
        RightLapsed: On(_the_right, _changed),
        RightRestored: On(_the_right, _changed),
        RightSurrendered: On(_the_right, _changed),
        RightCancelled: On(_the_right, _cancelled),
        RightLimited: On(_the_right, _limited),
        DisclosureRecorded: On(_the_right, _changed),
    },
    tells={
        "right": Tells(
            (
                *("position", "kind", "office", "territory", "filed_on", "granted_on"),
                *("created_on", "exploited_from", "expires_on", "status"),
            ),
            {
                "title": ("owners", "former", "titled", "pending", "priorities", "settled"),
                "chain": (
                    *("titled_on", "records", "office_recorded_on", "first_attested"),
                    *("liens", "covenants"),
                ),
                "orders": ("frozen",),
                "technology_rights": ("technology",),
                "`grants` says what is granted by each contract": ("grants",),
                "`market_events` has what was listed, by listing": ("listed",),
                "what is filed by a day at the latest is shown as filed on it": ("filing_day",),
            },
            unaffected_by={"what it says changes no status": (OfficeEventRecorded,)},
        ),
    },
)


def status_of(reader: Reader, right: str, *, true_on: date, territory: str | None = None) -> Status:
    """Return a right's status on a legal day, from what was known at a point of either register.

    The longest term is that of the law in force.
    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    law = reader.law
    with answering(reader, status, chain) as view:
        known = reader.as_of_either(view)
        found = status_rows(view, [right], true_on, known)
        standing = status_on(right, true_on, found.get(right, ()), law, territory)
        said = {each.name: getattr(standing, each.name) for each in fields(standing)}
        answer = Status(size=view.size, known_by=reader.known_by, **said)
        return told(view, answer, known, right, recorded=is_on_record(view, right, known))


def status_rows(
    view: View, rights: Sequence[str], true_on: date, known: Known
) -> Mapping[str, Sequence[StatusRow]]:
    """Return the rows that hold on a day for each of the rights of which something is known."""
    return _rows(view, rights, true_on, known, TRUE_ON)


def statuses_from(
    view: View, rights: Sequence[str], day: date, known: Known
) -> Mapping[str, Sequence[StatusRow]]:
    """Return the rows that hold on a day or on later ones, as `status_rows` does."""
    return _rows(view, rights, day, known, "(true_to IS NULL OR true_to > %(true_on)s)")


def _rows(
    view: View, rights: Sequence[str], day: date, known: Known, condition: str
) -> Mapping[str, Sequence[StatusRow]]:
    asked = {"rights": list(rights), "true_on": day, **bound_parameters(known)}
    rows = view.rows(
        status,
        f"subject = ANY(%(rights)s) AND {condition} AND {DATED}",
        asked,
        order="subject, territory",
    )
    found: dict[str, list[StatusRow]] = {}
    for row in rows:
        found.setdefault(row.subject, []).append(row)
    return found


def rows_on(rows: Iterable[StatusRow], day: date) -> list[StatusRow]:
    """Return those of a right's rows that hold on a day."""
    return [row for row in rows if row.true_from <= day and (row.true_to or date.max) > day]


def over_after(
    right: str, day: date, rows: Sequence[StatusRow], law: Law, territory: str | None
) -> Standing | None:
    """Return how a right stands when it is over, on the first day after this one; None if never."""
    turns = {row.true_from for row in rows} | {term_of(row, law, day).end for row in rows}
    for turn in sorted(each for each in turns if each is not None and each > day):
        standing = status_on(right, turn, rows_on(rows, turn), law, territory)
        if standing.status not in ALIVE:
            return replace(standing, since=turn)
    return None


def status_on(
    right: str,
    true_on: date,
    rows: Sequence[StatusRow],
    law: Law,
    territory: str | None = None,
) -> Standing:
    """Return what the rows that hold on the day say about it."""
    by_place = {row.territory: row for row in rows}
    whole = by_place.get(EVERYWHERE)
    if whole is None or (territory and whole.covers and territory not in whole.covers):
        return Standing(right, true_on, None, None, None, (), territory)
    states = {*whole.covers, *by_place} - {EVERYWHERE}
    fates = tuple(
        _fate(state, by_place.get(state, whole), true_on, law) for state in sorted(states)
    )
    row = by_place.get(territory or EVERYWHERE, whole)
    fate = _fate(territory or EVERYWHERE, row, true_on, law)
    if territory is None and (fate.status in ALIVE or fate.status == "expired"):
        fate = _last_of(fates) or fate
    told = fates if territory is None and set(by_place) != {EVERYWHERE} else ()
    return Standing(
        right,
        true_on,
        fate.status,
        fate.since,
        fate.reason,
        positions_of(fate.positions, *(each.positions for each in told)),
        territory,
        row.limits,
        told,
    )


def _last_of(fates: Sequence[Fate]) -> Fate | None:
    """Return the last end of a right that is over in every State that it is for."""
    if not fates or any(fate.status in ALIVE for fate in fates):
        return None
    return max(fates, key=lambda fate: (fate.since or FROM_THE_START, fate.positions))


def _fate(territory: str, row: StatusRow, true_on: date, law: Law) -> Fate:
    positions = positions_of(
        [
            row.filed_position,
            row.published_position,
            row.granted_position,
            row.changed_position,
            row.limited_position,
        ]
    )
    stage, since, reason = _stage(row, true_on, law)
    return Fate(territory, stage, since, reason, row.fee_year, positions)


def _stage(row: StatusRow, true_on: date, law: Law) -> tuple[Stage, date | None, str | None]:
    since = max(row.changed_from or row.filed_on, row.filed_on)
    match row.outcome:
        case "lapsed" | "surrendered" | "cancelled" | "disclosed":
            return row.outcome, since, row.reason
    end = term_of(row, law, true_on).end
    if end is not None and end <= true_on:
        return "expired", end, None
    if row.granted_from is not None or needs_no_title(row.kind):
        return "in_force", max(since, row.granted_from or row.filed_on), None
    if row.published_on is not None:
        return "published", row.published_on, None
    return "filed", row.filed_on, None
