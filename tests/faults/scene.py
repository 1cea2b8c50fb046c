"""A served ledger whose processes take faults, and honest clients that count what they are told."""

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from ledger.events.compose import uuid7
from ledger.follow.client import Signed
from ledger.home.settings import Settings
from ledger.node.genesis import initialise
from tests.support.builders import INSTITUTE, OPERATOR, REGISTRAR, technology_registered
from tests.support.promising import make_refusal_key
from tests.support.server import ROOT, Server, ServerFailed, free_port, ledger_home
from tests.support.world import World

ANSWERED_S = 15.0
"""An answer that takes longer, in seconds, hangs: `LEDGER_RECEIPT_WAIT_S` is 10."""

RESUMED_S = 10.0
"""How long after a fault's end, in seconds, a fresh event may wait for its receipt."""

LASTS_S = 1.0
"""How long a fault lasts, in seconds, that is not over at once."""

ONCE = ("kill", "cut", "cancel")
"""Faults that strike once."""

HOOK = Path(__file__).parent / "hook"


@dataclass
class Answers:
    """What the five questions are answered from: lost, duplicated, hung, told, resumed."""

    positions: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, Any] = field(default_factory=dict)
    unknown: dict[str, Signed] = field(default_factory=dict)
    promised: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class Scene:
    """One ledger, its server under faults, and a client."""

    def __init__(self, server: Server, world: World, directory: Path) -> None:
        self.server, self.world, self.directory = server, world, directory
        self.http = httpx2.Client(base_url=server.url, timeout=ANSWERED_S)
        self.all = Answers()
        self._numbers = itertools.count(1)
        self._rows: list[dict[str, Any]] = []
        self._epoch = 0
        self.last = ""  # The last answer that was no receipt.

    # The plan

    def arm(self, site: str, fault: str, *, after: int | None = None) -> int:
        """Have a fault strike where the site is passed next; return its number.

        With `after`, not before that other fault is over.
        """
        number = next(self._numbers)
        row = {"number": number, "site": site, "fault": fault, "once": fault in ONCE}
        self._rows = [*(self._rows if after else []), row | {"for_s": LASTS_S, "after": after}]
        self._write_plan()
        return number

    def disarm(self) -> None:
        """Let no fault strike any more."""
        self._rows = []
        self._write_plan()

    def note_anew(self) -> None:
        """Have every process note its sites in another list."""
        self._epoch += 1
        self._write_plan()

    def sites(self, epoch: int) -> set[str]:
        """Return the sites that were passed in an epoch."""
        return set((self.directory / f"sites-{epoch}").read_text().splitlines())

    def struck_at(self, number: int) -> float | None:
        """Return when a fault struck, by the machine's monotonic clock, None if it did not."""
        with suppress(FileNotFoundError, ValueError):
            return float((self.directory / f"hits-{number}").read_text())
        return None

    def _write_plan(self) -> None:
        unfinished = self.directory / "plan.new"
        unfinished.write_text(json.dumps({"epoch": self._epoch, "rows": self._rows}))
        unfinished.replace(self.directory / "plan")

    # The clients

    def drive(self) -> None:
        """Have judged, submit singly, in bulk and for a promise, and ask for what was answered."""
        self.judge(self.event())
        self.submit(self.event())
        self.promise(self.event())
        self.submit_bulk([self.event() for _ in range(12)])
        self.ask("/health/ready", "/checkpoint", "/metrics", "/v1/technologies/technology:none")
        if self.all.receipts:
            self.ask(f"/v1/events/{next(reversed(self.all.receipts))}/receipt")

    def event(self) -> Signed:
        """Return a fresh honest event."""
        body = technology_registered(technology=f"technology:{uuid7()}")
        return self.world.sign(body, INSTITUTE)

    def submit(self, signed: Signed) -> bool:
        """Submit one event and note the answer; say whether it was a receipt."""
        answer = self._send("POST", "/v1/events", signed.to_json())
        name = _event_id(signed)
        if answer is not None and answer.status_code == httpx2.codes.CREATED:
            self._note(name, answer.json())
            return True
        self.all.unknown[name] = signed
        self.last = "no answer" if answer is None else answer.text[:300]
        return False

    def judge(self, signed: Signed) -> None:
        """Ask what would become of an event."""
        answer = self._send("POST", "/v1/events/check", signed.to_json())
        if answer is not None and answer.is_success and answer.json()["verdict"] != "admitted":
            self.all.wrong.append(f"told: a dry run says {answer.text[:200]}")

    def promise(self, signed: Signed) -> None:
        """Submit one event for a promise, and note where its answer will be."""
        headers = {"Prefer": "respond-async"}
        answer = self._send("POST", "/v1/events", signed.to_json(), headers)
        name = _event_id(signed)
        if answer is not None and answer.status_code == httpx2.codes.ACCEPTED:
            self.all.promised[name] = answer.headers["Location"]
        else:
            self.all.unknown[name] = signed

    def submit_bulk(self, many: list[Signed]) -> None:
        """Submit many events in one request and note each answer."""
        answer = self._send("POST", "/v1/events/batch", b"\n".join(e.to_json() for e in many))
        lines = answer.content.splitlines() if answer is not None and answer.is_success else []
        said = [each for each in map(json.loads, lines) if "checkpoint" not in each]
        for signed, line in itertools.zip_longest(many, said, fillvalue={}):
            name = _event_id(signed)
            if "receipt" in line:
                self.all.positions.setdefault(name, line["receipt"]["position"])
            else:
                self._judge_problem(line.get("problem"))
                self.all.unknown[name] = signed

    def ask(self, *paths: str) -> None:
        """Read, and hold every answer to having a code."""
        for path in paths:
            self._send("GET", path)

    def settle(self) -> None:
        """Send again whatever has no receipt yet: the same bytes, until it has one."""
        for name, signed in list(self.all.unknown.items()):
            if not self.submit(signed):
                self.all.wrong.append(f"lost: {name} gets no receipt after the fault")
                return
            del self.all.unknown[name]
        for name, location in list(self.all.promised.items()):
            if (position := self._recorded(location)) is None:
                self.all.wrong.append(f"lost: {name} was promised an answer, and has none")
                return
            self.all.positions.setdefault(name, position)
            del self.all.promised[name]

    def _recorded(self, location: str) -> int | None:
        """Return where what was promised is recorded, None if it is not in time."""
        until = time.monotonic() + RESUMED_S
        while time.monotonic() < until:
            answer = self._send("GET", location)
            told = _json(answer) if answer is not None and answer.is_success else {}
            if told.get("state") == "recorded":
                position: int = told["position"]
                return position
            time.sleep(0.1)
        return None

    def check_kept(self, since: int) -> None:
        """Ask again for what was acknowledged: nothing is lost, nothing is there twice."""
        for name in list(self.all.receipts)[since:][-5:]:
            answer = self._send("GET", f"/v1/events/{name}/receipt")
            if answer is None or answer.status_code != httpx2.codes.OK:
                self.all.wrong.append(f"lost: {name}")
            elif answer.json() != self.all.receipts[name]:
                self.all.wrong.append(f"duplicated: {name} has got another receipt")
        if len(set(self.all.positions.values())) != len(self.all.positions):
            self.all.wrong.append("duplicated: two events have one position")
        if (self.server.home.checkpoints / "HALTED").exists():
            self.all.wrong.append("told: the log was halted")

    def _note(self, name: str, receipt: dict[str, Any]) -> None:
        if self.all.positions.setdefault(name, receipt["position"]) != receipt["position"]:
            self.all.wrong.append(f"duplicated: {name}")
        if self.all.receipts.setdefault(name, receipt) != receipt:
            self.all.wrong.append(f"duplicated: {name} has got another receipt")

    def _send(
        self, method: str, path: str, content: bytes = b"", headers: Any = None
    ) -> httpx2.Response | None:
        began = time.monotonic()
        try:
            answer = self.http.request(method, path, content=content, headers=headers)
        except httpx2.TimeoutException:
            self.all.wrong.append(f"hung: {method} {path}")
            return None
        except httpx2.TransportError:
            return None  # The process was killed, or the connection: the client knows as much.
        if time.monotonic() - began > ANSWERED_S:
            self.all.wrong.append(f"hung: {method} {path}")
        if answer.is_server_error and path != "/health/ready":
            self._judge_problem(_json(answer), answer.headers)
        return answer

    def _judge_problem(self, problem: Any, headers: Any = None) -> None:
        """Hold a refusal to its code: 503, with Retry-After where there are headers."""
        if problem is None:
            return
        told = isinstance(problem, dict) and problem.get("status") == 503 and "code" in problem
        if not told or (headers is not None and "retry-after" not in headers):
            self.all.wrong.append(f"told: {str(problem)[:200]}")

    # The server

    def resumed_after(self, ended_at: float) -> float | None:
        """Return how long after a fault's end a fresh event got its receipt, None if it did not."""
        while time.monotonic() - ended_at < RESUMED_S:
            if self.submit(self.event()):
                return time.monotonic() - ended_at
            time.sleep(0.1)
        return None

    def start_again(self) -> float:
        """Start the server where it has ended; return when it was ready."""
        if self.server.runs:
            self.server.stop()
        for _attempt in range(3):
            try:
                self.server.start()
                break
            except ServerFailed:
                if self.server.runs:
                    raise
        return time.monotonic()


