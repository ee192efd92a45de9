"""One shop for the tests that leave it as they found it; `own_shop` for those that break things."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stack import Stack  # noqa: E402


@pytest.fixture(scope="session")
def session_shop():
    with Stack() as stack:
        yield stack


@pytest.fixture
def shop(session_shop):
    seen = len(session_shop.violations())
    session_shop.faults(reset=True)
    yield session_shop
    session_shop.faults(reset=True)
    session_shop.check()
    assert session_shop.violations()[seen:] == []


@pytest.fixture
def own_shop(request):
    """A shop of the test's own; settings by @pytest.mark.settings(ORDER_TTL=5)."""
    mark = request.node.get_closest_marker("settings")
    with Stack(**(mark.kwargs if mark else {})) as stack:
        yield stack
        stack.faults(reset=True)
        stack.check()


def pytest_configure(config):
    config.addinivalue_line("markers", "settings(**values): settings of own_shop")
    config.addinivalue_line("markers", "long: only where LONG is set, as make test-all does")


def pytest_collection_modifyitems(config, items):
    if os.environ.get("LONG"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
