"""What is generated from the bodies of events is as they are now."""

from types import SimpleNamespace
from typing import cast

import pytest

from api.describe.event_types import codes_of, describe_event_type, list_types
from ledger.domain.admission import Folds
from ledger.domain.core.body import State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Event
from ledger.domain.core.rules import Admits
from ledger.domain.market.offer import OfferClosed, OfferMade, OfferRejected
from ledger.domain.registry import TOPICS
from ledger.events.schema import payload_schema
from tests.support import event_pages, event_types
from tests.support.builders import offer_made, offer_rejected
from tests.support.generated import AGAIN
from tests.support.listed import hold_to_the_list
from tests.support.specification import START


def test_the_table_of_types_is_as_the_rules_are():
    assert event_types.WRITTEN.read_text("utf-8") == event_types.written(), AGAIN


def test_the_pages_are_as_the_bodies_are():
    pages = event_pages.pages()
    there = {event_pages.INDEX, *event_pages.FOLDER.iterdir()}
    assert there == set(pages)
    for path, text in pages.items():
        assert path.read_text("utf-8") == text, AGAIN


def test_a_part_of_one_name_is_one_part():
    parts = [part for topic in TOPICS for part in payload_schema(topic)["$defs"].items()]
    named = dict(parts)
    assert [] == [name for name, part in parts if named[name] != part]


def test_every_refusal_of_a_rule_is_known_by_its_title():
    for topic in TOPICS:
        found = describe_event_type(topic)
        assert codes_of(topic) == [each.code for each in found.refusals]
        assert all(each.title.en and each.title.vi for each in found.refusals)


SAID = {
    "offer.made/1": "`offeror`.",
    "right.filed/1": "`attested_by` or, if there is none, the registrar, and the operator (if there"
    " is something at `attested_by`); `attested_by` is registered with the role `clerk`.",
    "coowner.notified/1": "each of `sellers/*/party`, and `notified` (unless there is something at"
    " `receipt_sha256`).",
    "key.added/1": "`party`, and both officers (if there is something at `vouched_by`);"
    " `vouched_by` is one of the officers; `vouched_by` is another than `party`; `party` is signed"
    " for by an older key of its own (unless there is something at `vouched_by`); `party` is signed"
    " for by an older key of its own or neither officer.",
    "ledger.policy_adopted/1": "the operator, and each of `approved_by/*`; `approved_by/*` is"
    " another than the operator; `speakers/*/party` is another than the operator.",
}


@pytest.mark.parametrize("topic", SAID)
def test_who_signs_is_said_in_words(topic: str):
    assert SAID[topic] == describe_event_type(topic).signers.says


REFERS = {
    "reconfirmation.given/1": ("/body/event",),
    "offer.countered/1": ("/body/counters_event",),
    "contract.concluded/1": ("/body/acceptance",),
    "assignment.agreed/1": ("/body/acceptance",),
    "correction.recorded/1": ("/body/corrects",),
    "filing.made/1": ("/body/amendment",),
    "certificate.issued/1": ("/body/amendment",),
    "dispute.opened/1": ("/body/disputed/*",),
    "hold.ordered/1": ("/body/orders/*/event",),
    "ruling.made/1": ("/body/orders/*/event",),
}


def test_what_refers_to_earlier_events_is_named():
    found = {each.topic: describe_event_type(each.topic).references for each in list_types().types}
    assert REFERS == {topic: references for topic, references in found.items() if references}


def test_what_a_rule_raises_beside_its_list_fails_the_test_that_sees_it():
    def refuse(_state: State, _event: Event, _context: Context) -> None:
        raise OfferClosed("that is a refusal of answers, not of an offer")

    rules: Admits = {OfferMade: refuse, OfferRejected: refuse}
    hold_to_the_list(rules)
    judged = {kind: cast("Event", SimpleNamespace(body=body)) for kind, body in BODIES.items()}
    with pytest.raises(OfferClosed):
        rules[OfferRejected](Folds({}), judged[OfferRejected], CONTEXT)
    with pytest.raises(AssertionError, match=r"offer\.made/1 is refused by OFFER_CLOSED"):
        rules[OfferMade](Folds({}), judged[OfferMade], CONTEXT)


BODIES = {OfferMade: offer_made(), OfferRejected: offer_rejected()}
CONTEXT = Context(START, 0)
