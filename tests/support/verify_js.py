"""The check that pages bring along (`verify.js`), run by node as a browser runs it."""

import json
import shutil
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from api.explorer.shown import HERE, SCRIPT

NODE = shutil.which("node")
FILE = HERE / SCRIPT[1:]

needs_node = pytest.mark.skipif(
    NODE is None, reason="no node on this machine: WHAT THE PAGES' CHECK REFUSES IS NOT TESTED"
)


@dataclass(frozen=True)
class Job:
    """A bundle, what a page asks of it, and what its browser has kept and can do."""

    bundle: bytes
    kept: Mapping[str, Any] | None = None
    positions: Sequence[int] = ()
    subjects: Sequence[str] = ()
    payload: str | None = None
    newest: Mapping[int, Any] = field(default_factory=dict)
    without: Sequence[str] = ()


@dataclass(frozen=True)
class Told:
    """What the check said: its colour, the state of each step, and by weight what it told."""

    state: str
    steps: Mapping[int, str]
    told: Sequence[Mapping[str, Any]]
    keep: Mapping[str, Any] | None
    ms: float

    def codes(self, weight: str) -> set[str]:
        """Return what was told with a weight."""
        return {each["code"] for each in self.told if each["weight"] == weight}

    @property
    def wrong(self) -> tuple[int, str, int | None] | None:
        """Return the step that failed, why, and at which position; None if none did."""
        found = [each for each in self.told if each["weight"] == "wrong"]
        return (found[0]["step"], found[0]["code"], found[0]["position"]) if found else None


def check(*jobs: Job) -> list[Told]:
    """Return what the check says of each bundle."""
    assert NODE is not None
    asked = [
        {
            "bundle": b64encode(job.bundle).decode(),
            "kept": job.kept,
            "asked": {
                "positions": list(job.positions),
                "subjects": list(job.subjects),
                "payload": job.payload,
                "conclusion": bool(job.subjects),
            },
            "newest": job.newest,
            "without": list(job.without),
        }
        for job in jobs
    ]
    driver = Path(__file__).with_suffix(".mjs")
    with tempfile.TemporaryDirectory() as directory:
        copy = shutil.copy(FILE, Path(directory) / "verify.mjs")
        run = subprocess.run(
            [NODE, str(driver), str(copy)],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    return list(map(_told, json.loads(run.stdout)))


def _told(answer: Mapping[str, Any]) -> Told:
    steps: Iterable[Mapping[str, Any]] = answer["steps"]
    states = {each["step"]: each["state"] for each in steps}
    return Told(answer["state"], states, answer["told"], answer["keep"], answer["ms"])
