"""targeting stock: a group whose commands stand in files of their own."""

from __future__ import annotations

import importlib

import click

PARTS = {
    "accept": "Read the planner's edited workbook: the approved order, and what was changed.",
    "backtest": "Replay the past weeks: what these suggestions would have done.",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in PARTS:
            return None
        module = importlib.import_module(f"targeting.cli.stock_{cmd_name}")
        command: click.Command = module.command
        return command


@click.group("stock", cls=_Lazy)
def command() -> None:
    """Take the planner's edited order back, or replay the past.

    Example: targeting stock accept suggestions.xlsx
    """
