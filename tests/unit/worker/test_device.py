"""What kernels compute with: the card's namespace where one works, else numpy, said why."""

import importlib
import json
import os
import subprocess
import sys
from importlib.util import find_spec

import array_api_compat.numpy
import array_api_strict
import numpy as np
import pytest

from tests.needs import require_command
from workbench.environ import CARD as CARD_VARIABLE
from workbench.kernel import Card
from workbench.pool.accelerators.nvidia import Nvidia
from workbench.pool.held import described
from workbench.recipe import Output, Plan, Stage, Task, tile
from workbench.worker import device
from workbench.worker.outputs import Declared, to_host

CARD = Card("mylab", "X1", 3, "uuid-3")
# torch is no dependency; where it is installed, its CPU stands for a card.
TORCH = find_spec("torch") is not None
INSTALLED = [("array_api_strict", "device1"), *[("torch", "cpu")] * TORCH]


def told(*namespaces, needs=(), **more):
    """The variable of a process that holds a card."""
    offered = [{"name": name, "device": where} for name, where in namespaces]
    card = {"vendor": CARD.vendor, "model": CARD.model, "index": CARD.index, "uuid": CARD.uuid}
    return json.dumps({**card, "namespaces": offered, "needs": needs, "energy_counter": "", **more})


@pytest.fixture
def arrays(monkeypatch):
    """What a fresh process would get that was told this."""

    def found(*namespaces, **more):
        monkeypatch.setenv(CARD_VARIABLE, told(*namespaces, **more))
        return device.arrays.__wrapped__()

    return found


def test_without_a_card_kernels_compute_with_numpy(monkeypatch):
    monkeypatch.delenv(CARD_VARIABLE, raising=False)
    found = device.arrays.__wrapped__()
    assert (found.xp, found.device, found.words) == (array_api_compat.numpy, "cpu", "numpy on cpu")
    assert device.held_card() is None


@pytest.mark.parametrize(("name", "where"), INSTALLED)
def test_on_a_card_kernels_compute_with_the_first_namespace_that_works(arrays, name, where):
    found = arrays(("no_such_namespace", "x:0"), (name, where))
    values = found.xp.asarray([3.0, 4.0], device=found.device)
    assert type(values).__module__.startswith(name)
    assert values.device == found.device
    assert found.words.startswith(f"{name} ")
    assert device.held_card() == CARD


@pytest.mark.parametrize(("name", "where"), INSTALLED)
def test_what_a_kernel_computed_on_a_device_comes_back_as_numpy(arrays, name, where):
    found = arrays((name, where))
    outputs = (Output(name="energy", dims=("i",)),)
    stage = Stage(name="s", outputs=outputs, plan=lambda *_: None, kernel=lambda *_: None)
    plan = Plan(dim="i", coords={"i": np.arange(3)}, tasks=tile(3))
    task = Task(0, 0, 3, 0, (0, 3), plan.variables, "i")
    given = found.xp.asarray([1.0, 2.0, 3.0], dtype=found.xp.float64, device=found.device)
    checked = Declared(stage, plan).check(task, {"energy": given})
    assert type(checked.arrays["energy"]) is np.ndarray
    assert checked.arrays["energy"].tolist() == [1.0, 2.0, 3.0]


def test_a_card_that_no_library_can_use_is_said_not_to_be_used(arrays):
    found = arrays(("no_such_namespace", "x:0"), ("array_api_strict", "no_such_device"))
    assert found.xp is array_api_compat.numpy
    assert found.words.startswith("numpy on cpu, not the card X1 (no_such_namespace: ModuleNot")
    assert "array_api_strict: ValueError" in found.words


def test_a_namespace_without_its_extension_is_not_used(arrays):
    found = arrays(("array_api_strict", "device1"), needs=["no_such_extension"])
    assert "No module named 'no_such_extension'" in found.words


