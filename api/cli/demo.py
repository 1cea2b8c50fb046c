"""
`techledger demo`: a real server, a real database, a technology's way from listing to revenue share.

Every envelope is kept as a file before it is sent, and its receipt after. So a second start, or one
after a crash, sends the same bytes and gets the same receipts; the printed curl line does the same.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from http import HTTPStatus
from itertools import product
from pathlib import Path
from types import FrameType
from typing import Annotated, Any
from urllib.parse import quote

import httpx2
import typer
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from api.cli.operate import DEMONSTRATION
from api.cli.signing import sign_sealed
from api.cli.story import OFFICERS, Cast, Done, Step, names, story, variables
from ledger.domain.core.types import legal_day
from ledger.follow.client import LedgerClient, ProblemAnswer, Signed, VerifiedReceipt, read_trust
from ledger.home.keystore import KeyFileMissing, load_key, save_key
from ledger.home.paths import AlreadyInitialised, Home
from ledger.home.settings import Settings
from ledger.log.encoding import write_base64
from ledger.node.genesis import initialise, key_record
from ledger.runtime import durable
from ledger.wire.envelope import payload_hash
from ledger.wire.regular import read_regular
from ledger.wire.shown import one_line
from ledger.wire.signing_keys import PrivateKey
from ledger.wire.told import Told

START_S = 120.0
"""How long the server may take to be ready, in seconds."""

CHECKPOINT_AFTER = "payment"
"""The step after which an auditor keeps the signed head, to compare with later ones."""


class DemoFailed(Told):
    """Something did not come out as it must."""


class DemoUnfit(Told):
    """The ledger that was found is of other software, or of law data that are not at hand."""

    code, exit_code = "SOFTWARE_OLDER", 78


class DemoHalted(Told):
    """The ledger that was found is halted."""

    code, exit_code = "LEDGER_HALTED", 70


_NEVER_READY: Mapping[str, type[DemoUnfit | DemoHalted]] = {
    "software older: ": DemoUnfit,
    "halted: ": DemoHalted,
}
"""How the reasons begin that no waiting ends, and what they are told as."""


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End when all is shown and verified.")
    ] = False,
) -> None:
    """Play a transfer from listing to revenue share against a real server, and verify it all."""
    console = Console(highlight=False)
    settings = Settings()
    home = Home(settings.home)
    try:
        initialise(
            settings, "ledger.example.vn", "party:vn.exchange", "party:vn.department", delay_s=0
        )
        console.print(f"[bold]A new ledger[/] in {home.path}")
    except AlreadyInitialised:
        console.print(f"[bold]Found the ledger[/] in {home.path}")
    console.print(f"[yellow]{DEMONSTRATION}[/]", soft_wrap=True)
    with _server(settings) as url, LedgerClient(url, read_trust(home.trust)) as ledger:
        console.print(f"origin [cyan]{ledger.trust.origin}[/], served at [cyan]{url}[/]\n")
        play = _Play(home, ledger, console, url)
        play.run()
        _ask(play)
        _verify_offline(home, url, console)
        _show_variables(play)
        _show_where(home, url, console)
        if not once:
            show_end(url, console)
            _wait()


class _Play:
    """The story, step by step, each envelope kept before it is sent."""

    def __init__(self, home: Home, ledger: LedgerClient, console: Console, url: str) -> None:
        self.home = home
        self.ledger = ledger
        self.console = console
        self.url = url
        self.steps = home.path / "demo"
        self.checkpoint = self.steps / "kept.checkpoint"
        self.keys = self._keys()
        self.cast = self._cast()
        self.done = Done({}, {})
        self.size = 0
        self.accepted: dict[str, str] = {}

    def run(self) -> None:
        """Play every step; a step already played is replayed, byte for byte."""
        for number, step in enumerate(story(), 1):
            file, signed = self._signed(number, step)
            self.done.hashes[step.name] = payload_hash(signed.envelope.payload)
            self.console.print(f"[bold]{number:>2}. {step.says}[/]")
            try:
                receipt = self.ledger.submit(signed)
            except ProblemAnswer as answer:
                self._refused(step, answer)
            else:
                self._receipt(step, receipt)
                self._keep(file.with_suffix(".tlog-proof"), receipt)
            if step.name == CHECKPOINT_AFTER and not self.checkpoint.exists():
                _write_whole(self.checkpoint, self.ledger.get_bytes("/checkpoint"))
            self.console.print(
                f"    [dim]curl -sS --json @{shlex.quote(str(file))} {self.url}/v1/events[/]",
                soft_wrap=True,
            )

    def _receipt(self, step: Step, receipt: VerifiedReceipt) -> None:
        if step.refused:
            raise DemoFailed(f"{step.name} was admitted; it must be refused {step.refused}")
        self.size = max(self.size, receipt.position + 1)
        self.done.positions[step.name] = receipt.position
        self.accepted[step.name] = receipt.accepted
        again = " [yellow](replayed: the same receipt as before)[/]" if receipt.replayed else ""
        self.console.print(
            f"    [green]✓ receipt verified[/]{again}  {step.topic}  position {receipt.position}, "
            f"under checkpoint {receipt.size}, accepted {receipt.accepted}"
        )

    def _keep(self, file: Path, receipt: VerifiedReceipt) -> None:
        """Keep a receipt beside its envelope; a replay must bring the same bytes."""
        if not file.exists():
            _write_whole(file, receipt.proof)
        elif read_regular(file) != receipt.proof:
            raise DemoFailed(f"{receipt.event_id} has got another receipt than {file}")

    def _refused(self, step: Step, answer: ProblemAnswer) -> None:
        if answer.code != step.refused:
            raise DemoFailed(f"{step.name}: {answer}") from answer
        where = ", ".join(map(str, answer.positions))
        self.console.print(
            f"    [magenta]✗ refused {answer.code}[/], forbidden by position {where}: "
            f"{escape(one_line(answer.detail))}"
        )
        self.console.print(f"      what helps: {escape(one_line(answer.helps))}")

    def _signed(self, number: int, step: Step) -> tuple[Path, Signed]:
        """Return a step's submission: from its file, else made, signed and written."""
        file = self.steps / f"{number:02d}-{step.name}.json"
        if file.exists():
            return file, Signed.from_json(read_regular(file))
        signed = sign_sealed(
            self.ledger.trust.origin,
            step.topic,
            step.body(self.cast, self.done),
            step.parties(self.cast),
            [self.keys[name] for name in step.keys],
            step.sealed,
        )
        _write_whole(file, signed.to_json())
        return file, signed

    def _cast(self) -> Cast:
        """Return who plays; the day of the first telling is kept, for it is in what was signed."""
        file = self.steps / "today"
        if not file.exists():
            _write_whole(file, legal_day(datetime.now(UTC)).isoformat().encode())
        identity = self.home.identity()
        parties = {role: name for role, name in names().items() if name.startswith("party:")}
        return Cast(
            parties=parties | {role: getattr(identity, role) for role in OFFICERS},
            ids=dict(names())
            | {"terms": payload_hash(b"The text of the licence agreement (demo).")},
            keys={name: key_record(key) for name, key in self.keys.items()},
            today=date.fromisoformat(read_regular(file).decode()),
        )

    def _keys(self) -> dict[str, PrivateKey]:
        """Return everyone's keys; a party's own system would hold its own."""
        officers = {role: load_key(self.home.keys / f"{role}.pem") for role in OFFICERS}
        others = {name for step in story() for name in step.keys} - set(OFFICERS)
        return officers | {
            name: _key(self.steps / "keys" / f"{name}.pem") for name in sorted(others)
        }


