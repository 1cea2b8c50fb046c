"""
A ledger of its own for a run of figures: fresh home, own embedded PostgreSQL, gone afterwards.

It lies in the file system in which the ledger's home lies or would lie, because a flush there is
what a flush will cost there.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.workload import Actor, Cast
from ledger.follow.client import read_trust
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.genesis import founders, initialise
from ledger.node.node import Database, open_database
from ledger.store.connection import Pool
from ledger.verify.trust import Trust


@dataclass(frozen=True)
class Scratch:
    """The ledger, initialised and running its database, and who trades on it."""

    settings: Settings
    database: Database
    cast: Cast

    @property
    def home(self) -> Home:
        """Its directory."""
        return Home(self.settings.home)

    @cached_property
    def trust(self) -> Trust:
        """What its receipts are verified against."""
        return read_trust(self.home.trust)

    @contextmanager
    def pool(self, *, owner: bool = False) -> Iterator[Pool]:
        """Lend connections, as the application or as the schema's owner."""
        pool = Pool(self.database.owner_dsn if owner else self.database.app_dsn, size=4)
        try:
            yield pool
        finally:
            pool.close()


@contextmanager
def scratch_ledger(settings: Settings) -> Iterator[Scratch]:
    """Make a ledger beside the home that `settings` name; remove it at the end of the block."""
    home = Path(tempfile.mkdtemp(prefix="techledger-bench-", dir=_existing(settings.home)))
    home.chmod(0o755)  # As root the server runs as another user, who must be able to enter.
    own = settings.model_copy(
        update={"home": home, "database_url": None, "database_owner_url": None, "host": "127.0.0.1"}
    )
    try:
        identity = initialise(
            own, "bench.example.vn", "party:vn.exchange", "party:vn.department", delay_s=0
        )
        database = open_database(own)
        try:
            yield Scratch(own, database, _cast(Home(home), identity.origin))
        finally:
            database.stop()
    finally:
        shutil.rmtree(home)


def _existing(path: Path) -> Path:
    """Return the nearest directory above `path` that is there."""
    return next(each for each in path.parents if each.is_dir())


def _cast(home: Home, origin: str) -> Cast:
    operator, registrar = (
        Actor(founder.party, (home.keys / founder.key_files[0]).read_bytes())
        for founder in founders(home.identity())
    )
    return Cast(
        origin,
        operator,
        registrar,
        Actor.new("party:vn.institute"),
        Actor.new("party:vn.firm"),
    )
