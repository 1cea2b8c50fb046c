"""
A newer version of this software: a copy of the tree that knows more than this one does.

It has another migration, another edition of the rules, a newer version of a read model, and calls
`technology.registered/1` by another name: a type that this software has never heard of.
"""

import hashlib
import shutil
from pathlib import Path

from ledger.follow.client import Signed
from ledger.store.migrate import names
from ledger.wire.envelope import sign_envelope
from ledger.wire.signing_keys import PrivateKey
from tests.support.server import ROOT

EDITION = "1-later"
TYPE = "technology.registered/2"
MIGRATION = "9999_later"


def make_newer(directory: Path) -> Path:
    """Write a newer version into a directory; return where it lies."""
    for package in ("ledger", "api", "projections", "migrations"):
        shutil.copytree(ROOT / package, directory / package)
    for path in directory.rglob("*.*"):
        if path.suffix in (".py", ".json") and (text := path.read_text("utf-8")).count(_OLD):
            path.write_text(text.replace(_OLD, TYPE), "utf-8")
    _change(
        directory / "ledger/domain/government/ledger.py", '{"0-dev"}', f'{{"0-dev", "{EDITION}"}}'
    )
    rules = '{"0-dev": ADMITS}', f'{{"0-dev": ADMITS, "{EDITION}": ADMITS}}'
    _change(directory / "ledger/domain/registry.py", *rules)
    _change(directory / "projections/tables/technologies.py", "version=", "version=1000 + ")
    last = Path(names()[-1]).stem
    migration = f"-- Later\n--\n-- depends: {last}\n\nCREATE TABLE read.later (n bigint);\n"
    (directory / f"migrations/{MIGRATION}.sql").write_text(migration)
    digest = hashlib.sha256(migration.encode()).hexdigest()
    with (directory / "migrations/SHA256SUMS").open("a") as sums:
        sums.write(f"{digest}  {MIGRATION}.sql\n")
    return directory


def as_newer(signed: Signed, *keys: PrivateKey) -> Signed:
    """Return a registration of a technology as the newer version writes it."""
    payload = signed.envelope.payload.replace(_OLD.encode(), TYPE.encode())
    return Signed(sign_envelope(payload, keys), signed.openings)


_OLD = "technology.registered/1"


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, f"{path.name} is not as it was"
    path.write_text(text.replace(old, new), "utf-8")
