"""
Who may sign at which position: keys and mandates, as the log itself records them.

A few types of events change it, and only they are read here, from plain JSON, in order.
Each must itself be signed by those whom the format demands, or the operator could add a key to a
party on its own. The whole history is gathered before any signature is judged: then each entry
can be judged in another process, by what stood at the positions before its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from ledger.verify.event import Event, read_event
from ledger.verify.outcome import Refused, Step, refusing
from ledger.wire.base64 import b64decode

OPENED, REGISTERED = "ledger.opened/1", "party.registered/1"
KEY_ADDED, KEY_REVOKED = "key.added/1", "key.revoked/1"
MANDATE_GIVEN, MANDATE_ENDED = "mandate.given/1", "mandate.ended/1"
LOG_KEYS, POLICY = "ledger.log_keys_adopted/1", "ledger.policy_adopted/1"
HANDED_OVER, CLOSED = "ledger.operation_handed_over/1", "ledger.closed/1"

_PARTY = "keys kind name party roles seat"
_KEY = "algorithm key_id public_key"
_MONEY = "amount currency"
_BODIES = {
    OPENED: "edition law_data_sha256 log_keys operator origin parties policy_sha256 registrar",
    REGISTERED: _PARTY,
    KEY_ADDED: "key not_after not_before party vouched_by",
    KEY_REVOKED: "compromised_since key_id party reason revoked_by",
    MANDATE_GIVEN: "ceiling holder mandate principal topics valid_from valid_to",
    MANDATE_ENDED: "ended_by holder mandate principal",
    LOG_KEYS: "ledger log_keys reason",
    POLICY: "approved_by ledger policy policy_sha256 speakers",
    HANDED_OVER: "ledger operator reason",
    CLOSED: "ledger reason successor",
}
_KINDS: dict[str, type] = {"amount": int, "ceiling": dict, "compromised_since": int, "key": dict}
_LISTS = "approved_by keys log_keys parties policy roles speakers topics"
_KINDS |= dict.fromkeys(_LISTS.split(), list)
_NULLS = "ceiling compromised_since name not_after not_before successor valid_to vouched_by"
_NULLABLE = frozenset(_NULLS.split())

AUTHORITY = tuple(_BODIES)
"""The types of events that change who may sign, or what signs the log."""

# `type` is the last member of a canonical payload, and no quote within a string stands bare.
_ENDINGS = tuple(f'"type":"{topic}"}}'.encode() for topic in _BODIES)


def is_authority(entry: bytes) -> bool:
    """Say whether an entry is of a type that changes who may sign, by its last bytes."""
    return entry.endswith(_ENDINGS)


@dataclass(frozen=True, slots=True)
class Key:
    """A public key in the log, and whose it is.

    It binds at the positions behind `added`, up to and including `revoked`, and at the instants
    [not_before, not_after).
    """

    key_id: str
    party: str
    algorithm: str
    spki: bytes
    added: int
    not_before: str | None = None
    not_after: str | None = None
    revoked: int | None = None


@dataclass(frozen=True, slots=True)
class Mandate:
    """The holder's keys bind the principal, for these topics, up to a sum, on these days."""

    topics: frozenset[str]
    ceiling: tuple[int, str] | None
    valid_from: str
    valid_to: str | None
    given: int
    ended: int | None = None


