"""Forty and more mistakes that people make: each is found, at its place, and nothing else is said.

In the texts ⟦CODE⟧ stands just before the place where the problem of that code is to be reported; it is taken out before the
text is read. A row is the rest of a venue or of a show, after the two lines of the header.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from showctl.config.load import check

MARK = re.compile("⟦([EW]-[a-z0-9-]+)⟧")

VENUE = """\
name: Room
universes: {1: {to: 127.0.0.1}}
fixtures:
  par: {type: generic/rgbw, mode: drgbw, at: [1/1, 1/6, 1/11]}
  spot: {type: generic/spot, at: [1/101, 1/111], home: {tilt: 0deg}, limits: {pan: [-200deg, 200deg]}}
  lamp: {type: generic/dimmer, at: 1/200}
  bar: {type: generic/bar, mode: 8-cell-dimmer, at: 1/301}
  raw: {type: generic/rgb, mode: rgb, at: 1/400}
groups: {wash: [par], heads: [spot], house: [lamp], mixed: [par, lamp], bars: [bar], rest: [raw]}
positions: {singer: {spot: {pan: 10deg, tilt: 40deg}}, half: {spot.1: {pan: 5deg}}}
"""
SHOW = """\
cues:
  - {cue: 1, set: {wash + heads + house + bars: {intensity: 50%}, mixed: {intensity: 50%}, rest: {red: 5%}}}
