"""A fitted model: scaler, members and weights, as one value that predicts rows and turns into
arrays and back."""

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

"""The member whose parameters are the file's Keras layers."""


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """Log return forecasts for the sessions after some rows: the blend, and each member's."""

    blended: Floats
    members: dict[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What forecasts a symbol; every dataset it is shown must have the columns `names`."""

    names: tuple[str, ...]
    scaler: Scaler
    members: dict[str, Fitted]
    weights: dict[str, float]

    def predict(self, data: Dataset, rows: IntArray) -> Predicted:
        """Forecast the sessions after `rows`;
        ModelError when the columns are not those of the training."""
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
        found = nested("scaler", self.scaler.arrays())
        for name, member in self.members.items():
            if name != LSTM:
                found |= nested(f"members/{name}", member.arrays())
        return found

    def layers(self, sequence_length: int) -> tuple[KerasLayer, ...]:
        """The network; one of zeros, which forecasts no change, without an lstm member."""
        lstm = import_module(MEMBERS[LSTM].module)
        if LSTM in self.members:
            layers: tuple[KerasLayer, ...] = self.members[LSTM].layers()  # type: ignore[attr-defined]
            return layers
        empty: tuple[KerasLayer, ...] = lstm.empty_layers(sequence_length, len(self.names))
        return empty

    @classmethod
    def load(
        cls,
        names: tuple[str, ...],
        weights: Mapping[str, float],
        layers: tuple[KerasLayer, ...],
        arrays: Arrays,
    ) -> Self:
        """The model that `arrays()` and `layers()` were taken from;
        ModelError when something is missing."""
        try:
            members = {
                name: module_of(name).from_layers(layers, arrays)
                if name == LSTM
                else module_of(name).load(within(f"members/{name}", arrays))
                for name in weights
            }
            return cls(names, Scaler.load(within("scaler", arrays)), members, dict(weights))
        except KeyError as error:
            raise ModelError(f"the model lacks {error}", "train it again") from error


def module_of(name: str) -> ModuleType:
    """The module of a member, imported now; ModelError for a name this program does not know."""
    if name not in MEMBERS:
        raise ModelError(f"unknown member {name!r}", f"known: {' '.join(MEMBERS)}")
    return import_module(MEMBERS[name].module)


def member_forecasts(
    members: Mapping[str, Fitted], scaled: Dataset, rows: IntArray
) -> dict[str, Floats]:
    """[len(rows)] log return forecasts of each member, from standardised features."""
    return {name: member.predict(scaled, rows) for name, member in members.items()}


def predict_together(
    models: Sequence[Model], data: Sequence[Dataset], rows: Sequence[IntArray]
) -> list[Predicted]:
    """Each model's forecasts for its rows of its dataset.

    The networks of all run as one stacked recursion.

    Equal to `Model.predict` one by one, bit for bit. ModelError when the columns of one are not
    those of its training.
    """
    asked = list(zip(models, data, rows, strict=True))
    for model, each, _ in asked:
        model.check(each)
    scaled = [model.scaler.apply(each) for model, each, _ in asked]
    networks = _network_forecasts(models, scaled, rows)
    found = []
    for index, (model, each, at) in enumerate(asked):
        members = {
            name: networks[index] if name == LSTM else member.predict(scaled[index], at)
            for name, member in model.members.items()
        }
        found.append(Predicted(blend(members, model.weights, each.scale[at]), members))
    return found


def _network_forecasts(
    models: Sequence[Model], scaled: Sequence[Dataset], rows: Sequence[IntArray]
) -> dict[int, Floats]:
    """The forecasts of the models that have a network, by their position."""
    having = [index for index, model in enumerate(models) if LSTM in model.members]
    if not having:
        return {}
    stacked = module_of(LSTM).predict_stacked
    members = [models[index].members[LSTM] for index in having]
    return dict(
        zip(
            having,
            stacked(members, [scaled[i] for i in having], [rows[i] for i in having]),
            strict=True,
        )
    )


def fit_model(data: Dataset, split: Split, members: Sequence[str], options: FitOptions) -> Model:
    """Scaler and members from the training rows, early stopping and weights from the validation
    rows, nothing else."""
    scaler = Scaler.fit(data, split.train)
    scaled = scaler.apply(data)
    fitted: dict[str, Fitted] = {}
    for name in members:
        options.check()
        options.report("member", {"member": name})
        fitted[name] = module_of(name).fit(scaled, split.train, split.validation, options)
    rows = split.validation
    each = {
        name: values / data.scale[rows]
        for name, values in member_forecasts(fitted, scaled, rows).items()
    }
    return Model(data.names, scaler, fitted, learn_weights(each, data.scaled_target[rows]))
