"""The scikit-learn estimator: all of scikit-learn's checks, the forms of its input, and what selects models with it."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import check_estimator

from sutja import DigitClassifier
from sutja.data.dataset import Dataset
from sutja.errors import UsageError

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def fitted(few: Dataset) -> DigitClassifier:
    return DigitClassifier("mlp").fit(few.train.images, few.train.labels)


def test_every_check_of_scikit_learn_passes() -> None:
    results = check_estimator(DigitClassifier(), on_skip=None)
    assert {each["status"] for each in results} <= {"passed", "skipped"}
    skipped = {str(each["exception"]) for each in results if each["status"] == "skipped"}
    assert all("SCIPY_ARRAY_API" in why or "not installed" in why for why in skipped), skipped


def test_rows_of_pixels_are_the_images_of_the_same_pixels(fitted: DigitClassifier, few: Dataset) -> None:
    images, labels = few.test.images, few.test.labels
    as_images = fitted.predict_proba(images)
    assert as_images.shape == (len(images), 10)
    assert np.array_equal(fitted.predict_proba(images.reshape(-1, 784)), as_images)
    assert np.array_equal(fitted.predict_proba(images.astype(float)), as_images)
    assert fitted.score(images, labels) > 0.6


def test_floats_up_to_one_train_the_same_network_as_bytes(fitted: DigitClassifier, few: Dataset) -> None:
    other = DigitClassifier("mlp").fit(few.train.images / 255, few.train.labels)
    assert np.array_equal(other.predict_proba(few.test.images / 255), fitted.predict_proba(few.test.images))


def test_the_random_state_decides_the_network(fitted: DigitClassifier, few: Dataset) -> None:
    train = few.train.images, few.train.labels
    assert DigitClassifier("mlp").fit(*train).loss_curve_ == fitted.loss_curve_
    assert DigitClassifier("mlp", random_state=1).fit(*train).loss_curve_ != fitted.loss_curve_


def test_few_digits_are_trained_on_longer_unless_it_is_given_how_long(few: Dataset) -> None:
    def epochs(recipe: str, given: int | None = None) -> int:
        classifier = DigitClassifier(recipe, epochs=given)
        return len(classifier.fit(few.train.images[:40], few.train.labels[:40]).loss_curve_)

    assert (epochs("mlp"), epochs("mlp:epochs=2"), epochs("mlp", 3)) == (20, 2, 3)
    assert epochs("mlp:batch_size=40") == 200


def test_a_pickled_classifier_predicts_the_same(fitted: DigitClassifier, few: Dataset) -> None:
    copy = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(copy.predict_proba(few.test.images), fitted.predict_proba(few.test.images))


@pytest.mark.parametrize("recipe", ["mlp", "lenet5", "tiny", "convnet"])
def test_any_network_has_as_many_outputs_as_there_are_classes(recipe: str, few: Dataset) -> None:
    """Labels of any kind: here the names of 26 letters."""
    letters = np.array([chr(ord("a") + number % 26) for number in range(len(few.train))])
    classifier = DigitClassifier(recipe, epochs=1).fit(few.train.images, letters)
    assert classifier.predict_proba(few.test.images).shape == (len(few.test), 26)
    assert set(classifier.predict(few.test.images)) <= set(letters)


def test_a_hundred_classes_are_possible_and_more_are_not(few: Dataset) -> None:
    images = few.train.images[:202]
    classifier = DigitClassifier("mlp", epochs=1).fit(images, np.arange(202) % 100)
    assert classifier.classes_.tolist() == list(range(100))
    with pytest.raises(ValueError, match="y has 101 classes: at most 100 are possible"):
        DigitClassifier("mlp", epochs=1).fit(images, np.arange(202) % 101)


@pytest.mark.parametrize("features", [1, 5, 64, 784, 1024])
def test_any_square_and_any_small_number_of_features_is_an_image(features: int) -> None:
    random = np.random.default_rng(0)
    labels = np.arange(60) % 2
    values = random.normal(size=(60, features)) + 4 * labels[:, None]
    assert DigitClassifier("mlp").fit(values, labels).score(values, labels) > 0.9


def test_many_features_that_are_no_square_are_refused() -> None:
    with pytest.raises(ValueError, match="785 features are no square image, and more than 784"):
        DigitClassifier().fit(np.eye(4, 785), [0, 1, 0, 1])


def test_cross_validation_and_a_grid_search_in_a_pipeline_select_parameters() -> None:
    images, labels = load_digits(return_X_y=True)
    images, labels = images[:400], labels[:400]
    assert cross_val_score(DigitClassifier("mlp"), images.reshape(-1, 8, 8), labels, cv=2).min() > 0.8
    steps: list[tuple[str, Any]] = [("scale", MinMaxScaler()), ("network", DigitClassifier("mlp", epochs=3))]
    grid = {"network__dropout": [0.1], "network__learning_rate": [1e-5, 0.008]}
    search = GridSearchCV(Pipeline(steps), grid, cv=2).fit(images, labels)
    assert search.best_params_ == {"network__dropout": 0.1, "network__learning_rate": 0.008}
    assert search.best_estimator_["network"].get_params()["learning_rate"] == 0.008


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"recipe": "lenet"}, "unknown recipe 'lenet': did you mean 'lenet5'"),
        ({"recipe": "line-reader"}, "line-reader: reads lines"),
        ({"recipe": "mlp:epochs=2", "epochs": 3}, "epochs is set twice"),
        ({"epochs": 0}, "epochs = 0 is out of the range"),
        ({"recipe": "lenet5-best"}, "learns from a teacher"),
    ],
)
def test_what_no_recipe_can_be_is_refused(parameters: dict[str, Any], why: str, few: Dataset) -> None:
    with pytest.raises(UsageError, match=why):
        DigitClassifier(**parameters).fit(few.train.images, few.train.labels)
