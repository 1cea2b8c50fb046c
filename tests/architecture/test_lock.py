"""The lock file holds all that the gate installs, by hashes, and names no place it comes from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
TEXT = (ROOT / "requirements.lock").read_text("utf-8")
PINS = {
    (pin := Requirement(line)).name: (pin, hashes.count("--hash=sha256:"))
    for line, hashes in re.findall(
        r"^([a-z][^\\\n]+) \\\n((?:    --hash.*\n)+)", TEXT, re.MULTILINE
    )
}
WANTED = [
    *map(Requirement, PROJECT["project"]["dependencies"]),
    *map(Requirement, PROJECT["project"]["optional-dependencies"]["server"]),
    *map(Requirement, PROJECT["project"]["optional-dependencies"]["sdk"]),
    *map(Requirement, PROJECT["dependency-groups"]["dev"]),
]
VERSIONS = [
    each.rpartition(" ")[2]
    for each in PROJECT["project"]["classifiers"]
    if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", each)
]
MACHINES = {"linux": "Linux", "darwin": "Darwin"}


SITE = (ROOT / ".ci" / "site" / "requirements.lock").read_text("utf-8")


def test_what_builds_the_site_is_locked_too_and_no_part_of_the_product():
    for line in (ROOT / ".ci" / "site" / "requirements.in").read_text("utf-8").splitlines():
        assert f"\n{line} \\\n    --hash=sha256:" in SITE
        assert Requirement(line).name not in PINS
    assert len(re.findall("^[a-z]", SITE, re.MULTILINE)) == SITE.count(" \\\n    --hash") - len(
        re.findall(r"^    --hash.* \\\n", SITE, re.MULTILINE)
    )


def serves(requirement: Requirement, version: str, platform: str) -> bool:
    """Say whether a requirement is one on a machine."""
    machine = {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "sys_platform": platform,
        "platform_system": MACHINES[platform],
    }
    return requirement.marker is None or requirement.marker.evaluate(machine)


def test_every_line_is_one_version_with_its_hashes():
    assert len(PINS) == len(re.findall("^[a-z]", TEXT, re.MULTILINE))
    for pin, hashes in PINS.values():
        (one,) = pin.specifier
        assert ("==", True) == (one.operator, hashes > 0), pin


@pytest.mark.parametrize("platform", MACHINES)
@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_wanted_is_locked(version: str, platform: str):
    wanted = [
        each
        for each in WANTED
        if each.name != PROJECT["project"]["name"] and serves(each, version, platform)
    ]
    assert len(wanted) > len(PROJECT["dependency-groups"]["dev"])
    for each in wanted:
        pin, _ = PINS[each.name]
        (one,) = pin.specifier
        assert serves(pin, version, platform), each
        assert each.specifier.contains(one.version), each


def test_it_names_no_place():
    assert [] == re.findall(r"://|\bfile:|@|--(?!hash=)\S+|/", TEXT)


def test_the_gate_installs_from_it_alone():
    installs = re.findall(r"^.*pip install.*$", (ROOT / ".ci/run").read_text("utf-8"), re.MULTILINE)
    locked, ours, site = installs
    assert locked.endswith("--require-hashes --requirement requirements.lock")
    assert site.endswith("--require-hashes --requirement .ci/site/requirements.lock")
    assert "--no-deps --no-build-isolation" in ours
