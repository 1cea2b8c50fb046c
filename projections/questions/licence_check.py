"""
Was a party licensed to do this, here, for that, on that day? Serves `GET /v1/licences/check`.

A party is licensed if one grant to it holds: its days contain the day, it covers act, territory and
field, and something that it is on has not ended. (Admission sees to it that a sublicence lies
within the grant above it; the grants above belong to the proof.) Grants that do not reach so far,
or whose rights have ended, are in the answer too, with what is against them; and where none holds,
those of other acts and of other days. Who names no field, where a grant is for some fields alone,
gets neither yes nor no: it depends on the field.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from ledger.domain.contracts.filing import opposed
from ledger.domain.core.dated_law import Law
from ledger.domain.core.scope import Act, Field, Hole, Territory, field_region, territory_region
from ledger.domain.rights.protection import state_of
from projections.engine.answer import Verdict, YesOrNo, yes_or_no
from projections.engine.bitemporal import Effect
from projections.engine.view import (
    DATED,
    TRUE_ON,
    Known,
    View,
    bound_parameters,
    positions_of,
)
from projections.tables.basis import answering, doubts, named
from projections.tables.grants import (
    ContractRow,
    GrantRow,
    contracts,
    encumbrances,
    grants,
    told_of,
)
from projections.tables.key_events import keys
from projections.tables.party_facts import parties
from projections.tables.reader import Reader
from projections.tables.status import (
    ALIVE,
    Standing,
    StatusRow,
    over_after,
    rows_on,
    status,
    status_on,
    statuses_from,
)
from projections.tables.unbound import WaitingToBind, instant_on, waiting_of

LOOKED_AT = 1_000
"""Grants to one party, current and of the act, that an answer looks at; `object` narrows them."""

MOST_OTHERS = 20
"""Grants of other acts or days that an answer tells of, the latest first; `object` narrows them."""

_ROWS_OF_OTHERS = 200


@dataclass(frozen=True, slots=True)
class Use:
    """What a party does: an act, in a territory, for a field, on a legal day.

    `object` narrows the question to one right or technology. `effect` asks whether the licence
    holds between its parties, or against third parties, too.
    """

    party: str
    act: Act
    territory: Territory
    field: Field
    true_on: date
    object: str | None = None
    effect: Effect = "parties"


Side = Literal["act", "day", "territory", "field", "excluded", "field_in_words"]
"""On which a use may go beyond a grant: its acts, days, territory, field, or into what it excludes.

Where the field, or what is excluded, is said in words, no code settles whether it does.
"""

Against = Literal["AWAITED", "SUSPENDED", "HEAD_ENDED", "UNREGISTERED_OPPOSED"]
"""What else keeps a grant from holding: an act of the State or a condition that it waits for, its
suspension, the end of a grant above it; or that it is in no register, asked of third parties."""


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A grant to the party, and the terms of its contract.

    `beyond` names the sides on which the use goes beyond it, `against` what else keeps it from it.
    `objects` are the rights and technologies through which it holds, `ended` says of the others
    what became of them. `heads` are the grants that it sits under, nearest first. `until` is the
    first day on which the grant, or one of these, is known to be otherwise, or all objects ended.
    """

    grant: GrantRow
    terms: ContractRow
    heads: tuple[GrantRow, ...]
    beyond: tuple[Side, ...]
    against: tuple[Against, ...]
    objects: tuple[str, ...]
    ended: tuple[Standing, ...]
    until: date | None
    positions: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """Say whether this grant alone makes the use a licensed one."""
        return bool(self.objects) and not self.beyond and not self.against

    def deeds(self) -> frozenset[str]:
        """Return the contracts that made the grant, and those that it sits under."""
        return frozenset(row.subject for row in (self.grant, *self.heads))


def _may_hold(grant: LookedAt) -> bool:
    """Say whether a grant would hold but for words that no code settles."""
    return bool(grant.objects) and grant.beyond == ("field_in_words",) and not grant.against


