"""Whatever stands in the file, an import plans what it can and says why of the rest."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from api.importers.memory import Memory
from api.importers.uspto import Plan, plan
from api.importers.uspto_parties import default_mapping
from api.importers.uspto_records import parse_records
from tests.support.uspto import CLERK, NOW, ORIGIN, RulesOnly, line

KINDS = ("assignment", "security", "release", "correct", "security-assign", "merger", "license")
NAMES = st.sampled_from(("DOE, ANN", "FIRM INC.", "FIRM, INC", "LENDING BANK, AS AGENT", "--", ""))
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 10**6),
    st.text(max_size=6),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)
MEMBERS = ("application", "patent", "filed", "title", "issued")
SIDES = st.lists(NAMES, max_size=3).map(tuple)
RECORDS = st.builds(
    lambda number, kind, given_by, taken_by, day, names: json.loads(
        line(
            f"{number}-1",
            kind,
            given_by,
            taken_by,
            recorded=f"2019-02-{day:02}",
            refers_to=[f"{name}-1" for name in names],
            applications=("15000001", "15000002")[: 1 + day % 2],
        )
    ),
    st.integers(1, 6),
    st.sampled_from(KINDS),
    SIDES,
    SIDES,
    st.integers(1, 28),
    st.lists(st.integers(1, 6), max_size=2),
)


@st.composite
def odd_lines(draw: st.DrawFn) -> bytes:
    """Return a line of the file in which some members are odd, missing, or more than expected."""
    record: dict[str, Any] = draw(RECORDS)
    for name in draw(st.lists(st.sampled_from(sorted(record)), max_size=2)):
        record[name] = draw(ODD)
    for name in draw(st.lists(st.sampled_from(sorted(record)), max_size=1)):
        del record[name]
    properties = record.get("properties")
    if isinstance(properties, list) and properties and isinstance(properties[0], dict):
        properties[0].update(draw(st.dictionaries(st.sampled_from(MEMBERS), ODD, max_size=1)))
    return json.dumps(record).encode()


def planned(lines: list[bytes]) -> Plan:
    register = parse_records(b"\n".join(lines))
    return plan(register, default_mapping(), Memory(ORIGIN), clerk=CLERK, now=NOW)


@settings(max_examples=150, deadline=None)
@given(st.lists(odd_lines(), max_size=6))
def test_every_line_is_planned_or_listed_with_its_code(lines: list[bytes]) -> None:
    result = planned(lines)
    listed = [item for item in result.declined if item.source not in ("15000001", "15000002")]
    assert len(lines) == len(result.conveyances) + len(listed)
    assert all(item.code and item.detail for item in result.declined)
    ledger = RulesOnly().run(result)
    assert all(refusal.code and refusal.detail for refusal in ledger.refused.values())
