"""`gateway places`: find the code of a place."""

from __future__ import annotations

import click


@click.command("places")
@click.argument("words", nargs=-1, required=True)
def command(words: tuple[str, ...]) -> None:
    """Find places of Nepal by their names in any script: code, what it is, Nepali and English name, where it lies."""
    from gateway.core.places import find, parent
    from gateway.errors import GatewayError
    from gateway.language.places import near, search

    text = " ".join(words)
    found = search(text)
    if not found:
        raise GatewayError("place:no-such-name", place=text, near=", ".join(near(text)) or "-")
    for place in found:
        above, inside = parent(place.code), []
        while above is not None:
            inside.append(find(above).name_en)
            above = parent(above)
        click.echo(f"{place.code:<10}  {place.kind:<18}  {place.name_ne}  {place.name_en}" + (f"  ({', '.join(inside)})" if inside else ""))
