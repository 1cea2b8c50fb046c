"""
Gathers an evidence bundle: entries, those that say whose keys signed them, and their proofs.

From the subjects and positions asked for it follows what a verifier needs: entry 0, the charter,
the last seal under the checkpoint, and of every key and mandate by which anything shown was
signed all there is, until nothing new is named.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from ledger import court
from ledger.domain.government.governance import charter_subject
from ledger.domain.government.seal import LedgerSealed
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.domain.parties.mandate import MandateGiven
from ledger.events.intake import decode
from ledger.log.evidence_bundle import Evidence, ShownEntry, ShownHistory
from ledger.log.note import Note, format_note, parse_note
from ledger.log.policy import Policy
from ledger.publish.log_key_history import read_policy_in_force
from ledger.publish.receipts import Prover
from ledger.store.checkpoints import StoredCheckpoint, checkpoint_covering
from ledger.store.connection import Pool
from ledger.store.entries import (
    StoredEntry,
    latest_under,
    read_at,
    read_entries,
    read_turning_both,
    tagged_positions,
)
from ledger.store.subject_map import StoredMap

MAX_ENTRIES, MAX_RSA = court.MAX_SHOWN, court.MAX_RSA
"""Entries of one bundle at most, and keys of RSA, each of which takes a verifier 0.2 s."""


class GatheringError(Exception):
    """Superclass of the errors of this module. Never raised itself."""


class TooMuch(GatheringError):
    """More entries would have to be shown than one bundle holds. Found before any is read."""


class NotThere(GatheringError):
    """Nothing is published at a position that was asked for."""


@dataclass(frozen=True, slots=True)
class BundleBuilder:
    """Makes bundles from a database, under a checkpoint of it and the policy in force."""

    pool: Pool
    prover: Prover
    origin: str
    subjects: StoredMap

    def gather(
        self,
        checkpoint: StoredCheckpoint,
        subjects: Sequence[str],
        positions: Sequence[int] = (),
    ) -> Evidence:
        """Return what shows the histories of subjects and single entries.

        Raises `TooMuch`, `NotThere`.
        """
        size = checkpoint.size
        policy = read_policy_in_force(self.pool, self.origin, size)
        found = self._at({0, *positions}, size)
        seal = latest_under(self.pool, ledger_subject(self.origin), LedgerSealed.TOPIC, size)
        if seal is not None:
            found[seal.position] = seal
        charter = charter_subject(ledger_subject(self.origin))
        whole, asked = set[str](), {charter, *subjects}
        while asked - whole:
            new = self._tagged(sorted(asked - whole), found, size)
            found |= {each.position: each for each in read_at(self.pool, new)}
            whole |= asked
            asked = whole | self._signed_by(list(found.values()), found, size)
        if sum(each.entry.count(b'"rsa-pss-sha256"') for each in found.values()) > MAX_RSA:
            raise TooMuch(f"more than {MAX_RSA} keys of RSA belong to it: ask for fewer at once")
        shown = sorted(found)
        return Evidence(
            _stripped(checkpoint.note, self.origin, policy),
            policy.raw,
            tuple(
                ShownEntry(position, found[position].entry, proof.hashes)
                for position, proof in zip(shown, self.prover.prove(shown, checkpoint), strict=True)
            ),
            self._earlier(checkpoint, positions),
            *self._sealed(seal, sorted(whole)),
        )

    def _tagged(self, subjects: Sequence[str], found: Collection[int], size: int) -> list[int]:
        """Return the positions of whole histories that are not found yet. Raises `TooMuch`."""
        tagged = tagged_positions(self.pool, subjects, size, MAX_ENTRIES + 1)
        for subject, positions in tagged.items():
            if len(positions) > MAX_ENTRIES:
                raise TooMuch(
                    f"{subject} alone has more than {MAX_ENTRIES} entries, and a bundle shows"
                    " histories whole: ask for a subject with a shorter one, such as a right or a"
                    " contract, or for single entries by position, which"
                    f" /v1/subjects/{subject}/timeline lists"
                )
        every = set(chain.from_iterable(tagged.values())).union(found)
        if len(every) > MAX_ENTRIES:
            raise TooMuch(
                f"more than {MAX_ENTRIES} entries belong to it:"
                f" ask for fewer of {', '.join(sorted(tagged)[:5])} at once"
            )
        return sorted(every.difference(found))

    def _at(self, positions: Iterable[int], size: int) -> dict[int, StoredEntry]:
        found: dict[int, StoredEntry] = {}
        for position in sorted(positions):
            entries = read_entries(self.pool, position, position + 1, 1)
            if position >= size or not entries:
                raise NotThere(f"no published entry at position {position}")
            found[position] = entries[0]
        return found

    def _earlier(
        self, checkpoint: StoredCheckpoint, positions: Sequence[int]
    ) -> tuple[tuple[bytes, tuple[bytes, ...]], ...]:
        """Return the checkpoints that the entries' first receipts were under, with proofs."""
        firsts = (checkpoint_covering(self.pool, position) for position in positions)
        sizes = {each.size: each.note for each in firsts if each and each.size < checkpoint.size}
        return tuple(
            (note, tuple(self.prover.prove_prefix(size, checkpoint)))
            for size, note in sorted(sizes.items())
        )

    def _sealed(
        self, seal: StoredEntry | None, subjects: Sequence[str]
    ) -> tuple[int | None, tuple[ShownHistory, ...]]:
        """Return the seal's position and what its map says, if the stored map is at its size."""
        if seal is None:
            return None, ()
        body = decode(seal.entry, seal.position).event.body
        assert isinstance(body, LedgerSealed), "it was looked for by its topic"
        size, root, proven = self.subjects.prove(subjects)
        if (size, f"sha256:{root.hex()}") != (body.size, body.map_root):
            return None, ()  # A seal is being made: what is shown is then not shown to be whole.
        return seal.position, tuple(
            ShownHistory(each.subject, each.history, each.proof) for each in proven
        )

    def _signed_by(
        self, shown: Sequence[StoredEntry], found: dict[int, StoredEntry], size: int
    ) -> set[str]:
        """Return the keys whose lines these entries bear, and the mandates behind them.

        A mandate's own entry, if it stands below a size, is put among what was found.
        """
        events = [decode(stored.entry, stored.position).event for stored in shown]
        parties = {key.key_id: party for event in events for party, key in event.body.new_keys()}
        named = {f"key:{key_id}" for event in events for key_id in event.signatures}
        pairs = {
            (signer, parties[key_id])
            for event in events
            for key_id in event.signatures
            if parties.get(key_id, "") not in event.signers and key_id in parties
            for signer in event.signers
        }
        for signer, holder in pairs:
            for stored in read_turning_both(self.pool, signer, holder, MandateGiven.TOPIC):
                if stored.position >= size:
                    continue
                found[stored.position] = stored
                body = decode(stored.entry, stored.position).event.body
                assert isinstance(body, MandateGiven), "it was looked for by its topic"
                named.add(body.mandate)
        return named


def _stripped(note: bytes, origin: str, policy: Policy) -> bytes:
    """Return a note without lines by witnesses that the policy in force does not name."""
    parsed = parse_note(note)
    known = {(each.verifier.name, each.verifier.key_id) for each in policy.witnesses}
    lines = [
        line
        for line in parsed.signatures
        if line.name == origin or (line.name, line.key_id) in known
    ]
    return format_note(Note(parsed.text, tuple(lines)))
