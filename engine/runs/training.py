"""Training one symbol, start to end: bars → fit → guard → backup → publish → status."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.core.clock import iso
from engine.core.errors import ForeignFile, Interrupted, NoDataError, RefusedError, StockmlError  # noqa: F401
