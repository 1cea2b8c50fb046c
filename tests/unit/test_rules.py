"""How rules and folds are registered: each gets the typed body, and as much more as it takes."""

from typing import ClassVar, cast

import pytest
from mypy import api

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.rules import ADMITS, EVOLVES, admits, evolves
from ledger.domain.registry import TOPICS
from tests.support.server import ROOT


class Told(Body):
    """What nobody records."""

    TOPIC: ClassVar[str] = "thing.told/1"
    TITLE: ClassVar[str] = "A thing is told"
    TITLE_VI: ClassVar[str] = "Kể một việc"
    SUBJECTS: ClassVar[str] = ""
    SIGNERS: ClassVar[str] = ""


@pytest.fixture
def _forgotten():
    yield
    ADMITS.pop(Told, None)
    EVOLVES.pop(("thing", Told), None)


STATE, CONTEXT = cast("State", object()), cast("Context", object())
BODY = Told()


class EventOf:
    body = BODY


class LoggedOf:
    event = EventOf


EVENT, LOGGED = cast("Event", EventOf), cast("Logged", LoggedOf)


@pytest.mark.usefixtures("_forgotten")
@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        (lambda a: got(a, "alone"), 1),
        (lambda a, b: got(a, b, "alone"), 2),
        (lambda a, b, c: got(a, b, c, "alone"), 3),
        (lambda a, b, c, d: got(a, b, c, d, "alone"), 4),
        (lambda a, b, c="alone": got(a, b, c), 2),
    ],
)
def test_a_rule_and_a_fold_get_the_body_and_as_much_as_they_take(rule, taken):
    GOT.clear()
    admits(Told)(rule)
    ADMITS[Told](STATE, EVENT, CONTEXT)
    evolves("thing", Told)(rule)
    EVOLVES["thing", Told]("thing:1", 7, LOGGED)
    judged, folded = (BODY, STATE, CONTEXT, EVENT), (BODY, LOGGED, 7, "thing:1")
    assert [(*judged[:taken], "alone"), (*folded[:taken], "alone")] == GOT


GOT: list[tuple[object, ...]] = []


def got(*given: object) -> None:
    GOT.append(given)


@pytest.mark.usefixtures("_forgotten")
def test_a_body_has_one_rule_and_one_fold_a_kind():
    admits(Told)(got_one)
    with pytest.raises(AssertionError, match="two rules for"):
        admits(Told)(got_one)
    evolves("thing", Told)(got_one)
    with pytest.raises(AssertionError, match="two folds of"):
        evolves("thing", Told)(got_one)


def got_one(body: Body) -> None:
    got(body)


def test_a_body_that_does_not_say_what_it_is_is_told_by_its_name_and_the_page_that_helps():
    class Untold(Body):
        TOPIC: ClassVar[str] = "thing.untold/1"
        TITLE: ClassVar[str] = "A thing is not told"
        SUBJECTS: ClassVar[str] = ""

    with pytest.raises(
        TypeError, match=r"test_rules\.Untold lacks TITLE_VI, SIGNERS, a docstring: docs/guides"
    ):
        admits(Untold)(got_one)
    assert Untold not in ADMITS


def test_every_body_with_a_topic_is_registered():
    found, left = set(), [Body]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        if "TOPIC" in vars(kind) and kind.__module__.startswith("ledger."):
            found.add(kind)
    assert found == set(TOPICS.values())


WRONG = """
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.rules import admits, evolves

class Told(Body): ...
class Denied(Body): ...

@admits(Told)
def fits(body: Told, state: State) -> None: ...
@admits(Told, Denied)
def fits_both(body: Told | Denied) -> None: ...
@admits(Denied)
def of_another(body: Told, state: State) -> None: ...
@admits(Told)
def skips_the_state(body: Told, context: Context) -> None: ...
@evolves("thing", Told, Denied)
def of_one(body: Told) -> None: ...
"""


def test_the_type_checker_finds_a_rule_and_a_fold_of_another_body(monkeypatch):
    monkeypatch.chdir(ROOT)
    told, _, _ = api.run(["--config-file=", "--strict", "--follow-imports=silent", "-c", WRONG])
    lines = [
        WRONG.split("\n")[int(line.split(":")[1]) - 1]
        for line in told.split("\n")
        if "error:" in line
    ]
    assert ["@admits(Denied)", "@admits(Told)", '@evolves("thing", Told, Denied)'] == lines, told
