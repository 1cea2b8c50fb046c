"""Bodies of the ledger's government: its log's keys, witnesses, operator, seals, its end."""

import hashlib
from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.government.governance import (
    DelayAdopted,
    LedgerClosed,
    LedgerResumed,
    LogKeysAdopted,
    OperationHandedOver,
    PolicyAdopted,
    RefusalKeysAdopted,
    SuccessionDeclared,
)
from ledger.domain.government.seal import LedgerSealed
from ledger.domain.parties.ledger_state import ledger_subject
from tests.support.builders import (
    BANK,
    FIRM,
    INSTITUTE,
    ORIGIN,
    REGISTRAR,
    SOME_HASH,
    built,
    ledger_opened,
)

LEDGER = ledger_subject(ORIGIN)
FIRST_KEYS = ledger_opened().log_keys
NEXT_KEY = f"{ORIGIN}+11111111+AQ"
REFUSAL_KEY = f"{ORIGIN}/refusals+22222222+AQ"
SPEAKERS = (
    {"group": "state", "party": REGISTRAR},
    {"group": "institutes", "party": INSTITUTE},
    {"group": "firms", "party": FIRM},
)


def log_keys_adopted(*log_keys: str, **overrides: Any) -> LogKeysAdopted:
    """Return the first of two steps of a rotation: the old keys and the next one."""
    keys = list(log_keys) or [*FIRST_KEYS, NEXT_KEY]
    defaults = {"ledger": LEDGER, "log_keys": keys, "reason": "yearly"}
    return built(LogKeysAdopted, defaults, overrides)


def policy_adopted(*lines: str, **overrides: Any) -> PolicyAdopted:
    """Return a policy that the State and an institute approve."""
    policy = list(lines) or ["quorum none"]
    text = "".join(f"{line}\n" for line in policy).encode()
    defaults = {
        "ledger": LEDGER,
        "policy": policy,
        "policy_sha256": f"sha256:{hashlib.sha256(text).hexdigest()}",
        "speakers": list(SPEAKERS),
        "approved_by": [INSTITUTE, REGISTRAR],
    }
    return built(PolicyAdopted, defaults, overrides)


def ledger_resumed(**overrides: Any) -> LedgerResumed:
    defaults = {"ledger": LEDGER, "halted": "the database was behind", "reason": "restored"}
    return built(LedgerResumed, defaults, overrides)


def operation_handed_over(**overrides: Any) -> OperationHandedOver:
    defaults = {"ledger": LEDGER, "operator": BANK, "reason": "by contract"}
    return built(OperationHandedOver, defaults, overrides)


def ledger_closed(**overrides: Any) -> LedgerClosed:
    defaults = {"ledger": LEDGER, "successor": None, "reason": "a new era"}
    return built(LedgerClosed, defaults, overrides)


def succession_declared(**overrides: Any) -> SuccessionDeclared:
    defaults = {
        "ledger": LEDGER,
        "predecessor": "ledger.example/techledger/00000001",
        "size": 70_000,
        "root": SOME_HASH,
        "checkpoint_sha256": SOME_HASH,
    }
    return built(SuccessionDeclared, defaults, overrides)


def digest(projection: str, version: int = 1) -> dict[str, Any]:
    """Return the digest of a read model as JSON."""
    return {"projection": projection, "version": version, "sha256": SOME_HASH}


def ledger_sealed(size: int = 1, **overrides: Any) -> LedgerSealed:
    defaults = {
        "ledger": LEDGER,
        "size": size,
        "map_root": SOME_HASH,
        "projections": [digest("offers"), digest("title", 3)],
    }
    return built(LedgerSealed, defaults, overrides)


def refusal_keys_adopted(**overrides: Any) -> RefusalKeysAdopted:
    """Return the adoption of a key that signs refusals."""
    defaults = {"ledger": LEDGER, "refusal_keys": [REFUSAL_KEY], "reason": "the first"}
    return built(RefusalKeysAdopted, defaults, overrides)


def delay_adopted(delay_seconds: int = 0, **overrides: Any) -> DelayAdopted:
    """Return the adoption of another delay, which holds at once where there was none."""
    defaults = {"ledger": LEDGER, "not_before": None, "reason": "as it was"}
    return built(DelayAdopted, {**defaults, "delay_seconds": delay_seconds}, overrides)


def delay_kept(delay_seconds: int, by: str, **overrides: Any) -> DelayAdopted:
    """Return one officer's word that a delay that waits does not come: the one that holds stays."""
    return delay_adopted(delay_seconds, stopped_by=by, **overrides)


STORY: tuple[Body, ...] = (
    ledger_sealed(),
    log_keys_adopted(),
    refusal_keys_adopted(),
    delay_adopted(),
    policy_adopted(),
    ledger_resumed(),
)
"""What happens to a ledger that goes on."""

END: tuple[Body, ...] = (operation_handed_over(), ledger_closed())
"""Nothing is admissible after it."""