"""
PATCH = "universes: {1: {}}\nfixtures:\n"
LAMP = PATCH + "  a: {type: generic/dimmer, at: "
CUE = "cues:\n  - {cue: "
SET = CUE + "1, set: {wash: {intensity: 5%}}}\n"
START = CUE + "1, start: {a: wash}}\n"

IN_VENUE = {
    "unknown key": "⟦E-unknown-key⟧fixturs: {}\n",
    "unknown key below": "fixtures:\n  par: {type: generic/rgb, ⟦E-unknown-key⟧adress: 1/1, at: 1/1}\nuniverses: {1: {}}\n",
    "duplicate key": "name: A\n⟦E-duplicate-key⟧name: B\n",
    "fixture twice": LAMP + "1/1}\n  ⟦E-duplicate-key⟧a: {type: generic/dimmer, at: 1/2}\n",
    "tab": "network:\n⟦E-tab⟧\tttl: 1\n",
    "merge key": "network: &n {ttl: 1}\nuniverses:\n  1: {⟦E-merge⟧<<: *n}\n",
    "unknown alias": "name: ⟦E-alias⟧*nobody\n",
    "tag": "name: ⟦E-tag⟧!!python/object:os.system boom\n",
    "second document": "name: A\n⟦E-documents⟧---\nname: B\n",
    "bracket not closed": "groups: {a: [b, c\nname⟦E-syntax⟧: x\n",
    "an interface that cannot be": "network: {interface: ⟦E-interface⟧a-cable-on-the-left-side}\n",
    "more receivers than there is room for": "universes: {1: {to: ⟦E-type⟧[" + ", ".join(["10.0.0.1"] * 17) + "]}}\n",
    "more universes than there is room for": "universes: ⟦E-type⟧{" + ", ".join(f"{n}: {{}}" for n in range(1, 514)) + "}\n",
    "colon twice": "name: Room⟦E-syntax⟧: two\n",
    "at sign": "name: ⟦E-syntax⟧@home\n",
    "a yes is no truth": LAMP + "1/1, exempt: ⟦E-truth⟧yes}\n",
    "universe that is none": "universes: {⟦E-universe⟧0: {}}\n",
    "universe not declared": LAMP + "⟦E-universe⟧2/1}\n",
    "slot beyond": LAMP + "⟦E-slot⟧1/513}\n",
    "address without slash": LAMP + "⟦E-address⟧1.5}\n",
    "past 512": PATCH + "  a: {type: generic/rgb, at: ⟦E-past-512⟧1/510}\n",
    "overlap": PATCH + "  a: {type: generic/rgb, at: 1/1}\n  b: {type: generic/dimmer, at: ⟦E-overlap⟧1/4}\n",
    "unknown type": PATCH + "  a: {type: ⟦E-unknown-type⟧generic/dimer, at: 1/1}\n",
    "unknown mode": PATCH + "  a: {type: generic/rgb, mode: ⟦E-unknown-mode⟧5ch, at: 1/1}\n",
    "type missing": PATCH + "  a: ⟦E-missing-key⟧{at: 1/1}\n",
    "places do not match": PATCH + "  a:\n    type: generic/dimmer\n    at: [1/1, 1/2, 1/3]\n"
    "    place: ⟦E-place⟧[{x: 1m}, {x: 2m}]\n",
    "place in feet": LAMP + "1/1, place: {x: ⟦E-place⟧3ft}}\n",
    "home beyond the range": PATCH + "  a: {type: generic/spot, at: 1/1, home: {pan: ⟦E-range⟧300deg}}\n",
    "invert what is not there": LAMP + "1/1, invert: [⟦E-no-parameter⟧pan]}\n",
    "group of nobody": "groups:\n  a: [⟦E-unknown-group⟧par]\n",
    "group of itself": "groups:\n  ⟦E-cyclic-group⟧a: [b]\n  ⟦E-cyclic-group⟧b: [a]\n",
    "group that waits for one of itself": "groups:\n  c: [a & d]\n  ⟦E-cyclic-group⟧a: [b]\n  ⟦E-cyclic-group⟧b: [a]\n  d: [a]\n",
    "group called like a fixture": LAMP + "1/1}\ngroups: {⟦E-name-twice⟧a: [a]}\n",
    "group of too many": LAMP + "1/1}\ngroups: {b: [⟦E-selection⟧a.1-4]}\n",
    "group of no cells": LAMP + "1/1}\ngroups: {b: [⟦E-selection⟧a.cells]}\n",
    "group left empty": LAMP + "1/1}\ngroups: {b: [⟦E-empty-group⟧a - all]}\n",
    "name with a space": "groups: {⟦E-name⟧two words: []}\n",
    "OSC open to all": "osc: {listen: ⟦E-open-listener⟧0.0.0.0:8000}\n",
    "OSCQuery open to all": "osc: {query: ⟦E-open-listener⟧0.0.0.0:8090}\n",
    "OSCQuery without a port": "osc: {query: ⟦E-listen⟧127.0.0.1}\n",
    "no such place on a desk": "midi: {in: A, map: {⟦E-midi⟧note 128: go}}\n",
    "no such word": "midi: {in: A, map: {note 1: ⟦E-midi⟧submaster front}}\n",
    "one pad twice": "midi: {in: A, map: {note 1: go, note 01: ⟦E-midi⟧back}}\n",
    "a level on a pad": "midi: {in: A, map: {note 1: ⟦E-midi⟧gm}}\n",
    "a button on the wheel": "midi: {in: A, map: {cc 1: go, pitch: ⟦E-midi⟧go}}\n",
    "a flash that is never let go": "midi: {in: A, map: {program 1: ⟦E-midi⟧flash a}}\n",
    "a channel too many": "midi: {in: A, channel: ⟦E-number⟧17}\n",
    "several of one map": "midi: {in: A, map: {cc 1: ⟦E-midi⟧rate, ⟦E-midi⟧note x: go, note 2: ⟦E-midi⟧goto x}}\n",
    "page open to all": "web: {listen: ⟦E-open-listener⟧0.0.0.0:8080, allow: [10.0.0.0/8]}\n",
    "strobe on": "safety: {strobe: ⟦E-choice⟧on}\n",
    "strobe faster than frames": "safety: {strobe: {flashes: ⟦E-number⟧40}}\n",
    "strobe on a bare share": "safety: {strobe: {share: ⟦E-unit⟧25}}\n",
    "strobe of something else": "safety: {strobe: {⟦E-unknown-key⟧flash: 4}, ⟦W-not-yet⟧gain: 3dB}\n",
    "token that can be guessed": "web: {listen: 0.0.0.0:8080, tokens: ⟦E-token⟧[secret]}\n",
    "port that is none": "osc: {listen: ⟦E-listen⟧127.0.0.1:99999}\n",
    "destination that is none": "universes: {1: {to: ⟦E-ip⟧node7}}\n",
    "priority": "universes: {1: {priority: ⟦E-number⟧201}}\n",
    "look that is none": "on_stop: ⟦E-unknown-look⟧look save\n",
    "stop somehow": "on_stop: ⟦E-choice⟧fade\n",
    "synchronised by light": "universes: {1: {sync: ⟦E-sync⟧1}}\nfixtures: {a: {type: generic/dimmer, at: 1/1}}\n",
    "priority of nobody": "universes: {1: {priority: ⟦W-priority⟧0}}\nfixtures: {a: {type: generic/dimmer, at: 1/1}}\n",
    "universe twice": "universes: {1: {}, ⟦E-name-twice⟧01: {}}\nfixtures: {a: {type: generic/dimmer, at: 1/1}}\n",
    "universe for nothing": "universes: {1: {}, ⟦W-universe-empty⟧2: {}}\nfixtures: {a: {type: generic/dimmer, at: 1/1}}\n",
    "head without a home": PATCH + "  ⟦W-no-home⟧a: {type: generic/spot, at: 1/1}\n",
    "head that a look places": PATCH + "  a: {type: generic/spot, at: 1/1}\nlooks: {start: {a: {tilt: 9deg}}}\n",
    "name that is a truth": "groups: {⟦W-misread⟧on: [a], 'off': [a]}\nuniverses: {1: {}}\n"
    "fixtures: {a: {type: generic/dimmer, at: 1/1}}\n",
    "later": "⟦W-not-yet⟧standby: {}\nuniverses: {1: {⟦W-not-yet⟧rate: 40Hz}}\n",
    "nothing under a key": "groups:⟦E-empty⟧\nname: x\n",
    "a list for a mapping": "fixtures: ⟦E-type⟧[a, b]\n",
    "a mapping for a text": "name: ⟦E-type⟧{a: b}\n",
    "many at once": "⟦E-unknown-key⟧naem: x\nuniverses: {1: {priority: ⟦E-number⟧900}}\nfixtures:\n"
    "  a: {type: ⟦E-unknown-type⟧generic/par, at: 1/1}\n  b: {type: generic/rgb, at: ⟦E-address⟧7}\n"
    "groups: {g: [a, b, ⟦E-unknown-group⟧c]}\n",
}
IN_SHOW = {
    "bare time": CUE + "1, set: {wash: {intensity: 5%}}, in: ⟦E-unit⟧2}\n",
    "bare level": CUE + "1, set: {wash: {intensity: ⟦E-unit⟧70}}}\n",
    "level on": CUE + "1, set: {wash: {intensity: ⟦E-level⟧on}}}\n",
    "level above full": CUE + "1, set: {wash: {intensity: ⟦E-range⟧120%}}}\n",
    "cue without number": "cues:\n  - ⟦E-missing-key⟧{set: {wash: {intensity: 5%}}}\n",
    "cue number 0": CUE + "⟦E-cue-number⟧0, set: {wash: {intensity: 5%}}}\n",
    "cue twice": CUE + "1.1, set: {wash: {intensity: 5%}}}\n  - {cue: ⟦E-cue-twice⟧1.10, set: {wash: {intensity: 6%}}}\n",
    "out of order": CUE + "10, set: {wash: {intensity: 5%}}}\n  - {cue: ⟦W-cue-order⟧9, set: {wash: {intensity: 6%}}}\n",
    "unknown group": CUE + "1, set: {⟦E-unknown-group⟧wahs: {intensity: 5%}}}\n",
    "unknown parameter": CUE + "1, set: {wash: {⟦E-unknown-key⟧intensty: 5%}}}\n",
    "unknown palette": "palettes: {colour: {warm: 2900K}}\ncues:\n"
    "  - {cue: 1, set: {wash: {colour: warm}, heads: {colour: ⟦E-unknown-palette⟧wram}}}\n",
    "unknown position": CUE + "1, set: {heads: {position: ⟦E-unknown-position⟧drums}}}\n",
    "palette of unknown position": "palettes: {position: {⟦W-unused⟧a: ⟦E-unknown-position⟧sinker}}\n" + SET,
    "unknown effect": CUE + "1, start: {⟦E-unknown-effect⟧kick: wash}}\n",
    "unknown effect to stop": CUE + "1, set: {wash: {intensity: 5%}}, stop: ⟦E-unknown-effect⟧kick}\n",
    "unknown cue": CUE + "1, set: {wash: {intensity: 5%}}, goto: ⟦E-unknown-cue⟧7}\n",
    "follow and hang": CUE + "1, set: {wash: {intensity: 5%}}, follow: 1s, hang: ⟦E-clash⟧2s}\n",
    "when what": CUE + "1, set: {wash: {intensity: 5%}}, when: ⟦E-when⟧section dorp}\n",
    "quantise nothing": CUE + "1, set: {wash: {intensity: 5%}}, quantise: ⟦E-clash⟧bar}\n",
    "colour that YAML ate": "cues:\n  - cue: 1\n    set:\n      wash:\n        colour:⟦E-colour⟧ #c00010\n",
    "gel": CUE + "1, set: {wash: {colour: ⟦E-gel⟧gel L2010}}}\n",
    "emitter that is none": "palettes: {colour: {a: ⟦E-colour⟧{wite: 5%}}}\ncues:\n  - {cue: 1, set: {wash: {colour: a}}}\n",
    "angle beyond the range": CUE + "1, set: {heads: {tilt: ⟦E-range⟧170deg}}}\n",
    "shutter ajar": CUE + "1, set: {heads: {shutter: ⟦E-level⟧opne}}}\n",
    "colour of a dimmer": CUE + "1, set: {house: {colour: ⟦E-no-parameter⟧2900K}}}\n",
    "colour of some": CUE + "1, set: {mixed: {colour: ⟦W-no-parameter⟧2900K}}}\n",
    "position of some": CUE + "1, set: {heads: {position: ⟦W-no-parameter⟧half}}}\n",
    "virtual dimmer": CUE + "1, set: {rest: {intensity: ⟦W-virtual-dimmer⟧50%}}}\n",
    "set twice": CUE + "1, set: {wash: {intensity: 5%}, ⟦W-set-twice⟧mixed: {intensity: 6%}}}\n",
    "changes nothing": SET + "  - {cue: ⟦W-no-change⟧2, set: {wash: {intensity: 5%}}}\n",
    "empty cue": CUE + "⟦W-no-change⟧1, name: nothing}\n",
    "fixture named": CUE + "1, set: {⟦E-fixture-in-show⟧par.1: {intensity: 5%}}}\n",
    "another venue": "venue: ⟦E-wrong-venue⟧Hall\ncues:\n  - {cue: 1, set: {par.1: {intensity: 5%}}}\n",
    "needs": "needs: {groups: [⟦E-needs⟧cyc], positions: [singer, ⟦E-needs⟧drums]}\n" + SET,
    "swing": "effects: {a: {param: red, swing: ⟦E-swing⟧80%}}\n" + START,
    "effect of a category": "effects: {a: {param: ⟦E-parameter⟧colour}}\n" + START,
    "effect of nothing there": "effects: {a: {param: pan, size: 10deg}}\n" + CUE + "1, start: {a: ⟦E-no-parameter⟧wash}}\n",
    "size and low": "effects: {a: {param: red, low: 5%, size: ⟦E-clash⟧5%}}\n" + START,
    "length in other units": "effects: {a: {param: red, sync: free, every: 2s, length: ⟦E-unit⟧1 beat}}\n" + START,
    "cycle of a beat in seconds": "effects: {a: {param: red, every: ⟦E-unit⟧2s}}\n" + START,
    "cycle of what is heard": "effects: {a: {param: red, sync: low, every: ⟦E-clash⟧2 beats}}\n" + START,
    "length of a turn": "effects: {a: {param: red, chase: true, length: ⟦E-unit⟧1 beat}}\n" + START,
    "chase and spread": "effects: {a: {param: red, chase: true, spread: ⟦E-clash⟧90deg}}\n" + START,
    "chance backwards": "effects: {a: {param: red, shape: random, direction: ⟦E-clash⟧reverse}}\n" + START,
    "unknown band": "effects: {a: {param: red, sync: ⟦E-choice⟧lows}}\n" + START,
    "unknown section": "effects: {a: {param: red, sections: [drop, ⟦E-choice⟧brake]}}\n" + START,
    "unknown direction": "effects: {a: {param: red, direction: ⟦E-choice⟧back}}\n" + START,
    "entry without a unit": "effects: {a: {param: red, entry: ⟦E-unit⟧2}}\n" + START,
    "exit of words": "effects: {a: {param: red, exit: ⟦E-time⟧fade-size}}\n" + START,
    "one segment": "effects: {a: {param: red, segments: ⟦E-number⟧1}}\n" + START,
    "unknown shape": "effects: {a: {param: red, shape: ⟦E-choice⟧sin}}\n" + START,
    "unused": "palettes: {colour: {⟦W-unused⟧a: 2900K}}\neffects: {⟦W-unused⟧b: {param: red}}\n" + SET,
    "priority of levels": "submasters: {a: {group: wash, priority: ⟦E-clash⟧6}}\n" + SET,
    "mode of levels with effects": "effects: {e: {param: red}}\nsubmasters: {a: {mode: ⟦E-clash⟧additive, start: {e: wash}}}\n"
    + SET,
    "mode of effects without": "submasters: {a: {mode: ⟦E-clash⟧effect, group: wash}}\n" + SET,
    "submaster of nothing": "submasters: {a: ⟦E-clash⟧{level: 5%}}\n" + SET,
    "endless": CUE + "⟦E-endless⟧1, set: {wash: {intensity: 5%}}, follow: 0s, goto: 1}\n",
    "hang before the beginning": CUE + "1, set: {wash: {intensity: 5%}}, in: 2s, hang: ⟦E-hang⟧-3s}\n  - {cue: 2, stop: all}\n",
    "hang of a cue that is wrong": CUE + "1, set: {wash: {intensity: ⟦E-unit⟧5}}, hang: -3s}\n  - {cue: 2, stop: all}\n",
    "hang in other units": CUE + "1, set: {wash: {intensity: 5%}}, in: 2s, hang: -8 beats}\n  - {cue: 2, stop: all}\n",
    "cue_only at the end": CUE + "1, set: {wash: {intensity: 5%}}, ⟦W-cue-only⟧cue_only: true}\n",
    "up while it turns": SET + "  - {cue: ⟦W-live-move⟧2, set: {heads: {intensity: 5%, tilt: 40deg}}, in: 2s}\n",
    "up while it turns, in a cue with another warning": SET
    + "  - {cue: ⟦W-live-move⟧2, set: {heads: {intensity: 5%, tilt: 40deg}, mixed: {colour: ⟦W-no-parameter⟧2900K}}, in: 2s}\n",
    "up when it has turned": SET + "  - {cue: 2, set: {heads: {intensity: 5%, tilt: 40deg}}, in: 2s, mark: true}\n",
    "up with a colour": SET + "  - {cue: 2, set: {heads: {intensity: 5%, colour: 2900K, tilt: 2deg}}, in: 2s}\n",
    "mark of what is lit": SET + "  - {cue: 2, set: {wash: {intensity: 9%, red: 5%}}, ⟦W-mark⟧mark: true}\n",
    "mark before anything": CUE + "1, set: {heads: {intensity: 5%, tilt: 40deg}}, ⟦W-mark⟧mark: true}\n",
    "shutter closed": CUE + "⟦W-closed⟧1, set: {heads: {intensity: 5%, shutter: closed}}}\n",
    "cells beneath a dimmer that is out": CUE + "⟦W-closed⟧1, set: {bars.cells: {intensity: 5%}}}\n",
    "cells beneath a dimmer that is up": CUE + "1, set: {bars.cells: {intensity: 5%}, bars: {intensity: 5%}}}\n",
    "shutter opened": CUE + "1, set: {heads: {shutter: closed}}}\n  - {cue: 2, set: {heads: {intensity: 5%, shutter: open}}}\n",
    "turn in no time": CUE + "1, set: {heads: {intensity: 5%}}}\n  - {cue: ⟦W-jump⟧2, set: {heads: {tilt: 90deg}}}\n",
    "turn in time": CUE + "1, set: {heads: {intensity: 5%}}}\n  - {cue: 2, set: {heads: {tilt: 90deg}}, in: 1s}\n",
    "turn in the dark": SET + "  - {cue: 2, set: {heads: {tilt: 90deg}}}\n",
    "beyond the limits": CUE + "⟦W-limits⟧1, set: {heads: {pan: 250deg}}}\n",
    "left on": CUE + "1, set: {wash + heads: {intensity: 5%}}}\n  - {cue: ⟦W-left-on⟧2, set: {wash: {intensity: out}}}\n",
    "left on and meant": CUE + "1, set: {wash + heads: {intensity: 5%}}}\n"
    "  - {cue: 2, set: {wash: {intensity: out}, heads: {intensity: 6%}}}\n",
    "effect in the dark": "effects: {a: {param: intensity}}\n" + CUE + "1, set: {wash: {intensity: 5%}}, start: {a: wash}}\n"
    "  - {cue: ⟦W-effect-left⟧2, set: {wash: {intensity: out}}}\n  - {cue: 3, set: {wash: {intensity: 5%}}, stop: a}\n",
    "effect that makes no light": "effects: {a: {param: intensity, layer: scale}}\n"
    + CUE
    + "1, set: {wash: {intensity: 5%}}, start: {a: wash}}\n  - {cue: 2, set: {wash: {intensity: out}}}\n"
    "  - {cue: 3, set: {wash: {intensity: 5%}}, stop: a}\n",
    "effect past the end": "effects: {a: {param: intensity, size: 60%}}\n"
    + CUE
    + "⟦W-clip⟧1, set: {wash: {intensity: 70%}}, start: {a: wash}}\n",
    "effect that is a strobe": "effects: {a: {param: intensity, every: 1/2 beat}}\n"
    + CUE
    + "1, set: {wash: {intensity: 70%}}, start: {⟦W-strobe⟧a: wash}}\n",
    "submaster that is a strobe": "effects: {a: {param: intensity, every: 1/2 beat}}\n"
    "submasters: {s: {start: {⟦W-strobe⟧a: wash}}, t: {start: {a: heads}}}\n" + SET,
    "submaster on one": "effects: {a: {param: intensity, chase: true}}\nsubmasters: {s: {start: {⟦W-spread-one⟧a: house}}}\n"
    + SET,
    "effect on a few": "effects: {a: {param: intensity, every: 1/2 beat}}\n"
    + CUE
    + "1, set: {wash: {intensity: 70%}}, start: {a: heads}}\n",
    "cycle that no music has": "effects: {a: {param: intensity, every: ⟦E-multiple⟧1.37 beats}}\n" + START,
    "chase of one": "effects: {a: {param: intensity, chase: true}}\n" + CUE + "1, start: {⟦W-spread-one⟧a: house}}\n",
    "effect called yes": "effects: {⟦W-misread⟧yes: {param: red}}\n" + CUE + "1, start: {yes: wash}}\n",
    "later": "⟦W-not-yet⟧sections: {}\ncues:\n  - {cue: 1, set: {wash: {intensity: 5%}}}\n",
    "include of nothing": "include: [⟦E-missing-file⟧nobody.yaml]\n" + SET,
    "include of itself": "include: [⟦E-include-cycle⟧show.yaml]\n" + SET,
    "many at once": "palettes: {colour: {a: ⟦E-colour⟧pink, ⟦W-unused⟧b: 2900K}}\ncues:\n"
    "  - {cue: 1, set: {wash: {intensity: ⟦E-unit⟧7, colour: a}, ⟦E-unknown-group⟧wsh: {intensity: 5%}}, in: ⟦E-unit⟧3}\n"
    "  - {cue: 2, ⟦E-unknown-key⟧nmae: x, set: {heads: {colour: ⟦E-unknown-palette⟧c}}, start: {⟦E-unknown-effect⟧e: wash}}\n",
}
# Of the groups that the venue offers a show in these rows uses one or two: that is not what is tested.
GROUPS_UNUSED = "does not use the group"


def find(folder: Path, venue: str, show: str) -> tuple[list[tuple[str, int, int, str]], list[tuple[str, int, int, str]]]:
    """-> what was to be found and what was, as (file, line, column, code)."""
    wanted = []
    for name, header, body in (("venue.yaml", "kind: venue", venue), ("show.yaml", "kind: show", show)):
        lines = f"showctl: 1\n{header}\n{body}".split("\n")
        for i, line in enumerate(lines):
            while mark := MARK.search(line):
                wanted.append((name, i + 1, mark.start() + 1, mark[1]))
                line = line[: mark.start()] + line[mark.end() :]
            lines[i] = line
        (folder / name).write_text("\n".join(lines), encoding="utf-8")
    problems = check([folder / "venue.yaml", folder / "show.yaml"])
    assert all(len(str(p).splitlines()) == 1 for p in problems)
    assert all((p.severity == "warning") == p.code.startswith("W-") for p in problems)
    found = [(Path(p.path).name, p.line, p.column, p.code) for p in problems if GROUPS_UNUSED not in p.text]
    return sorted(wanted), sorted(found)


@pytest.mark.parametrize("body", IN_VENUE.values(), ids=IN_VENUE)
def test_mistakes_in_a_venue(tmp_path: Path, body: str) -> None:
    wanted, found = find(tmp_path, body, "name: nothing\n")
    assert found == wanted


@pytest.mark.parametrize("body", IN_SHOW.values(), ids=IN_SHOW)
def test_mistakes_in_a_show(tmp_path: Path, body: str) -> None:
    wanted, found = find(tmp_path, VENUE, body)
    assert found == wanted


def test_the_venue_and_show_of_the_table_are_right(tmp_path: Path) -> None:
    wanted, found = find(tmp_path, VENUE, SHOW)
    assert found == wanted == []


def test_mistakes_of_both_files_come_at_once(tmp_path: Path) -> None:
    venue = VENUE.replace("name: Room", "⟦E-unknown-key⟧nam: Room").replace("at: 1/200", "at: ⟦E-overlap⟧1/5")
    show = SHOW.replace("cue: 1", "cue: ⟦E-cue-number⟧x")
    wanted, found = find(tmp_path, venue, show)
    assert found == wanted


def test_a_broken_name_is_not_called_unknown(tmp_path: Path) -> None:
    venue = VENUE.replace("type: generic/rgbw", "type: ⟦E-unknown-type⟧generic/rgbwx")
    show = "palettes: {colour: {a: ⟦E-gel⟧gel 5}}\neffects: {e: {param: red, every: ⟦E-unit⟧2}}\n"
    show += CUE + "1, set: {wash: {colour: a, intensity: 5%}}, start: {e: wash}}\n"
    wanted, found = find(tmp_path, venue, show)
    assert found == wanted


def test_did_you_mean(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("showctl: 1\nkind: venue\nfixturs: {}\n")
    [problem] = check([tmp_path / "v.yaml"])
    assert "did you mean `fixtures`?" in problem.text


def test_an_overlap_names_both_and_where_the_other_is(tmp_path: Path) -> None:
    body = PATCH + "  a: {type: generic/rgb, at: [1/1, 1/3]}\n"
    (tmp_path / "v.yaml").write_text("showctl: 1\nkind: venue\n" + body)
    [problem] = check([tmp_path / "v.yaml"])
    assert "`a.2`" in problem.text
    assert "`a.1`" in problem.text
    assert "v.yaml:5" in problem.text
