"""Functions with a hand-written gradient."""

from __future__ import annotations

from typing import Any

from convcore import _core


class FunctionCtx:
    """What forward leaves for backward."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._saved: list = []
        self._outputs: list = []
        self._non_differentiable: tuple = ()
        self._dirty: tuple = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keeps tensors (or None) for backward, where `saved_tensors` gives them back unless changed in place."""
        self._saved = [(t, None if t is None else t._version) for t in tensors]

    def mark_dirty(self, *tensors: Any) -> None:
        """Says which inputs forward changed in place (and gives back): their history is then this function's."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Says which outputs have no gradient."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Missing gradients arrive as zeros, whatever is asked."""

    @property
    def saved_tensors(self) -> tuple:
        """What save_for_backward kept."""
        out = []
        for saved, version in self._saved:
            if isinstance(saved, int):
                out.append(self._outputs[saved])
                continue
            if saved is not None and saved._version != version:
                raise _core.ArgumentError(
                    f"backward: a tensor of shape {saved.shape} saved for a gradient was changed in place "
                    f"(version {saved._version}, expected {version})"
                )
            out.append(saved)
        return tuple(out)


class Function:
    """A function whose gradient you write: subclass with static forward(ctx, …) and backward(ctx, *grads), call apply.

    >>> import convcore as cc
    >>> class Cube(cc.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x * x
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return grad * 3 * x * x
    >>> x = cc.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    @staticmethod
    def forward(ctx: FunctionCtx, *args: Any) -> Any:
        """Computes the outputs; subclasses write it."""
        raise NotImplementedError("Function: a subclass must define forward")

    @staticmethod
    def backward(ctx: FunctionCtx, *grad_outputs: Any) -> Any:
        """One gradient (or None) per argument of forward; subclasses write it."""
        raise NotImplementedError("Function: a subclass must define backward")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Runs forward and, when an argument requires a gradient, puts backward on the tape."""
        needs = tuple(isinstance(a, _core.TensorBase) and a.requires_grad for a in args)
        ctx = FunctionCtx(needs)
        recording = _core.is_grad_enabled()
        _core.set_grad_enabled(False)
        try:
            result = cls.forward(ctx, *args)
        finally:
            _core.set_grad_enabled(recording)
        if not recording or not any(needs):
            return result
        results = list(result) if isinstance(result, tuple | list) else [result]
        at = [i for i, out in enumerate(results) if isinstance(out, _core.TensorBase)]
        dirty = {id(t) for t in ctx._dirty}
        outputs = [results[i] for i in at]
        if not outputs:
            return result
        places = {id(output): i for i, output in enumerate(outputs)}
        ctx._saved = [(places.get(id(saved), saved), version) for saved, version in ctx._saved]
        skipped = {id(t) for t in ctx._non_differentiable}
        differentiable = [id(output) not in skipped for output in outputs]

        def backward(grads: list, kept: list) -> list:
            ctx._outputs = kept
            given = dict(zip(at, grads, strict=True))
            try:
                out = cls.backward(ctx, *[given.get(i) for i in range(len(results))])
            finally:
                ctx._outputs = []
            return list(out) if isinstance(out, tuple | list) else [out]

        inputs = [a if isinstance(a, _core.TensorBase) else None for a in args]
        # What an input now holds is put on the tape by itself: its write into the input is then like any in place.
        memory = [out.detach().clone() if id(out) in dirty else out for out in outputs]
        attached = _core.attach_function(
            cls.__name__ + "Backward", backward, inputs, memory, differentiable
        )
        for i, output, tracked in zip(at, outputs, attached, strict=True):
            if id(output) in dirty:
                _core.assign(output, tracked)
            results[i] = output if id(output) in dirty else tracked
        return tuple(results) if isinstance(result, tuple | list) else results[0]