def _event_id(signed: Signed) -> str:
    name: str = json.loads(signed.envelope.payload)["event_id"]
    return name


def _json(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text[:100]


@contextmanager
def scene() -> Iterator[Scene]:
    """Serve a fresh ledger under the hook, with one party registered."""
    with ledger_home() as home:
        settings = Settings(home=home.path, database_url=None)
        initialise(settings, "faults.example.vn", OPERATOR, REGISTRAR, delay_s=0)
        directory = home.path.parent / f"{home.path.name}-faults"
        directory.mkdir(mode=0o700)
        variables = {
            "FAULTS_DIRECTORY": str(directory),
            "FAULTS_ROOT": str(ROOT),
            "PYTHONPATH": f"{HOOK}:{ROOT}",
            "LEDGER_VERIFIER_PROCESSES": "1",
            "LEDGER_SEAL_ENTRIES": "40",
        }
        world = World.of(home)
        adoption = make_refusal_key(home, world)
        server = Server(home, free_port(), variables)
        server.start()
        try:
            made = Scene(server, world, directory)
            for each in (adoption, world.registration(INSTITUTE)):
                assert made.submit(each), made.last
            yield made
            made.http.close()
        finally:
            if server.runs:
                server.kill()
            for each in directory.iterdir():
                each.unlink()
            directory.rmdir()
