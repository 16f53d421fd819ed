"""Grooves in which the beat is easily mistaken: slow ones with much between the beats, fast ones in three, kits that are loud
where the beat is not, the claves and hand drums of the south and the east (band_table.py says how the rows are read).

The annotation is what people tap: the slow beat where hats run in sixteenths, the kick's where the snare falls between. Written
from how these styles are taught and played, not taken from recordings.
"""

from __future__ import annotations

from training.band_table import BACK, EIGHTHS, NONE, OFF, QUARTERS, SHAKEN, SIXTEENTHS, Groove

HARD: dict[str, Groove] = {
    # --- slow, with much between the beats: what is tapped is the slow beat
    "slow funk": Groove(4, 4, {
        "kick": ("X..o..-.x.X..-..", "X.....oX..x..-o.", "X.X..-....X..o..", "X..X.....oX....o", "X.....-.x..x.-.."),
        "snare": (".g.gX.gG.G.gX.gg", "..ggX..G.g.GX.Gg", "....X.GG.GG.X..G", ".g.gX..GgG..X.gX"),
        "hat": (SIXTEENTHS, "XxxxXxxxXxxxXxxq", "XoxoXoxqXoxoXoxq", "XgxxXgxxXgxxXgxx", "X.xxX.xxX.xxX.xx"),
    }, {"tamb": (BACK, SHAKEN), "conga": ("g.x.g.XXg.x.g.XX",), "shaker": (SHAKEN,)}),
    "boom bap": Groove(4, 4, {
        "kick": ("X......x..X.....", "X.o.....x.X..-..", "X..x...-..Xx....", "Xx......o.X.....", "X......X.xX....o"),
        "snare": (BACK, "....X..g....X.g.", "....X..o.g..X..g"),
        "hat": (EIGHTHS, SIXTEENTHS, "X.xoX.xxX.xoX.xx", "XxxoXxxqXxxoXxxo", "x.X.x.X.x.X.x.Xq"),
    }, {"shaker": (SHAKEN,), "clap": (BACK,), "tamb": (OFF,)}),
    "neo soul": Groove(4, 4, {
        "kick": ("X......x..-x....", "X..-...x.x...-o.", "X.....xX...o....", "X....-.o..X....x"),
        "snare": ("....X..g.-..X..G", "....X.gG....X-.g", NONE),
        "rim": (NONE, BACK, "....X.......X..o", "....X..-..o.X..."),
        "hat": (SIXTEENTHS, "XgxxXgxgXgxxXgxq", "X.xoX.xxX.xoX.xx", EIGHTHS),
    }, {"shaker": (SHAKEN,), "clap": (BACK,)}),
    "dub": Groove(4, 4, {
        "kick": ("........X.......", "X.X.X.X.X.X.X.X.", QUARTERS, "X.......X.......", "....X.......X..."),
        "rim": ("........X.......", "........X..o..o.", "...x..x.X..x..x.", NONE),
        "snare": (NONE, "........X.......", "........X..g.gG."),
        "hat": (SIXTEENTHS, "xgXgxgXgxgXgxgXg", "xxXxxxXxxxXxxxXx", "XgxxXgxxXgxxXgxx", "x.Ogx.Ogx.Ogx.Og"),
    }, {"shaker": ("xgXgxgXgxgXgxgXg",), "conga": ("..x...xx..x...xx",), "timbale": ("..............xx", "....x.....x.....")}),
    "slow jam": Groove(4, 4, {
        "kick": ("X.........X.....", "X.....x...X..-..", "X..x......xX....", "Xx.....x..X....."),
        "snare": (BACK, "....X.......X.-.", NONE),
        "clap": (NONE, BACK),
        "rim": (NONE, NONE, BACK),
        "hat": (SIXTEENTHS, "xoxoxxxoxoxoxxxx", "X.x.X.xxX.x.X.xx", "XxxoXxoxXxxoXxox"),
    }, {"shaker": (SHAKEN,), "tamb": (SHAKEN,), "conga": ("..x...xx..x...xx",)}),
    "trap": Groove(4, 8, {  # eight steps a beat: hats in thirty-seconds, a clap on two and four
        "kick": ("X...........x.......X...........", "X.....x.........o...X.......-...", "X...x...........X.....x.........",
                 "X.......................x...x..."),
        "snare": ("........X...............X.......", "........X...............X.....-."),
        "hat": ("x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.", "x.x.x.x.xxxxx.x.x.x.x.x.x.x.xxxx", "x...x...x.x.x...x...x.xxx...x...",
                "x.xxx.x.x.x.x.xxx.x.x.x.xxxxxxxx"),
        "clap": ("................................", "........X...............X......."),
    }, {"cowbell": ("x.....x.....x...x.....x.........",)}),
    "power ballad": Groove(4, 4, {
        "kick": ("X.......X.......", "X.....o.X.-...o.", "X......xX.......", "X..-..x.X......."),
        "snare": (BACK, "....X.......X.-."),
        "hat": (SIXTEENTHS, "XgxgXgxgXgxgXgxg", EIGHTHS, QUARTERS),
        "ride": (NONE, NONE, EIGHTHS),
    }, {"tamb": ("xgXgxgXgxgXgxgXg", SHAKEN), "shaker": (SHAKEN,)}),
    "slow twelve": Groove(4, 3, {  # ballads in triplets
        "kick": ("X.....X.....", "X....oX..-..", "X.-...X....o"),
        "snare": ("...X.....X..", "...X..,..X.-"),
        "hat": ("XxxXxxXxxXxx", "xxxxxxxxxxxx", "XgxXgxXgxXgx"),
    }, {"tamb": ("...X.....X..", "xxxXxxxxxXxx")}),
    # --- the beat is not where it is loud
    "syncopated funk": Groove(4, 4, {
        "kick": ("X..X..X...-..X..", "..X..X....X..X..", "X.-X......X..-X.", "...X..X..X.o..X.", "X.....X..X....X.",
            "X..o..X.-.X.....X.....X...o..X.."),
        "snare": ("....X..G.g.GX..g", "....X.......X...", ".......X.g..X.g.", "....X..X.G....X.", "..g.X.gG.X.g..X."),
        "hat": (OFF, "..O...O...O...O.", "x.O.x.O.x.O.x.O.", "XoxoXoxoXoxoXoxo", "xoXoxoXoxoXoxoXo", EIGHTHS),
    }, {"cowbell": (QUARTERS, "..x...x...x...x."), "tamb": (OFF,), "conga": ("..xg..XXx.xg..XX",)}),
    "soft four": Groove(4, 4, {  # a kick that is hardly heard under open hats between the beats
        "kick": ("x...x...x...x...", "G...G...G...G...", "x...x...x...x.-.", "o...x...o...x..."),
        "snare": (NONE, "....x.......x...", "....x..,....x..,"),
        "clap": (NONE, "....x.......x..."),
        "hat": ("..O...O...O...O.", "x.O.x.O.x.O.x.O.", "g.O.g.O.g.O.g.Oq"),
    }, {"tamb": ("xgXgxgXgxgXgxgXg", OFF), "conga": ("..x..xx...x..xx.",)}),
    "two tone": Groove(4, 4, {
        "kick": (QUARTERS, "X.......X.......", "....X.......X...", "X.....-.X.....-."),
        "snare": (BACK, "........X.......", "....X..g....X..g"),
        "hat": (OFF, "x.X.x.X.x.X.x.X.", "..O...O...O...O.", "x.O.x.O.x.O.x.O."),
        "rim": (NONE, "..x...x...x...x."),
    }, {"tamb": (OFF,)}),
    "between": Groove(4, 2, {  # the hands' and feet's alternation of fast punk: the snare half a beat after the kick
        "kick": ("X.X.X.X.", "X.X.X.Xx", "X.XxX.Xx", "X-X.X-X.", "X.x.X.x."),
        "snare": (".X.X.X.X", ".X.X.X.X", ".X.X.X.o"),
        "hat": ("O.O.O.O.", "XxXxXxXx", "X.X.X.X.", ".X.X.X.X", "OoOoOoOo"),
        "crash": ("........", "X...X...", "X......."),
    }),
    "oompah": Groove(2, 2, {
        "kick": ("X.X.", "X.x.", "x.x.", "X..."),
        "snare": (".X.X", ".x.x", ".X.x", ".XgX"),
        "hat": (".x.x", "....", "xXxX"),
    }, {"tamb": (".X.X",), "cowbell": ("X.X.",)}),
    "balkan": Groove(2, 4, {
        "kick": ("X..x..x.", "X.....x.", "X..X..X."),
        "snare": ("..x...xg", ".gx.gxx.", "x.gxg.xg"),
        "hat": ("........", "..x...x."),
        "toml": ("X..x..x.", "........"),
    }, {"tamb": ("xgXgxgXg",)}),
    # --- three and six
    "fast jazz waltz": Groove(3, 3, {
        "ride": ("X..X.xX.x", "X..X.xX..", "X..X..X..", "X.xX..X.x", "x..X.xx..", "X..x.xX.x"),
        "pedal": ("...X.....", "...X..X..", "...x..x..", ".........", "......X.."),
        "kick": ("X........", "X....o...", "G......,.", "X.....-..", "X........X..o....."),
        "snare": ("..-..g..,", ".....o...", "...g..g..", "........o", "...o.....", "..g..G..-"),
    }, {"rim": ("......X..",)}),
    "fast waltz": Groove(3, 2, {
        "kick": ("X.....", "X....,", "X....."),
        "snare": ("..x.x.", "..X.X.", "..o.x.", "......"),
        "hat": ("..x.x.", "x.x.x.", "......"),
        "pedal": ("..x.x.", "......"),
    }, {"tamb": ("..x.x.",)}),
    "country waltz": Groove(3, 4, {
        "kick": ("X...........", "X.........-.", "X.....-....."),
        "snare": ("....X...X...", "........X...", "..g.x.g.x.gg", "GGgGXGgGXGgG"),
        "hat": ("X.x.X.x.X.x.", "X...X...X...", "............"),
        "rim": ("............", "....x...x..."),
    }, {"shaker": ("XgxgXgxgXgxg",)}),
    "six eight ballad": Groove(6, 2, {
        "kick": ("X...........", "X.........o.", "X....-....o.", "X...o....-o."),
        "snare": ("......X.....", "......X...-.", "......X....,"),
        "hat": ("X.x.x.X.x.x.", "XgxgxgXgxgxg", "X.....x.....", "xxxxxxxxxxxx"),
        "crash": ("............", "............", "X..........."),
    }, {"tamb": ("......X.....", "x.x.x.X.x.x.")}),
    # --- the south and the east
    "salsa": Groove(4, 4, {
        "kick": ("......X.......X.", "......x.....-.x.", "....X.......X...", NONE),
        "cowbell": ("X...X.xxX...X.xx", "X.xxX.x.X.xxX.x.", QUARTERS, NONE),
        "clave": ("X.....X.....X.......X...X.......", "....X...X.......X.....X.....X...", "X..X..X...X.X...", "..X.X...X..X..X."),
        "conga": ("g.x.g.XXg.x.g.XX", "..xg..XXx.xg..XX", "x.g.X.xxg.g.X.xx"),
        "timbale": ("x.xx.x.xx.xx.x.x", NONE, "....x.....xx...."),
        "maracas": ("xgxgxgxgxgxgxgxg", NONE),
    }, {"bongo": ("xgxxxgxxxgxxxgxx",), "snare": ("............X.xx",), "guiro": ("x..xx..xx..xx..x",)}),
    "rhumba": Groove(4, 4, {
        "clave": ("X.....X.......X.....X...X.......", "....X...X.......X.....X.......X.", "X..X...X..X.X...", "..X.X...X..X...X"),
        "rim": ("x.xx.xx.x.xx.x.x", "x.xx.x.xx.xx.x.x", NONE),
        "conga": ("..x.x.XX..g.x.X.", "x..xg.X.x.gxg.X.", "....X..X......X."),
        "tomm": ("......X.......X.", "...x..X....x..X.", NONE),
        "kick": ("......X.....-...", "...X..X....X..X.", NONE, "X.....x.....x..."),
        "snare": (NONE, "....o.g...g.o..g", "g..gX..g..gGX.g."),
        "pedal": ("....x.......x...", "x...x...x...x...", NONE),
    }, {"maracas": ("x..xx..xx..xx..x",), "cowbell": ("X..X..x.X..X..x.",)}),
    "cha-cha": Groove(4, 4, {
        "kick": ("X.......X.......", "......x.......x.", "X.....x.X.....x."),
        "cowbell": (QUARTERS, "X.x.X.x.X.x.X.x."),
        "conga": ("g.x.X.g.g.x.XXXX", "g.g.X.g.g.g.X.XX"),
        "guiro": ("X...x.x.X...x.x.", NONE),
        "rim": (NONE, "....X.......X..."),
    }, {"bongo": ("x.xgx.xgx.xgx.xg",), "timbale": ("............x.x.",), "shaker": (SHAKEN,)}),
    "cumbia": Groove(4, 4, {
        "kick": ("X.......X.......", QUARTERS, "X.......X.....x."),
        "guiro": ("X.xxX.xxX.xxX.xx", "..xx..xx..xx..xx"),
        "conga": ("..X...X...X...X.", "..X.x.X...X.x.XX"),
        "cowbell": (NONE, QUARTERS, "X.x.X.x.X.x.X.x."),
        "snare": (NONE, "..x...x...x...x.", "....X.......X.xx"),
    }, {"shaker": ("xgXgxgXgxgXgxgXg",), "timbale": ("..............xx",)}),
    "bolero": Groove(4, 4, {
        "maracas": ("x.xxx.x.x.x.x.x.", "xgxgxgxgxgxgxgxg"),
        "bongo": ("XgxgxgxgXgxgxgxx", "X.xxx.x.X.x.x.xx"),
        "conga": ("g.x.g.XXg.x.g.XX", NONE),
        "kick": ("X...........X...", "X.......x...X...", NONE),
        "rim": (NONE, "X.....X.....X.......X...X......."),
    }),
    "batucada": Groove(2, 4, {
        "toml": ("x...X...", "g...X...", "....X..x"),
        "snare": ("XgGXgGXg", "xggxxggX", "XggXgXgg"),
        "shaker": ("XgxxXgxx", "XxxxXxxx"),
        "agogo": ("X.X.x.x..x.X.x.x", "........", "x.x..x.xx.x.x..x"),
        "tomh": ("........", "..x..x.x", "x..x..x."),
        "kick": ("........", "x..xX..x"),
    }, {"tamb": ("XggxXggx", "x.gXx.gX"), "cowbell": ("X.xx.x.xx.x.x.xx",)}),
    "partido": Groove(4, 4, {
        "kick": ("X..xX..xX..xX..x", "X..x..x.X..x..x.", "x..xX..xx..xX..x"),
        "rim": ("x.x..x.x.x.x..x.", ".x.x..x.x.x..x.x", "X..x..x...x..x.."),
        "snare": (NONE, "..g.x..g..g.x.gx"),
        "hat": ("XgxxXgxxXgxxXgxx", EIGHTHS, SIXTEENTHS),
        "pedal": (NONE, "....x.......x..."),
    }, {"shaker": ("XgxxXgxxXgxxXgxx",), "agogo": ("X.X.x.x..x.X.x.x",), "tamb": ("XggxXggxXggxXggx",)}),
    "baiao": Groove(2, 4, {
        "kick": ("X..X....", "X..x..x.", "X..X..,."),
        "snare": ("..g.X.g.", "......X.", ".gg.Xggg"),
        "triangle": ("x.Xxx.Xx", "xxXxxxXx", "..X...X."),
    }, {"shaker": ("xgXgxgXg",), "agogo": ("x.xx..x.",)}),
    "afrobeat": Groove(4, 4, {
        "kick": ("X..X..X...X.....", "X.....X.X..X..-.", "..X..X....X..X..", "X..x....x.X..X.."),
        "snare": ("....g.gX..g.g.gX", "..g.X..g.g.gX...", "...X..g...gX..G.", "....X..X.g....X."),
        "hat": ("x.xxx.xqx.xxx.xq", "XgxgXgxqXgxgXgxq", EIGHTHS, "x.X.x.X.x.X.x.Xq"),
    }, {"conga": ("x.xgx.XXx.xgx.XX", "..xg..XXx.xg..XX"), "shaker": (SHAKEN,), "clave": ("X..X..X...X.X...", "X...X..X..X.X..."),
        "cowbell": ("X..X..x.x.X.x...",)}),
    "highlife": Groove(4, 4, {
        "kick": (QUARTERS, "X.......X.......", "X...X...X...X.x."),
        "snare": ("...x..x....x..x.", "..x...x...x...x.", "...x..x...x.x..."),
        "hat": (OFF, "x.xxx.xxx.xxx.xx", EIGHTHS, "..O...O...O...O."),
        "rim": (NONE, "X..X..X...X.X..."),
    }, {"clave": ("X..X..X...X.X...", "X..X...X..X.X..."), "shaker": ("xgXgxgXgxgXgxgXg",), "conga": ("..xx..x...xx..x.",)}),
    "soca": Groove(4, 4, {
        "kick": (QUARTERS, "X...X...X...X..x"),
        "snare": ("...x..x....x..x.", "...X..X....X..Xg"),
        "hat": (SIXTEENTHS, OFF, "x.xxx.xxx.xxx.xx"),
    }, {"cowbell": ("X..x..x.X..x..x.", QUARTERS), "conga": ("..x...xx..x...xx",)}),
    "maqsum": Groove(4, 4, {  # the frame drums of the east: low in the middle, high at the rim
        "toml": ("X.......X.......", "X...X...X.......", "X.......X.....x.", "X...........X..."),
        "bongo": ("..X...X.....X...", "..X.g.Xgg.ggX.gg", "..Xgg.Xg.ggxX.gx", "..X..gX.g.ggX.g.", "..xxx.X.x.xxX.xx"),
        "conga": (NONE, "..x...x.....x.xx", "g.xgg.xgg.xgx.xx"),
        "kick": (NONE, NONE, "X.......X......."),
        "snare": (NONE, NONE, "..x...x.....x..."),
    }, {"tamb": ("xgXgxgXgxgXgxgXg", "X.xxX.xxX.xxX.xx"), "clap": ("..x...x.....x...",)}),
    "malfuf": Groove(2, 4, {
        "toml": ("X.......", "X......."),
        "bongo": ("...X..X.", "g.gXg.Xg", ".ggX.gX."),
        "kick": ("........", "X......."),
        "tamb": ("........", "X.xxX.xx", "...x..x."),
    }, {"clap": ("...x..x.",)}),
    # --- country
    "slow train": Groove(4, 4, {
        "kick": (QUARTERS, "X.......X.......", "x...x...x...x..."),
        "snare": ("gGXGgGXGgGXGgGXG", "xGxXxGxXxGxXxGxX", "GGXGGGXGGGXGGGXx", "xxXxxxXxxxXxxxXx", "GGGGXGGGGGGGXGGX"),
        "pedal": ("..x...x...x...x.", "....x.......x...", NONE),
    }, {"tamb": (OFF, BACK)}),
    "bluegrass": Groove(2, 4, {
        "kick": ("X...x...", "x...x...", "X.......", "........"),
        "snare": ("..x...x.", "..X...X.", "GgXGGgXG", "........"),
        "rim": ("..x...x.", "........"),
    }, {"shaker": ("xgXgxgXg",), "tamb": ("..X...X.",)}),
    # --- the bar told by harmony
    "hymn": Groove(4, 2, {
        "kick": ("X...x...", "X.......", "X...X..."),
        "snare": ("..x...x.", "......x.", "........"),
        "hat": ("x.x.x.x.", "xxxxxxxx", "........"),
    }, {"shaker": ("XgxgXgxg",)}),
    "hymn in three": Groove(3, 2, {
        "kick": ("X.....", "X...x."),
        "snare": ("......", "....x.", "..x.x."),
        "hat": ("x.x.x.", "......", "xxxxxx"),
    }, {"shaker": ("Xgxgxg",)}),
}  # fmt: skip
