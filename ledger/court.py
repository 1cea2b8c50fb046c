"""
The court's verifier: all that an evidence bundle is checked by, in one file to be read.

    python court.py bundle.json trust.json [SUBJECT...]     # a copy of the file, anywhere

It needs Python 3.11 or newer and `cryptography` 50 or newer, no network, no other file. Read first
`verify`, at the end: all above serves its steps. The bundle is believed in nothing; `trust.json` is
your own. Exit codes: 0 verified; 1 refused, or a history that was asked for is not shown; 2 wrong
usage, a file that is not there or is none, an answer that cannot be printed, or no such package; 4
no entry names a subject that was asked for.
"""

import json
import os
import re
import sys
import unicodedata
from binascii import a2b_base64, b2a_base64
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache, partial
from hashlib import sha256
from io import TextIOWrapper
from itertools import pairwise
from math import gcd, isqrt, prod
from operator import itemgetter
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
        at = "" if self.position is None else f", entry {cut(str(self.position))}"
        return seen(f"step {self.step} ({STEPS[self.step]}){at}: {cut(self.reason, 2000)}")


class CheckFailed(Exception):
    """A sentence: something is not as it must be. The caller says which step that fails."""


@contextmanager
def failing(step: int, position: int | None = None) -> Iterator[None]:
    """Turn whatever is wrong within into the refusal of a step."""
    try:
        yield
    except CheckFailed as wrong:
        raise Refused(step, str(wrong), position) from None


@contextmanager
def within(place: str) -> Iterator[None]:
    """Say of whatever is wrong within where it stands."""
    try:
        yield
    except CheckFailed as wrong:
        raise CheckFailed(f"{wrong} (in {place})") from None


@contextmanager
def reading(reason: str) -> Iterator[None]:
    """Say what is wrong with what a library cannot read or does not verify."""
    try:
        yield
    except json.JSONDecodeError as error:
        raise CheckFailed(f"{reason} ({error})") from None
    except (ValueError, RecursionError, InvalidSignature, UnsupportedAlgorithm):
        raise CheckFailed(reason) from None


def require(holds: object, reason: str) -> None:
    """Raise `CheckFailed` unless something holds."""
    if not holds:
        raise CheckFailed(reason)


# Base64, numbers and instants have one spelling each: no byte can be changed unnoticed.
def base64(raw: bytes) -> str:
    """Write standard Base64 with padding (RFC 4648, section 4)."""
    return b2a_base64(raw, newline=False).decode()


def unbase64(text: object, size: int | None = None) -> bytes:
    """Read what `base64` writes, of so many bytes, and nothing else."""
    wrong = f"{told(text)} is not Base64 in its one spelling"
    with reading(wrong):
        raw = a2b_base64(str(text))
    require(type(text) is str and base64(raw) == text, wrong)
    require(size in (None, len(raw)), f"{told(text)} is of {len(raw)} bytes, and a hash has {size}")
    return raw


