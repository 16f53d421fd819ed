"""From a performer's few examples of each gesture, and motion that means nothing, to all that recognising them needs.

The examples become the rows that are followed (warping.py). A rehearsal (rehearsal.py) and the null motion are then followed, and
what may have been a gesture there trains the classifier: of the rehearsal, an example is never compared with itself, so that the
classifier learns how far repetitions are from each other; of the null motion, first what is nearest and some of the rest, then
once more with what deceived it. The same in three parts, each judged by a classifier that knew neither those people nor those
examples, gives scores as strangers' would be: from them come the threshold (threshold.py) and the audit (audit.py). A
stretch with a hole, filled with what an example does there, looks far more like it than it is: a second classifier is trained on
the same motion with holes.

All is in the performer's own units: acceleration with gravity or without both work, as it is found in the examples, as long as
the null motion is brought to the same (corpus.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.gesture.audit import Audit, audited
from showctl.analysis.gesture.classifier import Classifier, fit
from showctl.analysis.gesture.corpus import has_gravity
from showctl.analysis.gesture.features import FEATURES, Scale, described
from showctl.analysis.gesture.hypotheses import (
    HOP,
    KNOWN,
    Hypotheses,
    cheapest,
    features,
    followed,
    frames,
    hypotheses,
    mended,
    odds,
    share_lost,
    unknown,
)
from showctl.analysis.gesture.likeness import Likeness, drawn
from showctl.analysis.gesture.rehearsal import Rehearsal, rehearsed, torn
from showctl.analysis.gesture.segment import moving_part
from showctl.analysis.gesture.threshold import Tail, peaks
from showctl.analysis.gesture.warping import FAR, Bank

Motion = NDArray[np.float64]  # (n, 6) g and deg/s at MOTION_HZ
Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Told = Callable[[Hypotheses, Likeness], Array]  # the features of hypotheses
TIMES = 16  # bent repetitions of each example
LANES = 60
TEARS = 2  # how often the rehearsal is done with holes
TORN = 8000  # hypotheses with a hole in null motion that are looked at: the nearest, and as many more
FOLDS = 3
WIDER, FEWEST = 1.3, 0.08  # the gate beyond what repetitions cost; the share of null frames that it lets pass, if they allow it
WHOLE, PARTLY, LATE = 0.6, 0.35, 0.25  # overlap from which it is the gesture, up to which it is not; how far off its end may be
PART_INSIDE = 0.9  # of a hypothesis within a repetition: it is a part of it
RANDOM, NEAREST, DECEIVING = 1500, 1500, 3000  # of the null motion that train
PENALTY, STEPS = 1e-3, 30
TRUST = 0.15  # in what a stretch looks like, beside how far it is from the examples: there are too few of them for 99 numbers
ALLOWED = 0.2  # false decisions an hour that the threshold is set for
MOST_GESTURES, MOST_EXAMPLES = 20, 10


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a Recogniser needs; `gestures` in the order of all arrays."""

    gestures: tuple[str, ...]
    gravity: bool
    scale: Scale
    bank: Bank
    owner: Indices  # (J,) whose each example is
    gate: Array  # (C,) costs under which a path is looked at
    like: Likeness
    classifier: Classifier
    holed: Classifier  # of stretches that are not known as a whole
    threshold: float  # log odds
    audit: Audit


@dataclass(frozen=True, slots=True)
class _Seen:
    """Hypotheses of a stream with their features and scores' owners; `truth` is 0 for nothing, or the gesture's number + 1."""

    some: Hypotheses
    features: Array
    truth: Indices
    event: Indices  # number of the repetition, -1 of nothing
    fold: Indices


