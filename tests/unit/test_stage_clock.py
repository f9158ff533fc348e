"""CPU time by stage, with a clock set by hand."""

import threading
import time

from camera_adapters.stage_clock import StageClock, Stopwatch


def test_laps_are_booked_on_the_stage_that_ends() -> None:
    now = [10.0]
    watch = Stopwatch(lambda: now[0])
    watch.lap("rest")  # nothing before the first lap is known
    for at, stage in ((11.0, "decode"), (11.5, "scale"), (14.5, "decode")):
        now[0] = at
        watch.lap(stage)
    watch.book("detect", 2.0)
    assert watch.spent == {"decode": 4.0, "scale": 0.5, "detect": 2.0}


def test_threads_add_up_and_sleep_costs_nothing() -> None:
    clock = StageClock()

    def work() -> None:
        watch = clock.watch()
        watch.lap("rest")
        time.sleep(0.05)
        watch.lap("asleep")
        began = time.thread_time()
        while time.thread_time() - began < 0.02:
            pass
        watch.lap("awake")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    totals = clock.totals()
    assert 0.04 <= totals["awake"] < 1.0
    assert totals["asleep"] < 0.02
