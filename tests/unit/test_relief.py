"""What gives way under load, on a machine made up of arithmetic."""

from dataclasses import replace

import pytest

from pipeline.analysis.relief import Relief, ReliefSettings, Step, Strain

SETTINGS = ReliefSettings(every_s=2.0, dropped=0.02, calm_s=20.0, busy=0.75, patience=1)


class Machine:
    """Analyses at most `capacity` frames a second; cameras offer `offered` at full rate, a share `steady`."""

    def __init__(self, cameras: int = 4, offered: float = 20.0, capacity: float = 40.0, steady: float = 0.8) -> None:
        self.steady = steady
        self.now_s = 0.0
        self.received = self.dropped = 0.0
        self.busy_s = 0.0
        self.offered, self.capacity, self.cameras = offered, capacity, cameras
        self.relief = Relief(cameras, SETTINGS, lambda: self.now_s)
        self.history: list[tuple[Step, int]] = []

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 2)):
            step = self.relief.step
            rate = self.steady * step.steady_rate + (1 - self.steady) * step.rate
            asked = 2 * self.offered * rate * (1 - self.relief.refused / self.cameras)
            done = min(asked, 2 * self.capacity)
            self.received += asked
            self.dropped += asked - done
            self.busy_s += 2 * done / (2 * self.capacity)
            self.now_s += 2.0
            strain = Strain(round(self.received), round(self.dropped), (self.busy_s, self.busy_s / 3))
            self.relief.judge_when_due(lambda strain=strain: strain)
            self.history.append((self.relief.step, self.relief.refused))


def test_a_machine_with_room_is_left_alone() -> None:
    machine = Machine(offered=20, capacity=40)
    machine.run(200)
    assert set(machine.history) == {(Step.NONE, 0)}


def test_rate_goes_first_and_only_as_far_as_needed() -> None:
    machine = Machine(offered=60, capacity=40)
    machine.run(10)
    assert machine.history[-1] == (Step.STEADY, 0)
    restless = Machine(offered=60, capacity=40, steady=0.0)
    restless.run(10)
    assert restless.history[-1] == (Step.HALF_RATE, 0)


def test_one_burst_is_no_lasting_load() -> None:
    at_s = [0.0]
    relief = Relief(4, replace(SETTINGS, patience=2), lambda: at_s[0])
    seen = []
    for dropped in (9, 9, 18, 27, 36):
        at_s[0] += 2.0
        relief.judge_when_due(lambda lost=dropped: Strain(round(20 * at_s[0]), lost, (at_s[0] / 2,)))
        seen.append(relief.step)
    assert seen == [Step.NONE, Step.NONE, Step.NONE, Step.STEADY, Step.HALF_RATE]


def test_a_frame_now_and_then_is_no_load() -> None:
    at_s = [0.0]
    relief = Relief(1, SETTINGS, lambda: at_s[0])
    for number in range(1, 20):
        at_s[0] += 2.0
        relief.judge_when_due(lambda n=number: Strain(10 * n, 2 * n, (at_s[0] / 2,)))
    assert relief.step is Step.NONE


def test_then_the_gate_then_cameras_one_by_one() -> None:
    machine = Machine(cameras=4, offered=400, capacity=40)
    machine.run(14)
    assert machine.history == [
        (Step.STEADY, 0),
        (Step.HALF_RATE, 0),
        (Step.THIRD_RATE, 0),
        (Step.GATE, 0),
        (Step.REFUSE, 1),
        (Step.REFUSE, 2),
        (Step.REFUSE, 3),
    ]
    machine.run(20)
    assert machine.history[-1] == (Step.REFUSE, 3)  # one camera always stays


def test_everything_comes_back_in_the_opposite_order() -> None:
    machine = Machine(cameras=4, offered=400, capacity=40)
    machine.run(14)
    machine.offered = 20
    machine.run(240)
    after = machine.history[7:]
    assert after == sorted(after, reverse=True)
    assert after[-1] == (Step.NONE, 0)


def test_a_load_between_two_steps_does_not_swing() -> None:
    machine = Machine(offered=60, capacity=40, steady=0.0)  # full rate is too much, half the rate keeps it 75 % busy
    machine.run(600)
    assert set(machine.history[1:]) == {(Step.HALF_RATE, 0)}
    machine = Machine(offered=60, capacity=40)  # half the rate for four in five keeps it 90 % busy
    machine.run(600)
    assert set(machine.history) == {(Step.STEADY, 0)}


@pytest.mark.parametrize("step", list(Step))
def test_each_step_keeps_what_those_before_it_took(step: Step) -> None:
    for taken in (Step.rate, Step.steady_rate, Step.work):
        assert taken.fget(step) <= min(taken.fget(each) for each in Step if each <= step)
    assert step.steady_rate <= step.rate
