"""
The table of authority: who signs an event of each type, who may, and what it commits them to.

It is data, in words of a closed language over paths into a body (docs/spec/authority.md), written
on the bodies in `ledger.domain` and generated from there into `powers.json`.
Admission reads a body that it has typed, `ledger.verify` plain JSON, and both by the functions
here; `ledger.court`, which is one file, has the table and a reader of its own.

    signers   who is bound: `parties/*`, `attested_by|@registrar`, `notified?!receipt_sha256`
    may       who may be named there: `vouched_by=@officers`, `attested_by=#clerk`
    commits   what a mandate's ceiling is held against: `sum:price`, `gives:assignors/*/party`
    waits     when the event binds only after the ledger's delay: `?roles/*`, `?!kind=person`
    opposed   who may not sign by one and the same hand: `grants/*:licensor~licensee`, `parties/*`
    about     what its subjects are at least: `technology`, `key:keys/*/key_id`, `@charter`
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

TABLE_FILE = Path(__file__).with_suffix(".json")


class TopicPowers(NamedTuple):
    """What the table says of a topic, as words with spaces between them."""

    signers: str
    may: str = ""
    commits: str = ""
    waits: str = ""
    opposed: str = ""
    about: str = ""


class Officers(NamedTuple):
    """The two officers of the ledger at a position; not known, the words that name them."""

    operator: str = "@operator"
    registrar: str = "@registrar"


def read_table(raw: str) -> dict[str, TopicPowers]:
    """Read what `write_table` writes."""
    return {topic: TopicPowers(*words) for topic, words in json.loads(raw).items()}


def write_table(table: Mapping[str, TopicPowers]) -> str:
    """Write the table, a topic a line, in order."""
    rows = (f"{json.dumps(topic)}: {json.dumps(list(row))}" for topic, row in sorted(table.items()))
    return "{\n" + ",\n".join(rows) + "\n}\n"


TABLE: Mapping[str, TopicPowers] = read_table(TABLE_FILE.read_text("utf-8"))
"""The rows by topic."""


# Paths: members by name, `*` for each item of a list. What is null or not there is nothing; what
# has another shape than the path is taken for what it holds, so that no shape names nobody.
@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("/"))


def member(says: Any, name: str) -> Any:
    """Return a member of JSON, or of a model."""
    return says.get(name) if isinstance(says, dict) else getattr(says, name, None)


def values(says: Any, path: str) -> list[Any]:
    """Return what stands at a path."""
    found = [says]
    for name in _steps(path):
        found = [each for one in found for each in _enter(one, name) if each is not None]
    return found


def _enter(one: Any, name: str) -> list[Any]:
    """Return what is one step further on: for a list or an object, what is in it."""
    if isinstance(one, str | int):
        return [one]
    if isinstance(one, list | tuple):
        return list(one) if name == "*" else [each for item in one for each in _enter(item, name)]
    if name == "*":
        return list(one.values()) if isinstance(one, dict) else []
    return [member(one, name)]


def is_sealed(value: Any) -> bool:
    """Say whether a value is a commitment, and nothing beside."""
    if isinstance(value, dict):
        return set(value) == {"commitment"}
    return member(value, "commitment") is not None


def _holds(condition: str, says: Any) -> bool:
    """Say whether something, or the value named behind `=`, stands at a path; or not, after `!`."""
    path, _, value = condition.removeprefix("!").partition("=")
    found = values(says, path)
    there = value in found if value else bool(found)
    return (not condition) or there != condition.startswith("!")


def must_wait(row: TopicPowers, says: Any) -> bool:
    """Say whether an event binds only after the ledger's delay: one of the conditions holds."""
    return any(_holds(word.partition("?")[2], says) for word in row.waits.split())


def _named(source: str, says: Any, officers: Officers) -> set[str]:
    """Return the parties that a source names: an officer or both, or those at a path."""
    if source.startswith("@"):
        return set(officers if source == "@officers" else [getattr(officers, source[1:])])
    return set(map(str, values(says, source)))


def parties_bound(row: TopicPowers, says: Any, officers: Officers) -> frozenset[str]:
    """Return the parties whom an event binds: exactly those are its `signers`."""
    bound = set[str]()
    for word in row.signers.split():
        sources, _, condition = word.partition("?")
        if _holds(condition, says):
            found = (_named(source, says, officers) for source in sources.split("|"))
            bound |= next(filter(None, found), set())
    return frozenset(bound)


def by_own_keys(officers: Officers, signers: Collection[str]) -> frozenset[str]:
    """Return who signs by keys of its own, through no mandate: the officers, where both sign."""
    return frozenset(officers) if {*officers} <= {*signers} else frozenset()


Stands = Mapping[str, Collection[str]]
"""By signer, whose lines stand for it: its own, and those of who holds its mandate for this."""


