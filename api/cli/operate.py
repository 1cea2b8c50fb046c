"""`techledger operate`: make, migrate, rebuild and check a ledger. For its operator."""

import json
import os
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated

import orjson
import typer

from api.cli import backups, governing, keeping, restoring, status
from api.cli.options import AsJson, read_envelope_in
from api.cli.outcome import fail, tell
from api.cli.sealer import seal
from api.cli.signing import sign_sealed
from ledger import court
from ledger.domain.core.personal_data import personal_data_in
from ledger.domain.government.governance import LedgerIsClosed, LedgerResumed
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.intake import decode
from ledger.follow.audit import StoredLog, export
from ledger.home.antirollback import CheckpointFile, Halted
from ledger.home.batches import load_batch_key
from ledger.home.keystore import load_key
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.fsck import FsckReport, attempt, check_log
from ledger.node.genesis import (
    DEFAULT_DELAY_S,
    DEFAULT_OPERATOR,
    DEFAULT_REGISTRAR,
    AppendRefused,
    RegistrarKeysRefused,
    RegistrarMustSign,
    append_unpublished,
    initialise,
    read_registrar_keys,
    registrar_keys_of,
    write_trust,
)
from ledger.node.node import batch_key, open_database, open_log, policy_of, publisher_of
from ledger.publish.quorum import Quorum
from ledger.runtime.faults import canonical_reason
from ledger.store.connection import Pool
from ledger.store.migrate import migrate as run_migrations
from ledger.wire.regular import read_regular
from ledger.wire.told import Told
from projections.engine.digest import stored_digest
from projections.engine.view import NotFolded
from projections.run.catalogue import READ_MODELS
from projections.run.comparison import TableDifference, UnknownProjection, difference, model_named
from projections.run.rebuild import rebuild as rebuild_models
from projections.run.table_check import read_model_faults

app = typer.Typer(help="Make, migrate, rebuild and check a ledger.", no_args_is_help=True)


