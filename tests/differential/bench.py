"""What cases are made with: the writer, the step, chance, who could sign, and events beside it."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from ledger.node.genesis import key_record
from ledger.wire.signing_keys import PrivateKey
from tests.differential.story import Step, Writer, entry, lines
from tests.support import builders as b
from tests.support.sample_log import party_key

OUTSIDER, NOBODY = b.THIRD, "party:vn.nobody"


@dataclass
class Bench:
    """What cases are made from: the writer, the step, chance, and who could sign."""

    writer: Writer
    step: Step
    chance: Random

    def said(self, signers: list[str], keys: list[PrivateKey], **says: Any) -> bytes:
        """Return the event with other signers, lines or members."""
        step = self.step
        payload = self.writer.payload(step.topic, {**step.said, **says}, signers, step.at)
        return entry(payload, lines(payload, keys), step.at)

    @property
    def own(self) -> list[PrivateKey]:
        """Return the keys of all signers, and the new ones."""
        return [*self._held(self.step.signers), *self.step.new]

    def without(self, party: str) -> list[PrivateKey]:
        """Return the keys of the other signers, and the new ones."""
        others = [each for each in self.step.signers if each != party]
        return [*self._held(others), *self.step.new]

    def _held(self, parties: list[str]) -> list[PrivateKey]:
        """Keys of those who have one before the event."""
        return [self.writer.key(each) for each in parties if self.writer.in_force.get(each)]

    def one(self) -> str:
        """One of the signers that were there before the event, or any."""
        before = [each for each in self.step.signers if self.writer.in_force.get(each)]
        return self.chance.choice(before or self.step.signers)


def event(bench: Bench, topic: str, said: dict[str, Any], keys: list[PrivateKey]) -> bytes:
    """Return an event that waits as long as it must."""
    return as_it_is(bench, topic, bench.writer.waiting(topic, said, bench.step.at), keys)


def as_it_is(bench: Bench, topic: str, said: dict[str, Any], keys: list[PrivateKey]) -> bytes:
    other = replace(bench.step, topic=topic, said=said)
    signers = bench.writer.bound(topic, said)
    return Bench(bench.writer, other, bench.chance).said(signers, keys)


def officers(bench: Bench) -> list[PrivateKey]:
    return [*map(bench.writer.key, bench.writer.officers)]


def registered(bench: Bench, party: str, by: list[PrivateKey], **overrides: Any) -> bytes | None:
    if not bench.writer.in_force.get(b.FIRM):
        return None
    new = party_key(party, 5)
    said = b.party_registered(party=party, keys=[key_record(new)], **overrides)
    dumped = said.model_dump(mode="json", exclude_unset=True)
    made = as_it_is if "not_before" in overrides or said.kind == "person" else event
    return made(bench, "party.registered/1", dumped, [new, *by])
