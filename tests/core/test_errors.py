"""Errors and their exit codes."""

import pytest

from engine.core import errors
from engine.core.errors import ConfigError, ExitCode, StockmlError


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("UsageError", 2),
        ("ConfigError", 3),
        ("NoDataError", 4),
        ("RefusedError", 5),
        ("BusyError", 75),
        ("ModelError", 1),
        ("Interrupted", 130),
        ("StockmlError", 1),
    ],
)
def test_each_error_has_its_exit_code(kind: str, code: int) -> None:
    """The codes are a promise to scripts."""
    error = getattr(errors, kind)("what", "next")

    assert isinstance(error, StockmlError)
    assert ExitCode(code) == error.exit_code
    assert ("what", "next", "what (next)") == (error.message, error.hint, str(error))


def test_every_error_class_is_tested() -> None:
    """Every error of the module is in the drawing at its top."""
    assert errors.__doc__ is not None
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, StockmlError):
            assert name in errors.__doc__


def test_a_config_error_always_lists_its_problems() -> None:
    """Without a list the message is the one problem."""
    assert ("one",) == ConfigError("one").problems
    assert ("a", "b") == ConfigError("a (and 1 more)", "", ("a", "b")).problems
