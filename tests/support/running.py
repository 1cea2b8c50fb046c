"""A licence that was performed before it was recorded, so that sales under it can be reported."""

from collections.abc import Mapping
from typing import Any

from ledger.domain.contracts.contract import ContractConcluded
from tests.support.builders import contract_concluded, grant

RUNNING: Mapping[str, Any] = {
    "effective_from": "2026-01-01",
    "grants": [grant(valid_from="2026-01-01")],
    "confirms": {"reason": "Hai bên xác nhận hợp đồng đã thực hiện từ tháng 1"},
}
"""What a contract says that was performed before it was recorded: sales were made under it."""


def contract_running(**overrides: Any) -> ContractConcluded:
    """Return the licence of the institute's to the firm, in force since January 2026."""
    return contract_concluded(**{**RUNNING, **overrides})
