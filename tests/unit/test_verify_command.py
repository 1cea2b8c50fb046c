"""`python -m ledger.verify`: alone, on other Pythons, on several cores, small enough to read."""

import ast
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ledger.verify
from ledger.verify.__main__ import main
from ledger.verify.outcome import Check, Refused
from ledger.verify.tree import HashBundle
from ledger.verify.verifier import verify_export
from ledger.verify.workers import IN_PROCESS_MAX, in_order
from ledger.wire.base64 import b64encode
from tests.support.builders import RIVAL
from tests.support.log import flip
from tests.support.sample_log import SampleLog, party_key, sample_log
from tests.support.verifying import append, payload, refusal

ROOT = Path(__file__).parents[2]
SOURCES = sorted(Path(ledger.verify.__file__).parent.glob("*.py"))

ONLY_WHAT_IT_MAY = """
import runpy, sys

class Fence:
    def find_spec(self, name, path=None, target=None):
        top, _, rest = name.partition(".")
        ours = top == "ledger" and rest.split(".")[0] in (
            *("", "court", "log", "powers", "quoted", "verify", "wire"),
        )
        if not ours and top not in ("cryptography", "_cffi_backend", *sys.stdlib_module_names):
            raise ImportError(f"the verifier imports {name}")

sys.meta_path.insert(0, Fence())
runpy.run_module("ledger.verify", run_name="__main__", alter_sys=True)
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a log, its trust root, and a receipt."""
    directory = tmp_path_factory.mktemp("exported")
    log = sample_log(12)
    log.write(directory / "log")
    (directory / "trust.json").write_bytes(log.trust_root())
    (directory / "receipt.json").write_text(json.dumps(log.receipt(8)), "utf-8")
    (directory / "entry").write_bytes(log.entries[8])
    (directory / "old").write_bytes(log.checkpoint(5))
    return directory


def run(*arguments: object, python: str = sys.executable, code: str | None = None) -> Any:
    """Run the command in a process of its own, with nothing but the project on its path."""
    program = ["-m", "ledger.verify"] if code is None else ["-c", code]
    return subprocess.run(
        [python, *program, *map(str, arguments)],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        text=True,
        timeout=120,
    )


def test_it_runs_where_nothing_but_cryptography_is_installed(exported: Path) -> None:
    done = run(exported / "log", "--trust", exported / "trust.json", code=ONLY_WHAT_IT_MAY)
    assert (0, "") == (done.returncode, done.stderr)
    assert "VERIFIED" in done.stdout


def test_the_fence_around_it_holds() -> None:
    code = ONLY_WHAT_IT_MAY.replace('"ledger.verify"', '"ledger.events.intake"')
    assert "ImportError: the verifier imports" in run(code=code).stderr


def other_pythons() -> Iterator[str]:
    """Yield the interpreters of other versions that are at hand and have `cryptography`."""
    names = [f"python3.{minor}" for minor in range(11, 20)]
    found = [path for name in names if (path := shutil.which(name))]
    found += map(str, Path.home().glob(".pyenv/versions/3.*/bin/python"))
    ask = (
        "import sys, cryptography.hazmat.primitives.asymmetric.mldsa; print(*sys.version_info[:2])"
    )
    seen: set[tuple[int, ...]] = {sys.version_info[:2]}
    for path in found:
        done = subprocess.run([path, "-c", ask], capture_output=True, check=False, text=True)
        version = tuple(map(int, done.stdout.split()))
        if version >= (3, 11) and version not in seen:
            seen.add(version)
            yield path


def test_another_version_of_python_comes_to_the_same_answer(exported: Path) -> None:
    pythons = list(other_pythons())
    if not pythons:
        pytest.skip("NOT TESTED: no other Python from 3.11 on has cryptography with ML-DSA")
    options = (exported / "log", "--trust", exported / "trust.json", "--json")
    here = run(*options)
    for python in pythons:
        there = run(*options, python=python)
        assert (0, here.stdout, "") == (there.returncode, there.stdout, there.stderr), python