unhash = partial(unbase64, size=32)
octets = partial(str.encode, errors="surrogateescape")  # The bytes of a text, if it is no UTF-8.
dumps = partial(json.dumps, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def decimal(text: str) -> int:
    """Read a number without sign or leading zeros, below 2^63."""
    digits = re.fullmatch("0|[1-9][0-9]{0,18}", text) and int(text) <= MAX_COUNT
    require(digits, f"{told(text)} is not a number below 2^63 without sign or leading zeros")
    return int(text)


def instant(text: str) -> datetime:
    """Read an instant as `2026-11-22T03:10:00.123Z`."""
    wrong = f"{told(text)} is not an instant before the year 3000, as YYYY-MM-DDTHH:MM:SS.mmmZ"
    with reading(wrong):
        found = datetime.fromisoformat(text)
    require(spelled(found) == text and 1000 <= found.year < 3000, wrong)
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
    with reading("What stands here is not JSON"):
        value, odd = json.loads(text), "The JSON is not in its one spelling, from character"
        if (one := dumps(value)) != text:  # Where they part is looked for by halves.
            at = bisect_left(range(len(one)), 1, key=lambda n: not text.startswith(one[: n + 1]))
            raise CheckFailed(f"{odd} {at} on: members are sorted, and no space is between them")
    return value


def seen(text: str) -> str:
    """Return a text as a line, escaped as in JSON what nobody would see."""
    if text.isprintable() and not re.search(BLANK, text):
        return text
    text = re.sub(BLANK, lambda found: json.dumps(found[0])[1:-1], text)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def cut(text: str, most: int = 120) -> str:
    """Return a text so far as anybody reads it, so that no bundle prints without end."""
    return text if len(text) <= most else f"{text[:most]}… and {len(text) - most} characters more"


def told(value: Any) -> str:
    """Return a value as JSON has it, cut and to be seen; of what holds others, how many."""
    if type(value) in (list, dict):
        return f"{'a list' if type(value) is list else 'an object'} of {len(value)}"
    return seen(cut(dumps(cut(value) if type(value) is str else value), 200))


def listed(names: Iterable[str]) -> str:
    """Return the first few of some names in order, and how many there are more; or `none`."""
    first = [cut(each) for each in sorted(names)]
    more = [f"{len(first) - 6} more"] if len(first) > 6 else []
    return seen(", ".join(first[:6] + more)) or "none"


def check_value(value: Any, place: str = "payload", depth: int = 0) -> None:
    """Refuse what no signed payload may hold."""
    kind = type(value)
    if kind is str:
        if hidden := HIDDEN.search(value):
            raise CheckFailed(f"At {place} stands a character that nobody sees, {hidden[0]!a}")
        if not unicodedata.is_normalized("NFC", value):
            raise CheckFailed(f"At {place} stands {told(value)}, not in Normalization Form C")
        if (size := len(value.encode())) > 16384:
            raise CheckFailed(f"At {place} stands a text of {size} bytes, and 16384 are allowed")
    elif kind is list or kind is dict:
        require(depth < 16, f"At {place} something is nested deeper than 16 times")
        most = 512 if kind is dict else 4096
        require(len(value) <= most, f"At {place} stands {told(value)}, and {most} are allowed")
        for name, member in value.items() if kind is dict else enumerate(value):
            if kind is dict and not NAME.fullmatch(str(name)):
                raise CheckFailed(f"At {place} stands {told(name)}, which is no member's name")
            check_value(member, f"{place}/{name}", depth + 1)
    elif not ((kind is int and abs(value) < 2**53) or value is None or kind is bool):
        raise CheckFailed(f"At {place} stands {told(value)}, not a whole number below 2^53")


def check_members(value: Any, names: Iterable[str], place: str, free: Iterable[str] = ()) -> None:
    """Refuse what is no object, or has not just these members, with those that it is free to."""
    require(type(value) is dict, f"At {place} stands {told(value)}, not an object")
    lacks, more = {*names} - value.keys(), value.keys() - {*names, *free}
    wrong = f"missing {listed(lacks)}, not known {listed(more)}"
    require(not lacks and not more, f"At {place} the members are not those of its form: {wrong}")


KINDS = {str: "a text", int: "a number from 0 up", list: "a list", dict: "an object"}


def shaped(value: Any, shape: Any, place: str) -> Any:
    """Read a value of a shape: `[a list of such]`, `(such or null,)`, a type, or what reads it."""
    if isinstance(shape, tuple):
        return None if value is None else shaped(value, shape[0], place)
    if isinstance(shape, list):
        if type(value) is not list:
            raise CheckFailed(f"At {place} stands {told(value)}, not a list")
        return [shaped(each, shape[0], f"{place}/{n}") for n, each in enumerate(value)]
    if isinstance(shape, dict):
        check_members(value, shape, place)
        return {name: shaped(value[name], part, f"{place}/{name}") for name, part in shape.items()}
    if isinstance(shape, type):
        if type(value) is not shape or (type(value) is int and value < 0):
            raise CheckFailed(f"At {place} stands {told(value)}, not {KINDS[shape]}")
        return value
    with within(place):
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
    require(hashes, "The proof is empty, and shows nothing")
    prefix = whole = hashes[0]
    for beside in hashes[1:]:  # One too many would lead to another root.
        if at & 1 or at == last:
            prefix, whole = node(beside, prefix), node(beside, whole)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            whole = node(whole, beside)
        at, last = at >> 1, last >> 1
    wrong = f"The proof of {len(hashes)} hashes is too short: it ends below the root of the tree"
    require(last == 0, wrong)
    return prefix, whole


def check_consistency(old: int, new: int, path: list[bytes], roots: tuple[bytes, bytes]) -> None:
    """Hold a consistency proof against two roots; of equal sizes it is empty, as from size 0."""
    require(0 <= old <= new, f"A log of {new} entries does not begin with {old}: it was cut short")
    if old in (0, new):
        require(not path, f"From {old} to {new} entries nothing is proved, yet hashes are given")
        both = " and ".join(map(base64, roots))
        same = old == 0 or roots[0] == roots[1]
        require(same, f"The log has signed two histories of {old} entries, with the roots {both}")
        return
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    hashes = [roots[0], *path] if old & (old - 1) == 0 else path
    wrong = f"The log of {new} entries is not shown to go on from that of {old}: the proof leads"
    require(climb(at, last, hashes) == roots, f"{wrong} to other roots than were signed")


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
        named = NOTE_NAME.fullmatch(name)
        require(named, f"The key {told(vkey)} has a name that is empty, or with a space in it")
        with within(f"the key {told(vkey)}"):
            typed = unbase64(rest.partition("+")[2])
        known = typed and len(typed) - 1 == KEY_SIZES.get(typed[0])
        require(known, f"The key {told(vkey)} is not of type 1, 4 or 6 and of the length of that")
        short = typed[0] != MLDSA44 or len(name.encode()) < 256
        require(short, f"The name {told(name)} of a key of ML-DSA has more than 255 bytes")
        label = name, sha256(name.encode() + b"\n" + typed).digest()[:4]
        right = f"{name}+{label[1].hex()}+{base64(typed)}"
        require(vkey == right, f"The id of the key {told(vkey)} is not its hash, {label[1].hex()}")
        return cls(name, typed[0], typed[1:], label)

    def check(self, text: str, blob: bytes) -> int:
        """Verify a line of this key under a text; return its POSIX seconds, 0 where it has none."""
        public = mldsa.MLDSA44PublicKey if self.kind == MLDSA44 else ed25519.Ed25519PublicKey
        when, message = 0 if self.kind == ED25519 else int.from_bytes(blob[:8]), text.encode()
        timed = len(blob) > 8 and when < MILLENNIA.timestamp()
        require(timed, f"The line of {cut(self.name)} has no time before 3000 or no signature")
        if self.kind == COSIGNATURE:
            message = f"cosignature/v1\ntime {when}\n{text}".encode()
        elif self.kind == MLDSA44:
            origin, size, root = read_head(text)
            require(len(origin.encode()) < 256, f"The origin {told(origin)} has over 255 bytes")
            names = [bytes((len(n),)) + n for n in (self.name.encode(), origin.encode())]
            message = b"subtree/v1\n\x00" + names[0] + blob[:8] + names[1]
            message += bytes(8) + size.to_bytes(8) + root
        wrong = "what it signed was changed since, or it is by another's key"
        with reading(f"The signature of {cut(self.name)} does not verify: {wrong}"):
            signature = blob if self.kind == ED25519 else blob[8:]
            public.from_public_bytes(self.public).verify(signature, message)
        return when


def read_head(text: str) -> tuple[str, int, bytes]:
    """Read the three lines of a checkpoint: whose log, its size, its root."""
    lines = text.split("\n")
    three = len(lines) == 4 and "" not in lines[:3] and not lines[3]
    require(three, f"The text {told(text)} is not a checkpoint's three lines: log, size, root")
    return lines[0], decimal(lines[1]), unhash(lines[2])


def read_note(raw: bytes) -> tuple[str, list[tuple[tuple[str, bytes], bytes]]]:
    """Take a note apart: the text, and of each line what it is labelled with, and the rest."""
    whole = raw.decode("utf-8", "replace")
    fine = len(raw) <= MAX_NOTE and whole.encode() == raw
    require(fine, f"The note of {len(raw)} bytes is not UTF-8, or has more than {MAX_NOTE}")
    if control := re.search("[\x00-\x09\x0b-\x1f]", whole):
        raise CheckFailed(f"The note holds the control character {control[0]!a}")
    text, gap, block = whole.rpartition("\n\n")
    lines = block.split("\n")
    fine = bool(gap) and not lines.pop() and 0 < len(lines) <= 100
    require(fine, f"The note {told(whole)} is not a text, an empty line, and 1 to 100 signatures")
    found = []
    for line in lines:
        dash, name, encoded = [*line.split(" ", 2), "", ""][:3]
        signs = dash == "\u2014" and NOTE_NAME.fullmatch(name)
        require(signs, f"The line {told(line)} of the note is not a signature of somebody")
        blob = unbase64(encoded)
        require(len(blob) > 4, f"The line {told(line)} of the note is too short for a signature")
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
    fine = fine and raw[-1:] in (b"", b"\n")
    require(fine, f"The policy of {len(raw)} bytes is not lines of text, or over {MAX_NOTE} bytes")
    policy, names, used, grouped = Policy(raw), {"none"}, set[bytes](), set[str]()

    def key(vkey: str, kinds: tuple[int, int]) -> NoteKey:
        found = NoteKey.read(vkey)
        fits = found.kind in kinds and found.public not in used
        require(fits, f"The policy has {told(vkey)} twice, or on a line for keys of another type")
        other = found.name != origin or ED25519 in kinds
        require(other, f"The policy has a witness {told(vkey)} that bears the name of the log")
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
                free, once = names - {"none"} - grouped, len({*members}) == len(members)
                wrong = f"The policy's group {told(name)} names {listed(members)}, of whom one is"
                require(once and free >= {*members}, f"{wrong} not defined above, or grouped twice")
                grouped.update(members)
                threshold = {"all": len(members), "any": 1}.get(count) or decimal(count)
                wrong = (
                    f"The policy's group {told(name)} asks for {threshold} of its {len(members)}"
                )
                require(1 <= threshold <= len(members), f"{wrong} members, which cannot be")
                policy.groups.append((name, threshold, members))
                names.add(name)
            case ["quorum", name]:
                require(name in names, f"The policy's quorum {told(name)} is not defined above it")
                policy.quorums.append(name)
            case _:
                wrong = "is no log, witness, group or quorum, or defines a name twice"
                raise CheckFailed(f"The policy's line {told(line)} {wrong}")
    stated = len(policy.quorums)
    require(stated == 1, f"The policy states {stated} quorums, and one has to be stated")
    return policy


# The trust root, and checkpoints that those have signed whom it names.
def check_keys(vkeys: tuple[str, ...], name: str, kinds: set[int]) -> None:
    """Refuse vkeys that are not of this name, each once, and of these types, all of them."""
    keys = [NoteKey.read(vkey) for vkey in vkeys]
    own = {key.name for key in keys} == {name} and len(set(vkeys)) == len(vkeys)
    require(own, f"The keys do not all bear the name {cut(name)}, each once: {listed(vkeys)}")
    types = sorted({key.kind for key in keys})
    wrong = f"The keys of {cut(name)} are not of the types {sorted(kinds)}, but {types}"
    require({*types} == kinds, wrong)


class Trust(NamedTuple):
    """Whose log it is, and by which keys and which policy its checkpoints count."""

    origin: str
    log_keys: tuple[str, ...]
    genesis_sha256: str
    policy: Policy


TRUST_ROOT = {"genesis_sha256": str, "log_keys": [str], "origin": str, "policy": str}


def read_trust(raw: bytes) -> Trust:
    """Read `trust.json`."""
    with reading("The trust root is not JSON in UTF-8"):
        pairs = json.loads(raw.decode(), object_pairs_hook=tuple)
        octets(dumps(pairs))  # Half a character is no text.
    once = type(pairs) is tuple and len(dict(pairs)) == len(pairs)
    require(once, "The trust root is not an object, or has a member twice")
    given = shaped(dict(pairs), TRUST_ROOT, "trust root")
    origin, keys, genesis = given["origin"], tuple(given["log_keys"]), given["genesis_sha256"]
    check_keys(keys, origin, {ED25519, MLDSA44})
    wrong = f"The genesis_sha256 of the trust root is {told(genesis)}, not 64 hex digits"
    require(re.fullmatch("[0-9a-f]{64}", genesis), wrong)
    return Trust(origin, keys, genesis, read_policy(octets(given["policy"]), origin))


def open_checkpoint(raw: bytes, trust: Trust) -> tuple[int, bytes, Times]:
    """Return size, root and times of a checkpoint that the log, a quorum, nobody else signed."""
    text, lines = read_note(raw)
    own, witnesses = [NoteKey.read(vkey) for vkey in trust.log_keys], trust.policy.witnesses
    logs = {key[::2] for key in trust.policy.logs}  # By name and public key, of either type.
    wrong = f"The policy is for other logs: it lists {len(logs)}, and not {cut(trust.origin)}"
    require(not logs or logs & {key[::2] for key in own}, wrong)
    named = all(key.name == trust.origin for key in own)
    require(named, f"The keys of the log do not all bear its name, {cut(trust.origin)}")
    known, signed, timed = dict[tuple[str, bytes], NoteKey](), set[Any](), set[tuple[int, str]]()
    for key in (*own, *witnesses.values()):
        one = known.setdefault(key.label, key) is key
        require(one, f"The key id {key.label[1].hex()} of {cut(key.name)} is that of two keys")
    for label, blob in lines:
        by = f"The line of {told(label[0])} is by a key, {label[1].hex()}, that is"
        require(label in known, f"{by} none of the log's nor of the policy")
        signed.add(label)
        when = known[label].check(text, blob)
        timed |= {(when, label[0])} if known[label].kind != ED25519 else set()
    for key in own:
        missing = f"The log's key {key.label[1].hex()} has not signed the checkpoint"
        require(key.label in signed, missing)
    reached = {name for name, key in witnesses.items() if key.label in signed}
    for name, threshold, members in trust.policy.groups:
        reached |= {name} if len(reached & set(members)) >= threshold else set()
    wanted = trust.policy.quorums[0]
    wrong = f"The quorum {told(wanted)} of the policy has not cosigned, only: {listed(reached)}"
    require(wanted in {"none", *reached}, wrong)
    origin, size, root = read_head(text)
    wrong = f"The checkpoint is of the log {told(origin)}, and {cut(trust.origin)} is trusted"
    require(origin == trust.origin, wrong)
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


def in_order(items: Iterable[Any], what: str, key: Callable[[Any], Any] = lambda x: x) -> None:
    """Refuse what is not sorted, each once."""
    for one, then in pairwise(map(key, items)):
        if one >= then:
            raise CheckFailed(f"{what} have {told(then)} behind {told(one)}, not sorted, each once")


def read_event(raw: bytes, position: int, origin: str) -> Event:
    """Read the entry at a position of the log (steps 5 to 7)."""
    with failing(FORM, position):
        head, _, payload = raw.partition(b"\n\n")
        frame = FRAME.fullmatch(head.decode("ascii", "replace"))
        wrong = f"The entry of {len(raw)} bytes is not of the form techledger-entry/v1"
        require(frame and len(raw) <= MAX_ENTRY, f"{wrong}, or has more than {MAX_ENTRY}")
        accepted, block = frame.groups() if frame else ("", "")
        now, split = instant(accepted), [line.split(" ") for line in block[1:].split("\n")]
        lines = tuple((key_id, unbase64(value)) for _, key_id, value in split)
        in_order(lines, "The signature lines", itemgetter(0))
        with within("the payload"):
            says = loads(payload.decode("utf-8", "replace"))
        utf8 = payload == dumps(says).encode("utf-8", "replace")
        require(utf8, f"The payload of {len(payload)} bytes is not UTF-8")
        check_value(says)
        check_members(says, ("body", "ledger", *FORMS, *LISTED), "payload", ("seen",))
        require(type(says["body"]) is dict, f"The body is {told(says['body'])}, not an object")
    with failing(IDENTITY, position):
        meant = says["ledger"]
        require(meant == origin, f"The event is meant for the ledger {told(meant)}, not this one")
        for name, form in FORMS.items():
            fits = type(says[name]) is str and re.fullmatch(form, says[name])
            require(fits, f"The {name} is {told(says[name])}, which is not of its form")
        since = says.get("seen", 0)
        sized = type(since) is int and since >= 0
        require(sized, f"The event says that it has seen {told(since)}, which is no size of a log")
        issued, end = map(instant, (says["issued_at"], says["not_after"]))
        at, by = (f"The event issued at {says['issued_at']}", f"its not_after, {says['not_after']}")
        early = f"{at} was accepted at {accepted}, more than 5 minutes before it was issued"
        require(issued <= now + timedelta(minutes=5), early)
        wrong = f"{at} is to be accepted by {by}: not within 90 days from then"
        require(issued <= end <= issued + timedelta(days=90), wrong)
        require(now <= end, f"{at} was accepted at {accepted}, after {by}")
    with failing(LISTS, position):
        for name, form in LISTED.items():
            names = says[name]
            some = type(names) is list and names
            require(some, f"The {name} are {told(names)}, not a list of at least one")
            for each in names:
                if type(each) is not str or not re.fullmatch(form, each):
                    raise CheckFailed(f"The {name} have {told(each)}, which is not written as one")
            in_order(names, f"The {name}")
        lacking = brought_subjects(says) - {*says["subjects"]}
        require(not lacking, f"The subjects lack {listed(lacking)}, which the body is about")
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

    def __str__(self) -> str:
        """Name the key and whose it is."""
        return f"key {listed([self.key_id])} of {listed([self.party])}"

    def check(self, signature: bytes, message: bytes) -> None:
        """Verify a signature; of ECDSA's two forms (r, s) and (r, n - s) the one with smaller s."""
        wrong = "the entry was changed after it was signed, or the key is another's"
        with reading(f"The signature by the {self} does not verify: {wrong}"):
            if self.algorithm.startswith("ecdsa"):
                low = utils.decode_dss_signature(signature)[1] <= HALF_OF_P256
                require(low, f"The signature by the {self} is the larger of two forms: one counts")
            self.load()(signature, message)

    def must_bind(self) -> None:
        """Refuse a key under which a signature would prove nothing."""
        self.load()
        digest, weak = sha256(self.spki).hexdigest(), "and under it anybody could have signed"
        require(digest == self.key_id, f"The id of the {self} is not its SHA-256, {digest}")
        sound = self.algorithm != "ed25519" or is_prime_order(self.spki[-32:])
        require(sound, f"The {self} is not a point of prime order, {weak}")
        sound = self.algorithm != "ml-dsa-65" or any(self.spki[-1920:])
        require(sound, f"The {self} is all zero, {weak}")
        sound = self.algorithm[:3] != "rsa" or not is_guessable(self.spki[32:-5])
        require(sound, f"The {self} can be factored by a published method, {weak}")

    def load(self) -> Callable[[bytes, bytes], None]:
        """Return what verifies its signatures; the key has to be in its one DER encoding."""
        der = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        with reading(f"The {self} cannot be read as a public key"):
            key = serialization.load_der_public_key(self.spki)
            one = key.public_bytes(*der) == self.spki
            require(one, f"The {self} is not in its one DER encoding, and could have two ids")
        match self.algorithm, key:
            case "ed25519", ed25519.Ed25519PublicKey():
                return key.verify
            case "ml-dsa-65", mldsa.MLDSA65PublicKey():
                return key.verify
            case "ecdsa-p256-sha256", ec.EllipticCurvePublicKey() if key.curve.name == "secp256r1":
                return lambda signature, message: key.verify(signature, message, ECDSA)
            case "rsa-pss-sha256", rsa.RSAPublicKey():
                strong = 3072 <= key.key_size <= 4096 and key.public_numbers().e == 65537
                weak = f"The {self} has {key.key_size} bits: an RSA key has 3072 to 4096"
                require(strong, f"{weak}, and the exponent 65537")
                return lambda signature, message: key.verify(signature, message, PSS, SHA256())
        raise CheckFailed(f"The {self} is not of its algorithm, {told(self.algorithm)}")


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


def members_of(value: Any, names: str, event: Event, place: str = "body") -> dict[str, Any]:
    """Return an object that has exactly these members, each of its shape."""
    with failing(FORM, event.position):
        return dict(shaped(value, {name: SHAPES.get(name, str) for name in names.split()}, place))


def brought_keys(event: Event) -> list[Key]:
    """Return the keys that an event brings into the log."""
    if event.kind not in BODIES:
        return []
    body = members_of(ABSENT.get(event.kind, {}) | event.body, BODIES[event.kind], event)

    def key(party: str, record: Any) -> Key:
        record = members_of(record, KEY, event, f"a key of {told(party)}")
        with failing(FORM, event.position), within(f"the public key of {told(party)}"):
            spki = unbase64(record["public_key"])
        binds = body.get("not_before"), body.get("not_after")
        return Key(record["key_id"], party, record["algorithm"], spki, event.position, *binds)

    if event.kind == "key.added/1":
        return [key(body["party"], body["key"])]
    brought = enumerate(body.get("parties", []))
    parties = [members_of(each, PARTY, event, f"body/parties/{n}") for n, each in brought]
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
            key = new._replace(vouched=at)
            if (held := self.keys.setdefault(new.key_id, key)) is not key:
                raise event.fault(f"The {held} is in the log already, since entry {held.added}")

    def _register(self, event: Event, described: dict[str, Any]) -> None:
        party, roles = described["party"], tuple(map(str, described["roles"]))
        if self.parties.get(party, (0, (), NEVER))[2] != NEVER:
            already = f"is registered already, since entry {self.parties[party][0]}"
            raise event.fault(f"The party {told(party)} {already}")
        if described["kind"] == "person" and not party.startswith("party:tok."):
            raise event.fault(f"The person {told(party)} is not named by a token, as party:tok.…")
        self.parties[party] = event.position, roles, described.get("not_before") or ""

    def _open(self, event: Event, body: dict[str, Any]) -> None:
        if event.position:
            raise event.fault("The ledger is opened a second time, and only entry 0 opens it")
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
            raise event.fault(f"The delay of {seconds} seconds is longer than 366 days")
        begun = [each for each in self.delays if each[1] <= event.accepted]
        if event.only_stops and (begun == self.delays or seconds != begun[-1][2]):
            wrong = "which is not the one that holds, or none waits that could be stopped"
            raise event.fault(f"The event stops a delay by {seconds} seconds, {wrong}")
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
                    wrong = "is not waiting to bind, so it cannot be stopped"
                    raise event.fault(f"The registration of {told(body['party'])} {wrong}")
                self.parties[body["party"]] = since, roles, NEVER
            case kind if kind in ENDS.split():
                ended = str(body.get("token" if kind == "person.erased/1" else "party"))
                if kind == "person.erased/1" and not ended.startswith("party:tok."):
                    raise event.fault(f"The token {told(ended)} is not one of a person")
                self.ended.setdefault(ended, at)
            case kind if kind in OFFERS.split():
                self.offers.setdefault(str(body.get("offer")), (at, event.kind, body))
            case "key.revoked/1" | "key.suspended/1" | "key.resumed/1" | "key.stopped/1":
                party, key = body["party"], self.keys.get(body["key_id"])
                if key is None or key.party != party or key.revoked is not None:
                    wrong = f"has no key {told(body['key_id'])} in force, which the event changes"
                    raise event.fault(f"The party {told(party)} {wrong}")
                self.keys[key.key_id] = changed_key(key, event)
            case "mandate.given/1":
                self._give(event, body)
            case "mandate.ended/1":
                pair, name = (body["principal"], body["holder"]), body["mandate"]
                mandate = self.mandates.get(pair, {}).get(name)
                if mandate is None or mandate["ended"] < MAX_COUNT:
                    by = " to ".join(map(told, pair))
                    raise event.fault(f"The mandate {told(name)} of {by} is not in force")
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
            before = f"was given before, by entry {given[body['mandate']]['given']}"
            raise event.fault(f"The mandate {told(body['mandate'])} {before}")
        if body["ceiling"] is not None:
            members_of(body["ceiling"], "amount currency", event, "body/ceiling")
        rests = min((at for by in self.ways(event, body["principal"]) for at in by), default=0)
        terms = {"given": event.position, "ended": MAX_COUNT, "vouched": rests}
        given[body["mandate"]] = body | terms

    def _adopt_policy(self, event: Event, body: dict[str, Any]) -> None:
        """Take in a policy, which those approve who speak for two of the groups of witnesses."""
        text = octets("".join(f"{line}\n" for line in body["policy"]))
        digest, approving = f"sha256:{sha256(text).hexdigest()}", set(map(str, body["approved_by"]))
        said = enumerate(body["speakers"])
        named = [members_of(each, "group party", event, f"body/speakers/{n}") for n, each in said]
        speakers = {each["party"]: each["group"] for each in named}
        others = {party: group for party, group in speakers.items() if group != "state"}
        ruling = self.speakers or {**others, self.registrar: "state"}
        agreed, groups = {*map(ruling.get, approving)}, {"firms", "institutes", "state"}
        with failing(SIGNATURES, event.position):
            wrong = f"The {len(named)} speakers are none, or one of them speaks for two groups"
            require(len(speakers) == len(named) > 0, wrong)
            wrong = f"The groups {listed(speakers.values())} are not all among {listed(groups)}"
            require({*speakers.values()} <= groups, wrong)
            wrong = f"The policy is approved by {listed(approving)}, not by two groups' speakers"
            approved = len(agreed) > 1 and None not in agreed
            require(approved, wrong)
            first = f"The first policy is not approved by the registrar, {told(self.registrar)}"
            require(self.speakers or self.registrar in approving, first)
            wrong = f"The digest of the policy is {digest}, not {told(body['policy_sha256'])}"
            require(digest == body["policy_sha256"], wrong)
            read_policy(text, event.says["ledger"])
        self.policies.append((event.position + 1, digest, text))
        self.speakers = speakers

    def trust_at(self, size: int, trust: Trust) -> Trust:
        """Return the trust root with the keys and the policy that the log had by a size."""
        pinned = f"sha256:{sha256(trust.policy.raw).hexdigest()}"
        known = trust.log_keys in [keys for _, keys in self.log_keys]
        adopted = pinned in [digest for _, digest, _ in self.policies]
        if not known or not adopted:
            what = f"policy {pinned}" if known else f"keys {listed(trust.log_keys)}"
            raise Refused(GENESIS, f"The log never had the {what} that the trust root has", 0)
        text = [text for since, _, text in self.policies if since <= size][-1]
        keys = [keys for since, keys in self.log_keys if since <= size][-1]
        with failing(SIGNATURES):
            policy = read_policy(text, trust.origin) if text else trust.policy
            readable = [NoteKey.read(vkey) for vkey in keys]
            require(readable, f"The log has no keys at size {cut(str(size))}")
        return trust._replace(log_keys=keys, policy=policy)

    def open(self, note: str, trust: Trust, step: int, place: str) -> tuple[int, bytes, Times]:
        """Open the checkpoint that stands at a place, by the keys and the policy of its size."""
        raw = octets(note)
        with failing(step), within(place):
            _, stated, _ = read_head(read_note(raw)[0])
        now = self.trust_at(stated, trust)
        with failing(step), within(place):
            return open_checkpoint(raw, now)


def adopted_keys(event: Event, said: list[Any], last: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the vkeys that an event adopts: of refusals, or of the log, one of its `last` too."""
    vkeys, name = tuple(map(str, said)), event.says["ledger"] + ("" if last else "/refusals")
    with failing(SIGNATURES, event.position):
        check_keys(vkeys, name, {ED25519, MLDSA44} if last else {ED25519})
        kept = not last or {*last} & {*vkeys}
        require(kept, f"The keys adopted for the log are all new: none is of {listed(last)}")
    return vkeys


def changed_key(key: Key, event: Event) -> Key:
    """Return what an event makes of a key: it is revoked, suspended, stopped, or that is lifted."""
    if event.kind == "key.stopped/1" and event.accepted >= (key.not_before or ""):
        raise event.fault(f"The {key} binds already, and is revoked then rather than stopped")
    if event.kind in ("key.revoked/1", "key.stopped/1"):
        return key._replace(revoked=event.position)
    over = tuple(each for each in key.suspended if each[1] < MAX_COUNT)
    held = [each for each in key.suspended if each[1] == MAX_COUNT]
    if bool(held) != (event.kind == "key.resumed/1"):
        state = "suspended already" if held else "not suspended, so that it cannot be resumed"
        raise event.fault(f"The {key} is {state}")
    at, _, by = held[0] if held else (event.position, 0, event.body["suspended_by"])
    return key._replace(suspended=(*over, (at, event.position if held else MAX_COUNT, by)))


def check_signatures(event: Event, authority: Authority) -> list[str]:
    """Judge who signs an event, and every line (step 8); return what only others could show."""
    if event.position in authority.faults:
        raise authority.faults[event.position]
    if event.position > authority.closed:
        raise event.fault(f"The log was closed by entry {authority.closed}, before this one")
    brought, older = {key.key_id: key for key in brought_keys(event)}, set[str]()
    stands = {key.party: {key.party} for key in brought.values() if key.party in event.signers}
    encoding = len(PAYLOAD_TYPE), PAYLOAD_TYPE, len(event.payload), event.payload
    message = b"DSSEv1 %d %b %d %b" % encoding
    with failing(SIGNATURES, event.position):
        unread = list(check_signers(event, authority))
        silent = brought.keys() - {key_id for key_id, _ in event.lines}
        require(not silent, f"The event brings the key {listed(silent)}, which has not signed it")
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
            if not binds:
                wrong = "whose party is none of them and has no mandate of theirs for this"
                raise CheckFailed(f"None of {listed(event.signers)} is bound by the {key}, {wrong}")
            for signer in binds:
                stands.setdefault(signer, set()).add(key.party)
            older |= {key.party} if key_id != event.body.get("key_id") else set()
        for key in brought.values():  # Last, as that takes longest.
            key.must_bind()
        unbound = event.signers - stands.keys()
        require(not unbound, f"The event names {listed(unbound)}, whom no signature of it binds")
        check_sides(event, stands)
        return unread + list(check_powers(event, authority, older))


def must_exist(party: str, event: Event, authority: Authority) -> list[str]:
    """Refuse a party that is not registered by then or has ended; return what is not shown."""
    since, _, binds = authority.parties.get(party, UNKNOWN)
    known = since <= event.position
    of, ended = f"The party {cut(party)}", authority.ended.get(party, MAX_COUNT)
    require(known or not authority.whole, f"{of} is not registered before this entry")
    require(binds != NEVER, f"{of} was stopped, by an officer, before its registration bound")
    require(event.accepted >= binds, f"{of} is registered from {cut(binds)} on, and not yet")
    require(ended >= event.position, f"{of} has ceased to be, by entry {ended}")
    return [] if known else [f"whether {party} is registered"]


def key_in_force(key_id: str, event: Event, authority: Authority) -> Key:
    """Return a key that the log held before an event, and that still bound its party then."""
    key, now = authority.keys.get(key_id), event.accepted
    if key is None or key.added >= event.position:
        raise CheckFailed(f"The entry is signed by a key {key_id} that no entry before it records")
    since, *_ = authority.parties.get(key.party, UNKNOWN)
    stopped = key.added < since <= event.position
    require(not stopped, f"The {key} was stopped with the registration that brought it")
    revoked = key.revoked is not None and key.revoked < event.position
    require(not revoked, f"The {key} was revoked, or stopped, by entry {key.revoked} before")
    held = [by for since, until, by in key.suspended if since < event.position <= until]
    stops = event.only_stops and key.party not in held  # Else an officer would silence it.
    require(not held or stops, f"The {key} was suspended by {listed(held)}, and is not resumed yet")
    early = key.not_before is not None and now < key.not_before
    require(not early, f"The {key} binds from {told(key.not_before)} on, after {now}")
    late = key.not_after is not None and now >= key.not_after
    require(not late, f"The {key} bound until {told(key.not_after)}, before {now}")
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
        if event.signers != wanted:
            wrong = f"The signers are {listed(event.signers)}, and the event {cut(event.kind)} has"
            raise CheckFailed(f"{wrong} to be signed by {listed(wanted)}")
    else:
        yield f"who must sign {event.kind}, a type that this verifier does not know"
    new = event.body.get("party") if event.kind == "party.registered/1" else ""
    for signer in event.signers - {str(new)}:
        yield from must_exist(signer, event, authority)
    binds, delay = event.body.get("not_before"), authority.delay_at(event.position, event.accepted)
    early = (binds or event.accepted) < spelled(instant(event.accepted) + delay)
    wrong = f"The event is to bind from {told(binds or event.accepted)} on, before the delay"
    waits = early and [*words(event, 3)]
    require(not waits, f"{wrong} of {delay}, from {event.accepted} on, is over")


def meaning(word: str) -> str:
    """Say in English whom a word of the second column allows."""
    if word == "#older":
        return "who signs by another key of its own, that was in the log before"
    kinds = {"#": "who is registered as", "@": "the ledger's", "!": "anybody but"}
    kind = kinds.get(word[0], "who stands in the event as")
    return f"{kind} {word.lstrip('#!@')}"


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
            if not may and not hidden:
                only = " or ".join(map(meaning, allowed.split("|")))
                wrong = f"The party {told(party)} may not be the {path} of {cut(event.kind)}"
                raise CheckFailed(f"{wrong}: that may only be {only}")
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
                if not apart:
                    both = f"{listed(parties)} are opposed to one another in {cut(event.kind)}"
                    raise CheckFailed(f"The parties {both}, and one hand signs for both")


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
def check_history(shown: dict[str, Any], root: bytes, leaves: Sequence[tuple[int, bytes]]) -> None:
    """Hold (position, leaf hash) pairs against what the map of a root says of a subject."""
    subject, value, siblings = str(shown["subject"]), shown["value"], shown["siblings"]
    fits = re.fullmatch(LISTED["subjects"], subject)
    require(fits, f"The history of {told(subject)} is of nothing that is written as a subject")
    key, end = sha256(subject.encode()).digest(), bytes(32)
    chain = sha256(b"techledger/chain/v1\n" + subject.encode()).digest()
    for _, leaf in leaves:
        chain = sha256(chain + leaf).digest()
    last = [at for at, _ in leaves][-1:]
    said = {"chain": f"sha256:{chain.hex()}", "count": len(leaves), "last": sum(last)}
    wrong = f"The entries shown are not the history of {subject}: {len(leaves)} are shown, and the"
    sealed = value["count"] if value else 0
    same = value == (said if leaves else None)
    require(same, f"{wrong} seal counts {cut(str(sealed))}, or others: one is left out or added")
    deep = len(siblings)
    require(deep <= 256, f"The path of {subject} has {deep} hashes, and at most 256 are possible")
    path = [key[depth // 8] >> (7 - depth % 8) & 1 for depth in range(len(siblings))]
    if shown["other"] is not None:
        hashes = all(re.fullmatch("[0-9a-f]{64}", n) for n in shown["other"].values())
        require(hashes, f"The leaf shown instead of {subject} is not two hashes of 64 hex digits")
        other, hashed = (bytes.fromhex(shown["other"][name]) for name in ("key", "value_sha256"))
        absent = value is None and other != key
        require(absent, f"The leaf shown instead of {subject} is its own, or it has a history")
        same = [other[depth // 8] >> (7 - depth % 8) & 1 for depth in range(len(siblings))] == path
        require(same, f"The leaf shown does not lie on the subject's path, that of {subject}")
        end = sha256(b"\x00" + other + hashed).digest()
    elif value is not None:
        end = sha256(b"\x00" + key + sha256(dumps(said).encode()).digest()).digest()
    for beside, right in zip(reversed(siblings), reversed(path), strict=True):
        end = node(beside, end) if right else node(end, beside)
    wrong = f"The path of {subject} does not lead to the root that the seal states"
    require(end == root, f"{wrong}: its history below the seal is another")


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
    whole = len(raw) <= MAX_BUNDLE and raw.endswith(b"\n")
    require(whole, f"The bundle of {len(raw)} bytes is not a line, or has more than {MAX_BUNDLE}")
    parts = sum(map(raw.count, (b"{", b"[", b",")))
    require(parts <= MAX_PARTS, f"The bundle has {parts} values, and {MAX_PARTS} are allowed")
    with within("the bundle"):
        said = loads(raw[:-1].decode("utf-8", "surrogateescape"))
    bundle: dict[str, Any] = shaped(said, BUNDLE, "bundle")
    known = bundle["format"] == "techledger-bundle/v1"
    require(known, f"The bundle is of the format {told(bundle['format'])}, which is not known here")
    slow = sum(each["entry"].count(b'"rsa-pss-sha256"') for each in bundle["entries"])
    many = f"The bundle has {len(bundle['entries'])} entries with {slow} RSA keys, and"
    few = len(bundle["entries"]) <= MAX_SHOWN and slow <= MAX_RSA
    require(few, f"{many} {MAX_SHOWN} with {MAX_RSA} are allowed")
    for name, key in (("entries", "position"), ("histories", "subject")):
        in_order(bundle[name], f"The {name} of the bundle", itemgetter(key))
    return bundle


def check_opening(opening: dict[str, Any], event: Event | None, origin: str) -> None:
    """Hold an opening against what stands sealed at its place in an event (step 11)."""
    check_members(opening, ("path", "salt", "value"), "opening")
    path, salt, value = opening["path"], opening["salt"], opening["value"]
    form = r"(/([a-z][a-z0-9_]{0,63}|0|[1-9][0-9]{0,3})){1,16}"
    fits = type(path) is str and re.fullmatch(form, path)
    require(fits, f"The path {told(path)} of the opening does not point into a payload")
    fits = type(salt) is str and re.fullmatch("[A-Za-z0-9_-]{43}", salt)
    require(fits, f"The salt {told(salt)} for {told(path)} is not Base64url of 32 bytes")
    salted = unbase64(salt.replace("-", "+").replace("_", "/") + "=")
    check_value(value, "value")
    found: Any = {"body": event.body} if event else None
    for part in path.split("/")[1:]:
        inside = {str(n): each for n, each in enumerate(found)} if type(found) is list else found
        found = inside.get(part) if type(inside) is dict else None
    if event is None or type(found) is not dict or list(found) != ["commitment"]:
        wrong = "holds no sealed value" if event else "is not shown, with what is sealed"
        raise CheckFailed(f"The entry {wrong} at {told(path)}")
    head = f"techledger/commit/v1\n{origin}\n{event.says['event_id']}\n{path}\n".encode()
    hashed = sha256(head + salted + dumps(value).encode()).hexdigest()
    wrong = f"The value {told(value)} is not what the entry seals at {told(path)}: another value,"
    require(found["commitment"] == f"sha256:{hashed}", f"{wrong} or another salt")


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

    @property
    def named(self) -> set[str]:
        """Return the subjects that the entries shown name."""
        return set[str]().union(*(event.says["subjects"] for event in self.events.values()))

    def ends_with(self, asked: Iterable[str]) -> int:
        """Return the exit code: 1 where a history asked for is not shown, 4 where it has none."""
        if not {*asked} <= {*dict(self.histories)}:
            return 1
        return 0 if {*asked} <= self.named else 4

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
        named, whole = {*asked} | self.named, dict(self.histories)
        yield from (f"not shown: all of {n}" for n in sorted(named - {*whole}))
        yield from (f"unchecked: position {at}, {what}" for at, what in self.unchecked)
        yield from [delays_told(*self.delays)] if self.delays else []
        yield from [DEMONSTRATION] * self.authority.demonstration
        for name in sorted({*asked} - self.named):
            none = f"NOTHING NAMES {name}: no entry of {self.trust.origin} below {self.sealed} does"
            lacks = f"NOT SHOWN: {name}: no entry that is shown names it, and no seal covers it"
            yield none if name in whole else lacks
        heading = "VERIFIED" if {*asked} <= self.named else "checked"
        yield f"{heading}: {self.trust.origin} at size {self.size}, root {base64(self.root)}"
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
    check_genesis(shown, trust)
    with failing(CHECKPOINT), within("the checkpoint"):
        _, stated, _ = read_head(read_note(octets(bundle["checkpoint"]))[0])
    authority, unread = Authority(len(shown) == stated), list[tuple[int, str]]()
    for at, entry in shown.items():
        if entry.endswith(ENDINGS):
            try:
                authority.follow(read_event(entry, at, trust.origin))
            except Refused as refused:
                authority.faults[at] = refused  # It is told at the entry's turn.
    # 2. The checkpoint is signed by the log's keys and a quorum; 9. so are older ones, of prefixes.
    size, root, times = authority.open(bundle["checkpoint"], trust, CHECKPOINT, "the checkpoint")
    with failing(CHECKPOINT):
        counts = authority.trust_at(size, trust).policy.raw
        digests = [sha256(each).hexdigest() for each in (octets(bundle["policy"]), counts)]
        wrong = f"The policy in the bundle is {digests[0]}, and {digests[1]} counts at size {size}"
        require(octets(bundle["policy"]) == counts, wrong)
    bounds = [Bounds.of(size, times, trust.origin)]
    for n, each in enumerate(bundle["earlier"]):
        place = f"bundle/earlier/{n}"
        old, old_root, then = authority.open(each["checkpoint"], trust, CONSISTENCY, place)
        bounds.append(Bounds.of(old, then, trust.origin))
        with failing(CONSISTENCY), within(place):
            check_consistency(old, size, each["proof"], (old_root, root))
    # 3. and 5. to 8. Each entry hashes up to the root; form, identity and time, lists, signatures.
    events, ids, last = dict[int, Event](), dict[str, int](), ""
    for each in bundle["entries"]:
        at = each["position"]
        check_inclusion(each, size, root)
        event = events[at] = read_event(each["entry"], at, trust.origin)
        check_time(event, last, bounds)
        if (first := ids.setdefault(event.says["event_id"], at)) != at:
            wrong = f"The event {event.says['event_id']} is recorded already, by entry {first}"
            raise Refused(IDENTITY, wrong, at)
        unread += ((at, what) for what in check_signatures(event, authority))
        last = event.accepted
    # 10. Under the seal, what is shown of each subject is its whole history.
    map_root, sealed = read_seal(bundle, events)
    for each in bundle["histories"]:
        below = [event for event in events.values() if event.position < sealed]
        named = [event for event in below if each["subject"] in event.says["subjects"]]
        with failing(HISTORY):
            check_history(each, map_root, [(e.position, leaf_hash(e.raw)) for e in named])
    # 11. Each opening is of what an entry is committed to.
    for each in bundle["openings"]:
        with failing(OPENINGS, each["position"]):
            check_opening(each["opening"], events.get(each["position"]), trust.origin)
    histories = tuple((each["subject"], sealed) for each in bundle["histories"])
    lines = sum(len(each.lines) for each in events.values())
    parts = bundle, events, lines, unread, sealed, histories
    return Verified(trust, size, root, times, *parts, authority, tuple(bounds))


def check_genesis(shown: dict[int, bytes], trust: Trust) -> None:
    """Refuse another entry 0 than the one that is trusted (step 4)."""
    digest = sha256(shown.get(0, b"")).hexdigest()
    if digest != trust.genesis_sha256:
        has = f"has the SHA-256 {digest}" if 0 in shown else "is not shown"
        raise Refused(GENESIS, f"Entry 0 {has}, and {trust.genesis_sha256} is trusted", 0)
    opened = read_event(shown[0], 0, trust.origin).body.get("origin")
    if opened != trust.origin:
        wrong = f"Entry 0 opens the ledger {told(opened)}, and {cut(trust.origin)} is trusted"
        raise Refused(GENESIS, wrong, 0)


def check_inclusion(shown: dict[str, Any], size: int, root: bytes) -> None:
    """Refuse an entry that its proof does not lead from up to the root (step 3)."""
    at = shown["position"]
    with failing(TREE, at):
        require(at < size, f"The log of {size} entries has no entry {cut(str(at))}")
        found = climb(at, size - 1, [leaf_hash(shown["entry"]), *shown["proof"]])[1]
        wrong = f"The entry leads to the root {base64(found)}, and {base64(root)} is signed"
        require(found == root, f"{wrong}: it was changed, or is not recorded there")


def check_time(event: Event, last: str, bounds: Sequence[Bounds]) -> None:
    """Hold an entry to the one before it and the checkpoint (step 6), and to earlier ones (9)."""
    with failing(IDENTITY, event.position):
        at = f"The entry was accepted at {event.accepted}"
        require(last <= event.accepted, f"{at}, before the entry before it, at {last}")
        timely = bounds[0].allow(event.position, event.accepted)
        require(
            timely,
            f"{at}, and the checkpoint that has it was signed before, by {bounds[0].too_late}",
        )
    with failing(CONSISTENCY, event.position):
        for each in bounds:
            allowed = each.allow(event.position, event.accepted)
            when = f"from {each.earliest} on" if event.position >= each.size else each.too_late
            wrong = f"{at}, not {'before ' * (event.position < each.size)}{when}, as the checkpoint"
            require(allowed, f"{wrong} of {each.size} entries that the log signed earlier needs")


def read_seal(bundle: dict[str, Any], events: dict[int, Event]) -> tuple[bytes, int]:
    """Return the root that the seal states and the size that it covers, 0 without a seal."""
    at = bundle["seal"]
    if at is None and not bundle["histories"]:
        return b"", 0
    with failing(HISTORY, at):
        kind = cut(events[at].kind) if at in events else "none that is shown"
        wrong = f"The histories need a seal at entry {told(at)}, and that is {kind}"
        require(kind == "ledger.sealed/1", wrong)
        size, root = events[at].body.get("size"), events[at].body.get("map_root")
        covers = type(size) is int and 0 < size <= at
        require(
            covers, f"The seal states the size {told(size)}, and can cover {at} entries at most"
        )
        fits = type(root) is str and re.fullmatch("sha256:[0-9a-f]{64}", root)
        require(
            fits, f"The seal states the root {told(root)}, which is not sha256: and 64 hex digits"
        )
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
    regular = path.is_file() or not path.exists()
    require(regular, f"ODD_FILE: {path} is not a regular file, and is not read")
    with path.open("rb") as file:
        raw = file.read(MAX_BUNDLE + 1)
    require(len(raw) <= MAX_BUNDLE, f"ODD_FILE: {path} is longer than {MAX_BUNDLE} bytes")
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
    sys.exit(answer.ends_with(sys.argv[3:]))
