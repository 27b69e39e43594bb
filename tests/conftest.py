"""Common to all tests."""

import gc

import pytest


@pytest.fixture
def collected():
    """Call it to run the cycle collector until nothing more is found."""

    def collect():
        while gc.collect():
            pass

    return collect
