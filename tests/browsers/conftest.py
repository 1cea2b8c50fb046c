"""Every page in real browsers, as `.ci/run --browsers` has installed them."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.cli.story import chapters
from ledger.domain.core.types import legal_day
from ledger.follow.client import LedgerClient
from tests.browsers.addresses import ADDRESSES
from tests.support.builders import CONTRACT, FIRM, OPERATOR
from tests.support.market import need_posted
from tests.support.rich import conclude
from tests.support.server import served_ledger
from tests.support.tale import Loaded, cast, loaded_at, play
from tests.support.world import World

collect_ignore_glob = [] if os.environ.get("BROWSERS") else ["test_*.py"]
"""Left to a lane of its own: it wants Firefox, and packages of npm."""

HERE = Path(__file__).parent
PACKAGES = HERE.parents[1] / ".browsers"


@pytest.fixture(scope="session")
def demo() -> Iterator[Loaded]:
    """Serve a ledger that knows the demo's story, a contract with much in it, and a need."""
    with served_ledger() as server, LedgerClient(server.url, server.trust) as ledger:
        world, today = World.of(server.home), legal_day(datetime.now(UTC))
        tale = play(ledger, world, cast(world, {}, {}, today), *chapters())
        conclude(ledger, world, today)
        ledger.submit(world.sign(need_posted(reviewer=OPERATOR), FIRM, OPERATOR))
        ledger.get(f"/v1/contracts/{CONTRACT}/terms", at_least=tale.size + 1)
        yield loaded_at(ledger, server.url, server.home.trust, tale)


def drive(kind: str, job: Mapping[str, Any]) -> Any:
    """Have the driver do a job of a kind; return what it saw."""
    done = subprocess.run(
        ["node", str(HERE / "driver.mjs"), str(PACKAGES), kind],
        input=json.dumps(job),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def seen(demo: Loaded, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Look at each page in Chromium."""
    job = {
        "url": demo.url,
        "addresses": [*map(demo.said, ADDRESSES)],
        "directory": str(tmp_path_factory.mktemp("printed")),
    }
    found = drive("look", job)
    return {address: found[demo.said(address)] for address in ADDRESSES}
