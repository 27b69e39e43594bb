"""Datasets and the loader: order, batches, threads, resume."""

import collections
import threading

import convcore as cc
import numpy as np
import pytest
from convcore import data
from convcore.data import transforms


def rows(batches):
    return [np.asarray(batch[0]).tolist() for batch in batches]


def numbers(count=10):
    return data.TensorDataset(np.arange(count))


class Slow(data.Dataset):
    """No gather: samples one by one."""

    def __init__(self, count=10):
        self.count = count
        self.threads = set()

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.threads.add(threading.current_thread().name)
        return index, float(index), {"name": str(index)}


def test_in_order_by_default():
    loader = data.DataLoader(numbers(), 4)
    assert len(loader) == 3
    assert rows(loader) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert rows(data.DataLoader(numbers(), 4, drop_last=True)) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_shuffles_by_seed_and_epoch():
    first, second = (data.DataLoader(numbers(100), 7, shuffle=True, generator=3) for _ in range(2))
    epochs = [rows(first) for _ in range(3)]
    assert epochs == [rows(second) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2]
    assert sorted(sum(epochs[2], [])) == list(range(100))
    assert epochs[0] != rows(data.DataLoader(numbers(100), 7, shuffle=True, generator=4))
    second.set_epoch(1)
    assert rows(second) == epochs[1]


def test_manual_seed_governs_the_order():
    orders = []
    for seed in (1, 1, 2):
        cc.manual_seed(seed)
        orders.append(rows(data.DataLoader(numbers(50), 50, shuffle=True)))
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop", [0, 1, 3, 5])
def test_resumes_in_the_middle_of_an_epoch(workers, stop):
    def make():
        return data.DataLoader(numbers(23), 5, shuffle=True, generator=9, num_workers=workers)

    whole = make()
    expected = rows(whole) + rows(whole)
    half = make()
    seen = []
    for batch in half:
        if stop == 0:
            break
        seen += rows([batch])
        if len(seen) == stop:
            break
    state = half.state_dict() if stop else make().state_dict()
    other = make()
    other.load_state_dict(state)
    assert other.state_dict() == state
    rest = rows(other)
    if len(rest) < 5:
        rest += rows(other)
    assert seen + rest == expected[: len(seen + rest)]


def test_state_after_a_whole_epoch():
    loader = data.DataLoader(numbers(), 4, shuffle=True, generator=1)
    rows(loader)
    assert loader.state_dict() == {"seed": 1, "epoch": 1, "batch": 0}
    with pytest.raises(ValueError, match="missing \\['batch', 'epoch'\\]"):
        loader.load_state_dict({"seed": 1})


def test_an_abandoned_epoch_is_over():
    loader = data.DataLoader(numbers(30), 3, shuffle=True, generator=1)
    expected = [rows(loader), rows(loader)]
    again = data.DataLoader(numbers(30), 3, shuffle=True, generator=1)
    next(iter(again))
    assert rows(again) == expected[1]


@pytest.mark.parametrize("workers", [1, 3])
def test_threads_change_nothing(workers):
    augment = transforms.Compose([transforms.RandomShift(2), transforms.ToTensor()])
    images = np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8)).astype(np.uint8)
    dataset = data.ImageArrays(images, np.arange(40), augment)
    plain, threaded = (
        data.DataLoader(dataset, 6, shuffle=True, generator=5, num_workers=n) for n in (0, workers)
    )
    for _ in range(2):
        for (x, y), (u, v) in zip(plain, threaded, strict=True):
            np.testing.assert_array_equal(np.asarray(x), np.asarray(u))
            np.testing.assert_array_equal(np.asarray(y), np.asarray(v))


def test_threads_end_with_the_iteration():
    dataset = Slow(100)
    for batch in data.DataLoader(dataset, 5, num_workers=2):
        assert batch[0].shape[0] == 5
        break
    assert all("convcore-loader" in name for name in dataset.threads)
    del batch
    import gc

    gc.collect()
    assert not [t for t in threading.enumerate() if "convcore-loader" in t.name]


def test_errors_in_a_thread_arrive():
    class Broken(Slow):
        def __getitem__(self, index):
            raise KeyError("sample is broken")

    with pytest.raises(KeyError, match="sample is broken"):
        list(data.DataLoader(Broken(), 2, num_workers=2))


def test_samplers():
    assert rows(data.DataLoader(numbers(), 2, sampler=[4, 2, 9])) == [[4, 2], [9]]
    assert len(data.DataLoader(numbers(), 2, sampler=[4, 2, 9])) == 2
    loader = data.DataLoader(numbers(), batch_sampler=[[1], [2, 3]])
    assert rows(loader) == [[1], [2, 3]] and len(loader) == 2
    assert [int(b[0]) for b in data.DataLoader(numbers(3), batch_size=None)] == [0, 1, 2]


