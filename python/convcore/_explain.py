"""Which implementation runs, why, and how well: by request or by force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from convcore import _core


class explain:
    """Collects which implementation each kernel call of this thread chose, and why others declined.

    Given a module or a function and its inputs, calls it at once; what comes out is in `result`. As text it is a table with
    a line for each kernel call: the layer, the operator, the implementation, the time, GFLOP/s (of direct arithmetic: an
    algorithm that saves multiplications may pass the peak), the share of what the machine reaches at best, GB/s, scratch
    memory and the problem; `decisions` holds the same as dicts. While somebody listens convolutions do not wait for the passes
    that follow them, so each shows its own time; else several such calls are one.

    A first call pays for memory: to see what training pays, call the model once before, and for both directions explain a
    function that goes back too.

    >>> import convcore as cc
    >>> model = cc.nn.Sequential(cc.nn.Conv2d(3, 4, 3), cc.nn.ReLU())
    >>> report = cc.explain(model, cc.zeros(1, 3, 8, 8))
    >>> [(d["layer"], d["op"]) for d in report.decisions if d["op"] == "conv"]
    [('0', 'conv')]
    >>> with cc.explain() as log:
    ...     _ = cc.nn.functional.conv2d(cc.zeros(1, 3, 8, 8), cc.zeros(4, 3, 3, 3))
    >>> log.decisions[0]["op"]
    'conv'
    """

    def __init__(self, call: Callable | None = None, /, *inputs: Any, **options: Any) -> None:
        self.decisions: list[dict] = []
        self.result: Any = None
        self._marks: list[tuple[int, str]] = []  # from which decision on which layer runs
        if call is not None:
            with self, self._watching(call):
                self.result = call(*inputs, **options)

    def __enter__(self) -> explain:
        self._log = _core.DecisionLog()
        self.decisions = []
        return self

    def __exit__(
        self, kind: type | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.decisions = self._log.decisions
        marks = [*self._marks, (len(self.decisions), "")]
        for (start, layer), (end, _) in zip(marks, marks[1:], strict=False):
            for decision in self.decisions[start:end]:
                decision["layer"] = layer
        for decision in self.decisions:
            decision.setdefault("layer", "")
        del self._log

    def _watching(self, call: Any) -> _Watch:
        return _Watch(call, lambda layer: self._marks.append((len(self._log), layer)))

    def __str__(self) -> str:
        if not self.decisions:
            return "no kernel was called"
        peak = _core.measure_peak_flops()
        rows = [
            ["layer", "op", "implementation", "ms", "GFLOP/s", "of peak", "GB/s", "scratch", "problem"],
            *(_row(d, peak) for d in self.decisions),
        ]  # fmt: skip
        widths = [max(len(row[i]) for row in rows) for i in range(8)]
        lines = []
        for row, decision in zip(rows, [None, *self.decisions], strict=True):
            cells = [c.ljust(w) if i < 3 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=False))]  # fmt: skip
            lines.append("  ".join([*cells, row[8]]))
            lines += [f"    {reason}" for reason in (decision["declined"] if decision else ())]
        seconds = sum(d["seconds"] for d in self.decisions)
        rate = sum(d["flops"] for d in self.decisions) / seconds if seconds else 0.0
        lines.append(
            f"{seconds * 1e3:.3f} ms in {len(self.decisions)} kernel calls, {rate / 1e9:.1f} GFLOP/s; "
            f"peak: {peak / 1e9:.0f} GFLOP/s ({_core.isa()}, {_core.num_threads()} threads)"
        )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


def _row(d: dict, peak: float) -> list[str]:
    per_second = 1 / d["seconds"] if d["seconds"] > 0 else 0.0
    if "float64" in d["problem"]:
        peak /= 2
    return [
        d["layer"], d["op"], d["implementation"], f"{d['seconds'] * 1e3:.3f}",
        f"{d['flops'] * per_second / 1e9:.1f}", f"{d['flops'] * per_second / peak:.0%}",
        f"{d['bytes'] * per_second / 1e9:.1f}", f"{d['workspace'] / 2**20:.1f} MB", d["problem"],
    ]  # fmt: skip


class _Watch:
    """Calls enter(layer's name) whenever another layer of a module begins or goes on."""

    def __init__(self, module: Any, enter: Callable[[str], None]) -> None:
        self._module, self._enter = module, enter

    def __enter__(self) -> None:
        self._handles = list(self._hooks())

    def __exit__(self, *exc: Any) -> None:
        for handle in self._handles:
            handle.remove()

    def _hooks(self) -> Iterator[Any]:
        if not isinstance(self._module, _core.nn.Module):
            return
        within: list[str] = []

        def begin(name: str) -> Callable:
            def hook(module: Any, inputs: Any) -> None:
                within.append(name)
                self._enter(name)

            return hook

        def end(module: Any, inputs: Any, output: Any) -> None:
            within.pop()
            self._enter(within[-1] if within else "")

        for name, module in self._module.named_modules():
            yield module.register_forward_pre_hook(begin(name))
            yield module.register_forward_hook(end, always_call=True)


class algorithms:
    """While it lives, kernels of this thread run the implementations named: `algorithms(conv="winograd")`.

    A name is the beginning of one: "fft" stands for that of every instruction set. What such an implementation cannot
    compute raises NotImplementedError. `explain` shows the names.

    >>> import convcore as cc
    >>> with cc.algorithms(conv="direct"), cc.explain() as log:
    ...     _ = cc.nn.functional.conv2d(cc.zeros(1, 32, 8, 8), cc.zeros(32, 32, 3, 3))
    >>> log.decisions[0]["implementation"].split("_")[0]
    'direct'
    """

    def __init__(self, **names: str) -> None:
        for op, name in names.items():
            if not isinstance(name, str) or not name:
                raise _core.ArgumentError(f"algorithms: {op} must be a name, got {name!r}")
        self._names = names

    def __enter__(self) -> algorithms:
        self._scopes = [_core.ForcedImpl(op, name) for op, name in self._names.items()]
        return self

    def __exit__(self, *exc: Any) -> None:
        self._scopes.clear()
