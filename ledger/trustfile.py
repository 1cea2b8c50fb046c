"""The trust root, from the file in which somebody keeps it."""

from pathlib import Path

from ledger.verify.files import MAX_ANSWER
from ledger.verify.outcome import Refused
from ledger.verify.trust import Trust, parse_trust
from ledger.wire.regular import OddFile, read_regular
from ledger.wire.strict import MalformedJson, load_json


def read_trust(path: Path) -> Trust:
    """Return the trust root in a file. Raises `Refused` for another one than a log has.

    And `OddFile`, for what is no JSON at all too, `OSError`.
    """
    raw = read_regular(path, MAX_ANSWER)
    try:
        load_json(raw)
        return parse_trust(raw)
    except MalformedJson as error:
        raise OddFile(path, f"no trust root: {error}") from None
    except Refused as refused:
        raise Refused(refused.step, refused.reason, path=str(path)) from None
