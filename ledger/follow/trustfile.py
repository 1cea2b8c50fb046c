"""The trust root, from the file in which somebody keeps it."""

from pathlib import Path

from ledger.verify.files import MAX_ANSWER
from ledger.verify.outcome import Refused
from ledger.verify.trust import Trust, parse_trust
from ledger.wire.strict import read_json_file


def read_trust(path: Path) -> Trust:
    """Return the trust root in a file. Raises `Refused` for another one than a log has.

    And `OddFile`, for what is no JSON at all too, `OSError`.
    """
    raw = read_json_file(path, MAX_ANSWER, "trust root")
    try:
        return parse_trust(raw)
    except Refused as refused:
        raise Refused(refused.step, refused.reason, path=str(path)) from None
