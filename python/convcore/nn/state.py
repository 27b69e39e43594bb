"""Modules as state dicts, and back."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from convcore import _convert as convert
from convcore import _core
from convcore._tensor import Parameter, Tensor
from convcore.nn.hooks import RemovableHandle, register

_SAVE_PRE, _SAVE = "_state_dict_pre_hooks", "_state_dict_hooks"
_LOAD_PRE, _LOAD = "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks"
_EXTRA = "_extra_state"


class IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What `load_state_dict` returns: the keys that only one side had."""

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class _Loading(OrderedDict):
    """The state dict being loaded, as pre-hooks may change it, and what its values are for."""

    def __init__(self, state_dict: Mapping[str, Any]) -> None:
        super().__init__(state_dict)
        self.known: set[str] = set()
        self.pending: list[Callable[[bool], None]] = []


class StateMethods:
    """Attached to the C++ class of modules."""

    def _own_state(self) -> list[tuple[str, Tensor]]:
        """The module's own parameters and persistent buffers, not those of its children."""
        hidden = self._non_persistent_buffers_set
        entries = [*self._parameters.items(), *self._buffers.items()]
        return [(name, v) for name, v in entries if v is not None and name not in hidden]

    def get_extra_state(self) -> Any:
        """What else of a module its state dict holds: subclasses that have such define it and `set_extra_state`."""
        raise NotImplementedError(f"{type(self).__name__}: get_extra_state is not defined")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` returned."""
        raise NotImplementedError(f"{type(self).__name__}: set_extra_state is not defined")

    def _has_extra_state(self) -> bool:
        return type(self).get_extra_state is not StateMethods.get_extra_state

    def _save_to_state_dict(self, destination: dict, prefix: str, keep_vars: bool) -> None:
        for name, value in self._own_state():
            destination[prefix + name] = value if keep_vars else value.detach()
        if self._has_extra_state():
            destination[prefix + _EXTRA] = self.get_extra_state()

    def state_dict(
        self, *, destination: dict | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Tensor]:
        """Return parameters and persistent buffers by dotted name; they share the module's memory.

        >>> import convcore as cc
        >>> list(cc.nn.Linear(2, 3).state_dict())
        ['weight', 'bias']
        """
        if destination is None:
            self._named_modules(False)  # raises if one contains itself
            destination = OrderedDict()
        for hook in self.__dict__.get(_SAVE_PRE, {}).values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        for hook in self.__dict__.get(_SAVE, {}).values():
            changed = hook(self, destination, prefix, {})
            destination = destination if changed is None else changed
        return destination

    def register_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before the module's state is collected."""
        return register(self, _SAVE_PRE, hook)

    def register_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)`, which may change the dict, after the state of the
        module and of all below it was collected.

        >>> import convcore as cc
        >>> layer = cc.nn.Linear(2, 3)
        >>> handle = layer.register_state_dict_post_hook(lambda m, state, prefix, meta: state.popitem() and None)
        >>> list(layer.state_dict())
        ['weight']
        """
        return register(self, _SAVE, hook)

    _register_state_dict_hook = register_state_dict_post_hook

    def register_load_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`
        before the module takes its values; the hook may change the dict, which is a copy.

        >>> import convcore as cc
        >>> layer = cc.nn.Linear(1, 1, bias=False)
        >>> def rename(module, state, prefix, *rest):
        ...     state[prefix + "weight"] = state.pop(prefix + "w")
        >>> handle = layer.register_load_state_dict_pre_hook(rename)
        >>> layer.load_state_dict({"w": cc.ones(1, 1)})
        <All keys matched successfully>
        """
        return register(self, _LOAD_PRE, hook)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable, with_module: bool = False
    ) -> RemovableHandle:
        entry = hook if with_module else lambda module, *args: hook(*args)
        return register(self, _LOAD_PRE, entry)

    def register_load_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after the module and all below it took their values.

        The hook may change the lists of missing and unexpected keys; what is left makes a strict load fail.

        >>> import convcore as cc
        >>> layer = cc.nn.Linear(1, 1)
        >>> handle = layer.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
        >>> layer.load_state_dict({"weight": cc.ones(1, 1)})
        <All keys matched successfully>
        """
        return register(self, _LOAD, hook)

    def _load_from_state_dict(
        self,
        state_dict: _Loading,
        prefix: str,
        local_metadata: dict,
        strict: bool,
        missing_keys: list,
        unexpected_keys: list,
        error_msgs: list,
    ) -> None:
        """Notes what is to be copied into the module's own state; nothing is until all is known to fit."""
        rest = (local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        for hook in self.__dict__.get(_LOAD_PRE, {}).values():
            hook(self, state_dict, prefix, *rest)
        for name, target in self._own_state():
            key = prefix + name
            state_dict.known.add(key)
            if key not in state_dict:
                if name != "num_batches_tracked":  # older files lack it
                    missing_keys.append(key)
                continue
            value = _as_tensor(state_dict[key])
            if tuple(value.shape) != tuple(target.shape):
                error_msgs.append(
                    f"size mismatch for {key}: copying a param with shape {_size(value)} from "
                    f"checkpoint, the shape in current model is {_size(target)}."
                )
                continue
            state_dict.pending.append(_copying(self, name, target, value))
        if self._has_extra_state():
            key = prefix + _EXTRA
            state_dict.known.add(key)
            if key in state_dict:
                extra = state_dict[key]
                state_dict.pending.append(lambda assign: self.set_extra_state(extra))
            else:
                missing_keys.append(key)

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
        modules = [
            (f"{path}." if path else "", module) for path, module in self._named_modules(False)
        ]
        loading = _Loading(state_dict)
        keys, problems = IncompatibleKeys([], []), []
        for prefix, module in modules:
            module._load_from_state_dict(loading, prefix, {}, True, *keys, problems)
        keys.unexpected_keys.extend(key for key in loading if key not in loading.known)
        hooks = [(m, h) for m in _children_first(self) for h in m.__dict__.get(_LOAD, {}).values()]
        if problems or not hooks:
            _check_loaded(self, strict, keys, problems)
        for copy in loading.pending:
            copy(assign)
        for module, hook in hooks:
            hook(module, keys)
        _check_loaded(self, strict, keys, problems)
        return keys


def _children_first(module: Any) -> Iterator[Any]:
    for child in module._modules.values():
        if child is not None:
            yield from _children_first(child)
    yield module


def _as_tensor(value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value
    value = value.detach() if hasattr(value, "detach") else value
    return convert.from_array(np.asarray(value), copy=True)


def _copying(module: Any, name: str, target: Tensor, value: Tensor) -> Callable[[bool], None]:
    def copy(assign: bool) -> None:
        if not assign:
            target.detach().copy_(value.detach())
        elif isinstance(target, Parameter) and not isinstance(value, Parameter):
            setattr(module, name, Parameter(value.detach(), requires_grad=target.requires_grad))
        else:
            setattr(module, name, value)

    return copy


def _check_loaded(module: Any, strict: bool, keys: IncompatibleKeys, problems: list[str]) -> None:
    texts = list(problems)
    if strict:
        lists = (("Unexpected", keys.unexpected_keys), ("Missing", keys.missing_keys))
        for what, names in lists:
            if names:
                quoted = ", ".join(f'"{name}"' for name in names)
                texts.insert(0, f"{what} key(s) in state_dict: {quoted}. ")
    if texts:
        raise _core.ArgumentError(
            f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(texts)
        )


def _size(tensor: Tensor) -> str:
    return f"Size({list(tensor.shape)})"
