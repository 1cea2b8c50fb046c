"""
What of the read models a bundle shows, and what a question would have to see beside.

A bundle has whole histories of some subjects, up to a seal, and single entries. A key of a
projection is a subject of each event that touches it: where its history is whole, its rows are
those of the whole log, and no other key is folded. The rows that hold an id in another column are
all there where the id's history is whole, and that of each key which an event of it touches: by one
of these events it came into them (`HELD`). A journal's rows follow from their own event each.

Every statement that is sent to the database is looked at. It may name such ids, or positions of
entries that are shown; whatever it selects in another way may be anywhere in the log. Nothing is
refused at once: what the statements need is gathered, and an answer that lacks some of it is none.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ledger.domain.core.event import Logged
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.domain.parties.mandate import MandateGiven
from projections.engine.projection import Journal, On, Projection, ReadModel
from projections.questions.vouching import REACHED
from projections.run.catalogue import READ_MODELS
from projections.tables.basis import BY_THEN, FIRST, IN_DOUBT, NEAR
from projections.tables.editions import editions
from projections.tables.key_events import signed

HELD: Mapping[str, Collection[str]] = {
    "contract_parties": ("party",),
    "dependencies": ("thing",),
    "documents": ("contract",),
    "encumbrances": ("ref", "licensee"),
    "grants": ("ref", "head", "licensee"),
    "keys": ("party",),
    "liens": ("charged",),
    "listings": ("lister",),
    "offers": ("offeror", "offeree", "listing"),
    "orders": ("dispute",),
    "payables": ("contract", "payee"),
    "payments": ("distribution",),
    "reconfirmations": ("key",),
    "reports": ("contract",),
    "shares": ("contract",),
    "title": ("party",),
}
"""Columns, beside the first, whose values are subjects of the events by which they came there."""

KEPT_OTHERWISE = ("events", "hashes", "reconfirmations", "signed")
"""Read models whose first column is no subject of the row's event."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be shown: whole histories and single entries, or all there is."""

    subjects: frozenset[str] = frozenset()
    positions: frozenset[int] = frozenset()
    everything: bool = False

    @property
    def amount(self) -> int:
        """Return how many histories and entries that is, of those that can be named."""
        return len(self.subjects) + len(self.positions)

    def __or__(self, other: "Needs") -> "Needs":
        return Needs(
            self.subjects | other.subjects,
            self.positions | other.positions,
            self.everything or other.everything,
        )


_NOTHING, _EVERYTHING = Needs(), Needs(everything=True)