def test_what_cannot_be_printed_refuses_nothing(exported: Path) -> None:
    """A full disk, and a reader who has gone: 1 would say that the log does not verify."""
    command = [sys.executable, "-m", "ledger.verify", str(exported / "log")]
    command += ["--trust", str(exported / "trust.json")]
    reader, gone = os.pipe()
    os.close(reader)
    for out, said in (
        (os.open("/dev/full", os.O_WRONLY), "[Errno 28] No space left on device"),
        (gone, "[Errno 32] Broken pipe"),
    ):
        done = subprocess.run(
            command, stdout=out, stderr=subprocess.PIPE, cwd=ROOT, check=False, text=True
        )
        os.close(out)
        assert (2, f"{said}\n") == (done.returncode, done.stderr)


def test_where_its_output_is_closed_its_exit_code_tells(exported: Path) -> None:
    shell = f"{sys.executable} -m ledger.verify {exported}/log --trust {exported}/%s >&-"
    for trust, code in (("trust.json", 0), ("receipt.json", 1)):
        done = subprocess.run(
            shell % trust, shell=True, cwd=ROOT, capture_output=True, check=False, text=True
        )
        assert (code, "") == (done.returncode, done.stderr)


def test_a_verified_log_exits_with_0_and_lists_its_steps(exported: Path) -> None:
    done = run(exported / "log", "--trust", exported / "trust.json")
    assert (0, "") == (done.returncode, done.stderr)
    told = [f"{step.number:>2}  {'passed':<9}  {step}" for step in Check][:8]
    told += [f"{step.number:>2}  {'not run':<9}  {step}" for step in Check][8:]
    assert told == done.stdout.splitlines()[:11]


