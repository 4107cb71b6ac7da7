"""Every vendor's file against captured outputs; data/SOURCES.md says whose they are."""

from pathlib import Path

import pytest

from workbench.kernel import Card
from workbench.pool.accelerators.amd import Amd
from workbench.pool.accelerators.ascend import Ascend
from workbench.pool.accelerators.cambricon import Cambricon
from workbench.pool.accelerators.hygon import Hygon
from workbench.pool.accelerators.intel import Intel
from workbench.pool.accelerators.mthreads import MooreThreads
from workbench.pool.accelerators.nvidia import Nvidia
from workbench.pool.vendor import FoundCard
from workbench.testing import VendorTests

DATA = Path(__file__).parent / "data"
GIB = 2**30
MIB = 2**20


def read(name):
    return (DATA / name).read_text()


def found(*card, memory=None, bus=None, handle=""):
    return FoundCard(card=Card(*card), memory_bytes=memory, bus=bus, handle=handle)


class TestNvidia(VendorTests):
    vendor = Nvidia()
    whole = ("nvidia", "H100 80GB HBM3", 1, "GPU-81d79b08-40a0-40ae-3fc5-82b8ff8b8138")
    probes = (
        (
            DATA / "nvidia-mig-570.txt",
            [
                found("nvidia", "H100 80GB HBM3 MIG 1c.3g.40gb", None, f"MIG-{uuid}")
                for uuid in (
                    "c788539f-c1ea-5a36-8b4d-9b07d024b1bb",
                    "405bbda1-6b05-535f-9702-f95e8cd170ce",
                    "df7e5a27-eeea-51a0-9055-b36d5a552879",
                )
            ]
            + [
                found("nvidia", "H100 80GB HBM3 MIG 1g.10gb", None, f"MIG-{uuid}")
                for uuid in (
                    "b4b2228d-6933-5839-bc0e-41ab9edb61c6",
                    "c71dc464-b9f9-5611-9d29-d601a47cffd6",
                )
            ]
            + [found(*whole, memory=81559 * MIB, bus="00000000:3d:00.0")],
        ),
        (DATA / "nvidia-none.txt", []),
    )
    powers = (("68.45\n", 68.45),)

    def test_the_order_of_cuda_is_that_of_the_tool(self):
        """Whatever names the cards: an index means nothing in CUDA's own order."""
        card = Card("nvidia", "V100-SXM2-32GB", 3)
        given = self.vendor.visible([card])
        assert given == {"CUDA_VISIBLE_DEVICES": "3", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}

    def test_a_board_that_does_not_tell_its_power_is_not_taken_for_cold(self):
        with pytest.raises(ValueError, match=r"no power in '\[N/A\]'"):
            self.vendor.parse_power("[N/A]\n")


class TestAmd(VendorTests):
    vendor = Amd()
    probes = (
        (
            DATA / "amd-rocm-smi-6.json",
            [found("amd", "MI250", 0, "0x1f9de0957d137942", bus="0000:29:00.0", handle="rocm-smi")],
        ),
        (
            DATA / "amd-amd-smi.json",
            [found("amd", "MI210", 0, None, memory=65520 * MIB, handle="amd-smi")],
        ),
        (
            DATA / "amd-amd-smi-10.1.json",
            [
                found(
                    "amd",
                    "MI300X",
                    0,
                    "0x6f1f0a2b3c4d5e6f",
                    memory=196592 * MIB,
                    bus="0000:83:00.0",
                    handle="amd-smi",
                )
            ],
        ),
    )
    powers = (
        (read("amd-rocm-smi-6.json"), 91.0),
        ('{"card0": {"Current Socket Graphics Package Power (W)": "89.0"}}', 89.0),
        ('{"gpu_data": [{"gpu": 0, "power": {"socket_power": {"value": 214, "unit": "W"}}}]}', 214),
    )

    def test_where_both_tools_are_the_newer_one_counts(self):
        text = read("amd-rocm-smi-6.json") + read("amd-amd-smi-10.1.json")
        assert [one.card.model for one in self.vendor.parse_probe(text)] == ["MI300X"]

    def test_variables_that_count_within_the_first_are_removed(self):
        """Slurm sets ROCR_VISIBLE_DEVICES and CUDA_VISIBLE_DEVICES to the same numbers."""
        given = self.vendor.visible([Card("amd", "MI250", 2)])
        assert given["ROCR_VISIBLE_DEVICES"] == "2"
        assert given["HIP_VISIBLE_DEVICES"] is given["CUDA_VISIBLE_DEVICES"] is None


