"""Every command that asks a question, some answer to each, and a server of a log that gives it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import cache
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import httpx2
from pydantic import BaseModel
from typer.models import ArgumentInfo
from typer.testing import CliRunner

from api.cli import agreeing, answers, echoes
from api.cli.declared import MODULES
from api.cli.main import app
from api.cli.questions import kind_named, meant
from api.describe import checking
from api.describe.answer_json import kinds_of, members_of
from api.describe.measures import measure_of
from api.reads.questions import command_of
from ledger.domain.contracts.agreed_share import WaterfallStep
from ledger.domain.contracts.contract_terms import Terms
from ledger.domain.core.money import Money, Part
from ledger.domain.core.scope import Field, Territory
from ledger.domain.core.types import legal_day, parse_instant
from ledger.domain.market.offer import Proposed
from ledger.domain.revenue.distribution import Input
from ledger.domain.revenue.profit import ProfitDeclared
from ledger.domain.revenue.share_agreement import RoleOf
from ledger.follow import checked, reader
from ledger.log.merkle import leaf_hash
from ledger.wire.base64 import b64encode
from ledger.wire.entry import parse_entry
from ledger.wire.envelope import payload_hash
from projections.questions.arrears import Overdue
from projections.questions.duties import DutiesByDeadline
from tests.support.builders import contract_concluded
from tests.support.sample_log import SampleLog, sample_log


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command that stands under a noun, with the noun."""
    for noun, module in MODULES.items():
        app = getattr(import_module(module), "app", None)
        yield from ((noun, each) for each in (app.registered_commands if app else ()))


_GIVEN = {"act": "sell", "territory": "iso:VN", "after": "8", "size": "12"}
"""What a question is given that takes no id."""


def questions() -> Iterator[list[str]]:
    """Yield the words of every command that asks a question, with all that it must be given."""
    for noun, command in commands():
        given = signature(command.callback).parameters
        # What is answered is said in words; who hands in a file asks what comes of it, no question,
        # and who takes one home has what a page answers.
        if {"language", "url"} <= given.keys() and not {"file", "pdf", "as_csv"} & given.keys():
            words = [noun, command.name]
            for name, each in given.items():
                kind, told = get_args(each.annotation)[:2]
                if each.default is Parameter.empty and name != "url":
                    words += [] if isinstance(told, ArgumentInfo) else [f"--{name}"]
                    words.append(_GIVEN.get(name, "7" if kind is int else "party:x"))
            yield words


BY_LIST_ALONE = frozenset(
    {
        *("getDocuments", "getDocument", "listFindings", "getKey", "getPartyKeys", "getMandates"),
        *(
            "getRelations",
            "getRevenue",
            "getShare",
            "getLapseEffects",
            "getStatusHistory",
            "getTimeline",
            "listOffers",
        ),
        *(
            "listEvents",
            "listListings",
            "getListing",
            "getMatches",
            "getOffer",
            "listPartyRights",
            "listPartyContracts",
            "getFigures",
            "listDuties",
        ),
        *(
            "listPartyOffers",
            "search",
            "getTechnology",
            "getAuthorMinimum",
            "listEditions",
            "listProjections",
        ),
        *("getProjectionDifference", "getProjectionDigest"),
    }
)
"""Questions that have no command of their own beside that made from the list."""

COMMANDS = [*questions(), ["contracts", "terms", "contract:x", "--report", "report:x"]]

_ALONE = {command_of(name) for name in BY_LIST_ALONE}
QUESTIONS = [words for words in COMMANDS if words[0] != "ask" or words[1] in _ALONE]
"""Every question by one command: what is asked by two is checked in one place."""

OF_ONE_SIZE = [words for words in QUESTIONS if words[1] not in ("projections", "projection-digest")]
"""Those whose answer is of so many entries as the ledger has: one says it of each read model, and
one is asked for it."""

SIZE, POSITIONS = 12, [4, 8]
"""What an answer is as of, and the events that it names."""


