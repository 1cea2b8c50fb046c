"""Signs an event whose private sections are sealed: commitments in the log, openings beside it."""

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from ledger.events.compose import compose, uuid7
from ledger.follow.client import Signed
from ledger.wire.commitment import Opening, commit, new_salt
from ledger.wire.envelope import sign_envelope
from ledger.wire.signing_keys import PrivateKey


def sign_sealed(
    origin: str,
    topic: str,
    body: dict[str, Any],
    signers: Iterable[str],
    keys: Sequence[PrivateKey],
    sealed: Iterable[str] = (),
) -> Signed:
    """Compose and sign an event; the sections at the JSON pointers `sealed` become commitments."""
    event_id = uuid7()
    whole: dict[str, Any] = {"body": copy.deepcopy(body)}
    openings = tuple(seal_section(origin, event_id, whole, pointer) for pointer in sealed)
    payload = compose(origin, topic, whole["body"], signers, event_id=event_id)
    return Signed(sign_envelope(payload, keys), openings)


def seal_section(origin: str, event_id: str, whole: Any, pointer: str) -> Opening:
    """Replace the section at a pointer by its commitment; return its opening."""
    *path, last = pointer.split("/")[1:]
    holder: Any = whole
    for part in path:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    place = int(last) if isinstance(holder, list) else last
    opening = Opening(pointer, new_salt(), holder[place])
    commitment = commit(origin, event_id, pointer, opening.salt, opening.value)
    holder[place] = {"commitment": commitment}
    return opening