def test_a_refused_log_exits_with_1_and_says_where(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(exported / "log", tmp_path / "log")
    bundle = tmp_path / "log" / "tile/entries/000.p/12"
    bundle.write_bytes(flip(bundle.read_bytes(), 40))
    assert 1 == main([str(tmp_path / "log"), "--trust", str(exported / "trust.json")])
    expected = (
        "REFUSED: step 3 (every entry hashes into its tile, and every tile up to the root),"
        " entry 0, tile/entries/000.p/12: does not hash into tile/0/000.p/12\n"
    )
    assert expected == capsys.readouterr().out


def test_json_says_the_same(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = ["--trust", str(exported / "trust.json"), "--json"]
    assert 0 == main([str(exported / "log"), *trust])
    answer = json.loads(capsys.readouterr().out)
    assert (True, 12, None) == (answer["verified"], answer["size"], answer["position"])
    (tmp_path / "checkpoint").mkdir()
    assert 1 == main([str(tmp_path), *trust])
    expected = {"verified": False, "step": 2, "position": None, "path": "checkpoint"}
    assert expected.items() <= json.loads(capsys.readouterr().out).items()


def test_a_receipt_is_verified_with_its_entry(
    exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--entry", str(exported / "entry"), "--trust", str(exported / "trust.json")]
    assert 0 == main([str(exported / "receipt.json"), *options])
    assert "unchecked: position 8, the line by key" in capsys.readouterr().out
    assert 0 == main([str(exported / "receipt.json"), *options, "--json"])
    assert 8 == json.loads(capsys.readouterr().out)["position"]


def test_the_entry_may_be_the_apis_json(exported: Path, tmp_path: Path) -> None:
    entry = b64encode((exported / "entry").read_bytes())
    trust = ["--trust", str(exported / "trust.json")]
    receipt = str(exported / "receipt.json")
    for position, code in ((8, 0), (9, 1)):
        text = json.dumps({"position": position, "entry": entry})
        (tmp_path / "entry.json").write_text(text, "utf-8")
        assert code == main([receipt, "--entry", str(tmp_path / "entry.json"), *trust])


@pytest.mark.parametrize("entry", ["{", "{}", '{"entry": "?"}', '{"entry": null}'])
def test_json_that_holds_no_entry_is_refused(entry: str, exported: Path, tmp_path: Path) -> None:
    (tmp_path / "entry.json").write_text(entry, "utf-8")
    trust = ["--trust", str(exported / "trust.json")]
    receipt = str(exported / "receipt.json")
    assert 1 == main([receipt, "--entry", str(tmp_path / "entry.json"), *trust])


def test_an_earlier_checkpoint_adds_the_ninth_step(
    exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--previous", str(exported / "old"), "--trust", str(exported / "trust.json")]
    assert 0 == main([str(exported / "log"), *options])
    assert " 9  passed     the earlier checkpoint is of a prefix\n" in capsys.readouterr().out


def test_a_receipt_takes_an_earlier_checkpoint(
    exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--previous", str(exported / "old"), "--trust", str(exported / "trust.json")]
    receipt, entry = str(exported / "receipt.json"), str(exported / "entry")
    assert 0 == main([receipt, "--entry", entry, *options])
    assert " 9  unchecked  the earlier checkpoint is of a prefix\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["{0}/log"],
        ["{0}/log", "--trust", "{0}/nothing"],
        ["{0}/nothing", "--trust", "{0}/trust.json"],
        ["{0}/log", "--trust", "{0}/trust.json", "--entry", "{0}/entry"],
        ["{0}/receipt.json", "--trust", "{0}/trust.json", "--entry", "{0}/nothing"],
        ["{0}/log", "--trust", "{0}/trust.json", "--previous", "{0}/nothing"],
        ["{0}/log", "--trust", "{0}/trust.json", "--charter", "{0}/old"],
        ["{0}/log", "--trust", "{0}/trust.json", "--refusal", "{0}/old"],
        ["{0}/log", "--trust", "{0}/trust.json", "--subject", "right:x"],
        ["{0}/old", "--trust", "{0}/trust.json", "--previous", "{0}/old"],
        ["{0}/old", "--trust", "{0}/trust.json", "--refusal", "{0}/old"],
        ["{0}/old", "--trust", "{0}/trust.json", "--charter", "{0}/old"],
        [
            "{0}/receipt.json",
            "--trust",
            "{0}/trust.json",
            "--entry",
            "{0}/entry",
            "--previous",
            "x",
        ],
        ["{0}/old", "--trust", "{0}/trust.json", "--log", "{0}/log", "--entry", "{0}/entry"],
        ["{0}/old", "--trust", "{0}/trust.json", "--log", "{0}/log", "--charter", "{0}/old"],
        ["{0}/log/tile", "--trust", "{0}/trust.json"],
        ["{0}/old", "--trust", "{0}/trust.json", "--log", "{0}/log/tile"],
        ["{0}/old", "--trust", "{0}/trust.json", "--log", "{0}/nothing"],
        ["{0}/log", "--trust", "{0}/trust.json", "--workers", "0"],
        ["{0}/log", "--trust", "{0}/trust.json", "--workers", "-1"],
    ],
)
def test_wrong_usage_exits_with_2(
    arguments: list[str], exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([argument.format(exported) for argument in arguments])
    assert 2 == caught.value.code
    assert "usage: python -m ledger.verify" in capsys.readouterr().err


WITHOUT_ML_DSA = {
    "__init__.py": "",
    "exceptions.py": "InvalidSignature = UnsupportedAlgorithm = Exception",
    "hazmat/__init__.py": "",
    "hazmat/primitives/__init__.py": "",
    "hazmat/primitives/hashes.py": "SHA256 = None",
    "hazmat/primitives/serialization.py": "",
    "hazmat/primitives/asymmetric/__init__.py": "ec = ed25519 = padding = rsa = utils = None",
}
"""As much of a package `cryptography` of before ML-DSA as is asked for."""


@pytest.mark.parametrize("program", [["-m", "ledger.verify"], [str(ROOT / "ledger/court.py")]])
def test_a_package_that_is_too_old_is_named_and_refuses_nothing(
    program: list[str], exported: Path, tmp_path: Path
) -> None:
    for name, text in WITHOUT_ML_DSA.items():
        path = tmp_path / "cryptography" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    command = [sys.executable, *program, str(exported / "log"), str(exported / "trust.json")]
    places = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run(command, env=places, capture_output=True, check=False, text=True)
    assert (2, "") == (done.returncode, done.stdout)
    (said,) = done.stderr.splitlines()
    assert "needs the package cryptography, 50 or newer: cannot import name 'mldsa'" in said


WITHOUT_IT_BELOW = """
import runpy, sys
from cryptography.hazmat.backends.openssl import backend
type(backend).mldsa_supported = lambda _: False
program, sys.argv = sys.argv[1], sys.argv[1:]
run = runpy.run_path if program.endswith(".py") else runpy.run_module
run(program, run_name="__main__")
"""
"""Runs a program on a package `cryptography` whose OpenSSL has no ML-DSA."""


@pytest.mark.parametrize("program", ["ledger.verify", f"{ROOT}/ledger/court.py", "api.cli"])
def test_an_openssl_without_ml_dsa_is_named_and_refuses_nothing(
    program: str, exported: Path
) -> None:
    log, root = str(exported / "log"), str(exported / "trust.json")
    words = ["audit", "verify", log, "--trust", root] if program == "api.cli" else [log, root]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_IT_BELOW, program, *words],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (2, "") == (done.returncode, done.stdout), done.stderr
    (said,) = done.stderr.splitlines()
    assert "ML-DSA-44 is not supported by this backend. Its wheels, or OpenSSL 3.5" in said


# Several processes

MANY = (IN_PROCESS_MAX + 2) * 256 - 100
"""Entries of a log that is worth more than one process."""


@pytest.fixture(scope="module")
def many() -> SampleLog:
    return sample_log(MANY)


def test_two_processes_come_to_the_answer_of_one(many: SampleLog, tmp_path: Path) -> None:
    many.write(tmp_path)
    one, two = (verify_export(tmp_path, many.trust_root(), workers=n) for n in (1, 2))
    assert (MANY, one) == (one.checkpoint.size, two)


def test_a_refusal_survives_the_way_from_its_process(many: SampleLog, tmp_path: Path) -> None:
    many.write(tmp_path)
    bundle = tmp_path / "tile/entries/016"
    bundle.write_bytes(flip(bundle.read_bytes(), 2))
    work = HashBundle(tmp_path, MANY)
    with in_order(work, range(18), 2) as hashed, pytest.raises(Refused) as caught:
        list(hashed)
    expected = (Check.TREE, 4096, "tile/entries/016")
    assert expected == (caught.value.step, caught.value.position, caught.value.path)


def test_answers_come_in_the_order_of_their_tasks(many: SampleLog, tmp_path: Path) -> None:
    work = HashBundle(many.write(tmp_path), MANY)
    with in_order(work, range(18), 2) as hashed:
        assert list(map(work, range(18))) == list(hashed)


def test_of_faults_in_two_processes_the_first_position_is_named(tmp_path: Path) -> None:
    log = sample_log(2000)
    append(log, payload(log), keys=[party_key(RIVAL)])
    log.entries += sample_log(MANY).entries[2001:]
    append(log, payload(log, event_id="nonsense"))
    refused = refusal(log.write(tmp_path), log.trust_root(), workers=2)
    assert (Check.SIGNATURES, 2000) == (refused.step, refused.position)


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(child) for child in text.split()]


def is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return False


def eventually(claim: Any) -> None:
    deadline = time.monotonic() + 30
    while not claim():
        assert time.monotonic() < deadline, "it did not happen within 30 s"
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: it looks into /proc")
def test_workers_do_not_outlive_a_verifier_that_is_killed(many: SampleLog, tmp_path: Path) -> None:
    many.write(tmp_path / "log")
    (tmp_path / "trust.json").write_bytes(many.trust_root())
    files = [str(tmp_path / "log"), "--trust", str(tmp_path / "trust.json")]
    with subprocess.Popen(
        [sys.executable, "-m", "ledger.verify", *files, "--workers", "2"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    ) as process:
        # Two workers and multiprocessing's own resource tracker.
        eventually(lambda: len(children_of(process.pid)) >= 3)
        workers = children_of(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        eventually(lambda: not any(map(is_alive, workers)))


# Size


_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def lines_of_code(path: Path) -> int:
    """Count the lines that hold code: no docstrings, comments or blank lines."""
    text = path.read_text("utf-8")
    held = set[int]()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            held.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            held.difference_update(range(node.lineno, (node.end_lineno or 0) + 1))
    return len(held)


def test_the_whole_verifier_is_within_1840_lines_of_code() -> None:
    counted = {path.name: lines_of_code(path) for path in SOURCES}
    assert 1_840 >= sum(counted.values()), counted


def test_no_function_is_longer_than_seventy_lines() -> None:
    lengths = {
        f"{path.name}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert {} == {name: length for name, length in lengths.items() if length > 70}
