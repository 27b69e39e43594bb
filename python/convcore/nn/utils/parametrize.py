"""Parameters that are computed from others each time they are read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from convcore import _core
from convcore._tensor import Parameter, Tensor
from convcore.autograd import no_grad
from convcore.nn.containers import ModuleDict, ModuleList
from convcore.nn.module import Module, _rebuild

_cache: dict[tuple[int, str], Tensor] | None = None  # of computed tensors, inside cached()


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """Inside, each parametrized tensor is computed once and kept, as when a recurrent net reads it at every step.

    >>> import convcore as cc
    >>> layer = cc.nn.utils.parametrizations.weight_norm(cc.nn.Linear(2, 2))
    >>> with cc.nn.utils.parametrize.cached():
    ...     layer.weight is layer.weight
    True
    """
    global _cache
    outer, _cache = _cache, {} if _cache is None else _cache
    try:
        yield
    finally:
        _cache = outer


class ParametrizationList(ModuleList):
    """The modules a tensor goes through, one after the other, and the tensors it is computed from."""

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList: expected at least one module, got none")
        super().__init__(modules)
        self.unsafe = unsafe
        value = self._back(original)
        self.is_tensor = isinstance(value, Tensor)
        if self.is_tensor:
            original.data = value.detach()  # the same object: an optimizer may hold it
            self._register("original", original, original)
        else:
            for i, part in enumerate(value):
                self._register(f"original{i}", part, original)
        self._count = 1 if self.is_tensor else len(value)
        if not unsafe:
            _check_same(self, self(), original)

    def _register(self, name: str, value: Tensor, like: Tensor) -> None:
        if not isinstance(like, Parameter):
            self.register_buffer(name, value)
        elif value is like:
            self.register_parameter(name, value)
        else:
            self.register_parameter(name, Parameter(value.detach(), like.requires_grad))

    def originals(self) -> list[Tensor]:
        """The tensors that the value is computed from."""
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self._count)]
        return [getattr(self, name) for name in names]

    def _back(self, value: Any) -> Any:
        """What the value would be computed from, by the modules' `right_inverse` where they have one."""
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    value = module.right_inverse(value)
        return value if isinstance(value, Tensor) else list(value)

    def right_inverse(self, value: Tensor) -> None:
        """Give the originals the values from which `value` is computed, as assigning to the tensor does."""
        parts = self._back(value)
        originals = self.originals()
        parts = [parts] if isinstance(parts, Tensor) else parts
        if len(parts) != len(originals):
            raise _core.ArgumentError(
                f"right_inverse: it must return {len(originals)} tensors, got {len(parts)}"
            )
        for original, part in zip(originals, parts, strict=True):
            original.detach().copy_(part.detach())

    def forward(self) -> Tensor:
        first, *rest = self
        value = first(*self.originals())
        for module in rest:
            value = module(value)
        return value


def _check_same(where: Any, value: Any, original: Tensor) -> None:
    name = type(where[0]).__name__
    if not isinstance(value, Tensor):
        raise _core.ArgumentError(f"{name}: it must return a Tensor, got {type(value).__name__}")
    if value.shape != original.shape or value.dtype != original.dtype:
        raise _core.ArgumentError(
            f"{name}: it must keep shape {original.shape} and {original.dtype}, got {value.shape} "
            f"and {value.dtype}; unsafe=True allows it"
        )


def _rebuild_parametrized(base: type, names: tuple[str, ...], config: tuple) -> Module:
    module = _rebuild(base, config)
    module.__class__ = _class_of(base, names)
    return module


def _class_of(base: type, names: tuple[str, ...]) -> type:
    """The subclass of a module's class in which these names are computed; one for each set of names."""
    known = base.__dict__.get("_parametrized_classes")
    if known is None:
        base._parametrized_classes = known = {}
    if not names:
        return base
    if names not in known:
        members: dict[str, Any] = {name: property(_getter(name), _setter(name)) for name in names}
        members["_parametrized_names"] = names
        members["__reduce_ex__"] = _reduce
        members["__module__"] = base.__module__
        known[names] = type(f"Parametrized{base.__name__}", (base,), members)
    return known[names]


