"""The project's own files, as the tests of its shape and of its documents see them."""

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = (
    ROOT / "workbench",
    ROOT / "recipes/proteins/workbench_proteins",
    ROOT / "recipes/materials/workbench_materials",
    ROOT / "extensions/jupyterlab-workbench/jupyterlab_workbench",
)
LEFT_OUT = {
    ".venv",
    "dist",
    "lib",
    "node_modules",
    "labextension",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
}
MODULES = tuple(sorted(path for package in PACKAGES for path in package.rglob("*.py")))


def short(path: Path) -> str:
    """Path from the root on, as test ids and messages show it."""
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    """Syntax tree of a module."""
    return ast.parse(path.read_text(), str(path))


def imported(node: ast.AST) -> list[str]:
    """Names of the modules that an import statement asks for."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "."]
    return []


def tracked() -> list[Path]:
    """Text files under version control; all of them in a copy that is not under any."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode == 0:
        paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not LEFT_OUT & set(path.parts)]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:4096]]
