"""How a benchmark tells its figures: a table for people, and a JSON object in the last line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def tell(title: str, figures: Mapping[str, Any]) -> None:
    """Print both."""
    table = Table("figure", "value", title=title, title_justify="left")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), str(value))
    Console().print(table)
    print(json.dumps(figures))
