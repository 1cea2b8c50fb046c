"""
`techledger operate`: what governs the log, prepared for those who sign it.

More than the operator signs such an event, on machines of their own, so these commands print its
body, for `techledger events new|sign|submit`. Only the succession is signed here, by the operator.
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from api.cli.officers import sign_as_officers
from api.cli.options import AsJson
from api.cli.outcome import tell
from ledger.domain.core.body import Body
from ledger.domain.core.forms import first_fault
from ledger.domain.government.governance import (
    DelayAdopted,
    LedgerClosed,
    LogKeysAdopted,
    OperationHandedOver,
    PolicyAdopted,
    RefusalKeysAdopted,
    SpokenFor,
    SuccessionDeclared,
)
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.home.antirollback import CheckpointFile, Missing
from ledger.home.keystore import add_log_keys, load_log_keys, save_key
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.log.note import parse_note, parse_vkey
from ledger.log.policy import MalformedPolicy, parse_policy_of
from ledger.node.genesis import append_unpublished
from ledger.node.node import open_log
from ledger.node.succession import read_closed
from ledger.publish.publisher import LogSigner
from ledger.publish.refuser import KEY_FILE, refuser_of
from ledger.store.connection import Pool
from ledger.wire.regular import read_regular
from ledger.wire.signing_keys import PrivateKey
from ledger.wire.told import Told

log_keys = typer.Typer(help="Rotate the keys of the log.", no_args_is_help=True)


class NothingToRetire(Told):
    """The newest keys of the log do not sign beside older ones."""


@log_keys.command("new")
def log_keys_new() -> None:
    """Make the next two keys of the log, and print the event that adopts them beside the old.

    Two that were made already and do not sign yet are taken: their event is printed again.
    """
    home = Home(Settings().home)
    signing, newest = _log_keys(home)
    if set(newest) <= set(signing):
        add_log_keys(home.keys)
        signing, newest = _log_keys(home)
    else:
        print("log-keys: no new keys; those made last do not sign yet", file=sys.stderr)
    _print_log_keys(home, (*signing, *newest))


@log_keys.command("retire")
def log_keys_retire() -> None:
    """Print the event by which the newest two keys sign alone, once they sign beside the old."""
    home = Home(Settings().home)
    signing, newest = _log_keys(home)
    if not set(newest) < set(signing):
        raise NothingToRetire(
            "nothing to retire: the newest keys do not sign beside older ones; make the next ones"
            " with `log-keys new`, and submit the event that it prints first"
        )
    _print_log_keys(home, newest)


def _log_keys(home: Home) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys at hand that sign the log's last checkpoint, and the two made last."""
    note = CheckpointFile(home.checkpoints).read()
    if note is None:
        open_log(Settings()).stop()  # If it is not finished, that is why.
        raise Missing(
            "NO_CHECKPOINT: this home signs nothing: do it in that of the server that does"
        )
    vkeys = LogSigner(home.identity().origin, *load_log_keys(home.keys)).vkeys
    lines = {(line.name, line.key_id) for line in parse_note(note).signatures}
    keys = zip(vkeys, map(parse_vkey, vkeys), strict=True)
    return tuple(vkey for vkey, key in keys if (key.name, key.key_id) in lines), vkeys[-2:]


def _print_log_keys(home: Home, vkeys: tuple[str, ...]) -> None:
    ledger = ledger_subject(home.identity().origin)
    _print(LogKeysAdopted(ledger=ledger, log_keys=vkeys, reason="rotation"))


def refusal_key() -> None:
    """Make the key that signs refusals, and print the event that adopts it; then start again.

    One that was made already is taken: its event is printed again.
    """
    home = Home(Settings().home)
    origin, file = home.identity().origin, home.keys / KEY_FILE
    if file.exists():
        print("refusal-key: no new key; the one that is there", file=sys.stderr)
    else:
        save_key(file, PrivateKey.generate())
    refuser = refuser_of(origin, home.keys)
    assert refuser, "its file is there"
    ledger = ledger_subject(origin)
    _print(RefusalKeysAdopted(ledger=ledger, refusal_keys=(refuser.vkey,), reason="refusals"))


