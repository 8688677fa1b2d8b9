"""A fitted model: scaler, members and weights; it predicts rows and turns into arrays and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Self

from engine.core.errors import ModelError
from engine.core.members import LSTM, MEMBERS
from engine.forecast.dataset import Dataset
from engine.forecast.ensemble import blend, learn_weights
from engine.forecast.members.base import (
    Arrays,
    FitOptions,
    Fitted,
    Floats,
    IntArray,
    nested,
    within,
)
from engine.forecast.scaler import Scaler
from engine.forecast.splits import Split
from engine.vault.network import KerasLayer


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Log return forecasts for the sessions after some rows: the blend, and each member's."""

    blended: Floats
    members: dict[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What forecasts a symbol; every dataset that it predicts must have the columns `names`."""

    names: tuple[str, ...]
    scaler: Scaler
    members: dict[str, Fitted]
    weights: dict[str, float]

    def predict(self, data: Dataset, rows: IntArray) -> Prediction:
        """Forecast the sessions after `rows`; ModelError for other columns than in training."""
        return predict_together([self], [data], [rows])[0]

    def check(self, data: Dataset) -> None:
        """ModelError when the columns of `data` are not those of the training."""
        if data.names != self.names:
            missing = " ".join(sorted(set(self.names) ^ set(data.names))) or "the order"
            raise ModelError(
                f"{data.symbol}: the features differ from the model's: {missing}", "train it again"
            )

    def arrays(self) -> Arrays:
        """Everything but the network, by name."""
        arrays = nested("scaler", self.scaler.arrays())
        for name, member in self.members.items():
            if name != LSTM:
                arrays |= nested(f"members/{name}", member.arrays())
        return arrays

    def layers(self, sequence_length: int) -> tuple[KerasLayer, ...]:
        """The network; one of zeros, which forecasts no change, without an lstm member."""
        layers: tuple[KerasLayer, ...]
        if LSTM in self.members:
            layers = self.members[LSTM].layers()  # type: ignore[attr-defined]
        else:
            layers = module_of(LSTM).empty_layers(sequence_length, len(self.names))
        return layers

    @classmethod
    def load(
        cls,
        names: tuple[str, ...],
        weights: Mapping[str, float],
        layers: tuple[KerasLayer, ...],
        arrays: Arrays,
    ) -> Self:
        """The model that `arrays()` and `layers()` were taken from; ModelError for missing ones."""
        try:
            members = {
                name: module_of(name).from_layers(layers)
                if name == LSTM
                else module_of(name).load(within(f"members/{name}", arrays))
                for name in weights
            }
            return cls(names, Scaler.load(within("scaler", arrays)), members, dict(weights))
        except KeyError as error:
            raise ModelError(f"the model lacks {error}", "train it again") from error


def module_of(name: str) -> ModuleType:
    """The module of a member, imported now; ModelError for an unknown name."""
    if name not in MEMBERS:
        raise ModelError(f"unknown member {name!r}", f"known: {' '.join(MEMBERS)}")
    return import_module(MEMBERS[name].module)


def predict_together(
    models: Sequence[Model], data: Sequence[Dataset], rows: Sequence[IntArray]
) -> list[Prediction]:
    """Each model's forecasts for its rows, equal to `Model.predict` bit for bit, in one recursion.

    ModelError when the columns of one are not those of its training.
    """
    for model, dataset in zip(models, data, strict=True):
        model.check(dataset)
    scaled = [model.scaler.apply(dataset) for model, dataset in zip(models, data, strict=True)]
    networks = _network_forecasts(models, scaled, rows)
    predictions = []
    for index, model in enumerate(models):
        members = {
            name: networks[index] if name == LSTM else member.predict(scaled[index], rows[index])
            for name, member in model.members.items()
        }
        blended = blend(members, model.weights, data[index].scale[rows[index]])
        predictions.append(Prediction(blended, members))
    return predictions


def _network_forecasts(
    models: Sequence[Model], scaled: Sequence[Dataset], rows: Sequence[IntArray]
) -> dict[int, Floats]:
    """The forecasts of the models that have a network, by their position."""
    positions = [index for index, model in enumerate(models) if LSTM in model.members]
    if not positions:
        return {}
    forecasts = module_of(LSTM).predict_stacked(
        [models[index].members[LSTM] for index in positions],
        [scaled[index] for index in positions],
        [rows[index] for index in positions],
    )
    return dict(zip(positions, forecasts, strict=True))


def fit_model(data: Dataset, split: Split, members: Sequence[str], options: FitOptions) -> Model:
    """Scaler and members from the training rows, stopping and weights from the validation rows."""
    scaler = Scaler.fit(data, split.train)
    scaled = scaler.apply(data)
    fitted: dict[str, Fitted] = {}
    for name in members:
        options.check()
        options.report("member", {"member": name})
        fitted[name] = module_of(name).fit(scaled, split.train, split.validation, options)
    rows = split.validation
    forecasts = {
        name: member.predict(scaled, rows) / data.scale[rows] for name, member in fitted.items()
    }
    return Model(data.names, scaler, fitted, learn_weights(forecasts, data.scaled_target[rows]))
