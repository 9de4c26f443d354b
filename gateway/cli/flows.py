"""`gateway flows`: the flows as pictures, and what an editor needs to check them while somebody types. Needs no database."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gateway.config import PACKAGE_ROOT


@click.group("flows")
def command() -> None:
    """Draw flows, and print the schema of a flow file."""


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of a flow file, for editors; docs/flow.schema.json is this text."""
    from gateway.engine.schema import flow_schema

    click.echo(json.dumps(flow_schema(), ensure_ascii=False, indent=1))


@command.command("diagram")
@click.argument("name")
@click.option("--language", help="The language of the prompts; the first one of the flows where nothing is said.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write; without it the picture is printed.")
@click.option(
    "--flows", type=click.Path(exists=True, file_okay=False, path_type=Path), envvar="GATEWAY_FLOWS_DIR", default=PACKAGE_ROOT / "flows"
)
def diagram(name: str, language: str | None, out: Path | None, flows: Path) -> None:
    """Draw the flow NAME as SVG."""
    from gateway.engine import diagram as picture
    from gateway.engine.loader import load
    from gateway.engine.reading import hint
    from gateway.services.actions import SPECS

    catalogue = load(flows, SPECS)
    if name not in catalogue.flows:
        raise click.BadParameter(f"there is no flow {name!r}.{hint(name, catalogue.flows)}", param_hint="NAME")
    language = language or catalogue.languages[0]
    if language not in catalogue.languages:
        raise click.BadParameter(f"choose one of {', '.join(catalogue.languages)}.", param_hint="--language")
    drawn = picture.draw(catalogue.flows[name], language, catalogue.defaults)
    if out is None:
        click.echo(drawn, nl=False)
    else:
        out.write_text(drawn, encoding="utf-8")
