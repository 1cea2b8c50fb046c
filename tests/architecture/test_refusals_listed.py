"""Every refusal that the domain's table lists has a test that is named by its code."""

import ast
from pathlib import Path

from tests.support.refusal_table import refusals

TESTS = Path(__file__).parents[1] / "refusals"
DOMAIN = Path(__file__).parents[2] / "ledger" / "domain"

CODES = [
    "NOT_OWNER",
    "DOUBLE_ASSIGN_PENDING",
    "CHAIN_GAP",
    "PARTY_BY_NAME",
    "FRACTION_SUM",
    "FRACTION_EXCEEDED",
    "SHARE_TOO_FINE",
    "COOWNER_CONSENT",
    "PREEMPTION_OPEN",
    "PREEMPTION_TERMS",
    "FOREIGN_ASSIGNEE_STATE_FUNDED",
    "NON_ASSIGNABLE",
    "RELEASE_MISMATCH",
    "RELEASE_BY_STRANGER",
    "LIEN_COVENANT",
    "EXCLUSIVE_OVERLAP",
    "EXCLUSIVE_SELF_USE",
    "SOLE_THIRD_GRANT",
    "BEYOND_RIGHT_TERM",
    "RIGHT_NOT_IN_FORCE",
    "BEYOND_RIGHT_TERRITORY",
    "BEYOND_OWN_GRANT",
    "SUBLICENCE_NO_RIGHT",
    "SUBLICENCE_LONGER",
    "SUBLICENCE_DEPTH",
    "SUBLICENCE_OF_COMPULSORY",
    "QUANTITY_EXCEEDED",
    "VOID_IMPROVEMENT_BACK",
    "VOID_NO_CHALLENGE",
    "VOID_EXPORT_BAN",
    "VOID_TIED_PURCHASE",
    "CONTENT_MISSING",
    "BANNED_TECH",
    "PERMIT_MISSING",
    "REGISTRATION_NEEDED",
    "UNREGISTERED_OPPOSED",
    "OFFER_EXPIRED",
    "ACCEPT_TERMS_DIFFER",
    "ACCEPT_NOT_ADDRESSEE",
    "OFFER_CLOSED",
    "REVOKE_NOT_RESERVED",
    "BAD_SIGNATURE",
    "WRONG_SIGNER",
    "MANDATE_EXPIRED",
    "KEY_REVOKED",
    "KEY_NOT_YET_VALID",
    "SIGNER_MISSING",
    "DUPLICATE_COMMAND",
    "STALE_VERSION",
    "PREDECESSOR_UNKNOWN",
    "BACKDATED",
    "FUTURE_FACT",
    "INTERVAL_EMPTY",
    "TERRITORY_EDITION",
    "FIELD_UNKNOWN",
    "SHARE_SUM",
    "SHARE_BELOW_STATUTE",
    "CAP_BELOW_STATUTE",
    "BROKER_OVER_CAP",
    "CURRENCY_MISMATCH",
    "FRACTIONAL_VND",
    "RATE_RANGE",
    "BASE_LINES",
    "REPORT_OVERLAP",
    "REPORT_AFTER_END",
    "OVERPAID",
    "CONFIRM_BY_PAYER",
    "LATE_RATE_CAP",
    "HELD",
    "FROZEN",
    "ORDER_NO_FORUM",
    "DISPUTE_OUT_OF_TIME",
    "LISTING_NO_TITLE",
    "LISTING_DUPLICATE",
    "DOC_HASH",
    "PERSONAL_DATA_IN_EVENT",
    "AUTHOR_SPLIT_MISSING",
    "TERMINATION_NOT_RECEIVED",
    "AMEND_FORM",
    "CORRECTION_REWRITES",
]
"""The table's codes but for those of evaluation, trials and challenges.

Of these, `UNREGISTERED_OPPOSED` is an answer and `DISPUTE_OUT_OF_TIME` a flag: their tests show
what happens instead. `DUPLICATE_COMMAND` and `STALE_VERSION` are raised as `IDEMPOTENCY_MISMATCH`
and `STALE_VIEW`.
"""

OF_A_VALUE = {
    "FutureFact",
    "IntervalEmpty",
    "IssuedInFuture",
    "SeenAhead",
    "StaleView",
    "SubmissionExpired",
    "ValidityTooLong",
}
"""Refusals of which only the code that raises them can say of what member's value they are."""


def test_every_listed_refusal_has_its_test() -> None:
    tests = {
        node.name
        for path in TESTS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    missing = [code for code in CODES if f"test_{code.lower()}" not in tests]
    assert not missing


def test_every_refusal_is_provoked_by_a_test() -> None:
    """A name that is more than imported, or the code as what is expected."""
    named = {
        getattr(node, "id", getattr(node, "value", None))
        for path in TESTS.parent.rglob("test_*.py")
        if path != Path(__file__)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Name | ast.Constant)
    }
    assert [] == [each for each in refusals() if named.isdisjoint({each.__name__, each.code})]


def test_every_refusal_of_a_value_points_at_it() -> None:
    raised = [
        (path.name, call.lineno, {each.arg for each in call.keywords})
        for path in DOMAIN.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in OF_A_VALUE
    ]
    assert len(raised) > len(OF_A_VALUE)
    assert [] == [(name, line) for name, line, given in raised if "pointer" not in given]
