"""
The command line: `techledger <noun> <verb>`.

Exit codes: 0 done; 1 refused, or something does not verify; 2 wrong usage; 70 halted; 78 unfit.
"""

import os
import sys

import typer
from pydantic import ValidationError

from api.cli import (
    audit,
    bench,
    contracts,
    demo,
    disputes,
    events,
    evidence,
    import_cuad,
    import_inpadoc,
    importing,
    keys,
    law,
    licences,
    mirror,
    monitor,
    operate,
    parties,
    policy,
    revenue,
    rights,
    serve,
    tlog,
    witness,
)
from api.cli.logs import configure_logs
from ledger.antirollback import AntiRollbackError, Halted
from ledger.audit import AuditError
from ledger.client import ClientError
from ledger.datakeys import DataKeyError
from ledger.faults import NeedsOperator, Passing
from ledger.genesis import AppendRefused, GenesisError
from ledger.home import HomeError
from ledger.keystore import KeystoreError
from ledger.node import NodeError
from ledger.restore import RestoreError
from ledger.settings import Settings, UnknownVariable, must_know
from ledger.store.attest import Unfit
from ledger.store.connection import StoreError
from ledger.succession import SuccessionError
from ledger.supply import SupplyError
from ledger.verify.outcome import VerifyError
from ledger.wire.shown import showing, visible
from ledger.witness.book import BookError
from ledger.witness.house import WitnessError

app = typer.Typer(
    name="techledger",
    help="A ledger of signed technology transactions that its operator cannot rewrite unnoticed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("bench")(bench.bench)
app.command("mirror")(mirror.mirror)
app.command("monitor")(monitor.monitor)
app.add_typer(keys.app, name="keys")
app.add_typer(events.app, name="events")
app.add_typer(evidence.app, name="evidence")
app.add_typer(witness.app, name="witness")
app.add_typer(policy.app, name="policy")
app.add_typer(tlog.app, name="tlog")
app.add_typer(parties.app, name="parties")
app.add_typer(contracts.app, name="contracts")
app.add_typer(rights.app, name="rights")
app.add_typer(licences.app, name="licences")
app.add_typer(revenue.app, name="revenue")
app.add_typer(disputes.app, name="disputes")
importing.app.command("inpadoc")(import_inpadoc.inpadoc)
importing.app.command("cuad")(import_cuad.cuad)
app.add_typer(importing.app, name="import")
app.add_typer(law.app, name="law")
app.add_typer(audit.app, name="audit")
app.add_typer(operate.app, name="operate")

EXIT_USAGE = 2
EXIT_HALTED = 70
EXIT_UNFIT = 78


def run() -> None:
    """Run the command line; known errors are one line and an exit code, no traceback."""
    try:
        must_know(os.environ)
        configure_logs(Settings().log_level)
    except UnknownVariable as error:
        _fail(error, EXIT_USAGE)
    except ValidationError as error:
        _fail(_wrong_setting(error), EXIT_USAGE)
    with showing():
        _run()


def _run() -> None:
    try:
        app()
    except Halted as error:
        _fail(error, EXIT_HALTED)
    except (DataKeyError, Unfit) as error:
        _fail(error, EXIT_UNFIT)
    except (
        AntiRollbackError,
        AppendRefused,
        AuditError,
        ClientError,
        demo.DemoFailed,
        GenesisError,
        HomeError,
        KeystoreError,
        NeedsOperator,
        NodeError,
        Passing,
        RestoreError,
        StoreError,
        SupplyError,
        SuccessionError,
        VerifyError,
        WitnessError,
        BookError,
    ) as error:
        _fail(error, 1)


def _wrong_setting(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"LEDGER_{first['loc'][0]}".upper() + f": {first['msg']}"


def _fail(error: Exception | str, code: int) -> None:
    print(f"techledger: {visible(str(error))}", file=sys.stderr)
    sys.exit(code)
