"""
The sealing process: seals the log every so many entries, or some time after something happened.

It holds the operator's key, like no other process; without that key in the home nothing is sealed.
Whatever goes wrong, a seal waits: nothing else does.
"""

import signal
import threading
from datetime import timedelta

import structlog

from api.cli.keeper import Keeper
from api.cli.logs import configure_logs
from api.cli.signing import sign_sealed
from ledger.domain.government.governance import LedgerIsClosed
from ledger.domain.government.seal import LedgerSealed
from ledger.events.lawbook import LawSets
from ledger.events.vintage import Vintage
from ledger.home.keystore import load_key
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.genesis import AppendRefused, append_unpublished
from ledger.node.node import batch_key
from ledger.runtime.clock import Anchor, Clock
from ledger.runtime.faults import Fault, fault_of, reason_of
from ledger.sequence.judging import Recorded
from ledger.store.connection import Pool
from projections.run.process import die_with_parent
from projections.run.seals import draft_seal, last_seal

LOOK_S = 1.0
"""How often, in seconds, to look whether a seal is due."""

REFUSED_S = 60.0
"""How long, in seconds, after the rules refused a seal, another one is tried."""

_log = structlog.get_logger(__name__)


def sealer(settings: Settings, app_dsn: str, anchor: Anchor) -> Keeper | None:
    """Return what keeps a sealing process; None where nothing is to be sealed, or by nobody.

    A process that takes the place of another one dates by the same `anchor`.
    """
    key = Home(settings.home).keys / "operator.pem"
    if settings.seal_entries == 0 or not key.exists():
        return None
    return Keeper("sealing", _run, settings, app_dsn, anchor)


def seal(pool: Pool, home: Home, clock: Clock | None = None) -> Recorded | None:
    """Seal the log now, if there is anything to seal. Raises `AppendRefused`, `ClockAhead`."""
    clock = clock or Clock()
    clock.now()
    identity = home.identity()
    own = batch_key(home, publishes=False)
    draft = draft_seal(pool, above=last_seal(pool, identity.origin).size, key=own)
    if draft is None:
        return None
    key = load_key(home.keys / "operator.pem")
    body = draft.body(identity.origin)
    signed = sign_sealed(identity.origin, LedgerSealed.TOPIC, body, [identity.operator], [key])
    return append_unpublished(pool, home, signed.envelope, clock=clock)


def _run(settings: Settings, app_dsn: str, anchor: Anchor) -> None:
    configure_logs(settings.log_level)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent says when to stop.
    threading.Thread(target=die_with_parent, daemon=True).start()
    home, pool = Home(settings.home), Pool(app_dsn, size=3, application_name="techledger sealing")
    vintage = Vintage(pool, LawSets(home.law))
    clock = Clock(anchor)
    period, stop = timedelta(seconds=settings.seal_s), threading.Event()
    while not stop.wait(LOOK_S):
        try:
            vintage.check()
            last = last_seal(pool, home.identity().origin)
            if last.is_due(clock.now(), settings.seal_entries, period):
                _tell(seal(pool, home, clock))
        except AppendRefused as error:
            if isinstance(error.__cause__, LedgerIsClosed):
                _log.info("nothing_to_seal_any_more", why=str(error))
                stop.wait()
            _log.error("seal_refused", why=str(error))
            stop.wait(REFUSED_S)
        except Exception as error:
            if fault_of(error) is not Fault.PASSES:
                raise  # Another process takes the place of this one, and that is counted.
            _log.warning("seal_waits", why=reason_of(error))


def _tell(sealed: Recorded | None) -> None:
    if sealed:
        _log.info("sealed", position=sealed.position)