def _key(file: Path) -> PrivateKey:
    try:
        return load_key(file)
    except KeyFileMissing:
        key = PrivateKey.generate()
        save_key(file, key)
        return key


def _write_whole(file: Path, content: bytes) -> None:
    durable.make_directories(file.parent)
    durable.replace(file, content)


def _ask(play: _Play) -> None:
    """Ask what the people ask, and print the answers with the positions that prove them."""
    cast, ledger, console = play.cast, play.ledger, play.console
    on = cast.today.isoformat()
    table = Table(
        title="\nAsked over HTTP, as the server says", title_justify="left", show_lines=False
    )
    for column in ("question", "answer", "proved by positions"):
        table.add_column(column)
    title = ledger.get(f"/v1/rights/{cast.ids['right']}/title", true_on=on, at_least=play.size)
    table.add_row(
        f"Who owns {cast.ids['right']} on {on}?",
        ", ".join(
            f"{owner['party']} {owner['share'][0]}/{owner['share'][1]}" for owner in title["owners"]
        ),
        _positions(title),
    )
    for territory in ("vn-2025:48", "iso:LA"):
        check = ledger.get(
            "/v1/licences/check",
            party=cast.firm,
            act="sell",
            right=cast.ids["right"],
            territory=territory,
            field="C09D",
            true_on=on,
            at_least=play.size,
        )
        answer = "licensed" if check["licensed"] else "not licensed"
        table.add_row(f"May the firm sell in {territory} (C09D)?", answer, _positions(check))
    console.print(table)


