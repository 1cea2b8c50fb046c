"""`techledger operate`: make, migrate, rebuild and check a ledger. For its operator."""

import json
from pathlib import Path
from typing import Annotated

import orjson
import typer

from ledger.audit import StoredLog, export
from ledger.fsck import check_log
from ledger.genesis import initialise
from ledger.home import Home
from ledger.intake import decode
from ledger.node import open_database, policy_of
from ledger.settings import Settings
from ledger.store.connection import Pool
from ledger.store.migrate import migrate as run_migrations
from ledger.witnessed import Quorum
from projections.catalogue import READ_MODELS
from projections.comparison import UnknownProjection, difference, model_named
from projections.digest import stored_digest
from projections.rebuild import rebuild as rebuild_models

app = typer.Typer(help="Make, migrate, rebuild and check a ledger.", no_args_is_help=True)


@app.command("init")
def init(
    host: Annotated[str, typer.Option(help="Begins the origin: the exchange's host name")] = (
        "ledger.example.vn"
    ),
    operator: Annotated[str, typer.Option(help="Party id of the exchange's operator")] = (
        "party:vn.exchange"
    ),
    registrar: Annotated[str, typer.Option(help="Party id of the State's registrar")] = (
        "party:vn.department"
    ),
) -> None:
    """Make a new log: origin, keys, database, genesis entry, first checkpoint, trust root."""
    settings = Settings()
    identity = initialise(settings, host, operator, registrar)
    print(f"origin  {identity.origin}")
    print(f"trust   {Home(settings.home).trust}")
    print(f"keys    {Home(settings.home).keys}")


@app.command("migrate")
def migrate() -> None:
    """Bring the schema up to date, after checking the sums of all migrations."""
    database = open_database(Settings())
    try:
        for name in run_migrations(database.owner_dsn):
            print(f"applied {name}")
    finally:
        database.stop()


@app.command("rebuild")
def rebuild() -> None:
    """Fold every read model anew, beside the live tables, and swap; print the digests."""
    database = open_database(Settings())
    try:
        pool = Pool(database.app_dsn, size=4)
        rebuild_models(pool, READ_MODELS, decode)
        for model in READ_MODELS:
            print(f"{model.name:<14} {stored_digest(pool, model)}")
    finally:
        database.stop()


@app.command("export-tiles")
def export_tiles(
    directory: Annotated[Path, typer.Argument(help="Any web server's root", file_okay=False)],
) -> None:
    """Write the log as the plain files that tlog-tiles names, or what is new of it."""
    settings = Settings()
    quorum, database = Quorum(policy_of(settings)), open_database(settings)
    try:
        done = export(StoredLog(Pool(database.app_dsn, size=1), quorum), directory)
    finally:
        database.stop()
    checkpoint = done.checkpoint
    print(f"{checkpoint.origin} at size {checkpoint.size}, {done.files} new files")


@app.command("compare")
def compare(
    name: Annotated[str, typer.Argument(help="A read model, such as title")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replay the log and say which is the first event by which a read model differs from it."""
    database = open_database(Settings())
    try:
        found = difference(Pool(database.app_dsn, size=3), model_named(name))
    except UnknownProjection as error:
        raise typer.BadParameter(str(error)) from None
    finally:
        database.stop()
    if as_json:
        print(orjson.dumps(found).decode())
    elif found.first is None:
        print(f"{name}: no difference in {found.size} entries, {found.stored}")
    else:
        print(f"{name}: the first of {found.count} differing rows is of position {found.first}")
        for row in found.rows:
            print(f"  {row.position}\n    table  {row.stored}\n    replay {row.replayed}")
    if found.first is not None:
        raise typer.Exit(1)


@app.command("fsck")
def fsck(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the database against itself: every entry, hash, tag, node and checkpoint."""
    settings = Settings()
    database = open_database(settings)
    try:
        report = check_log(Pool(database.app_dsn, size=2), Home(settings.home))
    finally:
        database.stop()
    if as_json:
        print(json.dumps(report.to_json(), indent=1))
    else:
        print(f"{report.size} entries, root {report.root}")
        for finding in report.findings:
            print(f"position {finding.position}: {finding.what}")
        print("clean" if not report.findings else f"{len(report.findings)} findings")
    raise typer.Exit(1 if report.findings else 0)