@app.command("init")
def init(  # noqa: PLR0913  (the command's options)
    *,
    host: Annotated[
        str | None,
        typer.Option(help="Begins the origin, for ever: the exchange's host name"),
    ] = None,
    operator: Annotated[
        str | None,
        typer.Option(help="Party id of the exchange's operator", show_default=DEFAULT_OPERATOR),
    ] = None,
    registrar_party: Annotated[
        str | None,
        typer.Option(help="Party id of the State's registrar", show_default=DEFAULT_REGISTRAR),
    ] = None,
    registrar: Annotated[
        list[Path] | None,
        typer.Option(help="The registrar's two public keys, as keys new printed them; repeatable"),
    ] = None,
    delay: Annotated[
        int | None,
        typer.Option(
            help="Seconds for which what officers vouch for waits: organisations, roles, keys",
            min=0,
            show_default=str(DEFAULT_DELAY_S),
        ),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="The first event, as the registrar has signed it")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a new log: origin, keys, database, genesis entry, first checkpoint, trust root.

    With --registrar it waits for the registrar to sign the first event; --resume goes on. Without,
    the registrar's keys are made beside the operator's: a demonstration. Interrupted, by a power
    cut too, it is finished by the same command.
    """
    settings, records = Settings(), [read_regular(file) for file in registrar or ()]
    home = Home(settings.home)
    try:
        identity = initialise(
            settings,
            host,
            operator,
            registrar_party,
            registrar_keys=read_registrar_keys(records) if records else (),
            signed=None if resume is None else read_envelope_in(resume, "--resume"),
            delay_s=delay,
        )
    except RegistrarMustSign as waiting:
        members = {"made": False, "waits": str(waiting), "genesis": str(home.genesis)}
        text = f"waits   {waiting}\n{_REGISTRAR_SIGNS.format(genesis=home.genesis)}"
        tell(members, text, as_json=as_json)
        raise typer.Exit(int(resume is not None)) from None
    except RegistrarKeysRefused as refused:
        files = ", ".join(map(str, registrar or ()))
        raise typer.BadParameter(f"{files}: {refused}", param_hint="--registrar") from None
    places = {"origin": identity.origin, "trust": str(home.trust), "keys": str(home.keys)}
    warnings = [] if registrar_keys_of(home) else [DEMONSTRATION]
    warnings += [court.DEMONSTRATION] if delay == 0 else []
    lines = [*(f"{name:<7} {place}" for name, place in places.items()), *warnings]
    tell({"made": True, **places, "warnings": warnings}, "\n".join(lines), as_json=as_json)


DEMONSTRATION = "demonstration: who has this home has the keys of operator and registrar both"

_REGISTRAR_SIGNS = """\
The registrar signs it where its keys are, all of them:
  techledger events sign {genesis} --key FIRST.pem --key SECOND.pem > signed.json
Then: techledger operate init --resume signed.json"""


@app.command("trust")
def trust() -> None:
    """Write trust.json again, from entry 0 of the database, and print it; the server may run."""
    settings = Settings()
    database = open_database(settings)
    try:
        with closing(Pool(database.app_dsn, size=1)) as pool:
            written = write_trust(Home(settings.home), pool)
    finally:
        database.stop()
    print(written.to_json().decode())


@app.command("migrate")
def migrate(as_json: AsJson = False) -> None:
    """Bring the schema up to date, after checking the sums of all migrations."""
    database = open_database(Settings())
    try:
        applied = run_migrations(database.owner_dsn)
    finally:
        database.stop()
    text = "\n".join(f"applied {each}" for each in applied) or "the schema is up to date"
    tell({"applied": applied}, text, as_json=as_json)


@app.command("rebuild")
def rebuild(as_json: AsJson = False) -> None:
    """Fold every read model again, beside the live tables, and swap; print the digests."""
    settings = Settings()
    database = open_database(settings)
    try:
        pool, key = Pool(database.app_dsn, size=4), batch_key(Home(settings.home))
        rebuild_models(pool, READ_MODELS, decode, key=key)
        digests = {model.name: str(stored_digest(pool, model)) for model in READ_MODELS}
    finally:
        database.stop()
    text = "\n".join(f"{name:<14} {digest}" for name, digest in digests.items())
    tell({"digests": digests}, text, as_json=as_json)


@app.command("export-tiles")
def export_tiles(
    directory: Annotated[Path, typer.Argument(help="Any web server's root", file_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Write the log as the plain files that tlog-tiles names, or what is new of it."""
    settings = Settings()
    database = open_log(settings)
    try:
        pool = Pool(database.app_dsn, size=1)
        done = export(StoredLog(pool, Quorum(policy_of(settings, pool))), directory)
    finally:
        database.stop()
    tell(done.to_json(), str(done), as_json=as_json)


@app.command("seal")
def seal_now(as_json: AsJson = False) -> None:
    """Seal the log now: commit to every subject's history and to the read models.

    Signs `ledger.sealed/1` with the operator's key of LEDGER_HOME.
    """
    settings = Settings()
    database = open_log(settings)
    try:
        pool = Pool(database.app_dsn, size=3)
        sealed = seal(pool, Home(settings.home))
        pool.close()
    finally:
        database.stop()
    members = {"sealed": sealed is not None, "position": sealed.position if sealed else None}
    text = f"sealed by position {sealed.position}" if sealed else "there is nothing new to seal"
    tell(members, text, as_json=as_json)


@app.command("halt")
def halt(
    reason: Annotated[str, typer.Option(help="Why, for anyone who finds it")],
    as_json: AsJson = False,
) -> None:
    """Have the log sign nothing more, across restarts, until `operate resume`."""
    CheckpointFile(Home(Settings().home).checkpoints).halt(reason)
    tell({"halted": True, "reason": reason}, "halted", as_json=as_json)


@app.command("resume")
def resume(
    reason: Annotated[str, typer.Option(help="What was found, and done about it")],
    as_json: AsJson = False,
) -> None:
    """Let a halted log sign again, if everything agrees now; the log records who did it and why.

    Signs `ledger.resumed/1` with the operator's key of LEDGER_HOME. The server has to be stopped.
    """
    settings = Settings()
    home = Home(settings.home)
    identity, file = home.identity(), CheckpointFile(home.checkpoints)
    try:
        file.check_not_halted()
    except Halted as halted:
        why = _sayable(str(halted))
    else:
        members = {"resumed": False, "reason": "the log is not halted"}
        fail(members, "the log is not halted", as_json=as_json)
    body = {"ledger": ledger_subject(identity.origin), "halted": why, "reason": _sayable(reason)}
    database, held = open_database(settings), file.hold()
    try:
        pool = Pool(database.app_dsn, size=2)
        publisher = publisher_of(settings, pool, file)
        note, _ = publisher.examine()
        try:
            publisher.examine_unsigned(note)
        except Halted as doubt:
            raise Halted(f"{doubt}: {_NOT_TO_BE_SIGNED}") from None
        key = load_key(home.keys / "operator.pem")
        signed = sign_sealed(identity.origin, LedgerResumed.TOPIC, body, [identity.operator], [key])
        try:
            position: int | None = append_unpublished(pool, home, signed.envelope).position
            said = f"position {position} says why"
        except AppendRefused as refused:
            if not isinstance(refused.__cause__, LedgerIsClosed):
                raise
            position = None
            said = f"{refused}: nothing is recorded any more, it is served as it is"
        file.resume()
        pool.close()
    finally:
        os.close(held)
        database.stop()
    tell({"resumed": True, "position": position}, f"resumed; {said}", as_json=as_json)


_NOT_TO_BE_SIGNED = 'docs/guides/operating.md, "Rows that are not to be signed"'


app.command("status")(status.status)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore_backup)


