"""DNA and RNA taken for proteins: their letters are amino acids' too."""

from __future__ import annotations

FEWEST = 50
"""Fewer letters of nucleotides may well be peptides, GATTACA for one."""

LEAST = 0.02
"""DNA has this part of each base.  Antifreeze glycoproteins, (Ala-Ala-Thr)n, and silk lack some."""

_BASES = (b"A", b"C", b"G", b"TU")
_NUCLEOTIDES = b"ACGTUN"
_BLANKS = b" \t\r"


class Letters:
    """Looks at the letters of a file as it is read, until one can only be an amino acid's."""

    def __init__(self) -> None:
        self._protein = False
        self._total = 0
        self._counts = [0] * len(_BASES)

    def add(self, line: bytes) -> None:
        """Look at a line of residues."""
        if self._protein:
            return
        letters = line.translate(None, _BLANKS).upper()
        if letters.translate(None, _NUCLEOTIDES):
            self._protein = True
            return
        self._total += len(letters)
        for n, base in enumerate(_BASES):
            self._counts[n] += len(letters) - len(letters.translate(None, base))

    @property
    def dna(self) -> bool:
        """Whether the file looks like DNA or RNA: long, and made of all four bases alone."""
        few = self._total < FEWEST or min(self._counts) < LEAST * self._total
        return not (self._protein or few)
