"""Rules 56 and 57: places and fields are named by the codes that were in use."""

from typing import Any

from ledger.domain.core.codes import FieldUnknown, TerritoryEdition
from tests.support.builders import contract_concluded, grant, right_filed
from tests.support.specification import given

LOG = given(right_filed())


def licence(**reach: Any) -> Any:
    """Return a licence of this reach."""
    return contract_concluded(grants=[grant(**reach)])


def field(scheme: str, edition: str, *codes: str) -> dict[str, Any]:
    """Return a field as JSON."""
    return {"scheme": scheme, "edition": edition, "codes": list(codes)}


def test_territory_edition() -> None:
    """VN-27 (Quảng Nam of before 2025-07-01) in a grant signed in 2026; Đà Nẵng holds it now."""
    old = licence(territory={"codes": ["vn-2004:VN-27"]})
    refusal = LOG.when(old).then_refused(TerritoryEdition)
    assert "vn-2004:VN-27" in refusal.detail
    assert "/body/grants/0/territory/codes/0" == refusal.pointer
    LOG.when(licence(territory={"codes": ["vn-2025:48"]})).then_admitted()


def test_field_unknown() -> None:
    """IPC "A61K 999/99"; a division of VSIC 2018 named with edition 2025."""
    LOG.when(licence(field=field("ipc", "2026.01", "A61K 999/99"))).then_refused(FieldUnknown)
    second = {"/body/grants/0/field/codes/1": "A61K"}
    both = licence(field=field("ipc", "2026.01", "A61P", "A48"))
    refusal = LOG.when(both).then_refused(FieldUnknown, word=second)
    assert "/body/grants/0/field/codes/1" == refusal.pointer
    assert tuple(second) == refusal.asked
    LOG.when(licence(field=field("ipc", "2026.01", "A61K 31/99"))).then_admitted()
    motor_trade = licence(field=field("vsic", "2025", "4511"))
    refusal = LOG.when(motor_trade).then_refused(FieldUnknown)
    assert refusal.ground is not None
    assert "36/2025/QĐ-TTg" == refusal.ground.instrument
    LOG.when(licence(field=field("vsic", "2018", "4511"))).then_admitted()
    LOG.when(licence(field=field("vsic", "2025", "4610"))).then_admitted()
