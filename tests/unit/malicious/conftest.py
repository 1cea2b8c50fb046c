"""A server of the tests, honest until a test has it lie, and the log that it serves."""

from pathlib import Path
from typing import Any

import pytest

from ledger.follow import checked
from tests.support.questioned import TITLE, Server, answer_to
from tests.support.sample_log import SampleLog, sample_log


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(300)


@pytest.fixture
def trust(log: SampleLog, tmp_path: Path) -> Path:
    file = tmp_path / "trust.json"
    file.write_bytes(log.trust_root())
    return file


@pytest.fixture
def server(log: SampleLog, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(checked, "SIGNED_WAIT_S", 0.0)
    server = Server(log)
    server.serve(monkeypatch)
    return server


@pytest.fixture
def title(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return some answer to who owned a right."""
    return answer_to(TITLE, monkeypatch)
