"""Modules are small, described, and honest about what they import and what fails."""

import ast
import re
import statistics

import pytest

from tests.tree import MODULES, PACKAGES, imported, parsed, short

EXTENSION = PACKAGES[-1]
OURS = {package.name for package in PACKAGES}
DASK = (
    "workbench/client.py",
    "workbench/clusters/process",
    "workbench/driver",
    "workbench/worker",
)
BROAD = {"Exception", "BaseException"}


def offending(find, modules=MODULES):
    """``{module: what was found there}`` for the modules where something was."""
    found = {short(module): find(module) for module in modules}
    return {name: what for name, what in found.items() if what}


def functions_of(module):
    """Every function of a module, methods and inner ones too."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [node for node in ast.walk(parsed(module)) if isinstance(node, kinds)]


def lines_of(module):
    """Number of lines of a module."""
    return len(module.read_text().splitlines())


def test_no_module_is_longer_than_400_lines():
    assert offending(lambda module: [n for n in [lines_of(module)] if n > 400]) == {}


def test_half_of_the_modules_have_at_most_150_lines():
    assert statistics.median(n for n in map(lines_of, MODULES) if n) <= 150


def code_lines(function):
    """Lines of a function from its signature on, without the docstring."""
    first = function.body[0]
    described = ast.get_docstring(function) is not None
    docstring = first.end_lineno - first.lineno + 1 if described else 0
    return function.end_lineno - function.lineno + 1 - docstring


def test_no_function_is_longer_than_40_lines():
    def long(module):
        return [f.name for f in functions_of(module) if code_lines(f) > 40]

    assert offending(long) == {}


def is_ours(name):
    """Whether a dotted module name is one of this project."""
    return name.split(".")[0] in OURS


def test_nothing_of_ours_is_imported_inside_a_function():
    def hidden(module):
        inner = [node for function in functions_of(module) for node in ast.walk(function)]
        return [name for node in inner for name in imported(node) if is_ours(name)]

    assert offending(hidden) == {}


DOORS = {"workbench"} | {
    f"workbench.{name}" for name in ("errors", "service", "unforeseen", "views")
}


def test_the_jupyter_server_comes_through_the_doors_for_front_ends():
    def beyond(module):
        used = {name for node in ast.walk(parsed(module)) for name in imported(node)}
        inner = {name for name in used if name.split(".")[0] == "workbench"}
        return sorted(inner - DOORS)

    extension = [module for module in MODULES if EXTENSION in module.parents]
    assert len(extension) > 5
    assert offending(beyond, extension) == {}


def test_the_command_line_starts_and_stops_clusters_through_the_service_alone():
    def beside(module):
        used = {name for node in without_annotations(parsed(module)) for name in imported(node)}
        return sorted(name for name in used if name.startswith("workbench.clusters"))

    commands = [module for module in MODULES if module.parent.name == "cli"]
    assert len(commands) > 5
    assert offending(beside, commands) == {}


def test_packs_use_nothing_a_third_party_could_not():
    def beyond(module):
        own = next(package.name for package in PACKAGES if package in module.parents)
        used = {name for node in ast.walk(parsed(module)) for name in imported(node)}
        others = {name for name in used if is_ours(name) and name.split(".")[0] != own}
        return sorted(others - {"workbench"})

    others = {PACKAGES[0], EXTENSION}
    packs = [module for module in MODULES if not others & set(module.parents)]
    assert offending(beyond, packs) == {}


# Where a library may be imported at all; type annotations alone do not count.
PLACES = {
    "altair": ("recipes", "workbench/runs", "workbench/worker"),
    "ase": ("recipes",),
    "cupy": (),
    "dask": DASK,
    "dask_jobqueue": ("workbench/clusters/process",),
    "distributed": DASK,
    "jupyter_server": ("extensions",),
    "pandas": ("workbench/runs", "workbench/worker"),
    "pyhmmer": ("recipes",),
    "torch": (),
    "tornado": ("extensions", "workbench/clusters/process/hidden.py"),
    "xarray": ("workbench/runs", "workbench/worker", "workbench/testing"),
    "zarr": ("workbench/runs", "workbench/worker"),
}


def without_annotations(tree):
    """Nodes of a module, less what stands under ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from without_annotations(node)


def test_libraries_are_imported_only_where_they_belong():
    def misplaced(module):
        place = short(module)
        names = {name for node in without_annotations(parsed(module)) for name in imported(node)}
        libraries = {name.split(".")[0] for name in names} & PLACES.keys()
        return sorted(name for name in libraries if not place.startswith(PLACES[name]))

    assert offending(misplaced) == {}


def public_definitions(tree):
    """Public functions, classes and methods, as ``(dotted name, node)``."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name.startswith("_"):
                continue
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for name, inner in public_definitions(node):
                    yield f"{node.name}.{name}", inner


def test_public_names_are_described():
    def bare(module):
        tree = parsed(module)
        found = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
        return found + [n for n, node in public_definitions(tree) if not ast.get_docstring(node)]

    assert offending(bare) == {}


def caught(handler):
    """Names of the exceptions that a handler takes."""
    if handler.type is None:
        return {"BaseException"}
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {ast.unparse(kind).split(".")[-1] for kind in kinds}


def is_used(handler):
    """Whether a handler raises again or looks at what it caught."""
    for node in ast.walk(ast.Module(handler.body, [])):
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Name) and node.id == handler.name:
            return True
        if isinstance(node, ast.Attribute) and node.attr in {"exception", "format_exc"}:
            return True
    return False


def swallows(node):
    """Whether a handler or a ``suppress(...)`` lets any error vanish."""
    if isinstance(node, ast.ExceptHandler):
        return bool(caught(node) & BROAD) and not is_used(node)
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "suppress":
        return bool(BROAD & {ast.unparse(argument) for argument in node.args})
    return False


def test_no_error_is_swallowed():
    def lines(module):
        return [f"line {node.lineno}" for node in ast.walk(parsed(module)) if swallows(node)]

    assert offending(lines) == {}


def test_class_names_say_what_a_thing_is():
    vague = re.compile(r"(Manager|Helper|Utils|Base|Handler)$")

    def named(module):
        classes = [node for node in ast.walk(parsed(module)) if isinstance(node, ast.ClassDef)]
        return [node.name for node in classes if vague.search(node.name)]

    assert offending(named) == {}


@pytest.mark.parametrize(
    ("code", "swallowed"),
    [
        ("except Exception:\n    pass", True),
        ("except:\n    x = 1", True),
        ("except (ValueError, Exception):\n    x = 1", True),
        ("except Exception as error:\n    x = error", False),
        ("except BaseException:\n    clean()\n    raise", False),
        ("except OSError:\n    pass", False),
    ],
)
def test_the_check_for_swallowed_errors_sees_them(code, swallowed):
    handler = ast.parse(f"try:\n    go()\n{code}").body[0].handlers[0]
    assert swallows(handler) is swallowed
