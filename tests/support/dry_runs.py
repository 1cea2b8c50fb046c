"""Asking what would become of events, and random events of the whole domain with real keys."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import psycopg2

from ledger.domain.core.body import Body
from ledger.domain.core.types import format_instant, legal_day
from ledger.follow.client import Signed
from ledger.wire.envelope import payload_hash, sign_envelope
from tests.support import builders as b
from tests.support.chance import PARTIES
from tests.support.disputes import COURT
from tests.support.reference_money import WholeReference
from tests.support.reference_signers import who_signs
from tests.support.whole_actions import chosen
from tests.support.world import World

HEADERS = {"Content-Type": "application/json"}

NEWCOMERS: dict[str, dict[str, Any]] = {
    **{
        party: {"roles": roles}
        for party, roles in b.ROLES.items()
        if party not in (b.OPERATOR, b.REGISTRAR)
    },
    b.AUTHOR: {"kind": "person", "name": None},
    COURT: {"kind": "state_body", "roles": ["forum"]},
}
"""Who is registered before a random history begins, and how."""


def check(url: str, signed: Signed) -> httpx2.Response:
    """Ask what would become of an event."""
    return httpx2.post(
        f"{url}/v1/events/check", content=signed.to_json(), headers=HEADERS, timeout=30
    )


def submit(url: str, signed: Signed) -> httpx2.Response:
    """Submit an event."""
    return httpx2.post(f"{url}/v1/events", content=signed.to_json(), headers=HEADERS, timeout=30)


class Chance:
    """Random events of the whole domain, most of them near what is in the log already."""

    def __init__(self, world: World, seed: int) -> None:
        self._world, self._random = world, Random(seed)
        self._reference = WholeReference()

    def next(self) -> tuple[Body, Signed]:
        """Return another event, signed: mostly by whom it binds."""
        random = self._random
        action = chosen(random, self._reference)
        body = self._real(action.act(random, self._reference, str(legal_day(datetime.now(UTC)))))
        signers = sorted(who_signs(body.TOPIC, body.model_dump(mode="json")))
        lines, odd = set(signers), random.randint(0, 14)
        if odd == 0 and len(signers) > 1:
            lines = set(signers[1:])
        if odd == 1:
            lines = {*signers[1:], random.choice(PARTIES)}
        payload = self._world.payload(body, *signers)
        return body, Signed(sign_envelope(payload, [self._world.key(each) for each in lines]))

    def recorded(self, body: Body, signed: Signed) -> None:
        """Take in that an event is in the log."""
        now, told = datetime.now(UTC), body.model_dump(mode="json")
        lines = {line.key_id for line in signed.envelope.signatures}
        parties = {party for party, key in self._world.keys.items() if key.key_id in lines}
        named = payload_hash(signed.envelope.payload), parties
        self._reference.record(body.TOPIC, told, str(legal_day(now)), format_instant(now), named)

    def _real(self, body: Body) -> Body:
        """Return a body that names the keys which the parties really have."""
        text = body.model_dump_json()
        for party in NEWCOMERS:
            text = text.replace(b.key_id(party), self._world.key(party).key_id)
        return type(body).model_validate_json(text)


def contents(dsn: str, *directories: Path) -> dict[str, str]:
    """Return a digest of every table of the ledger, at rest, and of every file in directories."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        _await_checkpoint(cursor)
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('ledger', 'read')"
        )
        tables = [table for (table,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(map(_digest, tables)))
        found = dict(cursor.fetchall())
    for path in _files(directories):
        found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _digest(table: str) -> str:
    """Return the query for what a table holds."""
    rows = "coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')"
    return f"SELECT '{table}', count(*) || ' ' || md5({rows}) FROM {table} t"


def _files(directories: tuple[Path, ...]) -> Iterator[Path]:
    for directory in directories:
        yield from (path for path in sorted(directory.rglob("*")) if path.is_file())


def _await_checkpoint(cursor: Any) -> None:
    """Return once the publisher has stored the checkpoint over the last entry."""
    until = time.monotonic() + 20
    while True:
        cursor.execute(
            "SELECT (SELECT size FROM ledger.head) = (SELECT max(size) FROM ledger.checkpoints)"
        )
        if cursor.fetchone()[0]:
            return
        assert time.monotonic() < until
        time.sleep(0.01)
