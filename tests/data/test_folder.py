"""Images in folders."""

import numpy as np
import pytest
from convcore import data
from convcore.data.folder import load_image

Image = pytest.importorskip("PIL.Image")


@pytest.fixture
def photos(tmp_path):
    for label, name in enumerate(["cat", "dog"]):
        (tmp_path / name / "more").mkdir(parents=True)
        for i, place in enumerate([".", "more"]):
            pixels = np.full((6, 5, 3), 40 * label + i, np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / place / f"{i}.png")
    (tmp_path / "dog" / "notes.txt").write_text("not an image")
    return tmp_path


def test_image_folder(photos):
    dataset = data.ImageFolder(photos)
    assert dataset.classes == ["cat", "dog"] and dataset.targets == [0, 0, 1, 1]
    image, label = dataset[3]
    assert tuple(image.shape) == (3, 6, 5) and label == 1
    assert np.asarray(image)[0, 0, 0] == pytest.approx(41 / 255)
    images, labels = next(iter(data.DataLoader(dataset, 4, num_workers=2)))
    assert tuple(images.shape) == (4, 3, 6, 5) and labels.tolist() == [0, 0, 1, 1]
    Image.fromarray(np.full((2, 2), 0x8080, np.uint16)).save(photos / "deep.png")
    assert load_image(photos / "deep.png", "L").tolist() == [[[128, 128], [128, 128]]]
    grey = data.ImageFolder(photos, mode="L", size=4)
    assert tuple(grey[0][0].shape) == (1, 4, 4)


def test_errors_name_the_file(photos, tmp_path):
    Image.new("RGB", (9, 9)).save(photos / "cat" / "odd.png")
    with pytest.raises(
        ValueError, match=r"odd\.png: .*\(3, 6, 5\).*\(3, 9, 9\); ImageFolder\(size"
    ):
        next(iter(data.DataLoader(data.ImageFolder(photos), 5)))
    broken = photos / "cat" / "broken.png"
    broken.write_bytes((photos / "cat" / "0.png").read_bytes()[:40])
    with pytest.raises(ValueError, match=r"broken\.png: expected an image file"):
        load_image(broken)
    with pytest.raises(FileNotFoundError, match=r"no\.png: no such file"):
        load_image(photos / "no.png")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        data.ImageFolder(photos / "nowhere")
    (photos / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="empty: expected images"):
        data.ImageFolder(photos)
    with pytest.raises(FileNotFoundError, match="one subfolder per class, found none"):
        data.ImageFolder(photos / "empty")
