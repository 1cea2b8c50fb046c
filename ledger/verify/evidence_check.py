"""Evidence bundles, with the answers of this package: `ledger.court` does all the checking."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ledger import court
from ledger.log.tree_head import Checkpoint
from ledger.verify.authority import REFUSAL_KEYS
from ledger.verify.outcome import Check, CheckState, Refused, Verified


def verify_evidence(raw: bytes, trust_root: bytes, asked: Sequence[str] = ()) -> Verified:
    """Verify an evidence bundle. Raises `Refused` with the step that fails.

    Of the subjects `asked` for it is said whether their whole history is shown.
    """
    return answer_of(show(raw, trust_root), asked)


def answer_of(found: court.Verified, asked: Sequence[str] = ()) -> Verified:
    """Return the answer of this package to what a bundle was found to show."""
    checkpoint = Checkpoint(found.trust.origin, found.size, found.root)
    return Verified(
        checkpoint,
        tuple(map(CheckState, found.states.values())),
        found.signatures,
        found.unchecked,
        histories=found.histories,
        vouched=tuple((at, n) for at, event in found.events.items() for n in found.vouched(event)),
        demonstration=is_demonstration(found),
        delays=found.delays,
        times=tuple(found.times),
        shown=_shown(found, asked),
        text="\n".join(found.lines(asked)),
    )


def show(raw: bytes, trust_root: bytes) -> court.Verified:
    """Verify a bundle; return all that it shows, who signs for the log as well."""
    with in_our_words():
        return court.verify(raw, trust_root)


def goes_on(found: court.Verified, earlier: court.Verified) -> bool:
    """Say whether a bundle shows of the log's keys and policies all that an earlier one showed."""
    now, then = found.authority, earlier.authority
    pairs = (now.log_keys, then.log_keys), (now.policies, then.policies)
    return all(more[: len(last)] == last for more, last in pairs)


def known_to(found: court.Verified) -> int:
    """Return up to which size a bundle shows all that changes who governs the log."""
    return found.elsewhere[0][0] if found.elsewhere else found.size


def is_demonstration(found: court.Verified, at: int = 0) -> bool | None:
    """Say whether at some time nothing waited, up to a position; None where that is not shown."""
    return found.authority.demonstration or (False if at < known_to(found) else None)


def refusal_keys(found: court.Verified) -> list[str]:
    """Return the keys that a bundle shows to sign refusals and promises, those of before too."""
    adopted = [each for each in found.events.values() if each.kind == REFUSAL_KEYS]
    return [str(vkey) for event in adopted for vkey in event.body["refusal_keys"]]


def _shown(found: court.Verified, asked: Sequence[str]) -> dict[str, Any]:
    return {
        "events": [
            {
                "position": event.position,
                "accepted": event.accepted,
                "type": event.kind,
                "event_id": event.says["event_id"],
                "vouched_at": found.vouched(event),
                "signed_by": [
                    {"party": key.party, "key": key.key_id, "came": found.came(key)}
                    for key in (found.authority.keys[key_id] for key_id, _ in event.lines)
                ],
            }
            for event in found.events.values()
        ],
        "openings": found.bundle["openings"],
        "not_shown": sorted(({*asked} | found.named) - set(dict(found.histories))),
        "unnamed": sorted({*asked} - found.named),
    }


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn a refusal of the court's verifier into one of this package."""
    try:
        yield
    except court.Refused as refused:
        step = tuple(Check)[refused.step - 1]
        raise Refused(step, refused.reason, refused.position) from None
