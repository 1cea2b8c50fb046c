"""
Whatever a client may choose, at its limit: what is admitted is folded, digested and answered.

Every topic is told with texts, integers and lists as long and as large as they are admitted
(`tests.support.extremes`). All read models fold it, and every question is asked about every subject
in it. A column that holds more than its type, an index over a text, an answer that cannot be
written: each shows here.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from ledger.domain.core.event import Logged
from ledger.domain.registry import TOPICS
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.entries import read_entries, read_head
from ledger.store.readmodels import read_progress
from projections.engine.decoding import decode
from projections.engine.digest import replay, stored_digest
from projections.engine.runner import Runner
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.extremes import told_at_the_limits
from tests.support.http import serving
from tests.support.logbook import append_all, written_again
from tests.support.node import found, running, settings_for
from tests.support.openapi import described
from tests.support.postgres import fresh_database
from tests.support.streams import ENDLESS

ASKED = 12
"""Subjects of one kind that a question is asked about, at most."""


def logs() -> Iterator[list[Logged]]:
    """Yield logs until every topic was told at its limits in one that has it."""
    missing = set(TOPICS)
    told, covered = told_at_the_limits()
    while covered & missing:
        yield told
        missing -= covered
        told, covered = told_at_the_limits(missing)
    assert missing == set()


@pytest.mark.timeout(900)
def test_what_is_admitted_at_its_limits_is_folded_and_answered(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for told in logs():
        with fresh_database(postgres_server) as database:
            settings = settings_for(database, tmp_path_factory.mktemp("ledger") / "home")
            found(settings)
            settings.address_rate, settings.read_wait_s = 1e9, 0.2
            with running(settings, publishes=False) as node:
                rebuild(node.pool, READ_MODELS, decode, key=node.key)
                head = read_head(node.pool)
                assert head.accepted
                append_all(node.pool, written_again(told)[1:], head.accepted)
                Runner(node.pool, READ_MODELS, decode, key=node.key).catch_up()
                size = read_head(node.pool).size
                progress = read_progress(node.pool)
                assert {(size, None)} == {(each.size, each.halted) for each in progress.values()}
                stored = read_entries(node.pool, 0, None, 10**6)
                events = [decode(each.entry, each.position) for each in stored]
                kept = {each.name: stored_digest(node.pool, each) for each in READ_MODELS}
                assert replay(events, READ_MODELS) == kept
                with serving(node) as url, httpx2.Client(base_url=url, timeout=60) as http:
                    ask_everything(http, events)


def ask_everything(http: httpx2.Client, events: list[Logged]) -> None:
    """Ask every question about every subject; none is answered by a fault."""
    subjects = sorted({subject for each in events for subject in each.event.subjects})
    known = [*subjects, *(each.event.event_id for each in events[-5:]), "0", str(len(events) - 1)]
    answers = {path: http.get(path) for path in questions(known)}
    faults = {path: each.text for path, each in answers.items() if each.status_code >= 500}
    assert faults == {}
    assert sum(each.status_code == 200 for each in answers.values()) > 100


def questions(known: list[str]) -> Iterator[str]:
    for path, operation in described()["paths"].items():
        if "get" not in operation or path.endswith(("receipt", "ready", ENDLESS)):
            continue  # A receipt waits for a checkpoint, and nobody signs here: it is not ready.
        named = operation["get"].get("parameters", ())
        asked = [each for each in named if each["in"] == "path" or each.get("required")]
        values = [fitting(each, known) for each in asked]
        for number in range(max(map(len, values), default=1)):
            filled, query = path, []
            for parameter, fits in zip(asked, values, strict=True):
                value = quote(fits[number % len(fits)], safe=":")
                if parameter["in"] == "path":
                    filled = filled.replace(f"{{{parameter['name']}}}", value)
                else:
                    query.append(f"{parameter['name']}={value}")
            yield filled + ("?" if query else "") + "&".join(query)


def fitting(parameter: dict[str, Any], known: list[str]) -> list[str]:
    """Return values of a parameter's form: of what is known, else of its examples."""
    schema = parameter.get("schema", {})
    if schema.get("type") == "integer":
        return ["0", "1", "2026"]
    pattern = schema.get("pattern")
    fits = [each for each in known if pattern and re.fullmatch(pattern, each)]
    step = max(1, len(fits) // ASKED)
    good = [*schema.get("enum", ()), *schema.get("examples", ())]
    return fits[::step] or [str(each) for each in good] or ["2026-11-02"]
