"""
`python -m ledger.verify PATH --trust trust.json`: verify an exported log, a receipt or a bundle.

Exit codes: 0 verified; 1 refused, or a history that was asked for is not shown; 2 wrong usage, or a
file that is not there.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ledger.verify.evidence import verify_evidence
from ledger.verify.outcome import Refused, Verified
from ledger.verify.verifier import verify_export, verify_receipt
from ledger.verify.word import verify_word
from ledger.wire.shown import showing


@showing()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.path.is_dir() and given.entry is not None:
        parser.error("a receipt comes with --entry FILE, an exported log without")
    if given.subject and (given.path.is_dir() or given.entry):
        parser.error("--subject asks for a history, which only a bundle shows")
    if given.workers is not None and given.workers < 1:
        parser.error("--workers is 1 or more")
    try:
        trust_root = given.trust.read_bytes()
        if given.log is not None:
            return _word(given, trust_root)
        answer = _answer(given, trust_root)
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    except Refused as refused:
        print(json.dumps(refused.to_json(), indent=1) if given.json else f"REFUSED: {refused}")
        return 1
    print(json.dumps(answer.to_json(), indent=1) if given.json else answer.report())
    return int(not {*given.subject} <= {*dict(answer.histories)})


def _answer(given: argparse.Namespace, trust_root: bytes) -> Verified:
    """Verify a log, a bundle or a receipt. Raises `Refused`."""
    if given.path.is_dir():
        previous = given.previous.read_bytes() if given.previous else None
        return verify_export(given.path, trust_root, previous=previous, workers=given.workers)
    if given.entry is None:
        return verify_evidence(given.path.read_bytes(), trust_root, given.subject)
    charter = given.charter.read_bytes() if given.charter else None
    entry = given.entry.read_bytes()
    return verify_receipt(given.path.read_bytes(), entry, trust_root, charter)


def _word(given: argparse.Namespace, trust_root: bytes) -> int:
    """Hold a refusal or a promise to a log; return the exit code."""
    refusal = given.refusal.read_bytes() if given.refusal else None
    word = verify_word(
        given.path.read_bytes(), given.log, trust_root, refusal=refusal, workers=given.workers
    )
    answer = word.to_json()
    if given.json:
        print(json.dumps(answer, indent=1))
    else:
        print("\n".join(f"{name} {value}" for name, value in answer["statement"].items()))
        print(f"{word.kept.name}: {word.why}; log at size {word.size}, signed {word.log_time}")
    return 0 if answer["verified"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ledger.verify", description=__doc__)
    parser.add_argument("path", type=Path, help="an exported log, a receipt or a bundle")
    parser.add_argument("--trust", type=Path, required=True, help="trust root, from elsewhere")
    parser.add_argument("--entry", type=Path, help="the entry that the receipt is for")
    parser.add_argument(
        "--subject", action="append", default=[], help="whose whole history a bundle must show"
    )
    parser.add_argument("--charter", type=Path, help="a bundle that shows the log's later keys")
    parser.add_argument("--previous", type=Path, help="an earlier checkpoint of the same log")
    parser.add_argument("--log", type=Path, help="an exported log, to hold a refusal or promise to")
    parser.add_argument("--refusal", type=Path, help="what was answered to the promise")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--workers", type=int, help="processes (default: one for each core)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
