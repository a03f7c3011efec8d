"""Worker processes on one listening socket, of which the first to die takes the others along.

Nothing is started again here: a task that ends with a code is one that ECS replaces, and says so. A parent that starts
dying workers again and again looks alive.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from typing import NoReturn

ENDS = (signal.SIGTERM, signal.SIGINT)


def suiting(cpu: int, memory: int) -> int:
    """Return how many worker processes suit a task of so many CPU units (1024 is one vCPU) and MiB.

    Two for each vCPU, as many as leave half of the memory free: a task that idles above that is never scaled in (P56).
    Idle, they take 160 MiB together and 40 each; 100 each leave room for work.
    """
    return max(1, min(2 * cpu // 1024, (memory // 2 - 200) // 100))


def run(count: int, serve: Callable[[], None], listening: socket.socket, grace: int) -> int:
    """Run `serve` in so many processes until SIGTERM; return 0 when all have ended in order, else 1.

    Each gets SIGTERM too, and SIGKILL after `grace` seconds. When this process is killed, they end as well.
    """
    asked = False
    reading, writing = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    running = {_fork(serve, reading, writing) for _ in range(count)}
    os.close(reading)
    listening.close()  # or connections would go on being taken, and never answered, when the workers are gone

    def end(*_: object) -> None:
        nonlocal asked
        asked = True
        _tell(running, signal.SIGTERM)
        signal.alarm(grace)

    for number in ENDS:
        signal.signal(number, end)
    signal.signal(signal.SIGALRM, lambda *_: _tell(running, signal.SIGKILL))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
    code = 0
    while running:
        pid, status = os.wait()
        if pid not in running:
            continue  # some other process's child: this one adopts those where it is the container's first
        running.discard(pid)
        if status or not asked:
            code = 1
            print(f"worker {pid} ended, {_told(status)}", file=sys.stderr, flush=True)
        if not asked:
            end()
    return code


def _fork(serve: Callable[[], None], reading: int, writing: int) -> int:
    """Return the new process's ID; it never returns from here itself."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.close(writing)
        for number in ENDS:
            signal.signal(number, _leave)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
        threading.Thread(target=_end_with_parent, args=(reading,), daemon=True).start()
        serve()
        code = 0
    except SystemExit:
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _leave(*_: object) -> NoReturn:
    """End in order. uvicorn has its own handler while it serves, and raises the signal anew when it is done."""
    sys.exit(0)


def _end_with_parent(reading: int) -> None:
    """Wait for the end of the pipe that the parent alone could write to."""
    os.read(reading, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _tell(processes: set[int], number: signal.Signals) -> None:
    for pid in processes:
        os.kill(pid, number)


def _told(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit code {os.waitstatus_to_exitcode(status)}"
