"""One environment for the module tests: loading the arm is what costs."""

from collections.abc import Iterator

import pytest

from sim.env import GraspEnv


@pytest.fixture(scope="session")
def env() -> Iterator[GraspEnv]:
    environment = GraspEnv()
    yield environment
    environment.close()