def _may_hold_by_field(grant: LookedAt) -> bool:
    """Say whether it is by the field alone that a grant does not hold."""
    sides = {*grant.beyond}
    if grant.grant.excluded_scheme is None:
        sides -= {"field"}
    else:
        sides -= {"field", "excluded"}
    return bool(grant.objects) and not sides and not grant.against


@dataclass(frozen=True, slots=True)
class LicenceCheck(YesOrNo):
    """The answer, from what was known; folded up to `size` entries.

    `waiting` is what of the party, and of who gave it a grant, does not bind yet. `grants` are of
    the act, and of the day; where none holds, `others` are of another act or day, the latest first.
    """

    use: Use
    size: int
    waiting: tuple[WaitingToBind, ...]
    grants: tuple[LookedAt, ...]
    others: tuple[LookedAt, ...]

    @property
    def licensed(self) -> bool:
        """Say whether some grant holds."""
        return any(each.holds for each in self.grants)

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the grants looked at, and of what waits."""
        waits = [each.position for each in self.waiting]
        return positions_of(waits, *(each.positions for each in (*self.grants, *self.others)))

    @property
    def _says(self) -> Verdict:
        if not self.licensed and any(map(_may_hold, self.grants)):
            return "contested"
        return "unknown" if self._by_field else yes_or_no(self.licensed)

    @property
    def _by_field(self) -> bool:
        """Say whether some grant would hold for some field, and the question names none."""
        unnamed = self.use.field.scheme == "any" and not self.licensed
        return unnamed and any(map(_may_hold_by_field, self.grants))


def check_licence(reader: Reader, use: Use, *, now: datetime) -> LicenceCheck:
    """Return whether a use was licensed, as known at a position or instant (default: all).

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    law = reader.law
    with answering(reader, grants, encumbrances, contracts, status, parties, keys) as view:
        known = reader.as_of(view)
        found = _candidates(view, use, known)
        looked_at = _look_at(view, use, found, known, law)
        others: tuple[LookedAt, ...] = ()
        if not any(each.holds for each in looked_at):
            others = _look_at(view, use, _others(view, use, known, found), known, law)
        whose = {use.party, *(grant.licensor for grant in found)}
        waiting = waiting_of(view, whose, known, instant_on(use.true_on, now))
        answer = LicenceCheck(use, view.size, waiting, looked_at, others)
        answer = replace(answer, doubted=_doubted(view, use, known, looked_at))
        return named(view, answer, known, use.party, use.object)


def _look_at(
    view: View, use: Use, found: Sequence[GrantRow], known: Known, law: Law
) -> tuple[LookedAt, ...]:
    """Return grants with what each needs to hold."""
    if not found:
        return ()
    terms = _terms(view, found, known)
    heads = _heads(view, found, known)
    objects = {subject for grant in found for subject in _objects(grant, use)}
    ends = statuses_from(view, sorted(objects), use.true_on, known)
    return tuple(
        _looked_at(use, row, terms[row.subject], _above(row, heads, use.true_on), ends, law)
        for row in found
    )


def _doubted(view: View, use: Use, known: Known, looked_at: Iterable[LookedAt]) -> tuple[int, ...]:
    """Return what makes the answer a guess: nothing while a grant holds that nothing contradicts.

    Where none holds, what took away one that held as once known may itself be contradicted.
    """
    found: list[tuple[int, ...]] = []
    for each in looked_at:
        if each.holds:
            found.append(doubts(view, known, each.positions, each.deeds()))
            if not found[-1]:
                return ()
    if found:
        return positions_of(*found)
    lost = _lost(view, use, known)
    return doubts(view, known, [row.known_to for row in lost], {row.subject for row in lost})


