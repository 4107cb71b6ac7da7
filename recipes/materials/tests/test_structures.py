"""Structure files: every format read, every bad one answered with place and remedy."""

import bz2
import gzip
import json
import lzma
import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path

import ase.db
import numpy as np
import pytest
import zstandard
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.io import write

from workbench import ParameterError, Source
from workbench.input_checks import check_input
from workbench.parameters import input_files
from workbench_materials.elastic_parameters import ElasticParameters
from workbench_materials.frames import BadStructure, frames, kind_of, structure_files
from workbench_materials.structures import check_file, names, read

FILES = input_files(ElasticParameters)["structures"]
COPPER = bulk("Cu", "fcc", a=3.6, cubic=True)
SLAB = fcc111("Cu", (1, 1, 3), vacuum=5)
SLAB.info.clear()
CIF = """data_copper
_cell_length_a 3.6
_cell_length_b 3.6
_cell_length_c 3.6
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_space_group_IT_number 225
_space_group_name_H-M_alt 'F m -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Cu1 Cu 0 0 0 1
"""
CORUNDUM = """data_corundum
_chemical_formula_sum 'Al2 O3'
_cell_formula_units_Z 6
_cell_length_a 4.76
_cell_length_b 4.76
_cell_length_c 12.99
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 120
_space_group_IT_number 167
_space_group_crystal_system trigonal
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Al1 0 0 0.352
O1 0.306 0 0.25
"""


def all_of(path: Path) -> list[Atoms]:
    return [read(path, frame) for frame in frames(Source(path))]


NAMES = ["cu.cif", "POSCAR", "cu.vasp", "CONTCAR.relaxed", "cu.xyz", "cu.extxyz"]


@pytest.mark.parametrize("name", [*NAMES, "cu.db", "cu.json"])
def test_every_format_gives_the_same_crystal(tmp_path, name):
    path = tmp_path / name
    kind = {"poscar": "vasp", "xyz": "extxyz", "db": None, "cif": "cif"}[kind_of(path)]
    if kind is None:
        ase.db.connect(path).write(COPPER)
    else:
        write(path, COPPER, format=kind)
    check_file(Source(path))
    (found,) = all_of(path)
    assert str(found.symbols) == "Cu4"
    assert np.allclose(found.cell.array, COPPER.cell.array)
    assert np.allclose(found.get_all_distances(mic=True)[0, 1:], 3.6 / np.sqrt(2))
    assert found.calc is None
    assert not found.constraints


@pytest.mark.parametrize(
    ("ending", "packed"),
    [
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", lambda data: zstandard.ZstdCompressor().compress(data)),
    ],
)
def test_compressed_files_are_read(tmp_path, ending, packed):
    path = tmp_path / f"cu.cif{ending}"
    path.write_bytes(packed(CIF.encode()))
    assert [len(atoms) for atoms in all_of(path)] == [4]


def test_windows_line_ends_and_byte_order_marks_are_fine(tmp_path):
    path = tmp_path / "cu.cif"
    path.write_bytes(b"\xef\xbb\xbf" + CIF.replace("\n", "\r\n").encode())
    assert [len(atoms) for atoms in all_of(path)] == [4]


def test_several_structures_in_one_file(tmp_path):
    crystals = [COPPER, bulk("Ni", "fcc", a=3.5), bulk("Al", "fcc", a=4.0, cubic=True)]
    write(tmp_path / "run.xyz", crystals, format="extxyz")
    write(tmp_path / "run.cif", crystals, format="cif")
    with ase.db.connect(tmp_path / "run.db") as database:
        for atoms in crystals:
            database.write(atoms)
        del database[2]
    for name, formulas in (
        ("run.xyz", ["Cu4", "Ni", "Al4"]),
        ("run.cif", ["Cu4", "Ni", "Al4"]),
        ("run.db", ["Cu4", "Al4"]),
    ):
        assert [str(a.symbols) for a in all_of(tmp_path / name)] == formulas
        assert [str(a.symbols.formula) for a in all_of(tmp_path / name)] == formulas


def test_blocks_without_atoms_and_text_fields_are_passed_over(tmp_path):
    path = tmp_path / "cu.cif"
    story = "data_global\n_publ_section_title\n;\ndata_in_a_text _atom_site_\n;\n"
    path.write_text(story + CIF)
    (frame,) = frames(Source(path))
    assert frame.line == 6
    assert len(read(path, frame)) == 4


