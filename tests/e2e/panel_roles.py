"""A panel with one of each role: what the tests of its door share."""

import pytest

from panel import Browser
from stack import Stack

ROLES = ["viewer", "support", "manager", "owner"]


@pytest.fixture(scope="module")
def panel_shop():
    with Stack(ADMIN_TOTP="required", RESPONDERS=4) as stack:
        yield stack


@pytest.fixture
def shop(panel_shop):
    panel_shop.sql("DELETE FROM attempts")
    return panel_shop


@pytest.fixture(scope="module")
def people(panel_shop):
    """One of each role, signed in."""
    return {role: Browser(panel_shop, f"the-{role}", role).sign_in() for role in ROLES}


def audit(shop, action, **where):
    more = "".join(f" AND {k} = '{v}'" for k, v in where.items())
    return int(shop.sql(f"SELECT COUNT(*) FROM audit WHERE action = '{action}'{more}")[0][0])
