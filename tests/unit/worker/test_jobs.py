"""Jobs besides kernels: what recipes raise there is told, whatever it is."""

from types import SimpleNamespace

import pytest

from workbench.errors import RecipeError
from workbench.worker import finish, jobs


class Odd(BaseException):
    """What no ``except Exception`` catches."""


def raising(error):
    def call(*_):
        raise error

    return call


def test_what_is_no_exception_comes_back_as_one(monkeypatch):
    monkeypatch.setattr(jobs, "run_context", lambda _: None)
    monkeypatch.setitem(jobs._JOBS, "odd", raising(Odd("strange")))
    with pytest.raises(RuntimeError, match="Odd: strange"):
        jobs.run_job({"kind": "odd", "folder": "/tmp"})


@pytest.mark.parametrize("error", [ValueError("wrong"), Odd("wrong"), SystemExit("wrong")])
def test_a_finish_that_raises_is_a_mistake_of_the_recipe(monkeypatch, tmp_path, error):
    monkeypatch.setattr(finish, "Results", lambda *_: {})
    recipe = SimpleNamespace(id="a.b", finish=raising(error))
    run = SimpleNamespace(folder=tmp_path, recipe=recipe, parameters=None)
    with pytest.raises(RecipeError, match=f"finish of a.b failed: {type(error).__name__}: wrong"):
        finish._finished(run, [])
    recipe.finish = lambda *_: None
    with pytest.raises(RecipeError, match="returned NoneType"):
        finish._finished(run, [])


@pytest.mark.parametrize("error", [ValueError("wrong"), Odd("wrong"), SystemExit("wrong")])
def test_figures_and_audit_that_raise_are_notes(tmp_path, monkeypatch, error):
    monkeypatch.setattr(finish, "WorkerContext", lambda *_: SimpleNamespace(close=lambda: None))
    stage = SimpleNamespace(name="s")
    recipe = SimpleNamespace(figures=raising(error), audit=raising(error), stages=[stage])
    run = SimpleNamespace(folder=tmp_path, recipe=recipe, parameters=None)
    assert "wrong" in finish.draw(run, None)[0]
    assert "wrong" in finish.audit(run, None, ())[0]
