"""
What may not pass: title that a perfected security keeps where it is.

Read in this order: refusals, rules.
"""

from collections.abc import Collection

from ledger.domain.event import Refusal
from ledger.domain.right import Right


class LienCovenant(Refusal):
    """A perfected security forbids assignment, and its creditor has not signed."""

    code = "LIEN_COVENANT"
    title_vi = "Biện pháp bảo đảm đã đăng ký cấm chuyển nhượng khi bên nhận bảo đảm chưa đồng ý"
    article = "Bộ luật Dân sự, Điều 321"
    remedy = "security.released/1"


def must_be_allowed_by_creditors(subject: str, right: Right, consenting: Collection[str]) -> None:
    """Raise `LienCovenant` unless the creditors of each security that forbids it have signed."""
    for security, lien in right.liens.items():
        silent = lien.creditors.difference(consenting)
        if lien.forbids_assignment and lien.perfected is not None and silent:
            raise LienCovenant(
                f"{security} forbids to assign {subject} without {', '.join(sorted(silent))}",
                positions=(lien.position, lien.perfected.position),
                subjects=(subject, security, *silent),
            )
