"""Write the browser's types from the models of the REST interface.

Usage: ``python tools/typescript_types.py [--check]``; with ``--check`` nothing is written and a
stale file is an error.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from jupyterlab_workbench import documents
from jupyterlab_workbench.documents import base

TARGET = Path(__file__).parents[1] / "extensions/jupyterlab-workbench/src/documents.ts"
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


def module() -> str:
    """Return the text of ``src/documents.ts``."""
    models = [
        one
        for module in documents.MODULES
        for one in vars(module).values()
        if isinstance(one, type)
        and issubclass(one, base.Document | base.Answer)
        and one not in (base.Document, base.Answer)
    ]
    _, found = models_json_schema([(model, "serialization") for model in models])
    return HEAD + "".join(_interface(name, one) for name, one in sorted(found["$defs"].items()))


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
    """Write the file, or say that it is stale."""
    text = module()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text)
        return 0
    if TARGET.read_text() == text:
        return 0
    print(f"{TARGET} is stale: python tools/typescript_types.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
