"""Recurrent layers."""

from __future__ import annotations

from typing import Any

from convcore import _convert as convert
from convcore import _core
from convcore._tensor import Tensor
from convcore.nn.utils.rnn import (
    PackedSequence,
    _lengths_of,
    pack_padded_sequence,
    pad_packed_sequence,
)


def _dtype(dtype: Any, device: Any) -> Any:
    convert.check_device(device)
    return None if dtype is None else convert.to_dtype(dtype)


class _Recurrent(_core.nn.Recurrent):
    """What RNN, LSTM and GRU share: layouts, states of unbatched input, packed sequences."""

    _gated = ""  # "lstm" or "gru"

    def __init__(
        self,
        cell: str,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        proj_size: int,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__(
            cell, input_size, hidden_size, num_layers, bool(bias), float(dropout), bool(bidirectional),
            proj_size, _dtype(dtype, device),
        )  # fmt: skip
        self.batch_first = bool(batch_first)
        self.reset_parameters()

    @property
    def mode(self) -> str:
        return {"tanh": "RNN_TANH", "relu": "RNN_RELU"}.get(self._cell, self._cell.upper())

    def flatten_parameters(self) -> None:
        """Nothing: the weights need no other place in memory."""

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of each layer and direction."""
        kinds = ["weight_ih", "weight_hh"] + (["bias_ih", "bias_hh"] if self.bias else [])
        kinds += ["weight_hr"] if self.proj_size else []
        ends = ["", "_reverse"] if self.bidirectional else [""]
        return [
            [getattr(self, f"{kind}_l{layer}{end}") for kind in kinds]
            for layer in range(self.num_layers)
            for end in ends
        ]

    def extra_repr(self) -> str:
        shown = f"{self.input_size}, {self.hidden_size}"
        for name, default in (
            ("proj_size", 0), ("num_layers", 1), ("bias", True), ("batch_first", False), ("dropout", 0.0),
            ("bidirectional", False),
        ):  # fmt: skip
            value = getattr(self, name)
            if value != default:
                shown += f", {name}={value}"
        return shown

    def forward(self, input: Any, hx: Any = None) -> tuple:
        """The outputs (steps, batch, features) and the last states; see the class."""
        packed = isinstance(input, PackedSequence)
        lengths = _lengths_of(input) if packed else None
        if packed:
            x, _ = pad_packed_sequence(input._replace(unsorted_indices=None, sorted_indices=None))
        else:
            if not isinstance(input, _core.TensorBase) or input.ndim not in (2, 3):
                shape = tuple(input.shape) if hasattr(input, "shape") else type(input).__name__
                raise _core.ArgumentError(
                    f"{type(self).__name__}: input must have 2 dimensions (unbatched) or 3, got {shape}"
                )
            x = input.unsqueeze(1) if input.ndim == 2 else input
            x = x.transpose(0, 1) if self.batch_first and input.ndim == 3 else x
        unbatched = not packed and input.ndim == 2
        states = self._states(hx, unbatched, input.sorted_indices if packed else None)
        output, h, c = self._run(x, *states, lengths)
        if packed:
            output = pack_padded_sequence(output, lengths)
            output = output._replace(
                sorted_indices=input.sorted_indices, unsorted_indices=input.unsorted_indices
            )
            if input.unsorted_indices is not None:
                h = h.index_select(1, input.unsorted_indices)
                c = None if c is None else c.index_select(1, input.unsorted_indices)
        elif unbatched:
            output, h = output.squeeze(1), h.squeeze(1)
            c = None if c is None else c.squeeze(1)
        elif self.batch_first:
            output = output.transpose(0, 1)
        return output, (h if c is None else (h, c))

    def _states(self, hx: Any, unbatched: bool, order: Tensor | None) -> tuple:
        """h_0 and c_0 (or None) as (layers, batch, features), rows as the packed sequence has them."""
        if hx is None:
            return None, None
        given = tuple(hx) if self._cell == "lstm" else (hx, None)
        if len(given) != 2:
            raise _core.ArgumentError(f"LSTM: hx must be (h_0, c_0), got {len(given)} tensors")
        states = [
            s.unsqueeze(1) if s is not None and unbatched and s.ndim == 2 else s for s in given
        ]
        if order is not None:
            states = [s if s is None else s.index_select(1, order) for s in states]
        return tuple(states)


class RNN(_Recurrent):
    """h ← tanh(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh) (or relu) along a sequence, in several layers, one or both directions.

    Input (steps, batch, input_size), (batch, steps, …) with `batch_first`, (steps, input_size) without a batch, or a
    PackedSequence; h_0 (layers·directions, batch, hidden_size). Gives all h of the last layer, and the last h of every layer.
    Elman, "Finding structure in time", 1990.

    >>> import convcore as cc
    >>> output, h = cc.nn.RNN(4, 8)(cc.zeros(5, 2, 4))
    >>> tuple(output.shape), tuple(h.shape)
    ((5, 2, 8), (1, 2, 8))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise _core.ArgumentError(
                f'RNN: nonlinearity must be "tanh" or "relu", got {nonlinearity!r}'
            )
        super().__init__(
            nonlinearity, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )  # fmt: skip

    @property
    def nonlinearity(self) -> str:
        return self._cell


class LSTM(_Recurrent):
    """Long short-term memory along a sequence: i, f, o = σ(…), g = tanh(…), c ← f·c + i·g, h ← o·tanh(c).

    Input as RNN's; hx is (h_0, c_0). With `proj_size` h is projected to that size. Gives all h of the last layer, and
    (h, c) of every layer at the end. Hochreiter and Schmidhuber, 1997; Gers, Schmidhuber and Cummins, 2000.

    >>> import convcore as cc
    >>> output, (h, c) = cc.nn.LSTM(4, 8, num_layers=2)(cc.zeros(5, 2, 4))
    >>> tuple(output.shape), tuple(h.shape), tuple(c.shape)
    ((5, 2, 8), (2, 2, 8), (2, 2, 8))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "lstm", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        )  # fmt: skip


class GRU(_Recurrent):
    """Gated recurrent units along a sequence: r, z = σ(…), n = tanh(x_n + r·h_n), h ← n + z·(h − n).

    Input and results as RNN's. Cho et al., "Learning phrase representations using RNN encoder–decoder", 2014.

    >>> import convcore as cc
    >>> output, h = cc.nn.GRU(4, 8, bidirectional=True)(cc.zeros(5, 2, 4))
    >>> tuple(output.shape), tuple(h.shape)
    ((5, 2, 16), (2, 2, 8))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "gru", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )  # fmt: skip


