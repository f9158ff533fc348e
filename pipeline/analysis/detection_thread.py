"""Detection on a thread of its own: the next batch is looked at while the last one is followed and described."""

import threading
import time
from collections.abc import Callable

from pipeline.analysis.detecting import Detected, Detecting
from pipeline.analysis.mailbox import Mailbox


class DetectionThread:
    """Takes batches from the mailbox and hands on what was found in them, in order, one waiting at most.

    When that one is not taken, detection waits, frames wait in the mailbox, and its policy says which give way: nothing
    is lost between the two threads. `start` once; `finish`, after the mailbox was closed, or `abandon` ends it.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        detecting: Detecting,
        batch_size: int,
        deadline_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mailbox = mailbox
        self._detecting = detecting
        self._batch_size = batch_size
        self._deadline_s = deadline_s
        self._clock = clock
        self._changed = threading.Condition()
        self._ready: Detected | None = None
        self._finishing = self._abandoned = self._over = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="detection", daemon=True)
        self.busy_s = 0.0

    def start(self) -> None:
        """Begin to look at what comes into the mailbox."""
        self._thread.start()

    def take(self, idle_s: float = 0.5) -> Detected | None:
        """Return the next batch, or None when none was ready within `idle_s`; raises what ended the thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready is not None or self._over, idle_s)
            ready, self._ready = self._ready, None
            self._changed.notify_all()
            if ready is None and self._failure is not None:
                raise self._failure
            return ready

    @property
    def ended(self) -> bool:
        """True when `take` will return nothing more, and nothing went wrong."""
        with self._changed:
            return self._over and self._ready is None and self._failure is None

    def finish(self) -> None:
        """Look at what is left in the mailbox, then end."""
        with self._changed:
            self._finishing = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """End after the batch at hand: nobody will take it."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            while not self._abandoned and not (self._finishing and self._mailbox.waiting() == 0):
                batch = self._mailbox.take(self._batch_size, self._deadline_s)
                if not batch:
                    continue
                began_s = self._clock()
                detected = self._detecting.detect(batch)
                self.busy_s += self._clock() - began_s
                self._hand_on(detected)
        except Exception as error:  # noqa: BLE001  (raised again where batches are taken)
            self._failure = error
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _hand_on(self, detected: Detected) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._ready is None or self._abandoned)
            self._ready = detected
            self._changed.notify_all()
