"""What is naturally Python of `nn.Module`: the class itself, its tables and `__call__` are C++."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from convcore import _convert as convert
from convcore import _core
from convcore._tensor import Parameter, Tensor

_FORWARD_PRE, _FORWARD, _BACKWARD = "_forward_pre_hooks", "_forward_hooks", "_backward_hooks"


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook away, as leaving a `with` does.

    >>> import convcore as cc
    >>> handle = cc.nn.ReLU().register_forward_hook(lambda module, args, output: None)
    >>> handle.remove()
    """

    _ids = itertools.count()

    def __init__(self, hooks: dict) -> None:
        self.id = next(self._ids)
        self._hooks = weakref.ref(hooks)

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()

    def __getstate__(self) -> tuple:
        return self._hooks(), self.id

    def __setstate__(self, state: tuple) -> None:
        hooks, self.id = state
        self._hooks = weakref.ref(OrderedDict() if hooks is None else hooks)


class IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What `load_state_dict` returns: the keys that only one side had."""

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


def _as_tuple(value: Any) -> tuple:
    return value if isinstance(value, tuple) else (value,)


def _indent(text: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *("  " + line for line in rest)])


class _BackwardHooks:
    """Calls a module's full backward hooks once the gradients of its inputs are known."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.grad_output: tuple = ()

    def watch_output(self, result: Any) -> Any:
        from convcore.autograd import Function

        hooks = self

        class AtOutput(Function):
            @staticmethod
            def forward(ctx, *outputs):
                return tuple(o.view_as(o) for o in outputs)

            @staticmethod
            def backward(ctx, *grads):
                hooks.grad_output = grads
                return grads

        if not isinstance(result, tuple):
            return AtOutput.apply(result)[0]
        return AtOutput.apply(*result)

    def watch_inputs(self, args: tuple) -> tuple:
        from convcore.autograd import Function

        hooks = self

        class AtInput(Function):
            @staticmethod
            def forward(ctx, *inputs):
                return tuple(i.view_as(i) for i in inputs)

            @staticmethod
            def backward(ctx, *grads):
                for hook in list(hooks.module.__dict__.get(_BACKWARD, {}).values()):
                    replaced = hook(hooks.module, grads, hooks.grad_output)
                    if replaced is not None:
                        grads = _as_tuple(replaced)
                return grads

        places = [i for i, a in enumerate(args) if isinstance(a, Tensor) and a.requires_grad]
        if not places:
            return args
        watched = AtInput.apply(*(args[i] for i in places))
        args = list(args)
        for i, tensor in zip(places, watched, strict=True):
            args[i] = tensor
        return tuple(args)