def test_collate_keeps_containers():
    batch = next(iter(data.DataLoader(Slow(), 3)))
    index, value, names = batch
    assert index.tolist() == [0, 1, 2] and index.dtype == cc.int64
    assert value.dtype == cc.float64
    assert names == {"name": ["0", "1", "2"]}
    Point = collections.namedtuple("Point", "x y")
    joined = data.default_collate([Point(1, np.zeros(2, np.float32)), Point(2, np.ones(2, "f4"))])
    assert isinstance(joined, Point) and joined.y.tolist() == [[0, 0], [1, 1]]
    assert joined.y.dtype == cc.float32
    stacked = data.default_collate([cc.zeros(2), cc.ones(2)])
    assert stacked.tolist() == [[0, 0], [1, 1]]
    assert data.default_collate([True, False]).dtype == cc.bool


def test_collate_fn_sees_samples():
    loader = data.DataLoader(numbers(), 5, collate_fn=lambda samples: len(samples))
    assert list(loader) == [5, 5]


def test_subset_and_concat_gather_as_they_index():
    both = data.ConcatDataset([numbers(4), data.Subset(numbers(10), [7, 5, 9])])
    assert [int(both[i][0]) for i in range(7)] == [0, 1, 2, 3, 7, 5, 9]
    assert int(both[-1][0]) == 9 and int((numbers(2) + numbers(3))[4][0]) == 2
    loader = data.DataLoader(both, 7, shuffle=True, generator=2)
    order = rows(loader)[0]
    assert sorted(order) == [0, 1, 2, 3, 5, 7, 9]
    with pytest.raises(IndexError, match="index 7 is outside a dataset of 7"):
        both[7]


def test_random_split():
    parts = data.random_split(numbers(10), [6, 4], generator=1)
    assert [len(p) for p in parts] == [6, 4]
    assert sorted(i for p in parts for i in p.indices) == list(range(10))
    assert parts[0].indices == data.random_split(numbers(10), [6, 4], generator=1)[0].indices
    assert [len(p) for p in data.random_split(numbers(10), [0.5, 0.25, 0.25], 0)] == [6, 2, 2]
    with pytest.raises(ValueError, match="sum 10.*sum 9"):
        data.random_split(numbers(10), [6, 3])
    with pytest.raises(ValueError, match="fractions"):
        data.random_split(numbers(10), [0.6, 0.3])


def test_tensors_of_a_batch_are_its_own():
    source = np.zeros((4, 2), np.float32)
    dataset = data.TensorDataset(source)
    batch = next(iter(data.DataLoader(dataset, 4)))[0]
    batch += 1
    assert source.sum() == 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size: expected an int >= 1, got 0"),
        ({"batch_size": 2.5}, ValueError, "batch_size: expected an int >= 1, got 2.5"),
        ({"num_workers": -1}, ValueError, "num_workers: expected an int >= 0, got -1"),
        ({"shuffle": True, "sampler": [1]}, ValueError, "sampler excludes shuffle"),
        ({"batch_sampler": [[1]], "shuffle": True}, ValueError, "batch_sampler excludes"),
        ({"batch_size": None, "drop_last": True}, ValueError, "excludes drop_last"),
        ({"dataset": 3}, TypeError, "dataset: expected an object with __len__"),
        ({"generator": "x", "shuffle": True}, TypeError, "generator: expected an int"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        list(data.DataLoader(**{"dataset": numbers(), **arguments}))


def test_bad_datasets():
    with pytest.raises(ValueError, match=r"equal first dimension, got shapes \(3,\), \(4,\)"):
        data.TensorDataset(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="at least one tensor"):
        data.TensorDataset()
    with pytest.raises(ValueError, match="at least one dataset"):
        data.ConcatDataset([])
    with pytest.raises(ValueError, match=r"data: expected shape \(N, C, H, W\), got \(3, 3\)"):
        data.ImageArrays(np.zeros((3, 3)), np.zeros(3))
    with pytest.raises(ValueError, match=r"targets: expected shape \(3,\)"):
        data.ImageArrays(np.zeros((3, 1, 2, 2), np.uint8), np.zeros(2))
    with pytest.raises(ValueError, match=r"expected samples of one shape, got \[\(1,\), \(2,\)\]"):
        data.default_collate([np.zeros(1), np.zeros(2)])
    with pytest.raises(TypeError, match="got object"):
        data.default_collate([object()])


def test_pytorch_path():
    from convcore.utils.data import DataLoader

    assert DataLoader is data.DataLoader


def test_numbers_of_several_kinds_are_not_cut_to_the_first():
    assert data.default_collate([1, 2.5]).tolist() == [1, 2.5]
    assert data.default_collate([True, 2]).tolist() == [1, 2]
