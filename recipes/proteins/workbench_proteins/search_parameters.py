"""The parameters of proteins.search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from workbench import InputFile, Parameters, parameter
from workbench_proteins.fasta import LONGEST, check_fasta

_ENDINGS = (".fasta", ".fa", ".faa", ".fas")
FORMATS = (
    "FASTA",
    *_ENDINGS,
    *(f"{ending}.{packed}" for packed in ("gz", "bz2", "xz", "zst") for ending in _ENDINGS[:3]),
)


class SearchParameters(Parameters):
    """What is searched, where, and what is reported."""

    queries: Annotated[Path, InputFile(FORMATS, check=check_fasta)] = parameter(
        help="Protein sequences to search with: a FASTA file, also packed with gzip, bzip2, xz or "
        "zstandard."
    )
    database: Annotated[Path, InputFile(FORMATS, check=check_fasta)] = parameter(
        help="Protein sequences to search in: a FASTA file, packed or not. It may be larger than "
        "the memory."
    )
    evalue: float = parameter(
        10.0, gt=0, help="Targets with a larger E-value are not reported (phmmer's -E)."
    )
    max_hits: int | None = parameter(
        None,
        ge=1,
        help="Keep so many targets for each query, the best ones. E-values are the same with and "
        "without.",
    )
    shard_residues: int = parameter(
        32_000_000,
        ge=LONGEST,
        le=2_000_000_000,
        group="resources",
        advanced=True,
        help="Largest part of the database that a worker holds at once, in residues; it needs "
        "about three bytes of memory for each. No result depends on it.",
    )
    seed: int = parameter(
        0,
        ge=0,
        le=2**32 - 1,
        group="numerics",
        advanced=True,
        help="Seed of HMMER's random numbers, which fit score distributions and sample domain "
        "boundaries. 0 stands for HMMER's own, 42.",
    )
