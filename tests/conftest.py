"""Common to all tests."""

import gc
import inspect

import pytest

try:
    import hypothesis
except ImportError:
    hypothesis = None
else:
    # The same examples on every machine and every run.
    hypothesis.settings.register_profile(
        "convcore", derandomize=True, deadline=None, max_examples=60, database=None
    )
    hypothesis.settings.load_profile("convcore")


@pytest.fixture
def collected():
    """Call it to run the cycle collector until nothing more is found."""

    def collect():
        while gc.collect():
            pass

    return collect


def pytest_collection_modifyitems(items):
    """Marks what needs PyTorch, so that `pytest -m torch` runs just that."""
    for item in items:
        if hasattr(item.module, "torch") or 'importorskip("torch"' in inspect.getsource(
            item.function
        ):
            item.add_marker("torch")
