"""
Who may sign at which position: keys and mandates, as the log itself records them.

A few types of events change it, and only they are read here, from plain JSON, in order.
That each was signed by those whom the table of authority demands is judged with all the others, by
`ledger.verify.signatures`. The whole history is gathered before any signature is: then each entry
can be judged in another process, by what stood at the positions before its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from ledger.log.note import check_log_keys
from ledger.log.policy import parse_policy_of
from ledger.log.statement import check_refusal_keys
from ledger.powers import Officers, member, values
from ledger.quoted import listed
from ledger.verify.event import RecordedEvent, read_event
from ledger.verify.mandates import Offered, RecordedMandate, in_force, suffices
from ledger.verify.outcome import Check, Refused, refusing
from ledger.wire.base64 import b64decode

OPENED, REGISTERED = "ledger.opened/1", "party.registered/1"
KEY_ADDED, KEY_REVOKED = "key.added/1", "key.revoked/1"
KEY_SUSPENDED, KEY_RESUMED = "key.suspended/1", "key.resumed/1"
PARTY_STOPPED, KEY_STOPPED = "party.stopped/1", "key.stopped/1"
MANDATE_GIVEN, MANDATE_ENDED = "mandate.given/1", "mandate.ended/1"
LOG_KEYS, POLICY = "ledger.log_keys_adopted/1", "ledger.policy_adopted/1"
REFUSAL_KEYS, DELAY = "ledger.refusal_keys_adopted/1", "ledger.delay_adopted/1"
HANDED_OVER, CLOSED = "ledger.operation_handed_over/1", "ledger.closed/1"
GROUPS = frozenset(("state", "institutes", "firms"))
OFFERS = ("offer.made/1", "offer.countered/1")
ERASED = "person.erased/1"
ENDS = {"party.merged/1": "party", "party.dissolved/1": "party", ERASED: "token"}

NEVER = 2**63
"""A position behind all others."""

NEVER_BINDS = "never"
"""Behind all instants, as texts: what was stopped begins to bind then."""


_PARTY = "keys kind name party roles seat"
_KEY = "algorithm key_id public_key"
_MONEY = "amount currency"
_BODIES = {
    OPENED: "delay_seconds edition law_data_sha256 log_keys operator origin parties policy_sha256"
    " registrar",
    REGISTERED: "keys kind name not_before party roles seat",
    PARTY_STOPPED: "party",
    KEY_ADDED: "key not_after not_before party vouched_by",
    KEY_REVOKED: "compromised_since key_id party reason revoked_by",
    KEY_SUSPENDED: "key_id party suspended_by",
    KEY_RESUMED: "key_id lifted_by party",
    KEY_STOPPED: "key_id party stopped_by",
    MANDATE_GIVEN: "ceiling holder mandate principal topics valid_from valid_to",
    MANDATE_ENDED: "ended_by holder mandate principal",
    LOG_KEYS: "ledger log_keys reason",
    REFUSAL_KEYS: "ledger reason refusal_keys",
    DELAY: "delay_seconds ledger not_before reason stopped_by",
    POLICY: "approved_by ledger policy policy_sha256 speakers",
    HANDED_OVER: "ledger operator reason",
    CLOSED: "ledger reason successor",
}
_KINDS: dict[str, type] = {"ceiling": dict, "key": dict}
_KINDS |= dict.fromkeys(("amount", "compromised_since", "delay_seconds"), int)
_LISTS = "approved_by keys log_keys parties policy refusal_keys roles speakers topics"
_KINDS |= dict.fromkeys(_LISTS.split(), list)
_NULLS = "ceiling compromised_since name not_after not_before lifted_by revoked_by"
_NULLS += " stopped_by successor valid_to vouched_by"
_NULLABLE = frozenset(_NULLS.split())
_ABSENT: Any = {OPENED: {"delay_seconds": 0}, REGISTERED: {"not_before": None}}
_ABSENT |= {DELAY: {"stopped_by": None}}

AUTHORITY = (*_BODIES, *ENDS, *OFFERS)
"""The types of events that change who may sign, or how far, or what signs the log."""

ENTERED = tuple(sorted((*_BODIES, *ENDS)))
"""Those of them that are few: offers are looked up when one is needed."""

# `type` is the last member of a canonical payload, and no quote within a string stands bare.
_ENDINGS = tuple(f'"type":"{topic}"}}'.encode() for topic in AUTHORITY)


def is_authority(entry: bytes) -> bool:
    """Say whether an entry is of a type that changes who may sign, by its last bytes."""
    return entry.endswith(_ENDINGS)


def only_stops(event: RecordedEvent) -> bool:
    """Say whether an event only stops something that waits, for which a suspended key will do."""
    named = event.body.get("stopped_by") is not None
    return event.type == PARTY_STOPPED or (named and event.type in (KEY_STOPPED, DELAY))


@dataclass(frozen=True, slots=True)
class RecordedKey:
    """A public key in the log, and whose it is.

    It binds at the positions behind `added`, up to and including `revoked`, and at the instants
    [not_before, not_after). `suspended` are positions, at which it was suspended and at which that
    was lifted, and by whom: behind the one, up to and including the other, it binds nobody, or only
    for what stops something, where another than its party suspended it. `vouched` is the position
    at which officers vouched for it, or for each key of its party that brought it.
    """

    key_id: str
    party: str
    algorithm: str
    spki: bytes
    added: int
    not_before: str | None = None
    not_after: str | None = None
    revoked: int | None = None
    suspended: tuple[tuple[int, int, str], ...] = ()
    vouched: int = 0

    @property
    def is_suspended(self) -> bool:
        """Say whether it is suspended as the log ends."""
        return bool(self.suspended) and self.suspended[-1][1] == NEVER

    def suspended_for(self, event: RecordedEvent) -> int | None:
        """Return where it was suspended, if it is for an event."""
        held = [(at, by) for at, until, by in self.suspended if at < event.position <= until]
        return next((at for at, by in held if by == self.party or not only_stops(event)), None)


@dataclass(frozen=True, slots=True)
class RecordedParty:
    """A party: registered at a position, with these roles, binding from an instant on."""

    registered: int
    roles: frozenset[str]
    not_before: str = ""


@dataclass(slots=True)
class Authority:
    """Every key and mandate that the log ever recorded, its parties, its officers, its offers.

    `operators` are those that ran the ledger, each with the first position that it is for; `ended`
    are parties that ceased to be, and where;
    `mandates` are by (principal, holder), then by name; `log_keys` are the sets of vkeys that sign
    checkpoints, `policies` digests and texts, each with the first size that it is for; `speakers`
    have the group that a party speaks for; `delays` have (position, instant from which, seconds)
    for what must wait.
    Behind position `closed` nothing stands. `whole` says that every entry is at
    hand: then what is not recorded never was. `faults` says what is wrong with
    events that would have changed anything here, by position.
    """

    operators: list[tuple[int, str]] = field(default_factory=list)
    registrar: str = ""
    parties: dict[str, RecordedParty] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    offers: dict[str, Offered] = field(default_factory=dict)
    keys: dict[str, RecordedKey] = field(default_factory=dict)
    mandates: dict[tuple[str, str], dict[str, RecordedMandate]] = field(default_factory=dict)
    log_keys: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    refusal_keys: list[str] = field(default_factory=list)
    policies: list[tuple[int, str, bytes]] = field(default_factory=list)
    speakers: dict[str, str] = field(default_factory=dict)
    delays: list[tuple[int, str, int]] = field(default_factory=list)
    closed: int = NEVER
    whole: bool = True
    faults: dict[int, Refused] = field(default_factory=dict)

    @property
    def demonstration(self) -> bool:
        """Say whether there is a time at which nothing waits."""
        return any(seconds == 0 for *_, seconds in self.delays)

    def log_keys_at(self, size: int) -> tuple[str, ...]:
        """Return the vkeys that all sign the checkpoint of a size."""
        return [keys for since, keys in self.log_keys if since <= size][-1]

    def officers_at(self, position: int) -> Officers:
        """Return the officers before the event at a position changes them."""
        operators = [party for since, party in self.operators if since <= position]
        return Officers(operators[-1] if operators else "", self.registrar)

    def ways(self, key: RecordedKey, party: str, event: RecordedEvent) -> list[int]:
        """Return by what a key binds a party: where each was vouched for, 0 for nowhere."""
        if key.party == party:
            return [key.vouched]
        given = self.mandates.get((party, key.party), {}).values()
        return [
            key.vouched or each.vouched
            for each in given
            if in_force([each], event)
            and suffices(party, [each], event, self.offers, whole=self.whole)[0] is not False
        ]

    def vouched(self, event: RecordedEvent) -> list[int]:
        """Return where that was vouched for on which the lines of an event rest."""
        lines = [self.keys[each.key_id] for each in event.entry.signatures]
        ways = [self.ways(key, signer, event) for key in lines for signer in event.signers]
        return sorted({min(each) for each in ways if each} - {0})

    def follow(self, event: RecordedEvent) -> None:
        """Take in the next event of these types. Raises `Refused` (steps 5 and 8)."""
        brought = brought_keys(event)
        if event.type in OFFERS:
            self._offered(event)
        elif event.type in ENDS:
            ended = str(event.body.get(ENDS[event.type]))
            if event.type == ERASED and not ended.startswith("party:tok."):
                raise fault(event, f"{ended} is no person")
            self.ended.setdefault(ended, event.position)
        else:
            _FOLDS[event.type](self, event, event.body)
        signed = [self.keys.get(each.key_id) for each in event.entry.signatures]
        for new in brought:
            older = [each.vouched for each in signed if each and each.party == new.party]
            at = event.position if event.body.get("vouched_by") else min(older, default=0)
            if self.keys.setdefault(new.key_id, key := replace(new, vouched=at)) is not key:
                raise fault(event, f"the key {key.key_id} is in the log already")

    def register(self, event: RecordedEvent, described: dict[str, Any]) -> None:
        """Take in a party. Raises `Refused` for one that is registered, and a person by name."""
        party, roles = described["party"], frozenset(map(str, described["roles"]))
        if party in self.parties and self.parties[party].not_before != NEVER_BINDS:
            raise fault(event, f"{party} is registered already")
        if described["kind"] == "person" and not party.startswith("party:tok."):
            raise fault(event, f"{party} is no person")
        self.parties[party] = RecordedParty(
            event.position, roles, described.get("not_before") or ""
        )

    def adopt_delay(self, event: RecordedEvent, body: dict[str, Any]) -> None:
        """Take in a delay; it replaces one that would have held from later on."""
        seconds, now = body.get("delay_seconds", 0), event.entry.accepted
        if not 0 <= seconds <= 366 * 86_400:
            raise fault(event, f"{seconds} s are no delay")
        begun = [each for each in self.delays if each[1] <= now]
        if only_stops(event) and (begun == self.delays or seconds != begun[-1][2]):
            raise fault(
                event, f"no delay waits, or it is not the one that holds till then: {seconds} s"
            )
        self.delays = [*begun, (event.position, body.get("not_before") or now, seconds)]

    def _offered(self, event: RecordedEvent) -> None:
        grants = [
            {name: member(each, name) for name in ("exclusivity", "licensor")}
            for each in values(event.body, "proposed/*")
        ]
        terms = {name: event.body.get(name) for name in ("price", "royalty_ppm")}
        offered = Offered(event.position, event.type, {**terms, "proposed": grants})
        self.offers.setdefault(str(event.body.get("offer")), offered)


def gather_authority(
    entries: Iterable[tuple[int, bytes]], origin: str, *, whole: bool = True
) -> Authority:
    """Return what (position, entry) pairs say, in order; a fault is raised at its entry's turn.

    `whole` says that these are all of a log that are of such types.
    """
    authority = Authority(whole=whole)
    for position, raw in entries:
        try:
            authority.follow(read_event(raw, position, origin))
        except Refused as refused:
            authority.faults[position] = refused
    return authority


def _opened(authority: Authority, event: RecordedEvent, body: dict[str, Any]) -> None:
    if event.position > 0:
        raise fault(event, f"a ledger is opened once, at position 0, not at {event.position}")
    authority.operators.append((0, body["operator"]))
    authority.registrar = body["registrar"]
    authority.log_keys.append((0, tuple(map(str, body["log_keys"]))))
    authority.policies.append((0, body["policy_sha256"], b""))  # Its text is the trust root's.
    authority.adopt_delay(event, body)
    for party in body["parties"]:
        authority.register(event, party)


def _party_stopped(authority: Authority, event: RecordedEvent, body: dict[str, Any]) -> None:
    party = authority.parties.get(body["party"])
    if party is None or not event.entry.accepted < party.not_before < NEVER_BINDS:
        raise fault(event, f"no registration of {body['party']} waits")
    authority.parties[body["party"]] = replace(party, not_before=NEVER_BINDS)


def _key_named(authority: Authority, event: RecordedEvent, body: dict[str, Any]) -> RecordedKey:
    """Return the key that an event is about, which is its party's and has not been revoked."""
    party, key = body["party"], authority.keys.get(body["key_id"])
    if key is None or key.party != party or key.revoked is not None:
        raise fault(event, f"{party} has no key {body['key_id']} in force")
    return key


