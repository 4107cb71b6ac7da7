import pytest

from workbench.clusters.login import fit_login_node
from workbench.clusters.spec import ClusterSpec, check_name
from workbench.errors import ParameterError, Refused
from workbench.resources import Resources


@pytest.mark.parametrize("name", ["a", "local", "gpu-2", "0" * 63])
def test_names(name):
    assert ClusterSpec(name=name).name == name


@pytest.mark.parametrize(
    "name", ["", "-a", "A", "a_b", "a/b", "..", "a\n", "a b", "ä", "a" * 64, "a.json"]
)
def test_what_is_no_name(name):
    with pytest.raises(ParameterError, match="cannot name a cluster") as caught:
        ClusterSpec(name=name)
    assert [field.parameter for field in caught.value.fields] == ["name"]


@pytest.mark.parametrize("name", ["script", "estimate"])
def test_a_word_of_the_rest_interface_names_no_cluster(name):
    with pytest.raises(ParameterError, match="has another meaning here"):
        ClusterSpec(name=name)
    with pytest.raises(ParameterError, match="has another meaning here"):
        check_name(name)


@pytest.mark.parametrize("size", [(0, 0), (-1, -1), (1001, 1001), (3, 2), (-1, 4), (0, 1001)])
def test_what_is_no_size(size):
    with pytest.raises(ParameterError):
        ClusterSpec(name="a").sized(*size)


def test_every_problem_at_once():
    with pytest.raises(ParameterError) as caught:
        ClusterSpec(name="A", minimum=0, maximum=0, idle_timeout_s=0)
    assert [field.parameter for field in caught.value.fields] == ["name", "workers", "idle_timeout"]


def test_json_and_back():
    spec = ClusterSpec(name="a", minimum=0, maximum=4, memory_bytes=5, time_limit_s=60.0)
    assert ClusterSpec.from_json({**spec.to_json(), "later": 1}) == spec


def test_what_is_left_open_follows_the_computer():
    spec = ClusterSpec(name="a").resolved(Resources(4, 40 * 10**9))
    assert (spec.minimum, spec.maximum, spec.memory_bytes) == (4, 4, 9 * 10**9)
    fixed = ClusterSpec(name="a", minimum=2, maximum=2, memory_bytes=7)
    assert fixed.resolved(Resources(4, 40 * 10**9)) == fixed


@pytest.mark.parametrize("maximum", [None, 2])
def test_a_login_node_refuses_more_than_one_worker(monkeypatch, maximum):
    monkeypatch.setenv("WORKBENCH_LOGIN_NODE", "1")
    with pytest.raises(Refused, match="--on CLUSTER"):
        fit_login_node(ClusterSpec(name="a", minimum=maximum, maximum=maximum))


def test_a_login_node_gives_one_worker_a_minute(monkeypatch):
    small = ClusterSpec(name="a", minimum=1, maximum=1)
    monkeypatch.setenv("WORKBENCH_LOGIN_NODE", "1")
    assert fit_login_node(small).life_s == 60
    monkeypatch.setenv("WORKBENCH_LOGIN_NODE", "0")
    assert fit_login_node(small) == small
