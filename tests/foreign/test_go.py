"""Go's own `note` and `tlog`, with `crypto/mldsa`: they accept our log, and no flip of it."""

from collections.abc import Callable
from typing import Any

from tests.foreign.conftest import FLIPS_A_FILE, Sample


def test_go_verifies_the_log_and_refuses_every_flip(
    sample: Sample, modern_go: Callable[[str], str], ask: Callable[..., Any]
) -> None:
    flips = sample.flips(1, sample.files)
    said = ask([modern_go("export")], {**sample.job, "flips": flips})
    assert "verified" == said["Honest"]
    assert [] == said["Accepted"]
    assert FLIPS_A_FILE * len(sample.files) == said["Tried"]
