"""The schedules of a contract, from which day on each was agreed; sealed ones as they are kept."""

from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.royalty import Royalty, flat
from ledger.domain.contracts.royalty_due import ScheduleVersion, Versions
from ledger.domain.core.context import Context, recall, reveal
from ledger.domain.core.money import ppm
from ledger.domain.core.types import Sealed


class Royalties(NamedTuple):
    """What is agreed on royalties: a schedule, or a bare rate on a base."""

    royalty: Royalty | Sealed | None
    royalty_ppm: int | Sealed | None
    royalty_base: str


def royalties_of(contract: Contract) -> tuple[tuple[date, Royalties], ...]:
    """Return what was agreed on royalties from which day on, as known by now, oldest first.

    A day on which nothing is other than on the day before, whatever was said of it, is none.
    """
    said = dict.fromkeys(Royalties._fields, -1)
    now = Royalties(contract.first.royalty, contract.first.royalty_ppm, contract.first.royalty_base)
    agreed = {date.min: now}
    dated = [
        (change.effective_from, number, change.changes)
        for number, change in enumerate(contract.changes)
        if change.effective_from is not None
    ]
    for day, number, changes in sorted(dated, key=lambda each: each[:2]):
        later = [name for name in said if name in changes.model_fields_set]
        later = [name for name in later if said[name] < number]
        said.update(dict.fromkeys(later, number))
        then = now._replace(**{name: getattr(changes, name) for name in later})
        if then != now:
            agreed[day] = now = then
    return tuple(next(same) for _, same in groupby(agreed.items(), itemgetter(1)))


def versions_of(
    contract: Contract, subject: str, context: Context, repeated: Royalty | Sealed | None, on: date
) -> Versions:
    """Return the schedules of a contract, a bare rate being one without agreed periods.

    Where one is sealed and not kept, that of the day `on` is what the event repeats. Asked within
    `if_opened`: raises as `recall` and `reveal`.
    """
    agreed = royalties_of(contract)
    own = max(day for day, _ in agreed if day <= on)
    return tuple(
        _version(contract, subject, context, repeated if day == own else None, day, said)
        for day, said in agreed
    )


def _version(
    contract: Contract,
    subject: str,
    context: Context,
    repeated: Royalty | Sealed | None,
    day: date,
    said: Royalties,
) -> ScheduleVersion:
    agreed, rate = said.royalty, said.royalty_ppm
    if isinstance(agreed, Royalty):
        return ScheduleVersion(day, agreed)
    if repeated is not None and (isinstance(agreed, Sealed) or isinstance(rate, Sealed)):
        schedule = reveal(repeated, "/body/royalty", context, Royalty.model_validate)
        return ScheduleVersion(day, schedule, periods=agreed is not None)
    if agreed is not None:
        return ScheduleVersion(day, recall(agreed, subject, context, Royalty.model_validate))
    sole = recall(rate, subject, context, ppm)
    if sole is None:
        return ScheduleVersion(day, None)
    return ScheduleVersion(day, flat(sole, said.royalty_base, contract.currency), periods=False)
