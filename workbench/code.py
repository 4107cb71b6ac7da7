"""The code hash: which lines of a pack computed a value, comments left aside."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from importlib.metadata import EntryPoint, PackageNotFoundError, requires, version
from pathlib import Path

from workbench.errors import RecipeError


def code_hash(point: EntryPoint) -> str:
    """Return the SHA-256 of the pack's syntax trees.

    Comments, docstrings, layout and file order leave it as it is.  The pack is the outermost
    package that holds the recipe's module (namespace packages left aside), or the module alone
    when it stands in no package.

    Raises
    ------
    RecipeError
        When the sources cannot be found or read.
    """
    digest = hashlib.sha256()
    for name, path in _sources(point.module):
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError) as error:
            raise RecipeError(f"The code of {point.name} cannot be read: {error}") from error
        digest.update(name.encode() + b"\0" + ast.dump(_bare(tree)).encode() + b"\0")
    return digest.hexdigest()


def packages(pack: str) -> dict[str, str]:
    """Return the versions of a pack, of what it requires directly, and of the core."""
    names = {pack, "science-workbench"}
    for dist in list(names):
        try:
            required = requires(dist) or []
        except PackageNotFoundError:
            continue
        names |= {_project(line) for line in required if "extra ==" not in line}
    found = {}
    for name in sorted(names):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _project(requirement: str) -> str:
    for mark in "<>=!~;[ (":
        requirement = requirement.partition(mark)[0]
    return requirement.strip()


def _sources(module: str) -> list[tuple[str, Path]]:
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        spec = importlib.util.find_spec(".".join(parts[:depth]))
        # A namespace package is shared by several packs: go down to what is this one's own.
        if spec is None or spec.origin is not None:
            break
    if spec is None or spec.origin is None:
        raise RecipeError(f"The code of module {module} cannot be found.")
    if not spec.submodule_search_locations:
        return [(module, Path(spec.origin))]
    found = []
    for root in map(Path, spec.submodule_search_locations):
        for path in root.rglob("*.py"):
            found.append((path.relative_to(root).as_posix(), path))
    return sorted(found)


def _bare(tree: ast.Module) -> ast.Module:
    """Drop docstrings: they compute nothing."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
            and isinstance(body[0].value.value, str)
        ):
            node.body = body[1:]
    return tree
