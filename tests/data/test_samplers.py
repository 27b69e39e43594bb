"""Samplers, iterable datasets and the loader around them: PyTorch's names and meaning."""

from __future__ import annotations

import inspect
import threading

import convcore as cc
import numpy as np
import pytest
from convcore import data
from convcore.utils import data as door

COUNT = 20000


def test_sequential():
    sampler = data.SequentialSampler("abcd")
    assert list(sampler) == list(sampler) == [0, 1, 2, 3] and len(sampler) == 4
    before = cc.get_rng_state()
    list(sampler)
    assert cc.equal(cc.get_rng_state(), before), "it draws nothing"


def test_random_without_replacement():
    sampler = data.RandomSampler(range(50), generator=1)
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(50)) and first != second
    assert first == list(data.RandomSampler(range(50), generator=1))
    assert all(type(i) is int for i in first)
    few = data.RandomSampler(range(50), num_samples=7, generator=1)
    assert len(few) == len(set(few)) == 7
    many = list(data.RandomSampler(range(5), num_samples=13, generator=1))
    assert sorted(many[:5]) == sorted(many[5:10]) == list(range(5)) and len(many) == 13


def test_random_with_replacement():
    drawn = list(data.RandomSampler(range(4), True, COUNT, generator=2))
    assert np.abs(np.bincount(drawn) / COUNT - 0.25).max() < 0.02
    assert len(data.RandomSampler(range(4), True)) == 4


def test_the_librarys_seed_governs_samplers():
    orders = []
    for seed in (1, 1, 2):
        cc.manual_seed(seed)
        sampler = data.RandomSampler(range(30))
        orders.append([list(sampler), list(sampler)])
    assert orders[0] == orders[1] != orders[2] and orders[0][0] != orders[0][1]


def test_subset():
    sampler = data.SubsetRandomSampler([7, 3, 9], generator=cc.Generator().manual_seed(1))
    assert sorted(sampler) == [3, 7, 9] and len(sampler) == 3
    assert sorted(data.SubsetRandomSampler(cc.tensor([7, 3]))) == [3, 7]
    assert list(data.SubsetRandomSampler([])) == []


@pytest.mark.parametrize(
    "weights", [[1.0, 0.0, 3.0], cc.tensor([1.0, 0.0, 3.0]), np.array([2, 0, 6])]
)
def test_weighted(weights):
    drawn = list(data.WeightedRandomSampler(weights, COUNT, generator=3))
    assert np.abs(np.bincount(drawn, minlength=3) / COUNT - [0.25, 0, 0.75]).max() < 0.02
    once = data.WeightedRandomSampler(weights, 2, replacement=False, generator=3)
    assert all(sorted(once) == [0, 2] for _ in range(5))


def test_batches():
    batches = data.BatchSampler([3, 1, 2, 5, 4], 2, False)
    assert list(batches) == [[3, 1], [2, 5], [4]] and len(batches) == 3
    batches = data.BatchSampler(range(5), 2, True)
    assert list(batches) == [[0, 1], [2, 3]] and len(batches) == 2

    def endless():
        yield from iter(int, 1)

    assert next(iter(data.BatchSampler(endless(), 3, False))) == [0, 0, 0]


class Letters(data.Dataset):
    """Keys need not be numbers."""

    def __getitem__(self, key):
        return ord(key)


class ByName(data.Sampler[str]):
    def __iter__(self):
        return iter("cab")


def test_the_loader_takes_any_sampler():
    loader = data.DataLoader(Letters(), batch_size=2, sampler=ByName())
    assert [batch.tolist() for batch in loader] == [[99, 97], [98]]
    several = data.DataLoader(range(10), batch_sampler=data.BatchSampler(range(6), 4, True))
    assert [batch.tolist() for batch in several] == [[0, 1, 2, 3]] and len(several) == 1
    picked = data.DataLoader(range(10), 2, sampler=cc.tensor([4, 2]))
    assert next(iter(picked)).tolist() == [4, 2]


def test_an_overridden_pass_is_used():
    class Twice(data.RandomSampler):
        def __iter__(self):
            return iter([1, 1])

    assert next(iter(data.DataLoader(range(5), 2, sampler=Twice(range(5))))).tolist() == [1, 1]


