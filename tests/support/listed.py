"""Rules that are watched: each raises what its type of event is said to be refused by, no other."""

from collections.abc import Callable
from functools import wraps

from api.describe.event_types import codes_of
from ledger.domain.core.body import State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Event
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.rules import Admits
from tests.support.generated import AGAIN

Rule = Callable[[State, Event, Context], None]


def hold_to_the_list(rules: Admits) -> None:
    """Let each rule fail a test that sees it raise a refusal which `event_types.json` has not."""
    for body, rule in rules.items():
        rules[body] = _watched(rule)


def _watched(rule: Rule) -> Rule:
    @wraps(rule)
    def judge(state: State, event: Event, context: Context) -> None:
        try:
            rule(state, event, context)
        except Refusal as refusal:
            topic = event.body.TOPIC
            if refusal.code not in codes_of(topic):
                told = f"{topic} is refused by {refusal.code}, which is not listed; {AGAIN}"
                raise AssertionError(told) from refusal
            raise

    return judge
