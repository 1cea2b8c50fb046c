"""The operator's word is dated so that it holds, whatever the clocks of its processes say."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger.domain.core.existence import SubjectExists
from ledger.domain.core.types import format_instant
from ledger.log.note import parse_vkey
from ledger.log.statement import SignedRefusal, open_statement
from ledger.publish.refuser import Refuser
from tests.support.log import ed25519_key
from tests.support.sample_log import ORIGIN, event_id

AHEAD = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
"""When another process received something, by its own clock."""


@pytest.mark.parametrize("dead", [False, True])
def test_a_promise_is_not_answered_by_an_instant_before_it(dead: bool):  # noqa: FBT001
    refuser = Refuser(ORIGIN, ed25519_key("refusals"))
    refusal = SubjectExists("no")
    refusal.dead, refusal.at = dead, AHEAD - timedelta(days=2)
    note = refuser.sign(refusal, event_id(1), "sha256:" + "0" * 64, since=AHEAD)
    said = open_statement(note, [parse_vkey(refuser.vkey)])
    assert isinstance(said, SignedRefusal)
    assert format_instant(refusal.at if dead else AHEAD) == said.refused
