"""`techledger law`: which law data a ledger judges by, and how a new decree is adopted."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.answers import print_answer, query
from api.cli.officers import sign_as_officers
from api.cli.options import AsJson, Lang, TrustFile, TrustIfAny, Url, must_be_new, reading
from api.cli.outcome import tell
from ledger.domain.core.dated_law import Law, MalformedLaw, read_law
from ledger.domain.government.ledger import RulesAdopted
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.lawbook import bundled_files, files_in, put_on_shelf
from ledger.follow.client import LedgerClient, read_trust
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.genesis import EDITION
from ledger.runtime.durable import replace
from ledger.wire.regular import read_regular

app = typer.Typer(help="Law data: what a ledger judges by, and since when.", no_args_is_help=True)

Directory = Annotated[
    Path, typer.Argument(help="Directory of JSON files", exists=True, file_okay=False)
]


def _read(directory: Path) -> Law:
    with reading(directory, "law data", "DIRECTORY", MalformedLaw):
        return read_law(files_in(directory))


@app.command("digest")
def digest(directory: Directory, as_json: AsJson = False) -> None:
    """Check a set of law data and print the digest by which a ledger names it."""
    law = _read(directory)
    members = {"law_data_sha256": law.sha256, "edition": law.edition, "rules": len(law.rows)}
    text = f"{law.sha256}  {law.edition}, {len(law.rows)} rules"
    tell(members, text, as_json=as_json)


@app.command("export")
def export(
    directory: Annotated[Path, typer.Argument(help="Directory to write into", file_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Write the law data of this version as files: what a new decree starts from."""
    files = {directory / name: raw for name, raw in bundled_files().items()}
    for file, raw in files.items():
        if not (file.is_file() and read_regular(file) == raw):
            must_be_new(file, "DIRECTORY")
    directory.mkdir(parents=True, exist_ok=True)
    for file, raw in files.items():
        replace(file, raw, 0o644)
    digest = _read(directory).sha256
    members = {"law_data_sha256": digest, "directory": str(directory)}
    tell(members, f"{digest}  {directory}", as_json=as_json)


@app.command("adopt")
def adopt(directory: Directory, url: Url, trust: TrustFile, as_json: AsJson = False) -> None:
    """Put a set beside the ledger and adopt it: from the next event on it decides.

    Operator and registrar sign `ledger.rules_adopted/1`: without the registrar's key in LEDGER_HOME
    the event is printed, for the registrar to sign and anybody to submit. Every auditor needs the
    set: GET /v1/law/{digest} serves it.
    """
    law = _read(directory)
    home = Home(Settings().home)
    identity = home.identity()
    put_on_shelf(home.law, files_in(directory))
    body = {
        "ledger": ledger_subject(identity.origin),
        "edition": EDITION,
        "law_data_sha256": law.sha256,
    }
    signed = sign_as_officers(home, RulesAdopted.TOPIC, body)
    if signed is None:
        return
    with LedgerClient(url, read_trust(trust)) as ledger:
        receipt = ledger.submit(signed)
    members = {"position": receipt.position, "law_data_sha256": law.sha256, "edition": law.edition}
    text = "{law_data_sha256} ({edition}) decides from after position {position}".format(**members)
    tell(members, text, as_json=as_json)


@app.command("grounds")
def grounds(
    position: Annotated[int, typer.Argument(help="A position in the log")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print by which edition, law data and rules an event was judged."""
    answer = query(url, trust, language, "/v1/entries/{position}/grounds", position=position)
    print_answer(answer, language, as_json=as_json)
