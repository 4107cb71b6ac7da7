"""``workbench recipe``: the catalogue."""

from __future__ import annotations

import shlex
from typing import Any

import click

from workbench import catalogue
from workbench.cli.output import NOT_SET, emit, translated
from workbench.testing.template import commands, write_pack


@click.group("recipe")
def group() -> None:
    """Find recipes, and write your own."""


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@translated
def list_(as_json: bool) -> None:
    """List the recipes of all installed packs."""
    document = catalogue.listing()
    emit(document, as_json, lambda: _print_list(document))


@group.command()
@click.argument("recipe_id")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@translated
def show(recipe_id: str, as_json: bool) -> None:
    """Show a recipe: parameters, outputs, examples, references."""
    document = catalogue.page(recipe_id)
    emit(document, as_json, lambda: _print_recipe(document))


@group.command()
@click.argument("name")
@click.option(
    "--folder", default=".", type=click.Path(file_okay=False), help="Where to write the pack."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@translated
def new(name: str, folder: str, as_json: bool) -> None:
    """Write a pack with one working recipe, as a start for your own.

    NAME is the recipe's id, for example mylab.dimer.
    """
    pack = write_pack(name, folder)
    document = {"recipe": name, "folder": str(pack)}
    emit(document, as_json, lambda: _print_new(document))


def _print_list(document: dict[str, Any]) -> None:
    width = max((len(r["id"]) for r in document["recipes"]), default=0)
    for recipe in document["recipes"]:
        click.echo(f"{recipe['id']:<{width}}  {recipe['question'] or recipe['title']}")
    if not document["recipes"]:
        click.echo(
            "No recipe is installed. Install a pack, for example science-workbench-proteins."
        )
    for problem in document["problems"]:
        click.secho(f"{problem['pack']}: {problem['message']}", fg="red", err=True)


def _bounds(field: dict[str, Any]) -> str:
    """Say between what a number may be; nothing where there is no bound."""
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    return "".join(f", {word} {field[key]:g}" for key, word in words.items() if key in field)


def _default(field: dict[str, Any], *, required: bool) -> str:
    """Say what a parameter is where nobody gives it."""
    if required:
        return "required"
    if field.get("default") is None:
        return f"default: {NOT_SET}"
    unit = "" if field.get("unit", "1") == "1" else f" {field['unit']}"
    return f"default {field['default']}{unit}"


def _print_recipe(document: dict[str, Any]) -> None:
    click.secho(
        f"{document['title']}  ({document['id']}, version {document['version']})", bold=True
    )
    click.echo(document["question"])
    click.secho("\nParameters", bold=True)
    required = document["schema"].get("required", [])
    for name, field in document["schema"]["properties"].items():
        click.echo(f"  {name}  ({_default(field, required=name in required)}{_bounds(field)})")
        click.echo(f"      {field.get('description', '')}")
    click.secho("\nResult", bold=True)
    for output in document["outputs"]:
        unit = "" if output["unit"] == "1" else f", {output['unit']}"
        dims = ", ".join(output["dims"])
        click.echo(f"  {output['name']} ({dims}{unit})  {output['long_name']}")
        for column in output.get("columns", ()):
            unit = "" if column["unit"] == "1" else f" ({column['unit']})"
            click.echo(f"      {column['name']}{unit}  {column['long_name']}")
    for title, lines in (
        ("Examples", [f"{e['name']}  {e['title']}" for e in document["examples"]]),
        ("References", document["references"]),
    ):
        if lines:
            click.secho(f"\n{title}", bold=True)
            for line in lines:
                click.echo(f"  {line}")
    if document["examples"]:
        example = document["examples"][0]["name"]
        click.echo(f"\nTry: workbench run start {document['id']} --example {example} --wait")


def _print_new(document: dict[str, Any]) -> None:
    click.echo(f"Wrote {document['folder']}. Now:")
    for command in (f"cd {shlex.quote(document['folder'])}", *commands(document["recipe"])):
        click.echo(f"  {command}")
