"""
What the environment says: every setting, once, with its name, unit and default.

Environment first (`LEDGER_*`); secrets by file path. `docs/reference/settings.md` lists them and a
test holds the two together.
"""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ledger.home.keystore import KeyFileRefused, read_private
from ledger.home.variables import OF_CLIENTS, PREFIX, is_ours
from ledger.log.statement import LONGEST_PROMISE_S
from ledger.wire.told import Told


def default_home() -> Path:
    """Return where a ledger lives by default: the user's data directory, for root /var/lib."""
    if os.geteuid() == 0:
        return Path("/var/lib/techledger")
    return user_data_path("techledger")


class Settings(BaseSettings):
    """Settings of the ledger's processes, read from the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    home: Path = Field(default_factory=default_home)
    """Directory of the database, the keys, the anti-rollback store and config.toml."""

    database_url: str | None = None
    """A PostgreSQL of one's own; without it the embedded one runs under `home`."""

    database_owner_url: str | None = None
    """The role that owns the schema, for migrations; default: `database_url` as it is."""

    database_password_file: Path | None = None
    """File with the password for `database_url`, mode 0600."""

    database_owner_password_file: Path | None = None
    """File with the password for `database_owner_url`, mode 0600; default: the other one."""

    postgres_bin: Path | None = None
    """Directory of `initdb` and `postgres`, before those of the wheel."""

    wal_archive: Path | None = None
    """Directory where the embedded server keeps its write-ahead log, for `operate restore`."""

    replication: Literal["none", "async", "sync"] = "none"
    """What the database is declared to have: `sync` starts, takes and signs with a standby only."""

    host: str = "127.0.0.1"
    """Address to bind. Beyond loopback only with `LEDGER_ENTRIES=open`."""

    port: int = Field(default=8017, ge=0, le=65535)
    """TCP port; 0 lets the kernel choose."""

    policy: Path | None = None
    """Trust policy (c2sp.org/tlog-policy): its witnesses are fed; default: `policy` in `home`."""

    fallback_policy: Path | None = None
    """Trust policy of grade `degraded`, by the same witnesses; default: `fallback-policy` there."""

    mirrors: str = ""
    """URLs of mirrors of this log, separated by spaces: asked at start what they have seen."""

    witnessed_wait_s: float = Field(default=5.0, ge=0, le=60)
    """How long a submission with `Prefer: wait=witnessed` waits for a quorum, in seconds."""

    entries: Literal["loopback", "open"] = "loopback"
    """`open`: anyone who reaches the server can read every entry; by hand, never by default."""

    verifier_processes: int = Field(default=2, ge=1, le=64)
    """Processes that check signatures and do nothing else."""

    batch_max: int = Field(default=256, ge=1, le=4096)
    """Events that one commit appends at most."""

    seal_entries: int = Field(default=10_000, ge=0)
    """Entries after which the operator seals the log; 0: never."""

    seal_s: float = Field(default=3600.0, gt=0)
    """How long, in seconds, after the last seal anything new is sealed, however little."""

    outstanding_max: int = Field(default=4096, ge=1)
    """Events waiting for the sequencer at most; beyond it: 503 with Retry-After."""

    vault: Path | None = None
    """Directory of the vault's data keys, shared by all processes; default: `vault` in `home`."""

    kek_file: Path | None = None
    """The key-encryption key of the vault; default: `keys/vault-kek` in `home`."""

    openings_cached_bytes: int = Field(default=16 << 20, ge=0)
    """Bytes of opened values that are kept in memory for the rules; the oldest go first."""

    receipt_wait_s: float = Field(default=10.0, gt=0, le=300)
    """How long a submission waits for its receipt, in seconds; then 503 OUTCOME_UNKNOWN."""

    promise_s: float = Field(default=60.0, gt=0, le=LONGEST_PROMISE_S)
    """Within how long, in seconds, it is answered what `Prefer: respond-async` gets promised."""

    promise_kept_s: float = Field(default=86_400.0, ge=0)
    """How long after that time, in seconds, the refusal of what was promised can be asked for."""

    promises_max: int = Field(default=10_000, ge=1)
    """Promised submissions that wait, and their refusals kept, at most; beyond it: 503."""

    promises_per_key: int = Field(default=1_000, ge=1)
    """Of them, those that one key signed; beyond it: 429 with Retry-After."""

    promises_bytes: int = Field(default=64 * 1024 * 1024, ge=1024 * 1024)
    """Bytes of promised submissions that are stored at most; beyond it: 503 with Retry-After."""

    waiting_bytes: int = Field(default=64 * 1024 * 1024, ge=1024 * 1024)
    """Bytes of single submissions that wait at most; beyond it: 503 with Retry-After."""

    keys_bytes: int = Field(default=32 * 1024 * 1024, ge=64 * 1024)
    """Bytes of public keys that are kept at hand; the least recently used goes first."""

    subjects_bytes: int = Field(default=256 << 20, ge=1 << 20)
    """Bytes of subjects whose folded state is kept warm; the least recently used goes first."""

    hosts: str = ""
    """Names, separated by spaces, by which the server may be asked, beside those of loopback."""

    address_rate: float = Field(default=100.0, gt=0)
    """Requests a second of one address, over ten seconds; what does not verify costs ten."""

    key_rate: float = Field(default=5000.0, gt=0)
    """Events a second that one key may sign, over ten seconds."""

    trusted_proxies: str = ""
    """Addresses or networks, separated by spaces, whose X-Forwarded-For says who the client is."""

    connections: int = Field(default=1000, ge=1)
    """Connections that clients may have at once; fewer where descriptors are too few."""

    connections_per_address: int = Field(default=100, ge=1)
    """Of them, those from one address (IPv6: a /64, twice a /56, four times a /48), no proxy's."""

    streams: int = Field(default=600, ge=0)
    """Streams of events that are open at once; beyond it: 503 with Retry-After."""

    streams_per_address: int = Field(default=5, ge=0)
    """Of them, those of one address: a browser has six connections, and needs one to read."""

    stream_comment_s: float = Field(default=15.0, gt=0, le=60)
    """How long a stream is silent, in seconds, before a comment shows that it is open."""

    unsent_bytes: int = Field(default=128 * 1024 * 1024, ge=1024 * 1024)
    """Bytes of answers that wait to be read by clients at most; beyond it connections are cut."""

    readers: int = Field(default=4, ge=1, le=64)
    """Threads that answer reads, each with a database connection that no writer uses."""

    reads_waiting: int = Field(default=256, ge=0)
    """Reads that wait for a thread at most; beyond it: 503 with Retry-After."""

    read_wait_s: float = Field(default=5.0, ge=0)
    """How long a read waits, in seconds, for a thread, and for read models to reach `at_least`."""

    replay_max: int = Field(default=200_000, ge=0)
    """Entries that one request may have replayed at most, to compare a read model with the log."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Level of the JSON log on standard error."""

    @property
    def app_dsn(self) -> str | None:
        """`database_url` with its password. Raises `KeystoreError` where the file is not right."""
        return _with_password(self.database_url, self.database_password_file)

    @property
    def owner_dsn(self) -> str | None:
        """`database_owner_url` with its password, or `app_dsn`. Raises `KeystoreError`."""
        if self.database_owner_url is None:
            return self.app_dsn
        file = self.database_owner_password_file or self.database_password_file
        return _with_password(self.database_owner_url, file)


def _with_password(url: str | None, file: Path | None) -> str | None:
    if url is None or file is None:
        return url
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    try:
        password = quote(read_private(file).decode().rstrip("\r\n"), safe="")
    except UnicodeDecodeError:
        raise KeyFileRefused(f"{file} is no text: a password in UTF-8 is wanted") from None
    netloc = f"{user.partition(':')[0]}:{password}@{place}"
    return urlunsplit(parts._replace(netloc=netloc))


class UnknownVariable(Told):
    """A `LEDGER_*` variable that is no setting: a slip, and something is not as it was meant."""

    exit_code = 2


def must_know(environment: Iterable[str]) -> None:
    """Raise `UnknownVariable` for the first variable of ours that is none, with a near one."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {*OF_CLIENTS}
    for name in sorted(filter(is_ours, environment)):
        if name not in known:
            near = get_close_matches(name.upper(), sorted(known), 1)
            hint = f"; is {near[0]} meant?" if near else "; docs/reference/settings.md has them"
            raise UnknownVariable(f"{name} is no setting{hint}")
