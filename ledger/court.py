"""
The court's verifier: all that an evidence bundle is checked by, in one file to be read.

    python court.py bundle.json trust.json [SUBJECT...]     # a copy of the file, anywhere

It needs Python 3.11 or newer and `cryptography` 50 or newer, no network, no other file. Read first
`verify`, at the end: all above serves its steps. The bundle is believed in nothing; `trust.json` is
your own. Exit codes: 0 verified; 1 refused, or a history that was asked for is not shown; 2 wrong
usage, a file that is not there or is none, an answer that cannot be printed, or no such package.
"""

import json
import os
import re
import sys
import unicodedata
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache, partial
from hashlib import sha256
from io import TextIOWrapper
from math import gcd, isqrt, prod
from pathlib import Path
from typing import Any, NamedTuple

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, padding, rsa, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    try:  # A build of one's own may be on an OpenSSL without it.
        mldsa.MLDSA44PublicKey.from_public_bytes(bytes(1312))
    except UnsupportedAlgorithm as lacking:
        raise ImportError(f"{lacking} Its wheels, or OpenSSL 3.5 below it, have that") from None
except ImportError as missing:
    if __name__ != "__main__":
        raise
    print(f"court.py needs the package cryptography, 50 or newer: {missing}", file=sys.stderr)
    sys.exit(2)

STEPS = {
    1: "the trust root is pinned",
    2: "the checkpoint is signed by every key of the log",
    3: "every entry hashes into its tile, and every tile up to the root",
    4: "entry 0 is the trusted genesis",
    5: "every entry is a strict frame around a canonical payload",
    6: "every event is meant for this ledger, in time, and there once",
    7: "subjects and signers are sorted",
    8: "every signature verifies, and binds by a key in force at its position",
    9: "the earlier checkpoint is of a prefix",
    10: "what is shown of a subject is its whole history, up to the size of the seal",
    11: "every opening is of what an entry is committed to",
}
TRUST, CHECKPOINT, TREE, GENESIS, FORM, IDENTITY = range(1, 7)
LISTS, SIGNATURES, CONSISTENCY, HISTORY, OPENINGS = range(7, 12)

DEMONSTRATION = "demonstration: no delay, what officers register or vouch for binds at once"
UNIX, MILLENNIA = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
Times = list[tuple[datetime, str]]  # When, and by whom.
MAX_BUNDLE, MAX_NOTE, MAX_ENTRY, MAX_COUNT = 1 << 28, 1 << 20, 65535, 2**63 - 1
MAX_SHOWN, MAX_PARTS, MAX_RSA = 2000, 1 << 21, 512  # Entries, values in JSON, keys of RSA.


@dataclass(eq=False)
class Refused(Exception):
    """A step fails, at this position of the log where one is at fault."""

    step: int
    reason: str
    position: int | None = None

    def __str__(self) -> str:
        at = "" if self.position is None else f", position {self.position}"
        return seen(f"step {self.step} ({STEPS[self.step]}) fails{at}: {self.reason}")


class CheckFailed(Exception):
    """Something is not as it must be; whoever asked says which step that fails."""


@contextmanager
def failing(step: int, position: int | None = None) -> Iterator[None]:
    """Turn whatever is wrong within into the refusal of a step."""
    try:
        yield
    except CheckFailed as wrong:
        raise Refused(step, str(wrong), position) from None


@contextmanager
def reading(reason: str) -> Iterator[None]:
    """Say what is wrong with what a library cannot read or does not verify."""
    try:
        yield
    except (ValueError, RecursionError, InvalidSignature, UnsupportedAlgorithm):
        raise CheckFailed(reason) from None


def require(holds: object, reason: str) -> None:
    """Raise `Wrong` unless something holds."""
    if not holds:
        raise CheckFailed(reason)


# Base64, numbers and instants have one spelling each: no byte can be changed unnoticed.
def base64(raw: bytes) -> str:
    """Write standard Base64 with padding (RFC 4648, section 4)."""
    return b2a_base64(raw, newline=False).decode()


def unbase64(text: object, size: int | None = None) -> bytes:
    """Read what `base64` writes, of so many bytes, and nothing else."""
    with reading("not Base64"):
        raw = a2b_base64(str(text))
    require(type(text) is str and base64(raw) == text, "not Base64 in its one spelling")
    require(size in (None, len(raw)), f"not {size} bytes, as a hash has")
    return raw


