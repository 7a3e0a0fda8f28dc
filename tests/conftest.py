"""What every test finds and leaves: the shape families that its own fixtures registered, and no others."""

from collections.abc import Iterator

import pytest

from sim.shapes.families import all_families, unregister_family


@pytest.fixture(autouse=True)
def families_left_as_they_were() -> Iterator[None]:
    """Forget families that the test registered, e.g. by evaluating on a library of objects."""
    yield from _forgetting()


@pytest.fixture(scope="module", autouse=True)
def families_left_as_the_module_found_them() -> Iterator[None]:
    """Forget those that a fixture of its module registered."""
    yield from _forgetting()


def _forgetting() -> Iterator[None]:
    before = set(all_families())
    yield
    for name in set(all_families()) - before:
        unregister_family(name)
