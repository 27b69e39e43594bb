"""Containers of parameters: in a list, under names. What is no tensor may be in them too, but is no part of the state."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from convcore._tensor import Parameter, Tensor
from convcore.nn.containers import pairs
from convcore.nn.module import Module


def _stored(value: Any) -> Any:
    """A plain tensor becomes a parameter."""
    return (
        Parameter(value)
        if isinstance(value, Tensor) and not isinstance(value, Parameter)
        else value
    )


def _described(name: str, value: Any, kind: str) -> str:
    if not isinstance(value, Parameter):
        return f"  ({name}): Object of type: {type(value).__name__}"
    size = "x".join(str(n) for n in value.shape)
    return f"  ({name}): Parameter containing: [{kind} of size {size}]"


class ParameterList(Module):
    """A list of parameters, registered with the module that holds it; tensors become parameters.

    >>> import convcore as cc
    >>> scales = cc.nn.ParameterList([cc.ones(2), cc.zeros(3)])
    >>> len(scales), list(scales.state_dict())
    (2, ['0', '1'])
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _name(self, index: Any) -> str:
        index = operator.index(index)
        if not -len(self) <= index < len(self):
            raise IndexError(
                f"ParameterList: index {index} is out of range for {len(self)} parameters"
            )
        return str(index % len(self))

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(self[i] for i in range(*index.indices(len(self))))
        return getattr(self, self._name(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._name(index), _stored(value))

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __iadd__(self, values: Iterable[Any]) -> ParameterList:
        return self.extend(values)

    def append(self, value: Any) -> ParameterList:
        """Add a parameter at the end."""
        self._size += 1
        try:
            self[-1] = value
        except Exception:
            self._size -= 1
            raise
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add parameters at the end."""
        if isinstance(values, Tensor) or not isinstance(values, Iterable):
            raise TypeError(
                f"ParameterList: expected several parameters, got {type(values).__name__}"
            )
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return "\n".join(
            _described(str(i), value, str(getattr(value, "dtype", None)))
            for i, value in enumerate(self)
        )


class ParameterDict(Module):
    """Parameters under names, registered with the module that holds it; tensors become parameters.

    Takes pairs of names and values or an OrderedDict, which stay in the order they came, or a dict.

    >>> import convcore as cc
    >>> scales = cc.nn.ParameterDict({"left": cc.ones(2), "right": cc.zeros(3)})
    >>> "left" in scales, [name for name, p in scales.named_parameters()]
    (True, ['left', 'right'])
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"ParameterDict: names must be str, got {type(key).__name__}")
        if key not in self._keys and hasattr(self, key):
            raise KeyError(f"attribute '{key}' already exists")
        setattr(self, key, _stored(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        if key not in self._keys:
            raise KeyError(key)
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __or__(self, other: Any) -> ParameterDict:
        return self.copy().__ior__(other)

    def __ror__(self, other: Any) -> Any:
        other = other.copy()
        other.update(self)
        return other

    def __ior__(self, other: Any) -> ParameterDict:
        self.update(other)
        return self

    def copy(self) -> ParameterDict:
        """Another dict of the same parameters."""
        return ParameterDict(self.items())

    def get(self, key: str, default: Any = None) -> Any:
        """The parameter of that name, or the default."""
        return self[key] if key in self else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The parameter of that name, which is the default where there was none."""
        if key not in self:
            self[key] = default
        return self[key]

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new dict with these names and one value."""
        return ParameterDict((key, default) for key in keys)

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._keys.keys()

    def values(self) -> Iterable[Any]:
        """The parameters."""
        return [self[key] for key in self]

    def items(self) -> Iterable[tuple[str, Any]]:
        """The pairs of names and parameters."""
        return [(key, self[key]) for key in self]

    def clear(self) -> None:
        """Take all parameters out."""
        for key in list(self):
            del self[key]

    def pop(self, key: str) -> Any:
        """Take the parameter of that name out and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take the last pair out and return it."""
        if not self._keys:
            raise KeyError("ParameterDict: it is empty")
        key = next(reversed(self))
        return key, self.pop(key)

    def update(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Add parameters, or put them in the place of those of the same names.

        Those of a plain dict are added in the order of their names, as PyTorch does.
        """
        given = pairs("ParameterDict", parameters)
        if isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict):
            given = sorted(given, key=operator.itemgetter(0))
        for key, value in given:
            self[key] = value

    def extra_repr(self) -> str:
        return "\n".join(
            _described(
                name, value, f"convcore.{_KINDS.get(str(getattr(value, 'dtype', '')), '')}Tensor"
            )
            for name, value in self.items()
        )


_KINDS = {
    "convcore.float32": "Float",
    "convcore.float64": "Double",
    "convcore.bfloat16": "BFloat16",
}