@dataclass(slots=True)
class Authority:
    """Every key and mandate that the log ever recorded, and the officers that genesis names.

    `mandates` are by (principal, holder), then by name; `log_keys` are the sets of vkeys that sign
    checkpoints, `policies` digests and texts, each with the first size that it is for; `speakers`
    are (group, party). Behind position `closed` nothing stands. `faults` says what is wrong with
    events that would have changed anything here, by position.
    """

    operator: str = ""
    registrar: str = ""
    keys: dict[str, Key] = field(default_factory=dict)
    mandates: dict[tuple[str, str], dict[str, Mandate]] = field(default_factory=dict)
    log_keys: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    policies: list[tuple[int, str, bytes]] = field(default_factory=list)
    speakers: set[tuple[str, str]] = field(default_factory=set)
    closed: int = 2**63
    faults: dict[int, Refused] = field(default_factory=dict)

    def log_keys_at(self, size: int) -> tuple[str, ...]:
        """Return the vkeys that all sign the checkpoint of a size."""
        return [keys for since, keys in self.log_keys if since <= size][-1]

    def follow(self, event: Event) -> None:
        """Take in the next event of these types. Raises `Refused` (steps 5 and 8)."""
        brought = brought_keys(event)
        signers = _FOLDS[event.type](self, event, event.body)
        if event.signers != signers:
            raise fault(event, f"{event.type} is signed by {', '.join(sorted(signers))}")
        for key in brought:
            if self.keys.setdefault(key.key_id, key) is not key:
                raise fault(event, f"the key {key.key_id} is in the log already")


def gather_authority(entries: Iterable[tuple[int, bytes]], origin: str) -> Authority:
    """Return what (position, entry) pairs say, in order; a fault is raised at its entry's turn."""
    authority = Authority()
    for position, raw in entries:
        try:
            authority.follow(read_event(raw, position, origin))
        except Refused as refused:
            authority.faults[position] = refused
    return authority


def _opened(authority: Authority, event: Event, body: dict[str, Any]) -> set[str]:
    if event.position > 0:
        raise fault(event, "a ledger is opened once, at position 0")
    authority.operator, authority.registrar = body["operator"], body["registrar"]
    authority.log_keys.append((0, tuple(map(str, body["log_keys"]))))
    authority.policies.append((0, body["policy_sha256"], b""))  # Its text is the trust root's.
    return {party["party"] for party in body["parties"]}


def _registered(authority: Authority, _: Event, body: dict[str, Any]) -> set[str]:
    return {body["party"], authority.operator}


def _key_added(authority: Authority, event: Event, body: dict[str, Any]) -> set[str]:
    party, voucher = body["party"], body["vouched_by"]
    if voucher is None:
        signed = (authority.keys.get(line.key_id) for line in event.entry.signatures)
        if all(key is None or key.party != party for key in signed):
            raise fault(event, f"no key that {party} has already has signed")
    elif voucher not in (authority.operator, authority.registrar):
        raise fault(event, f"{voucher} may not vouch for a key")
    return {party, voucher or party}


def _key_revoked(authority: Authority, event: Event, body: dict[str, Any]) -> set[str]:
    party, by, key = body["party"], body["revoked_by"], authority.keys.get(body["key_id"])
    if key is None or key.party != party or key.revoked is not None:
        raise fault(event, f"{party} has no key {body['key_id']} in force")
    if by not in (party, authority.operator):
        raise fault(event, f"{by} is neither holder nor operator")
    authority.keys[key.key_id] = replace(key, revoked=event.position)
    return {by}


def _mandate_given(authority: Authority, event: Event, body: dict[str, Any]) -> set[str]:
    given = authority.mandates.setdefault((body["principal"], body["holder"]), {})
    if body["mandate"] in given:
        raise fault(event, f"{body['mandate']} was given before")
    limit = body["ceiling"]
    if limit is not None:
        limit = tuple(_checked(limit, _MONEY, event).values())
    topics, days = frozenset(map(str, body["topics"])), (body["valid_from"], body["valid_to"])
    given[body["mandate"]] = Mandate(topics, limit, *days, event.position)
    return {body["principal"], authority.operator}


def _mandate_ended(authority: Authority, event: Event, body: dict[str, Any]) -> set[str]:
    pair, name, by = (body["principal"], body["holder"]), body["mandate"], body["ended_by"]
    mandate = authority.mandates.get(pair, {}).get(name)
    if mandate is None or mandate.ended is not None or by not in pair:
        raise fault(event, f"{by} cannot end {name}")
    authority.mandates[pair][name] = replace(mandate, ended=event.position)
    return {by}


