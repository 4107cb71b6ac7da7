"""Files that are picked or uploaded become paths on the server's disk."""

import subprocess
from pathlib import Path

import pytest

from jupyterlab_workbench.documents.recipes import DiskFile
from jupyterlab_workbench.files import Files
from tests.needs import require_root

BINARY = {"Content-Type": "application/octet-stream"}


def uploads(place):
    """Every file that was uploaded."""
    return sorted((place.home / "uploads").rglob("*"))


async def test_a_picked_file_is_resolved(client, jp_root_dir):
    (jp_root_dir / "data").mkdir()
    (jp_root_dir / "data" / "mine.txt").write_text("1\n2\n")
    found = await client.post("files", body={"path": "data/mine.txt"}, model=DiskFile)
    assert found == {"path": str(jp_root_dir / "data/mine.txt"), "name": "mine.txt", "bytes": 4}
    folder = await client.post("files", body={"path": "data"}, model=DiskFile)
    assert folder["path"] == str(jp_root_dir / "data")


@pytest.mark.parametrize("path", ["nothing.txt", "../../etc/passwd", "a/../../../etc/passwd"])
async def test_a_file_that_the_browser_does_not_show_is_not_found(client, path):
    error = await client.refused(404, "POST", "files", body={"path": path})
    assert repr(path) in error["message"]


async def test_an_uploaded_file_is_kept_as_it_is(client, place):
    data = bytes(range(256)) * 5000
    query = {"name": "my numbers é.txt"}
    answer = await client.send("POST", "files", query=query, raw=data, headers=BINARY)
    assert answer.code == 201
    found = DiskFile.model_validate_json(answer.body)
    assert Path(found.path).read_bytes() == data
    assert Path(found.path).name == "my numbers é.txt"
    assert place.home / "uploads" in Path(found.path).parents
    assert found.bytes == len(data)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "..", ".", "", "x" * 300])
async def test_a_name_that_leads_elsewhere_is_refused(client, place, name):
    before = sorted(place.home.rglob("*"))
    await client.refused(422, "POST", "files", query={"name": name}, raw=b"1", headers=BINARY)
    assert [path for path in sorted(place.home.rglob("*")) if path not in before] == []


async def test_a_file_that_is_too_large_is_refused(client, place, jp_serverapp):
    jp_serverapp.web_app.settings["workbench_desk"].upload_bytes = 1000
    before = uploads(place)
    query = {"name": "large.txt"}
    error = await client.refused(413, "POST", "files", query=query, raw=b"x" * 2000, headers=BINARY)
    assert "1,000 bytes" in error["message"]
    assert uploads(place) == before


async def test_a_stranger_leaves_no_file(stranger, place):
    before = uploads(place)
    query = {"name": "theirs.txt"}
    answer = await stranger.send("POST", "files", query=query, raw=b"x" * 20, headers=BINARY)
    assert answer.code == 403
    assert uploads(place) == before


async def test_what_nobody_may_send_is_not_held_in_memory(client, stranger, monkeypatch):
    held = []
    finish = Files.on_finish
    monkeypatch.setattr(
        Files, "on_finish", lambda self: (held.append(len(self._told)), finish(self))
    )
    query, raw = {"name": "theirs.txt"}, b"x" * 2_000_000
    await stranger.send("POST", "files", query=query, raw=raw, headers=BINARY)
    await client.refused(422, "POST", "files", query={"name": "../x"}, raw=raw, headers=BINARY)
    assert held == [0, 0]


async def test_a_path_longer_than_any_file_has_is_told(client):
    error = await client.refused(404, "POST", "files", body={"path": "a" * 300})
    assert "in the file browser" in error["message"]


async def test_an_upload_that_fills_the_disk_is_told_and_leaves_nothing(
    client, tmp_path, monkeypatch
):
    require_root("mounting a small file system")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], check=True)
    try:
        monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
        query = {"name": "large.fasta"}
        error = await client.refused(
            409, "POST", "files", query=query, raw=b"x" * 2_000_000, headers=BINARY
        )
        assert error["code"] == "no_space"
        assert f"The file system {tmp_path} that holds" in error["message"]
        assert list((tmp_path / "home" / "uploads").iterdir()) == []
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)
