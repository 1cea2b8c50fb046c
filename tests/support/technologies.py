"""Bodies about technologies: readiness, lists, funding, authors, contributions."""

from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.rights.funding import AuthorsDeclared, ContributionRecorded, FundingAgreed
from ledger.domain.rights.technology import TechnologyClassified, TrlDeclared
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    REGISTRAR,
    REVIEWER,
    RIGHT,
    SOME_HASH,
    TECHNOLOGY,
    built,
)


def trl_declared(**overrides: Any) -> TrlDeclared:
    defaults = {
        "technology": TECHNOLOGY,
        "trl": 7,
        "declared_by": INSTITUTE,
        "declared_on": "2026-11-02",
        "evidence_sha256": SOME_HASH,
    }
    return built(TrlDeclared, defaults, overrides)


def technology_classified(**overrides: Any) -> TechnologyClassified:
    defaults = {
        "technology": TECHNOLOGY,
        "category": "restricted.1",
        "classified_by": REVIEWER,
        "reason": "Thuộc Danh mục công nghệ hạn chế chuyển giao",
    }
    return built(TechnologyClassified, defaults, overrides)


def contributor(party: str, numerator: int, denominator: int, *, state: bool) -> dict[str, Any]:
    """Return a contributor as JSON."""
    return {"party": party, "share": [numerator, denominator], "state": state}


def funding_agreed(**overrides: Any) -> FundingAgreed:
    """Return the agreement of a task of which the State pays seven tenths, the firm the rest."""
    defaults = {
        "technology": TECHNOLOGY,
        "owners": [INSTITUTE],
        "contributors": [
            contributor(REGISTRAR, 7, 10, state=True),
            contributor(FIRM, 3, 10, state=False),
        ],
        "task": "KC.02.19/21-25",
        "task_assigned_on": "2025-11-10",
        "terms": [
            {
                "funder": REGISTRAR,
                "kind": "reserved_right",
                "text": "Quyền sử dụng không phải trả tiền bản quyền cho mục đích công cộng",
            }
        ],
        "agreed_on": "2025-11-12",
    }
    return built(FundingAgreed, defaults, overrides)


def authors_declared(**overrides: Any) -> AuthorsDeclared:
    defaults = {
        "technology": TECHNOLOGY,
        "authors": [AUTHOR],
        "split": [{"party": AUTHOR, "ppm": 1_000_000}],
        "declared_by": [AUTHOR],
        "minutes_sha256": None,
    }
    return built(AuthorsDeclared, defaults, overrides)


def contribution_recorded(**overrides: Any) -> ContributionRecorded:
    defaults = {
        "technology": TECHNOLOGY,
        "contributor": FIRM,
        "witness": INSTITUTE,
        "kind": "background",
        "right": RIGHT,
        "description": "Sáng chế có từ trước của doanh nghiệp",
        "recorded_on": "2026-11-02",
        "document_sha256": None,
    }
    return built(ContributionRecorded, defaults, overrides)


STORY: tuple[Body, ...] = (
    trl_declared(),
    technology_classified(),
    funding_agreed(),
    authors_declared(),
    contribution_recorded(),
)
"""Admissible in this order after the builders' technology and right."""
