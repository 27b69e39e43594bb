"""Readers of the files that image datasets come in: idx, CIFAR-10 (binary, python, delta), csv.

A missing file raises FileNotFoundError; one that is truncated, corrupt or of another kind raises
ValueError. Both name the file and what was expected.
"""

from __future__ import annotations

import gzip
import io
import lzma
import math
import os
import struct
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from ._unpickle import UnsafePickle, load_arrays

LARGEST = 1 << 32  # bytes; a header that claims more is taken for damage
CIFAR_IMAGE = (3, 32, 32)
CIFAR_BATCH = 10_000
IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def _open(path: Path) -> IO[bytes]:
    try:
        if path.name.endswith(".gz"):
            return gzip.open(path, "rb")  # type: ignore[return-value]
        if path.name.endswith(".xz"):
            return lzma.open(path, "rb")
        return open(path, "rb")
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None


def _read(path: Path, file: IO[bytes], count: int, what: str) -> bytes:
    """Exactly `count` bytes, however they are compressed."""
    parts, left = [], count
    try:
        while left:
            part = file.read(min(left, 1 << 24))
            if not part:
                break
            parts.append(part)
            left -= len(part)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise ValueError(f"{path}: {what}: damaged file ({error})") from None
    if left:
        raise ValueError(f"{path}: {what}: expected {count} bytes, got {count - left}")
    return b"".join(parts)


def _end(path: Path, file: IO[bytes], what: str) -> None:
    """Nothing may follow; reading on also makes gzip and xz verify their checksums."""
    try:
        if file.read(1):
            raise ValueError(f"{path}: {what}: expected the file to end here, but it goes on")
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise ValueError(f"{path}: {what}: damaged file ({error})") from None


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """The array in an idx file (`.gz` or plain), as MNIST comes in."""
    path = Path(path)
    with _open(path) as file:
        zero, kind, rank = struct.unpack(">HBB", _read(path, file, 4, "idx header"))
        if zero or kind not in IDX_TYPES or not 1 <= rank <= 8:
            raise ValueError(
                f"{path}: expected an idx file (two zero bytes, a type in {sorted(IDX_TYPES)}, a "
                f"rank of 1-8), got {zero}, type {kind}, rank {rank}"
            )
        shape = struct.unpack(f">{rank}I", _read(path, file, 4 * rank, "idx header"))
        dtype = np.dtype(IDX_TYPES[kind])
        size = math.prod(shape) * dtype.itemsize
        if size > LARGEST:
            raise ValueError(f"{path}: idx header claims shape {shape}: {size} bytes, too many")
        data = _read(path, file, size, f"idx data of shape {shape}")
        _end(path, file, f"idx data of shape {shape}")
    array = np.frombuffer(data, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def read_cifar10(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """One CIFAR-10 batch: images (10000, 3, 32, 32) and labels (10000,), uint8.

    The name tells the form: `.bin` (the binary version), `.delta.xz` (its lossless compression),
    otherwise a python batch, read without executing any pickle.
    """
    path = Path(path)
    if path.name.endswith(".delta.xz"):
        images, labels = _read_cifar_delta(path)
    elif path.name.endswith(".bin"):
        images, labels = _read_cifar_binary(path)
    else:
        images, labels = _read_cifar_python(path)
    if labels.max() > 9:
        raise ValueError(f"{path}: expected labels 0-9, got {labels.max()}")
    return images, labels


def _read_cifar_binary(path: Path) -> tuple[np.ndarray, np.ndarray]:
    row = 1 + math.prod(CIFAR_IMAGE)
    with _open(path) as file:
        data = _read(path, file, CIFAR_BATCH * row, "CIFAR-10 binary batch")
        _end(path, file, "CIFAR-10 binary batch")
    rows = np.frombuffer(data, np.uint8).reshape(CIFAR_BATCH, row)
    return rows[:, 1:].reshape(-1, *CIFAR_IMAGE), rows[:, 0].copy()


def _read_cifar_delta(path: Path) -> tuple[np.ndarray, np.ndarray]:
    pixels = math.prod(CIFAR_IMAGE)
    with _open(path) as file:
        labels = _read(path, file, CIFAR_BATCH, "CIFAR-10 delta batch, labels")
        data = _read(path, file, CIFAR_BATCH * pixels, "CIFAR-10 delta batch, pixels")
        _end(path, file, "CIFAR-10 delta batch")
    images = np.frombuffer(data, np.uint8).reshape(-1, *CIFAR_IMAGE)
    images = np.cumsum(images, 2, dtype=np.uint8)  # sums wrap modulo 256
    np.cumsum(images, 3, dtype=np.uint8, out=images)
    images[:, 0] += images[:, 1]  # red and blue are stored as differences from green
    images[:, 2] += images[:, 1]
    return images, np.frombuffer(labels, np.uint8).copy()


def _read_cifar_python(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with _open(path) as file:
        content = file.read(1 << 27)
    try:
        batch = load_arrays(content)
    except UnsafePickle as error:
        raise ValueError(f"{path}: refused: {error}") from None
    except Exception as error:  # a damaged pickle can fail in any way
        raise ValueError(
            f"{path}: expected a CIFAR-10 python batch, got a damaged file "
            f"({type(error).__name__}: {error})"
        ) from None
    if not isinstance(batch, dict):
        raise ValueError(f"{path}: expected a dictionary, got {type(batch).__name__}")
    named = {k.decode("latin1") if isinstance(k, bytes) else k: v for k, v in batch.items()}
    data, labels = named.get("data"), named.get("labels")
    count = len(labels) if isinstance(labels, list) else 0
    shape = (count, math.prod(CIFAR_IMAGE))
    if not count or not isinstance(data, np.ndarray) or data.shape != shape:
        got = data.shape if isinstance(data, np.ndarray) else type(data).__name__
        raise ValueError(
            f"{path}: expected 'labels' (a list) and 'data' of shape (len(labels), {shape[1]}), "
            f"got {count} labels and data {got}"
        )
    if count != CIFAR_BATCH or any(type(v) is not int or not 0 <= v <= 9 for v in labels):
        raise ValueError(
            f"{path}: expected {CIFAR_BATCH} labels, all ints 0-9, got {count} labels from "
            f"{min(labels, key=str)!r} to {max(labels, key=str)!r}"
        )
    return data.reshape(-1, *CIFAR_IMAGE), np.array(labels, np.uint8)


def read_digits(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """The UCI digits in csv (`.gz` or plain): images (N, 8, 8) with values 0-16 and labels."""
    path = Path(path)
    with _open(path) as file:
        try:
            text = file.read(1 << 24).decode("ascii")
            if not text.strip():
                raise ValueError("the file is empty")
            rows = np.loadtxt(io.StringIO(text), delimiter=",", dtype=np.uint8, ndmin=2)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise ValueError(f"{path}: expected a csv of digits ({error})") from None
    if rows.shape[1] != 65 or not len(rows) or rows[:, :64].max() > 16 or rows[:, 64].max() > 9:
        raise ValueError(
            f"{path}: expected rows of 64 pixels 0-16 and a label 0-9, got {rows.shape[1]} columns"
        )
    return rows[:, :64].reshape(-1, 8, 8), rows[:, 64].copy()
