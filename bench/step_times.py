"""Steps of a benchmark's process, as many as its share of the time allows; step-times.ts in Python."""

import os
import time

BEGAN = time.perf_counter()
LIMIT = float(os.environ.get("HISTO_BENCH_SECONDS", "inf"))
WARM_UP = 2


def time_steps(most, step):
    """Times a step up to `most` times and gives the seconds of each; at least one after two that are not counted."""
    seconds = []
    while len(seconds) < most:
        started = time.perf_counter()
        step()
        ended = time.perf_counter()
        seconds.append(ended - started)
        if len(seconds) > WARM_UP and 2 * ended - started - BEGAN > LIMIT:
            break
    return seconds
