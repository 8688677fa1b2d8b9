"""Asking before something is overwritten or deleted."""

from __future__ import annotations

import sys

import click

from engine.cli.session import Session
from engine.core.errors import Interrupted, UsageError


def ask(session: Session, question: str, *, yes: bool, effect: str) -> None:
    """Continue only with `--yes` or a yes on the terminal; UsageError where there is none."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"{effect}, and there is no terminal to ask on",
            "check the list above, then add --yes",
        )
    confirm(session, question)


def confirm(session: Session, question: str) -> None:
    """Ask on the terminal; Interrupted when the answer is no."""
    if not click.confirm(question, err=session.json):
        raise Interrupted("nothing was changed")
