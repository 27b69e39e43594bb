"""The files that datasets come in: whole, truncated, damaged, malicious."""

import gzip
import lzma
import pickle
import struct
import zlib

import numpy as np
import pytest
from convcore import data
from convcore.data.formats import read_cifar10, read_digits, read_idx

RNG = np.random.default_rng(0)


def idx(array, kind=8):
    header = struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape)
    return header + array.tobytes()


@pytest.fixture(scope="module")
def cifar():
    images = np.tile(RNG.integers(0, 256, (100, 3, 32, 32)).astype(np.uint8), (100, 1, 1, 1))
    labels = (np.arange(10_000) % 10).astype(np.uint8)
    return images, labels


def delta(images, labels):
    planes = images.copy()
    planes[:, 0] -= images[:, 1]
    planes[:, 2] -= images[:, 1]
    down = np.diff(planes, axis=2, prepend=np.zeros_like(planes[:, :, :1]))
    across = np.diff(down, axis=3, prepend=np.zeros_like(planes[:, :, :, :1]))
    return lzma.compress(labels.tobytes() + across.tobytes(), preset=0)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(("kind", "dtype"), [(8, "u1"), (9, "i1"), (12, ">i4"), (13, ">f4")])
def test_idx_gives_the_array(tmp_path, suffix, kind, dtype):
    array = RNG.integers(0, 100, (3, 4, 5)).astype(dtype)
    file = tmp_path / f"a-idx3-ubyte{suffix}"
    file.write_bytes(gzip.compress(idx(array, kind)) if suffix else idx(array, kind))
    read = read_idx(file)
    assert read.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("cut", [0, 3, 9, 17, 60])
def test_truncated_idx_is_refused(tmp_path, suffix, cut):
    content = idx(np.zeros((3, 4, 5), np.uint8))
    file = tmp_path / f"images{suffix}"
    file.write_bytes(gzip.compress(content[:cut]) if suffix else content[:cut])
    with pytest.raises(ValueError, match=r"images.*expected \d+ bytes, got \d+"):
        read_idx(file)


def test_damaged_idx_is_refused(tmp_path):
    content = idx(np.arange(60, dtype=np.uint8).reshape(3, 4, 5))
    packed = bytearray(gzip.compress(content))
    cases = {
        "cut.gz": bytes(packed[:-9]),
        "checksum.gz": bytes(packed[:-8]) + b"\0\0\0\0" + bytes(packed[-4:]),
        "plain.gz": content,
        "long": content + b"x",
        "magic": b"\1" + content[1:],
        "type": content[:2] + b"\x20" + content[3:],
        "huge": content[:4] + b"\xff" * 12 + content[16:],
    }
    for name, bytes_ in cases.items():
        file = tmp_path / name
        file.write_bytes(bytes_)
        with pytest.raises(ValueError, match=name):
            read_idx(file)
    with pytest.raises(FileNotFoundError, match=r"nothing\.gz: no such file"):
        read_idx(tmp_path / "nothing.gz")


def write_mnist(folder, count=6, labels=None, suffix=""):
    images = RNG.integers(0, 256, (count, 28, 28)).astype(np.uint8)
    labels = np.arange(count, dtype=np.uint8) % 10 if labels is None else labels
    for part in ("train", "t10k"):
        for name, array in ((f"{part}-images-idx3-ubyte", images),
                            (f"{part}-labels-idx1-ubyte", labels)):  # fmt: skip
            content = gzip.compress(idx(array)) if suffix else idx(array)
            (folder / f"{name}{suffix}").write_bytes(content)
    return images


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("where", [".", "mnist", "MNIST/raw"])
def test_mnist_is_found(tmp_path, suffix, where):
    (tmp_path / where).mkdir(parents=True, exist_ok=True)
    images = write_mnist(tmp_path / where, suffix=suffix)
    train = data.MNIST(tmp_path)
    np.testing.assert_array_equal(train.data[:, 0], images)
    image, label = train[-1]
    assert tuple(image.shape) == (1, 28, 28) and label == 5
    np.testing.assert_allclose(np.asarray(image), images[-1:] / 255, rtol=1e-6)
    with pytest.raises(IndexError, match="MNIST: index 6 is outside a dataset of 6"):
        train[6]


def test_mnist_errors_name_the_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"away: no such folder.*train-images-idx3-ubyte"):
        data.MNIST(tmp_path / "away")
    with pytest.raises(FileNotFoundError, match=r"train-images-idx3-ubyte\.gz"):
        data.MNIST(tmp_path)
    write_mnist(tmp_path, labels=np.zeros(5, np.uint8))
    with pytest.raises(ValueError, match=r"train-labels.*\(6,\).*\(5,\)"):
        data.MNIST(tmp_path)
    write_mnist(tmp_path, labels=np.full(6, 11, np.uint8))
    with pytest.raises(ValueError, match="train-labels.*labels 0-9, got 11"):
        data.MNIST(tmp_path)
    write_mnist(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((6, 8, 8), np.uint8)))
    with pytest.raises(ValueError, match=r"train-images.*\(N, 28, 28\), got uint8 \(6, 8, 8\)"):
        data.MNIST(tmp_path)


