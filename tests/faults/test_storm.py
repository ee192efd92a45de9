"""A few small storms; `make storm SEEDS=200` makes large ones."""

import os

import pytest
from storm import Storm

SEEDS = 10 if os.environ.get("LONG") else 3
BUYERS = 60


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_storm(seed):
    storm = Storm(seed, BUYERS)
    good = storm.run()
    print(storm.summary())
    assert good, storm.summary()