def _log_keys(authority: Authority, event: Event, body: dict[str, Any]) -> set[str]:
    adopted = tuple(map(str, body["log_keys"]))
    if not set(adopted) & set(authority.log_keys[-1][1]):
        raise fault(event, "the new keys of the log have none in common with the old")
    authority.log_keys.append((event.position + 1, adopted))
    return {authority.operator, authority.registrar}


def _policy(authority: Authority, event: Event, body: dict[str, Any]) -> set[str]:
    text = "".join(f"{line}\n" for line in body["policy"]).encode("utf-8", "surrogateescape")
    digest, approving = f"sha256:{sha256(text).hexdigest()}", set(map(str, body["approved_by"]))
    named = [_checked(each, "group party", event) for each in body["speakers"]]
    speakers = {(each["group"], each["party"]) for each in named}
    first = {("state", authority.registrar)} | {each for each in speakers if each[0] != "state"}
    ruling = authority.speakers or first
    if len({group for group, party in ruling if party in approving}) < 2:  # noqa: PLR2004
        raise fault(event, "two of the groups of witnesses must approve a policy")
    if digest != body["policy_sha256"] or not approving <= {party for _, party in ruling}:
        raise fault(event, "another policy, or approved by who speaks for no group")
    authority.policies.append((event.position + 1, digest, text))
    authority.speakers = speakers
    return {authority.operator, *approving}


def _handed_over(authority: Authority, _: Event, body: dict[str, Any]) -> set[str]:
    last, authority.operator = authority.operator, body["operator"]
    return {last, body["operator"], authority.registrar}


def _closed(authority: Authority, event: Event, _: dict[str, Any]) -> set[str]:
    authority.closed = event.position
    return {authority.operator, authority.registrar}


_FOLDS = {
    OPENED: _opened,
    REGISTERED: _registered,
    KEY_ADDED: _key_added,
    KEY_REVOKED: _key_revoked,
    MANDATE_GIVEN: _mandate_given,
    MANDATE_ENDED: _mandate_ended,
    LOG_KEYS: _log_keys,
    POLICY: _policy,
    HANDED_OVER: _handed_over,
    CLOSED: _closed,
}
"""What an event of each type changes; returned are the parties that must be its signers."""


def brought_keys(event: Event) -> list[Key]:
    """Return the keys that an event brings. Raises `Refused` (step 5) for a malformed body."""
    if event.type not in _BODIES:
        return []
    body = _checked(event.body, _BODIES[event.type], event)
    if event.type == KEY_ADDED:
        key = _key(event, body["party"], body["key"])
        return [replace(key, not_before=body["not_before"], not_after=body["not_after"])]
    parties = body.get("parties", [body] if event.type == REGISTERED else [])
    described = [_checked(party, _PARTY, event) for party in parties]
    return [_key(event, party["party"], key) for party in described for key in party["keys"]]


def _key(event: Event, party: str, record: Any) -> Key:
    record = _checked(record, _KEY, event)
    with refusing(Step.FORM, event.position):
        spki = b64decode(record["public_key"])
    return Key(record["key_id"], party, record["algorithm"], spki, event.position)


def _checked(value: Any, names: str, event: Event) -> dict[str, Any]:
    """Return `value` if it is an object with exactly these members, each of its kind."""
    if not isinstance(value, dict) or list(value) != names.split():
        raise Refused(Step.FORM, f"{event.type}: not an object of {names}", event.position)
    for name, member in value.items():
        nothing = member is None and name in _NULLABLE
        if not nothing and not isinstance(member, _KINDS.get(name, str)):
            raise Refused(Step.FORM, f"{event.type}: {name} is not of its kind", event.position)
    return value


def fault(event: Event, reason: str) -> Refused:
    """Return the refusal of step 8 for an event."""
    return Refused(Step.SIGNATURES, reason, event.position)
