"""Every file that a command is given and that is none: one answer, with its name and what helps."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperArgument

from api.cli import logs, main
from api.describe.event_types import describe_event_type
from ledger.events.lawbook import bundled_files
from ledger.follow import reader
from ledger.follow.signed import Signed
from ledger.home.keystore import save_key
from ledger.home.paths import ConfigDamaged, Home
from ledger.wire.canonical import dump
from ledger.wire.envelope import sign_envelope
from ledger.wire.signing_keys import PrivateKey
from tests.architecture.test_documented_commands import commands
from tests.support.sample_log import sample_log
from tests.support.verifying import whole_bundle

KINDS: dict[str, Callable[[Path], object]] = {
    "missing": lambda _path: None,
    "a directory": Path.mkdir,
    "empty": lambda path: path.write_bytes(b""),
    "binary": lambda path: path.write_bytes(bytes(range(256))),
    "bad JSON": lambda path: path.write_bytes(b"{"),
    "a list": lambda path: path.write_bytes(b"[1]"),
    "an object": lambda path: path.write_bytes(b'{"a":1}'),
}
COMMANDS = {name: one for name, one in commands().items() if not name.startswith("ask ")}
"""Those of `ask` take the one file that `law grounds` takes, by the same option."""

ELSEWHERE = re.compile(
    "NO_LEDGER|NO_ANSWER|NO_LOG|FILE_EXISTS|no witness in|no book in|BACKUP_CUT|ALARM|verifier key"
    "|does not end by|no known key has signed"
)
"""What a command that is fit to run is told before it looks at the file."""

HELPS = re.compile(
    r"; [a-z]+ |: name |: techledger |\(techledger |run techledger |Try '|chmod 600"
    r"|names? [a-z]+ [a-z]+|REFUSED|is retired|was never finished|there is no checkpoint in"
)
"""How a message says what to do; what is refused by a step of a verification is refused."""

OTHERS = {"tlog proof": "receipt", "events seal": "payload.json"}
"""What is right for the file of a command that takes no signed event."""

LOOKED_AT_LATER = ("keys new", "events seal", "witness init", "witness evidence", "audit summary")
"""What writes, or has first to find what it works with."""

Call = Callable[[list[str]], tuple[int, str]]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    log = sample_log(12)
    log.write(tmp_path / "log")
    (tmp_path / "trust.json").write_bytes(log.trust_root())
    (tmp_path / "bundle.json").write_bytes(whole_bundle(log))
    (tmp_path / "receipt").write_bytes(log.proof(8))
    (tmp_path / "law").mkdir()
    for file, raw in bundled_files().items():
        (tmp_path / "law" / file).write_bytes(raw)
    (tmp_path / "policy.txt").write_bytes(b"quorum none\n")
    save_key(tmp_path / "key.pem", PrivateKey.generate())
    signed = sign_envelope(b"{}", [PrivateKey.generate()])
    (tmp_path / "signed.json").write_bytes(Signed(signed).to_json())
    drafted = {"ledger": log.origin, "event_id": "1", "type": GOOD["topic"]}
    body = describe_event_type(GOOD["topic"]).example["body"]
    (tmp_path / "payload.json").write_bytes(dump({**drafted, "body": body}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logs, "configure_logs", lambda _level: None)
    monkeypatch.setattr(reader, "RETRY_FOR_S", 0.0)
    monkeypatch.setenv("LEDGER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "2000")

    def run(words: list[str]) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["techledger", *words])
        code = 0
        try:
            main.run()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


GOOD = {
    **dict.fromkeys(("trust", "predecessor_trust"), "trust.json"),
    "policy": "policy.txt",
    "bundle": "bundle.json",
    "key": "key.pem",
    "topic": "offer.made/1",
    "at": "/body/price",
}


def paths_of(command: Any) -> list[Any]:
    """Return the parameters of a command that are paths."""
    return [each for each in command.params if "Path" in str(_kind(each))]


def _kind(parameter: Any) -> Any:
    return getattr(getattr(parameter, "type_descriptor", None), "annotation", None)


def words_of(name: str, wrong: Any) -> Iterator[str]:
    """Yield the words of a call with a wrong file; all else that it must be given is right."""
    command = COMMANDS[name]
    yield from name.split()
    for each in command.params:
        if each is not wrong and not each.required:
            continue
        value = "ODD" if each is wrong else GOOD.get(each.name, "1")
        if each is not wrong and each in paths_of(command):
            directory = "dir" in each.name or each.name == "predecessor"
            there = "law" if name.startswith("law") else "log"
            other = OTHERS.get(name, "signed.json")
            value = GOOD.get(each.name, there if directory else other)
        if each.name == "url":
            value = "http://127.0.0.1:9"
        yield from [value] if isinstance(each, TyperArgument) else [each.opts[0], value]


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if paths_of(one)])
def test_what_is_no_such_file_is_named_with_what_helps(
    name: str, call: Call, tmp_path: Path
) -> None:
    looked = 0
    for wrong in paths_of(COMMANDS[name]):
        for kind, make in KINDS.items():
            home = tmp_path / f"{wrong.name} {kind}"
            home.mkdir()
            odd = tmp_path / "ODD"
            make(odd)
            code, said = call([*words_of(name, wrong)])
            if odd.exists():
                odd.rename(home / "was")
            assert "Traceback" not in said, (wrong.name, kind)
            if code and not ELSEWHERE.search(said):
                looked += 1
                assert "ODD" in said, (wrong.name, kind, said)
                assert HELPS.search(said), (wrong.name, kind, said)
                assert "pydantic" not in said
    assert looked or name in LOOKED_AT_LATER or name.startswith(("operate", "import"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["policy", "lint", "policy.txt", "LEDGER_PORT=abc"], "LEDGER_PORT='abc': a whole number"),
        (
            ["policy", "lint", "policy.txt", "LEDGER_PORT=70000"],
            "65535 at most is wanted; docs/ref",
        ),
        (
            ["policy", "lint", "policy.txt", "LEDGER_ENTRIES=all"],
            "it is 'loopback' or 'open'; docs",
        ),
        (["events", "new", "offer.maed/1"], "'offer.maed/1'; near: offer.made/1"),
        (
            ["events", "new", "offer.made/1"],
            "list.json holds no body: an object is wanted, not a l",
        ),
        (["events", "sign", "signed.json", "--key", "log"], "log is no regular file: name the PEM"),
        (["events", "sign", "signed.json", "--key", "text"], "techledger keys new makes"),
        (["rights", "title", "right:a", "--url", "http://127.0.0.1:9"], "from http://127.0.0.1:9"),
        (
            ["audit", "verify", "nothing", "--trust", "trust.json"],
            "no log is in nothing: techledger",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_value_and_what_helps(
    words: list[str], says: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "list.json").write_bytes(b"[1]")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "text").chmod(0o600)
    (tmp_path / "nothing").mkdir()
    if "=" in words[-1]:
        name, value = words.pop().split("=")
        monkeypatch.setenv(name, value)
    if words[:2] == ["events", "new"]:
        body = "list.json" if "no body" in says else "signed.json"
        words += ["--body", body, "--signer", "party:a", "--trust", "trust.json"]
    code, said = call(words)
    assert (True, True) == (code in (1, 2), says in said), said


def test_a_record_from_a_place_that_is_none_is_told_by_its_path(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cli.import_uspto.trust_of", lambda _home: sample_log(3))
    for nouns, wants in ((["uspto", "nix"], "nix/assignments.jsonl"), (["cuad", "nix"], "nix")):
        monkeypatch.setattr("api.cli.import_cuad.trust_of", lambda _home: sample_log(3))
        code, said = call(["import", *nouns])
        assert (2, True) == (code, f"ENOENT: No such file or directory: {wants}; name" in said), (
            said
        )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"[ledger", "end of document"),
        (b"[ledger]\norigin=''\n", "'operator'"),
        (b"\xff", "0xff"),
    ],
)
def test_a_config_that_says_nothing_is_told_with_its_place(
    text: bytes, why: str, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_bytes(text)
    with pytest.raises(ConfigDamaged, match=rf"config\.toml cannot be read \(.*{why}.*\): put"):
        Home(tmp_path).identity()