def _lost(view: View, use: Use, known: Known) -> list[GrantRow]:
    """Return grants that covered the use as was known once, and not any more."""
    asked = {"party": use.party, "act": use.act, "true_on": use.true_on, **bound_parameters(known)}
    condition = f"{_OF_PARTY} AND {_OF_ACT} AND {TRUE_ON} AND known_to <= %(known_position)s"
    condition += " AND known_to_at <= %(known_accepted)s"
    found = view.rows(grants, condition, asked, order="position, ref, n", limit=LOOKED_AT)
    return [
        row
        for row in found
        if use.object in (None, *row.rights, *row.technologies) and not _beyond(row, use)
    ]


_OF_PARTY = "(licensee = %(party)s OR open_beneficiaries)"
_OF_ACT = "%(act)s = ANY(acts)"


def _candidates(view: View, use: Use, known: Known) -> tuple[GrantRow, ...]:
    """Return the grants of the act to the party whose days contain the day, oldest first."""
    condition = f"{_OF_PARTY} AND {_OF_ACT} AND {TRUE_ON} AND {DATED}"
    return _granted(view, use, known, condition, "position, ref", LOOKED_AT)


def _others(view: View, use: Use, known: Known, found: Iterable[GrantRow]) -> tuple[GrantRow, ...]:
    """Return grants of other acts or days, latest first: each as on the day, or nearest to it."""
    condition = f"{_OF_PARTY} AND NOT ({_OF_ACT} AND {TRUE_ON}) AND {DATED}"
    order = "position DESC, ref, n"
    seen, nearest = {grant.ref for grant in found}, dict[str, GrantRow]()
    for row in _granted(view, use, known, condition, order, _ROWS_OF_OTHERS):
        if row.ref not in seen:
            held = nearest.setdefault(row.ref, row)
            nearest[row.ref] = min(held, row, key=lambda each: _distance(each, use.true_on))
    return tuple(nearest.values())[:MOST_OTHERS]


def _distance(row: GrantRow, day: date) -> tuple[bool, int]:
    """Return how far the days of a grant are from a day: what was before comes first."""
    if row.true_from > day:
        return True, (row.true_from - day).days
    return False, 0 if row.true_to is None else max(0, (day - row.true_to).days + 1)


def _granted(
    view: View, use: Use, known: Known, condition: str, order: str, limit: int
) -> tuple[GrantRow, ...]:
    """Return grants that fulfil a condition and are on what is asked about."""
    asked = {"party": use.party, "act": use.act, "true_on": use.true_on, **bound_parameters(known)}
    if use.object is not None:
        burdens = view.rows(
            encumbrances,
            "subject = %(object)s AND licensee = %(party)s",
            {"object": use.object, "party": use.party},
            order="position",
        )
        asked["refs"] = [burden.ref for burden in burdens]
        condition = f"(ref = ANY(%(refs)s) OR open_beneficiaries) AND {condition}"
    found = view.rows(grants, condition, asked, order=order, limit=limit)
    # A grant that was changed may have been on other things before.
    return tuple(
        grant for grant in found if use.object in (None, *grant.rights, *grant.technologies)
    )


def _terms(view: View, found: Iterable[GrantRow], known: Known) -> dict[str, ContractRow]:
    of = sorted({grant.subject for grant in found})
    return {row.subject: row for row in view.recorded(contracts, known, "subject", subject=of)}


def _heads(view: View, found: Sequence[GrantRow], known: Known) -> dict[str, tuple[GrantRow, ...]]:
    """Return the rows of the grants above these, by ref, whatever their days: a query a level."""
    heads: dict[str, tuple[GrantRow, ...]] = {}
    level = found
    while refs := sorted({grant.head for grant in level if grant.head is not None} - heads.keys()):
        asked = {"refs": refs, **bound_parameters(known)}
        level = view.rows(grants, f"ref = ANY(%(refs)s) AND {DATED}", asked, order="ref, n")
        for ref in refs:
            heads[ref] = tuple(row for row in level if row.ref == ref)
    return heads


Above = tuple[tuple[GrantRow, ...], bool]
"""The grants above one as they stand on a day, and whether one that it hangs on is over."""


