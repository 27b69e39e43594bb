"""What code that asks for a GPU needs to hear: this build has none."""

from __future__ import annotations


def is_available() -> bool:
    """False: this build computes on the CPU."""
    return False


def device_count() -> int:
    """0: this build computes on the CPU."""
    return 0


def manual_seed_all(seed: int) -> None:
    """Nothing to seed."""
