"""Combines the tasks of each group on a worker: a tree shaped by task order, never by arrival."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.kernel import KernelContext
from workbench.parameters import Parameters
from workbench.recipe import Output, Piece, Plan, Recipe
from workbench.runs.combine_jobs import CHUNK, CombineJob, Tree, combine_jobs
from workbench.runs.groups import groups, needs_combine, not_an_items, owner_ranges, whole
from workbench.runs.parts import Block, BlockBuilder, PartRef, write_part
from workbench.runs.pieces import Pieces, check_owners, checked_piece
from workbench.runs.ranges import Integers, ragged, ranges_of
from workbench.runs.rows import joined_rows, sort_rows

__all__ = ["CombineJob", "combine_jobs", "needs_combine", "run_combine", "sort_rows"]

PART_BYTES = 64 * 2**20
DONE, FAILED = 1, 2
NO_STATUS = np.zeros(0, np.int8)


def run_combine(
    folder: Path,
    recipe: Recipe[Any],
    plan: Plan,
    refs: Sequence[PartRef],
    job: CombineJob,
    parameters: Parameters,
    context: KernelContext | None,
    *,
    file: str,
    chunks: Sequence[PartRef] = (),
) -> list[PartRef]:
    """Combine what one job asks for and write it as part files.

    Owners of which any item failed or did not run lose their rows and hold missing values.

    Parameters
    ----------
    refs
        The stage's parts.
    parameters, context
        For the stage's ``combine`` and ``root``.
    file
        Path of the new part files below the run's folder, without ending: ``.0.npz``,
        ``.1.npz``... are added.  Equal results give equal bytes.
    chunks
        For a ``join``: what the ``chunk`` jobs of its group returned.

    Returns
    -------
    list of PartRef
        ``tasks`` are group numbers (of a ``chunk``: its number in the group).  Empty when no
        task of the job has anything to say.

    Raises
    ------
    RecipeError
        When ``combine`` or ``root`` does not return what the stage declares.
    DamagedResult
        When a part is missing or not what was written.
    """
    work = _Combine(folder, recipe, plan, refs, job, parameters, context)
    blocks = work.chunk() if job.kind == "chunk" else work.whole_groups(chunks)
    written = []
    for number, block in enumerate(blocks):
        ref = write_part(folder, f"{file}.{number}.npz", block)
        written.append(ref.of(ranges_of(block.tasks)))
    return written


class _Combine:
    """One job while it is done."""

    def __init__(
        self,
        folder: Path,
        recipe: Recipe[Any],
        plan: Plan,
        refs: Sequence[PartRef],
        job: CombineJob,
        parameters: Parameters,
        context: KernelContext | None,
    ) -> None:
        self.folder = folder
        self.stage = recipe.stage(job.stage)
        self.plan = plan
        self.job = job
        self.call = (parameters, context)
        self.outputs = [o for o in self.stage.outputs if o.kind == "rows" or not_an_items(o, plan)]
        self.numbers, self.edges = groups(plan)
        self.first_owner, self.last_owner = owner_ranges(plan)
        self._all_done = False
        self.pieces = Pieces(folder, self.outputs, refs, job.first_task, job.last_task)

    def chunk(self) -> Iterator[Block]:
        """Yield the joined piece of consecutive tasks of one huge group."""
        tree = Tree(self._join)
        for _, piece in self.pieces.each(self._owners(self.job.first_group)):
            tree.add(piece)
        piece = tree.result()
        if piece is not None:
            group = int(self.edges[self.job.first_group])
            builder = BlockBuilder(self.outputs)
            number = (self.job.first_task - group) // CHUNK
            builder.add(number, 0, NO_STATUS, piece.arrays, piece.rows)
            yield builder.build()

    def whole_groups(self, chunks: Sequence[PartRef]) -> Iterator[Block]:
        """Yield concluded groups, some in each block."""
        complete = self._complete()
        builder = BlockBuilder(self.outputs)
        for group in range(self.job.first_group, self.job.last_group):
            piece = self._joined(group, chunks)
            if piece is None:
                continue
            low, high = self._owners(group)
            mine = complete[low - self._low : high - self._low]
            piece = self._conclude(piece, mine)
            status = np.where(mine, DONE, FAILED).astype(np.int8)
            number = int(self.numbers[group])
            builder.add(number, high - low, status, piece.arrays, piece.rows)
            if builder.nbytes > PART_BYTES:
                yield builder.build()
                builder = BlockBuilder(self.outputs)
        if len(builder):
            yield builder.build()

    @property
    def _low(self) -> int:
        return int(self.first_owner[self.job.first_group])

    def _owners(self, group: int) -> tuple[int, int]:
        return int(self.first_owner[group]), int(self.last_owner[group])

    def _joined(self, group: int, chunks: Sequence[PartRef]) -> Piece | None:
        tree = Tree(self._join)
        if self.job.kind == "join":
            last = -(-(self.job.last_task - self.job.first_task) // CHUNK)
            pieces = Pieces(self.folder, self.outputs, chunks, 0, last)
            each = pieces.each(self._owners(group))
        else:
            span = int(self.edges[group]), int(self.edges[group + 1])
            each = self.pieces.each(self._owners(group), *span)
        for _, piece in each:
            tree.add(piece)
        return tree.result()

    def _join(self, pieces: Sequence[Piece]) -> Piece:
        combine = self.stage.combine
        if combine is not None:
            return checked_piece(self.outputs, combine(pieces, *self.call), pieces[0], "combine")
        tables = {o.name: joined_rows([p.rows[o.name] for p in pieces]) for o in self.outputs}
        return Piece(pieces[0].owners, {}, tables)

    def _conclude(self, piece: Piece, complete: NDArray[np.bool_]) -> Piece:
        """Say what can only be said of the whole group, and nothing of incomplete owners."""
        if self.stage.root is not None:
            piece = checked_piece(self.outputs, self.stage.root(piece, *self.call), piece, "root")
        lost = np.flatnonzero(~complete) + piece.owners[0]
        arrays, rows = {}, {}
        for output in self.outputs:
            if output.kind == "rows":
                columns = piece.rows[output.name]
                check_owners(output, columns, piece.owners)
                rows[output.name] = sort_rows(output, columns, without=lost)
            else:
                arrays[output.name] = self._blanked(output, piece.arrays[output.name], complete)
        return Piece(piece.owners, arrays, rows)

    def _blanked(
        self, output: Output, values: NDArray[Any], complete: NDArray[np.bool_]
    ) -> NDArray[Any]:
        keep = complete.reshape(-1, *(1 for _ in values.shape[1:]))
        if whole(output, self.plan):
            keep = np.array(self._all_done)
        if keep.all():
            return values
        found: NDArray[Any] = np.where(keep, values, np.asarray(output.missing, values.dtype))
        return found

    def _complete(self) -> NDArray[np.bool_]:
        """Say of each owner of the job's groups whether every item of it is done."""
        low, high = self._low, int(self.last_owner[self.job.last_group - 1])
        done = np.zeros(high - low, np.int64)
        for block in self.pieces.status():
            items = ragged(self.plan.tasks.start[block.tasks], block.items)
            owners = self.plan.owners[items[block.status == DONE]] - low
            done += np.bincount(owners, minlength=high - low)
        expected = items_of_owners(self.plan)
        self._all_done = bool(done.sum() == expected.sum())
        found: NDArray[np.bool_] = (done == expected[low:high]) & (done > 0)
        return found


@lru_cache(maxsize=4)
def items_of_owners(plan: Plan) -> Integers:
    """Return how many items each owner has, those in no task included."""
    if plan.owner is None:
        return np.ones(plan.sizes[plan.dim], np.int64)
    return np.bincount(plan.owners, minlength=int(owner_ranges(plan)[1].max(initial=0)))
