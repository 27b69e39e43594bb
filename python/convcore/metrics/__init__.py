"""How good an output is: functions of (input, target), and classes that gather many batches first.

Both take tensors or arrays. A class is filled by `update(input, target)`, read by `compute()` and
emptied by `reset()`; the function of the same name is one such round. Single results are floats.
"""

from .base import Mean, Metric
from .classification import (
    Accuracy,
    ConfusionMatrix,
    F1Score,
    MeanIoU,
    Precision,
    Recall,
    accuracy,
    confusion_matrix,
    f1_score,
    mean_iou,
    precision,
    recall,
    topk_accuracy,
    topk_error,
)
from .ranking import average_precision, roc_auc
from .regression import (
    PSNR,
    MeanAbsoluteError,
    MeanSquaredError,
    R2Score,
    mean_absolute_error,
    mean_squared_error,
    psnr,
    r2_score,
)

__all__ = [
    "Accuracy",
    "ConfusionMatrix",
    "F1Score",
    "Mean",
    "MeanAbsoluteError",
    "MeanIoU",
    "MeanSquaredError",
    "Metric",
    "PSNR",
    "Precision",
    "R2Score",
    "Recall",
    "accuracy",
    "average_precision",
    "confusion_matrix",
    "f1_score",
    "mean_absolute_error",
    "mean_iou",
    "mean_squared_error",
    "precision",
    "psnr",
    "r2_score",
    "recall",
    "roc_auc",
    "topk_accuracy",
    "topk_error",
]
