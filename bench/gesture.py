"""How well gestures are spotted, on performers and other people that the recogniser never saw: the table of docs/gestures.md.

    python bench/gesture.py --shared ../shared [--simulated 8] [--gestures 5,3,10] [--draws 1] [--only uhh|sim] > gesture.txt
    python bench/gesture.py --shared ../shared --simulated 8 --false 20 >> gesture.txt

Streams and counting are those of ../shared/bench/score_gestures.py (imported from there); the recogniser is fed sample by sample
in this process. Null motion is divided by people into three parts: each performer is enrolled with two of them, out of what
is shipped, and tested in the third, so that nobody whose motion is in a stream was seen at that enrolment. The scoring script
by itself would test on shipped people. Simulated performers are those of gesture_performers.py, from seed 420: some of 100 to 369
and 400 to 409 were looked at while the recogniser was made, as the real performers were: figures of those are not of strangers.

Where the audit refuses gestures, a performer cannot go on stage with them: all is reported twice, of all that was drawn and of
what the audit lets in. `--draws` is how often each performer draws other gestures and other examples of them.

`--false` measures false decisions alone, for so many hours: each performer with gestures drawn at random, again and again.
Intervals of shares are Wilson's, of rates Poisson's, both 95 %; the null hours of different performers are the same recordings
again and not independent. `predicted` is the sum of the rates that the enrolments foretold, at the threshold and below it, where
more is to be counted. CPU is that of the call that decided, enrolment not included.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from gesture_performers import performer
from scipy import stats

from showctl.analysis.gesture.corpus import shipped, without_gravity
from showctl.analysis.gesture.enrolment import Enrolment, enrolled
from showctl.analysis.gesture.recogniser import Recogniser
from showctl.model import Candidate, MotionSample

FOLDS = 3
EXAMPLES = 3
FIRST_SEED = 420
BELOW = (0.0, 1.0, 2.0)  # log odds under the threshold at which rates are compared
Performers = dict[str, dict[str, list[Any]]]


def performers(score: ModuleType, folder: Path, simulated: int) -> Performers:
    """The real ones, and `simulated` of seeds that were not looked at while the recogniser was made."""
    found: Performers = dict(score.read_data(folder)[0])
    for seed in range(FIRST_SEED, FIRST_SEED + simulated):
        found[f"sim:{seed}"] = {}
        for name, recordings in performer(seed).items():
            examples = []
            for motion in recordings:
                speed = score.turning(motion)
                if speed.max() >= 60:
                    moving = np.flatnonzero(speed > max(28, 0.2 * speed.max()))
                    examples.append(score.Example(motion, moving[0], moving[-1]))
            found[f"sim:{seed}"][name] = examples
    return found


def fed(enrolment: Enrolment, stream: np.ndarray) -> tuple[list[Candidate], list[float]]:
    """Candidates of a stream, and the CPU (s) of the calls that accepted one."""
    recogniser, out, cost = Recogniser(enrolment), [], []
    for number, (ax, ay, az, gx, gy, gz) in enumerate(stream.tolist()):
        sample = MotionSample(number / 50, "bench", (ax, ay, az), (gx, gy, gz), lost=math.isnan(ax))
        begun = time.thread_time()
        said = recogniser.feed(sample)
        if any(candidate.accepted for candidate in said):
            cost.append(time.thread_time() - begun)
        out += said
    return out, cost


def drawn(
    name: str, gestures: dict[str, list[Any]], count: int, fold: int, draw: np.random.Generator
) -> tuple[Enrolment, list[tuple[str, Any]], list[np.ndarray]]:
    """Enrolled with gestures drawn at random; what is left of their repetitions, and the motion of people who were left out."""
    usable = sorted(g for g, examples in gestures.items() if len(examples) > EXAMPLES + 1)
    shown, left = [], []
    for gesture in sorted(str(g) for g in draw.permutation(usable)[:count]):
        order = draw.permutation(len(gestures[gesture]))
        shown += [(gesture, gestures[gesture][i].samples) for i in order[:EXAMPLES]]
        left += [(gesture, gestures[gesture][i]) for i in order[EXAMPLES:]]
    people = [motions for _, motions in sorted(shipped().items())]
    change = without_gravity if name.startswith("uhh") else np.array
    known = [[change(motion) for motion in person] for n, person in enumerate(people) if n % FOLDS != fold]
    strange = [change(motion) for n, person in enumerate(people) if n % FOLDS == fold for motion in person if len(motion) > 400]
    return enrolled(shown, known, np.random.default_rng(6)), left, strange


def of_null(candidates: list[Candidate], threshold: float, stream: np.ndarray) -> dict[str, Any]:
    """What was decided where nothing was meant, and what would have been below the threshold."""
    above = [sum(c.score > threshold - below for c in candidates) for below in BELOW]
    return {"decisions": sum(c.accepted for c in candidates), "hours": len(stream) / 180000, "above": above}


def one_performer(
    score: ModuleType, name: str, gestures: dict[str, list[Any]], count: int, fold: int, hours: float, salt: int
) -> dict[str, Any]:
    """All streams of one performer with one vocabulary."""
    draw = np.random.default_rng([salt, count, *name.encode()])
    begun = time.process_time()
    enrolment, left, strange = drawn(name, gestures, count, fold, draw)
    out: dict[str, Any] = {"enrol": time.process_time() - begun, "audit": enrolment.audit, "threshold": enrolment.threshold}
    paused, events = score.gesture_stream(left, strange, True, draw)
    tight, tight_events = score.gesture_stream(left, strange, False, draw)
    alone = score.joined([strange[i] for i in draw.permutation(len(strange))])[0][: int(hours * 180000)]
    streams = {"pause": (paused, events), "no pause": (tight, tight_events), "null": (alone, [])}
    if count == 5:
        streams["lost 20 %"] = (score.with_losses(paused, 0.2, draw), events)
        streams["hole 0.4 s"] = (score.with_holes(paused, events, draw), events)
    often = [(second, second + 0.8, "") for second in range(1, len(alone) // 50 - 1, 2)]
    streams["null with holes"] = (score.with_holes(alone, often, draw), [])
    for kind, (stream, wanted) in streams.items():
        candidates, cost = fed(enrolment, stream)
        decisions = [(c.time, c.gesture, c.score) for c in candidates if c.accepted]
        out[kind] = score.matched(decisions, wanted) | {"cost": cost}
        if kind.startswith("null"):
            out[kind] = of_null(candidates, enrolment.threshold, stream)
    return out


def false_alone(score: ModuleType, found: Performers, count: int, hours: float) -> None:
    """Null motion of so many hours, in each of which somebody has shown other gestures."""
    results: dict[str, dict[str, Any]] = defaultdict(dict)
    spent, salt = 0.0, 1
    while spent < hours:
        salt += 1
        for n, (name, gestures) in enumerate(sorted(found.items())):
            draw = np.random.default_rng([salt, count, *name.encode()])
            enrolment, _, strange = drawn(name, gestures, count, (n + salt) % FOLDS, draw)
            stream = score.joined([strange[i] for i in draw.permutation(len(strange))])[0]
            null = of_null(fed(enrolment, stream)[0], enrolment.threshold, stream)
            spent += null["hours"]
            results[name.split(":")[0]][f"{name} {salt}"] = {
                "null": null,
                "audit": enrolment.audit,
                "threshold": enrolment.threshold,
            }
            print(f"{name} {salt}", f"{spent:.1f} h", null["above"], file=sys.stderr, flush=True)
            if spent >= hours:
                break
    everybody = {key: one for mine in results.values() for key, one in mine.items()}
    for kind, some in [*results.items(), ("all", everybody)]:
        print(f"\nfalse decisions, {kind}: {len(some)} draws of {count} gestures, {EXAMPLES} examples each")
        report_null(some)
        if (let_in := admitted(some)) != some:
            print(f"of these, {len(let_in)} draws that the audit lets in:")
            report_null(let_in)


def share(right: int, of: int) -> str:
    """Percent with Wilson's interval."""
    p, z = right / of, 1.96
    middle, half = p + z * z / 2 / of, z * math.sqrt(p * (1 - p) / of + z * z / 4 / of / of)
    low, high = ((middle + sign * half) / (1 + z * z / of) for sign in (-1, 1))
    return f"{100 * p:5.1f} ({100 * low:.1f}-{100 * high:.1f})"