def sides(row: TopicPowers, says: Any) -> Iterator[tuple[str, ...]]:
    """Yield parties who are not all on one side: opposed pairs, and all of whom no more is known.

    `BASE:LEFT~RIGHT` opposes those of each thing at BASE; a path alone names who stands on two
    sides or more, without saying on which.
    """
    for word in row.opposed.split():
        what, _, condition = word.partition("?")
        if not _holds(condition, says):
            continue
        base, _, paths = what.rpartition(":")
        left, opposed, right = paths.partition("~")
        for each in values(says, base) if base else [says]:
            if opposed:
                yield from (
                    (str(a), str(b)) for a in values(each, left) for b in values(each, right)
                )
            else:
                yield tuple(sorted(set(map(str, values(each, left)))))


def one_hand(stands: Stands, parties: Sequence[str]) -> bool:
    """Say whether somebody signs for both of two sides, or on one of them for the other.

    `parties` are not all on one side; one of two that does not sign has no word here, and yet may
    not sign for the other.
    """
    lines = {each: {*stands[each]} for each in parties if each in stands}
    if len({*parties}) == 2:  # noqa: PLR2004  (these are opposed)
        for party in lines:
            lines[party] -= {*parties} - {party}
    holders = set[str]().union(*lines.values())
    return not all(lines.values()) or (len(lines) > 1 and len(holders) == 1)


def both_sides(row: TopicPowers, says: Any, stands: Stands) -> tuple[str, ...] | None:
    """Return parties on opposed sides who sign by one hand, by what the event itself says."""
    return next((parties for parties in sides(row, says) if one_hand(stands, parties)), None)


_SUBJECT = re.compile("[a-z]+:[a-z0-9.-]{1,80}")


def subjects_of(row: TopicPowers, says: Any, origin: str) -> set[str]:
    """Return what an event is about by its body: what is written there as a subject, up to a `#`.

    `@ledger` and `@charter` are those of the log; `key:` before a path makes a subject of it.
    """
    own, found = sha256(origin.encode()).hexdigest(), set[str]()
    for word in row.about.split():
        kind, _, path = word.rpartition(":")
        named = [f"{word[1:]}:{own}"] if word[0] == "@" else values(says, path)
        found |= {f"{kind}:{each}" if kind else str(each).partition("#")[0] for each in named}
    return {each for each in found if _SUBJECT.fullmatch(each)}


_NEXT_STEPS = {
    "!@officers": ", which is in office: first hand the operation over"
    " (ledger.operation_handed_over/1) or, of the registrar, close this ledger for a successor",
    "#older|!@officers": ", an officer: sign with another key of its own, first adding one",
}
"""What to do first, by the words that do not let an officer do it."""


class Asked(NamedTuple):
    """What the table asks of an event beside its signers.

    `officers` are those at its position, `roles` what a party is registered with; `older` are the
    parties of whose keys, in the log before, there is a line, but for the key that it names as
    `key_id`. None is what is not at hand.
    """

    officers: Officers | None
    roles: Callable[[str], Collection[str] | None]
    older: Collection[str] | None

    def faults(self, row: TopicPowers, says: Any) -> Iterator[tuple[str, str]]:
        """Yield parties that may not do this, as far as is known, each with the reason."""
        for party, path, allowed in self.barred(row, says):
            why = f"only {allowed} may be the `{path}` of it, not {party}"
            yield party, why + _NEXT_STEPS.get(allowed, "")

    def barred(self, row: TopicPowers, says: Any) -> Iterator[tuple[str, str, str]]:
        """Yield the same parties, with where each stands, and the words of who may stand there."""
        for path, allowed in _rules(row, says):
            for party in map(str, values(says, path)):
                if self._allows(party, allowed, says) is False:
                    yield party, path, allowed

    def named(self, source: str, says: Any) -> Collection[str]:
        """Return who a word of the table stands for, that is no role: officers, or a member."""
        return _named(source, says, self.officers or Officers())

    def unknown(self, row: TopicPowers, says: Any) -> Iterator[str]:
        """Yield what would have to be known of whom the event names."""
        for path, allowed in _rules(row, says):
            for party in map(str, values(says, path)):
                if self._allows(party, allowed, says) is None:
                    yield f"whether {party} is registered to be the {path} of this"

    def _allows(self, party: str, allowed: str, says: Any) -> bool | None:
        """Say whether one of the words separated by `|` allows a party; None if none is known."""
        answers = [self._allows_by(word, party, says) for word in allowed.split("|")]
        return True if True in answers else None if None in answers else False

    def _allows_by(self, word: str, party: str, says: Any) -> bool | None:
        if word == "#older":
            return None if self.older is None else party in self.older
        if word.startswith("#"):
            held = self.roles(party)
            return None if held is None else word[1:] in held
        source = word.removeprefix("!")
        if source.startswith("@") and self.officers is None:
            return None
        among = party in _named(source, says, self.officers or Officers())
        return among if source == word else not among


