"""A group of commands that are imported only when they are used, so that --help needs none."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """Finds each of `parts` (name, sentence) in targeting/cli/, in the file `before` + name."""

    def __init__(
        self, *args: Any, parts: Mapping[str, str], before: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.parts = parts
        self.before = before

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the parts, in their order."""
        return list(self.parts)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one part."""
        if cmd_name not in self.parts:
            return None
        module = importlib.import_module(f"targeting.cli.{self.before}{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each name with its sentence."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.parts.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a part; to a mistyped one say which is near."""
        from targeting.problems import nearest

        if args and args[0] not in self.parts and not args[0].startswith("-"):
            near = nearest(args[0], self.parts)
            hint = f" Did you mean '{near}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)