def adopt_delay(
    seconds: Annotated[int, typer.Argument(help="How long what officers vouch for waits", min=0)],
    reason: Annotated[str, typer.Option(help="Why, for anyone who reads it later")],
    stopped_by: Annotated[
        str | None, typer.Option(help="The officer who alone stops one that waits")
    ] = None,
) -> None:
    """Print the event by which what waits waits for another time: both officers sign it.

    It waits itself, for the old delay: `events new --url` says from when on it holds. Until then
    one officer stops it, by the seconds that hold now and --stopped-by its own party.
    """
    ledger = ledger_subject(Home(Settings().home).identity().origin)
    said = {"ledger": ledger, "delay_seconds": seconds, "not_before": None, "reason": reason}
    by = {} if stopped_by is None else {"stopped_by": stopped_by}
    try:
        _print(DelayAdopted.model_validate(said | by))
    except ValidationError as error:
        told = f"{stopped_by}: {first_fault(error)[1]}"
        raise typer.BadParameter(told, param_hint="--stopped-by") from None


def adopt_policy(
    file: Annotated[Path, typer.Argument(help="The policy (c2sp.org/tlog-policy)", exists=True)],
    speaker: Annotated[
        list[str], typer.Option(help="GROUP=PARTY: who runs a witness of state, institutes, firms")
    ],
    approved_by: Annotated[list[str], typer.Option(help="A party that approves it")],
) -> None:
    """Print the event by which a policy counts: the operator and those who approve sign it."""
    raw, origin = read_regular(file), Home(Settings().home).identity().origin
    try:
        policy = parse_policy_of(origin, raw)
        spoken = [
            dict(zip(("group", "party"), each.split("=", 1), strict=False)) for each in speaker
        ]
        body = PolicyAdopted(
            ledger=ledger_subject(origin),
            policy=tuple(raw.decode().removesuffix("\n").split("\n")),
            policy_sha256=f"sha256:{policy.sha256}",
            speakers=tuple(SpokenFor.model_validate(each) for each in spoken),
            approved_by=tuple(sorted(approved_by)),
        )
    except ValidationError as error:
        place, said = first_fault(error)
        raise typer.BadParameter(f"{'/'.join(place)}: {said}") from None
    except (MalformedPolicy, ValueError) as error:
        raise typer.BadParameter(f"{file}: {error}") from None
    _print(body)


def hand_over(
    operator: Annotated[str, typer.Option(help="Party id of the next operator")],
    reason: Annotated[str, typer.Option(help="Why, for anyone who reads it later")],
) -> None:
    """Print the event by which another operates the ledger: both and the registrar sign it."""
    ledger = ledger_subject(Home(Settings().home).identity().origin)
    _print(OperationHandedOver(ledger=ledger, operator=operator, reason=reason))


def close(
    reason: Annotated[str, typer.Option(help="Why, for anyone who reads it later")],
    successor: Annotated[
        str | None, typer.Option(help="Origin of the log that follows, which was made already")
    ] = None,
) -> None:
    """Print the event that ends the log for good: the operator and the registrar sign it.

    It takes nothing more then, and can still be made to forget: `operate erase` destroys the
    key of a person as before, by an order of both officers that is kept beside the log.
    """
    print(_STILL_ERASES, file=sys.stderr)
    ledger = ledger_subject(Home(Settings().home).identity().origin)
    _print(LedgerClosed(ledger=ledger, successor=successor, reason=reason))


_STILL_ERASES = """\
Behind this event the log takes nothing, for ever. Anyone who has a right to be erased keeps it:
techledger operate erase goes on, by orders beside the log; keep LEDGER_HOME/erasures with it."""


def succeed(
    directory: Annotated[Path, typer.Argument(help="An export of the closed log", exists=True)],
    trust: Annotated[Path, typer.Option(help="Trust root of the closed log", exists=True)],
    as_json: AsJson = False,
) -> None:
    """Have this log, just made, say which closed log it follows; nothing else may come first.

    Verifies the closed log, then has operator and registrar sign `ledger.succession_declared/1`:
    without the registrar's key in LEDGER_HOME the event is printed, for the registrar to sign and
    to be the first that is submitted. The server has to be stopped.
    """
    settings = Settings()
    home = Home(settings.home)
    identity = home.identity()
    body = read_closed(directory, read_regular(trust)).declared_by(identity.origin)
    signed = sign_as_officers(home, SuccessionDeclared.TOPIC, body.model_dump(mode="json"))
    if signed is None:
        return
    database = open_log(settings)
    try:
        pool = Pool(database.app_dsn, size=2)
        recorded = append_unpublished(pool, home, signed.envelope)
        pool.close()
    finally:
        database.stop()
    members = {"position": recorded.position, "predecessor": body.predecessor, "size": body.size}
    text = "position {position} follows {predecessor} at size {size}".format(**members)
    tell(members, text, as_json=as_json)


def _print(body: Body) -> None:
    print(
        json.dumps(body.model_dump(mode="json", exclude_unset=True), indent=1, ensure_ascii=False)
    )
