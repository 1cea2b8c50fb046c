"""The operator's commands with `--json`: the members say what the text says."""

import json
from pathlib import Path
from typing import Any

from tests.e2e.test_vault_commands import command
from tests.support.server import ledger_home


def test_the_operator_s_commands_print_json(tmp_path: Path) -> None:
    with ledger_home() as home:

        def told(*words: str, code: int = 0) -> dict[str, Any]:
            run = command(home, *words, "--json")
            assert code == run.returncode, run.stdout + run.stderr
            members = json.loads(run.stdout)
            assert isinstance(members, dict)
            return members

        host = ("operate", "init", "--host", "json.example.vn")
        made = told(*host)
        text = command(home, *host[:2], "--resume", str(tmp_path / "none.json"))
        assert (2, "") == (text.returncode, text.stdout)
        assert str(home.trust) == made["trust"]
        assert ["demonstration" in made["warnings"][0], True] == [True, made["made"]]

        assert {"applied": []} == told("operate", "migrate")
        assert {"sealed": True, "position": 1} == told("operate", "seal")
        digests = told("operate", "rebuild")["digests"]
        again = command(home, "operate", "rebuild").stdout.split()
        assert [each for pair in digests.items() for each in pair] == again
        exported = told("operate", "export-tiles", str(tmp_path / "log"))
        assert (made["origin"], 1) == (exported["origin"], exported["size"])
        assert 0 == told("operate", "export-tiles", str(tmp_path / "log"))["files"]

        kept = told("operate", "backup", str(tmp_path / "kept"), "--method", "dump")
        assert (made["origin"], 1, "dump") == (kept["origin"], kept["size"], kept["method"])
        assert [True, []] == [kept["proven"], kept["removed"]]
        assert Path(kept["backup"]).is_dir()
        there = told("operate", "restore", kept["backup"], "--nobody-saw-more", code=1)
        assert [False, True] == [there["restored"], bool(there["code"] and there["reason"])]

        assert {"halted": True, "reason": "for a test"} == told(
            "operate", "halt", "--reason", "for a test"
        )
        assert {"resumed": True, "position": 2} == told("operate", "resume", "--reason", "it was")
        not_halted = told("operate", "resume", "--reason", "it was", code=1)
        assert {"resumed": False, "reason": "the log is not halted"} == not_halted
        assert ["kek"] == [*told("operate", "kek", "rotate")]

        mirror = ("operate", "restore-from-mirror", str(tmp_path / "log"))
        refused = told(*mirror, code=1)
        assert False is refused["restored"]
        assert f"REFUSED: {refused['reason']}\n" == command(home, *mirror).stdout
