"""`techledger import`: real public records, posted through the public API like anyone's events."""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from api.cli.delays import delay_of
from api.cli.options import AsJson, UrlIfAny
from api.importers import MAX_REGISTER, ImporterError
from api.importers.explanations import meaning
from api.importers.memory import Identity, Memory, load_memory, save_memory
from api.importers.uspto import Plan, Planned, plan
from api.importers.uspto_parties import default_mapping, parse_mapping
from api.importers.uspto_records import parse_records
from ledger.client import LedgerClient, ProblemAnswer, Signed, VerifiedReceipt, read_trust
from ledger.compose import compose, with_delay
from ledger.domain.event import Body
from ledger.domain.party import PartyExists, PartyRegistered
from ledger.genesis import key_record
from ledger.home import Home
from ledger.keystore import KeyFileMissing, load_key, save_key
from ledger.settings import Settings
from ledger.wire.envelope import sign_envelope
from ledger.wire.keys import PrivateKey
from ledger.wire.regular import read_regular

CLERK = "party:vn.exchange.clerk"
PAGE = 200
"""Events of one bulk request."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one planned event.

    `anew` says that it is a new event in the place of one that was refused for good.
    """

    source: str
    topic: str
    answer: VerifiedReceipt | ProblemAnswer
    anew: bool = False

    @property
    def final(self) -> bool:
        """Whether the same bytes are refused for good."""
        return isinstance(self.answer, ProblemAnswer) and self.answer.problem.get("final") is True

    def to_json(self) -> dict[str, Any]:
        """Return the members for `--json`."""
        about = {"source": self.source, "type": self.topic, "signed_anew": self.anew}
        if isinstance(self.answer, VerifiedReceipt):
            status = "replayed" if self.answer.replayed else "admitted"
            return {**about, "status": status, "position": self.answer.position}
        return {**about, "status": "refused", "problem": dict(self.answer.problem)}


class Sent(Protocol):
    """What an importer signs and posts."""

    @property
    def source(self) -> str:
        """What it was made of."""

    @property
    def subject(self) -> str:
        """By what the memory knows it."""

    @property
    def body(self) -> Body:
        """What it says."""

    @property
    def identity(self) -> Identity:
        """What it is called."""


S = TypeVar("S", bound=Sent)


def post_pages(
    ledger: LedgerClient, memory: Memory, events: Sequence[S], sign: Callable[[S], Signed]
) -> Iterator[Answered]:
    """Post events in their order, page by page; remember what was admitted or refused for good."""
    for start in range(0, len(events), PAGE):
        page = events[start : start + PAGE]
        answers = ledger.submit_many([sign(item) for item in page])
        for item, answer in zip(page, answers, strict=True):
            answered = Answered(
                item.source, item.body.TOPIC, answer, item.subject in memory.renewed
            )
            if isinstance(answer, VerifiedReceipt):
                memory.settle(item.subject)
            elif answered.final:
                memory.bury(item.subject, item.identity)
            yield answered


class ClerkMissing(ImporterError):
    """The registrar's key is elsewhere, and the clerk is not registered."""


class Attesting:
    """Signs and posts what a clerk attests, together with the exchange."""

    def __init__(self, ledger: LedgerClient, home: Home, memory: Memory, file: Path) -> None:
        """Keep the memory in a file, whenever an event is about to be sent."""
        self._ledger = ledger
        self._memory, self._file = memory, file
        identity, operator = home.identity(), home.keys / "operator.pem"
        self._officers = (identity.operator, identity.registrar)
        self._keys = (_clerk_key(home), load_key(operator))
        self._registrar = home.keys / "registrar.pem"

    def register_clerk(self, now: datetime) -> None:
        """Register the clerk; where another importer, or the officers, did so before, it stands.

        The registrar signs too: where its key lies here, as in a demonstration, or beforehand.
        Raises `ClerkMissing` where it did not.
        """
        if not self._registrar.exists():
            if self._ledger.get(f"/v1/parties/{CLERK}")["kind"] is None:
                raise ClerkMissing(f"{CLERK} is registered by both officers first")
            return
        body = PartyRegistered.model_validate(
            {
                "party": CLERK,
                "kind": "organisation",
                "name": "Clerk's office of the exchange",
                "roles": ["clerk"],
                "seat": "VN",
                "keys": [key_record(self._keys[0])],
            }
        )
        if self._register(body, now):
            return
        # It was signed by an earlier run, which was cut short, and says since then that it binds.
        if not self._register(body, now):
            raise ClerkMissing(f"the registration of {CLERK} is refused for good")

    def _register(self, body: PartyRegistered, now: datetime) -> bool:
        """Register the clerk, unless that was done; return False if it is refused for good."""
        digest = "sha256:" + hashlib.sha256(body.model_dump_json().encode()).hexdigest()
        identity = self._memory.identity(CLERK, digest, now)
        save_memory(self._file, self._memory)
        try:
            self._ledger.submit(self._signed(body, identity, load_key(self._registrar)))
        except ProblemAnswer as answer:
            if answer.code != PartyExists.code:
                if answer.problem.get("final") is not True:
                    raise
                self._memory.bury(CLERK, identity)
                return False
        self._memory.settle(CLERK)
        return True

    def _signed(self, body: Body, identity: Identity, *registrar: PrivateKey) -> Signed:
        members = body.model_dump(mode="json")
        if registrar:
            delay = delay_of(self._ledger)
            members = with_delay(body.TOPIC, members, delay, identity.issued_at)
        payload = compose(
            self._ledger.trust.origin,
            body.TOPIC,
            members,
            (CLERK, *self._officers[: 1 + len(registrar)]),
            event_id=identity.event_id,
            nonce=identity.nonce,
            issued_at=identity.issued_at,
            life=identity.not_after - identity.issued_at,
        )
        return Signed(sign_envelope(payload, (*self._keys, *registrar)))

    def post(self, events: Sequence[Planned]) -> Iterator[Answered]:
        """Post all events of a plan in order, each signed by clerk and exchange."""

        def sign(item: Planned) -> Signed:
            return self._signed(item.body, item.identity)

        return post_pages(self._ledger, self._memory, events, sign)


