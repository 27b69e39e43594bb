"""Tables of rows taken by their numbers."""

from __future__ import annotations

from typing import Any

from convcore import _convert as convert
from convcore import _core
from convcore._tensor import Parameter, Tensor
from convcore.nn.functional.sparse import _check_sparse


class _Table:
    """What the layers over a table have in common."""

    __slots__ = ()
    sparse = False

    def _start(self, weight: Tensor | None, freeze: bool) -> None:
        """The first values: those given, or drawn."""
        if weight is None:
            self.reset_parameters()
        else:
            shape = (self.num_embeddings, self.embedding_dim)
            if tuple(weight.shape) != shape:
                raise _core.ArgumentError(
                    f"{type(self).__name__}: _weight must have shape {shape}, got {tuple(weight.shape)}"
                )
            self.weight = Parameter(weight)
        self.weight.requires_grad_(not freeze)

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, **options: Any) -> Any:
        """A layer over the rows of embeddings (V, D), which `freeze` keeps from being trained."""
        if embeddings.ndim != 2:
            raise _core.ArgumentError(
                f"{cls.__name__}.from_pretrained: embeddings must have 2 dimensions, "
                f"got shape {tuple(embeddings.shape)}"
            )
        rows, columns = embeddings.shape
        return cls(rows, columns, _weight=embeddings, _freeze=freeze, **options)

    def _told(self, *names: str) -> str:
        """The sizes, and what of these attributes is not as it is unless given."""
        usual = {"norm_type": 2, "scale_grad_by_freq": False}
        told = [f"{n}={v!r}" for n in names if (v := getattr(self, n)) != usual.get(n)]
        return ", ".join([f"{self.num_embeddings}, {self.embedding_dim}", *told])


class Embedding(_Table, _core.nn.Embedding):
    """Take rows of a table of `num_embeddings` rows of `embedding_dim` numbers, for an input (…) of row numbers: (…, D).

    Rows are normally distributed at first, the row `padding_idx` is 0 and stays so. The other arguments are those of
    `functional.embedding`.

    >>> import convcore as cc
    >>> tuple(cc.nn.Embedding(10, 3)(cc.tensor([[1, 2, 4], [4, 3, 9]])).shape)
    (2, 3, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        convert.check_device(device)
        _check_sparse("Embedding", sparse)
        dtype = None if dtype is None else convert.to_dtype(dtype)
        super().__init__(
            num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, bool(scale_grad_by_freq), dtype
        )  # fmt: skip
        self._start(_weight, _freeze)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """A layer over the rows of embeddings (V, D), which `freeze` keeps from being trained.

        >>> import convcore as cc
        >>> cc.nn.Embedding.from_pretrained(cc.tensor([[1.0, 2.3], [4.0, 5.1]]))(cc.tensor([1]))
        tensor([[4.0000, 5.1000]])
        """
        return super().from_pretrained(
            embeddings, freeze, padding_idx=padding_idx, max_norm=max_norm, norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq, sparse=sparse,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return self._told("padding_idx", "max_norm", "norm_type", "scale_grad_by_freq")


class EmbeddingBag(_Table, _core.nn.EmbeddingBag):
    """Take the mean, sum or greatest of bags of rows of a table, as `functional.embedding_bag`: (B, D).

    Rows are normally distributed at first, the row `padding_idx` is 0 and belongs to no bag.

    >>> import convcore as cc
    >>> bag = cc.nn.EmbeddingBag(10, 3, mode="sum")
    >>> tuple(bag(cc.tensor([1, 2, 4, 5, 4, 3]), cc.tensor([0, 4])).shape)
    (2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
        *,
        _freeze: bool = False,
    ) -> None:
        convert.check_device(device)
        _check_sparse("EmbeddingBag", sparse)
        dtype = None if dtype is None else convert.to_dtype(dtype)
        super().__init__(
            num_embeddings, embedding_dim, max_norm, norm_type, bool(scale_grad_by_freq), mode,
            bool(include_last_offset), padding_idx, dtype,
        )  # fmt: skip
        self._start(_weight, _freeze)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBag:
        """A layer over the rows of embeddings (V, D), which `freeze` keeps from being trained.

        >>> import convcore as cc
        >>> bag = cc.nn.EmbeddingBag.from_pretrained(cc.tensor([[1.0, 2.0], [4.0, 5.0]]), mode="max")
        >>> bag(cc.tensor([[0, 1]]))
        tensor([[4., 5.]])
        """
        return super().from_pretrained(
            embeddings, freeze, max_norm=max_norm, norm_type=norm_type, mode=mode, sparse=sparse,
            scale_grad_by_freq=scale_grad_by_freq, include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return self._told("max_norm", "norm_type", "scale_grad_by_freq", "mode", "padding_idx")