def _reduce(self: Module, protocol: int) -> tuple:
    kind = type(self)
    _, (_, config), state = kind.__base__.__reduce_ex__(self, protocol)
    return _rebuild_parametrized, (kind.__base__, kind._parametrized_names, config), state


def _getter(name: str) -> Any:
    def get(self: Module) -> Tensor:
        if _cache is None:
            return self.parametrizations[name]()
        key = (id(self), name)
        if key not in _cache:
            _cache[key] = self.parametrizations[name]()
        return _cache[key]

    return get


def _setter(name: str) -> Any:
    def set(self: Module, value: Tensor) -> None:
        if _cache is not None:
            _cache.pop((id(self), name), None)
        self.parametrizations[name].right_inverse(value)

    return set


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Compute a parameter or buffer of a module by another module from now on, each time it is read.

    The old tensor becomes `module.parametrizations.<tensor_name>.original`; if the parametrization has
    a `right_inverse`, what that makes of it, one tensor or several. Several parametrizations follow
    each other. Raises ValueError if shape or dtype would change, unless `unsafe`.

    >>> import convcore as cc
    >>> class Positive(cc.nn.Module):
    ...     def forward(self, x):
    ...         return x.abs()
    >>> layer = cc.nn.Linear(3, 3)
    >>> _ = cc.nn.utils.parametrize.register_parametrization(layer, "weight", Positive())
    >>> bool((layer.weight >= 0).all()), list(layer.state_dict())
    (True, ['bias', 'parametrizations.weight.original'])
    """
    if is_parametrized(module, tensor_name):
        chain = module.parametrizations[tensor_name]
        before = chain()
        if not unsafe:
            _check_same([parametrization], parametrization(before), before)
        inverse = getattr(parametrization, "right_inverse", None)
        if inverse is not None:
            with no_grad():
                chain.right_inverse(inverse(before.detach()))
        chain.append(parametrization)
        chain.unsafe |= unsafe
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise _core.ArgumentError(
            f"register_parametrization: {type(module).__name__} has no parameter or buffer "
            f"{tensor_name!r}"
        )
    chain = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe)
    base, names = type_before_parametrizations(module), _names(module)
    if not names:
        module.parametrizations = ModuleDict()
    delattr(module, tensor_name)
    module.parametrizations[tensor_name] = chain
    module.__class__ = _class_of(base, (*names, tensor_name))
    return module


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Make a computed tensor a plain one again, with its present value or with the original's.

    >>> import convcore as cc
    >>> layer = cc.nn.utils.parametrizations.weight_norm(cc.nn.Linear(2, 3))
    >>> cc.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    Linear(in_features=2, out_features=3, bias=True)
    """
    if not is_parametrized(module, tensor_name):
        raise _core.ArgumentError(
            f"remove_parametrizations: {tensor_name!r} of {type(module).__name__} has none"
        )
    chain = module.parametrizations[tensor_name]
    first = chain.originals()[0]
    if chain.is_tensor:
        tensor = first
        if leave_parametrized:
            tensor.data = getattr(module, tensor_name).detach()
    elif not leave_parametrized:
        raise _core.ArgumentError(
            "remove_parametrizations: leave_parametrized=False needs one original tensor, there are "
            f"{len(chain.originals())}"
        )
    else:
        tensor = getattr(module, tensor_name).detach()
        if isinstance(first, Parameter):
            tensor = Parameter(tensor, any(p.requires_grad for p in chain.originals()))
    names = tuple(name for name in _names(module) if name != tensor_name)
    module.__class__ = _class_of(type_before_parametrizations(module), names)
    del module.parametrizations[tensor_name]
    if not names:
        del module.parametrizations
    if isinstance(tensor, Parameter):
        module.register_parameter(tensor_name, tensor)
    else:
        module.register_buffer(tensor_name, tensor)
    return module


def _names(module: Module) -> tuple[str, ...]:
    return getattr(type(module), "_parametrized_names", ())


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a tensor of the module, or any, is computed by parametrizations."""
    names = _names(module)
    return bool(names) if tensor_name is None else tensor_name in names


def type_before_parametrizations(module: Module) -> type:
    """The module's class, without what parametrizations made of it."""
    return type(module).__base__ if is_parametrized(module) else type(module)
