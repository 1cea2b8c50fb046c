"""What others do to a party and its keys: told to it before it is too late to stop it."""

from collections.abc import Collection, Sequence

from ledger.follow.alarms import Alarm
from ledger.powers import TABLE, TopicPowers, must_wait
from ledger.verify.authority import (
    DELAY,
    ENDS,
    KEY_REVOKED,
    KEY_STOPPED,
    KEY_SUSPENDED,
    PARTY_STOPPED,
    brought_keys,
)
from ledger.verify.event import RecordedEvent


def waiting(parties: Collection[str], event: RecordedEvent) -> Sequence[Alarm]:
    """Say what officers registered, or vouched for, in the name of one of the parties.

    Another delay is told to everybody: it is how long all that waits can be stopped.
    """
    party, row = str(event.body.get("party")), TABLE.get(event.type, TopicPowers(""))
    if not must_wait(row, event.body) or (event.type != DELAY and party not in parties):
        return ()
    keys = ", ".join(sorted(key.key_id for key in brought_keys(event)))
    does = f"gives {party} the key {keys}"
    if event.type == DELAY:
        does = f"makes the delay {event.body.get('delay_seconds')} s"
    binds = event.body.get("not_before") or event.entry.accepted
    what = f"{event.type} {event.event_id} {does}, from {binds} on"
    return (Alarm("WAITING", what, event.position),)


def taken(parties: Collection[str], event: RecordedEvent) -> Sequence[Alarm]:
    """Say that a key of one of the parties was suspended, stopped or revoked.

    Who has no key in force cannot stop what officers vouch for.
    """
    party = str(event.body.get("party"))
    if event.type not in (KEY_SUSPENDED, KEY_STOPPED, KEY_REVOKED) or party not in parties:
        return ()
    by, key = ", ".join(sorted(event.signers)), event.body.get("key_id")
    what = f"{event.type} {event.event_id} by {by} takes the key {key} from {party}"
    return (Alarm("KEY_TAKEN", what, event.position),)


def ended(parties: Collection[str], event: RecordedEvent) -> Sequence[Alarm]:
    """Say that one of the parties was merged, dissolved or erased, or its registration stopped.

    From there on nothing that it signs counts.
    """
    party = str(event.body.get(ENDS.get(event.type, "party")))
    if event.type not in (*ENDS, PARTY_STOPPED) or party not in parties:
        return ()
    by = ", ".join(sorted(event.signers))
    return (Alarm("ENDED", f"{event.type} {event.event_id} by {by} ends {party}", event.position),)
