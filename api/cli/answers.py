"""Questions put to a served ledger, their answers on a terminal, and what of them was checked."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

import typer

from api.cli.paging import show_lines
from api.cli.questions import meant
from api.describe.language import Language, Said
from ledger.domain.core.types import legal_day
from ledger.follow.reader import LedgerReader
from ledger.follow.replies import ClientError, ProblemAnswer, WrongAnswer
from ledger.quoted import quoted
from ledger.verify.outcome import Refused
from ledger.wire.shown import brief, one_line
from projections.engine.answer import Verdict

if TYPE_CHECKING:
    from api.describe.checking import Computed
    from ledger.follow.checked import Checked, Checking

Answer = Mapping[str, Any]


class CheckedAnswer(dict[str, Any]):
    """An answer of a kind, and what of it was checked: None for nothing.

    It is the server's word, but where it was computed from entries that were verified.
    """

    def __init__(self, answer: Answer, kind: Any, checked: "Checked | Computed | None") -> None:
        super().__init__(answer)
        self.kind = kind
        self.checked = checked


class CouldNotAsk(ClientError):
    """A question has no answer that could be taken; the message says why."""

    exit_code = 2


class SaidNo(ClientError):
    """The ledger said no, in the language that it was asked in: its title first."""

    def __init__(self, said: ProblemAnswer, language: Language) -> None:
        told = ": ".join(titled(said))
        helps = f"; {WHAT_HELPS.in_(language)}: {said.helps}" if said.helps else ""
        super().__init__(brief(f"{said.code}: {_SAYS.in_(language)}: {told}{helps}"))


_SAYS = Said("máy chủ trả lời", "the server says")
WHAT_HELPS = Said("cách khắc phục", "what helps")


def titled(said: ProblemAnswer) -> list[str]:
    """Return a problem's title, where it has one, and its detail, which is English, if another."""
    return [*dict.fromkeys(filter(None, (said.problem.get("title"), said.detail)))]


@contextmanager
def telling_no(language: Language) -> Iterator[None]:
    """Raise `SaidNo` for the problem that a ledger answers."""
    try:
        yield
    except ProblemAnswer as said:
        raise SaidNo(said, language) from said


def query(
    url: str, trust: Path | None, language: Language, path: str, /, **parameters: Any
) -> CheckedAnswer:
    """Return the answer to the question of a path; parameters that are None are left out.

    Those that stand in the path, in braces, are put there. A day that is none is today's, and asked
    for: midnight does not pass between a question and its answer. The answer says what it was
    asked, or is none.
    With a trust root the events that it names are verified, and the log is held to what was seen of
    it before; the server has to answer as of no less than that, but to what it knew at some time or
    size.
    A problem is told in the language. Raises `WrongAnswer` for what is none of that kind, and
    `CouldNotAsk`.
    """
    kind, question = worded(path, parameters)
    with asking(url, trust, language) as (ledger, checking):
        return put(ledger, checking, kind, path, question)