def _key_revoked(authority: Authority, event: RecordedEvent, body: dict[str, Any]) -> None:
    key = _key_named(authority, event, body)
    if event.type == KEY_STOPPED and event.entry.accepted >= (key.not_before or ""):
        raise fault(event, f"the key {key.key_id} binds already")
    authority.keys[key.key_id] = replace(key, revoked=event.position)


def _key_suspended(authority: Authority, event: RecordedEvent, body: dict[str, Any]) -> None:
    key = _key_named(authority, event, body)
    if key.is_suspended:
        raise fault(event, f"the key {key.key_id} is suspended")
    suspended = (*key.suspended, (event.position, NEVER, body["suspended_by"]))
    authority.keys[key.key_id] = replace(key, suspended=suspended)


def _key_resumed(authority: Authority, event: RecordedEvent, body: dict[str, Any]) -> None:
    key = _key_named(authority, event, body)
    if not key.is_suspended:
        raise fault(event, f"the key {key.key_id} is not suspended")
    since, _, by = key.suspended[-1]
    suspended = (*key.suspended[:-1], (since, event.position, by))
    authority.keys[key.key_id] = replace(key, suspended=suspended)


def _mandate_given(authority: Authority, event: RecordedEvent, body: dict[str, Any]) -> None:
    given = authority.mandates.setdefault((body["principal"], body["holder"]), {})
    if body["mandate"] in given:
        raise fault(event, f"{body['mandate']} was given before")
    limit = body["ceiling"]
    if limit is not None:
        limit = tuple(_checked(limit, _MONEY, event).values())
    topics, days = frozenset(map(str, body["topics"])), (body["valid_from"], body["valid_to"])
    lines = (authority.keys.get(each.key_id) for each in event.entry.signatures)
    ways = [at for key in lines if key for at in authority.ways(key, body["principal"], event)]
    mandate = RecordedMandate(topics, limit, *days, event.position, vouched=min(ways, default=0))
    given[body["mandate"]] = mandate


