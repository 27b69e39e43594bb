"""The pictures: readable files, right number of panels, no window system touched."""

import sys

import numpy as np
import pytest
from convcore import models, plots

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("matplotlib")
RNG = np.random.default_rng(0)


def size(path):
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return picture.size


@pytest.mark.parametrize("shape", [(16, 1, 3, 3), (13, 3, 5, 5), (40, 2, 3, 3), (1, 1, 1, 1)])
def test_filters(tmp_path, shape):
    plots.filters(RNG.normal(size=shape), tmp_path / "f.png")
    width, height = size(tmp_path / "f.png")
    assert width >= 300 and height >= 100


def test_filters_in_colour(tmp_path):
    weight = np.zeros((1, 3, 4, 4))
    weight[0, 0] = 1
    plots.filters(weight, tmp_path / "f.png")
    with Image.open(tmp_path / "f.png") as picture:
        colours = {c for _, c in picture.convert("RGB").getcolors(10_000)}
    assert any(r > 250 and abs(g - 128) < 3 and abs(b - 128) < 3 for r, g, b in colours)


def test_filters_of_another_rank(tmp_path):
    with pytest.raises(
        ValueError, match=r"expected shape \(out, in, height, width\), got \(3, 3\)"
    ):
        plots.filters(np.zeros((3, 3)), tmp_path / "f.png")
    assert not (tmp_path / "f.png").exists()


def test_learning_curves(tmp_path):
    history = {"epoch": [1, 2], "train_loss": [2.0, 1.0], "val_loss": [None, 1.5]}
    plots.learning_curves(history, tmp_path / "a.png")
    full = {**history, "train_accuracy": [0.5, 0.7], "lr": [0.1, 0.01]}
    plots.learning_curves(full, tmp_path / "b.png", "title")
    assert size(tmp_path / "b.png")[0] > 2.5 * size(tmp_path / "a.png")[0]
    assert "matplotlib.pyplot" not in sys.modules


def test_first_convolution():
    assert tuple(plots.first_convolution(models.build("lenet5")).shape) == (6, 1, 5, 5)


def test_without_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r'pip install "convcore\[cli\]"'):
        plots.filters(np.zeros((1, 1, 3, 3)), tmp_path / "f.png")
