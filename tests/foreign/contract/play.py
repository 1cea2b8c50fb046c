"""
The demo's story through a client that openapi-python-client generated, signed by our SDK.

Each line of the input is an event to sign and submit, or a question; each is answered by a line.
"""

import json
import sys
from datetime import date
from typing import Any

from published import Client
from published.api.entries import get_entry
from published.api.events import submit_event
from published.api.licences import check_licence
from published.api.rights import get_title
from published.models import (
    ContractConcludedEvent,
    Entry,
    LicenceCheck,
    Receipt,
    Submission,
    Title,
)
from published.models.check_licence_act import CheckLicenceAct

from ledger.wire.canonical import dump
from ledger.wire.envelope import envelope_to_object, sign_envelope
from ledger.wire.signing_keys import PrivateKey


def submit(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    """Sign, submit, and tell the receipt or the problem."""
    keys = [PrivateKey.from_pem(each.encode()) for each in job["keys"]]
    signed = sign_envelope(dump(job["payload"]), keys)
    members = {"envelope": envelope_to_object(signed), "openings": job["openings"]}
    told = submit_event.sync(client=client, body=Submission.from_dict(members))
    if isinstance(told, Receipt):
        return {"position": told.position, "grade": told.grade.value}
    return {"code": told.code.value, "positions": told.positions, "says": told.remedy.says}


def ask(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    """Ask who owns the right, and whether the firm may sell; tell it from the typed answers."""
    on = date.fromisoformat(job["on"])
    title = get_title.sync(job["right"], client=client, true_on=on, at_least=job["size"])
    assert isinstance(title, Title), title
    licensed = []
    for territory in job["territories"]:
        check = check_licence.sync(
            client=client,
            party=job["party"],
            act=CheckLicenceAct.SELL,
            right=job["right"],
            territory=territory,
            field="C09D",
            true_on=on,
            at_least=job["size"],
        )
        assert isinstance(check, LicenceCheck), check
        licensed.append(check.licensed)
    owners = [[owner.party, *owner.share] for owner in title.owners]
    entry = get_entry.sync(job["position"], client=client)
    assert isinstance(entry, Entry), entry
    assert isinstance(entry.payload, ContractConcludedEvent), entry.payload
    told = {"verdict": title.verdict.value, "licensed": licensed, "signers": entry.payload.signers}
    return {"owners": owners, **told}


def main() -> None:
    """Answer line by line."""
    client = Client(base_url=sys.argv[1])
    for line in sys.stdin:
        job = json.loads(line)
        answer = submit(client, job) if "payload" in job else ask(client, job)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
