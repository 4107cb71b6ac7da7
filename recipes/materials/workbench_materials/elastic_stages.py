"""Plans and kernels of materials.elastic: relax, strain, fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import (
    KernelContext,
    ParameterError,
    Plan,
    Problem,
    Source,
    Task,
    WorkbenchError,
    content_hash,
    tasks,
    tile,
)
from workbench_materials import calculators, tensors
from workbench_materials.axes import standard_axes
from workbench_materials.elastic_parameters import ElasticParameters, unknown_elements
from workbench_materials.frames import BadStructure, Frame, frames, structure_files
from workbench_materials.relaxation import NotRelaxed, relax_cell, relax_ions
from workbench_materials.structures import names, read

Results = Mapping[str, NDArray[Any]]

DONE = 1
# The softest solids, of helium, have some 0.02 GPa.
NO_STIFFNESS_GPA = 1e-4


class NoSolid(WorkbenchError):  # noqa: N818 - reads as a sentence where it is raised
    """A structure that resists no strain."""

    code = "no_solid"


def plan_relax(p: ElasticParameters, results: Results) -> Plan:
    """One item a structure, in the order of the sorted file names and of the files."""
    found = [
        (_relative(file, p.structures), [frame.size for frame in frames(Source(file))])
        for file in _files(p)
    ]
    counts = [len(sizes) for _, sizes in found]
    return Plan(
        dim="structure",
        coords={
            "structure": names([(name, len(sizes)) for name, sizes in found]),
            "structure_file": ("structure", np.repeat([name for name, _ in found], counts)),
            "structure_frame": (
                "structure",
                np.concatenate([np.arange(n, dtype=np.int32) for n in counts]),
            ),
            "vector": ["a", "b", "c"],
            "xyz": ["x", "y", "z"],
        },
        tasks=tile(sum(counts), cost=[size for _, sizes in found for size in sizes]),
        # All of it was read just now; at submit only the ends of a large file were.
        attrs={"structures_sha256": content_hash(p.structures)},
    )


def relax(task: Task, p: ElasticParameters, ctx: KernelContext) -> Mapping[str, Any]:
    """Relax lattice and ions, and turn the crystal into its standard axes.

    Returns
    -------
    mapping
        ``energy`` (n,) eV; ``lattice`` (n, 3, 3) angstrom, rows are vectors; ``space_group`` (n,);
        ``formula`` (n,); ``atoms``: rows with positions in angstrom.
    """
    relaxed = [_relaxed(task, item, p, ctx) for item in range(len(task))]
    crystals = [atoms for atoms, _, _ in relaxed]
    counts = [len(atoms) for atoms in crystals]
    positions = np.concatenate([atoms.positions for atoms in crystals])
    return {
        "energy": np.array([energy for _, energy, _ in relaxed]),
        "lattice": np.stack([atoms.cell.array for atoms in crystals]),
        "space_group": np.array([number for _, _, number in relaxed], np.int32),
        "formula": [atoms.get_chemical_formula("metal") for atoms in crystals],
        "atoms": {
            "atom_structure": np.repeat(np.arange(task.start, task.stop, dtype=np.int32), counts),
            "atom_index": np.concatenate([np.arange(n, dtype=np.int32) for n in counts]),
            "atomic_number": np.concatenate([atoms.numbers for atoms in crystals]).astype(np.int16),
            "atom_x": positions[:, 0],
            "atom_y": positions[:, 1],
            "atom_z": positions[:, 2],
        },
    }


def _relaxed(
    task: Task, item: int, p: ElasticParameters, ctx: KernelContext
) -> tuple[Any, float, int]:
    name = str(task.inputs["structure"][item])
    atoms = _input(task, item, p, ctx)
    model = calculators.find(p.calculator)
    told = unknown_elements(p.calculator, model, set(atoms.get_chemical_symbols()))
    if told:
        raise BadStructure(f"{name}: {told}")
    atoms.calc = model.build(str(ctx.device))
    with _named(name):
        relax_cell(atoms, fmax=p.fmax, max_steps=p.max_steps)
    energy = float(atoms.get_potential_energy())
    axes = standard_axes(
        atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers, symprec=p.symprec
    )
    atoms.calc = None
    atoms.set_cell(atoms.cell.array @ axes.rotation.T, scale_atoms=True)
    return atoms, energy, axes.space_group


def _input(task: Task, item: int, p: ElasticParameters, ctx: KernelContext) -> Any:
    """Read one structure; its file is cut once in each process."""
    relative = str(task.inputs["structure_file"][item])
    path = p.structures / relative if p.structures.is_dir() else p.structures
    inside: list[Frame] = ctx.cache(f"frames {relative}", lambda: list(frames(Source(path))))
    return read(path, inside[int(task.inputs["structure_frame"][item])])


def plan_strain(p: ElasticParameters, results: Results) -> Plan:
    """Every relaxed structure under every strain; a structure's strains lie side by side."""
    relaxed = np.flatnonzero(results["relax_status"] == DONE)
    steps = p.strain_max * np.arange(1, p.amplitudes + 1) / p.amplitudes
    amplitude = np.concatenate([-steps[::-1], steps])
    each = tensors.COMPONENTS * len(amplitude)
    owner = np.repeat(relaxed, each).astype(np.int32)
    atoms = np.diff(results["atoms_row_start"])
    return Plan(
        dim="strain",
        owner="structure",
        coords={
            "structure": results["structure"],
            "strain": np.arange(len(owner), dtype=np.int64),
            "strain_structure": ("strain", owner),
            "strain_component": (
                "strain",
                np.tile(
                    np.repeat(np.arange(tensors.COMPONENTS, dtype=np.int8), len(amplitude)),
                    len(relaxed),
                ),
            ),
            "strain_amplitude": ("strain", np.tile(amplitude, tensors.COMPONENTS * len(relaxed))),
            "voigt_i": list(tensors.VOIGT),
        },
        units={"strain_amplitude": "1"},
        tasks=tile(len(owner), cost=atoms[owner], group=owner),
    )