def _sayable(reason: str) -> str:
    """Return a reason as an event may carry it: whatever halted the log, it can be resumed."""
    if found := personal_data_in(reason):
        return f"not repeated here, for it holds {found}"
    return canonical_reason(reason) or "no reason was given"


app.add_typer(governing.log_keys, name="log-keys")
app.add_typer(keeping.kek, name="kek")
app.add_typer(keeping.opening, name="opening")
app.command("erase")(keeping.erase)
app.command("restore-from-mirror")(restoring.restore_from_mirror)
app.command("refusal-key")(governing.refusal_key)
app.command("adopt-delay")(governing.adopt_delay)
app.command("adopt-policy")(governing.adopt_policy)
app.command("hand-over")(governing.hand_over)
app.command("close")(governing.close)
app.command("succeed")(governing.succeed)


class NothingToCompare(Told):
    """The read model was never folded, so there are no rows that could differ."""


@app.command("compare")
def compare(
    name: Annotated[str, typer.Argument(help="A read model, such as title")],
    as_json: AsJson = False,
) -> None:
    """Replay the log and say which is the first event by which a read model differs from it.

    It holds rows to the log, and no index to its table: `operate fsck` does.
    """
    found = _compared(name)
    if as_json:
        print(orjson.dumps(found).decode())
    elif found.agrees:
        print(f"{name}: no difference in {found.size} entries, {found.stored}")
    elif found.first is None:
        print(f"{name}: no row differs, but the next seal would say {found.kept}")
        print(f"  and not {found.stored}: techledger operate rebuild")
    else:
        print(f"{name}: the first of {found.count} differing rows is of position {found.first}")
        for row in found.rows:
            print(f"  {row.position}\n    table  {row.stored}\n    replay {row.replayed}")
    if not as_json:
        print("no index was held to its table: techledger operate fsck")
    if not found.agrees:
        raise typer.Exit(1)


def _compared(name: str) -> TableDifference:
    database = open_database(Settings())
    try:
        return difference(Pool(database.app_dsn, size=3), model_named(name))
    except UnknownProjection as error:
        raise typer.BadParameter(str(error)) from None
    except NotFolded as error:
        raise NothingToCompare(f"NOT_FOLDED: {error}; run techledger operate rebuild") from None
    finally:
        database.stop()


def _check_read_models(pool: Pool, report: FsckReport, home: Home, *, rows: bool) -> None:
    key = load_batch_key(home.keys, home.identity().origin)
    for what in read_model_faults(pool, key, rows=rows):
        report.add(what)


@app.command("fsck")
def fsck(
    read_models: Annotated[
        bool, typer.Option("--read-models", help="Read all rows of the read models too")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the database against itself: every entry, hash, tag, node and checkpoint."""
    settings = Settings()
    database = open_log(settings)
    try:
        home = Home(settings.home)
        keys = home.data_keys(settings.vault, settings.kek_file)
        pool = Pool(database.app_dsn, size=2)
        report = check_log(pool, home, keys)
        check = partial(_check_read_models, pool, report, home, rows=read_models)
        attempt(nullcontext, report, "read models", check)
    finally:
        database.stop()
    if as_json:
        print(json.dumps(report.to_json(), indent=1))
    else:
        print(f"{report.size} entries, root {report.root}")
        for finding in report.findings:
            print(f"position {finding.position}: {finding.what}")
        if not read_models:
            print("the rows of the read models were not read: --read-models reads them")
        print("clean" if not report.findings else f"{len(report.findings)} findings")
    raise typer.Exit(1 if report.findings else 0)