def _rules(row: TopicPowers, says: Any) -> Iterator[tuple[str, str]]:
    """Yield (path, words of which one must allow who stands there) of a row."""
    for word in row.may.split():
        rule, _, condition = word.partition("?")
        if _holds(condition, says):
            path, _, allowed = rule.partition("=")
            yield path, allowed


def judge_alone(
    topic: str, says: Any, signers: Collection[str], officers: Officers | None
) -> tuple[str | None, list[str]]:
    """Judge who signs an event as far as its own bytes show: return the fault, what is left open.

    `officers` are those at its position, None where they are not known.
    """
    row = TABLE.get(topic)
    if row is None:
        return None, [f"who must sign {topic}, a type that this verifier does not know"]
    bound = parties_bound(row, says, officers or Officers())
    hidden, others = bound & {*Officers()}, {*signers} - bound
    if bound - hidden - {*signers} or len(others) > len(hidden):
        return f"it is signed by {', '.join(sorted(bound))}", []
    asked = Asked(officers, lambda _: None, None)
    by = f", which is {', '.join(sorted(others))}" if others else ""
    who = [f"who is the {each[1:]} of the ledger{by}" for each in sorted(hidden)]
    return next((why for _, why in asked.faults(row, says)), None), [
        *who,
        *asked.unknown(row, says),
    ]


# What an event commits its signers to, held against the ceiling of a mandate.
class Sum(NamedTuple):
    """A sum: what it is of, the path of the event that says it, or names what does; how much."""

    of: str
    at: str
    amount: int
    currency: str


class Beyond(NamedTuple):
    """Why something exceeds any ceiling, at which path; `unsaid` if a sum said there bounds it."""

    why: str
    at: str
    unsaid: bool = False


class Exposure(NamedTuple):
    """What may become of a signature: `beyond` has what exceeds any ceiling.

    `sums` add up to `total`; `unread` is what is sealed, or stands in an event not at hand.
    """

    beyond: tuple[Beyond, ...]
    sums: tuple[Sum, ...]
    unread: tuple[str, ...]

    @property
    def total(self) -> dict[str, int]:
        """Return what it comes to, by currency: what is said twice counts where it is most."""
        said, most, total = Counter[Sum](), dict[tuple[str, str], int](), dict[str, int]()
        for each in self.sums:
            said[each._replace(amount=0)] += each.amount
        for (of, _, _, currency), amount in said.items():
            most[of, currency] = max(amount, most.get((of, currency), 0))
        for (_, currency), amount in most.items():
            total[currency] = total.get(currency, 0) + amount
        return total

    def within(self, amount: int, currency: str) -> bool | None:
        """Say whether a ceiling covers it; None where that depends on what is unread."""
        total = {currency: 0, **self.total}
        if self.beyond or len(total) > 1 or total[currency] > amount:
            return False
        return None if self.unread else True


_NOTHING = Exposure((), (), ())

Opened = Callable[[str, str, Any], Any]
"""(kind of word, pointer, what stands there sealed) to what was opened there, None if nothing."""


def _open_nothing(_kind: str, _pointer: str, _value: Any) -> Any:
    return None


class OfferedTerms(NamedTuple):
    """What a named event says, the row that reads it, and who knows what it sealed."""

    row: TopicPowers
    says: Any
    opened: Opened = _open_nothing


def exposure(
    row: TopicPowers,
    says: Any,
    signer: str,
    named: Callable[[str], OfferedTerms | None],
    opened: Opened = _open_nothing,
) -> Exposure:
    """Return what an event commits one of its signers to, by itself and by the offer it names."""
    words = (word for word in _commitments(row) if _holds(word.condition, says))
    parts = (part for word in words for part in _parts(word, says, signer, named, opened))
    return Exposure(*(tuple(chain(*each)) for each in zip(_NOTHING, *parts, strict=True)))


class _Word(NamedTuple):
    kind: str
    of: str
    term: str
    condition: str


@lru_cache(maxsize=256)
def _commitments(row: TopicPowers) -> tuple[_Word, ...]:
    """Return the words of a row."""
    parts = (word.partition("?")[::2] for word in row.commits.split())
    cut = ((*what.partition(":")[::2], condition) for what, condition in parts)
    return tuple(_Word(kind, *rest.partition(":")[::2], on) for kind, rest, on in cut)


def is_boundless(row: TopicPowers) -> bool:
    """Say whether who gives by an event of this kind gives what no ceiling covers."""
    return any(word.kind in {"open", "gives"} and not word.condition for word in _commitments(row))