@pytest.mark.parametrize("make", [
    lambda: {"sampler": data.RandomSampler(range(40), True)},
    lambda: {"sampler": data.WeightedRandomSampler(np.arange(40), 40, generator=3)},
    lambda: {"batch_sampler": data.BatchSampler(data.SubsetRandomSampler(range(40)), 6, False)},
], ids=["replacement", "weighted", "batches"])  # fmt: skip
def test_loaders_with_samplers_resume(make):
    def loader():
        options = make()
        if "sampler" in options:
            options["batch_size"] = 6
        return data.DataLoader(range(40), generator=9, **options)

    whole = loader()
    expected = [batch.tolist() for _ in range(3) for batch in whole]
    assert expected[:7] != expected[7:14]
    half, seen = loader(), []
    for _ in range(10):
        if not seen or len(seen) == 7:
            run = iter(half)
        seen.append(next(run).tolist())
    other = loader()
    other.load_state_dict(half.state_dict())
    seen += [batch.tolist() for _ in range(2) for batch in other]
    assert seen == expected[: len(seen)]


def test_the_loader_shows_its_samplers():
    loader = data.DataLoader(range(10), 4, shuffle=True, drop_last=True)
    assert isinstance(loader.sampler, data.RandomSampler) and len(loader.sampler) == 10
    assert isinstance(loader.batch_sampler, data.BatchSampler) and len(loader.batch_sampler) == 2
    assert isinstance(data.DataLoader(range(10)).sampler, data.SequentialSampler)
    assert data.DataLoader(range(10), None).batch_sampler is None


