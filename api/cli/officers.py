"""What binds both officers: signed here with the keys that are here, and handed on for the rest."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from api.cli.signing import sign_sealed
from ledger.follow.client import Signed
from ledger.home.keystore import KeyFileMissing, load_key
from ledger.home.paths import Home
from ledger.wire.envelope import envelope_to_object
from ledger.wire.signing_keys import PrivateKey

_NEXT = """\
The operator has signed. The registrar signs this file where its key is, and anybody sends it:
  techledger events sign FILE --key REGISTRAR.pem > signed.json
  techledger events submit signed.json --url URL --trust trust.json"""


def sign_as_officers(home: Home, topic: str, body: Mapping[str, Any]) -> Signed | None:
    """Sign an event of the two officers, or print it with the operator's signature alone.

    Only a demonstration has the registrar's key beside the operator's. Elsewhere the envelope goes
    to standard output, what comes next to standard error, and the answer is None.
    """
    identity = home.identity()
    officers = [identity.operator, identity.registrar]
    operator, registrar = load_key(home.keys / "operator.pem"), _registrar_key(home)
    keys = [operator] if registrar is None else [operator, registrar]
    signed = sign_sealed(identity.origin, topic, dict(body), officers, keys)
    if registrar is not None:
        return signed
    print(json.dumps(envelope_to_object(signed.envelope)))
    print(_NEXT, file=sys.stderr)
    return None


def _registrar_key(home: Home) -> PrivateKey | None:
    try:
        return load_key(home.keys / "registrar.pem")
    except KeyFileMissing:
        return None
