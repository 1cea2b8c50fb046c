"""Rules 44 to 52, 54, 55, 81 and 82: who signed, when, what for, and what never enters the log."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from ledger.domain.admission import IdempotencyMismatch, StaleView
from ledger.domain.contracts.document import DocHash
from ledger.domain.core.existence import FutureFact, IntervalEmpty, PredecessorUnknown
from ledger.domain.core.personal_data import PersonalDataInEvent
from ledger.domain.parties.signature_refusals import (
    KeyIsSuspended,
    KeyNoLongerValid,
    KeyNotYetValid,
    MandateExpired,
    SignerMissing,
    WrongSigner,
)
from ledger.events.compose import uuid7
from ledger.follow.client import Signed
from ledger.home.paths import Home
from ledger.node.node import Node
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    LISTING,
    OFFER,
    REGISTRAR,
    RIVAL,
    SOME_HASH,
    contract_concluded,
    grant,
    hash_of,
    key_added,
    key_id,
    key_revoked,
    listing_published,
    offer_accepted,
    offer_made,
    payment_confirmed,
    revenue_distributed,
    revenue_reported,
    right_filed,
    share_agreed,
    technology_registered,
)
from tests.support.contracts import terms_amended
from tests.support.documents import OTHER_HASH, document_received, document_sent
from tests.support.http import serving
from tests.support.mandates import mandate_given
from tests.support.node import append, found, running, settings_for
from tests.support.parties import key_resumed, key_suspended
from tests.support.postgres import Database
from tests.support.running import contract_running
from tests.support.specification import given, said
from tests.support.world import World

SECOND_CONTRACT = "contract:01890000-0000-7000-8000-000000000030"


@pytest.fixture
def node(database: Database, tmp_path: Path) -> Iterator[Node]:
    settings = settings_for(database, tmp_path / "home")
    found(settings)
    with running(settings) as started:
        yield started


@pytest.fixture
def world(node: Node) -> World:
    everyone = World.of(Home(node.settings.home))
    append(node, *everyone.registrations())
    return everyone


def test_bad_signature(node: Node, world: World) -> None:
    """One byte of the canonical event changed; unchanged, it is recorded."""
    signed = world.sign(technology_registered(title="Coating A"), INSTITUTE)
    forged = replace(
        signed.envelope, payload=signed.envelope.payload.replace(b"Coating A", b"Coating B")
    )
    with serving(node) as url, httpx2.Client(base_url=url) as http:
        refused = http.post("/v1/events", content=Signed(forged).to_json())
        assert (403, "BAD_SIGNATURE") == (refused.status_code, refused.json()["code"])
        assert 201 == http.post("/v1/events", content=signed.to_json()).status_code


def test_duplicate_command(node: Node, world: World) -> None:
    """The same id with other content is refused (IDEMPOTENCY_MISMATCH); with the same, replayed."""
    first = world.sign(technology_registered(), INSTITUTE, event_id=(one := uuid7()))
    other = world.sign(technology_registered(title="Another"), INSTITUTE, event_id=one)
    (recorded,) = append(node, first)
    (refused,) = append(node, other)
    assert isinstance(refused, IdempotencyMismatch)
    assert "IDEMPOTENCY_MISMATCH" == refused.code
    assert (4,) == refused.positions
    (again,) = append(node, first)
    assert (recorded.position, recorded.accepted) == (again.position, again.accepted)


def test_wrong_signer() -> None:
    """A deputy without mandate signs for the institute; with one, it binds the institute."""
    by_deputy = said(technology_registered(), signed_by=[AUTHOR])
    given().when(by_deputy).then_refused(WrongSigner, subjects=(AUTHOR,))
    given(mandate_given()).when(by_deputy).then_admitted()


def test_mandate_expired() -> None:
    """The mandate ended the day before; on its last day it binds."""
    ended = mandate_given(valid_to="2026-11-02")
    by_deputy = said(technology_registered(), signed_by=[AUTHOR])
    given(ended).when(by_deputy).then_refused(MandateExpired, positions=(0,), subjects=(AUTHOR,))
    given(mandate_given(valid_to="2026-11-03")).when(by_deputy).then_admitted()


def test_key_revoked() -> None:
    """Key revoked at 09:00, event recorded at 09:05; recorded at 08:55 it stands."""
    revoked = said(key_revoked(), accepted=datetime(2026, 11, 2, 9, 0, tzinfo=UTC))
    late = said(technology_registered(), accepted=datetime(2026, 11, 2, 9, 5, tzinfo=UTC))
    early = said(technology_registered(), accepted=datetime(2026, 11, 2, 8, 55, tzinfo=UTC))
    given(revoked).when(late).then_refused(
        KeyNoLongerValid, positions=(0,), subjects=(f"key:{key_id(INSTITUTE)}",)
    )
    given(early, revoked)


def test_key_suspended() -> None:
    """The key may be stolen: recorded at 09:05 by the registrar, it binds nobody; nor at 09:10."""
    held = said(
        key_suspended(suspended_by=REGISTRAR), accepted=datetime(2026, 11, 2, 9, 5, tzinfo=UTC)
    )
    late = said(technology_registered(), accepted=datetime(2026, 11, 2, 9, 10, tzinfo=UTC))
    given(held).when(late).then_refused(
        KeyIsSuspended, positions=(0,), subjects=(f"key:{key_id(INSTITUTE)}",)
    )
    given(held, key_resumed(lifted_by=None)).when(late).then_admitted()


def test_key_not_yet_valid() -> None:
    """The certificate starts tomorrow; tomorrow its key binds."""
    starts = datetime(2026, 11, 3, 0, 0, tzinfo=UTC)
    log = given(key_added(not_before="2026-11-03T00:00:00.000Z"))
    by_new = (key_id(INSTITUTE, 1),)
    today = said(technology_registered(), signatures=by_new)
    log.when(today).then_refused(KeyNotYetValid, positions=(0,))
    log.when(said(technology_registered(), signatures=by_new, accepted=starts)).then_admitted()


def test_signer_missing() -> None:
    """An amendment with one of two signatures; with both, it is recorded."""
    log = given(right_filed(), contract_concluded())
    alone = said(terms_amended(), signed_by=[INSTITUTE])
    log.when(alone).then_refused(SignerMissing, subjects=(FIRM,))
    log.when(said(terms_amended(), signed_by=[INSTITUTE, FIRM])).then_admitted()


def test_stale_version() -> None:
    """Two officers close rival deals on one listing as they saw it: the second is STALE_VIEW."""
    log = given(right_filed(), listing_published())
    seen = log.size
    first = contract_concluded(listing=LISTING, grants=[grant(exclusivity="non_exclusive")])
    second = contract_concluded(
        contract=SECOND_CONTRACT,
        listing=LISTING,
        parties=[INSTITUTE, RIVAL],
        grants=[grant(licensee=RIVAL, exclusivity="non_exclusive")],
    )
    won = log.and_then(said(first, seen=seen))
    refusal = won.when(said(second, seen=seen)).then_refused(StaleView, positions=(2,))
    assert "STALE_VIEW" == refusal.code
    won.when(said(second, seen=won.size)).then_admitted()


def test_predecessor_unknown() -> None:
    """An event names a parent hash that is not in the log."""
    accepted = offer_accepted()
    log = given(right_filed(), offer_made(), accepted)
    orphan = contract_concluded(offer=OFFER, acceptance=SOME_HASH)
    log.when(orphan).then_refused(PredecessorUnknown, subjects=(SOME_HASH,))
    log.when(contract_concluded(offer=OFFER, acceptance=hash_of(accepted))).then_admitted()


def test_future_fact() -> None:
    """A payment dated tomorrow is not "paid"; dated today it is recorded."""
    log = given(
        right_filed(),
        contract_running(),
        share_agreed(),
        revenue_reported(),
        revenue_distributed(),
    )
    log.when(payment_confirmed(paid_on="2026-11-03")).then_refused(FutureFact)
    log.when(payment_confirmed(paid_on="2026-11-02")).then_admitted()


def test_interval_empty() -> None:
    """`to` is not after `from`; a day later the interval holds one day."""
    empty = mandate_given(valid_from="2026-11-02", valid_to="2026-11-02")
    given().when(empty).then_refused(IntervalEmpty)
    given().when(mandate_given(valid_from="2026-11-02", valid_to="2026-11-03")).then_admitted()


def test_doc_hash() -> None:
    """A hand-over receipt for a file whose hash differs from what was sent."""
    log = given(document_sent())
    log.when(document_received(sha256=OTHER_HASH)).then_refused(DocHash, positions=(0,))
    log.when(document_received()).then_admitted()


@pytest.mark.parametrize(
    "text", ["CCCD 001099012345", "Liên hệ an@vien.vn", "Liên hệ 0912 345 678"]
)
def test_personal_data_in_event(text: str) -> None:
    """A citizen number, an e-mail address or a telephone in a payload; 700,000,000,000 is money."""
    given().when(technology_registered(summary=text)).then_refused(PersonalDataInEvent)
    given().when(technology_registered(summary="Kinh phí 700.000.000.000 đồng")).then_admitted()