def _show_variables(play: _Play) -> None:
    """Keep, and print, the variables that the lines of docs/questions.md use."""
    kept = play.ledger.open_note(read_regular(play.checkpoint))
    values = {
        "L": play.url,
        "LEDGER_URL": play.url,
        "LEDGER_TRUST": str(play.home.trust),
        **variables(play.cast, play.done),
        "AT": play.accepted["acceptance"],
        "SIZE": str(kept.size),
        "ROOT": quote(write_base64(kept.root), safe=""),
    }
    file = play.steps / "questions.env"
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    _write_whole(file, "".join(f"{line}\n" for line in lines).encode())
    play.console.print("\n[bold]For the questions[/] of docs/questions.md, in a shell:")
    play.console.print(f"  [dim]$ . {shlex.quote(str(file))}[/]", soft_wrap=True)
    for line in lines:
        play.console.print(f"    {line}", markup=False, soft_wrap=True)


def _positions(answer: dict[str, Any]) -> str:
    return ", ".join(str(position) for position in answer["positions"]) or "none"


def _verify_offline(home: Home, url: str, console: Console) -> None:
    """Export the log over HTTP, then verify and replay it with commands of their own."""
    console.print("\n[bold]Offline[/]: the whole log, on this machine, without the server's word")
    export = home.path / "demo" / "export"
    for arguments in (
        ("audit", "clone", str(export), "--url", url),
        ("audit", "verify", str(export), "--trust", str(home.trust)),
        ("audit", "replay", str(export)),
    ):
        console.print(f"  [dim]$ techledger {shlex.join(arguments)}[/]", soft_wrap=True)
        run = subprocess.run(  # noqa: S603  (our own command)
            [sys.executable, "-m", "api.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        for line in (run.stdout + run.stderr).splitlines():
            console.print(f"    {line}", markup=False, soft_wrap=True)
        if run.returncode:
            raise DemoFailed(f"techledger {arguments[0]} {arguments[1]} failed")


def _show_where(home: Home, url: str, console: Console) -> None:
    lines = (
        f"the home page                   {url}/",
        f"the API, documented             {url}/docs",
        f"the API, for generators         {url}/openapi.json",
        f"the signed head                 {url}/checkpoint",
        f"envelopes, receipts, keys       {home.path / 'demo'}",
        f"what a verifier must know       {home.trust}",
    )
    console.print(Panel("\n".join(lines), title="Where to look", expand=False), soft_wrap=True)


def show_end(url: str, console: Console) -> None:
    """Say that the server stays up; the last line on a terminal is the home page's address."""
    console.print("\nThe server stays up. [bold]Ctrl-C[/] ends it; the data stays.")
    if console.is_terminal:
        console.print(f"[bold cyan]{url}/[/]", soft_wrap=True)


@contextmanager
def _server(settings: Settings) -> Iterator[str]:
    """Run `techledger serve` as a process of its own; end it, and only it."""
    url = f"http://{settings.host}:{settings.port}"
    process = subprocess.Popen(  # noqa: S603  (our own command)
        [sys.executable, "-m", "api.cli", "serve", "--parent", str(os.getpid())],
        stdout=subprocess.DEVNULL,
        env=os.environ | {"LEDGER_HOME": str(settings.home)},
        start_new_session=True,  # Ctrl-C is for the demo, which then stops the server in order.
    )
    try:
        await_ready(process, url, settings.home)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def await_ready(process: "subprocess.Popen[bytes]", url: str, home: Path) -> None:
    """Wait until the server takes events. Raises `DemoFailed`, `DemoUnfit` or `DemoHalted`."""
    deadline, reasons = time.monotonic() + START_S, list[str]()
    while process.poll() is None and time.monotonic() < deadline:
        try:
            answer = httpx2.get(f"{url}/health/ready")
        except httpx2.TransportError:
            time.sleep(0.1)
            continue
        if answer.status_code == HTTPStatus.OK:
            return
        reasons = answer.json()["reasons"]
        for reason, (begins, error) in product(reasons, _NEVER_READY.items()):
            if reason.startswith(begins):
                raise error(
                    f"{error.code}: the ledger in {home} cannot be played on: {reason};"
                    " play on a new one, LEDGER_HOME=DIR techledger demo"
                )
        time.sleep(0.1)
    why = f" is not ready: {'; '.join(reasons)}" if reasons else ""
    raise DemoFailed(f"no server at {url}{why}; its own words are above")


def _wait() -> None:
    """Wait until Ctrl-C or SIGTERM: what a shell has in its background gets no Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
