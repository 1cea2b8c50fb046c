"""What two lines say otherwise: each leaf, once, and nothing that both say."""

from api.describe.compared import compared
from api.describe.saying import Line, Word


def line(label: str, text: str = "", *under: Line) -> Line:
    return Line(label, (Word(text),) if text else (), under)


def told(before: Line | None, after: Line | None) -> list[tuple[str, str, str]]:
    return [
        (
            " > ".join(each.path),
            "".join(word.text for word in each.before),
            "".join(word.text for word in each.after),
        )
        for each in compared(before, after)
    ]


def test_what_is_equal_is_not_told() -> None:
    one = line("phí", "", line("bậc", "đến 10", line("tỷ lệ", "5%")))
    assert not told(one, one)


def test_a_leaf_is_told_under_the_names_above_it() -> None:
    before = line("phí", "", line("bậc", "đến 10", line("tỷ lệ", "5%")), line("kỳ", "quý"))
    after = line("phí", "", line("bậc", "đến 10", line("tỷ lệ", "4%")), line("kỳ", "quý"))
    assert [("phí > bậc đến 10 > tỷ lệ", "5%", "4%")] == told(before, after)


def test_what_one_side_alone_says_is_told_with_all_below_it() -> None:
    tier = line("bậc", "đến 10", line("tỷ lệ", "5%"))
    assert [("bậc", "", "đến 10"), ("bậc > tỷ lệ", "", "5%")] == told(None, tier)
    assert [("bậc", "đến 10", ""), ("bậc > tỷ lệ", "5%", "")] == told(tier, None)


def test_one_thing_more_in_a_list_changes_none_of_the_others() -> None:
    first, second, last = (line("bậc", each, line("tỷ lệ", each)) for each in ("10", "20", "30"))
    assert [("phí > bậc", "", "20"), ("phí > bậc > tỷ lệ", "", "20")] == told(
        line("phí", "", first, last), line("phí", "", first, second, last)
    )


def test_what_moved_is_the_same() -> None:
    one, other = line("a", "1"), line("b", "2")
    assert not told(line("", "", one, other), line("", "", other, one))


def test_the_same_words_twice_are_two_things() -> None:
    assert [("a", "", "1")] == told(
        line("", "", line("a", "1")), line("", "", line("a", "1"), line("a", "1"))
    )