def test_a_large_files_last_structure_is_not_judged(tmp_path):
    path = tmp_path / "run.xyz"
    write(path, [COPPER] * 3, format="extxyz")
    text = path.read_text()
    path.write_text(text[: int(len(text) * 0.9)])
    assert len(list(frames(Source(path, whole=False)))) == 2


def test_an_ase_trajectory_with_results_and_constraints_is_read_plain(tmp_path):
    path = tmp_path / "cu.xyz"
    text = '1\nLattice="3 0 0 0 3 0 0 0 3" Properties=species:S:1:pos:R:3:forces:R:3 energy=-1.0\n'
    path.write_text(text + "Cu 0 0 0 0.1 0.2 0.3\n")
    (found,) = all_of(path)
    assert set(found.arrays) == {"numbers", "positions"}
    assert found.calc is None


BAD = {
    "empty.cif": (b"\n", "holds no structure: no data block"),
    "line.xyz": (b"1" * (2**20 + 10), "is longer than 1 MB"),
    "prose.cif": (b"Dear colleague,\nsee attachment\n", "holds no structure"),
    "page.cif": (b"<!DOCTYPE html><html><body>404</body></html>", "is a web page"),
    "binary.cif": (b"data_x\n\0\1\2", "line 2: a NUL byte"),
    "wide.cif": (CIF.encode("utf-16"), "NUL byte|not UTF-8"),
    "latin.cif": (b"data_x\n_publ_author_name 'M\xfcller'\n", "line 2: byte 0xfc is not UTF-8"),
    "no_cell.cif": (CIF.replace("_cell_length_a 3.6\n", "").encode(), "the cell .* is missing"),
    "half.cif": (CIF.replace("0 0 0 1", "0 0 0 0.5").encode(), r"in part: Cu1 \(0.5\)"),
    "mixed.cif": (
        CIF.replace("Cu1 Cu 0 0 0 1", "Cu1 Cu 0 0 0 0.75\nAu1 Au 0 0 0 0.25").encode(),
        r"in part: Cu1 \(0.75\), Au1 \(0.25\)",
    ),
    "letters.cif": (CIF.replace("_length_a 3.6", "_length_a abc").encode(), "ASE cannot read"),
    "loop.cif": (CIF.replace("0 0 0 1", "0 0").encode(), "ASE cannot read|has no coord"),
    "element.cif": (CIF.replace("Cu1 Cu", "Qq1 Qq").encode(), "ASE cannot read"),
    "setting.cif": (CORUNDUM.encode(), "symmetry gives a cell of .* formula and Z say Al12 O18"),
    "POSCAR.vasp4": (b"Cu\n3.6\n1 0 0\n0 1 0\n0 0 1\n4\nDirect\n0 0 0\n", "names no elements"),
    "POSCAR.cut": (b"Cu\n3.6\n1 0 0\n0 1 0\n", "ASE cannot read this POSCAR"),
    "POSCAR": (b"\n", "is empty"),
    "plain.xyz": (b"1\ncomment\nCu 0 0 0\n", "no cell with a volume"),
    "flat.xyz": (b'1\nLattice="3 0 0 0 3 0 3 3 0"\nCu 0 0 0\n', "no cell with a volume"),
    "short.xyz": (b'3\nLattice="3 0 0 0 3 0 0 0 3"\nCu 0 0 0\n', "3 atoms are announced, 1 lines"),
    "counts.xyz": (b"Cu 0 0 0\n", "line 1: 'Cu 0 0 0' stands where the number of atoms"),
    "endless.xyz": (b"9" * 5000 + b"\n\n", "line 1: '9999.*' stands where the number of atoms"),
    "none.xyz": (b'0\nLattice="3 0 0 0 3 0 0 0 3"\n', "has no atoms"),
    "nan.xyz": (b'1\nLattice="3 0 0 0 3 0 0 0 3"\nCu nan 0 0\n', "no finite number"),
    "ghost.xyz": (b'1\nLattice="3 0 0 0 3 0 0 0 3"\nX 0 0 0\n', "atom 1 is of no known element"),
    "twins.xyz": (
        b'2\nLattice="3 0 0 0 3 0 0 0 3"\nCu 0 0 0\nAu 0 0 0.1\n',
        r"atoms 1 \(Cu\) and 2 \(Au\) are 0.100 angstrom apart",
    ),
    "other.db": (b"not a database", "no ASE database"),
    "other.json": (b'{"a": 1}', "no ASE database"),
    "cut.json": (b'{"1": {', "no ASE database"),
    "cu.db.gz": (gzip.compress(b"x"), "decompress it first"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_told_with_place_and_remedy(tmp_path, name):
    content, told = BAD[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ParameterError, match=told) as caught:
        check_file(Source(path))
    assert path.name in caught.value.message


@pytest.mark.parametrize(
    ("atoms", "told"),
    [
        (SLAB, "not periodic in all three"),
        (molecule("H2O", vacuum=4), "not periodic in all three"),
    ],
    ids=["slab", "molecule"],
)
def test_what_is_no_bulk_crystal_is_refused(tmp_path, atoms, told):
    path = tmp_path / "a.xyz"
    write(path, atoms, format="extxyz")
    with pytest.raises(ParameterError, match=told):
        check_file(Source(path))


def test_all_bad_structures_of_a_file_are_told_at_once(tmp_path):
    path = tmp_path / "run.xyz"
    write(path, [COPPER, SLAB, COPPER], format="extxyz")
    with path.open("a") as file:
        file.write("1\nno cell\nCu 0 0 0\n")
    with pytest.raises(ParameterError) as caught:
        check_file(Source(path))
    lines = [field.message.split(":")[0] for field in caught.value.fields]
    assert lines == ["run.xyz, line 7", "run.xyz, line 18"]


def test_somebody_elses_sqlite_file_stays_as_it_is(tmp_path):
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE notes (text TEXT)")
        database.commit()
    before = path.read_bytes()
    with pytest.raises(ParameterError, match="no ASE database"):
        check_file(Source(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "start"),
    [("large.cif", b"data_x\n"), ("POSCAR", b""), ("large.xyz", b"9999999999\n\n")],
)
def test_a_structure_of_hundreds_of_mb_is_not_read(tmp_path, name, start):
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(start)
        file.writelines([b"ACDEFGHIKL" * 1000 + b"\n"] * 10_000)
    tracemalloc.start()
    try:
        [said] = check_input(path, FILES)
        assert tracemalloc.get_traced_memory()[1] < 150e6
    finally:
        tracemalloc.stop()
    assert said.startswith(f"{name}, line 1: a structure of more than 64 MB begins here.")


def test_what_stands_before_a_cifs_first_block_is_not_kept(tmp_path):
    path = tmp_path / "late.cif"
    path.write_text("# a long story\n" * 1000 + CIF)
    [frame] = frames(Source(path))
    assert (frame.line, frame.text) == (1001, CIF)


def test_a_json_database_of_hundreds_of_mb_is_not_read(tmp_path):
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(300_000_000)  # a hole costs no disk
    tracemalloc.start()
    try:
        [said] = check_input(path, FILES)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()
    assert said.startswith("large.json has 300 MB; ASE reads a JSON database whole for each of")
    assert said.endswith("Convert it: ase db large.json --insert-into large.db")


def test_a_database_without_rows_is_refused(tmp_path):
    path = tmp_path / "a.db"
    ase.db.connect(path).write(COPPER)
    del ase.db.connect(path)[1]
    with pytest.raises(BadStructure, match="without rows"):
        list(frames(Source(path)))
    other = tmp_path / "a.json"
    other.write_text(json.dumps({"ids": [], "nextid": 1}))
    with pytest.raises(BadStructure, match="without rows"):
        list(frames(Source(other)))


def test_folders_are_walked_and_other_files_left_out(tmp_path):
    for name in (
        "b.cif",
        "a.cif.gz",
        "ni/POSCAR",
        ".hidden.cif",
        ".git/x.cif",
        "README.md",
        "x.dat",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(CIF)
    found = [path.relative_to(tmp_path).as_posix() for path in structure_files(tmp_path)]
    assert found == ["a.cif.gz", "b.cif", "ni/POSCAR"]
    check_file(Source(tmp_path / "README.md"))


def test_names_are_unique_and_always_the_same():
    files = [("a.cif", 1), ("a.vasp", 1), ("a_2.cif", 1), ("run.xyz.gz", 3), ("ni/POSCAR", 1)]
    assert names(files) == ["a", "a_2", "a_2_2", "run-0", "run-1", "run-2", "ni/POSCAR"]
    assert names([("POSCAR.cu", 1), ("POSCAR.ni", 1)]) == ["POSCAR.cu", "POSCAR.ni"]
