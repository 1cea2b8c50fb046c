"""What is deployed, tried with the programs that it is written for: `.ci/run --deploy`."""

import os
from pathlib import Path

collect_ignore_glob = [] if os.environ.get("DEPLOY") else ["test_*.py"]
"""Left to a lane of its own: it wants systemd, nginx, Prometheus, buildah from Debian."""

DEPLOY = Path(__file__).parents[2] / "deploy"
