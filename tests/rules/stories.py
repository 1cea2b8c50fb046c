"""Stories in which royalties and guards matter, told to the ledger and to the reference."""

from collections import Counter
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from ledger.domain.core.body import Body
from tests.support import builders as b
from tests.support import random_royalty as royalty
from tests.support.beside import Beside, Chosen
from tests.support.reference_money import WholeReference
from tests.support.reference_signers import who_signs
from tests.support.specification import START
from tests.support.whole_actions import ending_event, guarded_event


class Story(NamedTuple):
    """What happens in a story: what before, what next, how often, days between, since when."""

    chosen: Chosen
    before: tuple[Body, ...]
    events: int
    days: tuple[int, ...]
    start: datetime


ROYALTY = Story(royalty.next_event, royalty.BEFORE, 60, (0, 5, 20, 60), START)
"""One licence over some years, and what its licensee reports."""

THINGS = (
    b.right_filed(),
    b.other_right_filed(kind="software", filed_on="2025-05-18"),
    b.technology_registered(state_funded_ppm=0),
)

GUARDS = Story(
    guarded_event, THINGS, 120, (*(0,) * 8, 1, 3, 30), datetime(2025, 5, 20, 3, tzinfo=UTC)
)
"""Parties who sign, end, accept and share out what they may, or may not, as provinces change."""

ENDS = Story(ending_event, THINGS, 120, (*(0,) * 6, 1, 2, 3), datetime(2025, 7, 20, 3, tzinfo=UTC))
"""Contracts that are ended, or cannot be."""

STORIES = {"royalty": ROYALTY, "guards": GUARDS, "ends": ENDS}


def tell(story: Story, seed: int, reference: WholeReference | None = None) -> Counter[str]:
    """Tell a story to both; return how often each topic was admitted and each code met."""
    random, world = Random(seed), Beside(reference, story.start)
    try:
        for body in story.before:
            world.attempt(body, who_signs(body.TOPIC, body.model_dump(mode="json")))
        for _ in range(story.events):
            world.step(random, story.chosen)
            world.wait(random.choice(story.days))
    except AssertionError as error:
        error.add_note(f"story {seed}, {len(world.reference.log)} events in its log")
        raise
    return world.seen
