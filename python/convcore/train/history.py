"""The record of a training run."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from convcore._files import write_atomically


class History(Mapping[str, list[float]]):
    """Columns of numbers by name, one value per epoch: `history["val_accuracy"][-1]`.

    >>> history = History()
    >>> history.append({"epoch": 1, "train_loss": 0.5})
    >>> history["train_loss"]
    [0.5]
    """

    def __init__(self, columns: Mapping[str, list[Any]] | None = None) -> None:
        self._columns = {name: list(values) for name, values in (columns or {}).items()}

    def __getitem__(self, name: str) -> list[Any]:
        try:
            return self._columns[name]
        except KeyError:
            raise KeyError(f"history: no column {name!r}, there are {list(self)}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return f"History({self.epochs} epochs: {', '.join(self)})"

    @property
    def epochs(self) -> int:
        """How many epochs are recorded."""
        return max((len(values) for values in self._columns.values()), default=0)

    def append(self, row: Mapping[str, Any]) -> None:
        """Add one epoch; a column not seen before is filled with None for the epochs before."""
        count = self.epochs
        for name in row:
            self._columns.setdefault(name, [None] * count)
        for name, values in self._columns.items():
            values.append(row.get(name))

    def row(self, index: int) -> dict[str, Any]:
        """One epoch's values."""
        return {name: values[index] for name, values in self._columns.items()}

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a table: a header line, then one line per epoch."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self._columns)
        writer.writerows(list(self.row(i).values()) for i in range(self.epochs))
        write_atomically(path, text.getvalue().encode(), durable=False)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the columns as one JSON object of lists."""
        text = json.dumps(self._columns, indent=1) + "\n"
        write_atomically(path, text.encode(), durable=False)

    @classmethod
    def from_json(cls, path: str | os.PathLike[str]) -> History:
        """Read what `to_json` wrote; ValueError names a file that is something else."""
        with open(path, encoding="utf-8") as file:
            try:
                columns = json.load(file)
            except ValueError as error:
                raise ValueError(f"{path}: expected JSON ({error})") from None
        if not isinstance(columns, dict) or any(not isinstance(v, list) for v in columns.values()):
            raise ValueError(f"{path}: expected an object of lists")
        return cls(columns)