def sample(kind: Any) -> Any:
    """Return some value of a kind that an answer holds."""
    origin, inner = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        given = {**kinds_of(kind), "known_at": None}
        members = {each.name: sample(given[each.name]) for each in fields(kind)}
        return _as_logged(kind(**{**members, **_whole(kind, members)}))
    inner = tuple(each for each in inner if each is not NoneType)
    if origin is Mapping:
        return {"x": sample(inner[1])}
    if origin is tuple:
        return tuple(sample(each) for each in inner if each is not Ellipsis)
    if origin is Literal:
        return inner[0]
    return _PLAIN[kind] if kind in _PLAIN else _sample_body(kind) or sample(inner[0])


_PLAIN: Mapping[Any, Any] = {
    int: 1,
    str: "x",
    bool: True,
    Fraction: Fraction(1, 2),
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
    date: date(2026, 1, 1),
    Any: None,
    None: None,
    ProfitDeclared: None,
}


def _whole(kind: Any, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return those members of a record that have to go with the others, such as they do."""
    later = {name: date(2036, 1, 1) for name, each in members.items() if _ends(name, each)}
    unsealed = {name: None for name in members if name.endswith("_commitment")}
    return later | unsealed | _OWN.get(kind.__name__, {})


def _ends(name: str, value: Any) -> bool:
    return type(value) is date and (name == "end" or name.endswith("_to"))


_OWN: Mapping[str, Mapping[str, Any]] = {
    "Duty": {"file_by": date(2025, 12, 31)},
    "FoldedModel": {"size": SIZE},
    "Offers": {"offer": None},
    "MinimumMet": {"sealed": False, "credit": "carried_forward"},
    "Overdue": {"sealed": False},
    "ReportLines": {"gross": 2},
    "SoldLine": {"gross": 2},
    "UnpaidReport": {"since": date(2026, 1, 2), "days_a_year": 365, "unpaid": 1000, "due": 1000},
}


def _as_of(answer: Any, day: date) -> Any:
    """Return an answer as of a day, with what is late being late by then."""
    late = {"days_late": (day - date(2026, 1, 1)).days}
    if isinstance(answer, DutiesByDeadline):
        due = tuple(replace(row, **late) for row in answer.duties)
        return replace(answer, true_on=day, duties=due)
    if isinstance(answer, Overdue):
        unpaid = [replace(row, **late, interest=row.accrued_by(day)) for row in answer.unpaid]
        missing = [replace(row, **late) for row in answer.unreported]
        return replace(answer, true_on=day, unpaid=tuple(unpaid), unreported=tuple(missing))
    return replace(answer, true_on=day) if hasattr(answer, "true_on") else answer


@cache
def entries_served() -> tuple[bytes, ...]:
    """Return the entries of the log that is served."""
    return tuple(sample_log(300).entries)


def _as_logged(row: Any) -> Any:
    """Return a row that says of events of the log what these say of themselves."""
    says = dict[str, Any]()
    for place, instant in checked.INSTANTS.items():
        if isinstance(position := getattr(row, place, None), int):
            entry = parse_entry(entries_served()[position])
            says[instant] = parse_instant(entry.accepted)
            says |= _payload_of(entry.payload) if place == "position" else {}
    return replace(row, **{each.name: says[each.name] for each in fields(row) if each.name in says})


def _payload_of(raw: bytes) -> dict[str, Any]:
    payload = json.loads(raw)
    lists = {name: tuple(payload[name]) for name in ("subjects", "signers")}
    kind = {"type": payload["type"], "topic": payload["type"]}
    return lists | kind | {"event_id": payload["event_id"], "payload_hash": payload_hash(raw)}


def _sample_body(kind: Any) -> BaseModel | None:
    body = contract_concluded().model_dump(mode="json")
    said: Mapping[Any, Any] = {
        Territory: {"codes": ["world"]},
        Input: {"subject": "share:x", "position": 1},
        Field: {"scheme": "any", "edition": None, "codes": []},
        Money: {"amount": 1, "currency": "VND"},
        Part: {"party": "party:x", "ppm": 1_000_000},
        RoleOf: {"party": "party:x", "role": "author"},
        WaterfallStep: {"name": "x", "to": "party:x", "amount": 1},
        Proposed: {name: body["grants"][0][name] for name in Proposed.model_fields},
        Terms: {name: body[name] for name in Terms.model_fields},
    }
    return kind.model_validate_json(json.dumps(said[kind])) if kind in said else None


def answer_of(kind: Any) -> dict[str, Any]:
    """Return an answer of a kind as JSON."""
    size = {} if derives(kind, "size") else {"size": SIZE}
    some = replace(sample(kind), near=(), doubted=(), **size)
    return members_of(_as_of(some, legal_day(datetime.now(UTC))))


def derives(kind: Any, member: str) -> bool:
    """Say whether a member of a kind follows from the others."""
    return member in kinds_of(kind) and member not in {each.name for each in fields(kind)}


def question_of(words: list[str], monkeypatch: Any) -> tuple[Any, dict[str, Any]]:
    """Return the kind of answer that a command asks for, and the parameters of its question."""
    questions = list[tuple[Any, dict[str, Any]]]()

    def asked(*of: Any, **parameters: Any) -> Any:
        kind, given = meant(of[-1], parameters)
        questions.append((kind_named(kind), given))
        raise answers.CouldNotAsk("it is known what would be asked")

    with monkeypatch.context() as patched:
        patched.setattr(f"{MODULES[words[0]]}.query", asked)
        CliRunner().invoke(app, [*words, "--url", "http://server"])
    ((kind, parameters),) = questions
    # How long to wait for it is no part of a question: every answer says its size.
    return kind, {name: value for name, value in parameters.items() if name != "at_least"}


def kind_of(words: list[str], monkeypatch: Any) -> Any:
    """Return the kind of answer that a command asks for."""
    return question_of(words, monkeypatch)[0]


def answer_to(words: list[str], monkeypatch: Any) -> dict[str, Any]:
    """Return some answer to the very question of a command, which names the events of its rows."""
    kind, parameters = question_of(words, monkeypatch)
    answer = answer_of(kind)
    for name, value in parameters.items():
        if value is not None or f"{kind.__name__}.{name}" not in echoes.CHOSEN:
            with_said(answer, echoes.place_of(kind, name), value)
    _be_about_what_was_asked(kind, answer)
    if not derives(kind, "positions"):
        told = [
            [value] if isinstance(value, int) else value
            for row in checked.rows_of(answer)
            for name, value in row.items()
            if row is not answer and measure_of("", name) == "entry"
        ]
        own = [answer["position"]] if "position" in answer else []
        answer["positions"] = sorted(
            {*POSITIONS, *own, *(at for each in told for at in each or ())}
        )
    if "position" in parameters:  # It says of that event what it says of itself.
        logged = _payload_of(parse_entry(entries_served()[answer["position"]]).payload)
        answer |= {name: logged[name] for name in logged if name in answer}
    return answer


def _be_about_what_was_asked(kind: Any, answer: dict[str, Any]) -> None:
    for member, rows in agreeing.ABOUT.get(kind.__name__, {}).items():
        about = at(answer, member)[0]
        for place, names in rows if about is not None else ():
            for row in filter(None, at(answer, place)):
                row[names[0]] = [about] if isinstance(row[names[0]], list) else about
    for place, of in _AMONG.get(kind.__name__, {}).items():
        at(answer, place)[0]["subject"] = answer[of]


_AMONG: Mapping[str, Mapping[str, str]] = {"OfferThread": {"thread.state.offer": "offer"}}
"""Rows of an answer one of which is of what was asked about."""


def at(value: Any, place: str) -> list[Any]:
    """Return all that stands at a place of a JSON value, within lists too."""
    if isinstance(value, list):
        return [found for each in value for found in at(each, place)]
    name, _, rest = place.partition(".")
    return at(value[name], rest) if place and value is not None else [value]


def with_said(answer: dict[str, Any], place: str, value: Any) -> None:
    """Let an answer say at a place what a parameter asks; None is what is asked by default."""
    *within, last = place.split(".")
    if last == "codes":
        *within, last = within
        value = _coded(last, value, within)
    for name in within:
        answer = answer[name]
    if last in ("true_on", "start", "distributed_on") and value is None:
        value = legal_day(datetime.now(UTC)).isoformat()
    answer[last] = value


def _coded(what: str, code: str | None, within: list[str]) -> Any:
    """Return a territory or a field of a code; of none, what an answer says of it."""
    if code is None and within == ["asked"]:
        return None
    if what == "territory":
        return {"codes": [code]}
    of = {"scheme": "any", "edition": None} if code is None else {"scheme": "ipc", "edition": "1"}
    return {**of, "codes": [] if code is None else [code]}


@dataclass
class Server:
    """A server of a log that answers every question by `body`; `lies` are by path, said instead.

    `asked` are the paths, `given` the parameters of questions.
    """

    log: SampleLog
    body: bytes = b""
    size: int = SIZE
    lies: dict[str, Callable[[], httpx2.Response]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    given: list[httpx2.QueryParams] = field(default_factory=list)

    def answers(self, answer: Any) -> None:
        """Let this be the answer to every question."""
        self.body = json.dumps(answer).encode()

    def serve(self, monkeypatch: Any) -> None:
        """Let this be what every client asks."""

        def opened(*_given: Any, **_options: Any) -> httpx2.Client:
            transport = httpx2.MockTransport(self._answer)
            return httpx2.Client(base_url="http://server", transport=transport)

        monkeypatch.setattr(reader, "open_client", opened)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.asked.append(path)
        if path in self.lies:
            return self.lies[path]()
        if path == "/checkpoint":
            return httpx2.Response(200, content=self.log.checkpoint(self.size))
        if path.startswith("/tile/"):
            found = self.log.files(self.size).get(path[1:])
            return httpx2.Response(200, content=found) if found else _no("NOT_FOUND")
        if path.startswith("/v1/entries/") and path.rpartition("/")[2].isdecimal():
            return self._entry(int(path.rpartition("/")[2]))
        if path == "/v1/evidence":
            return _no("NOT_FOUND")
        self.given.append(request.url.params)
        return httpx2.Response(200, content=self.body)

    def _entry(self, position: int) -> httpx2.Response:
        if position >= self.size:
            return _no("NOT_FOUND")
        return httpx2.Response(200, json=entry_json(self.log, position))


def _no(code: str) -> httpx2.Response:
    return httpx2.Response(404, json={"code": code, "detail": "no"})


def entry_json(log: SampleLog, position: int, **changed: Any) -> dict[str, Any]:
    """Return an entry as the API answers it."""
    raw, parsed = log.entries[position], parse_entry(log.entries[position])
    honest = {
        "position": position,
        "accepted": parsed.accepted,
        "leaf_hash": b64encode(leaf_hash(raw)),
        "entry": b64encode(raw),
        "signatures": [
            {"keyid": line.key_id, "sig": b64encode(line.value)} for line in parsed.signatures
        ],
        "payload": json.loads(parsed.payload),
    }
    return honest | changed


def put(words: list[str], trust: Path | None, *more: str) -> Any:
    """Put a question; return what came of it."""
    by = [] if trust is None else ["--trust", str(trust)]
    return CliRunner().invoke(app, [*words, "--url", "http://server", *by, *more])


REFUSED = 2
CODES = {0, 1, 3, 4}
"""What a question that was answered ends with."""

TITLE = ["rights", "title", "right:x"]


def said(done: Any) -> list[str]:
    """Return the lines of an answer, which is headed as what it is, the heading left out."""
    assert done.exit_code in CODES, (done.exit_code, done.output, done.exception)
    heading, *lines = done.output.splitlines()
    assert heading == checking.NOT_VERIFIED.en
    return lines


def refused(done: Any, code: str) -> str:
    """Return why a question was refused, of which nothing was printed."""
    assert (REFUSED, "") == (done.exception.exit_code, done.output)
    assert str(done.exception).startswith(f"{code}: "), done.exception
    return str(done.exception)
