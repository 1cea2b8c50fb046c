"""
The command line: `techledger <noun> <verb>`.

Exit codes: 0 done; 1 refused, or something does not verify; 2 wrong usage; 70 halted; 78 unfit.
"""

import logging
import sys

import structlog
import typer

from api.cli import audit, bench, demo, events, importing, keys, operate, serve
from ledger.antirollback import AntiRollbackError, Halted
from ledger.client import ClientError
from ledger.home import HomeError
from ledger.keystore import KeystoreError
from ledger.node import NodeError
from ledger.store.attest import Unfit
from ledger.store.connection import StoreError

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
app.add_typer(keys.app, name="keys")
app.add_typer(events.app, name="events")
app.add_typer(importing.app, name="import")
app.add_typer(audit.app, name="audit")
app.add_typer(operate.app, name="operate")

EXIT_HALTED = 70
EXIT_UNFIT = 78


def run() -> None:
    """Run the command line; known errors are one line and an exit code, no traceback."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        app()
    except Halted as error:
        _fail(error, EXIT_HALTED)
    except Unfit as error:
        _fail(error, EXIT_UNFIT)
    except (
        AntiRollbackError,
        ClientError,
        HomeError,
        KeystoreError,
        NodeError,
        StoreError,
    ) as error:
        _fail(error, 1)


def _fail(error: Exception, code: int) -> None:
    print(f"techledger: {error}", file=sys.stderr)
    sys.exit(code)
