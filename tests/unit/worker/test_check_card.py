"""tools/check_card.py on a computer without cards, and with one that nothing can compute on."""

import json
import os
import subprocess
import sys

from tests.tree import ROOT

ROW = "0, GPU-{}, NVIDIA H100 80GB HBM3, 81559, 00000000:17:00.0, Disabled"


def check(folder, *words):
    """Exit status and report, with only the tools of a folder in reach."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools/check_card.py", *words],
        env={"PATH": f"{folder}:/bin", "WORKBENCH_NODE": f"check-{os.getpid()}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)["vendors"]


def test_a_computer_without_cards_is_in_order(tmp_path):
    assert check(tmp_path) == (0, [])


def test_a_card_that_is_asked_for_and_not_there_is_said_not_to_be(tmp_path):
    status, (report,) = check(tmp_path, "hygon")
    assert status == 0
    assert report["probe"].startswith("there is no command hy-smi")


def test_a_card_that_nothing_computes_on_is_found_held_and_told(tmp_path):
    row = ROW.format(os.getpid())
    tool = tmp_path / "nvidia-smi"
    answers = f'*power*) echo 68.45;; -L) ;; *) echo "{row}";;'
    tool.write_text(f'#!/bin/sh\ncase "$*" in {answers} esac\n')
    tool.chmod(0o755)
    status, (report,) = check(tmp_path)
    (card,) = report["cards"]
    assert status == 1
    assert card["environment"]["CUDA_VISIBLE_DEVICES"] == f"GPU-{os.getpid()}"
    assert card["before"]["power_w"] == 68.45
    assert card["computed"]["on_card"] is False
    assert card["computed"]["relative_error"] < 1e-5
    assert "could hold 0 of 1" in report["second_holder"]
    assert row in "".join(report["outputs"].values())
