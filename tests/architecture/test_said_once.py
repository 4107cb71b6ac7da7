"""What has to be the same in several modules is spelled in one of them."""

import re
from collections import defaultdict

from tests.tree import MODULES, short

VARIABLE = re.compile(r'"(WORKBENCH_[A-Z_]*[A-Z])"')


def test_a_name_of_an_environment_variable_is_spelled_in_one_module():
    found = defaultdict(set)
    for path in MODULES:
        for name in VARIABLE.findall(path.read_text()):
            found[name].add(short(path))
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_what_stands_for_a_folder_is_made_in_one_place():
    made = [short(path) for path in MODULES if "sha256(os.fsencode(" in path.read_text()]
    assert made == ["workbench/home.py"]


def test_whether_a_disk_is_full_is_asked_in_one_place():
    asked = [short(path) for path in MODULES if "ENOSPC" in path.read_text()]
    assert asked == ["workbench/room.py"]


def test_a_process_is_told_from_another_in_one_place():
    told = [
        short(path) for path in MODULES if "/proc/sys/kernel/random/boot_id" in path.read_text()
    ]
    assert told == ["workbench/process.py"]
