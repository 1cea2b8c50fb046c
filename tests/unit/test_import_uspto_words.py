"""By which words of a recorded conveyance title passes, and by which nothing does."""

import pytest

from tests.support.uspto import imported, line, lines, planned

ANN, FIRM, HEIR = "DOE, ANN", "FIRM INC.", "HEIR LLC"


@pytest.mark.parametrize(
    "text",
    [
        "ASSIGNMENT OF AN UNDIVIDED ONE-HALF INTEREST",
        "ASSIGNMENT OF 1/3 INTEREST",
        "ASSIGNMENT OF A 25 PERCENT INTEREST",
        "ASSIGNS 50% OF ITS RIGHTS",
        "THIRTY PERCENT INTEREST",
        "HALF-INTEREST",
        "ASSIGNMENT OF PART INTEREST",
        "CONDITIONAL ASSIGNMENT",
        "ASSIGNMENT EXCEPT FOR JAPAN",
        "ASSIGNMENT OF A 0.5 INTEREST",
        "ASSIGNMENT OF .25 INTEREST",
        "ASSIGNMENT OF A MOIETY",
        "ASSIGNMENT OF RIGHTS IN GERMANY",
        "ASSIGNMENT UPON DEFAULT",
        "ASSIGNMENT OF LIFE INTEREST",
        "ASSIGNMENT OF ROYALTIES",
        "RESCISSION OF ASSIGNMENT",
        "REVOCATION OF ASSIGNMENT",
        "CANCELLATION OF ASSIGNMENT",
        "ASSIGNMENT NOT YET EXECUTED",
        "QUITCLAIM ASSIGNMENT",
    ],
)
def test_words_of_less_than_the_whole_are_not_sent_as_all_of_it(text: str):
    records = lines(
        line("1-1", "assignment", (ANN,), (FIRM,), recorded="2019-01-07"),
        line("2-2", "assignment", (FIRM,), (HEIR,), conveyance_text=text),
    )
    assert [("2-2", "PART_IN_WORDS")] == [
        (item.source, item.code) for item in planned(records).declined
    ]
    assert {"15000001": ["1-1"]} == imported(records).chains


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("assignment", "ONE HUNDRED PERCENT (100 PERCENT) INTEREST"),
        ("assignment", "ASSIGNMENT OF 100% INTEREST, EFFECTIVE 12/31/2012, REEL 48811/0679"),
        ("security", "THIRD AMENDED SECURITY AGREEMENT IN AN UNDIVIDED HALF"),
    ],
)
def test_words_of_the_whole_and_of_securities_are_sent(kind: str, text: str):
    records = lines(line("1-1", kind, (FIRM,), (HEIR,), conveyance_text=text))
    assert () == planned(records).declined


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("", "CANCELLATION OF SECURITY INTEREST"),
        ("", "RESCISSION OF RELEASE OF SECURITY INTEREST"),
        ("release", "RELEASE (WITHDRAWN)"),
        ("assignment", "SECURITY INTEREST (SEE DOCUMENT FOR DETAILS)."),
        ("assignment", "LICENSE (SEE DOCUMENT FOR DETAILS)."),
        ("license", "ASSIGNMENT OF ASSIGNORS INTEREST (SEE DOCUMENT FOR DETAILS)."),
        ("name-change", "MERGER (SEE DOCUMENT FOR DETAILS)."),
        ("", "PROPOSED SECURITY AGREEMENT"),
        ("correct", "CORRECTIVE ASSIGNMENT TO CORRECT THE NATURE OF CONVEYANCE"),
        ("correct", "CORRECTIVE ASSIGNMENT TO REMOVE 15000002 ERRONEOUSLY RECORDED"),
        ("", "CORRECTIVE ASSIGNMENT TO CORRECT THE APPLICATION NUMBER"),
    ],
)
def test_what_is_undone_or_of_two_kinds_or_corrects_no_party_is_not_sent(kind: str, text: str):
    records = lines(
        line("1-1", kind, (FIRM,), (HEIR,), conveyance_text=text, refers_to=["9-9"]),
    )
    result = planned(records)
    assert [("1-1", "KIND_UNKNOWN")] == [(item.source, item.code) for item in result.declined]
    assert () == result.filings


@pytest.mark.parametrize(
    "text",
    [
        "ASSIGNMENT OF ASSIGNOR'S ENTIRE RIGHT, TITLE AND INTEREST",
        "CONFIRMATORY PATENT ASSIGNMENT AGREEMENT DATED 01/02/2019",
        "NUNC PRO TUNC ASSIGNMENT (SEE DOCUMENT FOR DETAILS).",
    ],
)
def test_words_by_which_all_passes_are_sent(text: str):
    records = lines(line("1-1", "assignment", (FIRM,), (HEIR,), conveyance_text=text))
    assert ["1-1"] == [item.source for item in planned(records).conveyances]
