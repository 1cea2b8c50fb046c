"""The log of a server, as it is taken home."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

import httpx2
import typer

from ledger.follow.audit import NothingExported, cut_bundle
from ledger.follow.client import NoAnswer, ReceiptRefused
from ledger.follow.exportfiles import Allowance
from ledger.follow.replies import read_object
from ledger.log.merkle import HASH_SIZE
from ledger.log.tiles import MAX_ENTRY, TILE_WIDTH, entries_path, tile_path
from ledger.runtime.http import DEADLINE_S, SOON_S, fetch, why_not

Most = Annotated[float, typer.Option(min=0.001, help="GiB of a log to take in at most in one run")]

MAX_FILE = TILE_WIDTH * (2 + MAX_ENTRY)
"""Bytes of a file of a log at most: a full entry bundle."""


class _Gone(NothingExported):
    """The server has no such file; of a partial tile it may have the full one (tlog-tiles)."""


class ServedLog:
    """The log of a server, as a `Source` for exports."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http

    def checkpoint(self) -> bytes:
        """Return the latest signed note."""
        return self._get("checkpoint")

    def fetch(self, level: int, n: int, width: int) -> bytes:
        """Return a tile of hashes, cut from the full one where the partial one is gone."""
        try:
            return self._get(tile_path(level, n, width))
        except _Gone:
            if width == TILE_WIDTH:
                raise
            return self._get(tile_path(level, n))[: width * HASH_SIZE]

    def fetch_bundle(self, n: int, width: int) -> bytes:
        """Return an entry bundle, cut from the full one where the partial one is gone."""
        try:
            return self._get(entries_path(n, width), DEADLINE_S)
        except _Gone:
            if width == TILE_WIDTH:
                raise
            return cut_bundle(self._get(entries_path(n), DEADLINE_S), width)

    def signed(self, size: int) -> Sequence[bytes]:
        """Return the log's notes of a size, none where the server lists none, as a mirror."""
        try:
            listed = read_object(self._get(f"v1/checkpoints?from={size}&limit=1"))["checkpoints"]
            return [str(each["note"]).encode() for each in listed if each["size"] == size]
        except _Gone:
            return []
        except (ReceiptRefused, LookupError, TypeError) as error:
            raise NothingExported(f"what the server lists cannot be read: {error!r}") from None

    def _get(self, path: str, within_s: float = SOON_S) -> bytes:
        try:
            answer = fetch(self._http, "GET", f"/{path}", limit=MAX_FILE, deadline_s=within_s)
        except httpx2.TransportError as error:
            raise NoAnswer(why_not(error), str(self._http.base_url)) from error
        if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise _Gone(f"the server answers {answer.status} for {path}")
        if answer.status != HTTPStatus.OK:
            raise NothingExported(f"the server answers {answer.status} for {path}")
        return answer.content


def share_of(gib: float) -> Allowance:
    """Return what one run takes in."""
    return Allowance(size=int(gib * (1 << 30)))