class Count(data.IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop
        self.seen = []

    def __iter__(self):
        for i in range(self.start, self.stop):
            self.seen.append((threading.current_thread().name, data.get_worker_info()))
            yield i


@pytest.mark.parametrize("workers", [0, 3])
def test_iterable_datasets(workers):
    def batches(*args, **kwargs):
        return [
            b.tolist() for b in data.DataLoader(Count(0, 7), *args, num_workers=workers, **kwargs)
        ]

    assert batches(3) == [[0, 1, 2], [3, 4, 5], [6]]
    assert batches(3, drop_last=True) == [[0, 1, 2], [3, 4, 5]]
    assert list(data.DataLoader(Count(0, 3), None, num_workers=workers)) == [0, 1, 2]
    assert list(data.DataLoader(Count(0, 5), 2, num_workers=workers, collate_fn=sum)) == [1, 5, 4]
    chained = Count(0, 2) + Count(5, 7)
    assert [b.tolist() for b in data.DataLoader(chained, 3, num_workers=workers)] == [
        [0, 1, 5],
        [6],
    ]
    assert not [t for t in threading.enumerate() if "convcore-loader" in t.name]


def test_iterable_datasets_resume():
    loader = data.DataLoader(Count(0, 7), 2)
    run = iter(loader)
    assert [next(run).tolist(), next(run).tolist()] == [[0, 1], [2, 3]]
    other = data.DataLoader(Count(0, 7), 2)
    other.load_state_dict(loader.state_dict())
    assert [b.tolist() for b in other] == [[4, 5], [6]]
    assert [b.tolist() for b in other][0] == [0, 1]


def test_length_of_iterable_datasets():
    class Sized(Count):
        def __len__(self):
            return self.stop - self.start

    assert len(data.DataLoader(Sized(0, 7), 2)) == 4
    assert len(data.DataLoader(Sized(0, 7) + Sized(0, 2), 2, drop_last=True)) == 4
    with pytest.raises(TypeError, match="has no len"):
        len(data.DataLoader(Count(0, 7), 2))


def test_one_thread_reads_and_knows_it():
    dataset = Count(0, 20)
    assert len(list(data.DataLoader(dataset, 2, num_workers=3))) == 10
    names, infos = zip(*dataset.seen, strict=True)
    assert len(set(names)) == 1 and "convcore-loader" in names[0]
    assert {(i.id, i.num_workers) for i in infos} == {(0, 1)} and infos[0].dataset is dataset
    assert data.get_worker_info() is None


def test_threads_begin_with_their_function():
    started = []

    class Asks(data.Dataset):
        def __len__(self):
            return 12

        def __getitem__(self, index):
            return data.get_worker_info().id

    loader = data.DataLoader(Asks(), 2, num_workers=2, worker_init_fn=started.append)
    ids = {int(i) for batch in loader for i in batch}
    assert ids <= {0, 1} and sorted(started) == list(range(len(started))) and 0 in ids

    def broken(number):
        raise OSError("no camera")

    with pytest.raises(OSError, match="no camera"):
        list(data.DataLoader(Asks(), num_workers=2, worker_init_fn=broken))


def test_samples_without_batches_are_converted():
    dataset = [{"x": np.ones(2), "y": 1, "z": (np.float32(2), "a")}]
    (sample,) = data.DataLoader(dataset, batch_size=None)
    assert isinstance(sample["x"], cc.Tensor) and sample["y"] == 1
    assert sample["z"][0].dtype == cc.float32 and sample["z"][1] == "a"


def test_datasets_that_give_several_at_once():
    class Several(data.Dataset):
        def __len__(self):
            return 5

        def __getitems__(self, indices):
            return [10 * i for i in indices]

    assert next(iter(data.DataLoader(Several(), 5))).tolist() == [0, 10, 20, 30, 40]


def test_stacks():
    both = data.StackDataset([1, 2, 3], "abc")
    assert both[1] == (2, "b") and len(both) == 3
    assert data.StackDataset(x=[1, 2], y=[3, 4])[0] == {"x": 1, "y": 3}
    with pytest.raises(ValueError, match=r"one length, got \[1, 2\]"):
        data.StackDataset([1], [1, 2])
    with pytest.raises(ValueError, match="either by position or by name"):
        data.StackDataset()


@pytest.mark.parametrize("call, error, message", [
    (lambda: data.RandomSampler([1], "yes"), TypeError, "replacement must be a bool"),
    (lambda: data.RandomSampler([1], num_samples=0), ValueError, "num_samples: expected an int >= 1, got 0"),
    (lambda: list(data.RandomSampler([], num_samples=2)), ValueError, "at least one sample"),
    (lambda: data.WeightedRandomSampler([[1.0]], 1), ValueError, r"weights.*shape \(1, 1\)"),
    (lambda: data.WeightedRandomSampler([-1.0], 1), ValueError, "numbers >= 0"),
    (lambda: data.WeightedRandomSampler([1.0, 0.0], 2, False), ValueError, "2 cannot be drawn from 1"),
    (lambda: data.WeightedRandomSampler([0.0], 2), ValueError, "cannot be drawn from 0"),
    (lambda: data.BatchSampler([1], 0, False), ValueError, "batch_size: expected an int >= 1"),
    (lambda: data.BatchSampler([1], 1, 1), TypeError, "drop_last must be a bool"),
    (lambda: data.DataLoader(Count(0, 1), shuffle=True), ValueError, "IterableDataset has its own order"),
    (lambda: data.DataLoader(iter([1])), TypeError, "list_iterator; subclass IterableDataset"),
    (lambda: data.ConcatDataset([Count(0, 1)]), TypeError, "use ChainDataset"),
    (lambda: list(data.Sampler()), NotImplementedError, "Sampler: define __iter__"),
    (lambda: iter(data.IterableDataset()), NotImplementedError, "define __iter__"),
])  # fmt: skip
def test_bad_calls(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_pytorch_names_its_files():
    from convcore.utils.data.dataloader import default_collate
    from convcore.utils.data.dataset import Subset
    from convcore.utils.data.sampler import SubsetRandomSampler

    assert SubsetRandomSampler is data.SubsetRandomSampler and Subset is data.Subset
    assert default_collate is door.default_collate
    assert {name: getattr(data, name) for name in door.__all__} == {
        name: getattr(door, name) for name in door.__all__
    }


def test_names_and_arguments_are_torchs():
    theirs = pytest.importorskip("torch").utils.data
    lacking = {"DFIterDataPipe", "DataChunk", "IterDataPipe", "MapDataPipe", "DistributedSampler", "_DatasetKind",
               "argument_validation", "functional_datapipe", "guaranteed_datapipes_determinism", "non_deterministic",
               "runtime_validation", "runtime_validation_disabled"}  # fmt: skip
    assert set(theirs.__all__) - set(door.__all__) == lacking
    for name in door.__all__:
        ours, other = (inspect.signature(getattr(lib, name)).parameters for lib in (door, theirs))
        if name in ("default_collate", "Sampler"):
            continue  # arguments that nobody gives
        assert [p for p in ours if p in other] == [p for p in other if p in ours], name
        assert set(other) <= set(ours) | {"kwargs", "args"}, name


def test_batches_are_torchs():
    torch = pytest.importorskip("torch")

    def run(lib):
        d = lib.utils.data
        samples = d.TensorDataset(lib.arange(10), lib.arange(10.0) * 2)
        logs = []
        for options in (
            {"batch_size": 3},
            {"batch_size": 4, "drop_last": True},
            {"batch_size": None},
            {"batch_size": 2, "sampler": [9, 1, 5]},
            {"batch_sampler": d.BatchSampler(d.SequentialSampler(range(5)), 2, False)},
            {"batch_size": 5, "collate_fn": len},
        ):
            loader = d.DataLoader(samples, **options)
            logs.append(len(loader))
            for batch in loader:
                logs.append(batch if isinstance(batch, int) else [part.tolist() for part in batch])
        parts = d.random_split(samples, [0.55, 0.25, 0.2], lib.Generator().manual_seed(1))
        return logs, [len(p) for p in parts]

    assert run(cc) == run(torch)