def worded(path: str, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the kind of answer that is asked for, by its name, and the question.

    Days that are none are today's. Raises `CouldNotAsk`.
    """
    kind, parameters = meant(path, given)
    for name, value in parameters.items():
        if isinstance(value, str) and not _is_text(value):
            raise CouldNotAsk(f"BAD_PARAMETER: {name} is {quoted(value)}: it is no text in UTF-8")
    days = {name: str(legal_day(datetime.now(UTC))) for name in _DAYS if name in parameters}
    question = parameters | {name: parameters[name] or day for name, day in days.items()}
    if "from" in question and (last := question["to"]) is not None and last <= question["from"]:
        told = f"to={last}: it is the first day after, and not after from={question['from']}"
        raise CouldNotAsk(f"BAD_PARAMETER: {told}; ask for a later one")
    return kind, question


def put(
    ledger: LedgerReader,
    checking: "Checking | None",
    kind: str,
    path: str,
    question: dict[str, Any],
) -> CheckedAnswer:
    """Put a question to a ledger, and check what it answers. Raises as `query` does."""
    asked = {name: value for name, value in question.items() if name != AT_LEAST}
    where = path.format_map({name: quote(str(value), ":") for name, value in asked.items()})
    rest = {name: value for name, value in asked.items() if f"{{{name}}}" not in path}
    seen = checking.before if checking else None
    now = asked.get("known_at") is None and "size" not in asked
    wanted = [each for each in (seen if now else None, question.get(AT_LEAST)) if each is not None]
    least = max(wanted, default=None)
    answer = ledger.get(where, **rest, at_least=least)
    # What reads an answer, and the rules that it knows, are imported once there is one.
    from api.cli import answered  # noqa: PLC0415

    read = answered.read(kind, asked, answer)
    size, positions = read.members["size"], read.members["positions"]
    about = {str(each) for each in asked.values() if _ID.fullmatch(str(each))}
    checked = checking.check(size, positions, least or 0, about) if checking else None
    answered.must_say(read, checked)
    if size < (least or 0):
        raise WrongAnswer(f"as of size {size}, where {least} was asked for")
    return CheckedAnswer(read.members, read.kind, checked)


AT_LEAST = "at_least"
"""How many entries are to be folded before it is answered: no answer says that it was asked."""


def _is_text(value: str) -> bool:
    """Say whether what the terminal gave can be written: bytes that are no text stand in no URL."""
    return not any("\ud800" <= each <= "\udfff" for each in value)


_DAYS = ("true_on", "from", "distributed_on")
_ID = re.compile(r"(?!iso:|vn-)[a-z]+:[a-z0-9.-]+|[0-9a-f]{64}")
"""What a question is about: subjects and keys, not places."""


@contextmanager
def asking(
    url: str, trust: Path | None, language: Language
) -> "Iterator[tuple[LedgerReader, Checking | None]]":
    """Lend a ledger to ask, and, by a trust root, what checks its answer.

    Whatever a server does to us, nothing was answered: no error ends with the code of a no.
    """
    try:
        if trust is None:
            with telling_no(language), LedgerReader(url, language=language) as reader:
                yield reader, None
            return
        # Who names no trust root has nothing checked, and imports nothing that checks.
        from ledger.follow.checked import Checking  # noqa: PLC0415
        from ledger.follow.client import LedgerClient, read_trust  # noqa: PLC0415
        from ledger.follow.lastseen import LastSeen, seen_directory  # noqa: PLC0415

        root = read_trust(trust)
        with telling_no(language), LedgerClient(url, root, language=language) as ledger:
            yield ledger, Checking(ledger, LastSeen(seen_directory(), root))
    except ClientError as error:
        if error.exit_code == CouldNotAsk.exit_code:
            raise
        raise CouldNotAsk(str(error)) from error
    except Refused as refused:
        raise CouldNotAsk(str(refused)) from refused


EXIT_CODES: Mapping[Verdict, int] = {
    "yes": 0,
    "answered": 0,
    "no": 1,
    "contested": 3,
    "unknown": 4,
}
"""What a command that asks ends with, by the answer's verdict; 2 is that nobody could be asked."""


def print_answer(answer: CheckedAnswer, language: Language, *, as_json: bool) -> NoReturn:
    """Print an answer, which is the server's word, and end the command with its verdict.

    It is JSON, or lines; in both stands what was checked of it. Of what the log does not name
    nothing else is said. What a law or decree is called, this version's own law data say, not the
    server: of what came later there is the number alone.
    Raises `WrongAnswer`, with nothing printed, for what cannot be said in words.
    """
    from api.cli.answered import as_said, said_in_words  # noqa: PLC0415  (as in `put`)

    told = said_in_words(answer.kind, answer, answer.checked, language)
    if as_json:
        print(json.dumps(as_said(answer, answer.checked), indent=1, ensure_ascii=False))
    else:
        show_lines(map(one_line, told))
    raise typer.Exit(EXIT_CODES[answer["verdict"]])
