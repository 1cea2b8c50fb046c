"""Figures stand beside what was measured in the same run, and nothing else."""

from bench.figure import Absent, Figure, Goal, compared, to_object
from bench.run import BESIDE, GOALS, STEPS, chosen

LIMIT = Figure("limit", "The limit", 200.0, "a second")
OURS = Figure("ours", "Ours", 50.0, "a second", "over something")
GOAL = Goal("ours", "limit", 0.3)


def test_a_ratio_is_of_two_figures_of_one_run():
    assert [0.25] == [each.ratio for each in compared([LIMIT, OURS], [GOAL])]


def test_without_the_other_figure_there_is_no_ratio():
    assert [] == compared([OURS], [GOAL])
    assert [] == compared([OURS, Absent("limit", "The limit", "not installed")], [GOAL])


def test_json_names_what_a_figure_stands_beside():
    _, ours = to_object([LIMIT, OURS], [GOAL])
    assert [{"name": "limit", "ratio": 0.25, "goal": 0.3}] == ours["beside"]
    assert (50.0, "a second", "over something") == (ours["value"], ours["unit"], ours["detail"])


def test_json_says_why_a_figure_is_absent():
    (absent,) = to_object([Absent("stock", "Stock", "not installed")], [])
    assert "not installed" == absent["not_measured"]
    assert "value" not in absent


def test_all_steps_run_unless_some_are_named():
    assert list(STEPS) == chosen(())


def test_a_named_step_brings_what_it_is_held_against():
    assert ["ed25519", "http", "stock", "single"] == chosen(["single"])


def test_every_goal_is_held_against_a_step_that_its_own_step_brings():
    missing = [goal for goal in GOALS if _step(goal.beside) not in chosen([_step(goal.figure)])]
    assert [] == missing
    assert BESIDE.keys() <= STEPS.keys()


def _step(figure: str) -> str:
    """Return the step that measures a figure."""
    name = figure.partition(".")[0]
    return "bulk" if name == "mix" else name
