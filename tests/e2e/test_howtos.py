"""The pages that say how to add something: followed to the letter, each in a copy of the tree."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.followed import copy_tree, follow, paste_all, run

BY_HAND = {
    "guides/add-an-event-type.md": {
        "api/describe/body_labels.py",
        "api/describe/event_sentences.py",
        "ledger/domain/market/offer.py",
        "projections/tables/offers.py",
        "tests/support/builders.py",
        "tests/support/golden_events.py",
        "tests/unit/test_offer_extended.py",
    },
    "guides/add-a-rule.md": {
        "ledger/domain/core/ways.json",
        "ledger/domain/market/offer.py",
        "tests/refusals/test_offer_not_longer.py",
    },
    "guides/add-a-read-model.md": {
        "projections/run/catalogue.py",
        "projections/tables/deadlines.py",
        "tests/unit/test_projection_deadlines.py",
    },
    "guides/add-a-question.md": {
        "api/describe/labels.py",
        "api/reads/parties.py",
        "projections/questions/extensions.py",
        "tests/api/test_questions.py",
        "tests/integration/test_extensions.py",
        "tests/support/questioned.py",
    },
}
"""What each touches by hand. In this order: each adds to what those before it added."""

PAGES = tuple(BY_HAND)


@pytest.fixture
def tree() -> Iterator[Path]:
    """Lend a copy of the tree that PostgreSQL's user can enter: pytest's are root's alone."""
    with TemporaryDirectory(prefix="techledger-howto-") as directory:
        Path(directory).chmod(0o755)
        yield copy_tree(Path(directory))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_is_followed_to_the_letter_leads_there(page: str, tree: Path) -> None:
    before = PAGES[: PAGES.index(page)]
    for each in before:
        paste_all(each, tree)
    if before:
        made = run("make generated format", tree)
        assert 0 == made.returncode, made.stdout
    assert BY_HAND[page] == follow(page, tree)