def test_cifar_forms_agree(tmp_path, cifar):
    images, labels = cifar
    rows = np.concatenate([labels[:, None], images.reshape(10_000, -1)], 1)
    (tmp_path / "a.bin").write_bytes(rows.tobytes())
    (tmp_path / "a.delta.xz").write_bytes(delta(images, labels))
    batch = {b"data": images.reshape(10_000, -1), b"labels": labels.tolist(), b"batch_label": b"x"}
    for protocol in (0, 2, 4):
        (tmp_path / f"a{protocol}").write_bytes(pickle.dumps(batch, protocol=protocol))
    for name in ("a.bin", "a.delta.xz", "a0", "a2", "a4"):
        x, y = read_cifar10(tmp_path / name)
        assert x.dtype == y.dtype == np.uint8
        np.testing.assert_array_equal(x, images, err_msg=name)
        np.testing.assert_array_equal(y, labels, err_msg=name)


def test_original_python_batch(tmp_path, cifar):
    """The pickle that Python 2 wrote: strings where there are bytes now, old module names."""
    images, labels = cifar
    pixels = images.tobytes()
    text = lambda s: b"U" + bytes([len(s)]) + s  # noqa: E731  SHORT_BINSTRING
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + text(b"b") + b"tR"
        b"(K\x01(M\x10'M\x00\x0ctcnumpy\ndtype\n(" + text(b"u1") + b"K\x00K\x01tR"
        b"(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        b"T" + struct.pack("<i", len(pixels)) + pixels + b"tb"
    )
    listed = b"](" + b"".join(b"K" + bytes([v]) for v in labels) + b"e"
    content = (
        b"\x80\x02}(" + text(b"batch_label") + text(b"training batch 1 of 5")
        + text(b"labels") + listed + text(b"data") + array + b"u."
    )  # fmt: skip
    file = tmp_path / "data_batch_1"
    file.write_bytes(content)
    x, y = read_cifar10(file)
    np.testing.assert_array_equal(x, images)
    np.testing.assert_array_equal(y, labels)


class Evil:
    def __init__(self, call, *arguments):
        self.state = call, arguments

    def __reduce__(self):
        return self.state


def test_malicious_pickles_are_refused(tmp_path):
    import os
    import subprocess

    marker = tmp_path / "owned"
    attacks = [
        Evil(os.system, f"touch {marker}"),
        Evil(eval, f"open({str(marker)!r}, 'w')"),
        Evil(subprocess.call, ["touch", str(marker)]),
        {b"data": Evil(getattr, {}, "clear"), b"labels": []},
        {b"data": np.array([Evil(os.system, f"touch {marker}")], dtype=object), b"labels": [1]},
        {b"data": np.zeros(3, [("a", "u1")]), b"labels": [1]},
    ]
    for number, attack in enumerate(attacks):
        for protocol in range(6):
            file = tmp_path / f"data_batch_{number}_{protocol}"
            file.write_bytes(pickle.dumps(attack, protocol=protocol))
            with pytest.raises(ValueError, match=f"{file.name}: refused: the pickle"):
                read_cifar10(file)
    assert not marker.exists()


def test_damaged_cifar_is_refused(tmp_path, cifar):
    images, labels = cifar
    rows = np.concatenate([labels[:, None], images.reshape(10_000, -1)], 1)
    packed = delta(images, labels)
    python = pickle.dumps({b"data": images.reshape(10_000, -1), b"labels": labels.tolist()})
    few = pickle.dumps({b"data": images[:5].reshape(5, -1), b"labels": [1, 2, 3, 4, 5]})
    wide = pickle.dumps({b"data": images.reshape(10_000, -1), b"labels": [10] * 10_000})
    rows_bad = rows.copy()
    rows_bad[7, 0] = 10
    cases = {
        "cut.bin": (rows.tobytes()[:-1], "expected 30730000 bytes, got 30729999"),
        "long.bin": (rows.tobytes() + b"x", "expected the file to end here"),
        "label.bin": (rows_bad.tobytes(), "labels 0-9, got 10"),
        "cut.delta.xz": (packed[: len(packed) // 2], "damaged|expected"),
        "not.delta.xz": (b"hello", "damaged"),
        "empty": (b"", "damaged"),
        "cut": (python[:100_000], "damaged"),
        "list": (pickle.dumps([1, 2]), "expected a dictionary, got list"),
        "nothing": (pickle.dumps({}), "'labels'"),
        "few": (few, "expected 10000 labels"),
        "wide": (wide, "ints 0-9"),
    }
    for name, (content, message) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}: .*({message})"):
            read_cifar10(tmp_path / name)


def test_cifar10_dataset(tmp_path, cifar):
    images, labels = cifar
    rows = np.concatenate([labels[:, None], images.reshape(10_000, -1)], 1)
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    (folder / "test_batch.bin").write_bytes(rows.tobytes())
    test = data.CIFAR10(tmp_path, train=False)
    assert len(test) == 10_000 and test.classes[9] == "truck"
    with pytest.raises(
        FileNotFoundError, match=r"data_batch_1\.bin, data_batch_1, data_batch_1\.d"
    ):
        data.CIFAR10(tmp_path)


def test_digits_split_is_fixed():
    train, test = data.Digits(True), data.Digits(False)
    assert (len(train), len(test)) == (1438, 359)
    assert train.data.dtype == np.uint8 and train.data.shape == (1438, 1, 8, 8)
    assert np.bincount(test.targets).tolist() == [36, 36, 35, 37, 36, 36, 36, 36, 35, 36]
    assert np.unique(train.data).tolist() == [(v * 255 + 8) // 16 for v in range(17)]
    # The held-out samples must never change.
    assert zlib.crc32(test.data.tobytes() + test.targets.astype("u1").tobytes()) == 4100400797


def test_damaged_digits(tmp_path):
    for name, content in {
        "columns": b"1,2,3\n",
        "text": b"a,b\n",
        "pixels": b"17," + b"0," * 63 + b"1\n",
        "empty": b"",
    }.items():
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(ValueError, match=name):
            read_digits(file)