unhash = partial(unbase64, size=32)
octets = partial(str.encode, errors="surrogateescape")  # The bytes of a text, if it is no UTF-8.
dumps = partial(json.dumps, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def decimal(text: str) -> int:
    """Read a number without sign or leading zeros, below 2^63."""
    require(re.fullmatch("0|[1-9][0-9]{0,18}", text) and int(text) <= MAX_COUNT, "not a number")
    return int(text)


def instant(text: str) -> datetime:
    """Read an instant as `2026-11-22T03:10:00.123Z`."""
    with reading("not an instant"):
        found = datetime.fromisoformat(text)
    written = spelled(found) == text and 1000 <= found.year < 3000
    require(written, "an instant is written YYYY-MM-DDTHH:MM:SS.mmmZ")
    return found


def spelled(found: datetime) -> str:
    """Write an instant."""
    return found.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


# Canonical JSON (docs/spec/event.md): what people signed can be read in one way only.
NAME = re.compile("[a-z][a-z0-9_]{0,63}")
HIDDEN = re.compile(  # Controls, zero width and direction marks, surrogates, private use.
    "[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]"
)

BLANK = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
BLANK += "\U000e0000-\U000e0fff\u2800\U0001107f\U00013441\U00013442\U00016fe4\U0001d159]"


def loads(text: str) -> Any:
    """Read JSON that is spelled as `dumps` writes it."""
    with reading("not JSON"):
        value = json.loads(text)
        require(dumps(value) == text, "JSON is written in one way, which this is not")
    return value


def seen(text: str) -> str:
    """Return a text as a line, escaped as in JSON what nobody would see."""
    text = re.sub(BLANK, lambda found: json.dumps(found[0])[1:-1], text)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def check_value(value: Any, depth: int = 0) -> None:
    """Refuse what no signed payload may hold."""
    kind = type(value)
    if kind is str:
        require(not HIDDEN.search(value), "a character that cannot be seen")
        require(unicodedata.is_normalized("NFC", value), "text is not in Normalization Form C")
        require(len(value.encode()) <= 16384, "a string is too long")
    elif kind is list or kind is dict:
        require(depth < 16, "nested too deep")
        require(len(value) <= (512 if kind is dict else 4096), "too many members or items")
        require(kind is list or all(map(NAME.fullmatch, value)), "not a member name")
        for member in value.values() if kind is dict else value:
            check_value(member, depth + 1)
    else:
        whole = (kind is int and abs(value) < 2**53) or value is None or kind is bool
        require(whole, "numbers are integers below 2^53")


def shaped(value: Any, shape: Any, name: str = "this") -> Any:
    """Read a value of a shape: `[a list of such]`, `(such or null,)`, a type, or what reads it."""
    if isinstance(shape, tuple):
        return None if value is None else shaped(value, shape[0], name)
    if isinstance(shape, list):
        require(type(value) is list, f"{name} is no list")
        return [shaped(each, shape[0], name) for each in value]
    if isinstance(shape, dict):
        require(type(value) is dict and value.keys() == shape.keys(), f"not {', '.join(shape)}")
        return {name: shaped(value[name], part, name) for name, part in shape.items()}
    if isinstance(shape, type):
        require(type(value) is shape, f"{name} is no {shape.__name__}")
        require(shape is not int or value >= 0, f"{name} is negative")
        return value
    return shape(value)


# The tree (RFC 9162, section 2.1): proofs are followed as 2.1.3.2 and 2.1.4.2 say.
def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def climb(at: int, last: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Go up from a node by the hashes beside it; return the roots of its prefix and of the tree."""
    require(hashes, "the proof is empty")
    prefix = whole = hashes[0]
    for beside in hashes[1:]:  # One too many would lead to another root.
        if at & 1 or at == last:
            prefix, whole = node(beside, prefix), node(beside, whole)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            whole = node(whole, beside)
        at, last = at >> 1, last >> 1
    require(last == 0, "the proof is too short")
    return prefix, whole


def check_consistency(old: int, new: int, path: list[bytes], roots: tuple[bytes, bytes]) -> None:
    """Hold a consistency proof against two roots; of equal sizes it is empty, as from size 0."""
    require(0 <= old <= new, f"a tree of {new} has no prefix of {old}")
    if old in (0, new):
        require(not path and (old == 0 or roots[0] == roots[1]), "two roots of one size")
        return
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    hashes = [roots[0], *path] if old & (old - 1) == 0 else path
    require(climb(at, last, hashes) == roots, "the proof leads to other roots")


# Signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature).
NOTE_NAME = re.compile(
    "[^\x00-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]+"
)
ED25519, COSIGNATURE, MLDSA44 = 1, 4, 6
KEY_SIZES = {ED25519: 32, COSIGNATURE: 32, MLDSA44: 1312}


class NoteKey(NamedTuple):
    """A key that signs notes, as its vkey says: `name+<8 hex>+<Base64 of type and key>`."""

    name: str
    kind: int
    public: bytes
    label: tuple[str, bytes]  # What its lines begin with: the name, and four bytes of a hash.

    @classmethod
    def read(cls, vkey: str) -> "NoteKey":
        """Read a vkey."""
        name, _, rest = vkey.partition("+")
        require(NOTE_NAME.fullmatch(name), "a key's name has no spaces and no plus")
        typed = unbase64(rest.partition("+")[2])
        require(typed and len(typed) - 1 == KEY_SIZES.get(typed[0]), "not a key of type 1, 4 or 6")
        require(typed[0] != MLDSA44 or len(name.encode()) < 256, "a name has at most 255 bytes")
        label = name, sha256(name.encode() + b"\n" + typed).digest()[:4]
        require(vkey == f"{name}+{label[1].hex()}+{base64(typed)}", "a key's id is not its hash")
        return cls(name, typed[0], typed[1:], label)

    def check(self, text: str, blob: bytes) -> int:
        """Verify a line of this key under a text; return its POSIX seconds, 0 where it has none."""
        public = mldsa.MLDSA44PublicKey if self.kind == MLDSA44 else ed25519.Ed25519PublicKey
        when, message = 0 if self.kind == ED25519 else int.from_bytes(blob[:8]), text.encode()
        require(
            len(blob) > 8 and when < MILLENNIA.timestamp(), "no time before 3000, and signature"
        )
        if self.kind == COSIGNATURE:
            message = f"cosignature/v1\ntime {when}\n{text}".encode()
        elif self.kind == MLDSA44:
            origin, size, root = read_head(text)
            require(len(origin.encode()) < 256, "an origin has at most 255 bytes")
            names = [bytes((len(n),)) + n for n in (self.name.encode(), origin.encode())]
            message = b"subtree/v1\n\x00" + names[0] + blob[:8] + names[1]
            message += bytes(8) + size.to_bytes(8) + root
        with reading(f"a signature of {self.name} is not good"):
            signature = blob if self.kind == ED25519 else blob[8:]
            public.from_public_bytes(self.public).verify(signature, message)
        return when


def read_head(text: str) -> tuple[str, int, bytes]:
    """Read the three lines of a checkpoint: whose log, its size, its root."""
    lines = text.split("\n")
    require(len(lines) == 4 and "" not in lines[:3] and not lines[3], "a checkpoint has 3 lines")
    return lines[0], decimal(lines[1]), unhash(lines[2])


def read_note(raw: bytes) -> tuple[str, list[tuple[tuple[str, bytes], bytes]]]:
    """Take a note apart: the text, and of each line what it is labelled with, and the rest."""
    whole = raw.decode("utf-8", "replace")
    require(len(raw) <= MAX_NOTE and whole.encode() == raw, "a note is at most 1 MiB of UTF-8")
    require(not re.search("[\x00-\x09\x0b-\x1f]", whole), "a note has no control characters")
    text, gap, block = whole.rpartition("\n\n")
    lines = block.split("\n")
    require(gap and not lines.pop() and 0 < len(lines) <= 100, "a note is text and signature lines")
    found = []
    for line in lines:
        dash, name, encoded = [*line.split(" ", 2), "", ""][:3]
        require(dash == "\u2014" and NOTE_NAME.fullmatch(name), "not a signature line")
        blob = unbase64(encoded)
        require(len(blob) > 4, "a signature line holds a key id and a signature")
        found.append(((name, blob[:4]), blob[4:]))
    return f"{text}\n", found


# Trust policies (C2SP tlog-policy): which witnesses, and how many of them are enough.
@dataclass
class Policy:
    """A policy: witnesses by name, groups as (name, threshold, members), the quorum."""

    raw: bytes
    logs: list[NoteKey] = field(default_factory=list)
    witnesses: dict[str, NoteKey] = field(default_factory=dict)
    groups: list[tuple[str, int, list[str]]] = field(default_factory=list)
    quorums: list[str] = field(default_factory=list)


def read_policy(raw: bytes, origin: str = "") -> Policy:
    """Read a policy file; no witness in it bears the name of the log."""
    fine = len(raw) <= MAX_NOTE and not re.search(rb"[^\t\n\x20-\x7e\x80-\xff]", raw)
    require(fine and raw[-1:] in (b"", b"\n"), "a policy is lines of text")
    policy, names, used, grouped = Policy(raw), {"none"}, set[bytes](), set[str]()

    def key(vkey: str, kinds: tuple[int, int]) -> NoteKey:
        found = NoteKey.read(vkey)
        require(found.kind in kinds and found.public not in used, "a key of another kind, or twice")
        require(found.name != origin or ED25519 in kinds, "a witness bears the log's name")
        used.add(found.public)
        return found

    for line in raw.decode("utf-8", "surrogateescape").split("\n"):
        words = [word for word in line.strip(" \t").replace("\t", " ").split(" ") if word]
        if not words or words[0].startswith("#"):
            continue
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                policy.logs.append(key(vkey, (ED25519, MLDSA44)))
            case ["witness", name, vkey] | ["witness", name, vkey, _] if name not in names:
                policy.witnesses[name] = key(vkey, (COSIGNATURE, MLDSA44))
                names.add(name)
            case ["group", name, count, *members] if members and name not in names:
                known = names - {"none"} - grouped >= set(members)
                require(
                    known and len(set(members)) == len(members), "members are defined, free, once"
                )
                grouped.update(members)
                threshold = {"all": len(members), "any": 1}.get(count) or decimal(count)
                require(1 <= threshold <= len(members), "a group asks for some of its members")
                policy.groups.append((name, threshold, members))
                names.add(name)
            case ["quorum", name]:
                require(name in names, "a quorum is defined above")
                policy.quorums.append(name)
            case _:
                raise CheckFailed(
                    "a line is no log, witness, group or quorum, or defines a name twice"
                )
    require(len(policy.quorums) == 1, "a policy has one quorum")
    return policy


# The trust root, and checkpoints that those have signed whom it names.
def check_keys(vkeys: tuple[str, ...], name: str, kinds: set[int]) -> None:
    """Refuse vkeys that are not of this name, each once, and of these types, all of them."""
    keys = [NoteKey.read(vkey) for vkey in vkeys]
    own = {key.name for key in keys} == {name} and len(set(vkeys)) == len(vkeys)
    require(own, f"keys bear the name {name}, each listed once")
    require({key.kind for key in keys} == kinds, "keys of other types")


class Trust(NamedTuple):
    """Whose log it is, and by which keys and which policy its checkpoints count."""

    origin: str
    log_keys: tuple[str, ...]
    genesis_sha256: str
    policy: Policy


TRUST_ROOT = {"genesis_sha256": str, "log_keys": [str], "origin": str, "policy": str}


def read_trust(raw: bytes) -> Trust:
    """Read `trust.json`."""
    with reading("the trust root is not JSON"):
        pairs = json.loads(raw.decode(), object_pairs_hook=tuple)
        octets(dumps(pairs))  # Half a character is no text.
    require(type(pairs) is tuple and len(dict(pairs)) == len(pairs), "no object, or a name twice")
    given = shaped(dict(pairs), TRUST_ROOT)
    origin, keys, genesis = given["origin"], tuple(given["log_keys"]), given["genesis_sha256"]
    check_keys(keys, origin, {ED25519, MLDSA44})
    require(re.fullmatch("[0-9a-f]{64}", genesis), "genesis_sha256 is 64 hex digits")
    return Trust(origin, keys, genesis, read_policy(octets(given["policy"]), origin))


def open_checkpoint(raw: bytes, trust: Trust) -> tuple[int, bytes, Times]:
    """Return size, root and times of a checkpoint that the log, a quorum, nobody else signed."""
    text, lines = read_note(raw)
    own, witnesses = [NoteKey.read(vkey) for vkey in trust.log_keys], trust.policy.witnesses
    listed = {key[::2] for key in trust.policy.logs}  # By name and public key, of either type.
    require(not listed or listed & {key[::2] for key in own}, "the policy does not list this log")
    require(all(key.name == trust.origin for key in own), "a log's keys bear its name")
    known, signed, timed = dict[tuple[str, bytes], NoteKey](), set[Any](), set[tuple[int, str]]()
    for key in (*own, *witnesses.values()):
        require(known.setdefault(key.label, key) is key, "two keys with one label")
    for label, blob in lines:
        require(label in known, "a line is by a key that is none of the log's nor of the policy")
        signed.add(label)
        when = known[label].check(text, blob)
        timed |= {(when, label[0])} if known[label].kind != ED25519 else set()
    require(all(key.label in signed for key in own), "a key of the log has not signed")
    reached = {name for name, key in witnesses.items() if key.label in signed}
    for name, threshold, members in trust.policy.groups:
        reached |= {name} if len(reached & set(members)) >= threshold else set()
    require(trust.policy.quorums[0] in {"none", *reached}, "those that cosigned are no quorum")
    origin, size, root = read_head(text)
    require(origin == trust.origin, "a checkpoint of another log")
    return size, root, [(UNIX + timedelta(seconds=at), name) for at, name in sorted(timed)]


class Bounds(NamedTuple):
    """What a checkpoint of a size says of entries by its times: to the second, a witness roughly.

    Those that it covers were accepted before `too_late`, all others not before `earliest`.
    """

    size: int
    earliest: str
    too_late: str

    @classmethod
    def of(cls, size: int, times: Times, origin: str) -> "Bounds":
        """Return what the times say, of which those of the log's own keys are under its origin."""
        own = max([when for when, name in times if name == origin] or [UNIX])
        ends = [when + timedelta(seconds=1 if name == origin else 61) for when, name in times]
        return cls(size, spelled(own), spelled(min([*ends, MILLENNIA])))

    def allow(self, at: int, accepted: str) -> bool:
        """Say whether the entry at a position may be dated so."""
        return accepted < self.too_late if at < self.size else self.earliest <= accepted


# Entries and events (docs/spec/event.md).
PAYLOAD_TYPE = b"application/vnd.techledger.event+json"
FRAME = re.compile(
    r"techledger-entry/v1\naccepted (.{24})\ntype application/vnd\.techledger\.event\+json"
    r"((?:\nsig [0-9a-f]{64} [A-Za-z0-9+/]+=*){1,32})"
)
FORMS = {
    "event_id": "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "nonce": "[A-Za-z0-9_-]{21}[AQgw]",
    "type": "[a-z_]+[.][a-z_]+/[1-9][0-9]{0,3}",
    **dict.fromkeys(("issued_at", "not_after"), ".{24}"),
}
LISTED = {"subjects": "[a-z]+:[a-z0-9.-]{1,80}", "signers": "party:[a-z0-9.-]{1,80}"}


class Event(NamedTuple):
    """An entry: its frame, with (key id, signature) lines, and what its payload says, as JSON."""

    position: int
    raw: bytes
    accepted: str
    lines: tuple[tuple[str, bytes], ...]
    payload: bytes
    says: dict[str, Any]
    kind: str
    body: dict[str, Any]
    signers: set[str]

    @property
    def only_stops(self) -> bool:
        """Say whether it only stops something that waits, for which a suspended key will do."""
        named = self.body.get("stopped_by") is not None
        kinds = ("key.stopped/1", "ledger.delay_adopted/1")
        return self.kind == "party.stopped/1" or (named and self.kind in kinds)

    def fault(self, reason: str) -> Refused:
        """Return the refusal of its signatures."""
        return Refused(SIGNATURES, reason, self.position)


def read_event(raw: bytes, position: int, origin: str) -> Event:
    """Read the entry at a position of the log (steps 5 to 7)."""
    with failing(FORM, position):
        head, _, payload = raw.partition(b"\n\n")
        frame = FRAME.fullmatch(head.decode("ascii", "replace"))
        require(frame and len(raw) <= MAX_ENTRY, "not an entry in the form techledger-entry/v1")
        accepted, block = frame.groups() if frame else ("", "")
        now, split = instant(accepted), [line.split(" ") for line in block[1:].split("\n")]
        lines = tuple((key_id, unbase64(value)) for _, key_id, value in split)
        require(list(lines) == sorted(dict(lines).items()), "lines are sorted by key, one for each")
        says = loads(payload.decode("utf-8", "replace"))
        require(payload == dumps(says).encode("utf-8", "replace"), "the payload is not UTF-8")
        check_value(says)
        fits = type(says) is dict and says.keys() - {"seen"} == {"body", "ledger", *FORMS, *LISTED}
        require(fits and type(says["body"]) is dict, "the payload has not an event's members")
    with failing(IDENTITY, position):
        require(says["ledger"] == origin, "the event is meant for another ledger")
        for name, form in FORMS.items():
            require(type(says[name]) is str and re.fullmatch(form, says[name]), f"{name} is none")
        seen = says.get("seen", 0)
        require(type(seen) is int and seen >= 0, "seen is not a size of the log")
        issued, end = map(instant, (says["issued_at"], says["not_after"]))
        require(issued <= now + timedelta(minutes=5), "accepted before it was issued")
        require(issued <= end <= issued + timedelta(days=90), "not_after is out of bounds")
        require(now <= end, "accepted after its not_after")
    with failing(LISTS, position):
        for name, form in LISTED.items():
            names = says[name]
            require(type(names) is list and names, f"{name} is not a list")
            require(all(type(n) is str and re.fullmatch(form, n) for n in names), f"{name}: no ids")
            require(names == sorted(set(names)), f"{name} is not sorted, each once")
        require(brought_subjects(says) <= {*says["subjects"]}, "subjects lack some of the body's")
    named = says["type"], says["body"], set(says["signers"])
    return Event(position, raw, accepted, lines, payload, says, *named)


# The keys of parties: Ed25519, ECDSA on P-256, RSA-PSS, ML-DSA-65.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
HALF_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 // 2
ECDSA, PSS = ec.ECDSA(SHA256()), padding.PSS(padding.MGF1(SHA256()), 32)


def is_prime_order(encoded: bytes) -> bool:
    """Say whether 32 bytes are a point of order L (RFC 8032, 5.1.4); others would bind nobody."""

    def add(p: Sequence[int], q: Sequence[int]) -> Sequence[int]:
        a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
        c, d, e, h = 2 * D * p[3] * q[3], 2 * p[2] * q[2], b - a, b + a
        return e * (d - c) % P, (d + c) * h % P, (d - c) * (d + c) % P, e * h % P

    sign, y = divmod(int.from_bytes(encoded, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or x == 0:
        return False  # No point, another spelling of one, or one of order 1 or 2.
    x = P - x if x & 1 != sign else x
    scalar, point, total = L, add((x, y, 1, x * y), (0, 1, 1, 0)), add((0, 1, 1, 0), (0, 1, 1, 0))
    while scalar:
        total = add(total, point) if scalar & 1 else total
        point, scalar = add(point, point), scalar >> 1
    return total[0] == 0 and total[1] == total[2]


@cache
def small_primes() -> tuple[list[int], int, set[int]]:
    """Return the odd primes below 2^16, their product, and the remainders by 5040 of squares."""
    small = [p for p in range(3, 1 << 16, 2) if all(p % d for d in range(3, isqrt(p) + 1, 2))]
    return small, prod(small), {n * n % 5040 for n in range(5040)}


@lru_cache(4096)
def is_guessable(modulus: bytes) -> bool:
    """Say whether a published method finds the factors of an RSA modulus (docs/spec/event.md)."""
    (small, product, squares), raw = small_primes(), modulus.lstrip(b"\0")
    n = int.from_bytes(modulus)
    weak = len({raw[at : at + 8] for at in range(len(raw) - 7)}) < len(raw) - 7
    weak |= gcd(n, product) > 1 or not 41 <= 100 * n.bit_count() / n.bit_length() <= 59
    weak |= any(all(pow(n, p // k, p) == 1 for p in small if p % k == 1) for k in (2, *small[:53]))
    powers = {p: [pow(65537, x, p) for x in range(p)] for p in small[:38]}  # CVE-2017-15361
    logs = [(each.index(n % p), each.index(1, 1)) for p, each in powers.items() if n % p in each]
    weak |= len(logs) == 38 and all((x - y) % gcd(m, k) == 0 for x, m in logs for y, k in logs)
    for four in range(4, 257, 4):  # Fermat's method, with multipliers.
        for total in range(first := isqrt(four * n - 1) + 1, first + 1024 // four + 1):
            rest = total * total - four * n
            if rest % 5040 in squares and isqrt(rest) ** 2 == rest:
                weak |= 1 < gcd(total - isqrt(rest), n) < n
    return weak or pow(2, n - 1, n) == 1  # Or a prime: this takes most of the time.


class Key(NamedTuple):
    """A party's key: it binds behind `added`, up to `revoked`, in [not_before, not_after)."""

    key_id: str
    party: str
    algorithm: str
    spki: bytes
    added: int
    not_before: str | None = None
    not_after: str | None = None
    revoked: int | None = None
    suspended: tuple[tuple[int, int, str], ...] = ()  # From where to where, and by whom.
    vouched: int = 0  # Where officers vouched for it, or for all keys of its party that brought it.

    def check(self, signature: bytes, message: bytes) -> None:
        """Verify a signature; of ECDSA's two forms (r, s) and (r, n - s) the one with smaller s."""
        with reading(f"the line by key {self.key_id} does not verify"):
            if self.algorithm.startswith("ecdsa"):
                require(utils.decode_dss_signature(signature)[1] <= HALF_OF_P256, "s is too large")
            self.load()(signature, message)

    def must_bind(self) -> None:
        """Refuse a key under which a signature would prove nothing."""
        self.load()
        require(sha256(self.spki).hexdigest() == self.key_id, "its id is not its SHA-256")
        require(
            self.algorithm != "ed25519" or is_prime_order(self.spki[-32:]), "not of prime order"
        )
        require(self.algorithm != "ml-dsa-65" or any(self.spki[-1920:]), "the key is zero")
        require(self.algorithm[:3] != "rsa" or not is_guessable(self.spki[32:-5]), "it is factored")

    def load(self) -> Callable[[bytes, bytes], None]:
        """Return what verifies its signatures; the key has to be in its one DER encoding."""
        der = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        with reading("the key cannot be read"):
            key = serialization.load_der_public_key(self.spki)
            require(key.public_bytes(*der) == self.spki, "the key is not in its one DER encoding")
        match self.algorithm, key:
            case "ed25519", ed25519.Ed25519PublicKey():
                return key.verify
            case "ml-dsa-65", mldsa.MLDSA65PublicKey():
                return key.verify
            case "ecdsa-p256-sha256", ec.EllipticCurvePublicKey() if key.curve.name == "secp256r1":
                return lambda signature, message: key.verify(signature, message, ECDSA)
            case "rsa-pss-sha256", rsa.RSAPublicKey():
                strong = 3072 <= key.key_size <= 4096 and key.public_numbers().e == 65537
                require(strong, "an RSA key has 3072 to 4096 bits and exponent 65537")
                return lambda signature, message: key.verify(signature, message, PSS, SHA256())
        raise CheckFailed("the key is not of its algorithm")


# Who may sign, by the log's own events: keys, mandates, the log's keys, its policy, its operator.
PARTY, KEY = "keys kind name party roles seat", "algorithm key_id public_key"
OPENED = "delay_seconds edition law_data_sha256 log_keys operator origin parties policy_sha256"
BODIES = {
    "ledger.opened/1": f"{OPENED} registrar",
    "party.registered/1": "keys kind name not_before party roles seat",
    "party.stopped/1": "party",
    "key.added/1": "key not_after not_before party vouched_by",
    "key.revoked/1": "compromised_since key_id party reason revoked_by",
    "key.suspended/1": "key_id party suspended_by",
    "key.resumed/1": "key_id lifted_by party",
    "key.stopped/1": "key_id party stopped_by",
    "mandate.given/1": "ceiling holder mandate principal topics valid_from valid_to",
    "mandate.ended/1": "ended_by holder mandate principal",
    "ledger.log_keys_adopted/1": "ledger log_keys reason",
    "ledger.refusal_keys_adopted/1": "ledger reason refusal_keys",
    "ledger.delay_adopted/1": "delay_seconds ledger not_before reason stopped_by",
    "ledger.policy_adopted/1": "approved_by ledger policy policy_sha256 speakers",
    "ledger.operation_handed_over/1": "ledger operator reason",
    "ledger.closed/1": "ledger reason successor",
}
ENDS, OFFERS = "party.merged/1 party.dissolved/1 person.erased/1", "offer.made/1 offer.countered/1"
ENDINGS = tuple(f'"type":"{kind}"}}'.encode() for kind in [*BODIES, *ENDS.split(), *OFFERS.split()])
ARRAYS = "approved_by keys log_keys parties policy refusal_keys roles speakers topics"
NULLS = "name not_after not_before lifted_by revoked_by stopped_by successor valid_to vouched_by"
SHAPES: dict[str, Any] = {"amount": int, "delay_seconds": int, "key": dict}  # Else a text.
SHAPES |= dict.fromkeys(ARRAYS.split(), list) | dict.fromkeys(NULLS.split(), (str,))
SHAPES |= {"ceiling": (dict,), "compromised_since": (int,)}
ABSENT: Any = {"ledger.opened/1": {"delay_seconds": 0}, "party.registered/1": {"not_before": None}}
ABSENT |= {"ledger.delay_adopted/1": {"stopped_by": None}}
NEVER = "never"  # Behind all instants, as texts: what was stopped begins to bind then.
UNKNOWN = MAX_COUNT, tuple[str, ...](), ""  # Of a party: since when, its roles, from when it binds.


def members_of(value: Any, names: str, event: Event) -> dict[str, Any]:
    """Return an object that has exactly these members, each of its shape."""
    with failing(FORM, event.position):
        return dict(shaped(value, {name: SHAPES.get(name, str) for name in names.split()}))


def brought_keys(event: Event) -> list[Key]:
    """Return the keys that an event brings into the log."""
    if event.kind not in BODIES:
        return []
    body = members_of(ABSENT.get(event.kind, {}) | event.body, BODIES[event.kind], event)

    def key(party: str, record: Any) -> Key:
        record = members_of(record, KEY, event)
        with failing(FORM, event.position):
            spki = unbase64(record["public_key"])
        within = body.get("not_before"), body.get("not_after")
        return Key(record["key_id"], party, record["algorithm"], spki, event.position, *within)

    if event.kind == "key.added/1":
        return [key(body["party"], body["key"])]
    parties = [members_of(party, PARTY, event) for party in body.get("parties", [])]
    described = [body] if event.kind == "party.registered/1" else parties
    return [key(party["party"], record) for party in described for record in party["keys"]]


@dataclass
class Authority:
    """Everything of this kind that the entries shown record, in their order.

    `whole` says that every entry is shown: then what is not recorded never was.
    """

    whole: bool = False
    operators: list[tuple[int, str]] = field(default_factory=list)
    registrar: str = ""
    delays: list[tuple[int, str, int]] = field(default_factory=list)  # Where, from when, seconds.
    parties: dict[str, tuple[int, tuple[str, ...], str]] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    offers: dict[str, tuple[int, str, dict[str, Any]]] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    mandates: dict[tuple[str, str], dict[str, dict[str, Any]]] = field(default_factory=dict)
    log_keys: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    policies: list[tuple[int, str, bytes]] = field(default_factory=list)
    speakers: dict[str, str] = field(default_factory=dict)  # By party, for which group.
    closed: int = MAX_COUNT
    faults: dict[int, Refused] = field(default_factory=dict)

    def officers_at(self, at: int) -> dict[str, set[str]]:
        """Return the two officers before the event at a position changes them."""
        operator = ["", *(party for since, party in self.operators if since <= at)][-1]
        either = {"@operator": {operator}, "@registrar": {self.registrar}}
        return {**either, "@officers": {operator, self.registrar}}

    def ways(self, event: Event, party: str) -> list[list[int]]:
        """Return, of each line, by what it binds a party: where that was vouched for, or 0."""
        found = list[list[int]]()
        for key in (self.keys[key_id] for key_id, _ in event.lines if key_id in self.keys):
            given = self.mandates.get((party, key.party), {}).values()
            by = [m["vouched"] for m in given if suffice([m], party, event, self) is not None]
            found.append([key.vouched or at for at in ([0] if key.party == party else by)])
        return found

    def follow(self, event: Event) -> None:
        """Take in an event."""
        brought = brought_keys(event)
        self._fold(event, event.body)
        signed = [self.keys[key_id] for key_id, _ in event.lines if key_id in self.keys]
        for new in brought:
            older = [each.vouched for each in signed if each.party == new.party]
            at = event.position if event.body.get("vouched_by") else min(older, default=0)
            if self.keys.setdefault(new.key_id, key := new._replace(vouched=at)) is not key:
                raise event.fault(f"the key {key.key_id} is in the log already")

    def _register(self, event: Event, described: dict[str, Any]) -> None:
        party, roles = described["party"], tuple(map(str, described["roles"]))
        if self.parties.get(party, (0, (), NEVER))[2] != NEVER:
            raise event.fault(f"{party} is registered already")
        if described["kind"] == "person" and not party.startswith("party:tok."):
            raise event.fault(f"{party} is no person")
        self.parties[party] = event.position, roles, described.get("not_before") or ""

    def _open(self, event: Event, body: dict[str, Any]) -> None:
        if event.position:
            raise event.fault("a ledger is opened once, at position 0")
        self.operators, self.registrar = [(0, body["operator"])], body["registrar"]
        self.log_keys.append((0, tuple(map(str, body["log_keys"]))))
        self.policies.append((0, body["policy_sha256"], b""))  # The trust root has it.
        self._adopt_delay(event)
        for party in body["parties"]:
            self._register(event, party)

    def _adopt_delay(self, event: Event) -> None:
        """Take in a delay; it replaces one that would have held from later on."""
        seconds, since = event.body.get("delay_seconds", 0), event.body.get("not_before")
        if not 0 <= seconds <= 366 * 86400:
            raise event.fault(f"{seconds} s are no delay")
        begun = [each for each in self.delays if each[1] <= event.accepted]
        if event.only_stops and (begun == self.delays or seconds != begun[-1][2]):
            raise event.fault("no delay waits, or it is not the one that holds till then")
        self.delays = [*begun, (event.position, since or event.accepted, seconds)]

    @property
    def demonstration(self) -> bool:
        """Say whether there is a time at which nothing waits."""
        return any(seconds == 0 for *_, seconds in self.delays)

    def delay_at(self, at: int, now: str) -> timedelta:
        """Return how long an event has to wait that is accepted now, at a position."""
        delays = [each for where, since, each in self.delays if where < at and since <= now]
        return timedelta(seconds=[0, *delays][-1])

    def _fold(self, event: Event, body: dict[str, Any]) -> None:
        """Do what an event of each type does."""
        at = event.position
        match event.kind:
            case "ledger.opened/1":
                self._open(event, body)
            case "ledger.delay_adopted/1":
                self._adopt_delay(event)
            case "party.registered/1":
                self._register(event, body)
            case "party.stopped/1":
                since, roles, binds = self.parties.get(body["party"], UNKNOWN)
                if not event.accepted < binds < NEVER:
                    raise event.fault(f"no registration of {body['party']} waits")
                self.parties[body["party"]] = since, roles, NEVER
            case kind if kind in ENDS.split():
                ended = str(body.get("token" if kind == "person.erased/1" else "party"))
                if kind == "person.erased/1" and not ended.startswith("party:tok."):
                    raise event.fault(f"{ended} is no person")
                self.ended.setdefault(ended, at)
            case kind if kind in OFFERS.split():
                self.offers.setdefault(str(body.get("offer")), (at, event.kind, body))
            case "key.revoked/1" | "key.suspended/1" | "key.resumed/1" | "key.stopped/1":
                party, key = body["party"], self.keys.get(body["key_id"])
                if key is None or key.party != party or key.revoked is not None:
                    raise event.fault(f"{party} has no such key in force")
                self.keys[key.key_id] = changed_key(key, event)
            case "mandate.given/1":
                self._give(event, body)
            case "mandate.ended/1":
                pair, name = (body["principal"], body["holder"]), body["mandate"]
                mandate = self.mandates.get(pair, {}).get(name)
                if mandate is None or mandate["ended"] < MAX_COUNT:
                    raise event.fault(f"there is no mandate {name} in force")
                self.mandates[pair][name] = {**mandate, "ended": at}
            case "ledger.log_keys_adopted/1":
                adopted = adopted_keys(event, body["log_keys"], self.log_keys[-1][1])
                self.log_keys.append((at + 1, adopted))
            case "ledger.refusal_keys_adopted/1":
                adopted_keys(event, body["refusal_keys"])
            case "ledger.policy_adopted/1":
                self._adopt_policy(event, body)
            case "ledger.operation_handed_over/1":
                self.operators.append((at + 1, body["operator"]))
            case "ledger.closed/1":
                self.closed = at

    def _give(self, event: Event, body: dict[str, Any]) -> None:
        """Take in a mandate; it rests on a vouched key where each line does that gave it."""
        given = self.mandates.setdefault((body["principal"], body["holder"]), {})
        if body["mandate"] in given:
            raise event.fault(f"{body['mandate']} was given before")
        if body["ceiling"] is not None:
            members_of(body["ceiling"], "amount currency", event)
        rests = min((at for by in self.ways(event, body["principal"]) for at in by), default=0)
        terms = {"given": event.position, "ended": MAX_COUNT, "vouched": rests}
        given[body["mandate"]] = body | terms

    def _adopt_policy(self, event: Event, body: dict[str, Any]) -> None:
        """Take in a policy, which those approve who speak for two of the groups of witnesses."""
        text = octets("".join(f"{line}\n" for line in body["policy"]))
        digest, approving = f"sha256:{sha256(text).hexdigest()}", set(map(str, body["approved_by"]))
        named = [members_of(each, "group party", event) for each in body["speakers"]]
        speakers = {each["party"]: each["group"] for each in named}
        others = {party: group for party, group in speakers.items() if group != "state"}
        ruling = self.speakers or {**others, self.registrar: "state"}
        agreed, groups = {*map(ruling.get, approving)}, {"firms", "institutes", "state"}
        with failing(SIGNATURES, event.position):
            require(len(speakers) == len(named) > 0, "a party speaks for one group")
            require({*speakers.values()} <= groups, "there is no such group of witnesses")
            require(
                len(agreed) > 1 and None not in agreed, "two of the groups approve, nobody else"
            )
            require(
                self.speakers or self.registrar in approving, "the registrar approves the first"
            )
            require(digest == body["policy_sha256"], "another policy than its digest")
            read_policy(text, event.says["ledger"])
        self.policies.append((event.position + 1, digest, text))
        self.speakers = speakers

    def trust_at(self, size: int, trust: Trust) -> Trust:
        """Return the trust root with the keys and the policy that the log had by a size."""
        pinned = f"sha256:{sha256(trust.policy.raw).hexdigest()}"
        known = trust.log_keys in [keys for _, keys in self.log_keys]
        if not known or pinned not in [digest for _, digest, _ in self.policies]:
            raise Refused(GENESIS, "the log never had the keys or the policy that are trusted", 0)
        text = [text for since, _, text in self.policies if since <= size][-1]
        keys = [keys for since, keys in self.log_keys if since <= size][-1]
        with failing(SIGNATURES):
            policy = read_policy(text, trust.origin) if text else trust.policy
            require([NoteKey.read(vkey) for vkey in keys], "the log has keys")
        return trust._replace(log_keys=keys, policy=policy)

    def open(self, raw: bytes, trust: Trust, step: int) -> tuple[int, bytes, Times]:
        """Open a checkpoint by the keys and the policy of its size."""
        with failing(step):
            _, stated, _ = read_head(read_note(raw)[0])
        now = self.trust_at(stated, trust)
        with failing(step):
            return open_checkpoint(raw, now)


def adopted_keys(event: Event, said: list[Any], last: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the vkeys that an event adopts: of refusals, or of the log, one of its `last` too."""
    vkeys, name = tuple(map(str, said)), event.says["ledger"] + ("" if last else "/refusals")
    with failing(SIGNATURES, event.position):
        check_keys(vkeys, name, {ED25519, MLDSA44} if last else {ED25519})
        require(not last or {*last} & {*vkeys}, "new keys of the log, and none of the old")
    return vkeys


def changed_key(key: Key, event: Event) -> Key:
    """Return what an event makes of a key: it is revoked, suspended, stopped, or that is lifted."""
    if event.kind == "key.stopped/1" and event.accepted >= (key.not_before or ""):
        raise event.fault(f"the key {key.key_id} binds already")
    if event.kind in ("key.revoked/1", "key.stopped/1"):
        return key._replace(revoked=event.position)
    over = tuple(each for each in key.suspended if each[1] < MAX_COUNT)
    held = [each for each in key.suspended if each[1] == MAX_COUNT]
    if bool(held) != (event.kind == "key.resumed/1"):
        raise event.fault("what is suspended is not suspended again, nor anything else resumed")
    at, _, by = held[0] if held else (event.position, 0, event.body["suspended_by"])
    return key._replace(suspended=(*over, (at, event.position if held else MAX_COUNT, by)))


def check_signatures(event: Event, authority: Authority) -> list[str]:
    """Judge who signs an event, and every line (step 8); return what only others could show."""
    if event.position in authority.faults:
        raise authority.faults[event.position]
    if event.position > authority.closed:
        raise event.fault(f"the log was closed at position {authority.closed}")
    brought, older = {key.key_id: key for key in brought_keys(event)}, set[str]()
    stands = {key.party: {key.party} for key in brought.values() if key.party in event.signers}
    encoding = len(PAYLOAD_TYPE), PAYLOAD_TYPE, len(event.payload), event.payload
    message = b"DSSEv1 %d %b %d %b" % encoding
    with failing(SIGNATURES, event.position):
        unread = list(check_signers(event, authority))
        require(brought.keys() <= {key_id for key_id, _ in event.lines}, "a new key has not signed")
        both = authority.officers_at(event.position)["@officers"]
        alone = both if both <= event.signers else set()  # Each then signs by a key of its own.
        for key_id, signature in event.lines:
            key = brought.get(key_id) or key_in_force(key_id, event, authority)
            key.check(signature, message)
            if key_id in brought:  # It binds its own party, and nobody through a mandate.
                continue
            unread += must_exist(key.party, event, authority)
            binds = {key.party} & event.signers
            for signer in event.signers - binds - alone:
                given = authority.mandates.get((signer, key.party), {}).values()
                answer = suffice(given, signer, event, authority)
                if answer is not None:
                    binds.add(signer)
                    unread += answer
            require(binds, f"the line of {key.party} binds none of the signers")
            for signer in binds:
                stands.setdefault(signer, set()).add(key.party)
            older |= {key.party} if key_id != event.body.get("key_id") else set()
        for key in brought.values():  # Last, as that takes longest.
            key.must_bind()
        require(stands.keys() == event.signers, "a signer is bound by no line")
        check_sides(event, stands)
        return unread + list(check_powers(event, authority, older))


def must_exist(party: str, event: Event, authority: Authority) -> list[str]:
    """Refuse a party that is not registered by then or has ended; return what is not shown."""
    since, _, binds = authority.parties.get(party, UNKNOWN)
    known = since <= event.position
    require(known or not authority.whole, f"{party} is not registered")
    require(binds != NEVER, f"the registration of {party} was stopped before it bound")
    require(event.accepted >= binds, f"{party} is registered from {binds} on")
    require(authority.ended.get(party, MAX_COUNT) >= event.position, f"{party} has ceased to be")
    return [] if known else [f"whether {party} is registered"]


def key_in_force(key_id: str, event: Event, authority: Authority) -> Key:
    """Return a key that the log held before an event, and that still bound its party then."""
    key, now = authority.keys.get(key_id), event.accepted
    if key is None or key.added >= event.position:
        raise CheckFailed(f"there is no key {key_id} in the log before it")
    since, *_ = authority.parties.get(key.party, UNKNOWN)
    require(not key.added < since <= event.position, f"the key {key_id} was stopped with its party")
    require(key.revoked is None or key.revoked >= event.position, f"the key {key_id} was revoked")
    held = [by for since, until, by in key.suspended if since < event.position <= until]
    stops = event.only_stops and key.party not in held  # Else an officer would silence it.
    require(not held or stops, f"the key {key_id} is suspended")
    require(key.not_before is None or now >= key.not_before, f"the key {key_id} does not bind yet")
    require(key.not_after is None or now < key.not_after, f"the key {key_id} binds no more")
    return key


# The table of authority, by a topic: who signs, who may, what it commits its signers to, when it
# waits, whose sides are opposed, in words over paths into the body (docs/spec/authority.md). It is
# generated, like `powers.json` beside it.
# <table of authority>
TABLE: dict[str, tuple[str, str, str, str, str]] = {
    "appeal.filed/1": ("filed_by", "", "", "", ""),
    "assignment.agreed/1": (
        "assignors/*/party assignees/*/party consenting/*",
        "",
        "sum:price|quoted_price sum:equity/value gives:assignors/*/party",
        "",
        "assignors/*/party~assignees/*/party consenting/*~assignees/*/party",
    ),
    "assignment.refused/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "assignment.registered/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "assignment.rescinded/1": ("parties/*", "", "open", "", "parties/*"),
    "auction.closed/1": ("closed_by", "", "sum:price", "", "closed_by~winner"),
    "auction.opened/1": ("opened_by", "", "sum:reserve|start", "", ""),
    "authors.declared/1": ("declared_by/*", "", "", "", ""),
    "bid.opened/1": ("bidder", "", "sum:price", "", ""),
    "bid.placed/1": ("bidder", "", "sum:price", "", ""),
    "bid.sealed/1": ("bidder", "", "", "", ""),
    "certificate.issued/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "compulsory_licence.granted/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        (
            "sum:price rate:royalty_ppm royalty:royalty?renewal"
            " royalty:royalty:grant/valid_from~grant/valid_to?!renewal"
        ),
        "",
        "",
    ),
    "condition.met/1": ("parties/*", "", "", "", "parties/*"),
    "consent.given/1": ("given_by", "", "", "", "given_by~to"),
    "contract.concluded/1": (
        "parties/* consents/*",
        "",
        (
            "sum:price rate:royalty_ppm royalty:royalty?renewal"
            " royalty:royalty:effective_from~effective_to?!renewal grant:grants/* named:offer"
        ),
        "",
        "parties/* grants/*:licensor~licensee consents/*~grants/*/licensee",
    ),
    "contract.in_force/1": ("parties/*", "", "", "", "parties/*"),
    "contract.resumed/1": ("resumed_by/*", "", "", "", ""),
    "contract.suspended/1": ("suspended_by/*", "", "", "", ""),
    "contract.terminated/1": ("terminated_by/*", "", "", "", "terminated_by/*?ground=consent"),
    "contribution.recorded/1": ("contributor witness", "", "", "", "contributor~witness"),
    "conveyance.attested/1": ("attested_by @operator", "attested_by=#clerk", "", "", ""),
    "coowner.notified/1": (
        "sellers/*/party notified?!receipt_sha256",
        "",
        "sum:price",
        "",
        "sellers/*/party~notified",
    ),
    "correction.recorded/1": (
        "parties/* consents/*",
        "",
        (
            "sum:changes/price rate:changes/royalty_ppm royalty:changes/royalty"
            " grant:changes/grants/* term:changes/effective_to term:changes/renewal"
        ),
        "",
        "parties/* changes/grants/*:licensor~licensee consents/*~changes/grants/*/licensee",
    ),
    "disclosure.recorded/1": ("recorded_by", "", "", "", ""),
    "dispute.admitted/1": ("forum", "", "", "", ""),
    "dispute.opened/1": ("claimant", "", "", "", "claimant~respondents/*"),
    "dispute.withdrawn/1": ("claimant", "", "", "", ""),
    "document.acknowledged/1": ("acknowledged_by", "", "", "", ""),
    "document.received/1": ("system|received_by", "system=@operator", "", "", ""),
    "document.sent/1": ("sender", "", "", "", ""),
    "evidence.filed/1": ("filed_by", "", "", "", ""),
    "file.opened/1": ("opened_by @operator", "", "", "", ""),
    "filing.made/1": ("filed_by", "", "", "", ""),
    "funding.agreed/1": (
        "owners/* contributors/*/party",
        "",
        "",
        "",
        "owners/*~contributors/*/party",
    ),
    "hold.lifted/1": ("forum", "", "", "", ""),
    "hold.ordered/1": ("forum", "", "", "", ""),
    "interest.accrued/1": ("claimed_by", "", "sum:amount", "", ""),
    "interest.shown/1": ("party", "", "", "", ""),
    "investment.ended/1": ("ended_by", "", "", "", ""),
    "investment.made/1": (
        "fund company",
        "fund=#fund",
        "sum:amount gives:company",
        "",
        "fund~company",
    ),
    "key.added/1": (
        "party @officers?vouched_by",
        "vouched_by=@officers vouched_by=!party party=#older?!vouched_by party=#older|!@officers",
        "open",
        "?vouched_by",
        "",
    ),
    "key.resumed/1": ("lifted_by|@officers", "lifted_by=party party=#older?lifted_by", "", "", ""),
    "key.revoked/1": (
        "revoked_by|@officers",
        "revoked_by=party party=#older|!@officers",
        "",
        "",
        "",
    ),
    "key.stopped/1": ("stopped_by", "stopped_by=party|@registrar", "", "", ""),
    "key.suspended/1": (
        "suspended_by",
        "suspended_by=party|@officers party=#older|!@officers",
        "",
        "",
        "",
    ),
    "ledger.closed/1": ("@officers", "", "", "", ""),
    "ledger.delay_adopted/1": (
        "stopped_by|@officers",
        "stopped_by=@officers",
        "",
        "?!stopped_by",
        "",
    ),
    "ledger.log_keys_adopted/1": ("@officers", "", "", "", ""),
    "ledger.opened/1": ("parties/*/party", "operator=!registrar", "", "", ""),
    "ledger.operation_handed_over/1": ("@officers operator", "operator=!@registrar", "", "", ""),
    "ledger.policy_adopted/1": (
        "@operator approved_by/*",
        "approved_by/*=!@operator speakers/*/party=!@operator",
        "",
        "",
        "",
    ),
    "ledger.refusal_keys_adopted/1": ("@officers", "", "", "", ""),
    "ledger.resumed/1": ("@operator", "", "", "", ""),
    "ledger.rules_adopted/1": ("@officers", "", "", "", ""),
    "ledger.sealed/1": ("@operator", "", "", "", ""),
    "ledger.succession_declared/1": ("@officers", "", "", "", ""),
    "listing.closed/1": ("closed_by", "", "", "", ""),
    "listing.drafted/1": ("lister", "", "", "", ""),
    "listing.mirrored/1": ("attested_by @operator", "attested_by=#clerk", "", "", ""),
    "listing.published/1": ("lister reviewer", "reviewer=@operator|#reviewer", "sum:ask", "", ""),
    "listing.resumed/1": ("reviewer", "reviewer=@operator|#reviewer", "", "", ""),
    "listing.suspended/1": ("reviewer", "reviewer=@operator|#reviewer", "", "", ""),
    "mandate.ended/1": ("ended_by", "ended_by=principal|holder", "", "", ""),
    "mandate.given/1": (
        "principal @operator",
        "",
        "sum:ceiling open?!ceiling",
        "",
        "principal~holder",
    ),
    "nda.signed/1": ("parties/*", "", "", "", "parties/*"),
    "need.posted/1": ("buyer reviewer", "reviewer=@operator|#reviewer", "sum:budget", "", ""),
    "notice.received/1": ("confirmed_by", "", "", "", ""),
    "notice.served/1": ("served_by", "", "", "", "served_by~served_on"),
    "offer.accepted/1": ("accepted_by", "", "named:offer", "", ""),
    "offer.countered/1": (
        "offeror",
        "",
        "sum:price open?!price rate:royalty_ppm grant:proposed/*",
        "",
        "offeror~offeree",
    ),
    "offer.made/1": (
        "offeror",
        "",
        "sum:price open?!price rate:royalty_ppm grant:proposed/*",
        "",
        "offeror~offeree",
    ),
    "offer.rejected/1": ("rejected_by", "", "", "", ""),
    "offer.revoked/1": ("revoked_by", "", "", "", ""),
    "office_event.recorded/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "option.exercised/1": ("exercised_by", "", "", "", "exercised_by~grant/licensor"),
    "overpayment.noted/1": ("payer payee", "", "sum:amount", "", "payer~payee"),
    "party.dissolved/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk party=!@officers",
        "",
        "",
        "",
    ),
    "party.identified/1": ("party @operator", "", "", "", ""),
    "party.known_as/1": ("attested_by|party @operator", "attested_by=#clerk", "", "", ""),
    "party.merged/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk party=!@officers",
        "",
        "",
        "",
    ),
    "party.registered/1": (
        "party @operator @registrar?!kind=person @registrar?roles/*",
        "",
        "",
        "?!kind=person ?roles/*",
        "",
    ),
    "party.renamed/1": ("party @operator", "", "", "", ""),
    "party.stopped/1": ("@registrar", "", "", "", ""),
    "payment.confirmed/1": (
        "confirmed_by",
        "",
        "sum:amount",
        "",
        "payer~confirmed_by payee~confirmed_by",
    ),
    "payment.failed/1": ("said_by", "", "", "", ""),
    "payment.instructed/1": ("payer", "", "sum:amount", "", "payer~payee"),
    "permit.issued/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "person.erased/1": ("@officers", "token=!@officers", "", "", ""),
    "preemption.waived/1": ("waived_by", "", "open", "", ""),
    "priority.noted/1": ("noted_by", "", "", "", ""),
    "profit.declared/1": ("declared_by", "", "sum:state_part", "", ""),
    "profit.distributed/1": ("@operator", "", "sum:total", "", ""),
    "reconfirmation.given/1": ("given_by", "", "", "", ""),
    "refund.made/1": (
        "confirmed_by",
        "",
        "sum:amount",
        "",
        "payer~confirmed_by payee~confirmed_by",
    ),
    "registration.refused/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "relation.declared/1": (
        "declared_by @operator",
        "declared_by=party|other|@officers",
        "",
        "",
        "",
    ),
    "relation.ended/1": ("ended_by @operator", "ended_by=party|other|@officers", "", "", ""),
    "report.accepted/1": ("said_by", "", "", "", ""),
    "report.disputed/1": ("said_by", "", "", "", ""),
    "report.queried/1": ("said_by", "", "", "", ""),
    "revenue.distributed/1": ("@operator", "", "sum:total", "", ""),
    "revenue.reported/1": ("reported_by auditor", "", "sum:due", "", ""),
    "right.cancelled/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "right.fee_paid/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "right.filed/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "right.granted/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "right.lapsed/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "right.limited/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "right.published/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "right.renewed/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "right.restored/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "right.surrendered/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "ruling.made/1": ("forum", "", "", "", ""),
    "security.assigned/1": (
        "creditor new_creditor",
        "",
        "gives:creditor",
        "",
        "creditor~new_creditor",
    ),
    "security.created/1": (
        "debtors/* creditor consenting/*",
        "",
        "gives:debtors/*",
        "",
        "debtors/*~creditor consenting/*~creditor",
    ),
    "security.enforced/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "security.perfected/1": (
        "attested_by|@registrar @operator?attested_by",
        "attested_by=#clerk",
        "",
        "",
        "",
    ),
    "security.released/1": ("creditor", "", "gives:creditor", "", ""),
    "settlement.recorded/1": ("parties/*", "", "open", "", "parties/*"),
    "share.agreed/1": ("agreed_by/*", "", "open", "", "agreed_by/*"),
    "sublicence.granted/1": (
        "sublicensor sublicensee consent_by consents/*",
        "",
        (
            "sum:price rate:royalty_ppm royalty:royalty?renewal"
            " royalty:royalty:grant/valid_from~grant/valid_to?!renewal grant:grant"
        ),
        "",
        (
            "sublicensor~sublicensee consent_by~sublicensor consent_by~sublicensee"
            " consents/*~sublicensor consents/*~sublicensee"
        ),
    ),
    "suspense.released/1": ("@operator", "", "", "", ""),
    "technology.classified/1": ("classified_by", "classified_by=@officers|#reviewer", "", "", ""),
    "technology.registered/1": ("owners/*/party", "", "", "", ""),
    "technology.trl_declared/1": ("declared_by", "", "", "", ""),
    "terms.amended/1": (
        "parties/* consents/*",
        "",
        (
            "sum:changes/price rate:changes/royalty_ppm royalty:changes/royalty"
            " grant:changes/grants/* term:changes/effective_to term:changes/renewal"
        ),
        "",
        "parties/* changes/grants/*:licensor~licensee consents/*~changes/grants/*/licensee",
    ),
    "use.declared/1": ("used_by consents/*", "", "", "", "used_by~consents/*"),
}
ABOUT = {
    "appeal.filed/1": "dispute filed_by forum",
    "assignment.agreed/1": (
        "assignment rights/* notices/* assignors/*/party assignees/*/party consenting/*"
        " valuation offer auction"
    ),
    "assignment.refused/1": "assignment rights/* attested_by",
    "assignment.registered/1": "assignment rights/* attested_by",
    "assignment.rescinded/1": "assignment rights/* parties/*",
    "auction.closed/1": "auction closed_by winner",
    "auction.opened/1": "auction listing opened_by",
    "authors.declared/1": "technology declared_by/* authors/*",
    "bid.opened/1": "auction bidder",
    "bid.placed/1": "auction bidder",
    "bid.sealed/1": "auction bidder",
    "certificate.issued/1": "contract filing rights/* attested_by",
    "compulsory_licence.granted/1": (
        "contract grant/licensor grant/licensee grant/rights/* grant/technologies/*"
        " consents/* attested_by"
    ),
    "condition.met/1": "contract parties/*",
    "consent.given/1": "consent given_by to about",
    "contract.concluded/1": (
        "contract parties/* consents/* listing offer assignment auction"
        " grants/*/rights/* grants/*/technologies/*"
    ),
    "contract.in_force/1": "contract parties/*",
    "contract.resumed/1": "contract resumed_by/*",
    "contract.suspended/1": "contract suspended_by/* notice",
    "contract.terminated/1": "contract terminated_by/* rights/* notice",
    "contribution.recorded/1": "technology contributor witness right",
    "conveyance.attested/1": (
        "conveyance rights/* assignors/*/party assignees/* attested_by refers_to"
    ),
    "coowner.notified/1": "preemption notified rights/* sellers/*/party",
    "correction.recorded/1": "contract parties/* rights/* consents/*",
    "disclosure.recorded/1": "right recorded_by",
    "dispute.admitted/1": "dispute forum",
    "dispute.opened/1": "dispute claimant forum respondents/* concerns/*",
    "dispute.withdrawn/1": "dispute claimant lifts/*/on/*",
    "document.acknowledged/1": "document acknowledged_by",
    "document.received/1": "document received_by system",
    "document.sent/1": "document contract sender recipients/* readers/*",
    "evidence.filed/1": "dispute filed_by",
    "file.opened/1": "document opened_by",
    "filing.made/1": "filing contract filed_by",
    "funding.agreed/1": "technology owners/* contributors/*/party",
    "hold.lifted/1": "dispute forum lifts/*/on/*",
    "hold.ordered/1": "dispute forum orders/*/on/*",
    "interest.accrued/1": "interest contract report claimed_by",
    "interest.shown/1": "listing party",
    "investment.ended/1": "investment ended_by rights/*",
    "investment.made/1": "investment fund company covenants/*/rights/*",
    "key.added/1": "party key:key/key_id",
    "key.resumed/1": "party key:key_id lifted_by",
    "key.revoked/1": "party key:key_id revoked_by",
    "key.stopped/1": "party key:key_id stopped_by",
    "key.suspended/1": "party key:key_id suspended_by",
    "ledger.closed/1": "@ledger @charter",
    "ledger.delay_adopted/1": "@ledger @charter stopped_by",
    "ledger.log_keys_adopted/1": "@ledger @charter",
    "ledger.opened/1": "@ledger parties/*/party key:parties/*/keys/*/key_id",
    "ledger.operation_handed_over/1": "@ledger @charter operator",
    "ledger.policy_adopted/1": "@ledger @charter approved_by/*",
    "ledger.refusal_keys_adopted/1": "@ledger @charter",
    "ledger.resumed/1": "@ledger @charter",
    "ledger.rules_adopted/1": "@ledger",
    "ledger.sealed/1": "@ledger",
    "ledger.succession_declared/1": "@ledger @charter",
    "listing.closed/1": "listing closed_by",
    "listing.drafted/1": "listing lister",
    "listing.mirrored/1": "listing owner attested_by rights/*",
    "listing.published/1": "listing lister reviewer rights/* coordinator technology",
    "listing.resumed/1": "listing reviewer",
    "listing.suspended/1": "listing reviewer",
    "mandate.ended/1": "mandate principal holder ended_by",
    "mandate.given/1": "mandate principal holder",
    "nda.signed/1": "nda listing parties/*",
    "need.posted/1": "listing buyer reviewer",
    "notice.received/1": "notice contract confirmed_by",
    "notice.served/1": "notice contract served_by served_on",
    "offer.accepted/1": "offer accepted_by listing",
    "offer.countered/1": "offer offeror offeree listing counters",
    "offer.made/1": "offer offeror offeree listing",
    "offer.rejected/1": "offer rejected_by",
    "offer.revoked/1": "offer revoked_by",
    "office_event.recorded/1": "right attested_by",
    "option.exercised/1": "contract exercised_by grant/rights/* grant/technologies/*",
    "overpayment.noted/1": "distribution payer payee",
    "party.dissolved/1": "party attested_by",
    "party.identified/1": "party",
    "party.known_as/1": "party attested_by distinct_from/*",
    "party.merged/1": "party into attested_by",
    "party.registered/1": "party key:keys/*/key_id",
    "party.renamed/1": "party",
    "party.stopped/1": "party",
    "payment.confirmed/1": "payment distribution payer payee confirmed_by",
    "payment.failed/1": "payment said_by",
    "payment.instructed/1": "payment distribution payer payee",
    "permit.issued/1": "contract filing attested_by",
    "person.erased/1": "token",
    "preemption.waived/1": "preemption waived_by",
    "priority.noted/1": "assignment noted_by rights/*",
    "profit.declared/1": "profit contract technology declared_by",
    "profit.distributed/1": "distribution share contract parts/*/party authors/*/party profit",
    "reconfirmation.given/1": "given_by key:key_id",
    "refund.made/1": "refund distribution payer payee confirmed_by",
    "registration.refused/1": "contract filing attested_by",
    "relation.declared/1": "relation party other declared_by",
    "relation.ended/1": "relation party other ended_by",
    "report.accepted/1": "report contract said_by",
    "report.disputed/1": "report contract said_by",
    "report.queried/1": "report contract said_by",
    "revenue.distributed/1": "distribution share contract parts/*/party authors/*/party reports/*",
    "revenue.reported/1": "report contract reported_by auditor corrects",
    "right.cancelled/1": "right attested_by",
    "right.fee_paid/1": "right attested_by",
    "right.filed/1": "right technology owners/*/party attested_by",
    "right.granted/1": "right attested_by",
    "right.lapsed/1": "right attested_by",
    "right.limited/1": "right attested_by",
    "right.published/1": "right attested_by",
    "right.renewed/1": "right attested_by",
    "right.restored/1": "right attested_by",
    "right.surrendered/1": "right attested_by",
    "ruling.made/1": "dispute forum orders/*/on/* lifts/*/on/*",
    "security.assigned/1": "security rights/* creditor new_creditor",
    "security.created/1": "security rights/* debtors/* creditor consenting/*",
    "security.enforced/1": "security rights/* owners/*/party acquirers/*/party attested_by",
    "security.perfected/1": "security rights/* attested_by",
    "security.released/1": "security rights/* creditor",
    "settlement.recorded/1": "dispute parties/* lifts/*/on/*",
    "share.agreed/1": "share contract agreed_by/* technology supersedes",
    "sublicence.granted/1": (
        "contract head_contract sublicensor sublicensee consent_by consents/*"
        " grant/rights/* grant/technologies/*"
    ),
    "suspense.released/1": "distribution contract share technology authors/*/party",
    "technology.classified/1": "technology classified_by",
    "technology.registered/1": "technology owners/*/party",
    "technology.trl_declared/1": "technology declared_by",
    "terms.amended/1": "contract parties/* rights/* consents/*",
    "use.declared/1": "use right used_by consents/*",
}
# </table of authority>


def values(says: Any, path: str) -> list[Any]:
    """Return what stands at a path, `*` being each item of a list; null is nothing."""
    found = [says]
    for name in path.split("/"):
        found = [each for one in found for each in entered(one, name) if each is not None]
    return found


def entered(one: Any, name: str) -> list[Any]:
    """Return what is a step further on: what has another shape is taken for what it holds."""
    if type(one) is list:
        return one if name == "*" else [each for item in one for each in entered(item, name)]
    if type(one) is dict:
        return list(one.values()) if name == "*" else [one.get(name)]
    return [one]


def words(event: Event, column: int) -> Iterator[str]:
    """Yield the words of an event's row whose condition, after `?`, holds."""
    for text in TABLE.get(event.kind, ("",) * 5)[column].split():
        word, _, condition = text.partition("?")
        path, _, value = condition.lstrip("!").partition("=")
        found = values(event.body, path)
        if not path or (value in found if value else bool(found)) == (condition[0] != "!"):
            yield word


def named(source: str, event: Event, officers: dict[str, set[str]]) -> set[str]:
    """Return the parties that a word names: an officer or both, or those at a path."""
    return officers.get(source) or set(map(str, values(event.body, source)))


def brought_subjects(says: dict[str, Any]) -> set[str]:
    """Return what an event is about by its body: what is written as a subject, up to a `#`."""
    own, found = sha256(says["ledger"].encode()).hexdigest(), set[str]()
    for word in ABOUT.get(says["type"], "").split():
        kind, _, path = word.rpartition(":")
        each = [f"{word[1:]}:{own}"] if word[0] == "@" else map(str, values(says["body"], path))
        found |= {f"{kind}:{name}" if kind else name.partition("#")[0] for name in each}
    return {name for name in found if re.fullmatch(LISTED["subjects"], name)}


def check_signers(event: Event, authority: Authority) -> Iterator[str]:
    """Refuse other signers than the table has, or that are none; yield what is not shown."""
    wanted, officers = set[str](), authority.officers_at(event.position)
    for word in words(event, 0):
        sources = (named(source, event, officers) for source in word.split("|"))
        wanted |= next(filter(None, sources), set())
    if event.kind in TABLE:
        require(event.signers == wanted, f"{event.kind} is signed by {', '.join(sorted(wanted))}")
    else:
        yield f"who must sign {event.kind}, a type that this verifier does not know"
    new = event.body.get("party") if event.kind == "party.registered/1" else ""
    for signer in event.signers - {str(new)}:
        yield from must_exist(signer, event, authority)
    binds, delay = event.body.get("not_before"), authority.delay_at(event.position, event.accepted)
    early = (binds or event.accepted) < spelled(instant(event.accepted) + delay)
    require(not early or not [*words(event, 3)], "it binds before the delay of the ledger is over")


def check_powers(event: Event, authority: Authority, older: set[str]) -> Iterator[str]:
    """Refuse those whom the table does not let do what they do; yield what is not shown."""
    officers = authority.officers_at(event.position)
    for rule in words(event, 1):
        path, _, allowed = rule.partition("=")
        for party in map(str, values(event.body, path)):
            since, roles, *_ = authority.parties.get(party, UNKNOWN)
            has = {f"#{role}" for role in roles} if since < event.position else set()
            has |= {"#older"} if party in older else set()
            may = any(
                word in has
                or (party in named(word.strip("!"), event, officers)) != (word[0] == "!")
                for word in allowed.split("|")
            )
            by_role = "#" in allowed.replace("#older", "")
            hidden = by_role and since == MAX_COUNT and not authority.whole
            require(may or hidden, f"only {allowed} may be the {path} of {event.kind}, not {party}")
            if not may:
                yield f"whether {party} is registered to be the {path} of this"


def check_sides(event: Event, stands: dict[str, set[str]]) -> None:
    """Refuse who signs for both of two sides, or on one of them for the other."""
    for word in words(event, 4):
        base, _, paths = word.rpartition(":")
        left, opposed, right = paths.partition("~")
        for each in values(event.body, base) if base else [event.body]:
            among = [*map(str, values(each, left))]
            pairs = [(a, str(b)) for a in among for b in values(each, right)]
            for parties in pairs if opposed else [among]:
                lines = {party: {*stands[party]} for party in parties if party in stands}
                for party in lines if len({*parties}) == 2 else ():
                    lines[party] -= {*parties} - {party}  # Nobody speaks for the other side.
                hands = set[str]().union(*lines.values())
                apart = all(lines.values()) and (len(lines) < 2 or len(hands) > 1)
                require(apart, f"{' and '.join(sorted({*parties}))} sign by one hand")


Cost = tuple[str, str, Any, Any]  # Of what, at which path, how much, in which currency.
NO_BOUND: Cost = "", "", None, None


def commits(event: Event, signer: str, authority: Authority) -> Iterator[Cost | str]:
    """Yield the sums that an event commits a signer to, NO_BOUND, or what is not shown."""
    for word in words(event, 2):
        kind, _, rest = word.partition(":")
        paths, _, term = rest.partition(":")
        if kind == "open" or (kind == "gives" and signer in values(event.body, paths)):
            yield NO_BOUND
        if kind == "term":
            inside, _, name = paths.rpartition("/")
            yield from [NO_BOUND] if is_named(values(event.body, inside), name) else []
        places = () if kind in ("open", "gives", "term") else paths.split("|")
        for at, value in ((path, each) for path in places for each in values(event.body, path)):
            of = value if type(value) is dict else {}
            if kind == "named":
                made, topic, body = authority.offers.get(str(value), (MAX_COUNT, "", {}))
                if made < event.position:
                    offered = event._replace(kind=topic, body=body)
                    for each in commits(offered, signer, authority):
                        yield each if isinstance(each, str) else (each[0], at, *each[2:])
                else:  # There is none, which has no bound.
                    yield NO_BOUND if authority.whole else f"{value} is not shown"
            elif list(of) == ["commitment"] and kind != "grant":
                yield f"/body/{at} is sealed"
            elif kind == "sum":
                yield paths, at, of.get("amount"), of.get("currency")
            elif kind == "royalty":
                yield paths, at, most_of(of, years(event, term)), of.get("currency")
            elif kind == "rate" and value != 0:
                yield NO_BOUND
            elif kind == "grant" and of.get("licensor") in (signer, None):
                yield from () if of.get("exclusivity") == "non_exclusive" else [NO_BOUND]


def is_named(one: Any, name: str) -> bool:
    """Say whether a member stands there, be it null."""
    if type(one) is list:
        return any(is_named(each, name) for each in one)
    return type(one) is dict and name in one


def years(event: Event, term: str) -> int:
    """Count the years that begin from the one day of a term on, before the other; 0: not said."""
    days = [str(day) for path in term.split("~") if path for day in values(event.body, path)]
    written = all(re.fullmatch("[0-9]{4}(-[0-9]{2}){2}", day) for day in days)
    if not written or len(days) != 2 or days[0] >= days[1]:
        return 0
    (first, since), (last, until) = ((int(day[:4]), day[4:]) for day in days)
    return last - first + (until > since)


def most_of(royalty: dict[str, Any], years: int) -> int | None:
    """Return the most that is paid by a schedule, None if that has no bound or is no number."""
    cap = royalty["cap"] if type(royalty.get("cap")) is dict else {}
    most = values(cap, "amount") if cap.get("per") == "term" else []
    least, once = values(royalty, "minimum/amount"), values(royalty, "milestones/*/amount")
    rates = values(royalty, "tiers/*/rate_ppm")
    free = rates and all(rate == 0 for rate in rates) and royalty.get("per_unit") is None
    sums = all(type(n) is int and n >= 0 for n in (*most, *least, *once))
    if not (most or free) or (least and not years) or not sums:
        return None
    return int(max(sum(most), sum(least) * years) + sum(once))


def are_within(told: Iterable[Cost], limit: int, unit: str) -> bool:
    """Say whether sums are within a ceiling in all; what two places say is paid once, the most."""
    said = dict[str, dict[str, int]]()
    for of, at, n, currency in told:
        if type(n) is not int or n < 0 or currency != unit:
            return False
        places = said.setdefault(of, {})
        places[at] = places.get(at, 0) + n
    return sum(max(places.values()) for places in said.values()) <= limit


def suffice(
    mandates: Iterable[dict[str, Any]], signer: str, event: Event, authority: Authority
) -> list[str] | None:
    """Say whether a mandate in force reaches that far: what is not shown of it, None if none."""
    today = (instant(event.accepted) + timedelta(hours=7)).date().isoformat()  # In Hanoi.
    answers = list[list[str]]()
    for mandate in mandates:
        meant = {"*", event.kind.partition("/")[0]} & set(map(str, mandate["topics"]))
        until, cap = mandate["valid_to"], mandate["ceiling"]
        on_that_day = mandate["valid_from"] <= today and (until is None or today < until)
        if meant and on_that_day and mandate["given"] < event.position <= mandate["ended"]:
            if cap is None:
                return []
            told = list(commits(event, signer, authority))
            told += [] if event.kind in TABLE else [f"what {event.kind} commits {signer} to"]
            unread = [f"a mandate's ceiling: {each}" for each in told if isinstance(each, str)]
            sums = [each for each in told if not isinstance(each, str)]
            if are_within(sums, cap["amount"], cap["currency"]):
                answers.append(unread[:1])
    return min(answers, key=len) if answers else None


# What a seal says of subjects (docs/spec/seal.md): the whole history of one, or that it has none.
def check_history(told: dict[str, Any], root: bytes, leaves: Sequence[tuple[int, bytes]]) -> None:
    """Hold (position, leaf hash) pairs against what the map of a root says of a subject."""
    subject, value, siblings = str(told["subject"]), told["value"], told["siblings"]
    require(re.fullmatch(LISTED["subjects"], subject), "not written as a subject")
    key, end = sha256(subject.encode()).digest(), bytes(32)
    chain = sha256(b"techledger/chain/v1\n" + subject.encode()).digest()
    for _, leaf in leaves:
        chain = sha256(chain + leaf).digest()
    last = [at for at, _ in leaves][-1:]
    said = {"chain": f"sha256:{chain.hex()}", "count": len(leaves), "last": sum(last)}
    require(
        value == (said if leaves else None), f"the entries shown are not the history of {subject}"
    )
    require(len(siblings) <= 256, "a path has at most 256 hashes")
    path = [key[depth // 8] >> (7 - depth % 8) & 1 for depth in range(len(siblings))]
    if told["other"] is not None:
        require(
            all(re.fullmatch("[0-9a-f]{64}", n) for n in told["other"].values()), "not two hashes"
        )
        other, hashed = (bytes.fromhex(told["other"][name]) for name in ("key", "value_sha256"))
        require(value is None and other != key, "another leaf shows nothing")
        same = [other[depth // 8] >> (7 - depth % 8) & 1 for depth in range(len(siblings))] == path
        require(same, "the leaf shown instead does not lie on the subject's path")
        end = sha256(b"\x00" + other + hashed).digest()
    elif value is not None:
        end = sha256(b"\x00" + key + sha256(dumps(said).encode()).digest()).digest()
    for beside, right in zip(reversed(siblings), reversed(path), strict=True):
        end = node(beside, end) if right else node(end, beside)
    require(end == root, "the path does not lead to the root of the map")


# The bundle (docs/spec/bundle.md): JSON in one spelling, so that no byte of it is idle.
MAP = {"chain": str, "count": int, "last": int}, {"key": str, "value_sha256": str}
HISTORY_OF = {"other": MAP[1:], "siblings": [unhash], "subject": str, "value": MAP[:1]}
BUNDLE = {
    **dict.fromkeys(("checkpoint", "format", "policy"), str),
    "earlier": [{"checkpoint": str, "proof": [unhash]}],
    "entries": [{"entry": unbase64, "position": int, "proof": [unhash]}],
    "histories": [HISTORY_OF],
    "openings": [{"opening": dict, "position": int}],
    "seal": (int,),
}


def read_bundle(raw: bytes) -> dict[str, Any]:
    """Take a bundle apart; nothing of it is verified then."""
    require(len(raw) <= MAX_BUNDLE and raw.endswith(b"\n"), "a bundle is a line of JSON")
    require(sum(map(raw.count, (b"{", b"[", b","))) <= MAX_PARTS, "a bundle of too many values")
    bundle: dict[str, Any] = shaped(loads(raw[:-1].decode("utf-8", "surrogateescape")), BUNDLE)
    require(bundle["format"] == "techledger-bundle/v1", "a bundle of another format")
    slow = sum(each["entry"].count(b'"rsa-pss-sha256"') for each in bundle["entries"])
    require(len(bundle["entries"]) <= MAX_SHOWN and slow <= MAX_RSA, "too many entries or RSA keys")
    for name, key in (("entries", "position"), ("histories", "subject")):
        order = [each[key] for each in bundle[name]]
        require(order == sorted(set(order)), f"{name} are in order, each once")
    return bundle


def check_opening(opening: dict[str, Any], event: Event | None, origin: str) -> None:
    """Hold an opening against what stands sealed at its place in an event (step 11)."""
    require(opening.keys() == {"path", "salt", "value"}, "an opening is path, salt and value")
    path, salt, value = opening["path"], opening["salt"], opening["value"]
    form = r"(/([a-z][a-z0-9_]{0,63}|0|[1-9][0-9]{0,3})){1,16}"
    require(type(path) is str and re.fullmatch(form, path), "path is no pointer into a payload")
    require(type(salt) is str and re.fullmatch("[A-Za-z0-9_-]{43}", salt), "a salt has 32 bytes")
    salted = unbase64(salt.replace("-", "+").replace("_", "/") + "=")
    check_value(value)
    found: Any = {"body": event.body} if event else None
    for part in path.split("/")[1:]:
        inside = {str(n): each for n, each in enumerate(found)} if type(found) is list else found
        found = inside.get(part) if type(inside) is dict else None
    if event is None or type(found) is not dict or list(found) != ["commitment"]:
        raise CheckFailed("nothing is sealed there")
    head = f"techledger/commit/v1\n{origin}\n{event.says['event_id']}\n{path}\n".encode()
    hashed = sha256(head + salted + dumps(value).encode()).hexdigest()
    require(found["commitment"] == f"sha256:{hashed}", "what is sealed there was another value")


Delays = tuple[int, int]  # In seconds: what holds as it is signed, and the least adopted.


def delays_by(now: str, adopted: Sequence[tuple[int, str, int]]) -> Delays:
    """Return the delay that holds at an instant, and the least of those that were adopted."""
    holds = [seconds for _, since, seconds in adopted if since <= now][-1]
    return holds, min(seconds for *_, seconds in adopted)


def delays_told(holds: int, least: int) -> str:
    """Say how long what officers do waits, and how short that ever was."""
    return f"delay {holds} s" + (f", at least {least} s" if least < holds else "")


def dated(time: tuple[datetime, str]) -> str:
    """Say when and by whom a checkpoint was signed, and how long ago, or that it is to come."""
    age = datetime.now(UTC) - time[0]
    told = f"{age.days} days ago" if age.days >= 0 else f"{(-age).days} days from now"
    return f"signed {spelled(time[0])} by {time[1]}, {told}"


class Verified(NamedTuple):
    """No step fails. What is told of the bundle, and by whom, was verified."""

    trust: Trust
    size: int
    root: bytes
    times: Times
    bundle: dict[str, Any]
    events: dict[int, Event]
    signatures: int
    unread: list[tuple[int, str]]
    sealed: int
    histories: tuple[tuple[str, int], ...]
    authority: Authority
    bounds: tuple[Bounds, ...]

    @property
    def elsewhere(self) -> list[tuple[int, str]]:
        """What no step can know of entries that are not shown, and from which position on."""
        charter = f"charter:{sha256(self.trust.origin.encode()).hexdigest()}"
        known = dict(self.histories).get(charter, 0)
        changed = known, "whether the log's keys, policy or operator changed since"
        twice = 0, "whether an event stands a second time, among what is not shown"
        return [] if self.authority.whole else [changed, twice]

    @property
    def delays(self) -> Delays | None:
        """Return the delays, None where all that changes them is not shown."""
        now = max([self.bounds[0].earliest, *(each.accepted for each in self.events.values())])
        known = not self.elsewhere or self.elsewhere[0][0] > 0
        return delays_by(now, self.authority.delays) if known else None

    @property
    def unchecked(self) -> tuple[tuple[int, str], ...]:
        """What only further entries could show, and at which position."""
        shown = self.events.values(), self.authority, set(dict(self.histories)), self.sealed
        return (*self.elsewhere, *self.unread, *(() if self.authority.whole else not_shown(*shown)))

    @property
    def states(self) -> dict[int, str]:
        """Whether each step passed, left something unchecked, or was not run."""
        states = dict.fromkeys(STEPS, "passed")
        if self.elsewhere:
            states |= {CHECKPOINT: "unchecked", IDENTITY: "unchecked"}
        if len(self.unchecked) > len(self.elsewhere):
            states[SIGNATURES] = "unchecked"
        ran = {CONSISTENCY: "earlier", HISTORY: "histories", OPENINGS: "openings"}
        return states | {step: "not run" for step, name in ran.items() if not self.bundle[name]}

    def came(self, key: Key) -> str:
        """Say how a key came into the log."""
        event = self.events[key.added]
        by = " and ".join(sorted(event.signers - {key.party})) or "a key of its own"
        how = "vouched for" if event.kind == "key.added/1" else "registered"
        rests = f", resting on {key.vouched}" if key.vouched not in (0, key.added) else ""
        return f"{how} by {by} at position {key.added}{rests}" if key.added else "genesis"

    def vouched(self, event: Event) -> list[int]:
        """Return where keys were vouched for on which an event rests."""
        ways = [each for name in event.signers for each in self.authority.ways(event, name)]
        return sorted({min(each) for each in ways if each} - {0})

    def lines(self, asked: Iterable[str] = ()) -> Iterator[str]:
        """Yield what `said` yields, each a line in which all can be seen."""
        return map(seen, self.said(asked))

    def said(self, asked: Iterable[str] = ()) -> Iterator[str]:
        """Yield each step, what is shown, which subjects, asked for or named, are not."""
        yield from (f"{at:>2}  {self.states[at]:<9}  {what}" for at, what in STEPS.items())
        yield from map(dated, self.times)
        for at, event in self.events.items():
            marked = [event.says["event_id"], *(f"VOUCHED at {n}" for n in self.vouched(event))]
            yield f"position {at}, accepted {event.accepted}: {event.kind} {', '.join(marked)}"
            for key in (self.authority.keys[key_id] for key_id, _ in event.lines):
                yield f"    signed by {key.party}, key {key.key_id}, {self.came(key)}"
        opened = [(each["position"], each["opening"]) for each in self.bundle["openings"]]
        yield from (f"opened: position {n}, {o['path']} is {dumps(o['value'])}" for n, o in opened)
        for told in self.bundle["histories"]:
            count = (told["value"] or {"count": 0})["count"]
            yield f"whole below {self.sealed}: {told['subject']}, {count} entries"
        named = {*asked}.union(*(event.says["subjects"] for event in self.events.values()))
        yield from (f"not shown: all of {n}" for n in sorted(named - {*dict(self.histories)}))
        yield from (f"unchecked: position {at}, {what}" for at, what in self.unchecked)
        yield from [delays_told(*self.delays)] if self.delays else []
        yield from [DEMONSTRATION] * self.authority.demonstration
        yield f"VERIFIED: {self.trust.origin} at size {self.size}, root {base64(self.root)}"
        yield f"{self.signatures} signatures of parties verified"


def verify(raw: bytes, trust_root: bytes) -> Verified:
    """Verify a bundle against a trust root. Raises `Refused` with the first step that fails."""
    # 1. The trust root is pinned.
    with failing(TRUST):
        trust = read_trust(trust_root)
    # 4. Entry 0 is the trusted genesis; from its keys the entries shown lead to those of now.
    with failing(FORM):
        bundle = read_bundle(raw)
    shown = {each["position"]: each["entry"] for each in bundle["entries"]}
    if sha256(shown.get(0, b"")).hexdigest() != trust.genesis_sha256:
        raise Refused(GENESIS, "entry 0 is not the one that is trusted", 0)
    if read_event(shown[0], 0, trust.origin).body.get("origin") != trust.origin:
        raise Refused(GENESIS, "entry 0 opens another ledger", 0)
    with failing(CHECKPOINT):
        _, stated, _ = read_head(read_note(octets(bundle["checkpoint"]))[0])
    authority, unread = Authority(len(shown) == stated), list[tuple[int, str]]()
    for at, entry in shown.items():
        if entry.endswith(ENDINGS):
            try:
                authority.follow(read_event(entry, at, trust.origin))
            except Refused as refused:
                authority.faults[at] = refused  # It is told at the entry's turn.
    # 2. The checkpoint is signed by the log's keys and a quorum; 9. so are older ones, of prefixes.
    size, root, times = authority.open(octets(bundle["checkpoint"]), trust, CHECKPOINT)
    with failing(CHECKPOINT):
        counts = authority.trust_at(size, trust).policy.raw
        require(octets(bundle["policy"]) == counts, "another policy than the one that counts")
    bounds = [Bounds.of(size, times, trust.origin)]
    for each in bundle["earlier"]:
        old, old_root, then = authority.open(octets(each["checkpoint"]), trust, CONSISTENCY)
        bounds.append(Bounds.of(old, then, trust.origin))
        with failing(CONSISTENCY):
            check_consistency(old, size, each["proof"], (old_root, root))
    # 3. and 5. to 8. Each entry hashes up to the root; form, identity and time, lists, signatures.
    events, ids, last = dict[int, Event](), dict[str, int](), ""
    for each in bundle["entries"]:
        at = each["position"]
        with failing(TREE, at):
            require(at < size, f"a tree of {size} has no entry {at}")
            found = climb(at, size - 1, [leaf_hash(each["entry"]), *each["proof"]])[1]
            require(found == root, "the inclusion proof leads to another root")
        event = events[at] = read_event(each["entry"], at, trust.origin)
        check_time(event, last, bounds)
        with failing(IDENTITY, at):
            require(ids.setdefault(event.says["event_id"], at) == at, "the event is there already")
        unread += ((at, what) for what in check_signatures(event, authority))
        last = event.accepted
    # 10. Under the seal, what is shown of each subject is its whole history.
    map_root, sealed = read_seal(bundle, events)
    for told in bundle["histories"]:
        below = [each for each in events.values() if each.position < sealed]
        named = [each for each in below if told["subject"] in each.says["subjects"]]
        with failing(HISTORY):
            check_history(told, map_root, [(each.position, leaf_hash(each.raw)) for each in named])
    # 11. Each opening is of what an entry is committed to.
    for each in bundle["openings"]:
        with failing(OPENINGS, each["position"]):
            check_opening(each["opening"], events.get(each["position"]), trust.origin)
    histories = tuple((told["subject"], sealed) for told in bundle["histories"])
    lines = sum(len(each.lines) for each in events.values())
    parts = bundle, events, lines, unread, sealed, histories
    return Verified(trust, size, root, times, *parts, authority, tuple(bounds))


def check_time(event: Event, last: str, bounds: Sequence[Bounds]) -> None:
    """Hold an entry to the one before it and the checkpoint (step 6), and to earlier ones (9)."""
    with failing(IDENTITY, event.position):
        require(last <= event.accepted, "accepted before the last")
        require(bounds[0].allow(event.position, event.accepted), "accepted after it was signed")
    with failing(CONSISTENCY, event.position):
        allowed = all(each.allow(event.position, event.accepted) for each in bounds)
        require(allowed, "dated otherwise than an earlier checkpoint allows")


def read_seal(bundle: dict[str, Any], events: dict[int, Event]) -> tuple[bytes, int]:
    """Return the root that the seal states and the size that it covers, 0 without a seal."""
    at = bundle["seal"]
    if at is None and not bundle["histories"]:
        return b"", 0
    with failing(HISTORY, at):
        require(at in events and events[at].kind == "ledger.sealed/1", "there is no seal there")
        size, root = events[at].body.get("size"), events[at].body.get("map_root")
        require(type(size) is int and 0 < size <= at, "a seal covers what is before it")
        require(type(root) is str and re.fullmatch("sha256:[0-9a-f]{64}", root), "a root is a hash")
        return bytes.fromhex(str(root)[7:]), int(str(size))


def not_shown(
    events: Iterable[Event], authority: Authority, whole: set[str], sealed: int
) -> Iterator[tuple[int, str]]:
    """Yield what only further entries could show: that a key, a mandate, a party had not ended."""
    last = dict[str, int]()  # Of a party it is said once, where it last signs.
    for event in events:
        keys = [authority.keys[key_id] for key_id, _ in event.lines]
        needed = {f"key:{key.key_id}" for key in keys if key.added < event.position}
        for pair in ((signer, key.party) for key in keys for signer in event.signers):
            needed |= authority.mandates.get(pair, {}).keys()
        last |= dict.fromkeys(event.signers.union(key.party for key in keys), event.position)
        for subject in sorted(needed if event.position >= sealed else needed - whole):
            yield event.position, f"whether {subject} had ended: its history is not shown"
    for party, at in sorted(last.items()):
        if at >= sealed or party not in whole:
            yield at, f"whether {party} had ended: its history is not shown"


def read_file(path: Path) -> bytes:
    """Return what a file holds; a pipe is not waited for, nor too long a file read whole."""
    require(path.is_file() or not path.exists(), f"ODD_FILE: {path}: not a regular file")
    with path.open("rb") as file:
        raw = file.read(MAX_BUNDLE + 1)
    require(len(raw) <= MAX_BUNDLE, f"ODD_FILE: {path}: longer than {MAX_BUNDLE} bytes")
    return raw


if __name__ == "__main__":
    try:
        require(len(sys.argv) > 2, "usage: court.py BUNDLE TRUST [SUBJECT...]")
        given = [read_file(Path(name)) for name in sys.argv[1:3]]
        try:
            answer = verify(*given)
        except Exception as error:  # noqa: BLE001  (whatever it is, nothing is verified then)
            sys.exit(f"REFUSED: {str(error) or repr(error)}")
        if isinstance(sys.stdout, TextIOWrapper):  # Of the shell it may be closed.
            sys.stdout.reconfigure(errors="backslashreplace")
        print(*answer.lines(sys.argv[3:]), sep="\n", flush=True)
    except (OSError, CheckFailed) as error:
        print(seen(str(error)), file=sys.stderr)
        os._exit(2)  # Not by way of what could not be printed.
    sys.exit(not {*sys.argv[3:]} <= {*dict(answer.histories)})
