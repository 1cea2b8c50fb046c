"""What an event says, and what is known of the subjects that it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import StringConstraints

from ledger.domain.core.paths import reader
from ledger.domain.core.types import KeyId, Model


class Body(Model):
    """What an event says. A topic is frozen, with a version; a new meaning is a new topic."""

    TOPIC: ClassVar[str]
    TITLE: ClassVar[str]
    """What it is called: where it is listed, and on the timeline of what it is about."""
    TITLE_VI: ClassVar[str]
    """The same in Vietnamese."""
    SUBJECTS: ClassVar[str]
    """Paths to what the event is about (`ledger.domain.core.paths`)."""
    SIGNERS: ClassVar[str]
    """Whom it binds; this and what follows in the words of the table of authority."""
    MAY: ClassVar[str] = ""
    """Who may be named there."""
    COMMITS: ClassVar[str] = ""
    """What a mandate's ceiling is held against."""
    WAITS: ClassVar[str] = ""
    """When it binds only after the ledger's delay."""
    OPPOSED: ClassVar[str] = ""
    """Who may not sign by one and the same hand."""
    FACES: ClassVar[str] = ""
    """Who is opposed to whom by what it names: `offer:offeror~offeree`, members of its state."""
    REFERENCES: ClassVar[str] = ""
    """Paths to the payload hashes of earlier events that it names."""

    def subjects(self) -> frozenset[str]:
        """Return all that the event is about. The header's `subjects` must equal it, sorted."""
        return reader(self.SUBJECTS)(self)

    def reads(self, state: "State") -> Iterable[str]:
        """Return subjects that admission reads besides those the event is about.

        It is asked again after they are loaded, until it names nothing new.
        """
        del state
        return ()

    def references(self) -> frozenset[str]:
        """Return the payload hashes of earlier events that this one names."""
        return reader(self.REFERENCES)(self)

    def new_keys(self) -> "Iterable[tuple[str, KeyRecord]]":
        """Return (party, key) for each public key that the event itself brings into the log."""
        return ()


def key_subject(key_id: str) -> str:
    """Return the subject id of a key."""
    return f"key:{key_id}"


class KeyRecord(Model):
    """A public key as it enters the log. The algorithm belongs to the key, never to a message.

    `ledger.wire.signing_keys` checks `key_id` and `public_key` before any rule runs.
    """

    key_id: KeyId
    """Lower-case hex SHA-256 of the key's SubjectPublicKeyInfo in DER, 64 characters."""
    algorithm: Annotated[
        str, StringConstraints(pattern=r"^(ed25519|ecdsa-p256-sha256|rsa-pss-sha256|ml-dsa-65)$")
    ]
    """By which algorithm the key signs, now and always: `ed25519`, `ecdsa-p256-sha256`,
    `rsa-pss-sha256` or `ml-dsa-65`."""
    public_key: Annotated[str, StringConstraints(min_length=40, max_length=4096)]
    """The SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) in DER, in standard base64 with padding."""


class State(Protocol):
    """What is known of subjects, each folded from the entries tagged with it."""

    def get(self, subject: str) -> Any:
        """Return the value that the subject's module folded, or None if nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Folded:
    """What is known of a subject: its value, and who has touched it.

    `count` entries are tagged with it, the last at `position`. `unsigned` maps each signer of that
    last entry to the position of the last one that it did not sign, or -1. With that, the last
    entry that any party did not sign is known, whatever the number of parties: for those who did
    not sign the last entry it is the last entry. `made_with` are the ids of the keys that signed
    the first entry.
    """

    value: Any
    count: int
    position: int
    unsigned: Mapping[str, int]
    made_with: tuple[str, ...] = ()

    def last_unsigned_by(self, party: str) -> int:
        """Return the position of the last entry here that the party did not sign, or -1."""
        return self.unsigned.get(party, self.position)


class FoldedState(State, Protocol):
    """State that also tells how each subject was folded."""

    def folded(self, subject: str) -> Folded | None:
        """Return the folded subject, or None if nothing is known of it."""