def strain(task: Task, p: ElasticParameters, ctx: KernelContext) -> Mapping[str, Any]:
    """Strain a relaxed crystal, let its ions follow, and take the stress.

    Returns
    -------
    mapping
        ``stress`` (n, 6) GPa, positive in tension.
    """
    from ase.units import GPa

    stresses = []
    for item in range(len(task)):
        kind = np.zeros(tensors.COMPONENTS)
        kind[task.inputs["strain_component"][item]] = task.inputs["strain_amplitude"][item]
        owner = int(task.inputs["strain_structure"][item])
        with _named(f"{ctx.results['structure'][owner]} under {_words(kind)}"):
            atoms = strained(relaxed_atoms(ctx.results, owner), kind, p, ctx)
        stresses.append(np.asarray(atoms.get_stress(voigt=True)) / GPa)
    return {"stress": np.stack(stresses)}


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except NotRelaxed as error:
        raise NotRelaxed(f"{what}: {error.message}") from error


def _words(kind: Any) -> str:
    component = int(np.flatnonzero(kind)[0])
    return f"a strain {tensors.VOIGT[component]} of {kind[component]:g}"


def strain_label(at: Mapping[str, Any]) -> str:
    """Name a strain by component and size: ``xx +0.5 %``."""
    component = tensors.VOIGT[int(at["strain_component"])]
    return f"{component} {100 * float(at['strain_amplitude']):+g} %"


def relaxed_atoms(results: Results, structure: int) -> Any:
    """Return a relaxed crystal in its standard axes, ``ase.Atoms`` without calculator."""
    from ase import Atoms

    first, last = (int(n) for n in results["atoms_row_start"][structure : structure + 2])
    return Atoms(
        numbers=results["atomic_number"][first:last],
        positions=np.stack([results[f"atom_{axis}"][first:last] for axis in "xyz"], axis=1),
        cell=results["lattice"][structure],
        pbc=True,
    )


def strained(atoms: Any, kind: Any, p: ElasticParameters, ctx: KernelContext) -> Any:
    """Return a crystal under a strain (six Voigt components), its ions relaxed."""
    deformation = np.eye(3) + tensors.strain_matrix(kind)
    atoms.set_cell(atoms.cell.array @ deformation, scale_atoms=True)
    atoms.calc = calculators.find(p.calculator).build(str(ctx.device))
    relax_ions(atoms, fmax=p.fmax, max_steps=p.max_steps)
    return atoms


def plan_fit(p: ElasticParameters, results: Results) -> Plan:
    """One item a structure; those that lack a stress are not run."""
    ready = results["relax_status"] == DONE
    lost = results["strain_structure"][results["strain_status"] != DONE]
    ready[np.unique(lost)] = False
    run = np.flatnonzero(ready)
    return Plan(
        dim="structure",
        coords={
            "structure": results["structure"],
            "voigt_i": list(tensors.VOIGT),
            "voigt_j": list(tensors.VOIGT),
        },
        tasks=tasks(run, run + 1, group=run),
    )


def fit(task: Task, p: ElasticParameters, ctx: KernelContext) -> Mapping[str, Any]:
    """Fit elastic tensors and say what follows from them.

    Returns
    -------
    mapping
        ``elastic_tensor`` (n, 6, 6) GPa, the moduli (n,) GPa, ``stable`` (n,) and others.
    """
    found = [_fitted(structure, p, ctx.results) for structure in range(task.start, task.stop)]
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def _fitted(structure: int, p: ElasticParameters, results: Results) -> dict[str, Any]:
    owners = results["strain_structure"]
    first, last = np.searchsorted(owners, [structure, structure + 1])
    raw = tensors.fit_tensor(
        results["strain_component"][first:last],
        results["strain_amplitude"][first:last],
        results["stress"][first:last],
    )
    atoms = relaxed_atoms(results, structure)
    axes = standard_axes(
        atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers, symprec=p.symprec
    )
    tensor, asymmetry = tensors.symmetrized(raw, axes.point_group)
    _refuse_no_solid(str(results["structure"][structure]), tensor)
    return {
        "elastic_tensor": tensor,
        "asymmetry": np.float64(asymmetry),
        "stable": np.int8(tensors.stability(tensor, asymmetry)),
        **{name: np.float64(value) for name, value in tensors.moduli(tensor).items()},
    }


def _refuse_no_solid(name: str, tensor: NDArray[np.float64]) -> None:
    """Raise where strains meet no stress, or stresses are no numbers."""
    if not np.isfinite(tensor).all():
        raise NoSolid(
            f"{name}: the calculator gives stresses that are no numbers under strain: it does not "
            "know this structure well, or atoms come too close. Try another calculator, or a "
            "smaller strain_max."
        )
    if np.abs(tensor).max() < NO_STIFFNESS_GPA:
        raise NoSolid(
            f"{name}: straining the cell meets no stress: its atoms are so far apart that the "
            "calculator sees no forces between them, as of a molecule or of single atoms in an "
            "empty box. It has no elastic tensor. Give a crystal, and see whether its cell and "
            "positions are in angstrom."
        )


def _files(p: ElasticParameters) -> list[Path]:
    files = structure_files(p.structures)
    if not files:
        raise ParameterError.of([Problem("structures", f"{p.structures} holds no structure file.")])
    return files


def _relative(file: Path, structures: Path) -> str:
    return file.relative_to(structures).as_posix() if structures.is_dir() else file.name
