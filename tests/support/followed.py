"""
A page of docs/ that says how to change the code, followed to the letter in a copy of the tree.

It says where each block goes: "In `path`, above `def name(`:", "below", or "in place of" the one
line that begins so; or "New file `path`:". A line alone stands there itself, and is indented as
the other is. Blocks of sh are run. What one prints stands in a block of text behind it, and "It
fails" before that says that it must.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_PUT = re.compile(
    r"(?:- )?(?:New file `(?P<new>[^`]+)`"
    r"|In `(?P<path>[^`]+)`, (?P<where>above|below|in place of) `(?P<line>[^`]+)`):"
    r"(?: `(?P<alone>[^`]+)`)?"
)


@dataclass(frozen=True)
class Step:
    """A block of a page, or a line alone: where it goes, in what language it is."""

    put: re.Match[str] | None
    language: str
    text: str
    fails: bool = False


def steps_of(page: str) -> Iterator[Step]:
    """Yield what a page says to do, in its order."""
    put, fails = None, False
    lines = iter((ROOT / "docs" / page).read_text("utf-8").splitlines())
    for line in lines:
        if line.startswith("```"):
            block = iter(lambda: next(lines), "```")
            text = "".join(f"{each}\n" for each in block)
            yield Step(put, line.removeprefix("```"), text, fails)
            put, fails = None, False
        elif (found := _PUT.fullmatch(line)) is not None:
            if found["alone"]:
                yield Step(found, "line", found["alone"])
            else:
                put = found
        fails = fails or line.startswith("It fails")


def copy_tree(to: Path) -> Path:
    """Copy the tree as it is here, but what git ignores; lend it this one's environment."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    (to / ".venv").symlink_to(ROOT / ".venv")
    return to


def paste(step: Step, tree: Path) -> str:
    """Put a block where the page says; return the name of the file."""
    put = step.put
    assert put is not None, f"it is not said where this goes: {step.text}"
    if put["new"]:
        assert not (tree / put["new"]).exists(), f"{put['new']} is there"
        (tree / put["new"]).write_text(step.text, "utf-8")
        return put["new"]
    path = tree / put["path"]
    lines = path.read_text("utf-8").splitlines(keepends=True)
    at = [n for n, line in enumerate(lines) if line.strip().startswith(put["line"])]
    assert len(at) == 1, f"{len(at)} lines of {put['path']} begin with {put['line']}"
    there = lines[at[0]]
    indent = there[: len(there) - len(there.lstrip())]
    text = f"{indent}{step.text}\n" if step.language == "line" else step.text
    around = {"above": [text, there], "below": [there, text], "in place of": [text]}
    lines[at[0] : at[0] + 1] = around[put["where"]]
    path.write_text("".join(lines), "utf-8")
    return put["path"]


def run(commands: str, tree: Path) -> subprocess.CompletedProcess[str]:
    """Run the commands of a block until one fails; return what they print together."""
    # Whatever is installed, the packages of this tree are those that are tried.
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(
        ["bash", "-e"],
        input=commands,
        cwd=tree,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def follow(page: str, tree: Path) -> set[str]:
    """Do what a page says; return the files that were touched by hand."""
    touched, printed = set[str](), ""
    steps = [*steps_of(page)]
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        if step.language == "text":
            missing = [line for line in step.text.splitlines() if line not in printed]
            assert not missing, printed
        elif step.language == "sh":
            done = run(step.text, tree)
            printed = done.stdout
            assert bool(done.returncode) == (after is not None and after.fails), printed
        else:
            touched.add(paste(step, tree))
    return touched


def paste_all(page: str, tree: Path) -> None:
    """Paste what a page says, and run nothing."""
    for step in steps_of(page):
        if step.language not in ("sh", "text"):
            paste(step, tree)
