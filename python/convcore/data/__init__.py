"""Datasets, transforms and the loader that batches them; no process is ever forked."""

from . import transforms
from .dataset import ConcatDataset, Dataset, Subset, TensorDataset, random_split
from .datasets import CIFAR10, MNIST, Digits, FashionMNIST, ImageArrays
from .folder import ImageFolder
from .loader import DataLoader, default_collate

__all__ = [
    "CIFAR10",
    "MNIST",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "Digits",
    "FashionMNIST",
    "ImageArrays",
    "ImageFolder",
    "Subset",
    "TensorDataset",
    "default_collate",
    "random_split",
    "transforms",
]
