"""
Step 8: every signature line verifies, by a key in force at the entry's position, and binds.

Each line must bind one of the event's `signers`, by a key of its own or under its mandate, and
each signer must be bound: so no line can be stripped from an event, and none added. A key that the
event itself brings counts, and must have signed: that is its proof of possession.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache

from ledger import powers
from ledger.powers import (
    TABLE,
    Asked,
    Officers,
    TopicPowers,
    both_sides,
    by_own_keys,
    judge_alone,
    parties_bound,
)
from ledger.verify.authority import (
    NEVER_BINDS,
    REGISTERED,
    Authority,
    RecordedKey,
    brought_keys,
    fault,
)
from ledger.verify.event import RecordedEvent
from ledger.verify.mandates import in_force, suffices
from ledger.wire import signing_keys
from ledger.wire.envelope import PAYLOAD_TYPE, pae
from ledger.wire.instant import format_instant, parse_instant

_loaded = lru_cache(maxsize=65_536)(signing_keys.load_public)


def check_signatures(event: RecordedEvent, authority: Authority) -> tuple[str, ...]:
    """Check who signs an event, and every line. Raises `Refused` (step 8).

    Returns what could not be checked: who must sign a type that is not in the table, a sum that is
    sealed to the ceiling of a mandate.
    """
    unread = judge_signers(event, authority)
    brought = proven_keys(event)
    for line in event.entry.signatures:
        verify_line(event, brought.get(line.key_id) or authority.keys[line.key_id], line.value)
    admit(event, brought)
    return unread


def judge_signers(event: RecordedEvent, authority: Authority) -> tuple[str, ...]:
    """Do what `check_signatures` does, but for the signatures and the new keys themselves."""
    row, unread = TABLE.get(event.type), list[str]()
    _must_stand(event, authority, row, unread)
    _must_wait(event, authority, row)
    brought, older = proven_keys(event), set[str]()
    stands = {key.party: {key.party} for key in brought.values() if key.party in event.signers}
    for line in event.entry.signatures:
        # A key that the event brings binds its own party and nobody through a mandate.
        if line.key_id not in brought:
            holder = _in_force(line.key_id, event, authority).party
            older |= {holder} if line.key_id != event.body.get("key_id") else set()
            for signer in _bound_by(holder, event, authority, unread):
                stands.setdefault(signer, set()).add(holder)
    if missing := event.signers - stands.keys():
        raise fault(event, f"no line binds {', '.join(sorted(missing))}")
    if row is not None:
        if parties := both_sides(row, event.body, stands):
            raise fault(event, f"{' and '.join(parties)} sign by one hand")
        _must_be_let(row, event, authority, older, unread)
    return tuple(unread)


def judge_by_itself(event: RecordedEvent, officers: Officers | None) -> list[str]:
    """Judge who signs an event by its bytes alone; return what is left open. Raises `Refused`."""
    why, unread = judge_alone(event.type, event.body, event.signers, officers)
    if why is not None:
        raise fault(event, f"{event.type}: {why}")
    return unread


def _must_stand(
    event: RecordedEvent, authority: Authority, row: TopicPowers | None, unread: list[str]
) -> None:
    """Refuse an event that could not be there, or that is signed by others than it binds."""
    if event.position in authority.faults:
        raise authority.faults[event.position]
    if event.position > authority.closed:
        raise fault(event, f"the log was closed at position {authority.closed}")
    if row is not None:
        parties = parties_bound(row, event.body, authority.officers_at(event.position))
        if event.signers != parties:
            raise fault(event, f"{event.type} is signed by {', '.join(sorted(parties))}")
    else:
        unread.append(f"who must sign {event.type}, a type that this verifier does not know")
    for signer in event.signers - {event.body.get("party") if event.type == REGISTERED else None}:
        _must_exist(signer, event, authority, unread)


def _must_wait(event: RecordedEvent, authority: Authority, row: TopicPowers | None) -> None:
    """Refuse what binds before the delay of the ledger is over."""
    now = event.entry.accepted
    if row is not None and powers.must_wait(row, event.body):
        delays = [s for at, since, s in authority.delays if at < event.position and since <= now]
        earliest = format_instant(parse_instant(now) + timedelta(seconds=[0, *delays][-1]))
        if (event.body.get("not_before") or now) < earliest:
            raise fault(event, f"it has to wait: it binds from {earliest} on at the earliest")


def _must_exist(name: str, event: RecordedEvent, authority: Authority, unread: list[str]) -> None:
    """Refuse a party that is not registered by then, and one that has ceased to be."""
    party = authority.parties.get(name)
    if party is None or party.registered > event.position:
        if authority.whole:
            raise fault(event, f"{name} is not registered")
        unread.append(f"whether {name} is registered")
    elif party.not_before == NEVER_BINDS:
        raise fault(event, f"the registration of {name} was stopped before it bound")
    elif event.entry.accepted < party.not_before:
        raise fault(event, f"{name} is registered from {party.not_before} on")
    if authority.ended.get(name, event.position) < event.position:
        raise fault(event, f"{name} has ceased to be at position {authority.ended[name]}")


def _must_be_let(
    row: TopicPowers, event: RecordedEvent, authority: Authority, older: set[str], unread: list[str]
) -> None:
    """Refuse those whom the table does not let do what the event says that they do."""

    def roles(name: str) -> frozenset[str] | None:
        party = authority.parties.get(name)
        if party is None and not authority.whole:
            return None
        return party.roles if party and party.registered < event.position else frozenset()

    asked = Asked(authority.officers_at(event.position), roles, older)
    for _, why in asked.faults(row, event.body):
        raise fault(event, f"{event.type}: {why}")
    unread += asked.unknown(row, event.body)


def verify_line(event: RecordedEvent, key: RecordedKey, signature: bytes) -> None:
    """Verify one line's signature over the pre-authentication encoding of the payload."""
    message = pae(PAYLOAD_TYPE, event.entry.payload)
    try:
        _loaded(key.algorithm, key.spki).verify(signature, message)
    except (signing_keys.SignatureMismatch, signing_keys.KeyRefused) as error:
        raise fault(event, f"the line by key {key.key_id}: {error}") from None


