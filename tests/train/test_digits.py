"""What the README promises: the digits to 98.5 % and more, over five seeds."""

import time

import numpy as np


def test_five_seeds(tmp_path):
    from convcore.cli.run import configure, train
    from convcore.train import Callback

    accuracies, seconds = [], []
    for seed in range(5):
        config, parts = configure("digits", None, {"seed": seed})
        folder = tmp_path / str(seed)
        folder.mkdir()
        start = time.perf_counter()
        accuracies.append(train(config, parts, folder, Callback()))
        seconds.append(time.perf_counter() - start)
    print(f"accuracies {accuracies}, seconds {seconds}")
    assert np.mean(accuracies) >= 0.985