def enrolled(examples: Sequence[tuple[str, Motion]], people: Sequence[Sequence[Motion]], draw: np.random.Generator) -> Enrolment:
    """Examples are (gesture, recording at 50 Hz), still at both ends or cut tight; `people` are the null recordings of each
    person, of the same kind of device. ValueError, in words for people, where that cannot be done."""
    null = [motion for person in people for motion in person]
    gestures = tuple(sorted({name for name, _ in examples}))
    owner = np.array([gestures.index(name) for name, _ in examples])
    _check(gestures, owner, null)
    parts = [_part(name, motion) for name, motion in examples]
    gravity = has_gravity(np.concatenate([motion for _, motion in examples]))
    scale = Scale.of(parts)
    bank = Bank.of([frames(scale(part)) for part in parts])
    null_cost, null_begin = followed(bank, frames(scale(np.concatenate(null))), LANES)
    rehearsal = rehearsed(parts, owner.tolist(), list(null), TIMES, gravity, draw)
    cost, begin = followed(bank, frames(scale(rehearsal.stream)), 8)
    cost = _hidden(cost, rehearsal.events, owner)
    gate = _gates(cost, rehearsal.events, owner, cheapest(null_cost[::7], owner, len(gestures))[0])
    like, others = _likenesses(scale(rehearsal.stream), rehearsal, owner)
    motion = scale(np.concatenate(null))
    folds = _folds(people)
    nothing = _nothing(motion, hypotheses(null_cost, null_begin, owner, gate), like, np.repeat(folds, list(map(len, null))))
    told, after = partial(features, scale(rehearsal.stream)), folds[rehearsal.after]
    something = _something(told, hypotheses(cost, begin, owner, gate), rehearsal, like, others, owner, after)
    classifier, peak, said = _trained(something, nothing, len(gestures), draw)
    tear = partial(_torn, scale=scale, bank=bank, owner=owner, gate=gate, draw=draw)
    holed = _holed(tear, np.concatenate(null), rehearsal, like, others, owner, draw)
    hours = len(motion) / 50 / 3600
    tail = Tail.of(peak[:, 0], hours)
    threshold = tail.threshold(ALLOWED)
    audit = audited(gestures, _with_unheard(said, rehearsal), peak, tail, threshold, like.odd())
    return Enrolment(gestures, gravity, scale, bank, owner, gate, like, classifier, holed, threshold, audit)


def _check(gestures: tuple[str, ...], owner: Indices, null: Sequence[Motion]) -> None:
    if not gestures:
        raise ValueError("no examples: at least one gesture with one example is needed, three are better")
    if len(gestures) > MOST_GESTURES:
        raise ValueError(f"{len(gestures)} gestures: {MOST_GESTURES} are the most that one performer can have")
    for number, name in enumerate(gestures):
        if (count := int((owner == number).sum())) > MOST_EXAMPLES:
            raise ValueError(f"gesture {name!r} has {count} examples: {MOST_EXAMPLES} are the most")
    if sum(map(len, null)) < 3000:
        raise ValueError("there is less than a minute of motion without gestures: without it there is no threshold")


def _part(name: str, motion: Motion) -> Motion:
    try:
        return motion[moving_part(motion)]
    except ValueError as error:
        raise ValueError(f"gesture {name!r}: {error}") from None


def _reps(owner: Indices) -> Indices:
    """(J,) the how-manieth of its gesture each example is."""
    return np.array([int((owner[:n] == one).sum()) for n, one in enumerate(owner)])


