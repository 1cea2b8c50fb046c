"""The figures are measured as docs/benchmarks.md says; how high they are is no test."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_figures_are_measured_in_the_database_and_through_the_server():
    asked = ["--only", "rows", "--only", "append", "--only", "bulk"]
    measured = subprocess.run(
        [sys.executable, "-m", "bench", "--json", "--seconds", "1", *asked],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert measured.returncode == 0, measured.stderr[-2000:]
    figures = {each["name"]: each["value"] for each in json.loads(measured.stdout)["figures"]}
    assert {"rows.copy", "rows.insert", "append", "bulk"} <= figures.keys()
    assert all(value and value > 0 for value in figures.values())
