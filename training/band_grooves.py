"""What drummers play, style by style: tables of odds, one row a limb or instrument, one sign a step.

A row is read against the groove's grid: `grid` steps a beat, `meter` beats a bar; a row may be several bars long (claves, two-bar
phrases). Where a cell offers several rows, a song takes one of them for a section. Signs (odds of a stroke, loudness 0..1):

    X always, loud    x always, middling   o mostly    - sometimes   , seldom
    G ghost, likely   g ghost, perhaps     O open, always   q open, sometimes     . never

The rows are written from how these styles are taught and played, not taken from recordings.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SIGNS = {  # odds, loudness, open
    ".": (0.0, 0.0, False),
    ",": (0.1, 0.6, False),
    "-": (0.3, 0.65, False),
    "o": (0.65, 0.75, False),
    "x": (0.97, 0.72, False),
    "X": (0.99, 1.0, False),
    "g": (0.3, 0.28, False),
    "G": (0.7, 0.32, False),
    "q": (0.3, 0.8, True),
    "O": (0.97, 0.85, True),
}

Rows = dict[str, tuple[str, ...]]  # voice -> rows to choose from


@dataclass(frozen=True, slots=True)
class Groove:
    """A way of playing the kit."""

    meter: int
    grid: int  # steps a beat: 2, 3 or 4
    base: Rows  # what every bar is made of
    colour: Rows = field(default_factory=dict)  # hand percussion and the like: each joins by chance


_EIGHTHS, _QUARTERS, _SIXTEENTHS = "X.x.X.x.X.x.X.x.", "X...X...X...X...", "XoxoXoxoXoxoXoxo"
_OPENING, _OFF, _NONE = "X.x.X.xqX.x.X.xq", "..X...X...X...X.", "................"
_BACK = "....X.......X..."
_SHAKEN, _TAMB = "XgxgXgxgXgxgXgxg", "x.x.X.x.x.x.X.x."

GROOVES: dict[str, Groove] = {
    "funk": Groove(4, 4, {
        "kick": ("X.-...o..-X..-..", "X.o....o..X-.o..", "X..X..-..oX....-",
                 "X.X....-..o.-.o.", "X..-..X...X..X..", "X.....oX.oX....."),
        "snare": (".g.gX.gG.G.gX.gg", "....X..G.G..X..g", ".g..X.g..G.gX..G", "....X.gGgG..-.X."),
        "hat": (_SIXTEENTHS, _EIGHTHS, _OPENING, "XxgxXxgxXxgxXxgq", "X.xoX.xoX.xoX.qo"),
    }, {"tamb": (_BACK,), "cowbell": (_QUARTERS, "X.x..x..x.x..x..")}),
    "rock": Groove(4, 4, {
        "kick": ("X.....-.X.-.....", "X.....o.X.o.....", "X.o...-.X.....o.",
                 "X..,..X.x.X...,.", "X...-.x...X.-...", "X.......X......."),
        "snare": (_BACK, "....X.......X..,", "....X..g....X...", "....X..,.,..X.-."),
        "hat": (_EIGHTHS, _OPENING, _QUARTERS, "O...O...O...O...", "O.O.O.O.O.O.O.O."),
    }, {"tamb": (_BACK, _TAMB)}),
    "hard rock": Groove(4, 4, {
        "kick": ("X.x...x.X.x...-.", "X.o.X.o.X.o.X.o.", "X.-o..X.X-o...o.", "X.X.X.X.X.X.X.X.", "X...-.X.X..-..X."),
        "snare": (_BACK, "....X.......X.-.", "....X.....,.X..,"),
        "hat": ("O...O...O...O...", "O.O.O.O.O.O.O.O.", _EIGHTHS, _NONE),
        "crash": (_NONE, _QUARTERS, "X.......X......."),
    }),
    "metal": Groove(4, 4, {
        "kick": ("XxxxXxxxXxxxXxxx", "X.xxX.xxX.xxX.xx", "X.x.X.x.X.x.X.x.", "Xx..Xx..X.xxX..."),
        "snare": (_BACK, "..X...X...X...X.", "........X......."),
        "ride": (_QUARTERS, _EIGHTHS, _NONE),
        "crash": (_NONE, _QUARTERS),
    }),
    "pop": Groove(4, 4, {
        "kick": ("X.....o.X.......", "X......-X.o.....", "X.....X...X...-.",
                 "X...X...X...X...", "X..-..o...x..-..", "X.....,.X-......"),
        "snare": (_BACK, "....X..,....X...", "....X.......X.,g"),
        "hat": (_EIGHTHS, _SIXTEENTHS, _OPENING, _QUARTERS),
    }, {"tamb": (_BACK, "x.X.x.X.x.X.x.X."), "shaker": (_SHAKEN,), "clap": (_BACK,)}),
    "soul": Groove(4, 4, {
        "kick": ("X.....x...X.-...", "X..o....o.X.....", "X.x.....X.x.....", "X...X...X...X..o"),
        "snare": ("....X..g....X...", _QUARTERS, "....X..G.G..X..g"),
        "hat": (_EIGHTHS, "X.xgX.xgX.xgX.xg", "X.x.X.x.X.x.X.q."),
    }, {"tamb": (_TAMB, _BACK), "conga": ("..x...xx..x...xx",)}),
    "country": Groove(4, 4, {
        "kick": ("X.......X.......", "X.....-.X.-.....", "X.......X.....o."),
        "snare": (_BACK, "xGxGXGxGxGxGXGxG", "GGGGXGGGGGGGXGGG"),
        "hat": (_EIGHTHS, _OFF, _NONE),
        "pedal": ("....x.......x...", _NONE),
    }),
    "train": Groove(4, 4, {
        "kick": (_QUARTERS, "X.......X......."),
        "snare": ("GGXGGGXGGGXGGGXG", "xGXxxGXxxGXxxGXG"),
        "pedal": ("..x...x...x...x.", _NONE),
    }),
    "hiphop": Groove(4, 4, {
        "kick": ("X..o......X..-..", "X......o.XX.....", "X.X....-..X..-..",
                 "Xo.....X..x..o..", "X.....-o..X-....", "X..X....-.X....."),
        "snare": (_BACK, "....X..g.g..X..g", "....X.......X.,g"),
        "hat": (_EIGHTHS, "X.xoX.xoX.xoX.xo", "X.x.X.xqX.x.X.x.", "XgxgXgxgXgxgXgxg"),
    }, {"shaker": (_SHAKEN,), "clap": (_BACK,)}),
    "trip half": Groove(4, 4, {  # half-time: one backbeat a bar
        "kick": ("X.....-.....o.-.", "X...........-.x.", "X.o..........-..", "X.....x...-.....", "X..-..........o."),
        "snare": ("........X.......", "........X.....g.", "...g..g.X..g..g."),
        "hat": (_EIGHTHS, _QUARTERS, "X.xoX.xoX.xoX.xo", "O...O...O...O..."),
    }),
    "jazz swing": Groove(4, 3, {
        "ride": ("X..X.xX..X.x", "X..X.xX..X.o", "X..X.oX..X.x", "x..X.xx..X.x", "X..X..X..X.-"),
        "pedal": ("...X.....X..", "...x.....x.."),
        "kick": ("G..G..G..G..", "g..g..g..g.-", "...,.,...,.-", "G..g..G..g.-"),
        "snare": ("..g..g-....g", ".....-..-..,", "..-....g..g-", "...........-", "-....o......"),
    }, {"rim": (".........X..",)}),
    "jazz brush": Groove(4, 3, {
        "snare": ("x.gX.xx.gX.x", "G..X.GG..X.G", "x..X..x..X.-"),
        "pedal": ("...X.....X..",),
        "kick": ("g..,..g..,..", "G.....G.....", "..........,."),
        "ride": ("............", "g..g..g..g.."),
    }),
    "jazz waltz": Groove(3, 3, {
        "ride": ("X..X.xX.-", "X..X.xX.x", "X.-X.xX..", "X..x..x.."),
        "pedal": ("...X.....", "...X..X..", "...x..x.."),
        "kick": ("X......,.", "G....-...", "X....o..."),
        "snare": ("..-..g..,", ".....o...", "...g..g..", "...G....-"),
    }),
    "jazz funk": Groove(4, 4, {
        "kick": ("X..o..-...X..-..", "X......o..-..X..", "X.-..o..,.o...-."),
        "snare": ("....X..G.G..X.g.", ".g..X..g.G.g-..X", "....o..X.g..X..G"),
        "ride": (_EIGHTHS, "X.xxX.xxX.xxX.xx"),
        "pedal": ("....x.......x...", "..x...x...x...x."),
    }),
    "bossa": Groove(4, 4, {
        "kick": ("X.....xxX.....xx", "X.....x.X.....x.", "X.....x.x.....x."),
        "rim": ("X.....X.....X.......X.....X.....", "....X.....X.....X.....X.....X...", "X.....X.....X.......X...X......."),
        "hat": ("x.x.x.x.x.x.x.x.", "xgxgxgxgxgxgxgxg"),
        "pedal": ("....x.......x...", _NONE),
    }, {"shaker": (_SHAKEN,)}),
    "samba": Groove(2, 4, {
        "kick": ("X..xX..x", "x..xX..x", "G..xX..x"),
        "snare": ("xGgxxGgx", "X.gX.gX.gX.gX.X.", "GGXGGXGG"),
        "hat": ("XgxxXgxx", "X.xxX.xx", "........"),
        "pedal": ("..x...x.", "........"),
        "toml": ("....X...", "........"),
    }, {"shaker": ("XgxxXgxx",), "agogo": ("X.X.x.x..x.X.x.x",), "tamb": ("XggxXggx",)}),
    "afrocuban": Groove(4, 4, {
        "kick": ("......X.....X...", "X.....X.....X...", "...X..X....X..X.", "......X.....-..."),
        "rim": ("....X...X.......X.....X.....X...", "X.....X.....X.......X...X.......", _NONE),
        "ride": ("X.x.xx.xx.xx.xx.", "X.X.x.xx.x.xx.x.", _NONE),
        "cowbell": ("X...X.x.X...X.x.", "X.x.X.xxX.x.X.xx", _NONE),
        "snare": (_NONE, "...,...-...g...G", "....-..o.,..-..o"),
        "tomm": ("..............xx", "......x.......x.", _NONE),
        "pedal": ("....x.......x...", "x...x...x...x..."),
    }, {"conga": ("g.x.g.XXg.x.g.XX", "..xg..XXx.xg..XX"), "clave": ("X.....X.....X.......X...X.......", "X..X..X...X.X..."),
        "maracas": ("xgxgxgxgxgxgxgxg",), "timbale": ("....x.....x....,",)}),
    "songo": Groove(4, 4, {
        "kick": ("...X..X....X..X.", "...X..x.....-.x.", "X..X..X....X..X."),
        "snare": ("..g.X.gX.g.g.gX.", "..gGX.gX..gG..Xg", "....X..g.X....X."),
        "hat": (_EIGHTHS, _QUARTERS),
        "cowbell": (_NONE, _QUARTERS),
    }, {"conga": ("g.x.g.XXg.x.g.XX",), "clave": ("X..X..X...X.X...",)}),
    "afro 12/8": Groove(4, 3, {  # the bell of six and eight, felt in four
        "bell": ("X.X.XX.X.X.X", "X.X.X.XX.X.X"),
        "kick": ("X.....X.....", "X..o..X..-..", "..x..x..x..x"),
        "snare": ("...x.....x..", "g.Xg..g.Xg..", ".....-.....o"),
        "tomm": ("............", "..xx....xx.."),
        "pedal": ("x..x..x..x..", "...x.....x.."),
    }, {"conga": ("x.xXx.x.xXx.",), "shaker": ("XgxXgxXgxXgx",)}),
    "reggae one drop": Groove(4, 4, {
        "kick": ("........X.......", "........X.....,.", "......,.X......."),
        "rim": ("........X.......", "........X..,..g.", _NONE),
        "snare": (_NONE, "........X......."),
        "hat": (_EIGHTHS, "X.xgX.xgX.xgX.xg", _OFF, "x.X.x.X.x.X.x.Xq"),
    }, {"shaker": ("xgXgxgXgxgXgxgXg",), "conga": ("............xx..",)}),
    "reggae steppers": Groove(4, 4, {
        "kick": (_QUARTERS,),
        "rim": ("........X.......", _BACK, "...x..x.X..x..x."),
        "snare": (_NONE, _BACK),
        "hat": (_EIGHTHS, _OFF, "xoXoxoXoxoXoxoXo"),
    }, {"shaker": ("xgXgxgXgxgXgxgXg",)}),
    "ska": Groove(4, 2, {
        "kick": ("X...X...", "X.-.X.-.", "X..-X..."),
        "snare": ("..X...X.",),
        "hat": (".X.X.X.X", "xXxXxXxX", "xOxOxOxO"),
    }),
    "disco": Groove(4, 4, {
        "kick": (_QUARTERS, "X...X...X...X.-.", "X...X...X..-X..."),
        "snare": (_BACK, "....X.......X..g", "....X..,....X..,"),
        "hat": ("x.O.x.O.x.O.x.O.", "xxOxxxOxxxOxxxOx", "..O...O...O...O.", _EIGHTHS, _SIXTEENTHS),
    }, {"tamb": ("xgXgxgXgxgXgxgXg",), "clap": (_BACK,), "conga": ("..x..xx...x..xx.",), "cowbell": (_QUARTERS,)}),
    "breakbeat": Groove(4, 4, {
        "kick": ("X.X.......XX....", "X.o.....-.X..-..", "X..-..X...X-...."),
        "snare": ("....X..G.G..X..G", "....X..X.g..X..g", "....X..o.G....X."),
        "hat": (_EIGHTHS, _SIXTEENTHS),
        "ride": (_NONE, _EIGHTHS),
    }),
    "drum n bass": Groove(4, 4, {
        "kick": ("X.........X.....", "X.....-...X..,..", "X.o.......X....."),
        "snare": (_BACK, "....X..G.G..X..g", "....X..g....X.g."),
        "hat": (_EIGHTHS, _SIXTEENTHS),
    }),
    "blues shuffle": Groove(4, 3, {
        "kick": ("X.....X.....", "X.-...X.-...", "X.-..oX....-", "X..X..X..X.."),
        "snare": ("...X.....X..", "g.gX.gg.gX.g", "...X.g...X.-"),
        "hat": ("X.xX.xX.xX.x", "X..X..X..X..", "X.xX.qX.xX.x"),
    }),
    "slow blues": Groove(4, 3, {
        "kick": ("X.....X.....", "X....-X.-...", "X....xX.x..,"),
        "snare": ("...X.....X..", "...X.g...X.g"),
        "hat": ("XxxXxxXxxXxx", "X.xX.xX.xX.x"),
    }, {"tamb": ("...X.....X..",)}),
    "half-time shuffle": Groove(4, 3, {
        "kick": ("X....-......", "X....x..-..o", "X.-........o"),
        "snare": (".g..g.Xg..g.", ".G..G.X..gG.", "......X....."),
        "hat": ("X.xX.xX.xX.x", "X..X..X..X.."),
    }),
    "ballad": Groove(4, 4, {
        "kick": ("X.......X.......", "X.....-.X.-.....", "X......oX.......", "X.........-....."),
        "snare": (_BACK, "....X.......X..,"),
        "rim": (_NONE, _BACK),
        "hat": (_EIGHTHS, "XgxgXgxgXgxgXgxg", _QUARTERS),
    }, {"shaker": (_SHAKEN,), "tamb": ("............X...",)}),
    "gospel": Groove(4, 4, {
        "kick": ("X..o..X...o..X..", "X.....xX..X.-...", "X.-..o..X..o..o."),
        "snare": ("....X..G.G..X..G", "....X..g....X.gX", "..g.X.g..g.gX..."),
        "hat": (_SIXTEENTHS, "X.x.X.x.X.x.X.xq"),
    }, {"tamb": ("xgXgxgXgxgXgxgXg", _BACK), "clap": (_BACK,)}),
    "gospel shout": Groove(2, 2, {
        "kick": ("X.X.", "x.x-"),
        "snare": (".X.X", "gXgX"),
        "hat": ("xxxx", "x.x."),
    }, {"tamb": ("xXxX",), "clap": (".X.X",)}),
    "new orleans": Groove(4, 4, {
        "kick": ("X..X..X...X.....", "X..X..-.x...x...", "X.....X...X.-..."),
        "snare": ("X.gXg.XgggXgX.gG", "gGgXggXggGXgXgGg", "..gXg.X.g.XgX.g."),
        "hat": (_NONE, "..x...x...x...x."),
        "pedal": ("....X.......X...", "..x...x...x...x."),
    }, {"cowbell": ("X..x..x...x.x...",), "tamb": ("xgXgxgXgxgXgxgXg",)}),
    "second line": Groove(4, 4, {
        "kick": ("X......X...X....X.......X..X....", "X...X......X..X.", "X..X....X..X..X."),
        "snare": ("xgxXgxXgxgXgxXgx", "GgGXgGXGgGXgXGXG"),
        "pedal": (_BACK,),
    }, {"cowbell": ("X...X.x.X...X.x.",), "tamb": ("xgXgxgXgxgXgxgXg",)}),
    "waltz": Groove(3, 2, {
        "kick": ("X.....", "X....-", "X..-.."),
        "snare": ("..x.x.", "....X.", "..X...", "..o.X."),
        "hat": ("x.x.x.", "xxxxxx", "..x.x."),
    }),
    "rock waltz": Groove(3, 4, {
        "kick": ("X.......-...", "X.....o.....", "X.o.....o...", "X..........."),
        "snare": ("....X.......", "........X...", "....X...X..."),
        "hat": ("X.x.X.x.X.x.", "X...X...X...", "XoxoXoxoXoxo"),
    }),
    "six eight": Groove(6, 2, {  # six eighths, each a beat
        "kick": ("X.........-.", "X.....-...o.", "X...-......."),
        "snare": ("......X.....", "......X....g"),
        "hat": ("X.x.x.X.x.x.", "X-x-x-X-x-x-"),
    }, {"tamb": ("......X.....",)}),
    "six eight in two": Groove(2, 3, {
        "kick": ("X.....", "X..-.o", "X.-..o"),
        "snare": ("...X..", "...X.g"),
        "hat": ("XxxXxx", "X.xX.x"),
    }, {"tamb": ("...X..",)}),
    "polka": Groove(2, 4, {
        "kick": ("X.......", "X...,..."),
        "snare": ("..x...x.", "....X...", "..X...X."),
        "hat": ("..x...x.", "x.x.x.x."),
    }, {"tamb": ("..X...X.",)}),
    "march": Groove(2, 4, {
        "kick": ("X...X...", "X......."),
        "snare": ("X.gxX.xx", "x.xxx.xx", "X..gX.GG"),
        "hat": ("........", "x...x..."),
        "crash": ("........", "X...x..."),
    }),
    "punk": Groove(4, 2, {
        "kick": ("X..XX...", "X...XX..", "X..XX..X", "X...X..."),
        "snare": ("..X...X.",),
        "hat": ("XxXxXxXx", "OoOoOoOo", "O.O.O.O."),
    }),
    "thrash": Groove(4, 2, {  # kick on the beat, snare between
        "kick": ("X.X.X.X.",),
        "snare": (".X.X.X.X",),
        "hat": ("O.O.O.O.", "xxxxxxxx"),
    }),
    "five": Groove(5, 4, {
        "kick": ("X.....o...X.....X...", "X.....-.....X......."),
        "snare": ("....X.......X.......", "........X.......X..."),
        "hat": ("X.x.X.x.X.x.X.x.X.x.", "X...X...X...X...X..."),
    }),
    "seven": Groove(7, 2, {
        "kick": ("X...X...X..o.-", "X..-X...X....."),
        "snare": ("..X...X.....X.", "......X.....X."),
        "hat": ("XxXxXxXxXxXxXx", "X.X.X.X.X.X.X."),
    }),
}  # fmt: skip
