from types import SimpleNamespace

import pytest

from workbench.errors import RecipeError, WorkbenchError
from workbench.worker.context import Cache, WorkerContext, process_cache
from workbench.worker.execute import _code, told


class TooStiffError(WorkbenchError):
    code = "too_stiff"


def run(tmp_path, setup):
    stage = SimpleNamespace(setup=setup)
    return SimpleNamespace(
        folder=tmp_path, code_hash="c", parameters=None, states={}, stage=lambda name: stage
    )


def test_setup_is_called_again_once_the_stages_before_were_done_again(tmp_path):
    calls = []
    one = run(tmp_path, lambda p, ctx: calls.append(1) or len(calls))

    def state(version):
        return WorkerContext(one, "s", ("before",), version, 0).state

    assert [state("1"), state("1"), state("2"), state("2")] == [1, 1, 2, 2]


def test_what_is_kept_is_built_again_once_the_stages_before_were_done_again(tmp_path):
    one = run(tmp_path, None)

    def kept(version, value):
        return WorkerContext(one, "s", ("before",), version, 0).cache("key", lambda: value)

    assert [kept("1", "old"), kept("1", "no"), kept("2", "new")] == ["old", "old", "new"]


def test_what_is_kept_gives_way_when_memory_is_short(monkeypatch):
    monkeypatch.setenv("WORKBENCH_MEMORY_LIMIT", str(2**50))
    cache = Cache()
    for number in range(8):
        assert cache.get(str(number), lambda number=number: number) == number
    assert cache.get("0", lambda: "built anew") == 0
    monkeypatch.setattr(cache, "_limit", 1)
    cache.get("8", lambda: 8)
    # The longest unused half went.
    assert [cache.get(key, lambda: None) for key in ("0", "7")] == [0, 7]
    monkeypatch.setattr(cache, "_limit", 2**50)
    assert cache.get("1", lambda: "built anew") == "built anew"


def test_what_is_kept_for_a_node_is_built_once_for_all_its_processes(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_NODE_DIR", str(tmp_path / "node"))
    one = run(tmp_path, None)
    built = []

    def kept(key, content):
        # As another process would: with nothing in its own memory.
        process_cache.cache_clear()
        context = WorkerContext(one, "s", (), "1", 0)
        return context.cache(key, lambda: built.append(key) or content, share="node")

    found = [kept("large", b"content"), kept("large", b"of another"), kept("empty", b"")]
    assert built == ["large", "empty"]
    assert list(map(bytes, found)) == [b"content", b"content", b""]
    with pytest.raises(TypeError):
        found[0][0] = 1


def test_what_a_kernel_says_to_users_is_told_as_it_stands():
    error = TooStiffError("cu: C11 is 1e9 GPa. Check the unit.")
    assert (_code(error), told(error)) == ("too_stiff", "cu: C11 is 1e9 GPa. Check the unit.")
    assert _code(RecipeError("wrong shape")) == "shape"
    assert _code(ValueError("x")) == "raised"
    assert told(ValueError("x")).startswith("ValueError: x")
