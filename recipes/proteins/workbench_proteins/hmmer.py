"""HMMER's search, one query against one shard, as pyhmmer offers it.

What comes out equals, to the last bit, what ``pyhmmer.phmmer(queries, database, E=evalue)`` says
of the same pairs, but for two numbers that only the whole database knows: how many targets are
reported (domZ), and so the conditional E-values and which domains are reported.  Those are
concluded by :mod:`workbench_proteins.hits`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench_proteins.fasta import LETTERS
from workbench_proteins.pages import Sequences

HMMER_SEED = 42


def alphabet() -> Any:
    """Return HMMER's amino acids; pyhmmer is imported by those who compute, on first use.

    Raises
    ------
    ImportError
        When this pyhmmer numbers residues otherwise than :data:`LETTERS` does.
    """
    from pyhmmer.easel import Alphabet

    found = Alphabet.amino()
    if found.symbols != LETTERS:
        raise ImportError(f"pyhmmer's residues are {found.symbols!r}, expected {LETTERS!r}")
    return found


class Targets:
    """A shard of the database, in HMMER's hands.

    Sequences are called by their place in the shard, so that hits tell it whatever the names.
    """

    def __init__(self, pages: Sequence[Sequences]) -> None:
        from pyhmmer.easel import DigitalSequenceBlock

        self._pages = pages
        self._starts = [page.first - pages[0].first for page in pages]
        self.first = pages[0].first
        self.block = DigitalSequenceBlock(alphabet())
        for start, page in zip(self._starts, pages, strict=True):
            self.block.extend(_digital(page, start))

    def name(self, place: int) -> str:
        """Return the name of a sequence by its place in the shard."""
        page = bisect_right(self._starts, place) - 1
        return self._pages[page].name(place - self._starts[page])


def _digital(page: Sequences, start: int) -> Iterator[Any]:
    from pyhmmer.easel import DigitalSequence

    amino = alphabet()
    residues = page.residues.data
    begin = 0
    for place, end in enumerate(page.ends.tolist(), start):
        yield DigitalSequence(amino, name=str(place), sequence=residues[begin:end])
        begin = end


@dataclass(frozen=True, slots=True)
class Found:
    """One domain of a reported target; coordinates from 1, inclusive.

    ``pvalue`` is the domain's: times domZ it is the conditional E-value.
    """

    target_index: int
    target: str
    domain: int
    evalue: float
    score: float
    bias: float
    pvalue: float
    i_evalue: float
    domain_score: float
    domain_bias: float
    identity: float
    query_coverage: float
    target_coverage: float
    query_from: int
    query_to: int
    target_from: int
    target_to: int
    env_from: int
    env_to: int


class Search:
    """Builds profiles and searches with them; one thread.

    Parameters
    ----------
    n_targets
        Number of sequences in the whole database (HMMER's Z).
    evalue
        Targets with larger E-values are not reported.
    seed
        Seed of HMMER's random numbers; 0 stands for HMMER's own default, 42.
    """

    def __init__(self, n_targets: int, evalue: float, seed: int) -> None:
        from pyhmmer.plan7 import Background, Builder, Pipeline

        seed = seed or HMMER_SEED
        self._alphabet = alphabet()
        self._background = Background(self._alphabet)
        self._builder = Builder(self._alphabet, seed=seed)
        self._pipeline = Pipeline(
            self._alphabet, Z=n_targets, E=evalue, domE=float("inf"), seed=seed
        )

    def profile(self, residues: NDArray[np.uint8]) -> Any:
        """Build the profile of one query."""
        from pyhmmer.easel import DigitalSequence

        query = DigitalSequence(self._alphabet, name="query", sequence=residues.data)
        return self._builder.build(query, self._background)[2]

    def reported(self, profile: Any, targets: Targets) -> tuple[int, list[Found]]:
        """Search a shard; return the number of reported targets and all their domains."""
        hits = self._pipeline.search_hmm(profile, targets.block)
        self._pipeline.clear()
        found: list[Found] = []
        n = 0
        for hit in hits.reported:
            n += 1
            place = int(hit.name)
            found += _domains(hit, targets.first + place, targets.name(place))
        return n, found


def _domains(hit: Any, index: int, name: str) -> Iterator[Found]:
    number = 0
    for domain in hit.domains:
        # Left out here: one of two domains with the same alignment (HMMER's bug h74).
        if not domain.reported:
            continue
        number += 1
        alignment = domain.alignment
        query_from, query_to = alignment.hmm_from, alignment.hmm_to
        target_from, target_to = alignment.target_from, alignment.target_to
        # A letter where the residues are the same, "+" where they are similar.
        match = alignment.identity_sequence
        identical = len(match) - match.count(" ") - match.count("+")
        yield Found(
            target_index=index,
            target=name,
            domain=number,
            evalue=hit.evalue,
            score=hit.score,
            bias=hit.bias,
            pvalue=domain.pvalue,
            i_evalue=domain.i_evalue,
            domain_score=domain.score,
            domain_bias=domain.bias,
            identity=identical / len(match),
            query_coverage=(query_to - query_from + 1) / alignment.hmm_length,
            target_coverage=(target_to - target_from + 1) / alignment.target_length,
            query_from=query_from,
            query_to=query_to,
            target_from=target_from,
            target_to=target_to,
            env_from=domain.env_from,
            env_to=domain.env_to,
        )
