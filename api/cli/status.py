"""`techledger operate status`: what an operator looks at in the morning, and what is to be done."""

import json
from importlib.metadata import version
from typing import Annotated

import typer

from api.watching.checks import Check, looks_at_database, looks_at_files, see
from ledger.home.batches import load_batch_key
from ledger.home.keystore import KeystoreError
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.node import open_database
from ledger.store.connection import KeptMac, Pool
from ledger.store.entries import LogUnfinished, read_head

EXIT_HALTED = 70


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at everything that a ledger needs; say what is wrong, and what to do.

    Exit code 0: all is well; 1: something is not; 70: the log is halted.
    """
    settings = Settings()
    identity = Home(settings.home).identity()
    database = open_database(settings)
    pool = Pool(database.app_dsn, size=2, kept_mac=_kept_mac(Home(settings.home)))
    try:
        if (size := read_head(pool).size) == 0:
            raise LogUnfinished
        checks = see({**looks_at_files(settings), **looks_at_database(settings, database, pool)})
    finally:
        pool.close()
        database.stop()
    well = all(check.well for check in checks)
    if as_json:
        found = [_members(check) for check in checks]
        said = {"origin": identity.origin, "size": size, "well": well, "checks": found}
        print(json.dumps(said, indent=1))
    else:
        print(f"{identity.origin} at size {size}, software {version('techledger')}")
        for check in checks:
            print(f"{'ok ' if check.well else 'SEE'}  {check.name:<12} {check.seen.en}")
            if not check.well:
                print(f"{'':18}-> {check.do.en}")
    halted = any(check.name == "halt" and check.asked and not check.well for check in checks)
    raise typer.Exit(EXIT_HALTED if halted else int(not well))


def _kept_mac(home: Home) -> KeptMac | None:
    """Return what shows that read models are of this ledger; None without its key."""
    try:
        return load_batch_key(home.keys, home.identity().origin).kept_mac
    except KeystoreError:
        return None


def _members(check: Check) -> dict[str, object]:
    return {"name": check.name, "well": check.well, "seen": check.seen.en, "do": check.do.en}
