"""
Random histories of keys and mandates, each event of which every verifier takes.

Few parties, so that chains of mandates come about: keys that a party's own brought, that officers
vouched for, that vouched keys brought; mandates with ceilings, for other topics and other days,
given by their principal or by who holds one, ended or not; and acts, by anyone who may. One party
is registered a second time, after its registration was stopped.
"""

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

from ledger.domain.core.body import Body
from ledger.node.genesis import key_record
from ledger.verify.authority import Authority, gather_authority, is_authority
from ledger.verify.event import read_event
from ledger.verify.outcome import Refused
from ledger.verify.signatures import check_signatures
from ledger.wire.signing_keys import PrivateKey
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR, RIVAL, STRANGER
from tests.support.mandates import mandate_ended, mandate_given
from tests.support.parties import LATER, party_stopped
from tests.support.sample_log import (
    OFFICERS,
    SampleLog,
    numbered,
    open_log,
    party_key,
    sealed_price,
)

PARTIES = (INSTITUTE, FIRM, RIVAL, STRANGER)
TOPICS = (
    ["*"],
    ["*"],
    ["mandate.given", "technology.registered"],
    ["mandate.given"],
    ["technology.registered"],
    ["offer.made", "offer.accepted"],
    ["offer.rejected"],
)

Said = tuple[Body, list[str], list[PrivateKey]]
"""A body, its signers, and the keys of the lines."""


class History:
    """A log that grows by what is drawn, if every verifier takes it."""

    def __init__(self, random: Random) -> None:
        self.random, self.log = random, SampleLog()
        open_log(self.log)
        self._registered(party_key(STRANGER, 1_000), not_before=LATER)
        self.log.say(party_stopped(STRANGER), [REGISTRAR])
        self._registered(party_key(STRANGER))
        self.keys = {party: [party_key(party)] for party in (*PARTIES, *OFFICERS)}
        self.mandates: list[dict[str, str]] = []
        self.offers: list[str] = []
        self._authority = gather_authority(enumerate(self.log.entries), self.log.origin)

    def _registered(self, key: PrivateKey, **terms: str) -> None:
        body = b.party_registered(keys=[key_record(key)], **terms)
        self.log.say(body, [STRANGER, *OFFICERS], keys=[key, *map(party_key, OFFICERS)])

    def grow(self, size: int) -> SampleLog:
        """Draw until the log has this size; return it."""
        draws: list[tuple[int, Callable[[], Said]]] = [
            (2, self._brought),
            (1, self._vouched),
            (1, self._revoked),
            (6, self._given),
            (2, self._ended),
            (5, self._technology),
            (3, self._offered),
            (2, self._answered),
        ]
        weights, makers = [weight for weight, _ in draws], [make for _, make in draws]
        while self.log.size < size:
            (make,) = self.random.choices(makers, weights)
            self._say(make())
        return self.log

    def _say(self, said: Said) -> None:
        body, signers, keys = said
        self.log.say(body, signers, keys=dict.fromkeys(keys))
        at = self.log.size - 1
        trial: Authority = deepcopy(self._authority)
        try:
            event = read_event(self.log.entries[at], at, self.log.origin)
            if is_authority(self.log.entries[at]):
                trial.follow(event)
            check_signatures(event, trial)
        except Refused:
            self.log.entries.pop()
            return
        self._authority = trial
        self._remember(body, keys)

    def _remember(self, body: Body, keys: list[PrivateKey]) -> None:
        said: dict[str, Any] = body.model_dump(mode="json")
        if body.TOPIC == "key.added/1":
            self.keys[said["party"]].append(keys[0])
        elif body.TOPIC == "mandate.given/1":
            names = ("mandate", "principal", "holder")
            self.mandates.append({name: said[name] for name in names})
        elif body.TOPIC == "offer.made/1":
            self.offers.append(said["offer"])

    def _party(self) -> str:
        return self.random.choice(PARTIES)

    def _lines(self, *bound: str) -> list[PrivateKey]:
        """Return a key of each party, or of who holds a mandate of it; and one more, at times."""
        found = []
        for party in bound:
            holders = [each["holder"] for each in self.mandates if each["principal"] == party]
            whose = self.random.choice([party, *holders, *holders[-3:]])
            found.append(self.random.choice(self.keys[whose][-3:]))
        if self.random.random() < 0.1:
            found.append(self.random.choice(self.keys[self._party()]))
        return found

    def _new_key(self, party: str) -> PrivateKey:
        return party_key(party, self.log.size)

    def _brought(self) -> Said:
        party = self._party()
        new, older = self._new_key(party), self.random.choices(self.keys[party], k=2)
        older = older[: self.random.choice((1, 1, 1, 2))]
        return b.key_added(party=party, key=key_record(new)), [party], [new, *older]

    def _vouched(self) -> Said:
        party = self._party()
        new, voucher = self._new_key(party), self.random.choice(OFFICERS)
        body = b.key_added(party=party, key=key_record(new), vouched_by=voucher)
        return body, [party, *OFFICERS], [new, *map(party_key, OFFICERS)]

    def _revoked(self) -> Said:
        party = self._party()
        gone, by = (self.random.choice(self.keys[party]) for _ in range(2))
        return b.key_revoked(party=party, key_id=gone.key_id), [party], [by]

    def _given(self) -> Said:
        principal, holder = self._party(), self.random.choice((*PARTIES, OPERATOR, REGISTRAR))
        body = mandate_given(
            mandate=numbered("mandate", self.log.size),
            principal=principal,
            holder=holder,
            topics=self.random.choice(TOPICS),
            ceiling=self.random.choice((None, None, b.vnd(1_000))),
            valid_from=self.random.choice(("2026-01-01",) * 5 + ("2026-11-03",)),
            valid_to=self.random.choice((None, "2027-01-01", "2026-11-02")),
        )
        operator = [party_key(OPERATOR)] if self.random.random() < 0.9 else []
        return body, [principal, OPERATOR], [*self._lines(principal), *operator]

    def _ended(self) -> Said:
        if not self.mandates:
            return self._technology()
        given = self.random.choice(self.mandates)
        by = given[self.random.choice(("principal", "holder"))]
        return mandate_ended(**given, ended_by=by), [by], self._lines(by)

    def _technology(self) -> Said:
        owners = self.random.sample(PARTIES, self.random.choice((1, 1, 2)))
        held = [b.held(party, 1, len(owners)) for party in sorted(owners)]
        technology = numbered("technology", self.log.size)
        body = b.technology_registered(technology=technology, owners=held)
        return body, owners, self._lines(*owners)

    def _offered(self) -> Said:
        offeror, offeree = self.random.sample(PARTIES, 2)
        price = self.random.choice((b.vnd(1_000), b.vnd(1_001), sealed_price(self.log, 1)))
        rate = self.random.choice((None, None, 50_000))
        offer = numbered("offer", self.log.size)
        terms = {"offer": offer, "offeror": offeror, "offeree": offeree}
        body = b.offer_made(**terms, price=price, royalty_ppm=rate)
        return body, [offeror], self._lines(offeror)

    def _answered(self) -> Said:
        offer = self.random.choice([*self.offers, "offer:none"])
        by = self._party()
        if self.random.random() < 0.3:
            return b.offer_rejected(offer=offer, rejected_by=by), [by], self._lines(by)
        return b.offer_accepted(offer=offer, accepted_by=by), [by], self._lines(by)
