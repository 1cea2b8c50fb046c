"""
Each read model folds all that changes what it shows of the domain's state, or fails here.

A new event type, a new field of a state, a table that misses a topic: each is named by a sentence.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import ClassVar

import pytest

from ledger.domain import registry
from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from ledger.domain.market.offer import Offer, OfferAccepted, OfferId, OfferMade
from ledger.domain.parties.key import KeyRevoked
from ledger.domain.rights.right_status import RightLapsed
from projections.engine.projection import EVERY_EVENT, Journal, ReadModel, Tells
from projections.run.catalogue import READ_MODELS, UNTOLD
from projections.tables.key_events import keys
from projections.tables.offers import offers
from projections.tables.status import status
from tests.support.beside import Beside
from tests.support.coverage import Domain, domain_of, faults, without
from tests.support.golden_events import STORY
from tests.support.histories import random_history
from tests.support.projecting import logged
from tests.support.state_changes import could_change
from tests.support.whole_actions import any_event

PAIRS = [
    (model, body)
    for model in READ_MODELS
    for body in sorted(model.folds, key=lambda body: body.TOPIC)
]


@pytest.fixture(scope="module")
def story() -> list[Logged]:
    return logged(*STORY[1:])


@pytest.fixture(scope="module")
def domain(story: list[Logged]) -> Domain:
    return domain_of([story, *_histories()])


def further(
    changed: ReadModel, model: ReadModel, domain: Domain, told: Domain | None = None
) -> list[str]:
    """Return the faults of a changed model, or domain, beside those that there are as it is."""
    there = faults(model, domain)
    return [each for each in faults(changed, told or domain) if each not in there]


def _histories() -> Iterator[list[Logged]]:
    for seed in range(2):
        yield random_history(Random(seed), 60)
        random, world = Random(seed), Beside()
        for _ in range(150):
            world.step(random, any_event)
            world.wait(random.choice((0, 0, 0, 0, 1, 5, 20)))
        yield world.logged


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)
def test_a_read_model_folds_all_that_changes_what_it_shows(model: ReadModel, domain: Domain):
    assert [] == faults(model, domain)


def test_every_kind_is_told_or_says_why_not():
    kinds = {kind for kind, _ in registry.EVOLVES}
    told = {kind for model in READ_MODELS for kind in model.tells}
    assert kinds - told == UNTOLD.keys()
    assert told <= kinds


def test_what_was_seen_to_change_was_read_from_the_source_but_for_what_is_made_again(
    domain: Domain,
):
    """A listing's draft is published by making it again: it has the default stage then."""
    missed = {
        (topic, name) for topic, seen in domain.seen.items() for name in seen - domain.could[topic]
    }
    assert missed <= {(("listing", registry.TOPICS["listing.published/1"]), "stage")}


def test_a_journal_of_every_event_has_a_row_for_each(story: list[Logged]):
    """What the domain's own fold is given again is all that it was given."""
    tried = set()
    for model in READ_MODELS:
        every = {kind for kind, tells in model.tells.items() if tells is EVERY_EVENT}
        for each in story if every else ():
            body = type(each.event.body)
            folded = {
                subject
                for subject in each.event.subjects
                if (kind := subject.partition(":")[0]) in every and (kind, body) in registry.EVOLVES
            }
            if folded:
                assert isinstance(model, Journal)
                assert folded <= {row.subject for row in model.emit(each)}, body.TOPIC
                tried.add(body)
    assert len(tried) > 25


def test_a_state_without_a_field_that_a_read_model_knows_fails(domain: Domain):
    for model in READ_MODELS:
        for kind, tells in model.tells.items():
            if tells is not EVERY_EVENT:
                name = tells.shows[0]
                fields = {**domain.fields, kind: domain.fields[kind] - {name}}
                assert any(
                    each.startswith(f"{model.name} names {name}, which is no field of a")
                    for each in faults(model, replace(domain, fields=fields))
                )