class TestHygon(VendorTests):
    vendor = Hygon()
    probes = (
        (
            DATA / "hygon-6.3.31.json",
            [
                found("hygon", "BW", 0, "TCA24620040801", memory=65520 * MIB, bus="0000:09:00.0"),
                found("hygon", "BW", 1, "TAP34123070901", memory=65520 * MIB, bus="0000:36:00.0"),
            ],
        ),
        (
            DATA / "hygon-no-commas.json",
            [found("hygon", "BW", index, memory=65520 * MIB) for index in (0, 1)],
        ),
    )
    powers = ((read("hygon-no-commas.json"), 91.0),)

    def test_only_one_of_the_variables_is_left(self):
        given = self.vendor.visible([Card("hygon", "K100_AI", 2), Card("hygon", "K100_AI", 5)])
        assert given["HIP_VISIBLE_DEVICES"] == "2,5"
        assert given["ROCR_VISIBLE_DEVICES"] is given["CUDA_VISIBLE_DEVICES"] is None


class TestAscend(VendorTests):
    vendor = Ascend()
    probes = (
        (
            DATA / "ascend-25.5.1.txt",
            [
                found("ascend", "910B3", 0, memory=64 * GIB, bus="0000:c1:00.0", handle="0 0"),
                found("ascend", "910B3", 1, handle="1 0"),
            ],
        ),
        (
            DATA / "ascend-25.3.rc1.txt",
            [
                found("ascend", "910B1", 0, memory=64 * GIB, bus="0000:81:00.0", handle="3 0"),
                found("ascend", "910B1", 1, memory=64 * GIB, bus="0000:42:00.0", handle="5 0"),
            ],
        ),
        (
            DATA / "ascend-910c.txt",
            [
                found("ascend", "910", 0, memory=64 * GIB, bus="0000:9d:00.0", handle="0 0"),
                found("ascend", "910", 1, memory=64 * GIB, bus="0000:9f:00.0", handle="0 1"),
                found("ascend", "910", 2, memory=64 * GIB, bus="0000:99:00.0", handle="1 0"),
            ],
        ),
    )
    powers = ((read("ascend-power.txt"), 103.5),)

    def test_power_goes_by_npu_and_chip_where_programs_go_by_logic_id(self):
        third = self.vendor.parse_probe(read("ascend-910c.txt"))[2]
        assert self.vendor.visible([third.card]) == {"ASCEND_RT_VISIBLE_DEVICES": "2"}
        assert self.vendor.power_command(third)[-4:] == ("-i", "1", "-c", "0")


class TestCambricon(VendorTests):
    vendor = Cambricon()
    probes = (
        (
            DATA / "cambricon-4.20.txt",
            [found("cambricon", "MLU370-X4", index, memory=23308 * MIB) for index in (0, 1)],
        ),
        (
            DATA / "cambricon-5.10.txt",
            [
                found("cambricon", "MLU370-X8", 0, memory=23374 * MIB, bus="0000:39:00.0"),
                found("cambricon", "MLU370-X8", 1, memory=23374 * MIB, bus="0000:3d:00.0"),
            ],
        ),
    )
    powers = ((read("cambricon-info-5.10.txt"), 44.0),)

    def test_the_sheets_tell_uuids(self):
        text = read("cambricon-4.20.txt") + read("cambricon-info-5.10.txt")
        uuids = [one.card.uuid for one in self.vendor.parse_probe(text)]
        assert uuids == ["77013006-2457-0000-0000-000000000000", None]


class TestIntel(VendorTests):
    vendor = Intel()
    model = "Data Center GPU Max 1100"
    uuids = ("00000000-0000-0029-0000-002f0bda8086", "00000000-0000-009a-0000-002f0bda8086")
    probes = (
        (
            DATA / "intel-max1100.json",
            [
                found("intel", model, 0, uuids[0], bus="0000:29:00.0"),
                found("intel", model, 1, uuids[1], bus="0000:9a:00.0"),
            ],
        ),
    )
    powers = ((read("intel-dump.txt"), 32.94),)

    def test_the_mask_counts_cards_and_not_their_tiles(self):
        given = self.vendor.visible([Card("intel", self.model, 1)])
        assert given["ZE_AFFINITY_MASK"] == "1"
        assert given["ZE_FLAT_DEVICE_HIERARCHY"] == "COMPOSITE"


class TestMooreThreads(VendorTests):
    vendor = MooreThreads()
    probes = (
        (
            DATA / "mthreads-2.4.1.txt",
            [
                found("mthreads", "MTT S5000", 0, memory=80 * GIB, bus="00000000:18:00.0"),
                found("mthreads", "MTT S5000", 1, memory=80 * GIB, bus="00000000:3a:00.0"),
            ],
        ),
        (
            DATA / "mthreads-1.14.0.txt",
            [found("mthreads", "MTT S80", 0, memory=16 * GIB, bus="00000000:04:00.0")],
        ),
    )
    powers = (("        Power Draw                 : 23.05W\n", 23.05),)
