import pytest

from workbench.environ import seconds
from workbench.errors import ParameterError


@pytest.mark.parametrize(("given", "found"), [("", 30.0), ("0", 0.0), ("2.5", 2.5)])
def test_a_setting_is_read_and_an_empty_one_is_none(monkeypatch, given, found):
    monkeypatch.setenv("WORKBENCH_POLL_S", given)
    assert seconds("WORKBENCH_POLL_S", 30.0) == found


@pytest.mark.parametrize("given", ["soon", "-1", "nan", "inf", "1,2"])
def test_a_mistake_is_named_with_its_variable(monkeypatch, given):
    monkeypatch.setenv("WORKBENCH_POLL_S", given)
    with pytest.raises(ParameterError, match=r"WORKBENCH_POLL_S is .* number of seconds"):
        seconds("WORKBENCH_POLL_S", 30.0)
