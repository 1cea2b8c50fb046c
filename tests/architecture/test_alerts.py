"""The alarms: each measures something that is measured, and each has its page in the runbook."""

import re
from pathlib import Path

from api.metrics import Metrics

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8")
TESTS = (ROOT / "deploy/prometheus/alerts_test.yml").read_text("utf-8")
ALARMS = re.findall(r"alert: (\w+)", RULES)


def test_each_alarm_measures_what_is_measured() -> None:
    of = Metrics()
    measured = {
        sample.removesuffix("_total")
        for each in (of, of.database, of.disk)
        for sample in each.registry._names_to_collectors
    }
    named = set(re.findall(r"\bledger_\w+", RULES))
    assert len(named) > 10
    assert set() == {name for name in named if name.removesuffix("_total") not in measured}


def test_each_alarm_has_its_page() -> None:
    pages = re.findall(r"^## (\w+)$", (ROOT / "docs/runbook.md").read_text("utf-8"), re.MULTILINE)
    assert ALARMS == [page for page in pages if page != "Drills"]


def test_each_alarm_is_tried_quiet_and_loud() -> None:
    for alarm in ALARMS:
        assert 2 == len(re.findall(rf"alertname: {alarm}\b", TESTS)), alarm
