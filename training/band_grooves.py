"""What drummers play, style by style: tables of odds, one row a limb or instrument, one sign a step (band_table.py).

The rows are written from how these styles are taught and played, not taken from recordings.
"""

from __future__ import annotations

from training.band_grooves_hard import HARD
from training.band_table import BACK, EIGHTHS, NONE, OFF, OPENING, QUARTERS, SHAKEN, SIXTEENTHS, TAMB, Groove

GROOVES: dict[str, Groove] = HARD | {
    "funk": Groove(4, 4, {
        "kick": ("X.-...o..-X..-..", "X.o....o..X-.o..", "X..X..-..oX....-",
                 "X.X....-..o.-.o.", "X..-..X...X..X..", "X.....oX.oX....."),
        "snare": (".g.gX.gG.G.gX.gg", "....X..G.G..X..g", ".g..X.g..G.gX..G", "....X.gGgG..-.X."),
        "hat": (SIXTEENTHS, EIGHTHS, OPENING, "XxgxXxgxXxgxXxgq", "X.xoX.xoX.xoX.qo"),
    }, {"tamb": (BACK,), "cowbell": (QUARTERS, "X.x..x..x.x..x..")}),
    "rock": Groove(4, 4, {
        "kick": ("X.....-.X.-.....", "X.....o.X.o.....", "X.o...-.X.....o.",
                 "X..,..X.x.X...,.", "X...-.x...X.-...", "X.......X......."),
        "snare": (BACK, "....X.......X..,", "....X..g....X...", "....X..,.,..X.-."),
        "hat": (EIGHTHS, OPENING, QUARTERS, "O...O...O...O...", "O.O.O.O.O.O.O.O."),
    }, {"tamb": (BACK, TAMB)}),
    "hard rock": Groove(4, 4, {
        "kick": ("X.x...x.X.x...-.", "X.o.X.o.X.o.X.o.", "X.-o..X.X-o...o.", "X.X.X.X.X.X.X.X.", "X...-.X.X..-..X."),
        "snare": (BACK, "....X.......X.-.", "....X.....,.X..,"),
        "hat": ("O...O...O...O...", "O.O.O.O.O.O.O.O.", EIGHTHS, NONE),
        "crash": (NONE, QUARTERS, "X.......X......."),
    }),
    "metal": Groove(4, 4, {
        "kick": ("XxxxXxxxXxxxXxxx", "X.xxX.xxX.xxX.xx", "X.x.X.x.X.x.X.x.", "Xx..Xx..X.xxX..."),
        "snare": (BACK, "..X...X...X...X.", "........X......."),
        "ride": (QUARTERS, EIGHTHS, NONE),
        "crash": (NONE, QUARTERS),
    }),
    "pop": Groove(4, 4, {
        "kick": ("X.....o.X.......", "X......-X.o.....", "X.....X...X...-.",
                 "X...X...X...X...", "X..-..o...x..-..", "X.....,.X-......"),
        "snare": (BACK, "....X..,....X...", "....X.......X.,g"),
        "hat": (EIGHTHS, SIXTEENTHS, OPENING, QUARTERS),
    }, {"tamb": (BACK, "x.X.x.X.x.X.x.X."), "shaker": (SHAKEN,), "clap": (BACK,)}),
    "soul": Groove(4, 4, {
        "kick": ("X.....x...X.-...", "X..o....o.X.....", "X.x.....X.x.....", "X...X...X...X..o"),
        "snare": ("....X..g....X...", QUARTERS, "....X..G.G..X..g"),
        "hat": (EIGHTHS, "X.xgX.xgX.xgX.xg", "X.x.X.x.X.x.X.q."),
    }, {"tamb": (TAMB, BACK), "conga": ("..x...xx..x...xx",)}),
    "country": Groove(4, 4, {
        "kick": ("X.......X.......", "X.....-.X.-.....", "X.......X.....o."),
        "snare": (BACK, "xGxGXGxGxGxGXGxG", "GGGGXGGGGGGGXGGG"),
        "hat": (EIGHTHS, OFF, NONE),
        "pedal": ("....x.......x...", NONE),
    }),
    "train": Groove(4, 4, {
        "kick": (QUARTERS, "X.......X......."),
        "snare": ("GGXGGGXGGGXGGGXG", "xGXxxGXxxGXxxGXG"),
        "pedal": ("..x...x...x...x.", NONE),
    }),
    "hiphop": Groove(4, 4, {
        "kick": ("X..o......X..-..", "X......o.XX.....", "X.X....-..X..-..",
                 "Xo.....X..x..o..", "X.....-o..X-....", "X..X....-.X....."),
        "snare": (BACK, "....X..g.g..X..g", "....X.......X.,g"),
        "hat": (EIGHTHS, "X.xoX.xoX.xoX.xo", "X.x.X.xqX.x.X.x.", "XgxgXgxgXgxgXgxg"),
    }, {"shaker": (SHAKEN,), "clap": (BACK,)}),
    "trip half": Groove(4, 4, {  # half-time: one backbeat a bar
        "kick": ("X.....-.....o.-.", "X...........-.x.", "X.o..........-..", "X.....x...-.....", "X..-..........o."),
        "snare": ("........X.......", "........X.....g.", "...g..g.X..g..g."),
        "hat": (EIGHTHS, QUARTERS, "X.xoX.xoX.xoX.xo", "O...O...O...O..."),
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
        "ride": (EIGHTHS, "X.xxX.xxX.xxX.xx"),
        "pedal": ("....x.......x...", "..x...x...x...x."),
    }),
    "bossa": Groove(4, 4, {
        "kick": ("X.....xxX.....xx", "X.....x.X.....x.", "X.....x.x.....x."),
        "rim": ("X.....X.....X.......X.....X.....", "....X.....X.....X.....X.....X...", "X.....X.....X.......X...X......."),
        "hat": ("x.x.x.x.x.x.x.x.", "xgxgxgxgxgxgxgxg"),
        "pedal": ("....x.......x...", NONE),
    }, {"shaker": (SHAKEN,)}),
    "samba": Groove(2, 4, {
        "kick": ("X..xX..x", "x..xX..x", "G..xX..x"),
        "snare": ("xGgxxGgx", "X.gX.gX.gX.gX.X.", "GGXGGXGG"),
        "hat": ("XgxxXgxx", "X.xxX.xx", "........"),
        "pedal": ("..x...x.", "........"),
        "toml": ("....X...", "........"),
    }, {"shaker": ("XgxxXgxx",), "agogo": ("X.X.x.x..x.X.x.x",), "tamb": ("XggxXggx",)}),
    "afrocuban": Groove(4, 4, {
        "kick": ("......X.....X...", "X.....X.....X...", "...X..X....X..X.", "......X.....-..."),
        "rim": ("....X...X.......X.....X.....X...", "X.....X.....X.......X...X.......", NONE),
        "ride": ("X.x.xx.xx.xx.xx.", "X.X.x.xx.x.xx.x.", NONE),
        "cowbell": ("X...X.x.X...X.x.", "X.x.X.xxX.x.X.xx", NONE),
        "snare": (NONE, "...,...-...g...G", "....-..o.,..-..o"),
        "tomm": ("..............xx", "......x.......x.", NONE),
        "pedal": ("....x.......x...", "x...x...x...x..."),
    }, {"conga": ("g.x.g.XXg.x.g.XX", "..xg..XXx.xg..XX"), "clave": ("X.....X.....X.......X...X.......", "X..X..X...X.X..."),
        "maracas": ("xgxgxgxgxgxgxgxg",), "timbale": ("....x.....x....,",)}),
    "songo": Groove(4, 4, {
        "kick": ("...X..X....X..X.", "...X..x.....-.x.", "X..X..X....X..X."),
        "snare": ("..g.X.gX.g.g.gX.", "..gGX.gX..gG..Xg", "....X..g.X....X."),
        "hat": (EIGHTHS, QUARTERS),
        "cowbell": (NONE, QUARTERS),
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
        "rim": ("........X.......", "........X..,..g.", NONE),
        "snare": (NONE, "........X......."),
        "hat": (EIGHTHS, "X.xgX.xgX.xgX.xg", OFF, "x.X.x.X.x.X.x.Xq"),
    }, {"shaker": ("xgXgxgXgxgXgxgXg",), "conga": ("............xx..",)}),
    "reggae steppers": Groove(4, 4, {
        "kick": (QUARTERS,),
        "rim": ("........X.......", BACK, "...x..x.X..x..x."),
        "snare": (NONE, BACK),
        "hat": (EIGHTHS, OFF, "xoXoxoXoxoXoxoXo"),
    }, {"shaker": ("xgXgxgXgxgXgxgXg",)}),
    "ska": Groove(4, 2, {
        "kick": ("X...X...", "X.-.X.-.", "X..-X..."),
        "snare": ("..X...X.",),
        "hat": (".X.X.X.X", "xXxXxXxX", "xOxOxOxO"),
    }),
    "disco": Groove(4, 4, {
        "kick": (QUARTERS, "X...X...X...X.-.", "X...X...X..-X..."),
        "snare": (BACK, "....X.......X..g", "....X..,....X..,"),
        "hat": ("x.O.x.O.x.O.x.O.", "xxOxxxOxxxOxxxOx", "..O...O...O...O.", EIGHTHS, SIXTEENTHS),
    }, {"tamb": ("xgXgxgXgxgXgxgXg",), "clap": (BACK,), "conga": ("..x..xx...x..xx.",), "cowbell": (QUARTERS,)}),
    "breakbeat": Groove(4, 4, {
        "kick": ("X.X.......XX....", "X.o.....-.X..-..", "X..-..X...X-...."),
        "snare": ("....X..G.G..X..G", "....X..X.g..X..g", "....X..o.G....X."),
        "hat": (EIGHTHS, SIXTEENTHS),
        "ride": (NONE, EIGHTHS),
    }),
    "drum n bass": Groove(4, 4, {
        "kick": ("X.........X.....", "X.....-...X..,..", "X.o.......X....."),
        "snare": (BACK, "....X..G.G..X..g", "....X..g....X.g."),
        "hat": (EIGHTHS, SIXTEENTHS),
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
        "snare": (BACK, "....X.......X..,"),
        "rim": (NONE, BACK),
        "hat": (EIGHTHS, "XgxgXgxgXgxgXgxg", QUARTERS),
    }, {"shaker": (SHAKEN,), "tamb": ("............X...",)}),
    "gospel": Groove(4, 4, {
        "kick": ("X..o..X...o..X..", "X.....xX..X.-...", "X.-..o..X..o..o."),
        "snare": ("....X..G.G..X..G", "....X..g....X.gX", "..g.X.g..g.gX..."),
        "hat": (SIXTEENTHS, "X.x.X.x.X.x.X.xq"),
    }, {"tamb": ("xgXgxgXgxgXgxgXg", BACK), "clap": (BACK,)}),
    "gospel shout": Groove(2, 2, {
        "kick": ("X.X.", "x.x-"),
        "snare": (".X.X", "gXgX"),
        "hat": ("xxxx", "x.x."),
    }, {"tamb": ("xXxX",), "clap": (".X.X",)}),
    "new orleans": Groove(4, 4, {
        "kick": ("X..X..X...X.....", "X..X..-.x...x...", "X.....X...X.-..."),
        "snare": ("X.gXg.XgggXgX.gG", "gGgXggXggGXgXgGg", "..gXg.X.g.XgX.g."),
        "hat": (NONE, "..x...x...x...x."),
        "pedal": ("....X.......X...", "..x...x...x...x."),
    }, {"cowbell": ("X..x..x...x.x...",), "tamb": ("xgXgxgXgxgXgxgXg",)}),
    "second line": Groove(4, 4, {
        "kick": ("X......X...X....X.......X..X....", "X...X......X..X.", "X..X....X..X..X."),
        "snare": ("xgxXgxXgxgXgxXgx", "GgGXgGXGgGXgXGXG"),
        "pedal": (BACK,),
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
