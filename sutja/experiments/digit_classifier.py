"""A scikit-learn estimator that trains a network by a recipe, for images of any classes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from sutja.data.class_names import MAX_CLASSES, ClassNames
from sutja.data.dataset import Splits, batches
from sutja.data.digits import SIDE_PIXELS, Digits, Images
from sutja.errors import UsageError
from sutja.recipe import Recipe, parse_recipe
from sutja.training.digit_trainer import DigitTrainer

MIN_STEPS_PER_EPOCH = 20  # of few digits the batches are smaller than the recipe says
MIN_BATCH_SIZE = 4
MIN_STEPS = 200  # of few digits there are more epochs than the recipe says
INFERENCE_BATCH_SIZE = 200
PIXEL_COUNT = SIDE_PIXELS * SIDE_PIXELS


class DigitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A scikit-learn classifier of images in up to 100 classes, trained by one of the recipes.

    `recipe` is the name of a recipe for single digits, changed or not, as in `mlp:label_smoothing=0.1`. The other
    parameters replace fields of it where they are not `None`. With few images, batches become smaller and epochs more,
    unless `batch_size` or `epochs` is given: for 20 steps in an epoch and 200 in all. The same
    `random_state`, a whole number, gives the same network.

    X is `(N, 28, 28)` or `(N, features)` of any numbers. 784 features, or another square number of them, are the rows
    of an image, which is scaled to 28×28. Any other number below 784 fills the first pixels of the smallest square
    image; the rest of it is paper. `fit` decides which values are paper and ink: 0 and 255 of `uint8`, 0 and 1 if all
    values are within [0, 1], otherwise the least and the largest value.

    After `fit`, `classes_` holds the labels, `network_` the PyTorch network in double precision, and `loss_curve_` the
    training loss after each epoch. Errors in X and y are `ValueError` or `TypeError`, as scikit-learn has them; others
    are those of `sutja.errors`.
    """

    def __init__(
        self,
        recipe: str = "lenet5",
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        weight_decay: float | None = None,
        dropout: float | None = None,
        augmentation: str | None = None,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.recipe = recipe
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.augmentation = augmentation
        self.device = device
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Train on X with the labels y `(N,)` of any kind, from the beginning."""
        X, y = validate_data(self, _flat(X), y)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) > MAX_CLASSES:
            raise ValueError(f"y has {len(self.classes_)} classes: at most {MAX_CLASSES} are possible")
        self._pixels = _Pixels.of(X)
        class_names = ClassNames.numbered(len(self.classes_))
        digits = Digits(self._pixels.images(X), labels.astype(np.int64), class_names)
        trainer = DigitTrainer(self._recipe(len(digits)), Splits(digits, None, None), device=self.device)
        self.loss_curve_ = [record.train_loss for record in trainer.fit()]
        self.network_ = trainer.result().double()
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The probabilities of the classes, `(N, classes)`, in the order of `classes_`."""
        check_is_fitted(self)
        images = self._pixels.images(validate_data(self, _flat(X), reset=False))
        return np.concatenate([*_probabilities(self.network_, images)])

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable classes, `(N,)`."""
        most_probable = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[most_probable])

    def _recipe(self, count: int) -> Recipe:
        """The recipe for so many digits, with the parameters that are given."""
        names = ("epochs", "batch_size", "learning_rate", "weight_decay", "dropout", "augmentation")
        settings = {name: str(getattr(self, name)) for name in names if getattr(self, name) is not None}
        recipe = parse_recipe(self.recipe, settings | {"seed": str(self._seed()), "protocol": "final"})
        recipe.require_single_digits(self.recipe)
        if recipe.distillation:
            raise UsageError(f"{self.recipe}: learns from a teacher, which has MNIST's digits: add distillation=none")
        if not self._gives("batch_size"):
            fewer = max(MIN_BATCH_SIZE, count // MIN_STEPS_PER_EPOCH)
            recipe = dataclasses.replace(recipe, batch_size=min(recipe.batch_size, fewer))
        if not self._gives("epochs"):
            more = math.ceil(MIN_STEPS / math.ceil(count / recipe.batch_size))
            recipe = dataclasses.replace(recipe, epochs=max(recipe.epochs, more))
        return recipe

    def _gives(self, field: str) -> bool:
        """Whether a parameter or the word for the recipe sets a field."""
        return getattr(self, field) is not None or f"{field}=" in self.recipe

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31))

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks about it: images are also arrays of three dimensions."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


@dataclass(frozen=True)
class _Pixels:
    """How `count` features become an image: which values are paper and ink."""

    count: int
    paper: float
    ink: float

    @classmethod
    def of(cls, features: NDArray[Any]) -> _Pixels:
        """By the features `(N, count)` of a training set."""
        count = features.shape[1]
        if count > PIXEL_COUNT and math.isqrt(count) ** 2 != count:
            raise ValueError(f"{count} features are no square image, and more than {PIXEL_COUNT}")
        low, high = float(features.min()), float(features.max())
        if features.dtype == np.uint8:
            return cls(count, 0, 255)
        if low >= 0 and high <= 1:
            return cls(count, 0, 1)
        return cls(count, low, high if high > low else low + 1)

    def images(self, features: NDArray[Any]) -> Images:
        """The images `uint8 (N, 28, 28)` of features `(N, count)`; what is beyond paper or ink is paper or ink."""
        return np.concatenate([self._batch(features[part]) for part in batches(len(features), 1000)])

    def _batch(self, features: NDArray[Any]) -> Images:
        share = (features.astype(np.float64) - self.paper) / (self.ink - self.paper)
        levels = np.rint(255 * share.clip(0, 1)).astype(np.uint8)
        if self.count == PIXEL_COUNT:
            return np.asarray(levels.reshape(-1, SIDE_PIXELS, SIDE_PIXELS))
        side = math.isqrt(self.count - 1) + 1
        squares = np.pad(levels, ((0, 0), (0, side * side - self.count))).reshape(-1, side, side)
        how = cv2.INTER_AREA if side > SIDE_PIXELS else cv2.INTER_LINEAR
        return np.stack([cv2.resize(square, (SIDE_PIXELS, SIDE_PIXELS), interpolation=how) for square in squares])


def _flat(features: Any) -> Any:
    """Images `(N, H, W)` as `(N, H·W)`; anything else as it is."""
    return features.reshape(len(features), -1) if getattr(features, "ndim", 0) == 3 else features


def _probabilities(network: nn.Module, images: Images) -> Iterator[NDArray[np.float64]]:
    """The probabilities of batches of images. In double precision they do not depend on the size of the batch."""
    with torch.inference_mode():
        for part in batches(len(images), INFERENCE_BATCH_SIZE):
            pixels = torch.from_numpy(images[part]).unsqueeze(1).double() / 255
            yield network(pixels).softmax(1).numpy()