def _hidden(cost: NDArray[np.float32], events: Indices, owner: Indices) -> NDArray[np.float32]:
    """Costs where no example meets itself, for gestures that have others."""
    for begin, end, gesture, which in events:
        if (owner == gesture).sum() > 1:
            cost[begin // HOP : (end + 20) // HOP, which] = FAR
    return cost


def _gates(cost: NDArray[np.float32], events: Indices, owner: Indices, null: NDArray[np.float32]) -> Array:
    """(C,) somewhat above what repetitions cost, unless too much of nothing costs as little."""
    count = int(owner.max()) + 1
    least, _ = cheapest(cost, owner, count)
    paid: list[list[float]] = [[] for _ in range(count)]
    for begin, end, gesture, _ in events:
        paid[gesture].append(float(least[(begin + end) // 2 // HOP : (end + 10) // HOP + 1, gesture].min()))
    middle, most, usual = (np.array([np.quantile(one, share) for one in paid]) for share in (0.5, 0.95, 0.8))
    wide = WIDER * np.minimum(most, 2.5 * middle)
    return np.asarray(np.maximum(np.minimum(wide, np.quantile(null, FEWEST, axis=0)), 1.05 * usual), np.float64)


def _likenesses(motion: NDArray[np.float32], rehearsal: Rehearsal, owner: Indices) -> tuple[Likeness, list[Likeness]]:
    """Of all examples, and of all but the first, the second ... of each gesture."""
    count, rep, events = int(owner.max()) + 1, _reps(owner), rehearsal.events
    shapes, of = described(motion, *events[:, :2].T), events[:, 2]
    shown = events[rehearsal.shown][np.argsort(events[rehearsal.shown, 3])]
    examples = drawn(motion, *shown[:, :2].T)

    def without(one: int) -> Likeness:
        single = np.bincount(owner) == 1  # nothing would be left of it
        heard, kept = (rep[events[:, 3]] != one) | single[of], (rep != one) | single[owner]
        return Likeness.of(shapes[heard], of[heard], count, examples[kept], owner[kept])

    return without(-1), [without(one) for one in range(int(rep.max()) + 1)]


def _folds(people: Sequence[Sequence[Motion]]) -> Indices:
    """Of each recording. A person is in one fold as a whole: who has seen somebody walk knows the next minute of it, and is no
    stranger. Where there are too few people, their recordings are divided."""
    sizes = list(map(len, people)) if len(people) >= FOLDS else [1] * sum(map(len, people))
    return np.repeat(np.arange(len(sizes)) % FOLDS, sizes)


def _nothing(motion: NDArray[np.float32], some: Hypotheses, like: Likeness, fold: Indices) -> _Seen:
    """`fold` is that of each sample."""
    zeros = np.zeros(len(some), np.int64)
    return _Seen(some, features(motion, some, like), zeros, zeros - 1, fold[some.frame * HOP])


def _something(
    told: Told,
    some: Hypotheses,
    rehearsal: Rehearsal,
    like: Likeness,
    others: list[Likeness],
    owner: Indices,
    before: Indices,
) -> _Seen:
    """What of the rehearsal is a gesture, and what is none; what is neither clearly is left out. `before` is the fold of what
    comes before each repetition: what is none is of that one, or of the next."""
    events, begin, end = rehearsal.events, some.begin * HOP, (some.frame + 1) * HOP
    event = np.clip(np.searchsorted(events[:, 0], end) - 1, 0, None)
    first, last, gesture, which = events[event].T
    inside = np.maximum(np.minimum(last, end) - np.maximum(first, begin), 0)
    overlap = inside / (np.maximum(last, end) - np.minimum(first, begin))
    whole = (overlap > WHOLE) & (np.abs(end - last) < LATE * (last - first))
    rep = _reps(owner)[which]
    like_it = (some.costs[np.arange(len(some)), gesture] < 0) & (inside > PART_INSIDE * (end - begin))
    turns = like_it & (overlap < PARTLY)  # a part that looks like the whole, as one turn of a shake does
    keep = whole | (overlap < PARTLY) & ~(turns & (some.gesture == gesture))
    whole |= turns & (some.gesture != gesture)  # whoever takes a turn of a shake for something else is to learn
    values = told(some, like)
    for one, other in enumerate(others):
        mine = whole & (rep == one)
        if mine.any():
            values[mine] = told(some.only(mine), other)
    truth, number = np.where(whole, gesture + 1, 0), np.where(whole, event, -1)
    theirs = before[np.where(begin < first, event, np.minimum(event + 1, len(before) - 1))]
    fold = np.where(whole, rep % FOLDS, theirs)
    return _Seen(some.only(keep), values[keep], truth[keep], number[keep], fold[keep])


def _torn(
    motion: Motion, lanes: int, scale: Scale, bank: Bank, owner: Indices, gate: Array, draw: np.random.Generator, hidden: Indices
) -> tuple[Told, Hypotheses]:
    """What may be a gesture in motion with holes, of which a part is lost; and what gives the features of such. `hidden` are the
    repetitions of a rehearsal."""
    motion, lost = torn(motion, draw)
    scaled, gone = scale(motion), lost[: len(lost) // HOP * HOP].reshape(-1, HOP)
    cost, begin = followed(bank, frames(scaled), lanes, np.all(gone, axis=1), unknown(gate, owner))
    cost = _hidden(cost, hidden, owner)
    cost[np.any(gone, axis=1)] = FAR
    some = hypotheses(cost, begin, owner, gate)
    share = share_lost(lost, some)

    def told(some: Hypotheses, like: Likeness) -> Array:
        return features(*mended(scaled, lost, some, bank), like)

    return told, some.only((share > 0) & (share <= 1 - KNOWN))


def _holed(
    tear: Callable[..., tuple[Told, Hypotheses]],
    null: Motion,
    rehearsal: Rehearsal,
    like: Likeness,
    others: list[Likeness],
    owner: Indices,
    draw: np.random.Generator,
) -> Classifier:
    """Of stretches of which a part is lost and taken from the example that is followed, which makes anything likelier than it is:
    trained on the same rehearsal and null motion with holes."""
    again = rehearsal.again(TEARS)
    told, some = tear(again.stream, 8, hidden=again.events)
    yes = _something(told, some, again, like, others, owner, again.after)
    told, some = tear(null, LANES, hidden=again.events[:0])
    some = some.only(_chosen(some, TORN, TORN, draw))
    zeros = np.zeros(len(some), np.int64)
    no = _Seen(some, told(some, like), zeros, zeros - 1, zeros)
    everything = np.ones(len(yes.truth), bool), np.ones(len(no.truth), bool)
    return _mined(yes, no, *everything, _chosen(some, NEAREST, RANDOM, draw), int(owner.max()) + 1)


def _chosen(some: Hypotheses, nearest: int, others: int, draw: np.random.Generator) -> Indices:
    """So many of the cheapest, and of any."""
    near = np.argsort(some.costs[np.arange(len(some)), some.gesture], kind="stable")[:nearest]
    return np.union1d(near, draw.permutation(len(some))[:others])


def _trained(yes: _Seen, no: _Seen, count: int, draw: np.random.Generator) -> tuple[Classifier, Array, Array]:
    """The classifier; (n, 2) the highest scores in null motion and whose, as a stranger's; and of each repetition the score of
    each gesture (k, 1 + C), the first column being its number."""
    chosen = _chosen(no.some, NEAREST, RANDOM, draw)
    everything = np.ones(len(yes.truth), bool), np.ones(len(no.truth), bool)
    classifier = _mined(yes, no, *everything, chosen, count)
    found, said = [], []
    for fold in range(FOLDS):
        judge = no.fold == fold
        heard = (yes.truth > 0) | (yes.fold != fold)
        score = odds(_mined(yes, no, heard, ~judge, chosen, count).scores(no.features[judge]), no.some.costs[judge])
        at = peaks(no.some.frame[judge], score.max(1))
        found.append(np.stack([score.max(1)[at], score.argmax(1)[at]], 1))
        asked = (yes.fold == fold) & (yes.truth > 0)
        learn = yes.fold != fold
        if set(yes.truth[learn]) != set(yes.truth):  # a gesture with one example: its own repetitions must do
            learn = everything[0]
        said.append(_said(yes, _fitted(yes, no, learn, chosen, count), asked, count))
    return classifier, np.concatenate(found), np.concatenate(said)


def _said(yes: _Seen, stranger: Classifier, asked: NDArray[np.bool_], count: int) -> Array:
    """(k, 1 + C) of each repetition asked about: its number, and the best score of each gesture."""
    score = odds(stranger.scores(yes.features[asked]), yes.some.costs[asked])
    events = yes.event[asked]
    out = np.full((len(set(events.tolist())), 1 + count), -np.inf)
    for row, event in zip(out, np.unique(events), strict=True):
        mine = events == event
        row[0] = event
        row[1:] = score[mine].max(0)
    return out


def _with_unheard(said: Array, rehearsal: Rehearsal) -> Array:
    """(K, 2 + C) of all repetitions: whose, whether as it was shown, and what was said of it, also where nothing was."""
    out = np.full((len(rehearsal.events), said.shape[1] + 1), -np.inf)
    out[:, 0], out[:, 1] = rehearsal.events[:, 2], rehearsal.shown
    out[said[:, 0].astype(np.int64), 2:] = said[:, 1:]
    return out


def _mined(
    yes: _Seen, no: _Seen, learn: NDArray[np.bool_], allowed: NDArray[np.bool_], chosen: Indices, count: int
) -> Classifier:
    """Trained twice, the second time with what deceived the first."""
    chosen = chosen[allowed[chosen]]
    first = _fitted(yes, no, learn, chosen, count)
    rest = np.flatnonzero(allowed)
    score = odds(first.scores(no.features[rest]), no.some.costs[rest]).max(1)
    return _fitted(yes, no, learn, np.union1d(chosen, rest[np.argsort(-score, kind="stable")[:DECEIVING]]), count, first)


def _fitted(
    yes: _Seen, no: _Seen, learn: NDArray[np.bool_], chosen: Indices, count: int, start: Classifier | None = None
) -> Classifier:
    """Nothing counts as much as everything; each gesture as much as the next."""
    values = np.vstack([yes.features[learn], no.features[chosen]])
    truth = np.concatenate([yes.truth[learn], no.truth[chosen]])
    number = np.bincount(truth, minlength=count + 1)
    share = np.where(np.arange(count + 1) == 0, 1.0, 1 / count) / np.maximum(1, number)
    trust = np.where(np.arange(values.shape[1]) < FEATURES, TRUST, 1.0)
    return fit(values, truth, share[truth], count + 1, PENALTY, STEPS, trust, start)
