"""
Step 8: every signature line verifies, by a key in force at the entry's position, and binds.

Each line must bind one of the event's `signers`, by a key of its own or under its mandate, and
each signer must be bound: so no line can be stripped from an event, and none added. A key that the
event itself brings counts, and must have signed: that is its proof of possession.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from ledger.verify.authority import Authority, Key, Mandate, brought_keys, fault
from ledger.verify.event import Event
from ledger.wire import keys
from ledger.wire.envelope import PAYLOAD_TYPE, pae
from ledger.wire.instant import parse_instant

_HANOI = timedelta(hours=7)  # Legal days are Hanoi's: UTC+7, no daylight saving since 1975.

_loaded = lru_cache(maxsize=65_536)(keys.load_public)


def check_signatures(event: Event, authority: Authority) -> bool:
    """Check every signature line of an event. Raises `Refused` (step 8).

    Returns whether a mandate's ceiling could not be held against a sum, because that is sealed.
    """
    if event.position in authority.faults:
        raise authority.faults[event.position]
    if event.position > authority.closed:
        raise fault(event, f"the log was closed at position {authority.closed}")
    brought, bound, sealed = admitted_keys(event), set[str](), False
    for line in event.entry.signatures:
        key = brought.get(line.key_id) or _in_force(line.key_id, event, authority)
        verify_line(event, key, line.value)
        parties, unread = _bound_by(key.party, event, authority)
        bound |= parties
        sealed |= unread
    if missing := event.signers - bound:
        raise fault(event, f"no line binds {', '.join(sorted(missing))}")
    return sealed


def verify_line(event: Event, key: Key, signature: bytes) -> None:
    """Verify one line's signature over the pre-authentication encoding of the payload."""
    message = pae(PAYLOAD_TYPE, event.entry.payload)
    try:
        _loaded(key.algorithm, key.spki).verify(signature, message)
    except (keys.BadSignature, keys.KeyRefused) as error:
        raise fault(event, f"the line by key {key.key_id}: {error}") from None


def admitted_keys(event: Event) -> dict[str, Key]:
    """Return the keys that an event brings, by id: each fit to bind anybody, each a signer."""
    brought = {key.key_id: key for key in brought_keys(event)}
    for key_id, key in brought.items():
        try:
            keys.admit_key(key.algorithm, key.spki)
        except keys.KeyRefused as error:
            raise fault(event, f"the new key {key_id}: {error}") from None
        if keys.key_id(key.spki) != key_id:
            raise fault(event, f"{key_id} is not the SHA-256 of its public key")
    if unproven := brought.keys() - {line.key_id for line in event.entry.signatures}:
        raise fault(event, f"new keys have not signed: {', '.join(sorted(unproven))}")
    return brought


def _in_force(key_id: str, event: Event, authority: Authority) -> Key:
    key, now = authority.keys.get(key_id), event.entry.accepted
    if key is None or key.added >= event.position:
        raise fault(event, f"there is no key {key_id} in the log before it")
    if key.revoked is not None and key.revoked < event.position:
        raise fault(event, f"the key {key_id} was revoked at position {key.revoked}")
    # Instants have one spelling and one length, so they compare as texts.
    if key.not_before is not None and now < key.not_before:
        raise fault(event, f"the key {key_id} binds from {key.not_before}")
    if key.not_after is not None and now >= key.not_after:
        raise fault(event, f"the key {key_id} bound until {key.not_after}")
    return key


def _bound_by(holder: str, event: Event, authority: Authority) -> tuple[set[str], bool]:
    """Return the signers whom a line of the holder binds, and whether a sum is sealed to it."""
    bound, sealed = {holder} & event.signers, False
    for signer in event.signers - bound:
        given = authority.mandates.get((signer, holder), {}).values()
        mandates = [mandate for mandate in given if _is_in_force(mandate, event)]
        enough = _suffices(mandates, event)
        unread = not enough and mandates != [] and any("commitment" in s for s in _sums(event))
        if enough or unread:
            bound.add(signer)
        sealed |= unread
    if not bound:
        raise fault(event, f"the line of {holder} binds none of the signers")
    return bound, sealed


def _is_in_force(mandate: Mandate, event: Event) -> bool:
    today = (parse_instant(event.entry.accepted) + _HANOI).date().isoformat()
    return (
        mandate.given < event.position
        and (mandate.ended is None or mandate.ended >= event.position)
        and not mandate.topics.isdisjoint(("*", event.type.partition("/")[0]))
        and mandate.valid_from <= today
        and (mandate.valid_to is None or today < mandate.valid_to)
    )


def _suffices(mandates: Sequence[Mandate], event: Event) -> bool:
    """Return whether one of the mandates reaches as far as the event's price and amount."""
    sums = [(money.get("amount"), money.get("currency")) for money in _sums(event)]
    ceilings = [mandate.ceiling for mandate in mandates]
    return None in ceilings or any(
        all(type(amount) is int and amount <= most and unit == currency for amount, unit in sums)
        for most, currency in filter(None, ceilings)
    )


def _sums(event: Event) -> list[dict[str, Any]]:
    return [each for each in map(event.body.get, ("price", "amount")) if isinstance(each, dict)]
