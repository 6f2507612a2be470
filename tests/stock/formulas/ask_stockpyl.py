"""Runs in `.venv-stockpyl`: reads questions from standard input, writes stockpyl's answers.

A question is [module, function, arguments]; an answer is a list of numbers. Both are JSON.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib import import_module
from typing import Any


def answer(module: str, function: str, arguments: list[Any]) -> list[float]:
    if function == "newsvendor_discrete":  # JSON has no numbers as keys
        overage, underage, demand = arguments
        arguments = [overage, underage, None, {int(value): chance for value, chance in demand}]
    found = getattr(import_module(f"stockpyl.{module}"), function)(*arguments)
    return [float(number) for number in (found if isinstance(found, tuple) else (found,))]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump([answer(*question) for question in json.load(sys.stdin)], sys.stdout)
