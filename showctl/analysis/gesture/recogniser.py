"""Gestures in a live stream of motion: sample by sample, causal, the same however the stream is cut into calls.

Every other sample all examples are followed one frame on (warping.py); what may have ended just now is judged (hypotheses.py,
classifier.py). A hypothesis above the threshold is held until none better has come for some frames, since a gesture that is still
going on gets better with every frame; then it is decided. So there is no waiting for a pause, and none is needed. One that is
beyond doubt is decided at the first frame that is no better. Where there is doubt it may be a stroke of another gesture, as a
swipe is of a P, and that is given time to show itself: few gestures are in doubt, so the usual one does not wait for it. It is
decided only if no other gesture was about as likely: better none than a wrong one. After a decision the same movement cannot
decide again, and the same gesture within four seconds only beyond doubt: what comes again and again is an exercise or a dance,
and was most of what was ever decided falsely. That it was there is told, for whoever asked for it twice. What came near and was
turned down is told, too, with the reason.

Lost samples are bridged when the next one comes: a few by straight lines; a longer hole by what each gesture's example does
there, if it is less than half of the gesture. That makes every gesture likelier than it is: such a stretch is judged by a
classifier of its own, none ends within a hole, and none that has one in it is beyond doubt. A hole is no time in which something
better might have come. After more than half a second all begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.gesture.enrolment import Enrolment
from showctl.analysis.gesture.features import BEFORE
from showctl.analysis.gesture.hypotheses import (
    HOP,
    KNOWN,
    LONGEST,
    NEVER,
    Hypotheses,
    features,
    hypotheses,
    mended,
    odds,
    share_lost,
    unknown,
)
from showctl.analysis.gesture.warping import Follower
from showctl.model import MOTION_HZ, Candidate, MotionSample

FRAMES_HZ = MOTION_HZ / HOP
BEYOND_DOUBT = 7.0  # log odds, a thousand to one
SOON, WAIT = 1, 8  # frames without a better one: where there is no doubt, and where there is
REST = 20  # frames after a decision that belong to it
AGAIN = 100  # frames, 4 s, within which the same gesture is one of a series, decided or not
CLOSE = 1.0  # log odds under the threshold from which it counts for that
CLEAR = 1.0  # log odds by which a decision must be ahead of every other gesture about then
ABOUT = 32  # frames that are looked back for such
NEAR = 3.0  # log odds under the threshold from which a movement is told of
HOLE = 25  # samples that are bridged at most
LINE = 4  # samples that a straight line bridges
SELDOM = 2.5  # log odds that a stretch with a hole is given: such are few, so that less certainty deceives no more often
KEPT = LONGEST + 2 * BEFORE  # samples


@dataclass(frozen=True, slots=True)
class _Held:
    frame: int
    gesture: int
    begin: int
    score: float
    whole: bool  # all of it is known

    @property
    def patience(self) -> int:
        """Frames to wait for a better one."""
        return SOON if self.whole and self.score > BEYOND_DOUBT else WAIT


class Recogniser:
    """Recognises what is enrolled in the motion of one device."""

    def __init__(self, enrolment: Enrolment) -> None:
        self._enrolment = enrolment
        self._worth = enrolment.threshold - NEAR
        self._last: NDArray[np.float64] | None = None
        self._begin()

    def _begin(self) -> None:
        enrolment = self._enrolment
        self._follower = Follower(enrolment.bank, unknown=unknown(enrolment.gate, enrolment.owner))
        self._past = np.zeros((2 * KEPT, 6), np.float32)  # scaled; written twice over, so that the last KEPT are one piece
        self._gone = np.zeros(2 * KEPT, np.bool_)  # which of them are not known
        self._count = 0  # samples since the beginning
        self._scores = np.full((ABOUT, len(enrolment.gestures)), NEVER)  # of each gesture at the last frames
        self._since = 0  # the frame from which something has been held
        self._held: _Held | None = None
        self._waited = 0  # frames that are known since then
        self._heard = np.full(len(enrolment.gestures), -AGAIN - 1)  # the frame of each gesture's last, decided or not quite
        self._free = 0  # the first frame that may begin a new gesture
        self._told = 0  # the first frame that may begin a movement that is told of
        self._lost = 0

    def feed(self, sample: MotionSample) -> list[Candidate]:
        """The next sample; what was decided by it, accepted or not."""
        now = np.array([*sample.acceleration, *sample.rate])
        if sample.lost or not np.isfinite(now).all():
            self._lost += 1
            return []
        if self._lost > HOLE:
            self._begin()
            self._last = None
        steps = self._lost + 1
        self._lost = 0
        before = now if self._last is None else self._last
        self._last = now
        out: list[Candidate] = []
        for step in range(1, steps + 1):
            between = step < steps
            out += self._sample(
                before + (now - before) * (step / steps) if between else now, between and steps > LINE + 1, sample
            )
        return out

    def _sample(self, motion: NDArray[np.float64], gone: bool, sample: MotionSample) -> list[Candidate]:
        scaled = self._enrolment.scale(motion[None])[0]
        at = self._count % KEPT
        self._past[at] = self._past[at + KEPT] = scaled
        self._gone[at] = self._gone[at + KEPT] = gone
        self._count += 1
        if self._count % HOP:
            return []
        return self._frame(self._count // HOP - 1, sample)

    def _frame(self, frame: int, sample: MotionSample) -> list[Candidate]:
        self._scores[frame % ABOUT] = NEVER
        motion, gone, first = self._latest()
        cost, begin = self._follower.step(motion[-HOP:].mean(0, keepdims=True), bool(gone[-HOP:].all()))
        if gone[-HOP:].any():
            return []
        some = hypotheses(cost, begin, self._enrolment.owner, self._enrolment.gate, frame)
        best = self._best(some, motion, gone, first)
        self._waited += 1
        if best is not None and best.score > self._worth and (self._held is None or best.score > self._held.score):
            self._since = frame if self._held is None else self._since
            self._held, self._waited = best, 0
            return []
        if self._held is None or self._waited < self._held.patience:
            return []
        held, self._held = self._held, None
        return self._decided(held, frame, sample)

    def _decided(self, held: _Held, frame: int, sample: MotionSample) -> list[Candidate]:
        needed, accepted, series = self._enrolment.threshold, False, False
        again = frame - int(self._heard[held.gesture]) <= AGAIN
        if held.begin >= self._free and held.score > needed - CLOSE:
            self._heard[held.gesture] = frame
        if held.begin < self._free:
            reason = "the same movement as the one before"
        elif held.score <= needed:
            reason = f"not sure enough: {held.score:.1f}, {needed:.1f} is needed"
        elif again and held.score <= BEYOND_DOUBT:
            series = self._rival(held.gesture, frame) is None
            reason = f"the same again within {AGAIN / FRAMES_HZ:g} s: {held.score:.1f}, {BEYOND_DOUBT:.1f} is needed for that"
        elif (rival := self._rival(held.gesture, frame)) is not None:
            self._free = frame + REST
            reason = f"could be {rival!r} as well"
        else:
            accepted, reason = True, f"{held.score:.1f}, {needed:.1f} is needed"
            self._free = frame + REST
        if not accepted and held.begin < self._told:
            return []
        self._told = frame
        name = self._enrolment.gestures[held.gesture]
        middle = sample.time - (frame - (held.begin + held.frame) / 2) / FRAMES_HZ
        return [Candidate(sample.time, sample.device, name, held.score, accepted, reason, series, middle)]

    def _rival(self, gesture: int, frame: int) -> str | None:
        """Another gesture that was about as likely since shortly before the held one came up."""
        frames = np.arange(max(self._since - HOP * 2, frame - ABOUT + 1, 0), frame + 1) % ABOUT
        heard = self._scores[frames].max(0)
        rivals = np.flatnonzero(heard > heard[gesture] - CLEAR)
        return next((self._enrolment.gestures[other] for other in rivals if other != gesture), None)

    def _latest(self) -> tuple[NDArray[np.float32], NDArray[np.bool_], int]:
        """The last samples, whole frames of them, which of them are lost, and the number of the first frame."""
        kept, end = min(self._count, KEPT) // HOP * HOP, (self._count - 1) % KEPT + KEPT + 1
        return self._past[end - kept : end], self._gone[end - kept : end], (self._count - kept) // HOP

    def _best(self, some: Hypotheses, motion: NDArray[np.float32], gone: NDArray[np.bool_], first: int) -> _Held | None:
        """The best of what may end at this frame, in motion whose first sample begins frame `first`."""
        lost, enrolment = share_lost(gone, some, first), self._enrolment
        whole, holed = some.only(lost == 0), some.only((lost > 0) & (lost <= 1 - KNOWN))
        best = None
        if len(whole):
            logs = enrolment.classifier.scores(features(motion, whole, enrolment.like, first))
            best = self._judged(whole, odds(logs, whole.costs), True)
        if len(holed):
            logs = enrolment.holed.scores(features(*mended(motion, gone, holed, enrolment.bank, first), enrolment.like))
            other = self._judged(holed, odds(logs, holed.costs) + SELDOM, False)
            best = other if best is None or other.score > best.score else best
        return best

    def _judged(self, some: Hypotheses, score: NDArray[np.float64], whole: bool) -> _Held:
        """The best of some hypotheses, whose scores (k, C) are kept."""
        at = int(some.frame[0]) % ABOUT
        self._scores[at] = np.maximum(self._scores[at], score.max(0))
        one, gesture = divmod(int(score.argmax()), len(self._enrolment.gestures))
        return _Held(int(some.frame[one]), gesture, int(some.begin[one]), float(score[one, gesture]), whole)
