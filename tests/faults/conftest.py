"""Fault tests use the end-to-end tests' stack."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

import pytest  # noqa: E402

from engine import SOCKET  # noqa: E402
from stack import until  # noqa: E402


@pytest.fixture
def shop(module_shop):
    """The file's shop without a fault; afterwards it is as well as before."""
    seen = len(module_shop.violations())
    module_shop.calm()
    until(module_shop.ready, 40, "readiness")
    yield module_shop
    module_shop.calm()
    until(module_shop.ready, 40, "readiness")
    module_shop.check()
    assert module_shop.violations()[seen:] == []


def pytest_configure(config):
    config.addinivalue_line("markers", "long: only where LONG is set, as make test-all does")
    config.addinivalue_line("markers", "own_database: only where the shop has one; see engine.py")


def pytest_collection_modifyitems(config, items):
    unwanted = {name for name, wanted in (("long", os.environ.get("LONG")), ("own_database", not SOCKET)) if not wanted}
    out = [item for item in items if any(item.get_closest_marker(name) for name in unwanted)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
