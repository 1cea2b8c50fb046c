"""A party that everyone names is folded from the few events that change it, and from no other."""

import re
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ledger.domain import admission
from ledger.domain.admission import evolve_subject
from ledger.domain.core.body import Folded
from ledger.domain.core.event import Logged
from ledger.domain.registry import TOPICS
from ledger.domain.turning import STEADY, TURNS, is_steady, moves, turned
from ledger.events.intake import decode
from ledger.sequence.subject_cache import NAMED_B, Overlay, SubjectCache, Weight
from ledger.sequence.weight import weigh
from tests.support import builders as b
from tests.support.golden_events import STORY
from tests.support.logbook import NOON, frame_of, written
from tests.support.mandates import mandate_ended, mandate_given
from tests.support.projecting import logged

MUCH = 1 << 20

MIGRATIONS = Path(__file__).parents[2] / "migrations"

EVENTS = logged(
    b.party_registered(),
    b.key_added(),
    mandate_given(),
    b.right_filed(),
    b.listing_published(),
    b.offer_made(),
    b.offer_accepted(),
    mandate_ended(),
    b.key_revoked(),
)


def folded_whole() -> dict[str, Folded]:
    """Fold every subject from every event that is tagged with it."""
    known: dict[str, Folded] = {}
    for event in EVENTS:
        for subject in event.event.subjects:
            known[subject] = evolve_subject(subject, known.get(subject), event)
    return known


def cold(subjects: Any, size: int) -> Iterator[tuple[Logged, list[str]]]:
    """Load histories as the sequencer does: only what moves a subject."""
    for event in EVENTS[:size]:
        named = set(subjects).intersection(event.event.subjects)
        yield event, [subject for subject in named if moves(event.event.type, subject)]


def test_a_subject_folded_warm_or_cold_has_the_value_of_its_whole_history():
    warm, late = SubjectCache(lambda _subjects, _size: (), MUCH), SubjectCache(cold, MUCH)
    overlaid = SubjectCache(lambda _subjects, _size: (), MUCH)
    subjects = {subject for event in EVENTS for subject in event.event.subjects}
    warm.warm(subjects)
    overlaid.warm(subjects)
    overlay = Overlay(overlaid)
    for event in EVENTS:
        warm.follow(event)
        overlay.apply(event)
    overlay.merge()
    late.clear(len(EVENTS))
    late.warm(subjects)
    for subject, whole in folded_whole().items():
        assert whole.value == warm.get(subject) == late.get(subject) == overlaid.get(subject)


def test_what_admission_asks_of_others_who_touched_a_subject_is_whole_too():
    late = SubjectCache(cold, MUCH)
    late.clear(len(EVENTS))
    whole = folded_whole()
    others = [s for s in whole if not s.startswith(("party:", "key:", "ledger:"))]
    late.warm(others)
    assert [whole[subject] for subject in others] == [late.folded(subject) for subject in others]


def test_an_offer_moves_no_party_and_every_other_subject():
    assert not moves("offer.made/1", "party:vn.firm")
    assert moves("offer.made/1", "offer:1")
    assert moves("mandate.given/1", "party:vn.firm")
    assert moves("party.registered/1", "party:vn.firm")


def test_a_type_that_is_not_known_may_move_anything():
    assert moves("party.sworn/1", "party:vn.firm")


def test_the_steady_kinds_are_those_that_a_view_leaves_out():
    assert {f"{kind}:" for kind in STEADY} == set(admission._SHARED_KINDS)


def test_no_topic_that_is_left_out_turns_a_steady_subject():
    """Every topic of the registry, folded into every steady subject that it names."""
    known, told, changed = dict[str, Folded](), set[str](), set[tuple[str, str]]()
    for number, body in enumerate(STORY):
        event = decode(frame_of(written(body, number), NOON), number)
        topic = event.event.type
        told.add(topic)
        for subject in filter(is_steady, event.event.subjects):
            before = known.get(subject)
            known[subject] = after = evolve_subject(subject, before, event)
            if after.value != (before.value if before else None):
                changed.add((topic, subject.partition(":")[0]))
                assert subject in turned(topic, event.event.subjects), (topic, subject)
    assert set(TOPICS) == told
    assert len(changed) > 15, "most of what can turn one did"
    assert changed <= TURNS


def test_the_migrations_find_in_older_logs_what_turns_a_subject():
    """A fold that is new for a party, a key or the ledger needs one that adds its older tags."""
    said = "".join(path.read_text("utf-8") for path in MIGRATIONS.glob("*.sql"))
    listed = {(topic, kind) for kind, topic in re.findall(r"\('(\w+)', '([\w.]+/\d+)'\)", said)}
    assert TURNS == listed


def test_what_is_kept_warm_is_bounded_in_bytes_and_the_oldest_goes_first():
    folds = SubjectCache(cold, 10_000)
    folds.clear(len(EVENTS))
    subjects = sorted({subject for event in EVENTS for subject in event.event.subjects})
    folds.warm(subjects)
    assert folds.weight > 10_000  # What one batch reads is at hand together.
    folds.shrink()
    assert 5_000 < folds.weight <= 10_000
    kept = [subject for subject in subjects if subject in folds]
    assert kept
    assert kept == subjects[-len(kept) :]
    folds.clear(0)
    assert folds.weight == 0


def test_a_subject_of_whom_nothing_is_known_weighs_something_too():
    folds = SubjectCache(cold, 100 * NAMED_B)
    folds.warm(f"offer:{number}" for number in range(1_000))
    folds.shrink()
    assert sum(f"offer:{number}" in folds for number in range(1_000)) < 100


def test_a_subject_weighs_what_it_takes_and_more_with_each_event():
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = [folded_whole() for _ in range(200)]
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    weighed = sum(weigh(value) for each in kept for value in each.values())
    # What the events share with the states is not taken again, and the tables are not weighed.
    assert 0.7 * taken < weighed < 4 * taken

    known = None
    for count in range(1, 100):
        value = Folded(tuple(f"{n:0100}" for n in range(count)), count, 0, {})
        weight = Weight.of(value, known)
        assert 0.7 * weigh(value) < weight.bytes < 1.4 * weigh(value) + NAMED_B
        known = weight


TAKEN = """
from rpds import HashTrieMap, HashTrieSet
from ledger.sequence.weight import weigh

def held():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

def filed(number):
    names = [(f"contract:{number}-{each}", each) for each in range(60)]
    by_name = HashTrieMap({name: f"{name}{'.' * 400}" for name in names})
    return by_name, HashTrieMap({place: HashTrieSet(names) for place in range(20)})

weigh(filed(0))
before = held()
kept = [filed(number) for number in range(300)]
print(held() - before, sum(map(weigh, kept)))
"""


def test_what_a_persistent_map_holds_is_weighed_though_python_does_not_see_it():
    ran = subprocess.run([sys.executable, "-c", TAKEN], capture_output=True, text=True, check=True)
    taken, weighed = map(int, ran.stdout.split())
    assert taken > 40 << 20
    assert 0.7 * taken < weighed < 3 * taken
