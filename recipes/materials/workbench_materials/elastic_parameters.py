"""The parameters of materials.elastic, and what can only be said of them together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from workbench import Check, InputFile, ParameterError, Parameters, Problem, Source, parameter
from workbench_materials import calculators
from workbench_materials.frames import FORMATS, BadStructure, frames, structure_files
from workbench_materials.structures import MOST_PROBLEMS, check_file, read

CHECK_S = 1.0


class ElasticParameters(Parameters):
    """Which crystals, which calculator, which strains."""

    structures: Annotated[Path, InputFile(FORMATS, check=check_file, folder=True, text=False)] = (
        parameter(
            help="Crystal structures: one file, or a folder with any number of them (CIF, POSCAR, "
            "extended XYZ with one or more structures, ASE database)."
        )
    )
    calculator: Annotated[str, Check(calculators.find)] = parameter(
        "emt",
        help="What computes energies and forces, by name: emt (seven fcc metals and their alloys), "
        "emt-asap, tersoff-si, or what is installed besides.",
    )
    strain_max: float = parameter(
        0.01, ge=1e-4, le=0.05, help="Largest strain; shears are engineering shears."
    )
    fmax: float = parameter(
        1e-4,
        unit="eV/angstrom",
        gt=0,
        le=0.1,
        help="Relaxed when no force is larger. A larger value is faster; where ions move under "
        "strain, the elastic tensor becomes less exact.",
    )
    seed: int = parameter(
        0, ge=0, help="Chooses the structures and strains that the audit computes from energies."
    )
    amplitudes: int = parameter(
        2,
        ge=1,
        le=5,
        group="numerics",
        advanced=True,
        help="Strains of each kind and sign, evenly up to strain_max. With 1 the error is of "
        "second order in the strain, with more of fourth.",
    )
    max_steps: int = parameter(
        500,
        ge=1,
        group="numerics",
        advanced=True,
        help="Steps before a relaxation changes to a slower, safer optimizer; after as many again "
        "the structure has failed.",
    )
    symprec: float = parameter(
        0.01,
        unit="angstrom",
        gt=0,
        le=0.5,
        group="numerics",
        advanced=True,
        help="How far a relaxed atom may be from its symmetric place.",
    )


def check_parameters(p: ElasticParameters) -> None:
    """Check calculator and structures against each other, for about a second.

    Raises
    ------
    ParameterError
        With every problem: no structures, elements that the calculator does not know.
    """
    files = structure_files(p.structures)
    if not files:
        raise ParameterError.of([Problem("structures", _no_files(p.structures))])
    problems = _unknown_elements(p.calculator, calculators.find(p.calculator), files)
    if problems:
        raise ParameterError.of(problems)


def _no_files(path: Path) -> str:
    known = f"Known are names with {', '.join(FORMATS)}, also with .gz, .bz2, .xz or .zst behind."
    if path.is_dir():
        return f"{path} holds no structure file. {known}"
    return f"the name of {path.name} says no known format. {known} Rename or convert it."


def _unknown_elements(name: str, model: calculators.Model, files: list[Path]) -> list[Problem]:
    if not model.elements:
        return []
    found = []
    until = time.monotonic() + CHECK_S
    for place, atoms in _read_all(files):
        told = unknown_elements(name, model, set(atoms.get_chemical_symbols()))
        if told:
            found.append(Problem("structures", f"{place}: {told}"))
        if time.monotonic() > until or len(found) >= MOST_PROBLEMS:
            break
    return found


def unknown_elements(name: str, model: calculators.Model, symbols: set[str]) -> str:
    """Say which of a structure's elements a calculator does not know, and which others do."""
    unknown = model.unknown(symbols)
    if not unknown:
        return ""
    return (
        f"calculator {name!r} does not know {', '.join(unknown)}; it knows "
        f"{', '.join(sorted(model.elements))}. {_instead(symbols)} Or leave this structure out."
    )


def _instead(symbols: set[str]) -> str:
    """Name the calculators for a structure's elements; where none is installed, what to install."""
    usable, absent = calculators.knowing(symbols)
    if usable:
        return f"Installed for all of its elements: {', '.join(usable)}."
    none = "No installed calculator knows all of its elements."
    would = "; ".join(f"{other} ({how})" for other, how in absent.items())
    return f"{none} These would, once installed: {would}." if would else none


def _read_all(files: list[Path]) -> Iterator[tuple[str, Any]]:
    for path in files:
        for frame in frames(Source(path)):
            place = path.name if frame.line < 2 else f"{path.name}, line {frame.line}"
            try:
                yield place, read(path, frame)
            except BadStructure:
                continue  # the file's own check has told what was looked at, the run tells the rest