class Shown:
    """The entries of a bundle below its seal, and whose histories are whole.

    `behind` are positions of entries that no seal covers yet, which answer nothing. `needs` is what
    the statements need that were sent since.
    """

    def __init__(
        self, origin: str, size: int, whole: Iterable[str], entries: Iterable[Logged]
    ) -> None:
        self.size = size
        self.whole = frozenset(whole)
        found = {each.position: each for each in entries}
        self.entries = {at: each for at, each in found.items() if at < size}
        self.behind = found.keys() - self.entries.keys()
        self.needs = _NOTHING
        self.law = ledger_subject(origin)
        self._beside: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._added: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self._given: dict[str, set[int]] = defaultdict(set)
        for at, logged in self.entries.items():
            for party, key in logged.event.body.new_keys():
                self._added[key.key_id].add((party, at))
            if isinstance(logged.event.body, MandateGiven):
                self._given[logged.event.body.principal].add(at)
        self.models = tuple(map(self._of_whole, READ_MODELS))

    @property
    def lacking(self) -> Needs:
        """Return what is needed and not shown."""
        return self._lacking(self.needs)

    def _lacking(self, needs: Needs) -> Needs:
        missing = needs.positions - self.entries.keys()
        return Needs(needs.subjects - self.whole, missing, needs.everything)

    def _of_whole(self, model: ReadModel) -> ReadModel:
        """Return a read model that folds the keys alone whose history is whole."""
        if not isinstance(model, Projection):
            return model
        return replace(model, on={body: self._on(model.name, on) for body, on in model.on.items()})

    def _on(self, name: str, on: On[Any]) -> On[Any]:
        def keys(logged: Logged) -> Iterator[str]:
            for key in on.keys(logged):
                if subject_of(key) in self.whole:
                    yield key
                else:
                    for subject in logged.event.subjects:
                        self._beside[name, subject].add(key)

        return replace(on, keys=keys)

    def see(self, sent: object, asked: object) -> None:
        """Note what statements need that are sent to the database, with these parameters."""
        for each in (sent.decode() if isinstance(sent, bytes) else str(sent)).split(";"):
            statement = " ".join(each.split())
            if not _READS_NOTHING.fullmatch(statement):
                self.needs |= self._by_statement(statement, asked)

    def _by_statement(self, statement: str, asked: object) -> Needs:
        if (found := _QUERY.fullmatch(statement)) and isinstance(asked, Mapping):
            where, *_ = _parts(found[2], " GROUP BY | ORDER BY ")
            return self._by_condition(_MODELS[found[1]], where, asked)
        return _EVERYTHING

    def _by_condition(  # noqa: PLR0911  (one for each way to look elsewhere)
        self, model: ReadModel, where: str, asked: Mapping[str, Any]
    ) -> Needs:
        if model is editions:
            return Needs(frozenset([self.law]))
        conditions = _conjuncts(where)
        looking = {each for each in conditions if _LOOKS_ELSEWHERE.search(each)} - {_THEN}
        if not looking:
            found = (self._by_ids(model, each, asked) for each in conditions)
            ways = [way for way in found if way is not None]
            return min(ways, key=lambda way: self._lacking(way).amount, default=_EVERYTHING)
        if looking == {_FIRST}:
            return self._of_subjects(asked["ids"])
        if looking == {_NEAR}:
            return _NOTHING  # What may be meant by an id is left out of an answer.
        if model is signed and looking == {_DOUBT}:
            return self._of_signed(asked["positions"])
        if model is signed and looking == {_REACHED}:
            return self._of_reached(asked["positions"])
        return _EVERYTHING

    def _by_ids(self, model: ReadModel, condition: str, asked: Mapping[str, Any]) -> Needs | None:
        """Return what the rows need that have such ids or positions; None of another condition."""
        needs = _NOTHING
        for each in _alternatives(condition):
            found = _EQUAL.fullmatch(each)
            if found is None:
                return None
            column, values = found[1], _values(asked[found[2] or found[3]])
            if column == "position" and isinstance(model, Journal):
                needs |= Needs(positions=frozenset(values))
            elif column == model.table.columns[0].name and model.name not in KEPT_OTHERWISE:
                needs |= self._of_subjects(values)
            elif column in HELD.get(model.name, ()):
                subjects = {*map(subject_of, values)}
                beside = (self._beside.get((model.name, each), ()) for each in subjects)
                needs |= self._of_subjects(subjects.union(*beside))
            else:
                return None
        return needs

    def _of_subjects(self, ids: Iterable[str]) -> Needs:
        return Needs(frozenset(map(subject_of, ids)))

    def _of_signed(self, positions: Iterable[int]) -> Needs:
        """Return what it needs to say who signed entries, and what became of their keys."""
        needs = Needs(positions=frozenset(positions))
        return needs | self._of_subjects(
            f"key:{key_id}"
            for at in needs.positions & self.entries.keys()
            for key_id in self.entries[at].event.signatures
        )

    def _of_reached(self, positions: Iterable[int]) -> Needs:
        """Return what it needs to say by which keys and mandates events bind their signers.

        More than the statement follows: it leaves out what has another party, or is behind.
        """
        needs = Needs(positions=frozenset(positions))
        signed = [(at, each) for at in needs.positions for each in self._signers(at)]
        steps: set[tuple[int, str | None]] = {*signed}
        todo = [*steps]
        while todo:
            at, signer = todo.pop()
            keys = self.entries[at].event.signatures
            added = {each for key_id in keys for each in self._added[key_id]}
            needs |= self._of_subjects(f"key:{key_id}" for key_id in keys)
            new: set[tuple[int, str | None]] = {(place, None) for _, place in added}
            if signer is not None and any(party != signer for party, _ in added):
                needs |= self._of_subjects([signer])
                new |= {(place, signer) for place in self._given[signer]}
            todo += new - steps
            steps |= new
        return needs

    def _signers(self, position: int) -> Iterable[str]:
        return self.entries[position].event.signers if position in self.entries else ()


def subject_of(ref: str) -> str:
    """Return the subject to which a reference leads: of `contract:x#2` the contract."""
    return ref.partition("#")[0]


def _conjuncts(where: str) -> list[str]:
    """Return the conditions that all have to hold; of a disjunction, itself."""
    return [where] if len(_parts(where, " OR ")) > 1 else _parts(where, " AND ")


def _alternatives(condition: str) -> list[str]:
    """Return the conditions of which one has to hold."""
    inside = condition[1:-1] if condition.startswith("(") and condition.endswith(")") else condition
    return _parts(inside, " OR ")


def _parts(text: str, joints: str) -> list[str]:
    """Return what is joined in a text, outside all parentheses."""
    depth, parts = 0, [""]
    for piece in re.split(f"({joints}|[()])", text):
        depth += (piece == "(") - (piece == ")")
        if not depth and re.fullmatch(joints, piece):
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _values(value: Any) -> Collection[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


_MODELS = {model.name: model for model in READ_MODELS}
_QUERY = re.compile(
    r'SELECT (?:[\w", ]|count\(\*\)|OVER \(\))+ FROM "?read"?\."?(\w+)"? WHERE (.+)'
)
_EQUAL = re.compile(r'"?(\w+)"? = (?:%\((\w+)\)s|ANY\(%\((\w+)\)s\))')
_LOOKS_ELSEWHERE = re.compile(r"\b(SELECT|CASE)\b")
_READS_NOTHING = re.compile(
    r"|(BEGIN|COMMIT|ROLLBACK|SET|LOCK TABLE)\b[^()]*"
    r"|SELECT [\w, ]+ FROM read\.progress WHERE name = ANY\(%s\)"
)

_THEN, _FIRST, _NEAR, _DOUBT, _REACHED = (
    _conjuncts(" ".join(each.split()))[-1] for each in (BY_THEN, FIRST, NEAR, IN_DOUBT, REACHED)
)
"""Conditions that look at other rows: at those of the same event, of its keys, at a first event."""
