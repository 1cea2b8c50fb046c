"""
What witnesses and mirrors have seen of this log: asked before the first signature of a process.

A database that was restored, or failed over to a lagging replica, looks like any other; together
with the anti-rollback file it may even agree with itself. Anyone who saw more has the checkpoint,
and the log's own signature under it proves it (docs/reliability.md, F15).
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http import HTTPStatus

import httpx2
import structlog

from ledger.log.note import MAX_NOTE
from ledger.log.policy import Policy
from ledger.publish.publisher import SeenCheckpoint
from ledger.runtime.http import fetch, open_client

TIMEOUT_S = 2.0
"""How long one witness or mirror may take to answer, in seconds."""

_log = structlog.get_logger(__name__)


def places(policy: Policy, mirrors: Sequence[str], origin: str) -> list[str]:
    """Return where a checkpoint of this log may be: at its witnesses, and at its mirrors."""
    name = sha256(origin.encode()).hexdigest()
    witnesses = dict.fromkeys(str(each.url).rstrip("/") for each in policy.witnesses if each.url)
    return [
        *(f"{url}/{name}/checkpoint" for url in witnesses),
        *(f"{url.rstrip('/')}/checkpoint" for url in mirrors),
    ]


def ask_who_saw_more(urls: Sequence[str]) -> Iterator[SeenCheckpoint]:
    """Ask all at once; yield what those that answer have. Who does not answer shows nothing."""
    if not urls:
        return
    with open_client(timeout_s=TIMEOUT_S) as http, ThreadPoolExecutor(len(urls)) as asking:
        for url, note in zip(urls, asking.map(lambda url: _ask(http, url), urls), strict=True):
            if note is not None:
                yield SeenCheckpoint(url, note)


def _ask(http: httpx2.Client, url: str) -> bytes | None:
    try:
        answer = fetch(http, "GET", url, limit=MAX_NOTE, deadline_s=2 * TIMEOUT_S)
    except httpx2.HTTPError as error:
        _log.warning("no_answer", where=url, why=f"{type(error).__name__}: {error}")
        return None
    return answer.content if answer.status == HTTPStatus.OK else None
