"""A client with a Rust core: notes, inclusion, consistency."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.foreign.conftest import FLIPS_A_FILE, Sample

DRIVER = str(Path(__file__).parent / "clients.py")
RECEIPT = ["checkpoint", "receipt.tlog-proof", "entry"]


def test_metamorphic_log(
    plain: Sample, environment: Callable[..., Path], ask: Callable[..., Any]
) -> None:
    """The note, inclusion under it, consistency; in Rust."""
    python = environment("metamorphic", "metamorphic-log==0.1.11")
    flips = plain.flips(3, RECEIPT)
    said = ask([str(python), DRIVER, "metamorphic"], {**plain.job, "flips": flips})
    assert ("verified", []) == (said["honest"], said["accepted"])
    assert FLIPS_A_FILE * len(RECEIPT) == said["tried"]
