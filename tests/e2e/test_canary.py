"""
What was sealed is nowhere on the disk in the clear; what was erased is nowhere to be decrypted.

Canaries are sealed values and salts. They are looked for in every file of the home (tables, WAL,
server log, keys, our own log), in a backup, a dump, an export, a mirror and the temporary files, in
each spelling that a database or a log may give bytes.
"""

import base64
import gzip
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psycopg2
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.cli.signing import sign_sealed
from ledger.events.compose import uuid7
from ledger.follow.client import LedgerClient, ProblemAnswer, Signed, VerifiedWord
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.node import Database, open_database
from ledger.store.connection import Pool
from ledger.store.vault import KeptOpening, read_openings
from tests.support.builders import (
    AUTHOR,
    INSTITUTE,
    SHARE,
    part,
    share_agreed,
    vnd,
)
from tests.support.canaries import HIDDEN, PRICE, agreements, canaries
from tests.support.postgres import home_directory, run_sql
from tests.support.promising import head_locked, make_refusal_key
from tests.support.sealing import CONTRACT_AT, SHARE_AT, sealed
from tests.support.server import ROOT, Server, environment, served_ledger
from tests.support.world import World

WRAPPED = re.compile(rb"techledger-data-key/1 [0-9a-f]{16} ([A-Za-z0-9+/=]{80})")


@dataclass(frozen=True)
class Sown:
    """A ledger in which canaries were sealed, stopped, and what was copied of it meanwhile.

    `promised` is a submission as it was stored until it was judged.
    """

    server: Server
    elsewhere: Path
    signed: tuple[Signed, ...]
    promised: bytes

    @property
    def home(self) -> Home:
        return self.server.home

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home.path, database_url=None)

    @property
    def keys_of_before(self) -> Path:
        return self.elsewhere / "keys-of-before"

    def command(self, *words: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "api.cli", *map(str, words)],
            env=environment(self.home.path, {"TMPDIR": str(self.elsewhere / "tmp")}),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def operate(self, *words: object) -> str:
        run = self.command("operate", *words)
        assert 0 == run.returncode, run.stdout + run.stderr
        return run.stdout


def files_in(*directories: Path) -> Iterator[tuple[Path, bytes]]:
    for directory in directories:
        for path in directory.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                yield path, gzip.decompress(content) if path.suffix == ".gz" else content


def found_in(wanted: Iterable[bytes], *directories: Path) -> set[str]:
    """Return the names of the files in which any of these bytes stand."""
    wanted = list(wanted)
    return {
        path.name
        for path, content in files_in(*directories)
        if any(each in content for each in wanted)
    }


@pytest.fixture(scope="module")
def sown() -> Iterator[Sown]:
    """Seal canaries under the worst of server logs; back up, dump, export; stop."""
    with home_directory() as elsewhere, served_ledger() as server:
        tmp = elsewhere / "tmp"
        tmp.mkdir()
        database = open_database(Settings(home=server.home.path, database_url=None))
        assert database.embedded is not None
        superuser = database.embedded.superuser_dsn
        with closing(psycopg2.connect(superuser)) as session, session.cursor() as cursor:
            session.autocommit = True
            for setting in ("log_statement = 'all'", "log_min_messages = 'debug1'"):
                cursor.execute(f"ALTER SYSTEM SET {setting}")
            cursor.execute("SELECT pg_reload_conf()")
        world = World.of(server.home)
        adoption = make_refusal_key(server.home, world)
        server.stop()
        server.start()
        signed = [*agreements(world), to_be_promised(world)]
        with LedgerClient(server.url, server.trust) as client:
            for each in (*signed[:-1], adoption):
                client.submit(each)
            promised = promise(client, signed[-1], database)
            refuse_some(server, client, world)
            made = Sown(server, elsewhere, tuple(signed), promised)
            answers = "".join(
                httpx2.get(f"{server.url}/{path}").text
                for path in (*(f"v1/entries/{n}" for n in range(7)), "metrics", "openapi.json")
            )
        (elsewhere / "answers").write_text(answers)
        made.operate("backup", elsewhere / "backup")
        made.operate("export-tiles", elsewhere / "tiles")
        trust = ("--trust", server.home.trust)
        mirrored = made.command("mirror", elsewhere / "mirror", "--url", server.url, *trust)
        assert 0 == mirrored.returncode, mirrored.stderr
        shutil.copytree(server.home.vault, made.keys_of_before)
        server.kill()
        database.stop()
        yield made


def to_be_promised(world: World) -> Signed:
    shared = share_agreed(share=f"share:{uuid7()}", parts=[part(AUTHOR, 1_000_000)])
    return sealed(world, shared, ("/body/parts",), AUTHOR, INSTITUTE)


def promise(client: LedgerClient, signed: Signed, database: Database) -> bytes:
    """Have a submission with openings stored for a while; return it as it is stored."""
    assert database.embedded is not None
    with head_locked(database.owner_dsn):
        assert isinstance(client.submit_promised(signed), VerifiedWord)
        ((stored,),) = run_sql(database.owner_dsn, "SELECT sealed FROM ledger.promises")
        run_sql(database.embedded.superuser_dsn, "CHECKPOINT")
    while client.promised_answer(signed) is None:
        time.sleep(0.1)
    assert isinstance(stored, memoryview)
    return bytes(stored)


