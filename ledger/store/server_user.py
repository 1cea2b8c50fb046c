"""
The system user that the embedded PostgreSQL runs as, where we are root and it cannot be.

A user of its own: `nobody` is many a program's, and each of them could read the database.
"""

import pwd
import subprocess

from ledger.store.connection import StoreError

NAME = "techledger"


class NoServerUser(StoreError):
    """There is no user that the server can run as, and none could be made."""


def server_user() -> pwd.struct_passwd:
    """Return the user `techledger`, made if there is none. Raises `NoServerUser`."""
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        said = _make()
    try:
        return pwd.getpwnam(NAME)  # By us, or by another process just now.
    except KeyError:
        raise NoServerUser(f"make a system user {NAME}, as root runs no server: {said}") from None


def _make() -> str:
    """Make the user; return what was said where that failed."""
    command = ["useradd", "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", NAME]
    try:
        done = subprocess.run(  # noqa: S603  (our own words)
            command, check=False, capture_output=True, text=True, env={"PATH": "/usr/sbin:/sbin"}
        )
    except OSError as error:
        return str(error)
    return done.stderr.strip()
