r"""
The trust root: what a verifier must have got out of band, before it looks at anything.

    {"origin": "ledger.example.vn/techledger/1a2b3c4d", "log_keys": ["<vkey>", "<vkey>"],
     "genesis_sha256": "<64 hex digits>", "policy": "quorum none\n"}

`operate init` writes it. Nothing that is verified can add to it.
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from ledger.log.note import Verifier, check_log_keys, parse_vkey
from ledger.log.policy import Policy, parse_policy_of
from ledger.quoted import listed, quoted
from ledger.verify.outcome import Check, Refused, refusing

_FROM = "the ledger's operator has it (techledger operate trust)"
"""How one comes to a trust root."""

_KINDS = {"origin": str, "log_keys": list, "genesis_sha256": str, "policy": str}


@dataclass(frozen=True, slots=True)
class Trust:
    """A parsed trust root: `log_keys` are the vkeys as written, `verifiers` the same in use."""

    origin: str
    log_keys: tuple[str, ...]
    verifiers: tuple[Verifier, ...]
    genesis_sha256: str
    policy: Policy

    def with_keys(self, log_keys: tuple[str, ...], policy: bytes) -> "Trust":
        """Return it with other keys of the log and another policy. Raises `LogError`."""
        verifiers = tuple(map(parse_vkey, log_keys))
        read = parse_policy_of(self.origin, policy)
        return replace(self, log_keys=log_keys, verifiers=verifiers, policy=read)

    def to_json(self) -> bytes:
        """Write the trust root as a file has it."""
        policy = self.policy.raw.decode("utf-8", "surrogateescape")
        values = self.origin, self.log_keys, self.genesis_sha256, policy
        return json.dumps(dict(zip(_KINDS, values, strict=True))).encode()


def parse_trust(raw: bytes) -> Trust:
    """Read a trust root. Raises `Refused` (step 1)."""
    origin, log_keys, genesis, text = _values(raw)
    vkeys = tuple(map(str, log_keys))
    with refusing(Check.TRUST):
        check_log_keys(vkeys, origin)
        policy = parse_policy_of(origin, text.encode("utf-8", "surrogateescape"))
    if not re.fullmatch("[0-9a-f]{64}", genesis):
        raise Refused(Check.TRUST, f"genesis_sha256 is not 64 hex digits: {quoted(genesis)}")
    return Trust(origin, vkeys, tuple(map(parse_vkey, vkeys)), genesis, policy)


def _values(raw: bytes) -> list[Any]:
    try:
        pairs = json.loads(raw.decode(), object_pairs_hook=tuple)
        json.dumps(pairs, ensure_ascii=False).encode("utf-8", "surrogateescape")
    except (ValueError, RecursionError):
        raise Refused(Check.TRUST, f"the trust root is not JSON: {quoted(raw)}: {_FROM}") from None
    if not isinstance(pairs, tuple) or sorted(name for name, _ in pairs) != sorted(_KINDS):
        has = [name for name, _ in pairs] if isinstance(pairs, tuple) else []
        wanted = f"a trust root has the members {', '.join(_KINDS)}, each once"
        raise Refused(Check.TRUST, f"{wanted}, and this has {listed(has)}: {_FROM}")
    for name, value in pairs:
        if not isinstance(value, _KINDS[name]):
            raise Refused(Check.TRUST, f"{name} is not a {_KINDS[name].__name__}")
    return [dict(pairs)[name] for name in _KINDS]