def _mandate_ended(authority: Authority, event: RecordedEvent, body: dict[str, Any]) -> None:
    pair, name = (body["principal"], body["holder"]), body["mandate"]
    mandate = authority.mandates.get(pair, {}).get(name)
    if mandate is None or mandate.ended is not None:
        raise fault(event, f"there is no mandate {name} in force")
    authority.mandates[pair][name] = replace(mandate, ended=event.position)


def _ids(vkeys: Iterable[str]) -> str:
    return listed(vkey.rpartition("+")[0].rpartition("+")[2] for vkey in vkeys)


def _log_keys(authority: Authority, event: RecordedEvent, body: dict[str, Any]) -> None:
    adopted, last = tuple(map(str, body["log_keys"])), authority.log_keys[-1][1]
    with refusing(Check.SIGNATURES, event.position):
        check_log_keys(adopted, last[0].partition("+")[0])
    if not set(adopted) & set(last):
        raise fault(
            event, f"the new keys of the log have none in common with the old: {_ids(adopted)}"
        )
    authority.log_keys.append((event.position + 1, adopted))


def _refusal_keys(authority: Authority, event: RecordedEvent, body: dict[str, Any]) -> None:
    adopted, last = list(map(str, body["refusal_keys"])), authority.log_keys[-1][1]
    with refusing(Check.SIGNATURES, event.position):
        check_refusal_keys(adopted, last[0].partition("+")[0])
    authority.refusal_keys += adopted