class _ModuleMethods:
    """Attached to the C++ class at the end of this file."""

    # -- calling and hooks ------------------------------------------------------------------

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What calling the module computes: subclasses define it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def _call_with_hooks(self, args: tuple, kwargs: dict) -> Any:
        hooks = self.__dict__
        for hook, with_kwargs in list(hooks.get(_FORWARD_PRE, {}).values()):
            if with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is not None:
                    args, kwargs = changed
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = _as_tuple(changed)
        backward = _BackwardHooks(self) if hooks.get(_BACKWARD) else None
        if backward:
            args = backward.watch_inputs(args)
        result = self.forward(*args, **kwargs)
        for hook, with_kwargs in list(hooks.get(_FORWARD, {}).values()):
            changed = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
            if changed is not None:
                result = changed
        return backward.watch_output(result) if backward else result

    def _register_hook(self, table: str, entry: Any, prepend: bool) -> RemovableHandle:
        hooks = self.__dict__.setdefault(table, OrderedDict())
        handle = RemovableHandle(hooks)
        hooks[handle.id] = entry
        if prepend:
            hooks.move_to_end(handle.id, last=False)
        self._hooked = True
        return handle

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before each forward; what it returns replaces the arguments.

        >>> import convcore as cc
        >>> layer = cc.nn.ReLU()
        >>> handle = layer.register_forward_pre_hook(lambda module, args: (-args[0],))
        >>> layer(cc.tensor([1.0, -2.0]))
        tensor([0., 2.])
        """
        return self._register_hook(_FORWARD_PRE, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after each forward; what it returns replaces the output.

        >>> import convcore as cc
        >>> layer = cc.nn.ReLU()
        >>> handle = layer.register_forward_hook(lambda module, args, output: output + 1)
        >>> layer(cc.tensor([1.0, -2.0]))
        tensor([2., 1.])
        """
        return self._register_hook(_FORWARD, (hook, with_kwargs), prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the inputs' gradients are known.

        Both are tuples, one gradient per input that requires one and per output. What the hook
        returns replaces `grad_input`.

        >>> import convcore as cc
        >>> seen = []
        >>> layer = cc.nn.Linear(2, 1, bias=False)
        >>> handle = layer.register_full_backward_hook(lambda m, gi, go: seen.append(go[0].item()))
        >>> layer(cc.ones(2, requires_grad=True)).sum().backward()
        >>> seen
        [1.0]
        """
        return self._register_hook(_BACKWARD, hook, prepend)

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
        memo = set() if memo is None else memo
        for name, module in self._named_modules(remove_duplicate):
            if module in memo:
                continue
            if remove_duplicate:
                memo.add(module)
            yield (f"{prefix}.{name}" if prefix and name else prefix or name), module

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

    def double(self) -> Module:
        """Convert floating-point parameters and buffers to float64, in place."""
        return self.to(_core.dtype.float64)

    def cpu(self) -> Module:
        """Return the module itself: it is on the CPU."""
        return self

    def cuda(self, device: Any = None) -> Module:
        """Raise: only the CPU is there."""
        return self.to("cuda" if device is None else device)

    # -- state ------------------------------------------------------------------------------

    def state_dict(
        self, *, destination: dict | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Tensor]:
        """Return parameters and persistent buffers by dotted name; they share the module's memory.

        >>> import convcore as cc
        >>> list(cc.nn.Linear(2, 3).state_dict())
        ['weight', 'bias']
        """
        result = OrderedDict() if destination is None else destination
        for name, value in self._state():
            result[prefix + name] = value if keep_vars else value.detach()
        return result

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values (tensors or arrays) into the parameters and buffers of the same names.

        Raises ValueError listing every missing key, unexpected key and wrong shape; with
        `strict=False` missing and unexpected keys are only returned. Nothing is copied when it
        raises. With `assign` the given tensors take the old ones' place.

        >>> import convcore as cc
        >>> model = cc.nn.Linear(2, 3)
        >>> model.load_state_dict(cc.nn.Linear(2, 3).state_dict())
        <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"load_state_dict: state_dict must be a dict, got {type(state_dict).__name__}"
            )
        own = dict(self._state())
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        problems = []
        if strict and unexpected:
            problems.append(
                "Unexpected key(s) in state_dict: " + ", ".join(f'"{k}"' for k in unexpected) + ". "
            )
        if strict and missing:
            problems.append(
                "Missing key(s) in state_dict: " + ", ".join(f'"{k}"' for k in missing) + ". "
            )
        values = {}
        for name, target in own.items():
            if name not in state_dict:
                continue
            value = state_dict[name]
            if not isinstance(value, Tensor):
                if hasattr(value, "detach"):
                    value = value.detach()
                value = convert.from_array(np.asarray(value), copy=True)
            if tuple(value.shape) != tuple(target.shape):
                problems.append(
                    f"size mismatch for {name}: copying a param with shape {_size(value)} from "
                    f"checkpoint, the shape in current model is {_size(target)}."
                )
            values[name] = value
        if problems:
            raise _core.ArgumentError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t"
                + "\n\t".join(problems)
            )
        for name, value in values.items():
            if assign:
                self._assign(name, own[name], value)
            else:
                own[name].detach().copy_(value.detach())
        return IncompatibleKeys(missing, unexpected)

    def _assign(self, path: str, old: Tensor, value: Tensor) -> None:
        path, _, name = path.rpartition(".")
        owner = self.get_submodule(path)
        if isinstance(old, Parameter) and not isinstance(value, Parameter):
            value = Parameter(value.detach(), requires_grad=old.requires_grad)
        setattr(owner, name, value)

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
        self._hooked = any(attributes.get(name) for name in (_FORWARD_PRE, _FORWARD, _BACKWARD))
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


def _size(tensor: Tensor) -> str:
    return f"Size({list(tensor.shape)})"


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

for _name, _member in vars(_ModuleMethods).items():
    if callable(_member):
        setattr(_core.nn.Module, _name, _member)

if TYPE_CHECKING:

    class Module(_ModuleMethods, _core.nn.Module):
        pass

else:
    Module = _core.nn.Module
    Module.__module__ = "convcore.nn"
