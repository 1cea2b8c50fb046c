"""Every command that asks a question, some answer to each, and a server of a log that gives it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from datetime import date, datetime
from fractions import Fraction
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import httpx2
from typer.models import ArgumentInfo
from typer.testing import CliRunner

from api.answer_json import kinds_of
from api.cli import answers
from api.cli.main import MODULES, app
from ledger import reader
from ledger.domain.contract_terms import Terms
from ledger.domain.distribution import Input
from ledger.domain.money import Money
from ledger.domain.profit import ProfitDeclared
from ledger.domain.scope import Field, Territory
from ledger.log.merkle import leaf_hash
from ledger.wire.base64 import b64encode
from ledger.wire.entry import parse_entry
from tests.support.builders import contract_concluded
from tests.support.sample_log import SampleLog


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command that stands under a noun, with the noun."""
    for noun, module in MODULES.items():
        app = getattr(import_module(module), "app", None)
        yield from ((noun, each) for each in (app.registered_commands if app else ()))


def questions() -> Iterator[list[str]]:
    """Yield the words of every command that asks a question, with all that it must be given."""
    for noun, command in commands():
        given = signature(command.callback).parameters
        if "language" in given:  # What is answered is said in words.
            words = [noun, command.name]
            for name, each in given.items():
                kind, told = get_args(each.annotation)[:2]
                if each.default is Parameter.empty and name != "url":
                    words += [] if isinstance(told, ArgumentInfo) else [f"--{name}"]
                    words.append("7" if kind is int else "party:x")
            yield words


QUESTIONS = [*questions(), ["contracts", "terms", "contract:x", "--report", "report:x"]]

SIZE, POSITIONS = 12, [4, 8]
"""What an answer is as of, and the events that it names."""


def sample(kind: Any) -> Any:
    """Return some JSON value of a kind of answer."""
    origin, inner = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return {name: sample(of) for name, of in kinds_of(kind).items()}
    if NoneType in inner:
        return sample(next(each for each in inner if each is not NoneType))
    if origin is Mapping:
        return {"x": sample(inner[1])}
    if origin is tuple:
        return [sample(inner[0])] if inner[-1] is Ellipsis else [*map(sample, inner)]
    if origin is Literal:
        return inner[0]
    plain = {int: 1, str: "x", bool: True, Fraction: [1, 2], Any: None}
    plain |= {Territory: {"codes": ["world"]}, Input: {"subject": "share:x", "position": 1}}
    plain |= {Field: {"scheme": "any", "edition": None, "codes": []}, ProfitDeclared: None}
    body = contract_concluded().model_dump(mode="json")
    terms = {name: body[name] for name in Terms.model_fields}
    plain |= {Money: {"amount": 1, "currency": "VND"}, Terms: terms}
    plain |= {datetime: "2026-01-01T00:00:00.000Z", date: "2026-01-01"}
    return plain[kind] if kind in plain else sample(inner[0])


def answer_of(kind: Any) -> dict[str, Any]:
    """Return an answer of a kind that names events of the log."""
    said = {"verdict": "answered", "unknown": [], "near": [], "doubted": []}
    return {**sample(kind), **said, "size": SIZE, "positions": POSITIONS}


def kind_of(words: list[str], monkeypatch: Any) -> Any:
    """Return the kind of answer that a command asks for."""
    kinds = list[Any]()

    def asked(_url: str, _trust: Path | None, kind: Any, _path: str, **_parameters: Any) -> Any:
        kinds.append(kind)
        raise answers.CouldNotAsk("it is known what would be asked")

    with monkeypatch.context() as patched:
        patched.setattr(f"{MODULES[words[0]]}.asked", asked)
        CliRunner().invoke(app, [*words, "--url", "http://server"])
    (kind,) = kinds
    return kind


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
