"""`techledger operate restore-from-mirror`: what the database has lost, from one who holds it."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Annotated

import httpx2
import typer

from api.cli.options import AsJson
from api.cli.outcome import fail, tell
from api.cli.served import ServedLog
from ledger.follow.audit import AuditError, export
from ledger.follow.authentic import Authenticated
from ledger.follow.supply import Supply, SupplyError, entry_in, gather
from ledger.home.antirollback import CheckpointFile
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.log.encoding import write_base64
from ledger.node.node import batch_key, open_database
from ledger.node.restore import RestoreError, restore
from ledger.runtime.http import open_client
from ledger.store.connection import Pool


def restore_from_mirror(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Mirrors: directories or URLs; evidence bundles: files"),
    ] = None,
    receipt: Annotated[
        list[str] | None,
        typer.Option(help="RECEIPT:ENTRY, two files that a member kept; many times"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring back what the database has lost, from all who hold some of it, to the identical root.

    What is still missing is named. The server has to be stopped. A halted log stays halted:
    `operate resume` lets it go on.
    """
    settings = Settings()
    home = Home(settings.home)
    file, database = CheckpointFile(home.checkpoints), open_database(settings)
    try:
        with ExitStack() as held, closing(Pool(database.app_dsn, size=2)) as pool:
            held.callback(os.close, file.hold())
            supply = held.enter_context(_supply(home.trust_root(), sources or (), receipt or ()))
            done = restore(pool, file, supply, batch_key(home))
    except (SupplyError, RestoreError, AuditError, httpx2.HTTPError) as error:
        fail({"restored": False, "reason": str(error)}, f"REFUSED: {error}", as_json=as_json)
    finally:
        database.stop()
    size, root = done.checkpoint.size, write_base64(done.checkpoint.root)
    text = f"{done.entries} entries came back; size {size}, root {root}"
    if done.sealed:
        text += f"\n{done.sealed} of them hold sealed sections, whose openings no mirror has"
    members = {
        "restored": True,
        "entries": done.entries,
        "size": size,
        "root": root,
        "sealed": done.sealed,
    }
    tell(members, text, as_json=as_json)


@contextmanager
def _supply(trust_root: bytes, sources: Sequence[str], receipts: Sequence[str]) -> Iterator[Supply]:
    """Lend what all of them hold; what a server holds is fetched into a directory meanwhile."""
    with tempfile.TemporaryDirectory() as fetched:
        mirrors, bundles = [], []
        for number, source in enumerate(sources):
            if source.startswith(("http://", "https://")):
                mirrors.append(_fetched(source, Path(fetched, str(number))))
            elif Path(source).is_dir():
                mirrors.append(Path(source))
            else:
                bundles.append(Path(source))
        yield gather(trust_root, mirrors, bundles, map(_pair, receipts))


def _fetched(url: str, directory: Path) -> Path:
    with open_client(url) as http:
        export(Authenticated(ServedLog(http), "", None), directory)
    return directory


def _pair(named: str) -> tuple[Path, bytes]:
    receipt, parted, entry = named.rpartition(":")
    if not parted:
        raise typer.BadParameter(f"{named} is not RECEIPT:ENTRY", param_hint="--receipt")
    return Path(receipt), entry_in(Path(entry))
