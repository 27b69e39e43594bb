"""What is naturally Python of `nn.Module`: the class itself, its tables and `__call__` are C++."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from convcore import _convert as convert
from convcore import _core
from convcore._tensor import Parameter, Tensor
from convcore.nn.hooks import CALLING, HookMethods
from convcore.nn.state import StateMethods


def _indent(text: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *("  " + line for line in rest)])


class _ModuleMethods:
    """Attached to the C++ class at the end of this file."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What calling the module computes: subclasses define it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    # -- walks over the tree ----------------------------------------------------------------

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Iterate over names and parameters; a shared one comes once.

        >>> import convcore as cc
        >>> [name for name, p in cc.nn.Linear(2, 3).named_parameters()]
        ['weight', 'bias']
        """
        dot = prefix and prefix + "."
        for name, value in self._named_parameters(recurse, remove_duplicate):
            yield dot + name, value

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Iterate over the parameters, as an optimizer wants them.

        >>> import convcore as cc
        >>> sum(p.numel() for p in cc.nn.Linear(2, 3).parameters())
        9
        """
        for _, value in self.named_parameters(recurse=recurse):
            yield value

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Iterate over names and buffers: state that is not trained, such as running means.

        >>> import convcore as cc
        >>> [name for name, b in cc.nn.BatchNorm2d(3).named_buffers()]
        ['running_mean', 'running_var', 'num_batches_tracked']
        """
        dot = prefix and prefix + "."
        for name, value in self._named_buffers(recurse, remove_duplicate):
            yield dot + name, value

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Iterate over the buffers."""
        for _, value in self.named_buffers(recurse=recurse):
            yield value

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Iterate over the names and modules directly below this one.

        >>> import convcore as cc
        >>> [name for name, child in cc.nn.Sequential(cc.nn.ReLU(), cc.nn.Tanh()).named_children()]
        ['0', '1']
        """
        seen = set()
        for name, child in self._modules.items():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                yield name, child

    def children(self) -> Iterator[Module]:
        """Iterate over the modules directly below this one."""
        for _, child in self.named_children():
            yield child

    def named_modules(
        self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Iterate over this module and all below it, parents first.

        >>> import convcore as cc
        >>> [name for name, module in cc.nn.Sequential(cc.nn.ReLU()).named_modules()]
        ['', '0']
        """
        if memo is None:
            for name, module in self._named_modules(remove_duplicate):
                yield (f"{prefix}.{name}" if prefix and name else prefix or name), module
        elif self not in memo:
            if remove_duplicate:
                memo.add(self)
            yield prefix, self
            for name, child in self._modules.items():
                if child is not None:
                    inner = f"{prefix}.{name}" if prefix else name
                    yield from child.named_modules(memo, inner, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """Iterate over this module and all below it."""
        for _, module in self.named_modules():
            yield module

    def get_submodule(self, target: str) -> Module:
        """Return the module at a dotted path.

        Raises AttributeError where there is none.

        >>> import convcore as cc
        >>> cc.nn.Sequential(cc.nn.Sequential(cc.nn.ReLU())).get_submodule("0.0")
        ReLU()
        """
        module = self
        for name in target.split(".") if target else ():
            child = module._modules.get(name)
            if child is None:
                raise AttributeError(f"{type(module).__name__} has no child module '{name}'")
            module = child
        return module

    def _get_entry(self, target: str, table: str, what: str) -> Any:
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        entries = getattr(owner, table)
        if name not in entries:
            raise AttributeError(f"{type(owner).__name__} has no {what} '{name}'")
        return entries[name]

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter at a dotted path.

        >>> import convcore as cc
        >>> tuple(cc.nn.Sequential(cc.nn.Linear(2, 3)).get_parameter("0.weight").shape)
        (3, 2)
        """
        return self._get_entry(target, "_parameters", "parameter")

    def get_buffer(self, target: str) -> Tensor:
        """Return the buffer at a dotted path."""
        return self._get_entry(target, "_buffers", "buffer")

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module at a dotted path, in the place of one that is there or, unless `strict`, as a new child.

        >>> import convcore as cc
        >>> model = cc.nn.Sequential(cc.nn.Sequential(cc.nn.ReLU()))
        >>> model.set_submodule("0.0", cc.nn.Tanh())
        >>> model[0][0]
        Tanh()
        """
        if not target:
            raise ValueError("set_submodule: target must name a module, got ''")
        if not isinstance(module, Module):
            raise ValueError(f"set_submodule: module must be a Module, got {type(module).__name__}")
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if strict and name not in owner._modules:
            raise AttributeError(f"{type(owner).__name__} has no child module '{name}'")
        setattr(owner, name, module)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child under a name, as `register_module`."""
        self.register_module(name, module)

    # -- changes of the whole tree ----------------------------------------------------------

    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Call `fn` on every module below, then on this one.

        >>> import convcore as cc
        >>> model = cc.nn.Linear(2, 2).apply(lambda module: cc.nn.init.zeros_(module.weight))
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Switch to training: dropout drops, batch norm uses the batch's own statistics.

        >>> import convcore as cc
        >>> cc.nn.Dropout().train().training
        True
        """
        if not isinstance(mode, bool):
            raise ValueError(f"train: mode must be a bool, got {mode!r}")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Module:
        """Switch to evaluation, `train(False)`.

        >>> import convcore as cc
        >>> cc.nn.Dropout().eval().training
        False
        """
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Say of all parameters whether they want gradients."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or with `set_to_none=False` fill them with zeros."""
        for parameter in self.parameters():
            if parameter.grad is None:
                continue
            parameter.grad = None if set_to_none else parameter.grad.detach().zero_()

    def _apply(self, fn: Callable[[Tensor], Tensor]) -> Module:
        for tensor in itertools.chain(self.parameters(), self.buffers()):
            grad = tensor.grad
            tensor.data = fn(tensor.data)
            if grad is not None:
                tensor.grad = fn(grad)
        return self

    def to(
        self,
        *args: Any,
        dtype: Any = None,
        device: Any = None,
        non_blocking: bool = False,
        memory_format: Any = None,
    ) -> Module:
        """Convert floating-point parameters and buffers to a dtype, in place.

        Takes a dtype, a device ("cpu"), or a tensor whose dtype to take. A memory format changes
        nothing: parameters stay row-major, the layers choose their results' format.

        >>> import convcore as cc
        >>> cc.nn.Linear(1, 1).to(cc.float64).weight.dtype
        convcore.float64
        """
        for arg in args:
            if isinstance(arg, Tensor):
                dtype = arg.dtype
            elif isinstance(arg, _core.dtype) or arg is float:
                dtype = arg
            elif not isinstance(arg, bool):
                device = arg
        convert.check_device(device)
        if dtype is None:
            return self
        dtype = convert.to_dtype(dtype)
        if not dtype.is_floating_point:
            raise TypeError(f"to: a module's dtype must be floating-point, got {dtype}")
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def float(self) -> Module:
        """Convert floating-point parameters and buffers to float32, in place."""
        return self.to(_core.dtype.float32)

    def bfloat16(self) -> Module:
        """Convert floating-point parameters and buffers to bfloat16, in place."""
        return self.to(_core.dtype.bfloat16)

    def double(self) -> Module:
        """Convert floating-point parameters and buffers to float64, in place."""
        return self.to(_core.dtype.float64)

    def type(self, dst_type: Any) -> Module:
        """Convert all parameters and buffers, also those that are not floating-point, in place.

        >>> import convcore as cc
        >>> cc.nn.BatchNorm1d(1).type(cc.float64).num_batches_tracked.dtype
        convcore.float64
        """
        dtype = convert.to_dtype(dst_type)
        return self._apply(lambda t: t.to(dtype))

    def cpu(self) -> Module:
        """Return the module itself: it is on the CPU."""
        return self

    def cuda(self, device: Any = None) -> Module:
        """Raise: only the CPU is there."""
        return self.to("cuda" if device is None else device)

    # -- copies ------------------------------------------------------------------------------

    def __reduce_ex__(self, protocol: int) -> tuple:
        tables = (
            self._parameters,
            self._buffers,
            self._non_persistent_buffers_set,
            self._modules,
        )
        return _rebuild, (type(self), self._config()), (self.training, tables, self.__dict__)

    def __setstate__(self, state: tuple) -> None:
        training, (parameters, buffers, non_persistent, modules), attributes = state
        self._set_tables(parameters, buffers, non_persistent, modules)
        self.training = training
        self.__dict__.update(attributes)
        self._hooked = any(attributes.get(name) for name in CALLING)
        if "forward" in attributes:
            self._foreign_forward = True

    # -- text -------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """The module's own part of its `repr`: subclasses may define it."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {_indent(repr(child))}" for name, child in self._modules.items()]
        if len(lines) == 1 and not children:
            return f"{self._get_name()}({extra})"
        if not lines and not children:
            return f"{self._get_name()}()"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + children) + "\n)"

    def __dir__(self) -> list[str]:
        names = set(dir(type(self))) | set(self.__dict__)
        names.update(self._parameters, self._buffers, self._modules)
        return sorted(name for name in names if not name[0].isdigit())


