"""Python clients that nobody here wrote: a whole C2SP client, and sigstore's Merkle code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.foreign.conftest import FLIPS_A_FILE, Sample

DRIVER = str(Path(__file__).parent / "clients.py")


def verified_and_refused(
    said: dict[str, Any], files: list[str]
) -> tuple[str, list[dict[str, Any]], bool]:
    return said["honest"], said["accepted"], said["tried"] == FLIPS_A_FILE * len(files)


def test_aics_tlog(
    classical: Sample, environment: Callable[..., Path], ask: Callable[..., Any]
) -> None:
    """Notes with cosignatures, every tile, every entry, inclusion and consistency."""
    python = environment("aics", "aics-tlog==0.2.1", "aics-witness==0.1.0", newest=True)
    flips = classical.flips(2, classical.files)
    said = ask([str(python), DRIVER, "aics"], {**classical.job, "flips": flips})
    assert ("verified", [], True) == verified_and_refused(said, classical.files)


def test_sigstore(plain: Sample, environment: Callable[..., Path], ask: Callable[..., Any]) -> None:
    """Inclusion alone: it is given no checkpoint to trust, so the entry is what is flipped."""
    python = environment("sigstore", "sigstore==4.5.1")
    flips = plain.flips(4, ["entry"])
    said = ask([str(python), DRIVER, "sigstore"], {**plain.job, "flips": flips})
    assert ("verified", [], True) == verified_and_refused(said, ["entry"])
