"""`techledger operate`: the vault's openings and keys, on the operator's host. For its operator."""

import getpass
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from uuid import UUID

import structlog
import typer

from api.cli.officers import sign_as_officers
from api.cli.options import AsJson, read_envelope_in
from api.cli.outcome import tell
from ledger.domain.parties.party_lifecycle import PersonErased
from ledger.events.intake import Invalid, Submission, read_envelope
from ledger.home.datakeys import DataKeyError, DataKeys, VaultExists
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.erasing import is_closed, order_erasure
from ledger.node.genesis import append_unpublished
from ledger.node.node import open_database, open_log, vault_of
from ledger.sequence.orders import Orders
from ledger.sequence.vault import RowUnreadable, Vault
from ledger.store.connection import Pool
from ledger.store.entries import find_event, read_head
from ledger.store.vault import count_openings, give_up_openings, note_shown, read_openings
from ledger.wire.commitment import opening_to_object
from ledger.wire.envelope import Envelope

kek = typer.Typer(help="The key-encryption key of the vault.", no_args_is_help=True)
opening = typer.Typer(help="Openings of sealed sections.", no_args_is_help=True)

_log = structlog.get_logger(__name__)


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Pool, Vault]]:
    """Lend the vault, with every erasure carried out that the log orders."""
    database = open_log(settings)
    pool = Pool(database.app_dsn, size=2)
    try:
        vault = vault_of(settings, pool)
        vault.open()
        yield pool, vault
    finally:
        pool.close()
        database.stop()


def erase(
    token: Annotated[str, typer.Argument(help="The person: party:tok.<32 hex>")] = "",
    ground: Annotated[
        str,
        typer.Option(help="request, consent_withdrawn, purpose_met, retention_over or order"),
    ] = "request",
    signed: Annotated[
        Path | None,
        typer.Option(help="Of a closed log: the event as both officers have signed it"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Erase a person: record it in the log, destroy the key of all openings that concern them.

    Operator and registrar sign `person.erased/1`: without the registrar's key in LEDGER_HOME the
    event is printed, for the registrar to sign and anybody to submit; what records it then destroys
    the key. A server may run meanwhile.

    A closed log records nothing more: there --signed has what both have signed kept beside it, in
    LEDGER_HOME/erasures, and carried out. A server that runs is to be started again.
    """
    if bool(token) == bool(signed):
        raise typer.BadParameter("name the person, or --signed FILE, one of the two")
    settings = Settings()
    home = Home(settings.home)
    if signed is None:
        both = sign_as_officers(home, PersonErased.TOPIC, {"token": token, "ground": ground})
        if both is None:
            print(_IF_CLOSED, file=sys.stderr)
            return
        envelope = both.envelope
    else:
        envelope = read_envelope_in(signed, "--signed")
    with _opened(settings) as (pool, vault):
        if is_closed(pool, home.identity().origin):
            beside, position = True, order_erasure(pool, home, _read(envelope)).position
        elif signed is None:
            beside, position = False, append_unpublished(pool, home, envelope, vault).position
        else:
            raise typer.BadParameter(_IF_OPEN, param_hint="--signed")
        # Once more, and loudly: within the append what fails is only logged.
        vault.open()
    said = f"order {position}, beside the log," if beside else f"position {position}"
    members = {"erased": True, "order" if beside else "position": position}
    tell(members, f"erased; {said} says so", as_json=as_json)


_IF_CLOSED = "A log that was closed takes nothing: techledger operate erase --signed signed.json"
_IF_OPEN = "the log takes the event itself: techledger events submit FILE"


def _read(envelope: Envelope) -> Submission:
    try:
        return read_envelope(envelope)
    except Invalid as error:
        raise typer.BadParameter(f"{error.code}: {error}", param_hint="--signed") from None


@opening.command("show")
def show(
    event: Annotated[str, typer.Argument(help="The event's id")],
    path: Annotated[str, typer.Argument(help="JSON pointer of the section, such as /body/price")],
    reason: Annotated[str, typer.Option(help="What it is shown for; this is recorded")],
) -> None:
    """Print an opening, after recording who had it shown, and what for."""
    try:
        event_id = UUID(event)
    except ValueError:
        raise typer.BadParameter("an event id is a UUID", param_hint="event") from None
    if not reason.strip():
        raise typer.BadParameter("say what it is shown for", param_hint="--reason")
    with _opened(Settings()) as (pool, vault):
        stored = find_event(pool, event_id)
        rows = [] if stored is None else read_openings(pool, [stored.position])
        kept = [row for row in rows if row.row.path == path]
        if not kept:
            print("OPENING_NOT_KEPT: none was sent for that section, or it was erased")
            raise typer.Exit(1)
        shown_to = os.environ.get("SUDO_USER") or getpass.getuser()
        note_shown(pool, kept[0].position, path, shown_to, reason)
        _log.info(
            "opening_shown", position=kept[0].position, path=path, shown_to=shown_to, reason=reason
        )
        try:
            found = vault.unseal(kept[0])
        except RowUnreadable as error:
            print(f"OPENING_UNREADABLE: {error}")
            raise typer.Exit(1) from None
    print(json.dumps(opening_to_object(found), ensure_ascii=False))


@kek.command("rotate")
def rotate(as_json: AsJson = False) -> None:
    """Wrap all data keys under a new key-encryption key and destroy the old one.

    A server may run meanwhile. Interrupted, run it again.
    """
    settings = Settings()
    keys = Home(settings.home).data_keys(settings.vault, settings.kek_file)
    keys.open()
    made = keys.rotate()
    text = f"the key-encryption key is {made} now; destroy what copies there are of the old"
    tell({"kek": made}, text, as_json=as_json)


@kek.command("new")
def new(
    give_up: Annotated[
        bool, typer.Option("--give-up", help="The keys are lost: remove what nobody can open.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the vault's keys, for a ledger that has none, or whose keys are lost for good.

    Openings under lost keys are lost; the log, its proofs and what parties keep are not. The
    server has to be stopped.
    """
    settings = Settings()
    home = Home(settings.home)
    keys = home.data_keys(settings.vault, settings.kek_file)
    with _unless_there(keys):
        keys.open()
    database = open_database(settings)
    try:
        pool = Pool(database.app_dsn, size=1)
        kept = count_openings(pool)
        if kept and not give_up:
            raise VaultExists(
                f"{kept} openings are kept under keys that are not here: look for these, or give"
                " those up with --give-up"
            )
        given_up = give_up_openings(pool) if kept else 0
        behind = (order.position + 1 for order in Orders(home.erasures).read())
        keys.begin_again(max([read_head(pool).size, *behind]))
        pool.close()
    finally:
        database.stop()
    text = f"new keys; {given_up} openings were given up"
    tell({"given_up": given_up}, text, as_json=as_json)


@contextmanager
def _unless_there(keys: DataKeys) -> Iterator[None]:
    """Pass where the keys cannot be opened; raise `VaultExists` where they can."""
    try:
        yield
    except DataKeyError:
        return
    raise VaultExists(f"there are keys already: {keys.directory}; rotate makes them new")
