"""Asking for promises: a log that has adopted the key that signs them, and who asks over HTTP."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import psycopg2

from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.compose import uuid7
from ledger.follow.audit import StoredLog, export
from ledger.follow.client import Signed
from ledger.home.keystore import save_key
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.node import Node
from ledger.publish.refuser import KEY_FILE, refuser_of
from ledger.sequence.judging import Recorded
from ledger.store.connection import Pool
from ledger.store.stored_promises import count_waiting
from ledger.verify.word import Word, verify_word
from ledger.wire.signing_keys import PrivateKey
from tests.support.builders import (
    AUTHOR,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    technology_registered,
)
from tests.support.governance import refusal_keys_adopted
from tests.support.node import append, running
from tests.support.postgres import Database, run_sql
from tests.support.world import World

HEADERS = {"Content-Type": "application/json", "Prefer": "respond-async"}


def make_refusal_key(home: Home, world: World) -> Signed:
    """Make the key that signs refusals and promises; return the event that adopts it."""
    save_key(home.keys / KEY_FILE, PrivateKey.generate())
    refuser = refuser_of(world.origin, home.keys)
    assert refuser is not None
    ledger = ledger_subject(world.origin)
    body = refusal_keys_adopted(ledger=ledger, refusal_keys=[refuser.vkey])
    return world.sign(body, OPERATOR, REGISTRAR)


def ask_promise(url: str, signed: Signed) -> httpx2.Response:
    """Submit an event, asking for a promise."""
    return httpx2.post(f"{url}/v1/events", content=signed.to_json(), headers=HEADERS, timeout=30)


@contextmanager
def head_locked(dsn: str) -> Iterator[None]:
    """Keep everybody from appending for the length of the block."""
    with closing(psycopg2.connect(dsn)) as session, session.cursor() as cursor:
        cursor.execute("SELECT FROM ledger.head FOR UPDATE")
        yield


def word_of(
    note: bytes, dsn: str, home: Home, directory: Path, refusal: bytes | None = None
) -> Word:
    """Export the log of a database, and hold the operator's word to it."""
    pool = Pool(dsn, size=2)
    try:
        export(StoredLog(pool), directory)
    finally:
        pool.close()
    trust = home.trust.read_bytes()
    return verify_word(note, directory, trust, refusal=refusal, workers=1)


def world_of_promises(home: Home) -> World:
    """Return the world of a log in whose home there is a key for promises."""
    world = World.of(home)
    world.founding = [
        make_refusal_key(home, world),
        *world.registrations(),
        world.registration(AUTHOR, kind="person", name=None),
        world.sign(technology_registered(), INSTITUTE),
    ]
    return world


@contextmanager
def at_work(settings: Settings, world: World) -> Iterator[Node]:
    """Run a node whose log has adopted that key and knows some parties."""
    with running(settings) as node:
        assert all(isinstance(each, Recorded) for each in append(node, *world.founding))
        yield node


def technology(world: World, owner: str = INSTITUTE) -> Signed:
    owners = [{"party": owner, "share": [1, 1]}]
    body = technology_registered(technology=f"technology:{uuid7()}", owners=owners)
    return world.sign(body, owner)


def refused_for_good(world: World) -> Signed:
    """Return what a rule refuses though all have signed: what it would create is there."""
    return world.sign(technology_registered(), INSTITUTE)


def answer(url: str, promise: httpx2.Response) -> dict[str, Any]:
    """Return what is told where the promise says that its answer is, once it is one."""
    assert 202 == promise.status_code, promise.text
    until = time.monotonic() + 20
    while time.monotonic() < until:
        told = httpx2.get(url + promise.headers["Location"], timeout=30)
        assert 200 == told.status_code, told.text
        if told.json()["state"] != "waiting":
            break
        time.sleep(0.05)
    found: dict[str, Any] = told.json()
    return found


def await_waiting(node: Node, number: int) -> None:
    """Return once so many submissions wait for their answer."""
    until = time.monotonic() + 20
    while count_waiting(node.pool, datetime.now(UTC))[0] != number:
        assert time.monotonic() < until
        time.sleep(0.05)


def rows(database: Database) -> int:
    ((count,),) = run_sql(database.superuser_dsn, "SELECT count(*) FROM ledger.promises")
    return int(str(count))
