"""ARCHITECTURE.md's table of what may happen to a shop: complete, and its tests exist.

A row names the tests that show it, or says after a dash why there is nothing to show.  A test
that is for it alone carries the number in its name (test_scenario_21_* are all of them in that
file), another one in the words at its head.
"""

import re

import pytest

from stack import ROOT

COUNT = 44
TESTS = ROOT / "tests"
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \|$", re.M)
NAMED = re.compile(r"`([a-z0-9_]+/[a-z0-9_]+(?:\.py)?)::(\w+\*?)`")


def rows():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    section = text.partition("\n## The 44 scenarios\n")[2].partition("\n## ")[0]
    return {int(number): (what, shown) for number, what, shown in ROW.findall(section)}


def head_of(path, name):
    """What a test says about itself: from the comment or decorators before it to its docstring."""
    text = path.read_text()
    if path.suffix == ".c":
        found = re.search(rf"((?:/\*(?:(?!\*/).)*\*/\n)?)static void {name}\(", text, re.S)
    else:
        found = re.search(rf'^def {name}\([^)]*\):\n( +"""(?:(?!""").)*""")?', text, re.M | re.S)
    return found[0] if found else None


def is_numbered(text, number):
    lists = re.findall(r"[Ss]cenarios? (\d+(?:(?:, | and )\d+)*)", text)
    return any(str(number) in re.findall(r"\d+", one) for one in lists)


def test_every_number_is_there():
    assert sorted(rows()) == list(range(1, COUNT + 1))


@pytest.mark.parametrize("number", range(1, COUNT + 1))
def test_row(number):
    what, shown = rows()[number]
    named = NAMED.findall(shown)
    assert named or shown.startswith("— "), f"{number}: neither a test nor a reason"
    for file, name in named:
        path = TESTS / (file if file.endswith(".py") else f"{file}.c")
        assert path.exists(), f"{number}: {path} is not there"
        if name.endswith("*"):
            assert name == f"test_scenario_{number:02}_*" and name[:-1] in path.read_text(), name
            continue
        head = head_of(path, name)
        assert head, f"{number}: {file} has no {name}"
        assert is_numbered(head, number), f"{number}: {file}::{name} does not say so"


def test_no_fault_test_is_left_out():
    """Whatever carries a number stands in that number's row."""
    table = rows()
    for path in sorted((TESTS / "faults").glob("test_*.py")):
        for number in set(re.findall(r"^def test_scenario_(\d\d)_", path.read_text(), re.M)):
            wanted = f"`faults/{path.name}::test_scenario_{number}_*`"
            assert wanted in table[int(number)][1], f"{number}: {wanted}"


def test_locks_of_the_panel():
    """The table of what guards the panel names tests that exist."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    section = text.partition("\n## The panel's locks\n")[2].partition("\n## ")[0]
    named = NAMED.findall(section)
    assert len(named) > 30
    for place, name in named:
        path = TESTS / (place if place.endswith(".py") else place + ".c")
        assert path.exists() and head_of(path, name), f"{place}::{name}"
