"""The digest: the same bits on every machine, from memory and from tables."""

import json
import os
import struct
import subprocess
import sys
from datetime import UTC, date, datetime
from hashlib import sha256, shake_128
from random import Random

from projections.engine.digest import Digest, replay
from projections.engine.projection import ReadModel
from projections.engine.row_cache import RowCache, open_sheet
from projections.run.catalogue import READ_MODELS
from projections.tables.contract_revenue import shares
from projections.tables.offers import offers
from projections.tables.timeline import timeline
from tests.support.builders import offer_made, right_filed
from tests.support.histories import random_history
from tests.support.projecting import logged

SCRIPT = """
import json
from random import Random
from projections.run.catalogue import READ_MODELS
from projections.engine.digest import replay
from tests.support.histories import random_history
print(json.dumps(replay(random_history(Random(3), 60), READ_MODELS)))
"""


def test_the_digest_of_no_rows_is_that_of_the_first_line_and_nothing():
    head = b'{"columns":["subject","position"],"name":"timeline","version":1}\n'
    digests = replay([], (timeline, offers))
    assert f"sha256:{sha256(head + bytes(32)).hexdigest()}" == digests["timeline"]
    assert f"sha256:{sha256(head_of(offers) + bytes(2048)).hexdigest()}" == digests["offers"]


def head_of(model: ReadModel) -> bytes:
    columns = [column.name for column in model.table.columns]
    return line({"columns": columns, "name": model.name, "version": model.version})


def line(value: object) -> bytes:
    """Written here with the standard library, so that orjson is not judged by itself."""
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def test_a_line_is_the_json_array_of_the_values_and_a_journal_chains_them():
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
    first = line([
        "share:é", 7, "2026-01-31T12:00:00.005Z", 'a "quoted" \\ word', ["party:a", "party:b"],
        None, None, [], "2026-02-01",
    ])  # fmt: skip
    digest = Digest(shares)
    digest.add([row, ("share:b", *row[1:])])
    chain = sha256(bytes(32) + first).digest()
    chain = sha256(chain + first.replace("share:é".encode(), b"share:b")).digest()
    assert chain == digest.state
    assert f"sha256:{sha256(head_of(shares) + chain).hexdigest()}" == digest.result()


def test_a_projection_adds_its_rows_up_wherever_they_come_from():
    """Folded at once, or moved step by step from what was kept: the same, place by place."""
    events = random_history(Random(3), 60)
    whole = replay(events, READ_MODELS)
    for model in READ_MODELS:
        digest, sheet = Digest(model), open_sheet(model, complete=True, capacity=None)
        for each in events:
            if model.touches(type(each.event.body)):
                sheet.fold(each)
                digest = Digest(model, digest.state)
                digest.move(sheet.changes())
                sheet.committed()
        assert whole[model.name] == digest.result(), model.name
        if isinstance(sheet, RowCache):
            summed = [0] * 1024
            again = Digest(model)
            for row in reversed(list(sheet.values())):
                again.add([row])
                lanes = struct.unpack("<1024H", shake_128(again._line(row)).digest(2048))
                summed = [(a + b) % 65536 for a, b in zip(summed, lanes, strict=True)]
            assert struct.pack("<1024H", *summed) == again.state == digest.state


def test_two_places_changed_for_one_another_are_another_digest():
    rows = [(f"offer:{name}", *[None] * (len(offers.table.columns) - 2), 0) for name in "ab"]
    one, other = Digest(offers), Digest(offers)
    one.add(rows)
    other.add([(*rows[0][:-1], 1), rows[1]])
    assert one.result() != other.result()


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
    of_all = {"signed", "events", "timeline", "names", "words", "hashes"}
    assert of_all | {"offers", "market_events"} == moved


def test_names_are_unique_and_leave_room_for_the_successor():
    """A table's name has 63 bytes in PostgreSQL, and no read model may look like a successor."""
    names = [model.name for model in READ_MODELS]
    assert len(set(names)) == len(names)
    assert all(len(f"{name}__next") <= 63 and "__" not in name for name in names)


def columns(model: ReadModel) -> list[str]:
    return model.table.shape


def test_every_read_model_starts_with_its_key():
    assert all(columns(model)[0].endswith(" text") for model in READ_MODELS)