class _RecurrentCell(_core.nn.RecurrentCell):
    def __init__(
        self, cell: str, input_size: int, hidden_size: int, bias: bool, device: Any, dtype: Any
    ) -> None:
        super().__init__(cell, input_size, hidden_size, bool(bias), _dtype(dtype, device))
        self.reset_parameters()

    def extra_repr(self) -> str:
        shown = f"{self.input_size}, {self.hidden_size}"
        shown += "" if self.bias else ", bias=False"
        return shown + (", nonlinearity=relu" if self._cell == "relu" else "")


class RNNCell(_RecurrentCell):
    """One step of RNN: input (batch, input_size) or (input_size,), h (batch, hidden_size) → h.

    >>> import convcore as cc
    >>> tuple(cc.nn.RNNCell(4, 8)(cc.zeros(2, 4)).shape)
    (2, 8)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise _core.ArgumentError(
                f'RNNCell: nonlinearity must be "tanh" or "relu", got {nonlinearity!r}'
            )
        super().__init__(nonlinearity, input_size, hidden_size, bias, device, dtype)

    @property
    def nonlinearity(self) -> str:
        return self._cell

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next h."""
        return self._run(input, hx, None)[0]


class LSTMCell(_RecurrentCell):
    """One step of LSTM: input (batch, input_size) or (input_size,), (h, c) → (h, c).

    >>> import convcore as cc
    >>> h, c = cc.nn.LSTMCell(4, 8)(cc.zeros(2, 4))
    >>> tuple(h.shape), tuple(c.shape)
    ((2, 8), (2, 8))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("lstm", input_size, hidden_size, bias, device, dtype)

    def forward(self, input: Tensor, hx: Any = None) -> tuple[Tensor, Tensor]:
        """The next h and c."""
        return self._run(input, *(hx or (None, None)))


class GRUCell(_RecurrentCell):
    """One step of GRU: input (batch, input_size) or (input_size,), h (batch, hidden_size) → h.

    >>> import convcore as cc
    >>> tuple(cc.nn.GRUCell(4, 8)(cc.zeros(2, 4)).shape)
    (2, 8)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("gru", input_size, hidden_size, bias, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next h."""
        return self._run(input, hx, None)[0]
