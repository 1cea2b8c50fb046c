"""The digest: the same bits on every machine, from memory and from tables."""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from hashlib import sha256
from random import Random

from projections.catalogue import READ_MODELS
from projections.digest import Digest, replay
from projections.projection import ReadModel
from projections.revenue import shares
from projections.timeline import timeline
from tests.support.builders import offer_made, right_filed
from tests.support.histories import random_history
from tests.support.projecting import logged

SCRIPT = """
import json
from random import Random
from projections.catalogue import READ_MODELS
from projections.digest import replay
from tests.support.histories import random_history
print(json.dumps(replay(random_history(Random(3), 60), READ_MODELS)))
"""


def test_the_digest_of_no_rows_is_that_of_its_first_line():
    head = b'{"columns":["subject","position"],"name":"timeline","version":1}\n'
    assert f"sha256:{sha256(head).hexdigest()}" == replay([], (timeline,))["timeline"]


def test_a_line_is_the_json_array_of_the_values():
    """Written here with the standard library, so that orjson is not judged by itself."""
    row = (
        "share:é",
        7,
        datetime(2026, 1, 31, 12, 0, 0, 5_000, tzinfo=UTC),
        'a "quoted" \\ word',
        ("party:a", "party:b"),
        None,
        None,
        (),
        date(2026, 2, 1),
    )
    line = [
        "share:é", 7, "2026-01-31T12:00:00.005Z", 'a "quoted" \\ word', ["party:a", "party:b"],
        None, None, [], "2026-02-01",
    ]  # fmt: skip
    head = {
        "columns": [column.name for column in shares.table.columns],
        "name": "shares",
        "version": 1,
    }
    digest = Digest(shares)
    digest.add([row])
    text = "".join(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
        for value in (head, line)
    )
    assert f"sha256:{sha256(text.encode()).hexdigest()}" == digest.result()


def test_digests_do_not_depend_on_the_hash_seed():
    """Python hashes text differently in every process; nothing may be ordered by that."""
    events = random_history(Random(3), 60)
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        told = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, check=True
        )
        assert replay(events, READ_MODELS) == json.loads(told.stdout)


def test_each_event_moves_some_digest_and_unrelated_models_stay():
    before = replay(logged(right_filed()), READ_MODELS)
    after = replay(logged(right_filed(), offer_made()), READ_MODELS)
    moved = {name for name in before if before[name] != after[name]}
    assert {"offers", "market_events", "signed", "events", "timeline"} == moved


def test_names_are_unique_and_leave_room_for_the_successor():
    """A table's name has 63 bytes in PostgreSQL, and no read model may look like a successor."""
    names = [model.name for model in READ_MODELS]
    assert len(set(names)) == len(names)
    assert all(len(f"{name}__next") <= 63 and "__" not in name for name in names)


def columns(model: ReadModel) -> list[str]:
    return model.table.shape


def test_every_read_model_starts_with_its_key():
    assert all(columns(model)[0].endswith(" text") for model in READ_MODELS)
