"""Time inside a stream: which moment a picture shows, and whether it is due."""

import math
from collections.abc import Callable
from fractions import Fraction

_GAP_S = 10.0
_AGREE = 5
DEFAULT_FPS = 25.0


class MediaClock:
    """Turns presentation times into seconds since the first picture, for one stream; the result never goes back.

    Containers lie: times are missing, run backwards at a splice, or jump for one damaged packet. A picture without a
    time, or with one that lies outside (last, last + 10 s], is placed one frame interval after the last. When five such
    pictures in a row agree with each other the stream has truly moved on: a gap ahead is kept (nothing was recorded
    in between), a jump back continues from the present time.
    """

    def __init__(self, rate: Fraction | float | None) -> None:
        fps = float(rate) if rate else 0.0
        self.interval_s = 1.0 / fps if 0 < fps <= 1000 else 1.0 / DEFAULT_FPS
        self._offset: float | None = None
        self._last = -self.interval_s
        self._odd: list[float] = []

    def at(self, presented_s: float | None) -> float:
        """Return when the next picture is to be seen, in seconds since the first one (0.0)."""
        if presented_s is None or not math.isfinite(presented_s):
            return self._step()
        if self._offset is None:
            # Pictures before the first time are counted, the first time falls in line behind them.
            self._offset = presented_s - (self._last + self.interval_s)
        now = presented_s - self._offset
        if self._last < now <= self._last + _GAP_S:
            self._odd.clear()
            self._last = now
            return now
        return self._doubt(presented_s)

    def peek(self, presented_s: float | None) -> float:
        """Return about what `at` would say, without taking the time for a picture's."""
        if presented_s is None or self._offset is None or not math.isfinite(presented_s):
            return self.end_s
        now = presented_s - self._offset
        return now if self._last < now <= self._last + _GAP_S else self.end_s

    @property
    def end_s(self) -> float:
        """Where the picture after the last one would be."""
        return self._last + self.interval_s

    def _step(self) -> float:
        self._last += self.interval_s
        return self._last

    def _doubt(self, presented_s: float) -> float:
        if self._odd and not 0 < presented_s - self._odd[-1] <= _GAP_S:
            self._odd.clear()
        self._odd.append(presented_s)
        if len(self._odd) < _AGREE or self._offset is None:
            return self._step()
        self._odd.clear()
        ahead = presented_s - self._offset
        if ahead > self._last:
            self._last = ahead
            return ahead
        now = self._step()
        self._offset = presented_s - now
        return now


class RatePicker:
    """Chooses pictures at `fps` per second on a fixed grid that starts at the first one, so that no error adds up.

    `fps` 0 chooses every picture. A tenth of a grid step is forgiven, so that jitter costs no picture. Time that runs
    back or leaps by more than ten seconds starts a new grid.
    """

    _FORGIVEN = 0.1

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._origin = -math.inf
        self._slot = -1
        self._seen = -math.inf

    def due(self, at_s: float) -> bool:
        """Tell whether the picture at `at_s` (seconds, any origin) is wanted."""
        if self._fps <= 0:
            return True
        if not self._seen <= at_s <= self._seen + _GAP_S:
            self._origin, self._slot = at_s, -1
        self._seen = at_s
        slot = math.floor((at_s - self._origin) * self._fps + self._FORGIVEN)
        if slot <= self._slot:
            return False
        self._slot = slot
        return True


class RealTime:
    """Makes a recording play at the speed at which it was filmed.

    A gap in the recording, or a listener who held us up, moves the schedule: nothing waits more than two seconds and
    nothing is played faster than filmed to make up for lost time beyond that.
    """

    _LONGEST_S = 2.0

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._zero: float | None = None

    def wait_until(self, at_s: float) -> float:
        """Sleep until `at_s` seconds of film have passed since the first call; return when (clock) that was to be."""
        now = self._clock()
        if self._zero is None:
            self._zero = now - at_s
        ahead = self._zero + at_s - now
        if abs(ahead) > self._LONGEST_S:
            wait = min(max(ahead, 0.0), self._LONGEST_S)
            self._zero = now + wait - at_s
            ahead = wait
        if ahead > 0:
            self._sleep(ahead)
        return self._zero + at_s

    def scheduled(self, at_s: float) -> float:
        """Return when (clock) `at_s` seconds of film were to have passed; the schedule stays as it is."""
        return self._clock() if self._zero is None else self._zero + at_s


class Arrivals:
    """Tells when each picture of a live stream must have reached this machine, whenever we got round to reading it.

    Pictures leave a camera evenly. The least delay between a picture's place in the stream and the moment it was read
    is that of a prompt reader; whatever comes later than that waited in a queue of ours, a socket's buffer included.
    The two clocks may drift apart by `drift` (seconds per second) before drift is taken for delay.
    """

    def __init__(self, drift: float = 5e-3) -> None:
        self._drift = drift
        self._least: float | None = None
        self._last_s = 0.0

    def arrived(self, at_s: float, now_s: float) -> float:
        """Return the time (clock) of arrival of the picture at `at_s` seconds of stream that was read at `now_s`."""
        offset = now_s - at_s
        if self._least is not None:
            self._least += self._drift * max(0.0, now_s - self._last_s)
        self._least = offset if self._least is None else min(self._least, offset)
        self._last_s = now_s
        return at_s + self._least
