"""One structure: read from its piece of a file, and judged before it is computed."""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from workbench import ParameterError, Problem, Source
from workbench_materials.frames import BadStructure, Frame, bare_name, frames, kind_of

CHECK_S = 1.0
"""A file's structures are read for so long before a run; the others when they are computed."""

CLOSEST = 0.4
"""No two atoms are nearer than this, angstrom: the shortest bond there is (H2) has 0.74."""

MOST_PROBLEMS = 10


def check_file(source: Source) -> None:
    """Check a structure file before a run; names that say no known format are left out.

    Raises
    ------
    ParameterError
        With one field for each structure that cannot be computed.
    """
    if not kind_of(source.path):
        return
    problems: list[Problem] = []
    until = time.monotonic() + CHECK_S
    pieces = frames(source)
    while time.monotonic() < until and len(problems) < MOST_PROBLEMS:
        try:
            frame = next(pieces, None)
            if frame is None:
                break
            read(source.path, frame)
        except BadStructure as error:
            problems.append(Problem(source.path.name, error.message))
    if problems:
        raise ParameterError.of(problems)


def names(files: list[tuple[str, int]]) -> list[str]:
    """Name structures by their files: ``cu``, ``run-0``, ``run-1``, ``sub/POSCAR``.

    Parameters
    ----------
    files
        Relative path and number of structures of each file.

    Returns
    -------
    list of str
        Unique; a name that stood before gets ``_2``, ``_3`` and so on.
    """
    found: list[str] = []
    taken: set[str] = set()
    for relative, count in files:
        stem = Path(relative).with_name(_stem(Path(relative))).as_posix()
        for number in range(count):
            plain = stem if count == 1 else f"{stem}-{number}"
            name, times = plain, 1
            while name in taken:
                times += 1
                name = f"{plain}_{times}"
            taken.add(name)
            found.append(name)
    return found


def _stem(path: Path) -> str:
    name = bare_name(path)
    if name.upper().startswith(("POSCAR", "CONTCAR")):
        return name
    return Path(name).stem


def read(path: Path, frame: Frame) -> Any:
    """Return one structure as a plain ``ase.Atoms``: numbers, positions, cell, periodic.

    Raises
    ------
    BadStructure
        When it cannot be read or is no crystal that can be computed: no atoms, no cell, not
        periodic in three directions, sites occupied in part, atoms at one place.
    """
    where = f"{path.name}, line {frame.line}" if frame.line > 1 else path.name
    if frame.kind == "db":
        where = f"{path.name}, row {frame.text}"
    try:
        with warnings.catch_warnings():
            # What ASE warns of (a crystal system it does not use) is no news to the user.
            warnings.simplefilter("ignore")
            atoms = _READERS[frame.kind](path, frame.text)
    except BadStructure as error:
        raise BadStructure(f"{where}: {error.message}") from error
    except Exception as error:
        raise BadStructure(
            f"{where}: ASE cannot read this {_WORDS[frame.kind]} "
            f"({type(error).__name__}: {str(error)[:200]}). Export it again, or convert it with a "
            "program that reads it."
        ) from error
    fault = _fault(atoms)
    if fault:
        raise BadStructure(f"{where}: {fault}")
    plain = type(atoms)(numbers=atoms.numbers, cell=atoms.cell, pbc=True)
    plain.positions[:] = atoms.positions
    return plain


_WORDS = {"cif": "CIF", "poscar": "POSCAR", "xyz": "extended XYZ", "db": "database row"}


def _read_cif(path: Path, text: str) -> Any:
    from ase.io.cif import parse_cif

    block = next(iter(parse_cif(io.StringIO(text))))
    _occupied_whole(block)
    if not block.has_structure():
        raise BadStructure("it has no coordinates: export it with its atoms.")
    if None in (block.get_cellpar() or [None]):
        raise BadStructure("the cell (_cell_length_a and the others) is missing.")
    atoms = block.get_atoms()
    _holds_what_it_says(block, atoms)
    return atoms


