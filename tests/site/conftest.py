"""docs/ as a site, as `.ci/run --site` has built it."""

import os

collect_ignore_glob = [] if os.environ.get("SITE") else ["test_*.py"]
"""Left to a lane of its own: mkdocs is no part of what the gate installs."""
