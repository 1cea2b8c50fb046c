"""What the judges are asked about what waits: too early, used meanwhile, stopped, changed."""

from datetime import timedelta
from typing import Any

from ledger.domain.core.types import format_instant
from ledger.node.genesis import key_record
from ledger.wire.signing_keys import PrivateKey
from tests.differential.bench import NOBODY, Bench, as_it_is, event, officers, registered
from tests.differential.story import FAR, HELD, SILENT, SLEEPER, SLEEPING, STOPPED, STOPPED_KEY
from tests.support import builders as b
from tests.support.governance import LEDGER
from tests.support.sample_log import party_key


def _too_early(bench: Bench) -> str | None:
    """Return no instant, this one, or a millisecond before the delay is over."""
    soon = timedelta(seconds=bench.writer.delay_s, milliseconds=-1)
    instants = (bench.step.at, bench.step.at + soon)
    return bench.chance.choice((None, *map(format_instant, instants)))


def registered_too_early(bench: Bench) -> bytes | None:
    if not bench.writer.delay_s:
        return None
    return registered(bench, NOBODY, officers(bench), not_before=_too_early(bench))


def vouched_too_early(bench: Bench) -> bytes | None:
    if not bench.writer.delay_s or not bench.writer.in_force.get(b.FIRM):
        return None
    new = party_key(b.FIRM, 5)
    said = {"party": b.FIRM, "key": key_record(new), "not_after": None, "vouched_by": b.REGISTRAR}
    said["not_before"] = _too_early(bench)
    return as_it_is(bench, "key.added/1", said, [new, *officers(bench)])


def delay_changed_too_early(bench: Bench) -> bytes | None:
    if not bench.writer.delay_s:
        return None
    return _delay(bench, not_before=_too_early(bench))


def delay_changed(bench: Bench) -> bytes | None:
    return _delay(bench, not_before=FAR)


def _delay(bench: Bench, **says: Any) -> bytes:
    said = {"ledger": LEDGER, "delay_seconds": 0, "reason": "in a hurry", **says}
    return as_it_is(bench, "ledger.delay_adopted/1", said, officers(bench))


def delay_stopped(bench: Bench) -> bytes | None:
    if not bench.writer.delay_waits:
        return None
    return _delay_stopped(bench, 0, bench.chance.choice((b.OPERATOR, b.REGISTRAR)))


def delay_stopped_by_another(bench: Bench) -> bytes | None:
    more, who = bench.chance.choice(((1, b.OPERATOR), (0, b.RIVAL)))
    return _delay_stopped(bench, more, who)


def _delay_stopped(bench: Bench, more: int, who: str) -> bytes | None:
    if not bench.writer.mandated:
        return None
    kept = {"delay_seconds": bench.writer.delay_s + more, "not_before": None, "stopped_by": who}
    said = {"ledger": LEDGER, "reason": "not so fast", **kept}
    return as_it_is(bench, "ledger.delay_adopted/1", said, [bench.writer.key(who)])


def by_a_key_that_waits(bench: Bench) -> bytes | None:
    return _by_another_key(bench, SLEEPING)


def by_a_key_that_was_stopped(bench: Bench) -> bytes | None:
    return _by_another_key(bench, STOPPED_KEY)


def _by_another_key(bench: Bench, number: int) -> bytes | None:
    if b.FIRM not in bench.step.signers or not bench.writer.mandated:
        return None
    return bench.said(bench.step.signers, [*bench.without(b.FIRM), party_key(b.FIRM, number)])


def by_a_suspended_key(bench: Bench) -> bytes | None:
    return _by_another_key(bench, bench.chance.choice((HELD, SILENT)))


def attested_by_a_clerk_that_waits(bench: Bench) -> bytes | None:
    return _attested_by(bench, SLEEPER)


def attested_by_a_clerk_that_was_stopped(bench: Bench) -> bytes | None:
    return _attested_by(bench, STOPPED)


def _attested_by(bench: Bench, clerk: str) -> bytes | None:
    if "attested_by" not in bench.step.said or not bench.writer.mandated:
        return None
    says = {"attested_by": clerk}
    if "document_sha256" in bench.step.said:
        says["document_sha256"] = b.SOME_HASH
    signers = bench.writer.bound(bench.step.topic, {**bench.step.said, **says})
    others = map(bench.writer.key, {*signers} - {clerk})
    return bench.said(signers, [party_key(clerk), *others], **says)


def _key_stopped(
    bench: Bench, number: int, who: str, key: PrivateKey | None = None
) -> bytes | None:
    if not bench.writer.mandated:
        return None
    said = {"party": b.FIRM, "key_id": party_key(b.FIRM, number).key_id, "stopped_by": who}
    return event(bench, "key.stopped/1", said, [key or bench.writer.key(who)])


def key_stopped(bench: Bench) -> bytes | None:
    return _key_stopped(bench, SLEEPING, bench.chance.choice((b.FIRM, b.REGISTRAR)))


def key_stopped_by_a_key_that_an_officer_suspended(bench: Bench) -> bytes | None:
    return _key_stopped(bench, SLEEPING, b.FIRM, party_key(b.FIRM, HELD))


def key_stopped_by_a_key_that_its_party_suspended(bench: Bench) -> bytes | None:
    return _key_stopped(bench, SLEEPING, b.FIRM, party_key(b.FIRM, SILENT))


def key_stopped_by_a_stranger(bench: Bench) -> bytes | None:
    return _key_stopped(bench, SLEEPING, bench.chance.choice((b.RIVAL, b.OPERATOR)))


def key_stopped_too_late(bench: Bench) -> bytes | None:
    return _key_stopped(bench, bench.chance.choice((0, STOPPED_KEY)), b.REGISTRAR)


def _party_stopped(bench: Bench, party: str, key: PrivateKey) -> bytes | None:
    if not bench.writer.mandated:
        return None
    return event(bench, "party.stopped/1", {"party": party}, [key])


def party_stopped(bench: Bench) -> bytes | None:
    return _party_stopped(bench, SLEEPER, bench.writer.key(b.REGISTRAR))


def party_stopped_too_late(bench: Bench) -> bytes | None:
    party = bench.chance.choice((STOPPED, b.FIRM, NOBODY))
    return _party_stopped(bench, party, bench.writer.key(b.REGISTRAR))


def party_stopped_by_another(bench: Bench) -> bytes | None:
    key = bench.chance.choice((party_key(SLEEPER), bench.writer.key(b.RIVAL)))
    return _party_stopped(bench, SLEEPER, key)


def registered_anew(bench: Bench) -> bytes | None:
    """Register the party whose registration was stopped, with another key."""
    if not bench.writer.mandated:
        return None
    return registered(bench, STOPPED, officers(bench))