def _clerk_key(home: Home) -> PrivateKey:
    path = home.keys / "clerk.pem"
    try:
        return load_key(path)
    except KeyFileMissing:
        key = PrivateKey.generate()
        save_key(path, key)
        return key


def uspto(
    directory: Annotated[Path, typer.Argument(help="Holds assignments.jsonl")],
    url: UrlIfAny = None,
    mapping: Annotated[
        Path | None, typer.Option(help="Party spellings and links; default: the shipped file")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Post recorded conveyances of the USPTO, signed by clerk and exchange."""
    settings = Settings()
    home = Home(settings.home)
    trust = read_trust(home.trust)
    memory_file = home.path / "imports" / "uspto.json"
    now = datetime.now(UTC)
    try:
        memory = load_memory(memory_file, trust.origin)
        parties = parse_mapping(read_regular(mapping)) if mapping else default_mapping()
        register = parse_records(read_regular(directory / "assignments.jsonl", MAX_REGISTER))
        planned = plan(register, parties, memory, clerk=CLERK, now=now)
    except (ImporterError, FileNotFoundError) as error:
        raise typer.BadParameter(str(error), param_hint="DIRECTORY") from None
    with LedgerClient(url or f"http://{settings.host}:{settings.port}", trust) as ledger:
        attesting = Attesting(ledger, home, memory, memory_file)
        # What an event is called is kept before it is sent: lost, it would come back as a double.
        save_memory(memory_file, memory)
        attesting.register_clerk(now)
        save_memory(memory_file, memory)
        try:
            answered = posted(attesting, tuple(planned), quiet=as_json)
        finally:
            save_memory(memory_file, memory)
    if as_json:
        print(json.dumps(_report(planned, answered), indent=1, ensure_ascii=False))
    else:
        _print(planned, answered)


def posted(attesting: Attesting, planned: Sequence[Planned], *, quiet: bool) -> list[Answered]:
    """Post all events of a plan, with a progress bar where somebody looks at it."""
    console = Console(file=sys.__stderr__)
    hidden = quiet or not console.is_terminal
    answers = attesting.post(planned)
    return list(track(answers, "posting", len(planned), console=console, disable=hidden))


def _report(planned: Plan, answered: Sequence[Answered]) -> dict[str, Any]:
    return {
        "outcomes": [
            {"type": topic, "outcome": outcome, "count": count, "meaning": meaning(outcome)}
            for (topic, outcome), count in sorted(_counted(planned, answered).items())
        ],
        "answers": [item.to_json() for item in answered],
        "declined": [
            {"source": item.source, "code": item.code, "detail": item.detail}
            for item in planned.declined
        ],
        "unfiled": list(planned.unfiled),
    }


def _counted(planned: Plan, answered: Sequence[Answered]) -> Counter[tuple[str, str]]:
    counts = Counter((item.topic, status_of(item)) for item in answered)
    counts.update(("not sent", item.code) for item in planned.declined)
    return counts


def _print(planned: Plan, answered: Sequence[Answered]) -> None:
    console = Console(highlight=False)
    summary = Table("type", "outcome", "count", "meaning", title="Outcomes", title_justify="left")
    for (topic, outcome), count in sorted(_counted(planned, answered).items()):
        summary.add_row(topic, outcome, str(count), meaning(outcome))
    console.print(summary)
    refused = Table(
        "record", "code", "forbidden by", "why", title="Not admitted", title_justify="left"
    )
    for item in answered:
        if isinstance(item.answer, ProblemAnswer):
            problem = item.answer.problem
            places = ", ".join(str(position) for position in problem.get("positions", []))
            refused.add_row(item.source, item.answer.code, places, str(problem["detail"]))
    for declined in planned.declined:
        refused.add_row(declined.source, declined.code, "", declined.detail)
    console.print(refused)
    print_renewed(console, answered)
    if planned.unfiled:
        console.print(f"Not filed, no record shows an owner: {', '.join(planned.unfiled)}")


def print_renewed(console: Console, answered: Sequence[Answered]) -> None:
    """Say what was signed anew, and what the next run signs anew."""
    if anew := sum(item.anew for item in answered):
        console.print(f"Signed anew, since the bytes of before were refused for good: {anew}")
    if final := sum(item.final for item in answered):
        console.print(f"Refused for good; the next run signs new events for them: {final}")


def status_of(item: Answered) -> str:
    """Return the code of a refusal, or whether the event was admitted now or before."""
    return (
        item.answer.code
        if isinstance(item.answer, ProblemAnswer)
        else str(item.to_json()["status"])
    )
