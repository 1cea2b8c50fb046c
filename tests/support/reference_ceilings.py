"""What an event commits a signer to, once more, from the text of docs/spec/authority.md alone.

Of the events that have several sums; bodies are JSON as a client writes it. None is no bound.
"""

from datetime import date
from typing import Any

Costs = dict[str, int] | None
"""What is committed to by currency, or None."""


def costs(topic: str, said: dict[str, Any], signer: str, offer: dict[str, Any] | None) -> Costs:
    """Return what an event commits a signer to; `offer` is what the offer says that it names."""
    name = topic.partition("/")[0]
    if name == "auction.opened":
        return _added(_greater(said["reserve"], said["start"]))
    if name == "assignment.agreed":
        gives = signer in [each["party"] for each in said["assignors"]]
        price = _greater(said["price"], said.get("quoted_price"))
        value = (said.get("equity") or {}).get("value")
        return None if gives else _added([*price, _money(value)])
    if name == "offer.accepted":
        assert offer is not None
        return costs("offer.made", offer, signer, None)
    if name == "offer.made":
        if said["price"] is None:
            return None
        return _deal(said, said.get("proposed", []), signer, 0)
    if name == "terms.amended":
        changes = said["changes"]
        moved = "effective_to" in changes or "renewal" in changes
        return None if moved else _deal(changes, changes.get("grants", []), signer, 0)
    grants = said["grants"] if name == "contract.concluded" else [said["grant"]]
    first, last = said.get("effective_from"), said.get("effective_to")
    if name == "sublicence.granted":
        first, last = grants[0]["valid_from"], grants[0]["valid_to"]
    own = _deal(said, grants, signer, 0 if said.get("renewal") else _years(first, last))
    if offer is None or own is None:
        return own
    theirs = costs("offer.made", offer, signer, None)
    return None if theirs is None else _repeated(own, said["price"], offer["price"])


def _repeated(own: dict[str, int], price: Any, offered: Any) -> Costs:
    """Return what a deed costs whose price stands in the offer too: there it is the greater."""
    if offered is None:
        return own
    unit, mine = offered["currency"], 0
    if price is not None and price["currency"] == unit:
        mine = price["amount"]
    return {**own, unit: own.get(unit, 0) + max(0, offered["amount"] - mine)}


def _deal(said: dict[str, Any], grants: list[dict[str, Any]], signer: str, years: int) -> Costs:
    """Return what is committed to by price, rate, royalty and grants."""
    if said.get("royalty_ppm") not in (None, 0):
        return None
    if any(
        each["licensor"] == signer and each["exclusivity"] != "non_exclusive" for each in grants
    ):
        return None
    sums: list[tuple[int, str] | None] = [_money(said.get("price"))]
    if (royalty := said.get("royalty")) is not None:
        most = _most(royalty, years)
        if most is None:
            return None
        sums.append((most, royalty["currency"]))
    return _added(sums)


def _most(royalty: dict[str, Any], years: int) -> int | None:
    """Return the most that a schedule costs over so many years."""
    cap, minimum = royalty.get("cap"), royalty.get("minimum")
    capped = cap is not None and cap["per"] == "term"
    if not capped and (royalty.get("per_unit") or any(t["rate_ppm"] for t in royalty["tiers"])):
        return None
    if minimum is not None and years == 0:
        return None
    running = max(cap["amount"] if capped else 0, years * minimum["amount"] if minimum else 0)
    return running + sum(each["amount"] for each in royalty.get("milestones", ()))


def _years(first: str | None, last: str | None) -> int:
    """Count the years that begin from a day on, before another, one by one."""
    if first is None or last is None:
        return 0
    start, end, years = date.fromisoformat(first), date.fromisoformat(last), 0
    while (start.year + years, start.month, start.day) < (end.year, end.month, end.day):
        years += 1
    return years


def _money(said: Any) -> tuple[int, str] | None:
    return None if said is None else (said["amount"], said["currency"])


def _greater(one: Any, other: Any) -> list[tuple[int, str] | None]:
    """Return the greater of two sums, or both where they are in two currencies."""
    most = dict[str, int]()
    for amount, unit in filter(None, map(_money, (one, other))):
        most[unit] = max(amount, most.get(unit, 0))
    return [(amount, unit) for unit, amount in most.items()]


def _added(sums: list[tuple[int, str] | None]) -> dict[str, int]:
    total = dict[str, int]()
    for amount, unit in filter(None, sums):
        total[unit] = total.get(unit, 0) + amount
    return total
