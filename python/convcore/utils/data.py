"""`torch.utils.data` by its own name; see `convcore.data`."""

import sys

from ..data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    dataset,
    default_collate,
    default_convert,
    get_worker_info,
    random_split,
    sampler,
)
from ..data import loader as dataloader

__all__ = [
    "BatchSampler",
    "ChainDataset",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "IterableDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StackDataset",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "default_collate",
    "default_convert",
    "get_worker_info",
    "random_split",
]

# `from convcore.utils.data.sampler import ...`: the files are modules of PyTorch's too.
sys.modules.update(
    {
        f"{__name__}.dataset": dataset,
        f"{__name__}.sampler": sampler,
        f"{__name__}.dataloader": dataloader,
    }
)