def proven_keys(event: RecordedEvent) -> dict[str, RecordedKey]:
    """Return the keys that an event brings, by their true ids; each of them has signed."""
    brought = {key.key_id: key for key in brought_keys(event)}
    if unproven := brought.keys() - {line.key_id for line in event.entry.signatures}:
        raise fault(event, f"new keys have not signed: {', '.join(sorted(unproven))}")
    for key_id, key in brought.items():
        if signing_keys.key_id(key.spki) != key_id:
            raise fault(event, f"{key_id} is not the SHA-256 of its public key")
    return brought


def admit(event: RecordedEvent, brought: Mapping[str, RecordedKey]) -> None:
    """Refuse new keys that are not fit to bind anybody: last, as that takes longest to see."""
    for key_id, key in brought.items():
        try:
            signing_keys.admit_key(key.algorithm, key.spki)
        except signing_keys.KeyRefused as error:
            raise fault(event, f"the new key {key_id}: {error}") from None


def _in_force(key_id: str, event: RecordedEvent, authority: Authority) -> RecordedKey:
    key, now = authority.keys.get(key_id), event.entry.accepted
    if key is None or key.added >= event.position:
        raise fault(event, f"there is no key {key_id} in the log before it")
    party = authority.parties.get(key.party)
    if party is not None and key.added < party.registered <= event.position:
        raise fault(event, f"the key {key_id} came by a registration that was stopped")
    if key.revoked is not None and key.revoked < event.position:
        raise fault(event, f"the key {key_id} was revoked at position {key.revoked}")
    if (since := key.suspended_for(event)) is not None:
        raise fault(event, f"the key {key_id} is suspended since position {since}")
    # Instants have one spelling and one length, so they compare as texts.
    if key.not_before is not None and now < key.not_before:
        raise fault(event, f"the key {key_id} binds from {key.not_before}")
    if key.not_after is not None and now >= key.not_after:
        raise fault(event, f"the key {key_id} bound until {key.not_after}")
    return key


def _bound_by(
    holder: str, event: RecordedEvent, authority: Authority, unread: list[str]
) -> set[str]:
    """Return the signers whom a line of the holder binds; add what is sealed to it to `unread`."""
    _must_exist(holder, event, authority, unread)
    bound, above = {holder} & event.signers, ""
    alone = by_own_keys(authority.officers_at(event.position), event.signers)
    for signer in event.signers - bound - alone:
        given = authority.mandates.get((signer, holder), {}).values()
        mandates = in_force(given, event)
        if not mandates:
            continue
        enough, why = suffices(signer, mandates, event, authority.offers, whole=authority.whole)
        if enough is False:
            above = why
            continue
        bound.add(signer)
        unread += [] if enough else [f"a mandate's ceiling: {why}"]
    if not bound:
        raise fault(event, above or f"the line of {holder} binds none of the signers")
    return bound
