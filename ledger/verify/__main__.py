"""
`python -m ledger.verify PATH --trust trust.json`: verify an exported log, a receipt or a bundle.

A report (a PDF of the ledger's pages) is verified by the bundle inside it, its pages are not.
With `--auditor` it is what an auditor signed of an audit.

Exit codes: 0 verified; 1 refused, or a history that was asked for is not shown; 2 wrong usage, a
file that is not there or is none, an answer that cannot be printed, or no package `cryptography`
that is new enough; 4 no entry names a subject that was asked for.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

try:
    from ledger.court import MAX_BUNDLE
    from ledger.log.audit_summary import NotSigned, SignedSummary, open_summary
    from ledger.log.merkle import LogError
    from ledger.log.note import MAX_NOTE, Verifier, parse_vkey
    from ledger.verify.evidence_check import verify_evidence
    from ledger.verify.files import MAX_ANSWER, log_in
    from ledger.verify.outcome import Refused, Verified
    from ledger.verify.trust import parse_trust
    from ledger.verify.verifier import verify_export, verify_receipt
    from ledger.verify.word import Kept, Word, verify_word
    from ledger.wire.regular import OddFile, read_regular
    from ledger.wire.report_file import MAGIC, NoReport, bundle_in
    from ledger.wire.shown import can_print, showing
    from ledger.wire.strict import read_json_file
except ImportError as missing:
    print(f"ledger.verify needs the package cryptography, 50 or newer: {missing}", file=sys.stderr)
    sys.exit(2)

_FITS = {
    "a log": {"previous", "workers"},
    "a refusal or a promise": {"log", "previous", "refusal", "workers"},
    "an auditor's summary": {"auditor"},
    "a receipt": {"entry", "charter", "previous", "workers"},
    "a bundle": {"subject", "workers"},
}
"""Which options say something of what is to be verified; any other would be ignored."""


@showing()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    code, told = _judge(arguments)
    return code if can_print(told) else 2


def _judge(arguments: Sequence[str] | None) -> tuple[int, str]:
    """Return the exit code, and what is to be printed."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.workers is not None and given.workers < 1:
        parser.error("--workers is 1 or more")
    try:
        kind = _kind(given)
        said = {name for name, value in vars(given).items() if value not in (None, [])}
        if strange := said - _FITS[kind] - {"path", "trust", "json"}:
            parser.error(f"--{min(strange)} says nothing of {kind}")
        trust_root = read_json_file(given.trust, MAX_ANSWER, "trust root")
        answer = _VERIFIES[kind](given, trust_root)
    except (OSError, OddFile) as error:
        parser.error(_accident(error))
    except (Refused, NoReport, NotSigned) as refused:
        return 1, json.dumps(refused.to_json(), indent=1) if given.json else f"REFUSED: {refused}"
    except Exception as error:  # noqa: BLE001  (whatever a file does to us, it is not verified)
        reason = f"it cannot be judged, {type(error).__name__}: {error}"
        said_so = {"verified": False, "reason": reason}
        return 1, json.dumps(said_so, indent=1) if given.json else f"REFUSED: {reason}"
    told = json.dumps(answer.to_json(), indent=1) if given.json else answer.report()
    return _code(answer, given.subject), told


def _code(answer: "_Answer", subjects: Sequence[str]) -> int:
    """Return the exit code for what does verify; `subjects` are those that were asked for."""
    if isinstance(answer, Word):
        return int(answer.kept is Kept.BROKEN)
    if isinstance(answer, SignedSummary):
        return 0
    if not {*subjects} <= {*dict(answer.histories)}:
        return 1
    return 4 if answer.shown.get("unnamed") else 0


def _kind(given: argparse.Namespace) -> str:
    if given.log is not None:
        return "a refusal or a promise"
    if given.auditor is not None:
        return "an auditor's summary"
    if given.path.is_dir():
        return "a log"
    return "a bundle" if given.entry is None else "a receipt"