if TORCH:

    def test_what_numpy_cannot_hold_comes_back_as_its_nearest():
        torch = importlib.import_module("torch")
        assert to_host(torch.tensor([1 + 2j]).conj()).tolist() == [1 - 2j]
        assert to_host(torch.tensor([1.5], dtype=torch.bfloat16)).dtype == np.float32
        assert to_host(torch.tensor([1.5], requires_grad=True)).tolist() == [1.5]

    def test_a_process_that_sees_several_cards_uses_none(arrays, monkeypatch):
        """The library was imported before the card was pinned: another may be meant."""
        torch = importlib.import_module("torch")
        monkeypatch.setattr(torch.cpu, "device_count", lambda: 2)
        assert "sees 2 cards where it should see the one" in arrays(("torch", "cpu")).words


def test_no_array_library_is_imported_before_a_kernel_asks():
    code = (
        "import sys, workbench.worker.execute as e\n"
        "from workbench.worker.context import WorkerContext\n"
        "context = WorkerContext(None, 's', (), '1', 0)\n"
        "assert context.card.model == 'X1'\n"
        "before = {'array_api_strict', 'torch'} & set(sys.modules)\n"
        "assert e.arrays_words() is None\n"
        "context.xp\n"
        "print(before or 'none', e.arrays_words())\n"
    )
    environ = {**os.environ, CARD_VARIABLE: told(("array_api_strict", "device1"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False
    )
    version = array_api_strict.__version__
    words = f"array_api_strict {version} on array_api_strict.Device('device1')"
    assert done.stdout.strip() == f"none {words}", done.stderr


# A library that maps 1 GB and touches none of it, as drivers do.
RESERVES = """
import mmap
from array_api_strict import *
from array_api_strict import __version__
MAPPED = mmap.mmap(-1, 2**30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
"""
LIMITED = """
import mmap, resource
from pathlib import Path
from workbench.worker import device
status = Path("/proc/self/status").read_text()
data = int(status.split("VmData:")[1].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (data + 2**29, resource.RLIM_INFINITY))
print(device.arrays().words)
for size in (2**28, 2**29):
    try:
        mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
        print("had")
    except OSError as error:
        print(error.strerror)
"""


def test_what_a_library_only_reserves_is_no_memory_of_the_kernels(tmp_path):
    (tmp_path / "reserves.py").write_text(RESERVES)
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    environ[CARD_VARIABLE] = told(("reserves", "device1"))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], env=environ, capture_output=True, text=True, check=True
    )
    words, *room = done.stdout.splitlines()
    assert words.startswith("reserves ")
    assert room == ["had", "Cannot allocate memory"], "the limit of kernels has changed"


NVML = """
#include <string.h>
static unsigned long long used = 5000000;
int nvmlInit_v2(void) { return 0; }
const char *nvmlErrorString(int status) { return status == 6 ? "Not Found" : "?"; }
int nvmlDeviceGetHandleByUUID(const char *uuid, void **handle) {
    *handle = (void *)7;
    return strcmp(uuid, "GPU-1") ? 6 : 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void *handle, unsigned long long *energy) {
    *energy = handle == (void *)7 ? (used += 1500) : 0;
    return 0;
}
"""
METER = """
from workbench.worker.energy import Meter
print(Meter().joules())
"""


@pytest.mark.parametrize(("uuid", "joules"), [("GPU-1", "1.5"), ("GPU-2", "None")])
def test_joules_are_those_that_the_drivers_library_counts_in_mj(tmp_path, uuid, joules):
    """By the interface of libnvidia-ml; a card that it does not know has no energy."""
    compiler = require_command("cc", "gcc")
    (tmp_path / "nvml.c").write_text(NVML)
    library = tmp_path / "libnvidia-ml.so.1"
    command = [compiler, "-shared", "-fPIC", "-o", library, tmp_path / "nvml.c"]
    subprocess.run(command, check=True)
    card = Card("nvidia", "H100", 0, uuid)
    environ = {**os.environ, CARD_VARIABLE: described(Nvidia(), card)}
    done = subprocess.run(
        [sys.executable, "-c", METER],
        env={**environ, "LD_LIBRARY_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == joules
