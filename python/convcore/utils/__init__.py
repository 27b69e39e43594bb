"""PyTorch's name for what lies in `convcore.data`: `convcore.utils.data`."""

from . import data

__all__ = ["data"]
