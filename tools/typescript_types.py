"""Write the browser's types from the models of the REST interface.

Usage: ``python tools/typescript_types.py [--check]``; with ``--check`` nothing is written and a
stale file is an error.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from jupyterlab_workbench import documents
from jupyterlab_workbench.documents import base

TARGET = Path(__file__).parents[1] / "extensions/jupyterlab-workbench/src/documents"
HEAD = """\
// Made by tools/typescript_types.py from jupyterlab_workbench/documents: change it there.
"""
PLAIN = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def files() -> dict[str, str]:
    """Return the text of each file of ``src/documents/``: one for each module, and the index."""
    names = [module.__name__.rpartition(".")[2] for module in documents.MODULES]
    models = {
        one: name
        for name, module in zip(names, documents.MODULES, strict=True)
        for one in vars(module).values()
        if isinstance(one, type) and one.__module__ == module.__name__
    }
    del models[base.Document], models[base.Answer]
    _, found = models_json_schema([(model, "serialization") for model in models])
    places = {f"I{_name(model.__name__)}": name for model, name in models.items()}
    texts = dict.fromkeys(names, "")
    for name, schema in sorted(found["$defs"].items()):
        texts[places[f"I{_name(name)}"]] += _interface(name, schema)
    index = HEAD + "\n" + "".join(f"export * from './{name}';\n" for name in names)
    whole = {
        f"{name}.ts": HEAD + _imports(name, text, places) + text for name, text in texts.items()
    }
    return {**whole, "index.ts": index}


def _imports(name: str, text: str, places: Mapping[str, str]) -> str:
    """Return the lines that bring what a file uses of others."""
    used = set(re.findall(r"\bI[A-Z]\w+", text))
    there: dict[str, list[str]] = {}
    for one in sorted(used & places.keys()):
        if places[one] != name:
            there.setdefault(places[one], []).append(one)
    lines = [f"import type {{ {', '.join(ones)} }} from './{n}';\n" for n, ones in there.items()]
    return "\n" + "".join(lines) if lines else ""


def _interface(name: str, schema: Mapping[str, Any]) -> str:
    lines = [f"\n/** {schema['description']} */", f"export interface I{_name(name)} {{"]
    for key, one in schema["properties"].items():
        # An answer always holds what has a default; a request may leave it out.
        optional = "" if key in schema.get("required", ()) else "?"
        lines.append(f"  {key}{optional}: {_type(one)};")
    return "\n".join([*lines, "}"]) + "\n"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return f"I{_name(schema['$ref'].rpartition('/')[2])}"
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(f"'{value}'" for value in schema["enum"])
    if "const" in schema:
        return f"'{schema['const']}'"
    if schema.get("type") == "array":
        inner = _type(schema["items"])
        return f"({inner})[]" if " " in inner else f"{inner}[]"
    if schema.get("type") == "object":
        values = schema.get("additionalProperties", True)
        return f"{{ [name: string]: {'any' if values is True else _type(values)} }}"
    return PLAIN.get(schema.get("type", ""), "any")


def _name(name: str) -> str:
    return name.removesuffix("_")


def main() -> int:
    """Write the files, or say that they are stale."""
    texts = files()
    if "--check" not in sys.argv[1:]:
        TARGET.mkdir(exist_ok=True)
        for name, text in texts.items():
            (TARGET / name).write_text(text)
        return 0
    if {path.name: path.read_text() for path in TARGET.glob("*.ts")} == texts:
        return 0
    print(f"{TARGET} is stale: python tools/typescript_types.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