def _policy(authority: Authority, event: RecordedEvent, body: dict[str, Any]) -> None:
    text = "".join(f"{line}\n" for line in body["policy"]).encode("utf-8", "surrogateescape")
    digest, approving = f"sha256:{sha256(text).hexdigest()}", set(map(str, body["approved_by"]))
    named = [_checked(each, "group party", event) for each in body["speakers"]]
    speakers = {each["party"]: each["group"] for each in named}
    if not named or len(speakers) < len(named) or not {*speakers.values()} <= GROUPS:
        spoken = listed(each["group"] for each in named)
        raise fault(event, f"each speaks for one of the three groups of witnesses: {spoken}")
    others = {party: group for party, group in speakers.items() if group != "state"}
    ruling = authority.speakers or {**others, authority.registrar: "state"}
    approved = listed(sorted(approving))
    if len({ruling.get(each) for each in approving}) < 2:  # noqa: PLR2004
        raise fault(event, f"two of the groups of witnesses must approve a policy: {approved}")
    if not (authority.speakers or authority.registrar in approving):
        raise fault(
            event, f"the registrar {authority.registrar} must approve the first policy: {approved}"
        )
    if digest != body["policy_sha256"] or not approving <= ruling.keys():
        raise fault(
            event, f"another policy, {digest}, or approved by who speaks for no group: {approved}"
        )
    with refusing(Check.SIGNATURES, event.position):
        parse_policy_of(authority.log_keys[-1][1][0].partition("+")[0], text)
    authority.policies.append((event.position + 1, digest, text))
    authority.speakers = speakers


