"""Reading a generator ahead of training, in threads or processes."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any

import numpy as np


class WorkerError(RuntimeError):
    """A generator failed in a worker process, or the process died."""


class GeneratorEnqueuer:
    """Reads a generator ahead into ``queue``, in ``nb_worker`` threads, or processes with ``pickle_safe``.

    Each process goes on with a copy of the generator of its own. ``get`` raises an error of the generator
    at once, also if batches are still waiting, and StopIteration when all batches of a finite one were taken.
    ``turn``: the lock that is held while a thread is inside the generator, to share it with another enqueuer.
    """

    def __init__(self, generator, pickle_safe=False, turn=None):
        self._generator = generator
        self._pickle_safe = pickle_safe
        self._turn = turn or threading.Lock()
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._threads: list[threading.Thread] = []
        self._processes: list[Any] = []
        self._started = False
        self.queue: queue.Queue = queue.Queue()
        self.wait_time = 0.05

    def start(self, nb_worker=1, max_q_size=10, wait_time=0.05) -> None:
        """Start the workers. ``wait_time``: seconds after which waiting threads look whether to stop."""
        self.wait_time = wait_time
        self.queue = queue.Queue(maxsize=max(1, int(max_q_size)))
        self._stop.clear()
        self._error = None
        self._started = True
        nb_worker = max(1, int(nb_worker))
        if self._pickle_safe:
            # the processes first: a process is best copied before it has threads
            sources = [source.__next__ for source in self._start_processes(nb_worker)]
        else:
            sources = [self._next] * nb_worker
        for source in sources:
            thread = threading.Thread(target=self._read, args=(source,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _start_processes(self, nb_worker: int) -> list[RemoteBatches]:
        import multiprocessing

        # a forked process has a copy of the generator, which can't be pickled
        can_fork = "fork" in multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("fork" if can_fork else None)
        for _ in range(nb_worker):
            seed = int(np.random.randint(0, 2**31 - 1))
            try:
                self._processes.append(RemoteBatches(context, self._generator, seed, list(self._processes)))
            except (TypeError, AttributeError) as error:
                raise ValueError(
                    f"pickle_safe=True: the generator can't be sent to another process on this system ({error}). "
                    f"Use pickle_safe=False, or an iterator object that can be pickled."
                ) from error
        return self._processes

    def _next(self):
        with self._turn:
            return next(self._generator)

    def _read(self, source) -> None:
        """Run in each thread: put batches into the queue until there are no more, or nobody wants them."""
        try:
            while not self._stop.is_set():
                self._put(source())
        except StopIteration:
            pass
        except BaseException as error:  # whatever a generator raises must reach the thread that trains
            if not self._stop.is_set():
                self._error = error

    def _put(self, batch) -> None:
        while not self._stop.is_set():
            try:
                self.queue.put(batch, timeout=self.wait_time)
                return
            except queue.Full:
                continue

    def is_running(self) -> bool:
        """Whether batches can still come: workers were started, and neither stopped nor failed."""
        return self._started and not self._stop.is_set() and self._error is None

    def get(self):
        """The next batch. Raises the generator's error, or StopIteration after the last batch."""
        while True:
            if self._error is not None:
                raise self._error
            ended = not any(thread.is_alive() for thread in self._threads)
            try:
                return self.queue.get(block=not ended, timeout=self.wait_time)
            except queue.Empty:
                if ended and self._error is None:
                    raise StopIteration from None

    def stop(self, timeout=None) -> None:
        """Stop the workers and wait for them: at most ``timeout`` seconds in all (5 by default).

        A thread that is still inside the generator then is left behind; it ends after that batch.
        """
        deadline = time.monotonic() + (5.0 if timeout is None else timeout)
        self._stop.set()
        for process in self._processes:
            process.stop()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        for process in self._processes:
            process.join(max(0.0, deadline - time.monotonic()))
        self._threads, self._processes = [], []


class RemoteBatches:
    """Iterates over a generator that runs in a process of its own, through a pipe that only the two hold."""

    def __init__(self, context, generator, seed: int, siblings: list[RemoteBatches]):
        self._receiver, sender = context.Pipe(duplex=False)
        # a forked process holds copies of these, and would keep its siblings' pipes open
        inherited = [s._receiver for s in (*siblings, self)] if context.get_start_method() == "fork" else []
        self._process = context.Process(target=_serve, args=(generator, sender, seed, inherited), daemon=True)
        try:
            self._process.start()
        finally:
            sender.close()

    def __next__(self):
        try:
            kind, value = self._receiver.recv()
        except (EOFError, OSError):
            self._process.join(1.0)
            raise WorkerError(
                f"A process that read the generator ended with exit code {self._process.exitcode}, without an error of Python. "
                "Was it killed, or did it run out of memory?"
            ) from None
        if kind == "end":
            raise StopIteration
        if kind == "error":
            summary, text = value
            raise WorkerError(f"The generator failed in a worker process with {summary}\n{text}")
        return value

    def stop(self) -> None:
        """End the process; what it has read is lost."""
        self._process.terminate()

    def join(self, timeout: float) -> None:
        """Wait for the end, and force it after ``timeout`` seconds."""
        self._process.join(timeout)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(1.0)
        self._receiver.close()


def _serve(generator, sender, seed: int, inherited: list) -> None:
    """Run in a worker process: send batches until the generator ends, or nobody listens."""
    for connection in inherited:
        connection.close()
    np.random.seed(seed)
    try:
        while True:
            try:
                message = ("batch", next(generator))
            except StopIteration:
                message = ("end", None)
            sender.send(message)
            if message[0] == "end":
                return
    except (BrokenPipeError, KeyboardInterrupt):
        return
    except BaseException as error:  # to be raised where training runs
        import traceback

        sender.send(("error", (f"{type(error).__name__}: {error}", traceback.format_exc())))