def _above(grant: GrantRow, heads: Mapping[str, tuple[GrantRow, ...]], day: date) -> Above:
    """Follow the sublicence tree up; a direct licence hangs on nothing above it."""
    above: list[GrantRow] = []
    while grant.head is not None:
        rows = heads.get(grant.head, ())
        current = [row for row in rows if _holds_on(row, day)]
        if not current:
            return tuple(above), not any(row.direct_licence for row in rows)
        grant = current[-1]
        above.append(grant)
    return tuple(above), False


def _holds_on(row: GrantRow, day: date) -> bool:
    return row.true_from <= day and (row.true_to is None or day < row.true_to)


def _objects(grant: GrantRow, use: Use) -> tuple[str, ...]:
    return (*grant.rights, *grant.technologies) if use.object is None else (use.object,)


def _looked_at(
    use: Use,
    grant: GrantRow,
    terms: ContractRow,
    above: Above,
    ends: Mapping[str, Sequence[StatusRow]],
    law: Law,
) -> LookedAt:
    objects = _objects(grant, use)
    state = state_of(use.territory.codes[0])
    # A technology has no term of its own: it is a right that ends.
    states = [
        status_on(subject, use.true_on, rows_on(ends.get(subject, ()), use.true_on), law, state)
        for subject in objects
        if subject.startswith("right:")
    ]
    ended = tuple(state for state in states if state.status not in ALIVE)
    gone = {state.right for state in ended}
    heads, cut_off = above
    chain = (grant, *heads)
    live = tuple(subject for subject in objects if subject not in gone)
    over = [over_after(each, use.true_on, ends.get(each, ()), law, state) for each in live]
    last = max((each.since or use.true_on for each in over if each), default=None)
    if not over or None in over:
        over, last = [], None
    kinds = {row.subject: row.kind for group in ends.values() for row in group}
    return LookedAt(
        grant,
        terms,
        heads,
        _beyond(grant, use),
        _against(law, use, chain, map(kinds.get, live), cut_off=cut_off),
        live,
        ended,
        min(filter(None, (last, *(row.true_to for row in chain))), default=None),
        positions_of(
            *map(told_of, chain),
            [terms.position],
            *(state.positions for state in (*states, *filter(None, over))),
        ),
    )


def _against(
    law: Law, use: Use, chain: Sequence[GrantRow], kinds: Iterable[str | None], *, cut_off: bool
) -> tuple[Against, ...]:
    entered = chain[0].registered_on
    said: dict[Against, bool] = {
        "AWAITED": any(row.waits is not None for row in chain),
        "SUSPENDED": any(row.suspended_position is not None for row in chain),
        "HEAD_ENDED": cut_off,
        "UNREGISTERED_OPPOSED": use.effect == "third_parties"
        and any(opposed(law, kind, entered, use.true_on) for kind in kinds),
    }
    return tuple(what for what, so in said.items() if so)


def _beyond(grant: GrantRow, use: Use) -> tuple[Side, ...]:
    place = territory_region(use.territory.codes)
    used = field_region(use.field.scheme, use.field.edition, use.field.codes)
    granted = field_region(grant.field_scheme, grant.field_edition, grant.field_codes)
    hole = _hole(grant)
    beyond, excluded = not granted.contains(used), hole is not None and hole.touches(place, used)
    words = grant.field_scheme == "words", grant.excluded_scheme == "words"
    sides: dict[Side, bool] = {
        "act": use.act not in grant.acts,
        "day": not _holds_on(grant, use.true_on),
        "territory": not territory_region(grant.territory).contains(place),
        "field": beyond and not words[0],
        "excluded": excluded and not words[1],
        "field_in_words": (beyond and words[0]) or (excluded and words[1]),
    }
    return tuple(side for side, beyond in sides.items() if beyond)


def _hole(grant: GrantRow) -> Hole | None:
    places, scheme = grant.excluded_territory, grant.excluded_scheme
    if places is None and scheme is None:
        return None
    codes = grant.excluded_codes or ()
    return Hole(
        None if places is None else territory_region(places),
        None if scheme is None else field_region(scheme, grant.excluded_edition, codes),
    )