def _handed_over(authority: Authority, event: RecordedEvent, body: dict[str, Any]) -> None:
    authority.operators.append((event.position + 1, body["operator"]))


def _closed(authority: Authority, event: RecordedEvent, _: dict[str, Any]) -> None:
    authority.closed = event.position


_FOLDS = {
    OPENED: _opened,
    REGISTERED: Authority.register,
    PARTY_STOPPED: _party_stopped,
    KEY_ADDED: lambda *_: None,  # `follow` takes its key in; who vouches for it is in the table.
    KEY_REVOKED: _key_revoked,
    KEY_STOPPED: _key_revoked,
    KEY_SUSPENDED: _key_suspended,
    KEY_RESUMED: _key_resumed,
    MANDATE_GIVEN: _mandate_given,
    MANDATE_ENDED: _mandate_ended,
    LOG_KEYS: _log_keys,
    REFUSAL_KEYS: _refusal_keys,
    DELAY: Authority.adopt_delay,
    POLICY: _policy,
    HANDED_OVER: _handed_over,
    CLOSED: _closed,
}
"""What an event of each type changes."""


def brought_keys(event: RecordedEvent) -> list[RecordedKey]:
    """Return the keys that an event brings. Raises `Refused` (step 5) for a malformed body."""
    if event.type not in _BODIES:
        return []
    body = _checked(_ABSENT.get(event.type, {}) | event.body, _BODIES[event.type], event)
    if event.type == KEY_ADDED:
        return [_key(event, body["party"], body["key"])]
    parties = [_checked(party, _PARTY, event) for party in body.get("parties", [])]
    described = [body] if event.type == REGISTERED else parties
    return [_key(event, party["party"], key) for party in described for key in party["keys"]]


def _key(event: RecordedEvent, party: str, record: Any) -> RecordedKey:
    record = _checked(record, _KEY, event)
    with refusing(Check.FORM, event.position):
        spki = b64decode(record["public_key"])
    within = event.body.get("not_before"), event.body.get("not_after")
    return RecordedKey(record["key_id"], party, record["algorithm"], spki, event.position, *within)


def _checked(value: Any, names: str, event: RecordedEvent) -> dict[str, Any]:
    """Return `value` if it is an object with exactly these members, each of its kind."""
    if not isinstance(value, dict) or value.keys() != {*names.split()}:
        raise Refused(Check.FORM, f"{event.type}: not an object of {names}", event.position)
    for name, said in value.items():
        nothing = said is None and name in _NULLABLE
        kind = _KINDS.get(name, str)
        if not nothing and (type(said) is not kind or (isinstance(said, int) and said < 0)):
            raise Refused(Check.FORM, f"{event.type}: {name} is not of its kind", event.position)
    return value


def fault(event: RecordedEvent, reason: str) -> Refused:
    """Return the refusal of step 8 for an event."""
    return Refused(Check.SIGNATURES, reason, event.position)