def _locate(module: Module, error: Exception, path: str, kind: str, text: str) -> None:
    """Put the failing layer's path, seen from `module`, before an error's text.

    Each call that an error leaves comes here: the innermost says which module failed, those
    around it where that module is. With `text` the error was raised inside a C++ layer.
    """
    known = getattr(error, "_layer", None)
    if known is None:
        if text or isinstance(error, _core.ArgumentError):
            error._layer = (module, path, kind or type(module).__name__, text or str(error))
        return
    inner, path, kind, text = known
    name = next((name for name, m in module.named_modules() if m is inner), "")
    if not name:
        return
    path = f"{name}.{path}" if path else name
    error._layer = (module, path, kind, text)
    error.args = (f"layer '{path}' ({kind}): {text}",)


def _rebuild(cls: type, config: tuple) -> Module:
    """A module of the class, made as its C++ part needs and without drawing random numbers."""
    module = cls.__new__(cls)
    core = next(base for base in cls.__mro__ if base in _bound)
    core.__init__(module, *config)
    return module


_core.nn.set_error_locator(_locate)
_bound = {value for value in vars(_core.nn).values() if isinstance(value, type)}

for _methods in (HookMethods, StateMethods, _ModuleMethods):
    for _name, _member in vars(_methods).items():
        if callable(_member):
            setattr(_core.nn.Module, _name, _member)

if TYPE_CHECKING:

    class Module(_ModuleMethods, StateMethods, HookMethods, _core.nn.Module):
        pass

else:
    Module = _core.nn.Module
    Module.__module__ = "convcore.nn"
