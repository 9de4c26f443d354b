"""The `gateway` command. A command's module is imported when it is asked for, so that `--help` and the small tools start at once."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import cast

import click

from gateway.errors import GatewayError

# name -> what it does; the module of the same name in this room has an object `command`
COMMANDS = {
    "up": "Start everything on this machine, with sample members",
    "serve": "Answer webhooks and the browser",
    "worker": "Send what is due and fetch recordings",
    "clock": "Ring the sweep every few seconds",
    "migrate": "Bring the database up to date",
    "backup": "Copy the database and the recordings, while calls go on",
    "restore": "Put a backup in place",
    "check": "Check the flows, their clips and channels.yaml",
    "budget": "Count the keys and seconds of each task",
    "flows": "Draw a flow as a picture; print the schema for editors",
    "call": "Try a call in this terminal",
    "rings": "Count today's missed calls, and what became of them",
    "text": "Try a text message in this terminal",
    "organisations": "Show the organisations of this installation, and add one",
    "users": "Show, add and disable who works for an organisation",
    "members": "Find, register, change, import and export members",
    "contributions": "Note, confirm, question and reverse what members paid",
    "schemes": "What members pay into, and who pays into which",
    "claims": "Take up claims, tick off their papers, decide about them",
    "tasks": "Show what a person must do, and tick it off",
    "imports": "See how far imports are, and what was refused",
    "tokens": "Make, list and revoke the keys of the API",
    "statistics": "Count members, contributions, claims, and what reached whom",
    "report": "Write a page for a meeting with a ministry",
    "places": "Find the code of a place by its name",
    "audit": "Show who saw and did what, and check that log",
    "retention": "Show how long each thing is kept, and what would go now",
    "keys": "Seal everything with another key",
    "sample": "Load the sample members",
    "broadcast": "Plan, send and follow a broadcast",
    "lists": "Make lists of members to write to, or to leave out",
    "channels": "Show, check and test our numbers at providers",
    "sending": "Budget, prices, rest days, and who must approve",
    "sayings": "Write down, record and hear words of your own",
    "lessons": "Show the lessons, and how many heard them",
    "services": "Keep the directory of services near members",
    "notices": "Publish meetings, trainings and news, and note who came",
    "surveys": "Show and export what members answered in surveys",
    "testimonies": "Hear, keep and withdraw what members tell others",
    "prompts": "List, check, record and import the clips",
    "segments": "Count SMS segments of JSON strings, one a line",
    "match": "Find the intent of texted words, one message a line",
    "bench": "Measure this gateway against floors of the same machine",
}


class Commands(click.Group):
    """The commands of `COMMANDS`, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", import_module(f"gateway.cli.{cmd_name}").command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table: asking the commands themselves would import them all."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. Faults that the gateway names end as sentences, with exit code 2 for the configuration and 1 for others."""
        try:
            return super().invoke(ctx)
        except (GatewayError, ExceptionGroup) as error:
            leaves = list(_leaves(error))
            faults = [leaf for leaf in leaves if isinstance(leaf, GatewayError)]
            if len(faults) < len(leaves):
                raise
        for fault in faults:
            click.echo(str(fault), err=True)
        raise click.exceptions.Exit(2 if any(fault.code.startswith("config:") for fault in faults) else 1)


def _leaves(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


@click.group(cls=Commands, name="gateway", context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Aawaj: a voice and SMS gateway for home-based workers and their organisations."""
