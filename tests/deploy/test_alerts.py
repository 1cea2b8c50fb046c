"""The alarms by Prometheus's own tool: well formed, quiet before and loud after."""

import subprocess

from tests.deploy.conftest import DEPLOY


def test_each_alarm_is_quiet_before_and_loud_after() -> None:
    for words in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]):
        done = subprocess.run(
            ["promtool", *words],
            cwd=DEPLOY / "prometheus",
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, done.stdout + done.stderr
