"""Which faults are injected where: every site of the list, with each fault that it can have."""

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

When = Literal["serving", "starting"]
"""A site that is passed while the ledger serves, or only as it starts and stops."""

SITES = Path(__file__).parent / "sites.txt"

_FILE = ("ENOSPC", "EMFILE", "EIO", "ENOMEM", "kill")
_FAULTS = {
    "open": _FILE,
    "write": ("ENOSPC", "EIO", "ENOMEM", "kill"),
    "fsync": ("ENOSPC", "EIO", "kill"),
    "rename": ("ENOSPC", "EIO", "ENOMEM", "kill"),
    "unlink": ("EIO", "ENOMEM", "kill"),
    "mkdir": ("ENOSPC", "EIO", "kill"),
    "thread": ("ENOMEM", "kill"),
    "spawn": ("EMFILE", "ENOMEM", "kill"),
    "exec": ("EMFILE", "ENOMEM", "kill"),
    "connect": ("EMFILE", "ENOMEM", "kill"),
    "await": ("cancel", "ENOMEM", "kill"),
}
_STATEMENT = {
    "send": ("ENOSPC", "EIO", "EMFILE", "ENOMEM", "kill", "cut"),
    "receive": ("ENOMEM", "kill", "cut"),
}
_SOCKET = {"send": ("EIO", "ENOMEM", "kill"), "receive": ("EIO", "ENOMEM", "kill")}


@dataclass(frozen=True)
class Row:
    """One fault at one site."""

    when: When
    site: str
    fault: str


def faults_of(site: str) -> tuple[str, ...]:
    """Return the faults that a site can have."""
    _process, call, kind, _caller = site.split(" ")
    if call in ("send", "receive"):
        return (_SOCKET if kind in ("client", "socket", "peer") else _STATEMENT)[call]
    return _FAULTS[call]


def read_sites(path: Path = SITES) -> dict[str, When]:
    """Return the committed list: each site, and when it is passed."""
    sites: dict[str, When] = {}
    for line in path.read_text().splitlines():
        when, _, site = line.partition(" ")
        assert when in ("serving", "starting"), line
        sites[site] = when  # type: ignore[assignment]
    return sites


def rows(sites: dict[str, When]) -> list[Row]:
    """Return every site with each of its faults."""
    return [Row(when, site, fault) for site, when in sites.items() for fault in faults_of(site)]


def pairs(sites: dict[str, When], count: int, seed: int) -> list[tuple[Row, Row]]:
    """Return seeded pairs of faults while serving: the second strikes once the first is over."""
    random = Random(seed)
    serving = [row for row in rows(sites) if row.when == "serving"]
    return [(random.choice(serving), random.choice(serving)) for _ in range(count)]


def sample(sites: dict[str, When], count: int, seed: int) -> list[Row]:
    """Return so many rows while serving, of every call where there is room."""
    random = Random(seed)
    serving = [row for row in rows(sites) if row.when == "serving" and row.fault != "kill"]
    return random.sample(serving, min(count, len(serving)))
