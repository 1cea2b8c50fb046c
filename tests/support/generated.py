"""
Writes all that is generated from the source, in order: `make generated`.

Each is made by a process of its own: the later ones read what the earlier ones wrote.
"""

import subprocess
import sys

AGAIN = "it is generated: make generated"
"""What a test says that finds another thing written than would be."""

MAKERS = (
    "authority_table",
    "golden_events",
    "event_types",
    "openapi",
    "examples",
    "law_table",
    "refusal_table",
    "asked_table",
    "command_table",
    "question_table",
    "answer_codes",
    "read_model_list",
)


def main() -> None:
    """Write them."""
    for maker in MAKERS:
        done = subprocess.run([sys.executable, "-m", f"tests.support.{maker}"], check=False)
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main()