def _occupied_whole(block: Any) -> None:
    occupancies = block.get("_atom_site_occupancy") or []
    labels = block.get("_atom_site_label") or block.get("_atom_site_type_symbol") or []
    partly = [
        f"{label} ({value})"
        for label, value in zip(labels, occupancies, strict=False)
        if isinstance(value, int | float) and abs(value - 1) > 1e-3
    ]
    if partly:
        raise BadStructure(
            f"sites are occupied in part: {', '.join(partly[:5])}"
            f"{', ...' if len(partly) > 5 else ''}. Give one ordered arrangement, a supercell if "
            "need be."
        )


def _holds_what_it_says(block: Any, atoms: Any) -> None:
    """Compare with formula and Z where the file has them: symmetry is easily misread."""
    from ase.formula import Formula

    said, units = block.get("_chemical_formula_sum"), block.get("_cell_formula_units_z")
    if not isinstance(said, str) or not isinstance(units, int | float):
        return
    try:
        formula = Formula(said.replace(" ", "")).count()
    except ValueError:
        return
    wanted = {symbol: round(count * units) for symbol, count in formula.items()}
    there = {symbol: int(count) for symbol, count in atoms.symbols.formula.count().items()}
    deuterium = wanted.pop("D", 0)
    if deuterium:
        wanted["H"] = wanted.get("H", 0) + deuterium
    if wanted != there:
        raise BadStructure(
            f"its symmetry gives a cell of {_counted(there)}, its formula and Z say "
            f"{_counted(wanted)}. Add the atoms that are left out (often hydrogens), list the "
            "symmetry operations (_space_group_symop_operation_xyz), or export the cell in P 1."
        )


def _counted(counts: dict[str, int]) -> str:
    return " ".join(f"{symbol}{count}" for symbol, count in sorted(counts.items()))


def _read_poscar(path: Path, text: str) -> Any:
    from ase.io.vasp import read_vasp

    lines = text.splitlines()
    if len(lines) > 5 and lines[5].split() and lines[5].split()[0].isdigit():
        raise BadStructure(
            "this POSCAR (VASP 4) names no elements. Insert a line with them before the line "
            f"{lines[5].strip()!r}."
        )
    return read_vasp(io.StringIO(text))


def _read_xyz(path: Path, text: str) -> Any:
    from ase.io.extxyz import read_xyz

    return next(iter(read_xyz(io.StringIO(text), index=0)))


def _read_row(path: Path, text: str) -> Any:
    from ase.db import connect

    return connect(path, use_lock_file=False).get(id=int(text)).toatoms()


_READERS: dict[str, Callable[[Path, str], Any]] = {
    "cif": _read_cif,
    "poscar": _read_poscar,
    "xyz": _read_xyz,
    "db": _read_row,
}


def _fault(atoms: Any) -> str:
    """Say why a structure cannot be computed; an empty text where it can."""
    if len(atoms) == 0:
        return "it has no atoms."
    if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell.array).all():
        return "a coordinate is no finite number."
    if atoms.cell.rank < 3 or abs(atoms.cell.volume) < 1e-3:
        return (
            "it has no cell with a volume, so no bulk crystal is described. Give three lattice "
            'vectors (in extended XYZ: Lattice="...").'
        )
    if not atoms.pbc.all():
        return "it is not periodic in all three directions; an elastic tensor needs a bulk crystal."
    if (atoms.numbers == 0).any():
        return f"atom {int(np.argmin(atoms.numbers)) + 1} is of no known element."
    return _too_close(atoms)


def _too_close(atoms: Any) -> str:
    from ase.neighborlist import neighbor_list

    first, second, distance = neighbor_list("ijd", atoms, CLOSEST)
    if not len(distance):
        return ""
    nearest = int(np.argmin(distance))
    i, j = sorted((int(first[nearest]), int(second[nearest])))
    return (
        f"atoms {i + 1} ({atoms.symbols[i]}) and {j + 1} ({atoms.symbols[j]}) are "
        f"{distance[nearest]:.3f} angstrom apart. Remove the duplicate, or check unit and symmetry."
    )
