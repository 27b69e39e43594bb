"""Networks by name, for the command line and for configuration files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Entry:
    """A named network: how to build it, and the input (C, H, W) it is made for."""

    name: str
    build: Callable[..., Any]
    input_shape: tuple[int, ...]


_entries: dict[str, Entry] = {}


def register(name: str, build: Callable[..., Any], input_shape: tuple[int, ...]) -> None:
    """Make `build(num_classes=..., in_channels=...)` known as `name`.

    Raises ValueError where the name is taken.

    >>> from convcore import models, nn
    >>> models.register("tiny", lambda num_classes, in_channels: nn.Linear(8, num_classes), (8,))
    >>> models.build("tiny", num_classes=3).weight.shape[0]
    3
    """
    if name in _entries:
        raise ValueError(f"register: name: {name!r} is taken")
    _entries[name] = Entry(name, build, tuple(input_shape))


def names() -> list[str]:
    """The names that `build` knows, sorted."""
    return sorted(_entries)


def get(name: str) -> Entry:
    """The entry called `name`; ValueError lists the known ones."""
    try:
        return _entries[name]
    except KeyError:
        raise ValueError(f"model: expected one of {', '.join(names())}, got {name!r}") from None


def build(name: str, num_classes: int = 10, in_channels: int | None = None) -> Any:
    """The network called `name`, freshly initialised from the library's generator.

    >>> from convcore import models
    >>> model = models.build("lenet5", num_classes=10)
    """
    entry = get(name)
    channels = entry.input_shape[0] if in_channels is None else in_channels
    return entry.build(num_classes=num_classes, in_channels=channels)