def _parts(
    word: _Word, says: Any, signer: str, named: Callable[[str], OfferedTerms | None], opened: Opened
) -> Iterator[Exposure]:
    """Yield what each thing that a word leads to commits to."""
    if _disposes(word, says, signer):
        yield _boundless(_unbound(word, signer))
    for path in () if word.kind in {"open", "gives", "term"} else word.of.split("|"):
        for value in values(says, path):
            if word.kind == "named":
                yield _terms(str(value), path, signer, named)
                continue
            sealed = word.kind != "grant" and is_sealed(value)
            plain = opened(word.kind, f"/body/{path}", value) if sealed else value
            found = _read(word.kind, plain, signer, _years(says, word.term))
            if plain is None:
                yield _NOTHING._replace(unread=(f"/body/{path} is sealed",))
            elif isinstance(found, str):
                yield _boundless(Beyond(found, path))
            elif found is not None:
                yield _NOTHING._replace(sums=(Sum(word.of, path, *found),))


def _disposes(word: _Word, says: Any, signer: str) -> bool:
    """Say whether a signer gives away what has no bound, whatever the sums are."""
    if word.kind == "gives":
        return signer in values(says, word.of)
    if word.kind == "term":
        inside, _, name = word.of.rpartition("/")
        return any(_is_named(each, name) for each in values(says, inside))
    return word.kind == "open"


def _unbound(word: _Word, signer: str) -> Beyond:
    """Return why what a signer gives away has no bound: mostly by what it is."""
    if word.condition.startswith("!"):
        unsaid = word.condition.removeprefix("!")
        return Beyond(f"it says no {unsaid}, and without one it has no bound", unsaid, unsaid=True)
    return Beyond(f"what {signer} gives away has no bound", word.of)


def _is_named(one: Any, name: str) -> bool:
    """Say whether a member is there, be it null."""
    if isinstance(one, list | tuple):
        return any(_is_named(each, name) for each in one)
    return name in (one if isinstance(one, dict) else getattr(one, "model_fields_set", ()))


def _boundless(beyond: Beyond) -> Exposure:
    return _NOTHING._replace(beyond=(beyond,))


def _terms(
    name: str, path: str, signer: str, named: Callable[[str], OfferedTerms | None]
) -> Exposure:
    """Return what a named offer commits to, as the event that names it at a path does."""
    terms = named(name)
    if terms is None:
        return _NOTHING._replace(unread=(f"{name} is not shown",))
    beyond, sums, unread = exposure(terms.row, terms.says, signer, named, terms.opened)
    return Exposure(
        tuple(Beyond(f"of {name}: {each.why}", path) for each in beyond),
        tuple(each._replace(at=path) for each in sums),
        tuple(f"{name}: {each}" for each in unread),
    )


def _read(kind: str, value: Any, signer: str, years: int) -> tuple[int, str] | str | None:
    """Return the sum that a value stands for, or why it has no bound."""
    if kind == "sum":
        return _sum([member(value, "amount")], member(value, "currency"))
    if kind == "royalty":
        return _royalty(value, years)
    if kind == "rate":
        return "a rate has no bound" if value != 0 else None
    own = member(value, "licensor") in (signer, None)
    free = member(value, "exclusivity") == "non_exclusive"
    return f"{signer} grants exclusively" if own and not free else None


def _sum(amounts: Sequence[Any], currency: Any) -> tuple[int, str] | str:
    if type(currency) is str and all(type(each) is int and each >= 0 for each in amounts):
        return sum(amounts), currency
    return "it is no sum"


def _royalty(value: Any, years: int) -> tuple[int, str] | str:
    """Return the most that a schedule comes to: its cap or its minima, and its milestones."""
    cap, currency = member(value, "cap"), member(value, "currency")
    caps = values(cap, "amount") if member(cap, "per") == "term" else []
    least, once = values(value, "minimum/amount"), values(value, "milestones/*/amount")
    rates = values(value, "tiers/*/rate_ppm")
    paid = not rates or any(rate != 0 for rate in rates) or member(value, "per_unit") is not None
    if paid and not caps:
        return "a royalty without a cap over the term has no bound"
    if least and not years:
        return "a minimum without years has no bound"
    told = _sum([*caps, *least, *once], currency)
    if isinstance(told, str):
        return told
    return max(sum(caps), years * sum(least)) + sum(once), currency


_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _years(says: Any, term: str) -> int:
    """Return how many years begin from one day on, before another; 0 where they are not said."""
    days = [str(day) for path in filter(None, term.split("~")) for day in values(says, path)]
    if len(days) != 2 or not all(map(_DAY.fullmatch, days)) or days[0] >= days[1]:  # noqa: PLR2004
        return 0
    (start, first), (end, last) = ((int(day[:4]), day[5:]) for day in days)
    return end - start + (last > first)
