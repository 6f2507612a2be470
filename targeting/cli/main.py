"""The command line."""

from __future__ import annotations

import sys

import click

from targeting import __version__
from targeting.cli.lazy import LazyGroup

COMMANDS = {
    "init": "Make a workspace with the sample shop in it.",
    "new": "Write a first rule to change, with real names and examples that pass.",
    "fields": "List every field that a rule may name.",
    "check": "Check every file of the workspace.",
    "fit": "Fit the segments and likelihoods anew, and say how well they do.",
    "test": "Try the examples in every rule, and the whole-set tests.",
    "preview": "Show whom a rule would take, line by line, before anything is sent.",
    "run": "Write tonight's contact lists, order suggestions and report.",
    "measure": "Compare the contacted with the held out: what came of it, and is it chance.",
    "history": "List what every run did, or every contact of one customer.",
    "sent": "Note that a run's lists were sent, so that it cannot be undone.",
    "undo": "Take a run back while nothing has left the house.",
    "forget": "Erase a customer everywhere, and let nobody bring them back.",
    "explain": "Say for every rule why it contacted a customer or not.",
    "diff": "Show who came to each list and left it between two runs, and why.",
    "stock": "Take the planner's edited order back, or replay the past.",
    "schema": "Write JSON Schemas, so that an editor completes and underlines.",
}


@click.group(
    cls=LazyGroup, parts=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="targeting")
def group() -> None:
    """Turn customers and purchases into contact lists and stock suggestions, by your rules."""


def main() -> None:
    """Run one command; see `targeting.cli.console.guarded` for what each exit status means."""
    from targeting.cli.apart import apart
    from targeting.cli.console import guarded

    sys.exit(apart(lambda: guarded(group)))
