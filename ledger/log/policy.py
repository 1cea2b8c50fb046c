"""
Trust policies (C2SP tlog-policy): which logs, which witnesses, and how many of them are enough.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <member>...
    quorum <name>|none

The file is octets; names are opaque. They are kept as `str` decoded with `surrogateescape`, under
which two names are equal exactly when their octets are.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from ledger.log.checkpoint import Checkpoint, open_cosigned_checkpoint
from ledger.log.cosignature import cosignature_time
from ledger.log.encoding import read_decimal
from ledger.log.key import COSIGNATURE_V1, ED25519, MLDSA44, MalformedKey
from ledger.log.merkle import LogError
from ledger.log.note import Verifier, parse_vkey
from ledger.quoted import listed, quoted

QUORUM_NONE_POLICY: Final = b"quorum none\n"
"""The policy of a ledger that has no witnesses yet. Its hash stands in the genesis entry."""

MAX_POLICY: Final = 1 << 20
"""Bytes of a policy at most: hundreds of ML-DSA-44 keys, where C2SP asks for 32."""

_NONE = "none"
_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_LOG_TYPES = frozenset((ED25519, MLDSA44))
_WITNESS_TYPES = frozenset((COSIGNATURE_V1, MLDSA44))


class MalformedPolicy(LogError):
    """A policy file does not follow tlog-policy. `line` is the 1-based line, 0 for the file."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line, self.reason = line, reason

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


