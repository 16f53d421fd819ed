"""An enrolment as plain arrays and back, for an .npz that needs no pickle; whoever calls this writes the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.gesture.audit import Audit, GestureAudit
from showctl.analysis.gesture.classifier import Classifier
from showctl.analysis.gesture.enrolment import Enrolment
from showctl.analysis.gesture.features import BINS, FEATURES, Scale
from showctl.analysis.gesture.likeness import Likeness
from showctl.analysis.gesture.threshold import Tail
from showctl.analysis.gesture.warping import Bank

VERSION = 4  # of what the numbers mean: older ones are enrolled anew
AXES = 6


def stored(enrolment: Enrolment) -> dict[str, NDArray[Any]]:
    """Arrays by name, none of objects."""
    e = enrolment
    words = {"version": VERSION, "gestures": e.gestures, "gravity": e.gravity, "threshold": e.threshold, "audit": asdict(e.audit)}
    return {
        "words": np.frombuffer(json.dumps(words).encode(), np.uint8),
        "scale": np.array([e.scale.acceleration, e.scale.rate]),
        "states": e.bank.states,
        "sizes": e.bank.sizes,
        "owner": e.owner,
        "gate": e.gate,
        "like_middle": e.like.middle,
        "like_spread": e.like.spread,
        "like_examples": e.like.examples,
        "class_mean": e.classifier.mean,
        "class_scale": e.classifier.scale,
        "class_weights": e.classifier.weights,
        "holed_mean": e.holed.mean,
        "holed_scale": e.holed.scale,
        "holed_weights": e.holed.weights,
    }


def restored(arrays: Mapping[str, NDArray[Any]]) -> Enrolment:
    """What `stored` made. ValueError, in words for people, where it is from another version or not whole."""
    try:
        words = json.loads(bytes(arrays["words"]))
        if words["version"] != VERSION:
            raise ValueError(f"enrolled with version {words['version']}, this is {VERSION}: enrol again")
        if not _whole(arrays, len(words["gestures"])):
            raise ValueError("its parts do not belong together: enrol again")
        audit = words["audit"]
        rows = tuple(GestureAudit(**row) for row in audit.pop("gestures"))
        low, high = audit.pop("interval")
        tail = audit.pop("tail")
        return Enrolment(
            gestures=tuple(words["gestures"]),
            gravity=words["gravity"],
            scale=Scale(*map(float, arrays["scale"])),
            bank=Bank(arrays["states"], arrays["sizes"]),
            owner=arrays["owner"],
            gate=arrays["gate"],
            like=Likeness(arrays["like_middle"], arrays["like_spread"], arrays["like_examples"], arrays["owner"]),
            classifier=Classifier(arrays["class_mean"], arrays["class_scale"], arrays["class_weights"]),
            holed=Classifier(arrays["holed_mean"], arrays["holed_scale"], arrays["holed_weights"]),
            threshold=words["threshold"],
            audit=Audit(
                gestures=rows,
                interval=(low, high),
                tail=Tail(**tail | {"lower": tuple(tail["lower"])}),
                **audit | {"refused": tuple(audit["refused"])},
            ),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an enrolment: {error}") from None


def _whole(arrays: Mapping[str, NDArray[Any]], gestures: int) -> bool:
    """Whether all arrays are of so many gestures, and of the same examples."""
    features, examples, states = FEATURES + 6 * gestures, len(arrays["owner"]), arrays["states"]
    wanted = {
        "sizes": (examples,),
        "gate": (gestures,),
        "like_middle": (gestures, FEATURES),
        "like_spread": (FEATURES,),
        "like_examples": (examples, BINS, AXES + AXES // 2),
        "class_mean": (features,),
        "class_scale": (features,),
        "class_weights": (features + 1, gestures + 1),
        "holed_mean": (features,),
        "holed_scale": (features,),
        "holed_weights": (features + 1, gestures + 1),
    }
    fit = all(arrays[name].shape == shape for name, shape in wanted.items()) and states.shape[::2] == (examples, AXES)
    return fit and set(arrays["owner"].tolist()) == set(range(gestures)) and 0 < arrays["sizes"].max() <= states.shape[1]
