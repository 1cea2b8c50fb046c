"""What the co-authors of a technology have agreed to split among them."""

from collections.abc import Mapping

from ledger.domain.contracts.agreed_share import Parts, read_parts
from ledger.domain.core.context import Context, recall, reveal
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.types import Sealed
from ledger.domain.revenue.share_agreement import must_be_a_whole
from ledger.domain.rights.technology import Technology


class AuthorSplitMissing(Refusal):
    """What co-authors have not agreed to split is not paid: it waits in suspense."""

    code = "AUTHOR_SPLIT_MISSING"
    members = ("technology", "authors_split")
    title_vi = "Các đồng tác giả chưa thỏa thuận phân chia: phần này được giữ lại"
    article = "Nghị định 267/2025/NĐ-CP, Điều 34(3)"


def agreed_split(
    subject: str, technology: Technology, repeated: Parts | Sealed | None, context: Context
) -> Mapping[str, int] | None:
    """Return the co-authors' parts as agreed, kept or repeated; None while there is nothing."""
    agreed = None if technology.authors is None else technology.authors.split
    if agreed is None:
        return None
    if isinstance(agreed, Sealed):
        if repeated is None:
            agreed = recall(agreed, subject, context, read_parts)
        else:
            agreed = reveal(repeated, "/body/authors_split", context, read_parts)
        must_be_a_whole(agreed, 0)
    return {part.party: part.ppm for part in agreed}
