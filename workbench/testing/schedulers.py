"""The suite that the author of a scheduler's file runs against it: no scheduler is needed."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from workbench.errors import ParameterError
from workbench.pool import plugins
from workbench.pool.scheduler import JobRequest, Scheduler
from workbench.pool.seen import Limits, Node, QueuedJob, StartEstimate
from workbench.testing.hostile import HOSTILE
from workbench.testing.scripts import built

REQUEST = JobRequest(
    name="wb-suite-1",
    partition="cards",
    account="chemistry",
    command=("python", "-m", "workbench.worker", "a folder", "it's"),
    cpus=4,
    memory_bytes=3 * 2**30,
    time_limit_s=5400,
    log=Path("/cluster/a folder/job.log"),
    prologue=("module load dtk/24.04", "export OMP_NUM_THREADS=1"),
)
# The text that stands for a hostile one in a script that was built without it.
MARK = "marked"
FIELDS = ("name", "partition", "account", "card_words", "directives", "log")
LISTS = ("card_words", "directives", "prologue")


class SchedulerTests:
    """A scheduler's file, held against captured output of its commands.

    Attributes
    ----------
    scheduler
        The scheduler.
    captured
        Folder with the output of its three commands: ``nodes.txt``, ``jobs.txt``, ``limits.txt``.
    cards
        Cards in ``nodes.txt`` by kind: all, in use, out of service.
    nodes
        Nodes in it by state.
    jobs
        States of the jobs in ``jobs.txt`` by their numbers.
    partitions
        Time limits in ``limits.txt`` in seconds by partition.
    refused
        Pairs: what the scheduler says when it does not take a job, and whether that is its last
        word.
    kind
        A kind of card, for scripts.
    """

    scheduler: ClassVar[Scheduler]
    captured: ClassVar[Path]
    cards: ClassVar[Mapping[str, tuple[int, int, int]]]
    nodes: ClassVar[Mapping[str, int]]
    jobs: ClassVar[Mapping[str, str]]
    partitions: ClassVar[Mapping[str, int | None]]
    refused: ClassVar[Sequence[tuple[str, bool]]]
    kind: ClassVar[str] = "gpu:a100"

    def read_nodes(self) -> list[Node]:
        """Return the captured nodes, as the file reads them."""
        return self.scheduler.parse_nodes(self._text("nodes"))

    def read_jobs(self) -> list[QueuedJob]:
        """Return the captured jobs."""
        return self.scheduler.parse_jobs(self._text("jobs"))

    def read_limits(self) -> list[Limits]:
        """Return the captured partitions."""
        return self.scheduler.parse_limits(self._text("limits"))

    def _text(self, name: str) -> str:
        return (self.captured / f"{name}.txt").read_text(encoding="utf-8")

    def request(self, **changed: Any) -> JobRequest:
        """Return a request for two cards, with some fields changed."""
        words = (self.scheduler.card_words(self.kind).replace("{n}", "2"),)
        return replace(REQUEST, **{"card_words": words, **changed})

    def test_its_entry_point_has_its_name(self) -> None:
        """Site files know it by that name."""
        assert type(plugins.scheduler(self.scheduler.name)) is type(self.scheduler)

    def test_cards_are_counted(self) -> None:
        """All, in use, and idle ones of nodes that are out of service."""
        found: dict[str, list[int]] = {}
        for node in self.read_nodes():
            for kind, count in node.cards.items():
                assert 0 <= count.allocated <= count.total
                total = found.setdefault(kind, [0, 0, 0])
                total[0] += count.total
                total[1] += count.allocated
                if node.state == "out_of_service":
                    total[2] += count.total - count.allocated
        assert {kind: tuple(total) for kind, total in found.items()} == dict(self.cards)

    def test_nodes_are_in_their_states_and_partitions(self) -> None:
        """Every node belongs somewhere, and what is out of service says why."""
        nodes = self.read_nodes()
        assert Counter(node.state for node in nodes) == Counter(self.nodes)
        names = {limits.name for limits in self.read_limits()}
        assert {partition for node in nodes for partition in node.partitions} <= names
        assert all(node.note for node in nodes if node.state == "out_of_service")
        assert len({node.name for node in nodes}) == len(nodes)

    def test_jobs_are_in_their_states(self) -> None:
        """What waits has no node, what ended may have an exit status, and nothing else has."""
        jobs = self.read_jobs()
        assert {job.job_id: job.state for job in jobs} == dict(self.jobs)
        assert not any(job.nodes for job in jobs if job.state == "pending")
        assert all(job.exit is None for job in jobs if job.state != "ended")
        assert all(job.reason for job in jobs if job.state in ("pending", "ended"))

    def test_what_waits_or_ended_is_told_in_plain_words(self) -> None:
        """Not in the scheduler's own."""
        for job in self.read_jobs():
            if job.state in ("pending", "ended"):
                plain = self.scheduler.plain_reason(job.reason)
                assert plain.endswith("."), f"{job.reason!r} is told as {plain!r}"
                assert plain != job.reason

    def test_words_that_nobody_knows_are_shown_as_they_are(self) -> None:
        """A newer version says new things."""
        assert self.scheduler.plain_reason("SomethingNew") == "SomethingNew"
        refusal = self.scheduler.refusal("something new went wrong")
        assert "something new went wrong" in refusal.plain
        assert not refusal.permanent

    def test_limits_of_partitions(self) -> None:
        """In seconds, None where there is no limit."""
        found = {limits.name: limits.time_limit_s for limits in self.read_limits()}
        assert found == dict(self.partitions)

    def test_refusals_in_plain_words(self) -> None:
        """Its own words stay beside them; only a last word is permanent."""
        for said, permanent in self.refused:
            refusal = self.scheduler.refusal(said)
            assert refusal.permanent is permanent, f"{said!r}: {refusal}"
            assert refusal.words.strip()
            assert refusal.plain != refusal.words
        assert not isinstance(self.scheduler.parse_test("", self.refused[0][0], ""), StartEstimate)

    @pytest.mark.parametrize("query", ["nodes", "jobs", "limits"])
    @pytest.mark.parametrize("text", ["", "\n", "slow down, please\n", "{", "<a>", "\0" * 100])
    def test_an_answer_in_another_form_is_no_crash(self, query: str, text: str) -> None:
        """It is told as a problem, or shows nothing."""
        try:
            found = getattr(self.scheduler, f"parse_{query}")(text)
        except (ValueError, LookupError, TypeError):
            return
        assert found == []

    def test_commands_are_words(self) -> None:
        """Nothing that users name stands in a text that a shell reads."""
        commands = [
            self.scheduler.nodes_command(),
            self.scheduler.jobs_command(),
            self.scheduler.limits_command(),
            self.scheduler.find_command(["wb-suite-1", "wb-suite-2"]),
        ]
        estimate = self.scheduler.estimate_command(self.request())
        for command in [*commands, *([estimate] if estimate else [])]:
            assert command
            assert all(isinstance(word, str) for word in command)
            if command[0] == "sh":
                assert "wb-suite" not in command[2]

    def test_a_script_says_the_whole_request(self, scripts: dict[str, Any]) -> None:
        """Partition, account, time, memory's and cards' words, log, prologue, command."""
        script = scripts["plain"]
        for said in ("wb-suite-1", "cards", "chemistry", "job.log", *REQUEST.prologue):
            assert said in script, f"{said} is not in\n{script}"
        assert self.request().card_words[0] in script
        assert script.rstrip().endswith("python -m workbench.worker 'a folder' 'it'\"'\"'s'")
        assert "01:30:00" in script or "1:30" in script
        assert "LEAKED" not in script, f"a jobqueue.yaml of the user shows in\n{script}"

    def test_a_script_is_shell(self, scripts: dict[str, Any], tmp_path: Path) -> None:
        """Bash reads it without complaint."""
        path = tmp_path / "script"
        path.write_text(scripts["plain"])
        subprocess.run([shutil.which("bash") or "bash", "-n", path], check=True)

    def test_what_submits_and_cancels_is_among_its_programs(self, scripts: dict[str, Any]) -> None:
        """Else it would be asked on hosts where nothing can be submitted."""
        assert {scripts["submit"], scripts["cancel"]} <= set(self.scheduler.programs)

    def test_an_account_that_was_not_named_is_not_in_the_script(
        self, scripts: dict[str, Any]
    ) -> None:
        """Nor anything in its place."""
        assert "chemistry" not in scripts["no account"]
        assert "None" not in scripts["no account"]
        lines = len(scripts["plain"].splitlines()) - len(scripts["no account"].splitlines())
        assert lines == 1

    @pytest.mark.parametrize("name", [*FIELDS, "prologue"])
    def test_no_text_becomes_a_directive_or_shell(self, name: str, scripts: dict[str, Any]) -> None:
        """Each of the hostile texts is refused, or stands where an honest one would stand."""
        benign, accepted = scripts["marked"][name], scripts["accepted"][name]
        assert len(HOSTILE) - len(accepted) > 60, "hardly anything is refused"
        for text, script in accepted:
            assert _without(script, name, text) == benign, f"{text!r} in {name}:\n{script}"
            assert len(script.splitlines()) == len(benign.splitlines())
            if name != "prologue":
                [line] = [line for line in benign.splitlines() if MARK in line]
                assert line.startswith("#"), f"{name} stands beside the shell: {line}"

    @pytest.fixture(scope="class")
    @classmethod
    def scripts(cls) -> dict[str, Any]:
        """Build all scripts of the suite, by dask-jobqueue, in one process."""
        suite = cls()
        requests = [suite.request(), suite.request(account=None)]
        requests += [_with(suite, name, MARK) for name in (*FIELDS, "prologue")]
        taken: list[tuple[str, str]] = []
        for name in (*FIELDS, "prologue"):
            for text in HOSTILE:
                try:
                    requests.append(_with(suite, name, text))
                except (ParameterError, ValueError):
                    continue
                taken.append((name, text))
        found, submit, cancel = built(cls.scheduler.name, requests)
        n = len(FIELDS) + 1
        accepted: dict[str, list[tuple[str, str]]] = {name: [] for name in (*FIELDS, "prologue")}
        for (name, text), script in zip(taken, found[2 + n :], strict=True):
            accepted[name].append((text, script))
        return {
            "plain": found[0],
            "no account": found[1],
            "marked": dict(zip((*FIELDS, "prologue"), found[2 : 2 + n], strict=True)),
            "accepted": accepted,
            "submit": submit,
            "cancel": cancel,
        }


def _with(suite: SchedulerTests, name: str, text: str) -> JobRequest:
    """Put a text into one field: behind an option where words stand, into a folder for a log."""
    if name == "log":
        return suite.request(log=Path(f"/cluster/x{text}y/job.log"))
    if name in ("card_words", "directives"):
        return suite.request(**{name: (f"--word={text}",)})
    return suite.request(**{name: (text,) if name in LISTS else text})


def _without(script: str, name: str, text: str) -> str:
    """Put the mark back; a path with a space is in quotes, one with a percent sign has two."""
    if name == "log":
        honest = f"/cluster/x{MARK}y/job.log"
        for written in (text, text.replace("%", "%%")):
            script = script.replace(f"/cluster/x{written}y/job.log", honest)
        return script.replace(f'"{honest}"', honest)
    if name in ("card_words", "directives"):
        return script.replace(f"--word={text}", f"--word={MARK}")
    return (
        script.replace(text, MARK)
        if name != "prologue"
        else script.replace(f"\n{text}\n", f"\n{MARK}\n")
    )
