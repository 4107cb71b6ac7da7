"""Calculators by name: what computes energies, forces and stresses.

A name is an entry point of the group ``workbench_materials.calculators`` that leads to a
:class:`Model`.  The ones below are registered in the same way as anybody else's; nothing is
imported before a run asks for it by name.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from workbench import NotFound, ParameterError, Problem, WorkbenchError

GROUP = "workbench_materials.calculators"


@dataclass(frozen=True, kw_only=True)
class Model:
    """A calculator that can be asked for by name.

    Parameters
    ----------
    title
        What it is, for people; with its source.
    build
        ``device -> ase.calculators.calculator.Calculator``; a new one at each call.  `device` is
        the worker's (``"cpu"``, ``"cuda:0"``); it must give energy, forces and stress.
    elements
        Chemical symbols that it knows; every element when left out.
    needs
        Modules that must be installed.
    install
        What to type to install them.
    """

    title: str
    build: Callable[[str], Any]
    elements: frozenset[str] = frozenset()
    needs: tuple[str, ...] = ()
    install: str = ""

    def missing(self) -> list[str]:
        """Return the needed modules that are not installed."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]

    def unknown(self, symbols: set[str]) -> list[str]:
        """Return the elements among `symbols` that it does not know."""
        return sorted(symbols - self.elements) if self.elements else []


def find(name: str) -> Model:
    """Return the calculator of that name.

    Raises
    ------
    ParameterError
        When there is none, it is not installed, or its registration is broken; with what there
        is and what to do.
    """
    points = _points()
    if name not in points:
        raise _problem(NotFound.named("calculator", name, points, _absent(points)).message)
    model = _load(points[name])
    missing = model.missing()
    if missing:
        raise _problem(
            f"{name!r} needs {', '.join(missing)}, which is not installed here. "
            f"Install it: {model.install or 'pip install ' + ' '.join(missing)}"
        )
    return model


def _problem(message: str) -> ParameterError:
    return ParameterError.of([Problem("calculator", message)])


@cache
def _points() -> dict[str, EntryPoint]:
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    return {name: same[0] for name, same in sorted(found.items()) if _one_owner(same)}


def _one_owner(points: list[EntryPoint]) -> bool:
    """Two packages with one name: neither is used, nobody could tell whose values they are."""
    return len({point.value for point in points}) == 1


@cache
def _load(point: EntryPoint) -> Model:
    try:
        model = point.load()
    except Exception as error:
        raise _problem(
            f"{point.name!r} ({point.value}) cannot be loaded: {type(error).__name__}: {error}. "
            "Reinstall or repair the package that offers it."
        ) from error
    if not isinstance(model, Model):
        raise _problem(f"{point.name!r} ({point.value}) is no workbench_materials Model.")
    return model


def knowing(symbols: Collection[str]) -> tuple[list[str], dict[str, str]]:
    """Return which calculators know these elements.

    Returns
    -------
    usable : list of str
        Names of those that can be used at once.
    absent : dict of str
        What to type to install what each of the others needs, by name.
    """
    usable, absent = [], {}
    for name, point in _points().items():
        try:
            model = _load(point)
        except WorkbenchError:
            continue
        if model.unknown(set(symbols)):
            continue
        if missing := model.missing():
            absent[name] = model.install or f"pip install {' '.join(missing)}"
        else:
            usable.append(name)
    return usable, absent


def _absent(points: dict[str, EntryPoint]) -> str:
    """Say which of the names need something that is not installed."""
    found = []
    for name, point in points.items():
        try:
            model = _load(point)
        except WorkbenchError:
            found.append(f"{name} (broken)")
            continue
        if model.missing():
            found.append(f"{name} ({model.install or 'needs ' + ', '.join(model.missing())})")
    said = f"Of these, not usable before something is installed: {', '.join(found)}. "
    return (said if found else "") + f"Packages can add others (entry point group {GROUP})."


EMT_METALS = frozenset({"Al", "Cu", "Ag", "Au", "Ni", "Pd", "Pt"})


def _emt(device: str) -> Any:
    from ase.calculators.emt import EMT

    return EMT()


def _emt_asap(device: str) -> Any:
    from ase.calculators.emt import EMT

    return EMT(asap_cutoff=True)


def _tersoff(device: str) -> Any:
    from ase.calculators.tersoff import Tersoff, TersoffParameters

    # Table I of Phys. Rev. B 38, 9902, Si(C); R and D are the middle and half width of its cutoff.
    silicon = TersoffParameters(
        m=3.0,
        gamma=1.0,
        lambda3=0.0,
        c=1.0039e5,
        d=16.217,
        h=-0.59825,
        n=0.78734,
        beta=1.1e-6,
        lambda2=1.7322,
        B=471.18,
        R=2.85,
        D=0.15,
        lambda1=2.4799,
        A=1830.8,
    )
    return Tersoff({("Si", "Si", "Si"): silicon})


def _xtb(method: str) -> Callable[[str], Any]:
    def build(device: str) -> Any:
        from tblite.ase import TBLite

        return TBLite(method=method, verbosity=0)

    return build


emt = Model(
    title="Effective medium theory, as in ASE; doi:10.1016/0039-6028(96)00816-3",
    build=_emt,
    elements=EMT_METALS,
)
emt_asap = Model(
    title="Effective medium theory, cut off as in Asap; doi:10.1016/0039-6028(96)00816-3",
    build=_emt_asap,
    elements=EMT_METALS,
)
tersoff_si = Model(
    title="Tersoff's potential for silicon, Si(C); doi:10.1103/PhysRevB.38.9902",
    build=_tersoff,
    elements=frozenset({"Si"}),
)
gfn1_xtb = Model(
    title="GFN1-xTB, gamma point only: give supercells; doi:10.1021/acs.jctc.7b00118",
    build=_xtb("GFN1-xTB"),
    needs=("tblite",),
    install="pip install tblite",
)
gfn2_xtb = Model(
    title="GFN2-xTB, gamma point only: give supercells; doi:10.1021/acs.jctc.8b01176",
    build=_xtb("GFN2-xTB"),
    needs=("tblite",),
    install="pip install tblite",
)
