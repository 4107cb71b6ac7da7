"""The JSON Schema of parameters, rewritten to what JupyterLab's form component understands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FILE = "input-file"


def form_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema for a form.

    A tuple's ``prefixItems`` become a list of ``items``, ``T | None`` becomes an optional T that
    is ``nullable``, file parameters get ``input``, and formats that no browser knows are dropped.
    """
    found: dict[str, Any] = _rewritten(schema)
    found["title"] = ""
    found["description"] = ""
    for name, one in found.get("properties", {}).items():
        one["title"] = name.replace("_", " ").capitalize()
    return found


def _rewritten(value: Any) -> Any:
    if isinstance(value, list):
        return [_rewritten(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    found = {name: _rewritten(one) for name, one in value.items()}
    found = _without_null(found)
    if "prefixItems" in found:
        found["items"] = found.pop("prefixItems")
        found["additionalItems"] = False
    if found.get("format") == FILE:
        found["input"] = {
            "formats": found.pop("formats", []),
            "folder": found.pop("folder", False),
        }
    if found.get("format") in (FILE, "path"):
        del found["format"]
    return found


def _without_null(found: dict[str, Any]) -> dict[str, Any]:
    options = found.get("anyOf")
    if not isinstance(options, list) or {"type": "null"} not in options:
        return found
    left = [one for one in options if one != {"type": "null"}]
    rest = {name: one for name, one in found.items() if name != "anyOf"}
    if rest.get("default", ...) is None:
        del rest["default"]
    # What holds for the whole (unit, help) stands over what the one type says of itself.
    return {**(left[0] if len(left) == 1 else {"anyOf": left}), **rest, "nullable": True}