def _log(given: argparse.Namespace, trust_root: bytes) -> Verified:
    """Verify an exported log. Raises `Refused`."""
    previous = _optional(given.previous, MAX_NOTE)
    return verify_export(log_in(given.path), trust_root, previous=previous, workers=given.workers)


def _receipt(given: argparse.Namespace, trust_root: bytes) -> Verified:
    """Verify a receipt. Raises `Refused`."""
    charter = _optional(given.charter, MAX_BUNDLE)
    entry, receipt = (read_regular(each, MAX_ANSWER) for each in (given.entry, given.path))
    previous = _optional(given.previous, MAX_NOTE)
    return verify_receipt(receipt, entry, trust_root, charter, previous)


def _summary(given: argparse.Namespace, trust_root: bytes) -> SignedSummary:
    """Verify what an auditor signed. Raises `NotSigned`, `Refused`."""
    origin = parse_trust(trust_root).origin
    return open_summary(read_regular(given.path, MAX_NOTE), given.auditor, origin)


def _evidence(given: argparse.Namespace, trust_root: bytes) -> Verified:
    """Verify a bundle, or the one in a report. Raises `Refused`, `NoReport`."""
    raw = read_regular(given.path, MAX_BUNDLE)
    if not raw.startswith(MAGIC):
        return verify_evidence(raw, trust_root, given.subject)
    found = verify_evidence(bundle_in(raw, MAX_BUNDLE), trust_root, given.subject)
    shown = {**found.shown, "pages": "unchecked"}
    return replace(found, shown=shown, text=f"{found.text}\n{PAGES_UNCHECKED}")


PAGES_UNCHECKED = (
    "unchecked: the pages of this PDF. What was checked is bundle.json inside it; the words on the"
    " pages are its server's."
)


def _word(given: argparse.Namespace, trust_root: bytes) -> Word:
    """Hold a refusal or a promise to a log. Raises `Refused`."""
    return verify_word(
        read_regular(given.path, MAX_NOTE),
        log_in(given.log),
        trust_root,
        refusal=_optional(given.refusal, MAX_NOTE),
        previous=_optional(given.previous, MAX_NOTE),
        workers=given.workers,
    )


_Answer = Verified | Word | SignedSummary

_VERIFIES: Mapping[str, Callable[[argparse.Namespace, bytes], _Answer]] = {
    "a log": _log,
    "a refusal or a promise": _word,
    "an auditor's summary": _summary,
    "a receipt": _receipt,
    "a bundle": _evidence,
}


def _accident(error: OSError | OddFile) -> str:
    """Say why a file could not be read that was named: nothing is refused by that."""
    if isinstance(error, OddFile):
        return f"ODD_FILE: {error.told}"
    return f"{error.filename}: {error.strerror}"


def _optional(path: Path | None, limit: int) -> bytes | None:
    return None if path is None else read_regular(path, limit)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ledger.verify", description=__doc__)
    parser.add_argument("path", type=Path, help="what is to be verified: a file, or a log")
    parser.add_argument("--trust", type=Path, required=True, help="trust root, from elsewhere")
    parser.add_argument("--entry", type=Path, help="the entry that the receipt is for")
    parser.add_argument(
        "--subject", action="append", default=[], help="whose whole history a bundle must show"
    )
    parser.add_argument("--charter", type=Path, help="a bundle that shows the log's later keys")
    parser.add_argument("--previous", type=Path, help="an earlier checkpoint of the same log")
    parser.add_argument("--log", type=Path, help="an exported log, to hold a refusal or promise to")
    parser.add_argument("--refusal", type=Path, help="what was answered to the promise")
    parser.add_argument(
        "--auditor", type=_vkey, help="the auditor's key (vkey) by which a summary is signed"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--workers", type=int, help="processes (default: one for each core)")
    return parser


def _vkey(text: str) -> Verifier:
    """Read a key that is named. Raises `ArgumentTypeError`."""
    try:
        return parse_vkey(text)
    except LogError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
