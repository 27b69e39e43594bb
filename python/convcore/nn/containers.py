"""Containers of modules: in a row, in a list, under names."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from convcore import _core
from convcore.nn.module import Module, _indent


class _Numbered:
    """What Sequential and ModuleList share: children in order, by index."""

    def _position(self, index: Any) -> int:
        index = operator.index(index)
        if not -len(self) <= index < len(self):
            raise IndexError(
                f"{type(self).__name__}: index {index} is out of range for {len(self)} modules"
            )
        return index % len(self)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, list(self._modules)[self._position(index)], module)

    def _replace(self, modules: Iterable[Module]) -> None:
        for name in self._modules:
            delattr(self, name)
        for i, module in enumerate(modules):
            self.add_module(str(i), module)

    def append(self, module: Module) -> Any:
        """Add a module at the end.

        >>> import convcore as cc
        >>> len(cc.nn.ModuleList([cc.nn.ReLU()]).append(cc.nn.Tanh()))
        2
        """
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add modules at the end."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Put a module before the one at `index`.

        >>> import convcore as cc
        >>> cc.nn.Sequential(cc.nn.Tanh()).insert(0, cc.nn.ReLU())[0]
        ReLU()
        """
        if not isinstance(module, Module):
            raise TypeError(
                f"{type(self).__name__}: insert takes a Module, got {type(module).__name__}"
            )
        if not -len(self) <= operator.index(index) <= len(self):
            raise IndexError(
                f"{type(self).__name__}: index {index} is out of range for {len(self)} modules"
            )
        modules = list(self._modules.values())
        modules.insert(index, module)
        self._replace(modules)
        return self

    def pop(self, index: int = -1) -> Module:
        """Take the module at `index` out and return it."""
        module = self[index]
        del self[index]
        return module


class Sequential(_core.nn.Sequential):
    """Modules in a row, each given the previous one's result.

    Takes the modules, or one OrderedDict of names and modules.

    >>> import convcore as cc
    >>> model = cc.nn.Sequential(cc.nn.Linear(4, 8), cc.nn.ReLU(), cc.nn.Linear(8, 2))
    >>> tuple(model(cc.zeros(5, 4)).shape)
    (5, 2)
    >>> model[1]
    ReLU()
    """

    def __init__(self, *args: Module | OrderedDict[str, Module]) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], dict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for i, module in enumerate(args):
                self.add_module(str(i), module)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return list(self._modules.values())[self._position(index)]

    def __delitem__(self, index: Any) -> None:
        names = list(self._modules)
        for name in names[index] if isinstance(index, slice) else [names[self._position(index)]]:
            delattr(self, name)
        self._replace(list(self._modules.values()))

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *other) if isinstance(other, Sequential) else NotImplemented

    def __iadd__(self, other: Sequential) -> Sequential:
        return self.extend(other) if isinstance(other, Sequential) else NotImplemented

    def __mul__(self, times: int) -> Sequential:
        return Sequential(*_repeated(self, times))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Sequential:
        self._replace(_repeated(self, times))
        return self


def _repeated(modules: Sequential, times: int) -> list[Module]:
    """The same modules, several times in a row."""
    times = operator.index(times)
    if times < 1:
        raise ValueError(f"Sequential: it can be repeated 1 or more times, got {times}")
    return [*modules] * times


class ModuleList(_core.nn.ModuleList):
    """A list of modules, registered with the module that holds it.

    >>> import convcore as cc
    >>> layers = cc.nn.ModuleList([cc.nn.Linear(2, 2) for _ in range(3)])
    >>> len(layers), len(layers[1:]), len(list(layers.parameters()))
    (3, 2, 6)
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index: Any) -> Any:
        modules = list(self._modules.values())
        return (
            type(self)(modules[index])
            if isinstance(index, slice)
            else modules[self._position(index)]
        )

    def __delitem__(self, index: Any) -> None:
        modules = list(self._modules.values())
        del modules[index if isinstance(index, slice) else self._position(index)]
        self._replace(modules)

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        if not len(self):
            return f"{self._get_name()}()"
        runs: list[list] = []  # first, last, text of neighbours that look alike
        for i, module in enumerate(self):
            if runs and runs[-1][2] == repr(module):
                runs[-1][1] = i
            else:
                runs.append([i, i, repr(module)])
        lines = []
        for first, last, text in runs:
            name = f"({first})" if first == last else f"({first}-{last})"
            count = "" if first == last else f"{last - first + 1} x "
            lines.append(_indent(f"{name}: {count}{text}"))
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """Modules under names, registered with the module that holds it, in the order they came.

    Takes a mapping, or pairs of names and modules.

    >>> import convcore as cc
    >>> heads = cc.nn.ModuleDict({"class": cc.nn.Linear(2, 3), "box": cc.nn.Linear(2, 4)})
    >>> tuple(heads["box"](cc.zeros(1, 2)).shape), list(heads)
    ((1, 4), ['class', 'box'])
    """

    def __init__(
        self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None
    ) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> ValuesView[Module]:
        """The modules."""
        return self._modules.values()

    def items(self) -> ItemsView[str, Module]:
        """The pairs of names and modules."""
        return self._modules.items()

    def clear(self) -> None:
        """Take all modules out."""
        for key in self:
            del self[key]

    def pop(self, key: str) -> Module:
        """Take the module of that name out and return it."""
        module = self[key]
        del self[key]
        return module

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules, or put them in the place of those of the same names."""
        for key, module in pairs("ModuleDict", modules):
            self[key] = module


def pairs(op: str, given: Any) -> list[tuple[str, Any]]:
    """A mapping's items, or the pairs themselves."""
    if hasattr(given, "items"):
        return list(given.items())
    if not isinstance(given, Iterable):
        raise TypeError(
            f"{op}: expected a mapping or pairs of names and values, got {type(given).__name__}"
        )
    given = list(given)
    for pair in given:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ValueError(f"{op}: expected pairs of names and values, got {pair!r}")
    return given


for _class in (Sequential, ModuleList):
    for _name, _member in vars(_Numbered).items():
        if callable(_member) and _name not in vars(_class):
            setattr(_class, _name, _member)
