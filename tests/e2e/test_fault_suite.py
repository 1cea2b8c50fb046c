"""Rows of the fault suite (`python -m tests.faults`): a ledger serves on through each."""

import os

import pytest

from tests.faults.__main__ import strike
from tests.faults.rows import Row, faults_of, pairs, read_sites, rows, sample
from tests.faults.scene import scene

ROWS = int(os.environ.get("FAULT_ROWS") or 30)
"""How many of them: the whole suite is a lane of its own."""


@pytest.mark.timeout(1500)
def test_a_ledger_serves_on_through_faults():
    seed = int(os.environ.get("SEED") or 1)
    wrong, struck = [], 0
    with scene() as made:
        for row in sample(read_sites(), ROWS, seed):
            answer = strike(made, row)
            struck += bool(answer["struck"])
            if answer["wrong"]:
                wrong.append((row, answer["wrong"]))
    assert [] == wrong, f"SEED={seed}"
    assert ROWS // 2 < struck, f"SEED={seed}: hardly any fault struck"


def test_every_site_has_its_faults_and_each_row_is_there_once():
    sites = read_sites()
    every = rows(sites)
    assert len(every) == len(set(every)) == sum(len(faults_of(site)) for site in sites)
    assert all("kill" in faults_of(site) for site in sites)


def test_pairs_are_the_same_for_a_seed():
    sites = read_sites()
    assert pairs(sites, 300, 7) == pairs(sites, 300, 7) != pairs(sites, 300, 8)
    assert all(
        isinstance(row, Row) and row.when == "serving"
        for pair in pairs(sites, 9, 1)
        for row in pair
    )