def test_a_new_field_fails_in_each_read_model_that_says_all_of_its_kind(domain: Domain):
    for kind in domain.fields:
        fields = {**domain.fields, kind: domain.fields[kind] | {"novelty"}}
        whole = {
            model.name
            for model in READ_MODELS
            for of, tells in model.tells.items()
            if of == kind and tells.rest is None and tells is not EVERY_EVENT
        }
        told = replace(domain, fields=fields)
        found = {model.name for model in READ_MODELS if further(model, model, domain, told)}
        assert found == whole, kind


@pytest.mark.parametrize(
    ("model", "body"), PAIRS, ids=[f"{model.name}-{body.TOPIC}" for model, body in PAIRS]
)
def test_a_read_model_that_misses_a_topic_fails(model: ReadModel, body: type[Body], domain: Domain):
    found = further(without(model, body), model, domain)
    assert found
    assert all(body.TOPIC in each for each in found)


class OfferProlonged(Body):
    """The offeror leaves more time for an answer."""

    TOPIC: ClassVar[str] = "offer.prolonged/1"

    offer: OfferId
    expires_at: datetime

    def subjects(self) -> frozenset[str]:
        return frozenset({self.offer})


def extended(subject: str, value: Offer, logged: Logged) -> Offer:
    del subject
    body = logged.event.body
    assert isinstance(body, OfferProlonged)
    return _until(value, body.expires_at)


def _until(value: Offer, instant: datetime) -> Offer:
    return replace(value, expires_at=instant)


def test_a_new_event_type_fails_the_table_that_shows_what_it_changes(
    monkeypatch: pytest.MonkeyPatch, domain: Domain
):
    monkeypatch.setitem(registry.TOPICS, OfferProlonged.TOPIC, OfferProlonged)
    monkeypatch.setitem(registry.ADMITS, OfferProlonged, lambda *_: None)
    monkeypatch.setitem(registry.EVOLVES, ("offer", OfferProlonged), extended)
    could = {
        **domain.could,
        ("offer", OfferProlonged): could_change(extended, {Offer}),
    }
    found = further(offers, offers, domain, replace(domain, could=could))
    assert ["offers does not fold offer.prolonged/1, which changes expires_at of an offer"] == found


@pytest.mark.parametrize(
    ("model", "kind", "body"),
    [(offers, "offer", OfferAccepted), (keys, "key", KeyRevoked), (status, "right", RightLapsed)],
    ids=lambda each: getattr(each, "name", getattr(each, "TOPIC", each)),
)
def test_who_says_that_it_is_unaffected_is_contradicted_by_what_was_seen(
    model: ReadModel, kind: str, body: type[Body], domain: Domain
):
    tells = replace(model.tells[kind], unaffected_by={"it seemed so to me": (body,)})
    lying = replace(without(model, body), tells={kind: tells})
    assert f"{model.name} is affected by {body.TOPIC}: it changed" in " ".join(
        faults(lying, domain)
    )


@pytest.mark.parametrize(
    ("tells", "fault"),
    [
        (Tells((*offers.tells["offer"].shows, "used"), offers.tells["offer"].omits), "twice"),
        (Tells(offers.tells["offer"].shows, {"shares": ("proposed", "used")}), "no reason"),
        (Tells(("answer",), rest="liens"), "leaves the rest of an offer to liens"),
        (
            replace(offers.tells["offer"], unaffected_by={"of course": (KeyRevoked,)}),
            "need not say that key.revoked/1",
        ),
    ],
)
def test_what_is_said_amiss_is_told(tells: Tells, fault: str, domain: Domain):
    assert fault in " ".join(faults(replace(offers, tells={"offer": tells}), domain))


def test_what_is_folded_for_nothing_needs_a_reason(domain: Domain):
    idle = replace(offers, on={**offers.on, RightLapsed: offers.on[OfferMade]})
    said = "offers folds right.lapsed/1, which changes nothing that it shows"
    assert [said] == further(idle, offers, domain)
    assert [] == further(replace(idle, besides={"it is tried": (RightLapsed,)}), offers, domain)
    assert faults(replace(offers, besides={"it is tried": (OfferMade,)}), domain)
    assert faults(replace(offers, tells={}), domain)