class QuorumMissed(LogError):
    """A checkpoint has not the signatures that the policy asks for."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log that the policy accepts, by one of its keys."""

    verifier: Verifier
    url: str | None


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A cosigner; `name` is known within the policy only, its key has a name of its own."""

    name: str
    verifier: Verifier
    url: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """At least `threshold` of `members`, which are witnesses and earlier groups."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy. `groups` are in the file's order; `quorum` is None for `quorum none`."""

    raw: bytes
    logs: tuple[Log, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[Group, ...]
    quorum: str | None

    @property
    def sha256(self) -> str:
        """Return the lower-case hex SHA-256 of the file, by which a policy is pinned."""
        return sha256(self.raw).hexdigest()

    def satisfied(self, names: Iterable[str]) -> bool:
        """Say whether cosignatures by the *witnesses* called `names` make the quorum."""
        # Only witnesses cosign: the name of a group among `names` must not count for the group.
        reached = {each.name for each in self.witnesses} & set(names)
        for group in self.groups:
            if len(reached & set(group.members)) >= group.threshold:
                reached.add(group.name)
        return self.quorum is None or self.quorum in reached


@dataclass(slots=True)
class _Draft:
    """What has been read of a policy so far."""

    logs: list[Log] = field(default_factory=list)
    witnesses: list[PolicyWitness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorums: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    public_keys: set[bytes] = field(default_factory=set)


class _Wrong(LogError):
    """A line is wrong; `parse_policy` adds which one."""


def parse_policy(raw: bytes) -> Policy:
    """
    Read a policy file, or raise `MalformedPolicy` with the line that is wrong.

    Stricter than tlog-policy in one place: no raw key may stand twice in the whole file, so a log
    is never a witness of itself.
    """
    if len(raw) > MAX_POLICY or _FORBIDDEN.search(raw):
        raise MalformedPolicy(0, f"a policy is text of at most {MAX_POLICY} bytes")
    *lines, rest = raw.decode("utf-8", "surrogateescape").split("\n")
    if rest:
        raise MalformedPolicy(
            len(lines) + 1, f"the last line does not end in a line feed: {quoted(rest)}"
        )
    draft = _Draft()
    for number, line in enumerate(lines, start=1):
        try:
            _read_line(draft, line)
        except (_Wrong, MalformedKey) as error:
            raise MalformedPolicy(number, str(error)) from None
    if len(draft.quorums) != 1:
        raise MalformedPolicy(0, f"a policy has exactly one quorum line: {len(draft.quorums)}")
    quorum = None if draft.quorums == [_NONE] else draft.quorums[0]
    return Policy(raw, tuple(draft.logs), tuple(draft.witnesses), tuple(draft.groups), quorum)


def parse_policy_of(origin: str, raw: bytes) -> Policy:
    """
    Read the policy of a log, or raise `MalformedPolicy`.

    No witness bears the log's name: its times would be taken for the log's own.
    """
    policy = parse_policy(raw)
    if any(each.verifier.name == origin for each in policy.witnesses):
        raise MalformedPolicy(0, f"a witness bears the name of the log, {quoted(origin)}")
    return policy


def _read_line(draft: _Draft, line: str) -> None:
    # Not `str.split()`: octets above 0x7F, so Unicode spaces too, belong to names.
    keyword, *words = line.strip(" \t").replace("\t", " ").split(" ")
    if keyword and not keyword.startswith("#"):
        read = _READERS.get(keyword)
        if read is None:
            raise _Wrong(f"a line begins with log, witness, group or quorum: {quoted(keyword)}")
        read(draft, [word for word in words if word])


def _read_log(draft: _Draft, words: list[str]) -> None:
    if len(words) not in (1, 2):
        raise _Wrong(f"log <vkey> [<url>]: {len(words)} words follow `log`")
    verifier = _verifier(draft, words[0], _LOG_TYPES)
    draft.logs.append(Log(verifier, words[1] if words[1:] else None))


def _read_witness(draft: _Draft, words: list[str]) -> None:
    if len(words) not in (2, 3):
        raise _Wrong(f"witness <name> <vkey> [<url>]: {len(words)} words follow `witness`")
    name, vkey, *url = words
    _define(draft, name)
    verifier = _verifier(draft, vkey, _WITNESS_TYPES)
    draft.witnesses.append(PolicyWitness(name, verifier, url[0] if url else None))


def _read_group(draft: _Draft, words: list[str]) -> None:
    if not words[2:]:
        raise _Wrong(f"group <name> all|any|<k> <member>...: {len(words)} words follow `group`")
    name, k, *members = words
    for member in members:
        if member not in draft.names or member in draft.members:
            raise _Wrong(
                f"a member is defined above and belongs to one group, once: {quoted(member)}"
            )
        draft.members.add(member)
    threshold = {"all": len(members), "any": 1}.get(k) or read_decimal(k, _Wrong)
    if not 1 <= threshold <= len(members):
        raise _Wrong(
            "a group asks for at least one and at most all of its members: "
            f"{quoted(name)} for {threshold} of {len(members)}"
        )
    _define(draft, name)
    draft.groups.append(Group(name, threshold, tuple(members)))


def _read_quorum(draft: _Draft, words: list[str]) -> None:
    if len(words) != 1:
        raise _Wrong(f"quorum <name>|none: {len(words)} words follow `quorum`")
    if words[0] != _NONE and words[0] not in draft.names:
        raise _Wrong(
            f"a quorum is `none`, or a witness or a group defined above: {quoted(words[0])}"
        )
    draft.quorums.append(words[0])


_READERS: dict[str, Callable[[_Draft, list[str]], None]] = {
    "log": _read_log,
    "witness": _read_witness,
    "group": _read_group,
    "quorum": _read_quorum,
}


def _define(draft: _Draft, name: str) -> None:
    if name == _NONE or name in draft.names:
        raise _Wrong(f"a name is defined once, and never `none`: {quoted(name)}")
    draft.names.add(name)


def _verifier(draft: _Draft, vkey: str, types: frozenset[int]) -> Verifier:
    verifier = parse_vkey(vkey)
    if verifier.key_type not in types:
        raise _Wrong(
            "a log signs by type 0x01 or 0x06, a witness by 0x04 or 0x06: "
            f"{quoted(verifier.name)} by 0x{verifier.key_type:02x}"
        )
    if verifier.public in draft.public_keys:
        raise _Wrong(
            f"one public key stands twice, if under two names: as {quoted(verifier.name)}, too"
        )
    draft.public_keys.add(verifier.public)
    return verifier


@dataclass(frozen=True, slots=True)
class Witnessed:
    """An opened checkpoint and when, in POSIX seconds, which witnesses of the policy cosigned."""

    checkpoint: Checkpoint
    times: dict[str, int]


def open_witnessed_checkpoint(
    raw: bytes, origin: str, log_verifiers: tuple[Verifier, ...], policy: Policy
) -> Witnessed:
    """
    Open a checkpoint that all of `log_verifiers` and a quorum of `policy` have signed.

    Raises `QuorumMissed`, also when the policy lists logs but none of `log_verifiers`, and what
    `checkpoint.open_cosigned_checkpoint` raises.
    """
    logs = {(each.verifier.name, each.verifier.public) for each in policy.logs}
    if logs and logs.isdisjoint((each.name, each.public) for each in log_verifiers):
        raise QuorumMissed(f"the policy does not list this log, {quoted(origin)}")
    names = {(each.verifier.name, each.verifier.key_id): each.name for each in policy.witnesses}
    witnesses = [each.verifier for each in policy.witnesses]
    checkpoint, lines = open_cosigned_checkpoint(raw, origin, log_verifiers, witnesses)
    times = {names[each.name, each.key_id]: cosignature_time(each.blob) for each in lines}
    if not policy.satisfied(times):
        raise QuorumMissed(f"the witnesses that cosigned are no quorum: {listed(sorted(times))}")
    return Witnessed(checkpoint, times)