def admitted(results: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Those whose audit refuses nothing."""
    return {name: result for name, result in results.items() if not result["audit"].refused}


def report(kind: str, count: int, results: dict[str, dict[str, Any]]) -> None:
    print(f"\n{kind}: {len(results)} draws of performers, {count} gestures, {EXAMPLES} examples each")
    report_streams(results)
    for name, result in results.items():
        for words in result["audit"].refused:
            print(f"refused, {name}: {words}")
    if (let_in := admitted(results)) != results:
        print(f"of these, {len(let_in)} that the audit lets in:")
        report_streams(let_in)
    report_null(results)
    torn = [result["null with holes"] for result in results.values()]
    false, hours = sum(m["decisions"] for m in torn), sum(m["hours"] for m in torn)
    print(f"with a hole of 0.4 s every two seconds: {false} in {hours:.2f} h, one in {1800 * hours / max(1, false):.0f} holes")
    cost = np.concatenate([result[s]["cost"] for result in results.values() for s in ("pause", "no pause")]) * 1000
    enrol = [result["enrol"] for result in results.values()]
    print(f"CPU: a decision {np.median(cost):.2f} ms, 99 of 100 {np.percentile(cost, 99):.2f}; ", end="")
    print(f"an enrolment {np.mean(enrol):.1f} s, at most {max(enrol):.1f}")
    sys.stdout.flush()


def report_streams(results: dict[str, dict[str, Any]]) -> None:
    print()
    columns = ("stream", "gestures", "recall %", "worst %", "wrong %", "precision %", "delay s median / p95")
    print("{:<12}{:>9}  {:<20}{:>8}{:>9}{:>13}{:>23}".format(*columns))
    for stream in next(iter(results.values())):
        mine = [result[stream] for result in results.values()]
        if stream in ("enrol", "audit", "threshold", "null", "null with holes"):
            continue
        events, right, wrong, said = (sum(m[key] for m in mine) for key in ("events", "right", "wrong", "decisions"))
        delays = np.concatenate([m["delays"] for m in mine])
        worst = min(100 * m["right"] / m["events"] for m in mine)
        print(
            f"{stream:<12}{events:>9}  {share(right, events):<20}{worst:>8.0f}{100 * wrong / events:>9.1f}"
            f"{100 * right / max(1, said):>13.1f}{np.median(delays):>14.2f} / {np.percentile(delays, 95):.2f}"
        )
    print()


def report_null(results: dict[str, dict[str, Any]]) -> None:
    null = [result["null"] for result in results.values()]
    false, hours = sum(m["decisions"] for m in null), sum(m["hours"] for m in null)
    low, high = stats.chi2.ppf(0.025, 2 * false) / 2 if false else 0.0, stats.chi2.ppf(0.975, 2 * false + 2) / 2
    print(f"false: {false} in {hours:.2f} h, {false / hours:.2f} an hour ({low / hours:.2f}-{high / hours:.2f})")
    for n, below in enumerate(BELOW):
        predicted = sum(r["audit"].tail.rate(r["threshold"] - below) * r["null"]["hours"] for r in results.values())
        measured = sum(r["null"]["above"][n] for r in results.values())
        print(f"  {below:g} under the threshold: predicted {predicted / hours:.2f} an hour, measured {measured / hours:.2f}")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--simulated", type=int, default=8)
    parser.add_argument("--gestures", default="5,3,10", type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--draws", type=int, default=1, help="of gestures and examples, for each performer")
    parser.add_argument("--null-hours", type=float, default=0.5)
    parser.add_argument("--only", choices=("uhh", "grwd", "sim"))
    parser.add_argument("--false", type=float, metavar="HOURS", help="false decisions alone, for so many hours")
    args = parser.parse_args()
    sys.path.insert(0, str(args.shared / "bench"))
    import score_gestures as score

    found = performers(score, args.shared / "data/gestures", args.simulated)
    if args.false:
        false_alone(score, found, args.gestures[0], args.false)
        return
    print(__doc__)
    for count in args.gestures:
        results: dict[str, dict[str, Any]] = defaultdict(dict)
        everybody = [(n, *one, salt) for salt in range(1, args.draws + 1) for n, one in enumerate(sorted(found.items()))]
        for n, name, gestures, salt in everybody:
            kind = name.split(":")[0]
            if args.only in (None, kind) and (kind != "sim" or count == args.gestures[0]):
                fold = (n + salt - 1) % FOLDS
                results[kind][f"{name} {salt}"] = one_performer(score, name, gestures, count, fold, args.null_hours, salt)
                print(name, salt, count, file=sys.stderr, flush=True)
        for kind, some in results.items():
            report(kind, count, some)


if __name__ == "__main__":
    main()
