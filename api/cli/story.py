"""
The story that `techledger demo` tells: `story.json`, by days relative to the telling.

The demo plays it, the tests play it, and `docs/questions.md` asks about it. Its bodies hold words
in braces:

| word | stands for |
|---|---|
| `{name}` | a party or a subject, as the cast has it; `{terms}` the hash of a text |
| `{number:right}` | the number in a right's id |
| `{today}`, `{quarter-3}` | the day of the telling; the first day of the quarter so many before |
| `{today-57d}`, `{quarter-3+5y}` | so many days, or years, from such a day |
| `{hash:step}`, `{position:step}` | the payload's hash, and the position, of an earlier step |
| `{key:name}`, `{key_id:name}` | the record of a key, and its id |
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, partial
from importlib.resources import files
from typing import Any

OFFICERS = ("operator", "registrar")
"""Whom the ledger itself names; all others are of the story."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what the story is about, and the day on which it is told.

    `parties` and `ids` have what `NAMES` has, by the same names, and the officers; `keys` are the
    records of the keys that sign, by the name of their party or their own.
    """

    parties: Mapping[str, str]
    ids: Mapping[str, str]
    keys: Mapping[str, Mapping[str, str]]
    today: date

    def __getattr__(self, role: str) -> str:
        """Return a party by its role."""
        try:
            return self.parties[role]
        except KeyError:
            raise AttributeError(role) from None


@dataclass(frozen=True, slots=True)
class Done:
    """What came of the steps so far: hashes of payloads, and positions, by the steps' names."""

    hashes: dict[str, str]
    positions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the story.

    `signers` are parties by their roles and `keys` names of the keys that sign, `sealed` the JSON
    pointers of what is sealed. None as `refused` means that the ledger must admit the step;
    otherwise it must refuse it with that code.
    """

    name: str
    says: str
    topic: str
    signers: tuple[str, ...]
    keys: tuple[str, ...]
    told: Mapping[str, Any]
    sealed: tuple[str, ...] = ()
    refused: str | None = None

    def parties(self, cast: Cast) -> list[str]:
        """Return whom the event binds."""
        return [cast.parties[role] for role in self.signers]

    def body(self, cast: Cast, done: Done) -> dict[str, Any]:
        """Return the body as it is told by this cast, after these steps."""
        body = _filled(self.told, partial(_meaning, cast, done))
        assert isinstance(body, dict)
        # Where parties are a set, the ledger has them in the order of their ids.
        for listed in ("parties", "agreed_by"):
            if listed in body:
                body[listed].sort()
        return body


@cache
def _told() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(files("api.cli").joinpath("story.json").read_text("utf-8"))
    return told


def names() -> Mapping[str, str]:
    """Return what the story calls its parties and subjects."""
    found: Mapping[str, str] = _told()["names"]
    return found


def chapters() -> tuple[str, ...]:
    """Return the names of the chapters, in order."""
    return tuple(each["chapter"] for each in _told()["chapters"])


def story(*chapters: str) -> list[Step]:
    """Return the steps of these chapters, or of all, in order."""
    told = _told()["chapters"]
    assert set(chapters) <= {each["chapter"] for each in told}, chapters
    return [
        _step(step)
        for each in told
        if not chapters or each["chapter"] in chapters
        for step in each["steps"]
    ]


def _step(told: Mapping[str, Any]) -> Step:
    signers, by = tuple(told["signers"]), told.get("by", {})
    return Step(
        name=told["name"],
        says=told["says"],
        topic=told["topic"],
        signers=signers,
        keys=(*(by.get(role, role) for role in signers), *told.get("also", ())),
        told=told["body"],
        sealed=tuple(told.get("sealed", ())),
        refused=told.get("refused"),
    )


_WORD = re.compile(r"\{([^{}]*)\}")
_DAY = re.compile(r"(today|quarter)(?:-(\d+))?((?:[+-]\d+[dy])*)")
_MOVES = re.compile(r"([+-]\d+)([dy])")


def _filled(told: Any, meaning: "partial[Any]") -> Any:
    """Return a body with its words replaced; what is one word becomes its meaning as it is."""
    if isinstance(told, Mapping):
        return {name: _filled(value, meaning) for name, value in told.items()}
    if isinstance(told, list):
        return [_filled(value, meaning) for value in told]
    if not isinstance(told, str):
        return told
    if whole := _WORD.fullmatch(told):
        return meaning(whole[1])
    return _WORD.sub(lambda word: str(meaning(word[1])), told)


def _meaning(cast: Cast, done: Done, word: str) -> Any:
    kind, _, name = word.partition(":")
    if name:
        return _ABOUT[kind](cast, done, name)
    if day := _DAY.fullmatch(word):
        return day_of(cast.today, day[1], int(day[2] or 0), day[3]).isoformat()
    return cast.parties.get(word) or cast.ids[word]


_ABOUT: Mapping[str, Callable[[Cast, Done, str], Any]] = {
    "hash": lambda _, done, step: done.hashes[step],
    "position": lambda _, done, step: done.positions[step],
    "key": lambda cast, _, name: dict(cast.keys[name]),
    "key_id": lambda cast, _, name: cast.keys[name]["key_id"],
    "number": lambda cast, _, right: cast.ids[right].rpartition(".")[2],
}


def day_of(today: date, since: str, quarters: int = 0, moves: str = "") -> date:
    """Return a day of the story: from today or from the first of a quarter, moved in turn."""
    day = today
    if since == "quarter":
        month = 12 * today.year + 3 * ((today.month - 1) // 3) - 3 * quarters
        day = date(month // 12, month % 12 + 1, 1)
    for count, unit in _MOVES.findall(moves):
        moved = timedelta(days=int(count)) if unit == "d" else None
        day = _years_after(day, int(count)) if moved is None else day + moved
    return day


def variables(cast: Cast, done: Done) -> dict[str, str]:
    """Return the variables that the questions about the story use, but for what only a log has.

    `TODAY` is the day of the telling, `Q1` to `Q3` the first days of the quarters before its own,
    `NEXT_YEAR` the day a year on, `YEAR` the year of the older licence's royalties, `K` the key
    that was compromised, `CONTRACT` the position of the licence, `SOLD` that of the mark's sale.
    """
    today = cast.today
    quarters = {f"Q{n}": day_of(today, "quarter", 4 - n).isoformat() for n in (1, 2, 3)}
    return {
        "TODAY": today.isoformat(),
        "NEXT_YEAR": _years_after(today, 1).isoformat(),
        **quarters,
        "YEAR": quarters["Q1"][:4],
        "K": cast.keys["institute-2"]["key_id"],
        "CONTRACT": str(done.positions["contract"]),
        "SOLD": str(done.positions["sold"]),
    }


def _years_after(day: date, years: int) -> date:
    """Return the same day years later; of a leap day the last of February (Civil Code art. 148)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
