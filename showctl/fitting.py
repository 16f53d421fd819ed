"""One fit, by a process of its own: it takes its time, and nothing else may wait for it.

    python -m showctl.fitting < JOB > ANSWER

Started by the daemon for every fit, with a deadline (`pa.Fitter`); what goes in and comes out is `wire.fitting`. What cannot be
fitted is an answer in words; only our own mistakes end it with a traceback.
"""

from __future__ import annotations

import os
import sys

from showctl.rank import USUAL, give_way

if __name__ == "__main__":
    give_way(USUAL)  # before what follows is loaded, which would take its time at the daemon's own rank

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy comes: a second core belongs to the sound
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from showctl.analysis.room.devices import DEVICES
from showctl.analysis.room.fit import Limits, fit
from showctl.wire.fitting import LIMIT, FitAnswer, FitJob, decode_job, encode_answer


def fitted(job: FitJob) -> FitAnswer:
    """The bands that a job asks for, or why there are none."""
    if job.device not in DEVICES:
        return FitAnswer((), f"there is no device called {job.device!r}; there is {', '.join(DEVICES)}")
    try:
        limits = Limits(job.gain[0], job.gain[1], job.q[1], job.q[0], job.boost)
        found = fit(
            np.array(job.freq),
            np.array(job.curves),
            trust=np.array(job.trust),
            device=DEVICES[job.device],
            bands=job.bands,
            limits=limits,
            standing=job.standing,
        )
    except ValueError as refused:
        return FitAnswer((), str(refused))
    return FitAnswer(found.bands, "", found.before, found.after)


def main() -> int:
    """Answer one job."""
    sys.stdout.buffer.write(encode_answer(fitted(decode_job(sys.stdin.buffer.read(LIMIT + 1)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
