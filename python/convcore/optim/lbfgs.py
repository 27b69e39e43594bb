"""Limited-memory BFGS with a line search."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from convcore import _core
from convcore._functions import cat, zeros_like
from convcore._tensor import Tensor
from convcore.autograd import enable_grad, no_grad
from convcore.optim.optimizer import Optimizer


class LBFGS(Optimizer):
    """L-BFGS (Liu and Nocedal, "On the limited memory BFGS method", Mathematical Programming 45, 1989).

    `step(closure)` makes up to `max_iter` iterations; `closure` clears the gradients, computes the
    loss, calls backward and returns the loss, up to `max_eval` times (1.25·max_iter). Directions come
    from the last `history_size` changes. Steps are `lr` long, or with `line_search_fn="strong_wolfe"`
    searched from there. It ends early when no gradient exceeds `tolerance_grad`, or step and loss
    change by less than `tolerance_change`. One parameter group; for whole data sets, not batches.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([3.0, -2.0]))
    >>> opt = cc.optim.LBFGS([p], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     opt.zero_grad()
    ...     loss = (p * p * cc.tensor([1.0, 10.0])).sum()
    ...     loss.backward()
    ...     return loss
    >>> opt.step(closure)
    tensor(49., grad_fn=<...>)
    >>> bool(p.detach().abs().max() < 1e-4)
    True
    """

    def __init__(
        self,
        params: Iterable,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if lr < 0:
            raise _core.ArgumentError(f"LBFGS: lr must not be negative, got {lr}")
        if line_search_fn not in (None, "strong_wolfe"):
            raise _core.ArgumentError(
                f"LBFGS: line_search_fn must be None or 'strong_wolfe', got {line_search_fn!r}"
            )
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add the one group there can be."""
        if self.param_groups:
            raise _core.ArgumentError("LBFGS: there can be only one parameter group")
        super().add_param_group(param_group)

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:
        """Make up to `max_iter` iterations; returns the loss before them."""
        options = self.param_groups[0]
        state = self.state[self.param_groups[0]["params"][0]]
        evaluate = enable_grad()(closure)
        first_loss = evaluate()
        loss, grad = float(first_loss), self._gradient()
        evaluations, iterations = 1, 0
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        state["func_evals"] += 1
        while iterations < options["max_iter"] and _largest(grad) > options["tolerance_grad"]:
            iterations += 1
            state["n_iter"] += 1
            first = state["n_iter"] == 1
            direction = self._direction(state, grad)
            length = options["lr"] * (min(1.0, 1 / float(grad.abs().sum())) if first else 1)
            state.update(d=direction, t=length, prev_flat_grad=grad, prev_loss=loss)
            slope = float(grad.dot(direction))
            if slope > -options["tolerance_change"]:
                break
            before = loss
            if options["line_search_fn"] is not None:
                start = [p.detach().clone() for p in options["params"]]

                def trial(t: float, d: Tensor = direction, start: list[Tensor] = start) -> _Point:
                    self._move(t, d, start)
                    loss, grad = float(evaluate()), self._gradient()
                    return _Point(t, loss, grad, float(grad.dot(d)))

                begin = _Point(0.0, loss, grad, slope)
                most = options["max_eval"] - evaluations
                found, count = _strong_wolfe(trial, begin, length, _largest(direction), most)
                state["t"], loss, grad = found.t, found.loss, found.grad
                self._move(found.t, direction, start)
            else:
                count = 0
                self._move(length, direction)
                if iterations < options["max_iter"]:  # nobody looks at the last one
                    loss, grad, count = float(evaluate()), self._gradient(), 1
            evaluations += count
            state["func_evals"] += count
            if (
                evaluations >= options["max_eval"]
                or _largest(direction) * abs(state["t"]) <= options["tolerance_change"]
                or abs(loss - before) < options["tolerance_change"]
            ):
                break
        return first_loss

    def _gradient(self) -> Tensor:
        parts = [
            zeros_like(p).detach() if p.grad is None else p.grad.detach()
            for p in self.param_groups[0]["params"]
        ]
        return cat([part.reshape(-1) for part in parts])

    def _move(self, t: float, direction: Tensor, start: list[Tensor] | None = None) -> None:
        """Parameters = start (or what they are) + t·direction."""
        offset = 0
        for i, p in enumerate(self.param_groups[0]["params"]):
            p = p.detach()
            if start is not None:
                p.copy_(start[i])
            p.add_(direction[offset : offset + p.numel()].reshape(p.shape), alpha=t)
            offset += p.numel()

    def _direction(self, state: dict[str, Any], grad: Tensor) -> Tensor:
        """−H·grad by the two loops over the last changes (Nocedal and Wright, algorithm 7.4)."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return -grad
        y, s = grad - state["prev_flat_grad"], state["d"] * float(state["t"])
        curvature = float(y.dot(s))
        if curvature > 1e-10:
            keep = self.param_groups[0]["history_size"]
            state["old_dirs"] = [*state["old_dirs"], y][-keep:]
            state["old_stps"] = [*state["old_stps"], s][-keep:]
            state["ro"] = [*state["ro"], 1 / curvature][-keep:]
            state["H_diag"] = curvature / float(y.dot(y))
        changes = list(zip(state["old_dirs"], state["old_stps"], state["ro"], strict=True))
        d, shares = -grad, []
        for y, s, ro in reversed(changes):
            shares.append(float(s.dot(d)) * float(ro))
            d.add_(y, alpha=-shares[-1])
        d = d * float(state["H_diag"])
        for y, s, ro in changes:
            d.add_(s, alpha=shares.pop() - float(y.dot(d)) * float(ro))
        return d


def _largest(values: Tensor) -> float:
    return float(values.abs().max())


@dataclass
class _Point:
    """The loss along a direction: at t·direction, with its gradient and its slope along it."""

    t: float
    loss: float
    grad: Tensor
    slope: float


def _cubic_minimum(a: _Point, b: _Point, low: float, high: float) -> float:
    """Where the cubic through two points and slopes is least (Nocedal and Wright, equation 3.59)."""
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if square < 0:
        return (low + high) / 2
    d2 = math.sqrt(square)
    t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(t, low), high)


def _strong_wolfe(
    trial: Callable[[float], _Point],
    start: _Point,
    t: float,
    longest: float,
    most: int,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance: float = 1e-9,
) -> tuple[_Point, int]:
    """A point that meets the strong Wolfe conditions, or the best of `most` + 1, and how many were tried.

    Nocedal and Wright, "Numerical optimization", algorithms 3.5 and 3.6, with cubic interpolation.
    """

    def too_high(point: _Point) -> bool:
        return point.loss > start.loss + c1 * point.t * start.slope

    def flat(point: _Point) -> bool:
        return abs(point.slope) <= -c2 * start.slope

    # Longer and longer until a minimum lies between two points.
    before, now, tried = start, trial(t), 1
    while tried <= most:
        if too_high(now) or (tried > 2 and now.loss >= before.loss):
            break
        if flat(now):
            return now, tried
        if now.slope >= 0:
            break
        t = _cubic_minimum(before, now, now.t + 0.01 * (now.t - before.t), now.t * 10)
        before, now = now, trial(t)
        tried += 1
    else:
        before = start
    # Closer and closer.
    best, other = (before, now) if before.loss <= now.loss else (now, before)
    slow = False
    while tried <= most:
        low, high = sorted((best.t, other.t))
        if (high - low) * longest < tolerance:
            break
        t = _cubic_minimum(best, other, low, high)
        margin = 0.1 * (high - low)
        if min(high - t, t - low) >= margin:
            slow = False
        elif slow or t >= high or t <= low:
            t = high - margin if abs(t - high) < abs(t - low) else low + margin
            slow = False
        else:
            slow = True
        now = trial(t)
        tried += 1
        if too_high(now) or now.loss >= best.loss:
            best, other = (best, now) if best.loss <= now.loss else (now, best)
        else:
            if flat(now):
                return now, tried
            if now.slope * (other.t - best.t) >= 0:
                other = best
            best = now
    return best, tried
