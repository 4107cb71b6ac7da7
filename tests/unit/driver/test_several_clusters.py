import pytest

from tests.unit.driver.simulated import SimulatedLink, Simulation
from workbench.driver.lane import ALONE_S
from workbench.driver.progress import DONE, FAILED
from workbench.errors import RunFailed


def ideal(n, *links):
    """Seconds that n tasks take when nobody ever waits."""
    return n / sum(link.size / link.seconds for link in links)


@pytest.mark.parametrize("slow", [1.0, 3.0, 10.0, 50.0])
@pytest.mark.parametrize("n", [40, 400])
def test_clusters_of_any_speed_end_together(monkeypatch, slow, n):
    links = [SimulatedLink("fast", 2, 1.0), SimulatedLink("slow", 3, slow)]
    seconds = Simulation(links, n, monkeypatch).run()
    # Before its first task is done nobody can know how slow a cluster is.
    assert seconds <= max(ideal(n, *links) + 2.0, ALONE_S + slow)
    assert sorted(links[0].computed + links[1].computed) == [(t, 1) for t in range(n)]


def test_shares_follow_the_measured_speed(monkeypatch):
    links = [SimulatedLink("fast", 2, 0.01), SimulatedLink("slow", 2, 0.04)]
    Simulation(links, 20_000, monkeypatch).run()
    assert len(links[0].computed) == pytest.approx(16_000, rel=0.05)


def test_the_time_left_is_that_until_the_end_however_many_work(monkeypatch):
    links = [SimulatedLink("fast", 4, 0.1), SimulatedLink("slow", 2, 0.4)]
    simulation = Simulation(links, 4000, monkeypatch)
    seconds = simulation.run()
    told = [(now, left) for now, left in simulation.expected if 0.2 < now / seconds < 0.8]
    assert len(told) > 20
    assert [now + left for now, left in told] == pytest.approx([seconds] * len(told), rel=0.15)
    assert simulation.stage.lanes.expected_s() is None


def test_batches_take_the_same_time_on_every_cluster(monkeypatch):
    links = [SimulatedLink("fast", 2, 0.01), SimulatedLink("slow", 2, 0.1)]
    simulation = Simulation(links, 20_000, monkeypatch)
    simulation.run()
    largest = {
        link.name: max(
            sum(b - a for a, b in receipt["tasks"])
            for receipt in simulation.receipts
            if receipt["cluster"] == link.name
        )
        for link in links
    }
    assert largest["fast"] == pytest.approx(200, rel=0.2)
    assert largest["slow"] == pytest.approx(20, rel=0.2)


def test_a_cluster_that_comes_late_begins_with_one_task_and_then_helps(monkeypatch):
    links = [SimulatedLink("first", 1, 0.1), SimulatedLink("late", 4, 0.1, begins=20.0)]
    simulation = Simulation(links, 2000, monkeypatch)
    assert simulation.run() < 20 + 180 / 5 + 3
    sizes = [
        sum(b - a for a, b in receipt["tasks"])
        for receipt in simulation.receipts
        if receipt["cluster"] == "late"
    ]
    assert sizes[0] == 1


def test_what_a_lost_cluster_had_in_hand_goes_elsewhere(monkeypatch):
    links = [SimulatedLink("lost", 4, 1.0, ends=10.0), SimulatedLink("stays", 1, 1.0)]
    simulation = Simulation(links, 100, monkeypatch)
    assert simulation.run() < 80
    assert (simulation.progress.state == DONE).all()
    computed = [task for link in links for task, _ in link.computed]
    assert sorted(computed) == list(range(100))


def test_a_cluster_whose_card_can_do_nothing_is_left_out(monkeypatch):
    links = [SimulatedLink("good", 1, 1.0), SimulatedLink("bad", 4, 0.1, fails=True)]
    simulation = Simulation(links, 60, monkeypatch)
    simulation.run()
    assert "items that cluster bad computed all failed" in links[1].barred
    assert len(links[1].computed) < 10
    # What failed there was computed where it can be.
    assert (simulation.progress.state == DONE).all()
    assert {task for task, attempt in links[0].computed if attempt == 2} == {
        task for task, _ in links[1].computed
    }


def test_where_everything_fails_everywhere_no_cluster_is_blamed(monkeypatch):
    links = [SimulatedLink(name, 1, 0.1, fails=True) for name in "ab"]
    simulation = Simulation(links, 30, monkeypatch)
    simulation.run()
    assert (simulation.progress.state == FAILED).all()
    assert [link.barred for link in links] == ["", ""]
    for name, link in zip("ab", links, strict=True):
        second = {task for task, attempt in link.computed if attempt == 2}
        assert second, name
        assert not second & {task for task, attempt in link.computed if attempt == 1}, name


FATAL = {"fatal": {"code": "recipe", "message": "needs torch, which is not there"}}


def test_a_cluster_that_cannot_set_up_is_left_out(monkeypatch):
    links = [SimulatedLink("good", 1, 1.0), SimulatedLink("bare", 4, 0.1, answer=FATAL)]
    simulation = Simulation(links, 20, monkeypatch)
    simulation.run()
    assert links[1].barred == "needs torch, which is not there"
    assert (simulation.progress.state == DONE).all()
    assert len(links[0].computed) == 20


def test_a_run_fails_where_no_cluster_can_set_up(monkeypatch):
    one = [SimulatedLink("bare", 1, 0.1, answer=FATAL)]
    with pytest.raises(RunFailed, match=r"^needs torch") as failed:
        Simulation(one, 20, monkeypatch).run()
    assert failed.value.code == "recipe"
    two = [SimulatedLink(name, 1, 0.1, answer=FATAL) for name in ("a", "b")]
    with pytest.raises(RunFailed, match=r"No cluster .*\na: needs torch.*\nb: needs torch"):
        Simulation(two, 20, monkeypatch).run()


def test_a_run_fails_where_one_cannot_set_up_and_the_other_one_will_not_come(monkeypatch):
    refused = SimulatedLink("refused", 1, 0.1, begins=float("inf"))
    refused.refused, refused.problem = True, "the account may not use this partition"
    links = [SimulatedLink("bare", 1, 0.1, answer=FATAL), refused]
    with pytest.raises(RunFailed, match=r"bare: needs torch.*\nrefused: the account may not"):
        Simulation(links, 20, monkeypatch).run()
