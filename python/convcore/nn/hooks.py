"""What can be hooked into a module's calls and their backward."""

from __future__ import annotations

import itertools
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from convcore import _core
from convcore._tensor import Tensor
from convcore.autograd import Function

if TYPE_CHECKING:
    from convcore.nn.module import Module

FORWARD_PRE, FORWARD = "_forward_pre_hooks", "_forward_hooks"
BACKWARD_PRE, BACKWARD = "_backward_pre_hooks", "_backward_hooks"
CALLING = (FORWARD_PRE, FORWARD, BACKWARD_PRE, BACKWARD)  # those that make calls go through Python


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


def register(module: Module, table: str, entry: Any, prepend: bool = False) -> RemovableHandle:
    """Add a hook to one of a module's tables."""
    hooks = module.__dict__.setdefault(table, OrderedDict())
    handle = RemovableHandle(hooks)
    hooks[handle.id] = entry
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    if table in CALLING:
        module._hooked = True
    return handle


def as_tuple(value: Any) -> tuple:
    return value if isinstance(value, tuple) else (value,)


class _BackwardHooks:
    """Calls a module's backward hooks: the early ones when the gradients of its outputs are known, the others when
    those of its inputs are, or at once where no input requires one."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.before = list(module.__dict__.get(BACKWARD_PRE, {}).values())
        self.after = list(module.__dict__.get(BACKWARD, {}).values())
        self.grad_output: tuple = ()
        self.watched: list[int] = []  # which arguments require a gradient
        self.args = self.outputs = 0

    def watch_inputs(self, args: tuple) -> tuple:
        self.args = len(args)
        self.watched = _requiring(args)
        return _through(_AtInput, self, args, self.watched)

    def watch_output(self, result: Any) -> Any:
        outputs = as_tuple(result)
        self.outputs = len(outputs)
        if not _requiring(outputs):
            return result
        places = [i for i, output in enumerate(outputs) if isinstance(output, Tensor)]
        self.places = places
        outputs = _through(_AtOutput, self, outputs, places)
        return outputs if isinstance(result, tuple) else outputs[0]

    def at_output(self, grads: tuple) -> tuple:
        self.grad_output = _spread(grads, self.places, self.outputs)
        for hook in self.before:
            replaced = hook(self.module, self.grad_output)
            if replaced is not None:
                self.grad_output = as_tuple(replaced)
        if not self.watched:
            for hook in self.after:
                replaced = hook(self.module, (None,) * self.args, self.grad_output)
                if replaced is not None and any(grad is not None for grad in as_tuple(replaced)):
                    raise _core.ArgumentError(
                        f"{type(self.module).__name__}: a backward hook returned gradients of "
                        "inputs, but no input requires one"
                    )
        return tuple(self.grad_output[i] for i in self.places)

    def at_input(self, grads: tuple) -> tuple:
        grads = _spread(grads, self.watched, self.args)
        for hook in self.after:
            replaced = hook(self.module, grads, self.grad_output)
            if replaced is not None:
                grads = as_tuple(replaced)
        if len(grads) != self.args:
            raise _core.ArgumentError(
                f"{type(self.module).__name__}: a backward hook must return {self.args} gradients, "
                f"one per input, got {len(grads)}"
            )
        return tuple(grads[i] for i in self.watched)


class _AtInput(Function):
    @staticmethod
    def forward(ctx: Any, hooks: _BackwardHooks, *inputs: Tensor) -> tuple:
        ctx.hooks = hooks
        return tuple(i.view_as(i) for i in inputs)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple:
        return None, *ctx.hooks.at_input(grads)


class _AtOutput(_AtInput):
    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple:
        return None, *ctx.hooks.at_output(grads)


def _requiring(values: tuple) -> list[int]:
    return [i for i, v in enumerate(values) if isinstance(v, Tensor) and v.requires_grad]


def _through(function: type, hooks: _BackwardHooks, values: tuple, places: list[int]) -> tuple:
    """The values, those at the places passed through the function."""
    if not places:
        return values
    watched = dict(zip(places, function.apply(hooks, *(values[i] for i in places)), strict=True))
    return tuple(watched.get(i, value) for i, value in enumerate(values))


def _spread(grads: tuple, places: list[int], count: int) -> tuple:
    given = dict(zip(places, grads, strict=True))
    return tuple(given.get(i) for i in range(count))


class HookMethods:
    """Attached to the C++ class of modules."""

    def _call_with_hooks(self, args: tuple, kwargs: dict) -> Any:
        tables = self.__dict__
        for hook, with_kwargs in list(tables.get(FORWARD_PRE, {}).values()):
            if with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is not None:
                    args, kwargs = changed
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = as_tuple(changed)
        hooks = list(tables.get(FORWARD, {}).values())
        backward = None
        if tables.get(BACKWARD) or tables.get(BACKWARD_PRE):
            backward = _BackwardHooks(self)
            args = backward.watch_inputs(args)
        result = None
        try:
            result = self.forward(*args, **kwargs)
            while hooks:
                hook, with_kwargs, _ = hooks.pop(0)
                given = (args, kwargs) if with_kwargs else (args,)
                changed = hook(self, *given, result)
                if changed is not None:
                    result = changed
        except Exception:
            _call_the_rest(self, hooks, args, kwargs, result)
            raise
        return backward.watch_output(result) if backward else result

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before each forward; what it returns replaces the arguments.

        With `with_kwargs` it is `hook(module, args, kwargs)` and returns both.

        >>> import convcore as cc
        >>> layer = cc.nn.ReLU()
        >>> handle = layer.register_forward_pre_hook(lambda module, args: (-args[0],))
        >>> layer(cc.tensor([1.0, -2.0]))
        tensor([0., 2.])
        """
        return register(self, FORWARD_PRE, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self,
        hook: Callable,
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after each forward; what it returns replaces the output.

        With `with_kwargs` it is `hook(module, args, kwargs, output)`; with `always_call` it is called
        even when the forward raises, with None for the output.

        >>> import convcore as cc
        >>> layer = cc.nn.ReLU()
        >>> handle = layer.register_forward_hook(lambda module, args, output: output + 1)
        >>> layer(cc.tensor([1.0, -2.0]))
        tensor([2., 1.])
        """
        return register(self, FORWARD, (hook, with_kwargs, always_call), prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the inputs' gradients are known.

        Both are tuples, one gradient per input and output, None where there is none. What the hook
        returns replaces `grad_input`. Where no input requires a gradient it is called as soon as those
        of the outputs are known.

        >>> import convcore as cc
        >>> seen = []
        >>> layer = cc.nn.Linear(2, 1, bias=False)
        >>> handle = layer.register_full_backward_hook(lambda m, gi, go: seen.append(go[0].item()))
        >>> layer(cc.ones(2, requires_grad=True)).sum().backward()
        >>> seen
        [1.0]
        """
        return register(self, BACKWARD, hook, prepend)

    def register_full_backward_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_output)` when the outputs' gradients are known; what it returns replaces them.

        >>> import convcore as cc
        >>> layer = cc.nn.Identity()
        >>> handle = layer.register_full_backward_pre_hook(lambda module, grads: (grads[0] * 3,))
        >>> x = cc.ones(1, requires_grad=True)
        >>> layer(x).backward()
        >>> x.grad
        tensor([3.])
        """
        return register(self, BACKWARD_PRE, hook, prepend)


def _call_the_rest(module: Module, hooks: list, args: tuple, kwargs: dict, result: Any) -> None:
    """The forward failed: the hooks that are always called."""
    for hook, with_kwargs, always_call in hooks:
        if always_call:
            try:
                hook(module, *((args, kwargs) if with_kwargs else (args,)), result)
            except Exception as error:
                warnings.warn(
                    f"a forward hook that is always called raised {error!r}", stacklevel=2
                )