def refuse_some(server: Server, client: LedgerClient, world: World) -> None:
    """Have events with openings refused at every step, so that anyone who echoes does so."""
    good = sealed(world, share_agreed(), ("/body/parts",), AUTHOR, INSTITUTE)
    with suppress(ProblemAnswer):
        client.submit(good)  # The share is there already.
    for parts in ([part(HIDDEN, PRICE)], {"no": f"list {PRICE}"}):
        body = share_agreed(share="share:x", supersedes=SHARE).model_dump(mode="json")
        bad = sealed_body(world, "share.agreed/1", body | {"parts": parts})
        with suppress(ProblemAnswer):
            client.submit(bad)
    members = json.loads(good.to_json())
    members["openings"][0]["value"] = [part(HIDDEN, 1), PRICE]
    for content in (json.dumps(members), json.dumps(members)[:-3], json.dumps(members) * 2):
        answer = httpx2.post(f"{server.url}/v1/events", content=content)
        assert answer.status_code in {400, 413, 415, 422}, answer.text
        assert str(PRICE) not in answer.text


def sealed_body(world: World, topic: str, body: dict[str, object]) -> Signed:
    keys = [world.key(AUTHOR), world.key(INSTITUTE)]
    return sign_sealed(world.origin, topic, body, [AUTHOR, INSTITUTE], keys, ["/body/parts"])


def test_what_was_sealed_is_nowhere_in_the_clear(sown: Sown) -> None:
    assert set() == found_in(canaries(sown.signed), sown.home.path, sown.elsewhere)


def test_it_would_be_found(sown: Sown, tmp_path: Path) -> None:
    """The same search finds what is there: a commitment, and a canary in each spelling."""
    commitment = re.search(rb"sha256:[0-9a-f]{64}", sown.signed[SHARE_AT - 1].envelope.payload)
    assert commitment is not None
    assert found_in([commitment[0]], sown.home.path)
    assert found_in([sown.promised[100:400]], sown.home.path), "it was on the disk, sealed"
    salt = sown.signed[-1].openings[0].salt
    for number, content in enumerate((salt, salt.hex().encode(), base64.b64encode(b"xy" + salt))):
        (tmp_path / str(number)).write_bytes(b"before" + content + b"after")
    assert {"0", "1", "2"} == found_in(canaries(sown.signed), tmp_path)


def kept_at(sown: Sown, position: int) -> tuple[KeptOpening, ...]:
    database = open_database(sown.settings)
    try:
        pool = Pool(database.app_dsn, size=1)
        found = tuple(read_openings(pool, [position]))
        pool.close()
    finally:
        database.stop()
    return found


def test_what_was_erased_is_nowhere_to_be_decrypted_with_every_key_at_hand(sown: Sown) -> None:
    (parts,) = kept_at(sown, SHARE_AT)
    mine = (sown.keys_of_before / named(sown, AUTHOR)).read_bytes().split()[2]
    assert {named(sown, AUTHOR)} == set(parts.row.holders)
    assert decrypted(sown, parts, sown.home.path), "until it is erased, anyone who has all keys can"

    assert "erased" in sown.operate("erase", AUTHOR)

    assert () == kept_at(sown, SHARE_AT)
    assert parts.row.sealed in b"".join(content for _, content in files_in(sown.home.path)), (
        "the ciphertext outlives the row, in dead tuples or the WAL"
    )
    assert set() == found_in([mine, base64.b64decode(mine)], sown.home.path)
    assert not decrypted(sown, parts, sown.home.path)
    assert set() == found_in(canaries(sown.signed), sown.home.path, sown.elsewhere)
    # The database as it was, with the keys as they were: this is what such a backup still gives.
    assert decrypted(sown, parts, sown.home.path, sown.keys_of_before)
    # And until when: the KEK is rotated, its old copies destroyed.
    sown.operate("kek", "rotate")
    assert not decrypted(sown, parts, sown.home.path, sown.keys_of_before)
    # What was not erased is as readable as ever, and everything verifies.
    show = ("opening", "show", event_id(sown, CONTRACT_AT), "/body/price")
    shown = json.loads(sown.operate(*show, "--reason", "a test"))
    assert vnd(PRICE) == shown["value"]
    assert "clean" in sown.operate("fsck")


def event_id(sown: Sown, position: int) -> str:
    found: str = json.loads(sown.signed[position - 1].envelope.payload)["event_id"]
    return found


def named(sown: Sown, token: str) -> str:
    keys = sown.home.data_keys()
    keys.open()
    return keys.name_of(token)


def decrypted(sown: Sown, kept: KeptOpening, *directories: Path) -> bool:
    """Try every key that can be unwrapped from any bytes on the disk on an opening."""
    found = {
        base64.b64decode(match[1])
        for _, content in files_in(*directories)
        for match in WRAPPED.finditer(content)
    }
    keys = sown.home.data_keys()
    keys.open()
    unwrapped = []
    for name in ("ledger", *kept.row.holders):
        for kek in keys._keks.values():
            for wrapped in found:
                with suppress(InvalidTag):
                    unwrapped.append((name, kek.unwrap(wrapped, keys._place(name))))
    by_name = dict(unwrapped)
    if len(by_name) < 1 + len(kept.row.holders):
        return False
    origin = sown.home.identity().origin
    told = ("techledger/opening/v1", origin, str(kept.event_id), kept.payload_sha256.hex())
    place = "\n".join((*told, kept.row.path)).encode()
    material = b"".join(by_name[name] for name in ("ledger", *kept.row.holders))
    cipher = AESGCM(HKDF(SHA256(), 32, salt=None, info=place).derive(material))
    return AUTHOR.encode() in cipher.decrypt(kept.row.sealed[:12], kept.row.sealed[12:], place)
