"""Every surface answers by the law that the ledger adopted last, none by that of its version."""

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from ledger.domain.core.body import Body
from ledger.domain.core.dated_law import read_law
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.lawbook import bundled_files, put_on_shelf
from ledger.follow.client import Signed
from ledger.home.paths import Home
from ledger.node.node import Node
from ledger.wire.envelope import sign_envelope
from projections.engine.decoding import decode
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support import builders as b
from tests.support import contracts
from tests.support.builders import CONTRACT, FIRM, INSTITUTE, OPERATOR, REGISTRAR, RIGHT
from tests.support.node import append
from tests.support.world import World

DAY = "2027-01-01"
USE = f"party={FIRM}&act=sell&territory=vn-2025:48&field=A61K&true_on={DAY}"


@pytest.fixture(scope="module", autouse=True)
def _licensed(node: Node, world: World) -> None:
    """Have the firm licensed under a patent whose term is that of the law."""
    contract = b.contract_concluded(**contracts.LATE, concluded_on="2026-11-01")
    story: tuple[tuple[Body, tuple[str, ...]], ...] = (
        (b.right_filed(), (REGISTRAR,)),
        (b.right_granted(expires_on=None), (REGISTRAR,)),
        (contract, (INSTITUTE, FIRM)),
    )
    for body, signers in story:
        lines = list(map(world.key, signers))
        (done,) = append(node, Signed(sign_envelope(world.payload(body, *signers), lines)))
        assert hasattr(done, "position"), done
    rebuild(node.pool, READ_MODELS, decode, key=node.key)


def with_short_patents() -> Mapping[str, bytes]:
    """Return the law data under which a patent lasts three years."""
    files = dict(bundled_files())
    rights = json.loads(files["rights.json"])
    (patents,) = [row for row in rights["rules"] if row["rule"] == "ip-law.93.invention"]
    patents["values"]["years"] = 3
    return files | {"rights.json": json.dumps(rights).encode()}


def seen(http: httpx2.Client) -> Mapping[str, Any]:
    def asked(path: str) -> Any:
        return SimpleNamespace(**http.get(path).json())

    return {
        "status": asked(f"/v1/rights/{RIGHT}/status?true_on={DAY}").status,
        "terms": asked(f"/v1/contracts/{CONTRACT}/terms?true_on={DAY}").status,
        "licensed": asked(f"/v1/licences/check?{USE}").licensed,
        "left": bool(asked(f"/v1/rights/{RIGHT}/left-to-grant?from={DAY}").non_exclusive),
        "page of the right in force": f"{RIGHT} đang có hiệu lực."
        in http.get(f"/quyen/{RIGHT}?true_on={DAY}").text,
        "page of the contract": "đã chấm dứt cùng quyền"
        in http.get(f"/hop-dong/{CONTRACT}?true_on={DAY}").text,
    }


def test_every_surface_answers_by_the_law_in_force(
    http: httpx2.Client, node: Node, home: Home, world: World
):
    assert {
        "status": "in_force",
        "terms": "in_force",
        "licensed": True,
        "left": True,
        "page of the right in force": True,
        "page of the contract": False,
    } == seen(http)
    put_on_shelf(home.law, files := with_short_patents())
    of, digest = ledger_subject(home.identity().origin), read_law(files).sha256
    body = b.rules_adopted(ledger=of, law_data_sha256=digest)
    (done,) = append(node, world.sign(body, OPERATOR, REGISTRAR))
    assert hasattr(done, "position"), done
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    assert {
        "status": "expired",
        "terms": "right_ended",
        "licensed": False,
        "left": False,
        "page of the right in force": False,
        "page of the contract": True,
    } == seen(http)
