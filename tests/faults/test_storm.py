"""A few small storms; `make storm SEEDS=200` makes large ones."""

import os

import pytest
from storm import Storm

SEEDS = int(os.environ.get("STORM_SEEDS", "3"))
BUYERS = int(os.environ.get("STORM_BUYERS", "60"))


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_storm(seed):
    storm = Storm(seed, BUYERS)
    good = storm.run()
    print(storm.summary())
    assert good, storm.summary()
