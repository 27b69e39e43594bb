"""The base of optimizers: parameter groups with options of their own, state per parameter."""

from __future__ import annotations

import functools
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import numpy as np

from convcore import _convert as convert
from convcore import _core
from convcore._tensor import Tensor
from convcore.nn.hooks import RemovableHandle


class Optimizer:
    """The base of optimizers: subclass it and define `step` to make one in Python.

    `params` are tensors, (name, tensor) pairs, or dicts with "params" and options of their own;
    `defaults` are the options of groups that say nothing. `param_groups` is a list of dicts that
    may be changed between steps; `state` maps a parameter to a dict.

    >>> import convcore as cc
    >>> class Descent(cc.optim.Optimizer):
    ...     def __init__(self, params, lr):
    ...         super().__init__(params, {"lr": lr})
    ...     def step(self):
    ...         for group in self.param_groups:
    ...             for p in group["params"]:
    ...                 p.data -= group["lr"] * p.grad
    """

    _in_step = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.step)

    def __init__(self, params: Iterable, defaults: dict[str, Any]) -> None:
        self._make_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                f"{type(self).__name__}: params must be an iterable of tensors or dicts, got a Tensor"
            )
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self._make_state()
        groups = list(params)
        if not groups:
            raise _core.ArgumentError(f"{type(self).__name__}: params is empty")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _make_state(self) -> None:
        self.state = defaultdict(dict)

    def _make_hooks(self) -> None:
        self._hooks: dict[str, OrderedDict[int, Callable]] = defaultdict(OrderedDict)

    def _register(self, kind: str, hook: Callable, prepend: bool = False) -> RemovableHandle:
        hooks = self._hooks[kind]
        handle = RemovableHandle(hooks)
        hooks[handle.id] = hook
        if prepend:
            hooks.move_to_end(handle.id, last=False)
        return handle

    def _run_hooks(self, kind: str, *args: Any) -> None:
        for hook in list(self._hooks[kind].values()):
            hook(self, *args)

    def _passed_through_hooks(self, kind: str, state_dict: dict[str, Any]) -> dict[str, Any]:
        for hook in list(self._hooks[kind].values()):
            result = hook(self, state_dict)
            state_dict = state_dict if result is None else result
        return state_dict

    def register_step_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return new (args, kwargs).

        >>> import convcore as cc
        >>> p = cc.nn.Parameter(cc.zeros(1))
        >>> p.grad = cc.tensor([8.0])
        >>> opt = cc.optim.SGD([p], lr=1.0)
        >>> handle = opt.register_step_pre_hook(lambda opt, args, kwargs: p.grad.clamp_(max=1.0))
        >>> opt.step()
        >>> p.data
        tensor([-1.])
        """
        return self._register("step_pre", hook)

    def register_step_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return self._register("step_post", hook)

    def register_state_dict_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer)` before each `state_dict`."""
        return self._register("state_pre", hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after `state_dict`; what it returns takes its place."""
        return self._register("state_post", hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before loading; what it returns is loaded instead."""
        return self._register("load_pre", hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer)` after each `load_state_dict`."""
        return self._register("load_post", hook, prepend)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a dict with "params" and options; missing options take their defaults.

        >>> import convcore as cc
        >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=0.1)
        >>> opt.add_param_group({"params": [cc.nn.Parameter(cc.zeros(1))], "lr": 0.01})
        >>> [group["lr"] for group in opt.param_groups]
        [0.1, 0.01]
        """
        name = type(self).__name__
        if not isinstance(param_group, dict):
            raise TypeError(f"{name}: param_group must be a dict, got {type(param_group).__name__}")
        group = dict(param_group)
        params = group["params"]
        if isinstance(params, set):
            raise TypeError(f"{name}: params must have an order, got a set")
        params = [params] if isinstance(params, Tensor) else list(params)
        if params and all(isinstance(p, tuple) for p in params):
            group["param_names"] = [n for n, _ in params]
            params = [p for _, p in params]
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"{name}: params must hold tensors, got {type(p).__name__}")
            if not p.is_leaf:
                raise _core.ArgumentError(
                    f"{name}: cannot optimize a tensor of shape {tuple(p.shape)} that an operator "
                    "computed; give it leaves"
                )
        seen = {id(p) for g in self.param_groups for p in g["params"]}
        ids = [id(p) for p in params]
        if len(set(ids)) != len(ids) or not seen.isdisjoint(ids):
            raise _core.ArgumentError(f"{name}: some parameters appear more than once")
        group["params"] = params
        for option, default in self.defaults.items():
            group.setdefault(option, default)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or with `set_to_none=False` fill them with zeros."""
        for p in chain.from_iterable(group["params"] for group in self.param_groups):
            if p.grad is not None:
                p.grad = None if set_to_none else p.grad.detach().zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients: subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} does not define step()")

    def state_dict(self) -> dict[str, Any]:
        """Return {"state": {index: state}, "param_groups": options with parameter indices}."""
        self._run_hooks("state_pre")
        return self._passed_through_hooks("state_post", self._state_dict())

    def _state_dict(self) -> dict[str, Any]:
        index: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                index.setdefault(id(p), len(index))
            packed = {k: v for k, v in group.items() if k != "params"}
            packed["params"] = [index[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {index[id(p)]: values for p, values in self.state.items() if id(p) in index}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over options and state, copied and in each parameter's dtype.

        Raises ValueError where the groups do not have the same numbers of parameters.

        >>> import convcore as cc
        >>> p = cc.nn.Parameter(cc.zeros(1))
        >>> opt = cc.optim.SGD([p], lr=0.1)
        >>> opt.load_state_dict(cc.optim.SGD([p], lr=0.5).state_dict())
        >>> opt.param_groups[0]["lr"]
        0.5
        """
        name = type(self).__name__
        state_dict = self._passed_through_hooks("load_pre", dict(state_dict))
        saved = state_dict["param_groups"]
        sizes = [len(g["params"]) for g in self.param_groups]
        saved_sizes = [len(g["params"]) for g in saved]
        if sizes != saved_sizes:
            raise _core.ArgumentError(
                f"{name}: the loaded state has parameter groups of {saved_sizes} parameters, this "
                f"optimizer has {sizes}"
            )
        by_index = dict(
            zip(
                chain.from_iterable(g["params"] for g in saved),
                chain.from_iterable(g["params"] for g in self.param_groups),
                strict=True,
            )
        )
        state = {}
        for key, values in state_dict["state"].items():
            if key not in by_index:
                raise _core.ArgumentError(f"{name}: the loaded state has no parameter {key!r}")
            p = by_index[key]
            state[p] = {k: _for_parameter(k, v, p) for k, v in values.items()}
        for group, loaded in zip(self.param_groups, saved, strict=True):
            group.update({k: v for k, v in loaded.items() if k != "params"})
        self._load_state(state)
        self._run_hooks("load_post")

    def _load_state(self, state: dict[Tensor, dict[str, Any]]) -> None:
        self.state = defaultdict(dict, state)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_hooks"}

    def __setstate__(self, saved: dict[str, Any]) -> None:
        self.__dict__.update(saved)
        self._make_hooks()

    def __repr__(self) -> str:
        text = type(self).__name__ + " ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            for key in sorted(group):
                if key != "params":
                    text += f"    {key}: {group[key]}\n"
        return text + ")"


def _with_hooks(step: Callable) -> Callable:
    """`step` between the optimizer's hooks; a step within a step is part of it."""

    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if self._in_step or not (self._hooks["step_pre"] or self._hooks["step_post"]):
            return step(self, *args, **kwargs)
        for hook in list(self._hooks["step_pre"].values()):
            result = hook(self, args, kwargs)
            if isinstance(result, tuple) and len(result) == 2:
                args, kwargs = result
        self._in_step = True
        try:
            result = step(self, *args, **kwargs)
        finally:
            self._in_step = False
        self._run_hooks("step_post", args, kwargs)
        return result

    return hooked


def _for_parameter(key: str, value: Any, parameter: Tensor) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_for_parameter(key, v, parameter) for v in value)
    if isinstance(value, Tensor):
        tensor = value
    elif hasattr(value, "__array__"):
        value = value.detach() if hasattr(value, "detach") else value
        tensor = convert.from_array(np.asarray(value), copy=True)
    else:
        return value
    tensor = tensor.detach().clone()
    # Beside bfloat16 parameters state is what its rule keeps, float32 in the core.
    as_it_is = key == "step" or parameter.dtype == _core.dtype.bfloat16
    return tensor if as_it_is else tensor.to(parameter.dtype)


class CoreOptimizer(Optimizer):
    """An optimizer whose state and update are C++: all parameters in one pass."""

    _core_class: Any

    def _make_state(self) -> None:
        self._core = self._core_class(type(self).__name__)

    @property
    def state(self) -> dict[Tensor, dict[str, Any]]:
        """A dict of each parameter's state; the tensors share the optimizer's memory."""
        result: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        for p in chain.from_iterable(group["params"] for group in self.param_groups):
            values = self._core.state(p)
            if values is not None:
                result[p] = values
        return result

    @state.setter
    def state(self, state: dict[Tensor, dict[str, Any]]) -> None:
        self._load_state(dict(state))

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        try:
            if group.get("differentiable"):
                raise NotImplementedError(
                    f"{type(self).__name__}: differentiable=True: steps are not recorded"
                )
            self._core.set_groups(self.param_groups)
        except Exception:
            self.param_groups.pop()
            raise
        self._start_state(group)

    def _start_state(self, group: dict[str, Any]) -> None:
        """For rules whose state is there before the first step."""

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients.

        `closure`, if given, computes the loss and the gradients first; its result is returned.
        """
        loss = None
        if closure is not None:
            before = _core.is_grad_enabled()
            _core.set_grad_enabled(True)
            try:
                loss = closure()
            finally:
                _core.set_grad_enabled(before)
        self._core.set_groups(self.param_groups)
        self._core.step()
        return loss

    def _load_state(self, state: dict[Tensor, dict[str, Any]]) -> None:
        self._core.clear_state()
        for p, values in state.items():
            self._core.set_state(p, values)

    def __getstate__(self) -> dict[str, Any]:
        attributes = {k: v for k, v in super().__getstate__().items() if k != "_core"}
        return {"attributes": attributes, "state": self._state_dict()["state"]}

    def __setstate__(self, saved: dict[str, Any]) -> None:
        super().__setstate__(saved["attributes"])
        self._make_state()
        self._core.set_groups(self.param_groups)
        params = list(chain.from_iterable(group["params"] for group in self.param_groups))
        self._load_state({params[i]: values for i, values in saved["state"].items()})
