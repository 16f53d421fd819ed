"""The bands: for every style its grooves, tempi as people tap them, swing, harmony, and what bass and chords play.

Rows are read against the grid of the style's grooves, as those of the drums (band_grooves.py), and may be several bars long.
Bass: R root, 3 5 7 of the chord, 8 octave, n a step before the next root; r p o root, fifth, octave by chance; - holds,
. rests.
      "walk" is four notes a bar that lead to the next chord, "kick" plays with the bass drum.
Chords: X x a chord, loud or soft; u an up-stroke (upper strings); o a soft chord by chance; 1..6 notes of the broken chord,
        from below; - holds, . rests.
Progressions: a chord a bar (two with a slash), in degrees of the key: "I vi7 IV V7/bVII"; small letters are minor.
"""

from __future__ import annotations

from dataclasses import dataclass

FAMILIES = {  # instruments of General MIDI, numbered from 0
    "piano": (0, 1, 2, 3), "epiano": (4, 5), "organ": (16, 17, 18, 19), "nylon": (24,), "steel": (25, 25, 24), "jazz": (26,),
    "clean": (27, 27, 28, 26), "muted": (28,), "drive": (29, 30), "strings": (48, 49, 44), "synth": (50, 51, 62, 63, 81, 90),
    "brass": (61, 61, 62, 56, 57), "sax": (64, 65, 66, 67), "reed": (21, 22, 23), "mallet": (11, 12, 13), "clavi": (7,),
    "banjo": (105, 25), "fiddle": (40, 110), "flute": (73, 71, 75), "lead": (80, 81, 84), "choir": (52, 53, 54, 91),
    "pad": (88, 89, 95),
    "finger": (33, 33, 34, 35), "pick": (34, 33), "upright": (32,), "slap": (36, 37), "synth bass": (38, 39, 87), "tuba": (58,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """One kind of band."""

    weight: float  # how often it is drawn
    grooves: tuple[str, ...]  # of one meter and grid
    bpm: tuple[float, float, float]  # lowest, usual, highest
    progressions: tuple[str, ...]
    bass: tuple[str, ...]
    comp: tuple[tuple[str, str], ...]  # (family, row)
    basses: tuple[str, ...] = ("finger",)
    tunes: tuple[str, ...] = ("piano", "sax", "clean")  # families of who plays the melody
    swing: tuple[float, float] = (0.5, 0.5)  # of the eighths (grid 3: of the triplet)
    swing16: tuple[float, float] = (0.5, 0.5)  # of the sixteenths
    kits: tuple[int, ...] = (0, 8, 16)  # drum programs
    horns: float = 0.0  # odds of a section of horns
    late: tuple[float, float] = (0.0, 0.0)  # s the backbeat is late, drawn between


_MAJOR = ("I V vi IV", "I vi IV V", "I IV I V", "vi IV I V", "I I IV V", "I bVII IV I", "I iii IV V", "IV V I vi", "I ii IV V")
_MINOR = ("i bVII bVI bVII", "i bVI bIII bVII", "i iv i V7", "i i bVII bVII", "i bIII bVII iv", "i v bVI bVII")
_BLUES = ("I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7/IV7 I7/V7")
_JAZZ = ("ii7 V7 Imaj7 Imaj7", "Imaj7/vi7 ii7/V7", "iii7 vi7 ii7 V7", "ii7/V7 Imaj7 iv7/bVII7 Imaj7", "i7 i7 iv7 V7",
         "Imaj7 bIIImaj7 ii7 bIImaj7")  # fmt: skip
_VAMP = ("i7 i7 IV7 IV7", "I7 I7 I7 I7", "i7 i7 i7 i7", "i7 bVII7 i7 bVII7", "i7 IV7", "I7 I7 IV7 I7", "ii7 V7")

STYLES: dict[str, Style] = {
    "funk": Style(7, ("funk", "funk", "jazz funk"), (80, 102, 128), _VAMP,
        ("R-.R..r.o-.p-.n.", "R..8.-R...5.7.8.", "R-..o.8.r-..p-n.", "kick", "R.r.8.r.7.r.5.n."),
        (("clean", "..x..x...x.x..o."), ("clavi", "x.ox.xo.x.ox.xo."), ("organ", "....x.......x.o."), ("muted",
        "xoxoxoxoxoxoxoxo")),
        ("finger", "slap"), ("sax", "brass", "organ"), swing16=(0.5, 0.58), horns=0.4),
    "rock": Style(7, ("rock",), (84, 118, 168), _MAJOR + _MINOR,
        ("R.R.R.R.R.R.R.R.", "R-----R-R---5-n-", "kick", "R---R---R---R-n-"),
        (("drive", "X---X---X---X---"), ("drive", "X.xxX.x.X.xxX.x."), ("steel", "X-x-xux-X-x-xuxu"), ("clean",
        "1.3.2.3.4.3.2.3."), ("organ", "X---------------")),
        ("pick", "finger"), ("drive", "organ", "lead")),
    "hard rock": Style(5, ("hard rock", "hard rock", "metal"), (95, 132, 185), (*_MINOR, "I bVII IV I", "I I bIII IV",
        "i i i bVII"),
        ("R.R.R.R.R.R.R.R.", "kick", "RrRrRrRrRrRrRrRr"),
        (("drive", "X.xxX.xxX.xxX.xx"), ("drive", "X---..X-..X-X---"), ("drive", "xxxxxxxxxxxxxxxx"), ("drive",
        "X-----------X---")),
        ("pick",), ("drive", "lead"), kits=(16, 0, 8)),
    "pop": Style(7, ("pop",), (76, 112, 148), _MAJOR,
        ("R-------R---5---", "R.R.R.R.R.R.R.R.", "R-----r-R---p-n-", "kick", "..R...R...R...R."),
        (("piano", "X---X---X---X---"), ("steel", "X-x-xux-.ux-xuxu"), ("synth", "X---------------"), ("epiano",
        "X-----x-----x---"), ("clean", "1-2-3-2-4-3-2-3-")),
        ("finger", "synth bass"), ("lead", "flute", "sax"), kits=(0, 8, 16, 24, 25)),
    "soul": Style(5, ("soul",), (70, 100, 132), ("Imaj7 ii7 Imaj7 ii7", "I vi ii7 V7", "I IV I IV", "i7 iv7 i7 iv7",
        "I/iii vi/V IV V7"),
        ("R-.R5-.R8-.R5-n.", "R---..R-5---..n-", "R.R.5.8.R.R.5.n."),
        (("clean", "....x.......x..."), ("piano", "x...x...x...x..."), ("organ", "X---------------"), ("epiano",
        "X--x--x-.-x-..x-")),
        ("finger",), ("sax", "brass", "organ"), swing16=(0.5, 0.56), horns=0.5, late=(0, 0.012)),
    "country": Style(5, ("country", "train"), (76, 112, 200), ("I IV V I", "I I V V", "I IV I V", "I vi IV V",
        "I I IV I V V I I"),
        ("R---....5---....", "R---R---5---5-n-", "R-------5-------"),
        (("steel", "....x.......x..."), ("steel", "..x.x.xu..x.x.xu"), ("banjo", "1234123412341234"), ("piano",
        "....x.x.....x.x."), ("clean", "1.3.4.3.1.3.4.3.")),
        ("finger", "upright"), ("fiddle", "clean", "reed"), kits=(0, 8, 40)),
    "hiphop": Style(6, ("hiphop", "hiphop", "trip half"), (68, 90, 112), _VAMP + _MINOR,
        ("R-----..R-.R-...", "kick", "R---------------", "R..R....R..n...."),
        (("epiano", "X-------x---..x-"), ("strings", "X---------------"), ("piano", "x...x.....x....."), ("epiano",
        "1.3.4.3.5.4.3.2."), ("synth", "..x...x...x...x.")),
        ("finger", "synth bass", "upright"), ("lead", "flute", "mallet"), swing16=(0.5, 0.64), kits=(0, 8, 25, 24),
        late=(-0.004, 0.015)),
    "jazz": Style(8, ("jazz swing", "jazz swing", "jazz brush"), (92, 140, 225), _JAZZ + _BLUES, ("walk", "walk",
        "R.....5.....", "R--5--R--5-n"),
        (("piano", "..o..x...o.."), ("piano", "x....x......"), ("jazz", "x..x..x..x.."), ("organ", "X----------."),
        ("mallet", "o....x..o..."), ("piano", ".....x.....x")),
        ("upright",), ("sax", "piano", "brass", "mallet", "jazz", "flute"), swing=(0.58, 0.7), kits=(32, 40, 0), horns=0.15),
    "jazz waltz": Style(3, ("jazz waltz",), (100, 150, 205), _JAZZ, ("walk", "R--------", "R-----5-n"),
        (("piano", "...x..x.."), ("piano", "x....x..."), ("jazz", "x..x..x.."), ("mallet", "X--------")),
        ("upright",), ("sax", "piano", "flute", "mallet"), swing=(0.58, 0.7), kits=(32, 40, 0)),
    "bossa": Style(4, ("bossa",), (90, 128, 160), _JAZZ, ("R-----5-5-----R-", "R-----r-5-----n-"),
        (("nylon", "x-..x-..x..x-..."), ("nylon", "X--x--x---x--x--"), ("piano", "x--.x-..x..x..x."), ("epiano",
        "X-------x-----x-")),
        ("upright", "finger"), ("flute", "sax", "piano"), kits=(0, 32, 40)),
    "samba": Style(3, ("samba",), (84, 104, 132), _JAZZ + _MAJOR, ("R--r5--r", "R---5--n"),
        (("nylon", "x.xx.x.x"), ("piano", "x..x.x.."), ("steel", "xuxxuxxu")), ("finger", "upright"), ("flute", "brass",
        "sax"), horns=0.2, swing16=(0.46, 0.52)),
    "afrocuban": Style(6, ("afrocuban", "afrocuban", "songo"), (78, 108, 150), ("I7 IV7 V7 IV7", "i iv V7 V7",
        "i bVII bVI V7", "I IV V7 IV", "i7 IV7"),
        ("......R-----5---", "R-----5-----8---", "R.....5-....n---", "..R...5-....R---"),
        (("piano", "X.xx.x.xx.x.x.x."), ("piano", "x.x.xx.x.x.xx.x."), ("piano", "1.3..3.4.3.5.4.3"), ("nylon",
        "x.x.x.x.x.x.x.x."), ("brass", "..x.......x.....")),
        ("finger", "upright"), ("brass", "flute", "piano"), horns=0.4),
    "afro 12/8": Style(2, ("afro 12/8",), (88, 116, 150), ("i i bVII i", "i7 i7 i7 i7", "I IV I IV"), ("R.....5..R..",
        "R--..R8--..n"),
        (("clean", "x.xx.x.x.x.x"), ("mallet", "1.3.2.4.3.2."), ("piano", "..x..x..x..x")), ("finger",), ("flute", "brass")),
    "reggae": Style(5, ("reggae one drop", "reggae one drop", "reggae steppers"), (62, 76, 98), ("I IV I IV", "i iv i iv",
        "i bVII i bVII", "I V vi IV", "I ii I ii"),
        ("R-..R-8-..5-R-..", "..R-5-8-..r-5-..", "R---..r-5-3-R---", "....R-3-5-..8-5-"),
        (("clean", "..x...x...x...x."), ("organ", "..xx..xx..xx..xx"), ("piano", "..x...x...x...x."), ("clean",
        "..xu..xu..xu..xu")),
        ("finger",), ("organ", "reed", "brass"), swing=(0.5, 0.6), swing16=(0.5, 0.6), horns=0.25, late=(0, 0.012)),
    "ska": Style(2, ("ska",), (118, 142, 176), (*_MAJOR, "I IV I IV"), ("R-3-5-3-", "R.R.5.n.", "walk"),
        (("clean", ".x.x.x.x"), ("organ", ".x.x.x.x"), ("piano", ".x.x.x.x")), ("finger",), ("brass", "sax"), swing=(0.5,
        0.56), horns=0.6),
    "disco": Style(6, ("disco",), (104, 120, 136), _VAMP + _MINOR + _MAJOR,
        ("R.8.R.8.R.8.R.8.", "R...8..8R...8.8.", "..R...R...R...R.", "R-.R8-.R5-.R8-n-"),
        (("clean", "x.xx.xx.x.xx.xx."), ("strings", "X---------------"), ("piano", "..x...x...x...x."), ("epiano",
        "X--X--X---X--X--"), ("synth", "xoxoxoxoxoxoxoxo")),
        ("finger", "synth bass", "slap"), ("strings", "lead", "brass"), kits=(0, 8, 16, 24, 25), horns=0.3),
    "breakbeat": Style(3, ("breakbeat",), (98, 124, 145), _VAMP + _MINOR, ("kick", "R--R--8-.-r-n---", "R---------------"),
        (("synth", "X---------------"), ("clavi", "x..x..x...x..x.."), ("organ", "..x...x...x...x.")), ("synth bass",
        "finger"), ("lead", "synth"), kits=(0, 16, 24, 25)),
    "drum n bass": Style(2, ("drum n bass",), (160, 172, 180), _MINOR, ("R-------------n-", "R-----..r-----..", "kick"),
        (("pad", "X---------------"), ("synth", "X-----X-----X---"), ("epiano", "X-------....x---")), ("synth bass",),
        ("lead", "synth"), kits=(16, 24, 0)),
    "blues": Style(5, ("blues shuffle",), (90, 120, 170), _BLUES, ("R.R3.35.58.8", "walk", "R.RR.R5.55.5", "R--5--8--5-n"),
        (("drive", "x.xx.xx.xx.x"), ("piano", "x.xx.xx.xx.x"), ("organ", "..x..x..x..x"), ("clean", "...x.....x..")),
        ("finger", "upright"), ("drive", "reed", "piano", "sax"), swing=(0.6, 0.69), horns=0.25),
    "slow blues": Style(3, ("slow blues", "half-time shuffle"), (52, 66, 92), _BLUES, ("R-R3-35-57-7", "R-----5---n-",
        "R--3--5--7--"),
        (("organ", "X-----------"), ("piano", "xxxxxxxxxxxx"), ("clean", "...x.....x.."), ("piano", "x..xx.x..x.x")),
        ("finger",), ("drive", "sax", "reed"), swing=(0.62, 0.68), late=(0, 0.015), horns=0.2),
    "ballad": Style(5, ("ballad",), (56, 70, 92), _MAJOR + _JAZZ, ("R-------5-----n-", "R-----R-5-------", "R---------------"),
        (("piano", "X---x---x---x---"), ("epiano", "X---x---x-----x-"), ("steel", "1-3-4-3-5-4-3-2-"), ("piano",
        "1234543212345432"), ("strings", "X---------------")),
        ("finger", "upright"), ("sax", "strings", "flute", "clean"), late=(0, 0.012)),
    "gospel": Style(3, ("gospel",), (66, 92, 126), ("I IV I V7", "I/I7 IV/iv I/V7 I", "vi7 ii7 V7 I", "IV V7 iii7 vi7"),
        ("R-..5-8-..R-5-n-", "kick", "R---..R-3---5-5-"),
        (("organ", "X---------------"), ("piano", "X..x..x..X..x..."), ("piano", "x...x.x.x...x.x."), ("choir",
        "X---------------")), ("finger",), ("organ", "choir"), swing16=(0.5, 0.62), horns=0.2),
    "gospel shout": Style(2, ("gospel shout",), (118, 144, 172), ("I I IV I", "I IV I V7", "vi ii V I"), ("R.5.", "R-5-",
        "RR55"),
        (("organ", ".x.x"), ("piano", "xxxx"), ("organ", "X---")), ("finger",), ("organ", "piano")),
    "new orleans": Style(4, ("new orleans", "second line"), (82, 102, 124), ("I IV I V7", "I7 I7 IV7 I7", "I I V7 I",
        "I/I7 IV/iv I/V7 I"),
        ("R--R--5-8---5-n-", "R-..r-..5-..r-..", "R..3..5.8..5..3."),
        (("piano", "x..x..x.x..x..x."), ("piano", "1.34.3.51.34.3.5"), ("banjo", "x.x.x.x.x.x.x.x."), ("organ",
        "....x.......x...")),
        ("tuba", "finger"), ("brass", "sax", "flute"), swing16=(0.52, 0.64), horns=0.6),
    "waltz": Style(3, ("waltz",), (88, 138, 190), (*_MAJOR, "I I V7 V7", "i iv V7 i", "I V7 V7 I"), ("R-....", "R-----",
        "R-..5-"),
        (("piano", "..x.x."), ("reed", "..x.x."), ("strings", "..x-x-"), ("steel", "1-3-4-"), ("nylon", "123432")),
        ("upright", "finger", "tuba"), ("fiddle", "flute", "reed", "strings")),
    "rock waltz": Style(2, ("rock waltz",), (82, 108, 150), _MAJOR + _MINOR, ("R-------5-n-", "kick", "R.R.R.R.R.R."),
        (("drive", "X---X---X---"), ("steel", "X-x-xux-x-xu"), ("organ", "X-----------"), ("clean", "1-3-4-3-5-3-")),
        ("finger", "pick"), ("drive", "organ")),
    "six eight": Style(2, ("six eight",), (120, 150, 186), _MAJOR + _MINOR, ("R-----5---n-", "R-----r-----"),
        (("piano", "X---x-X---x-"), ("steel", "1-2-3-4-3-2-"), ("organ", "X-----------"), ("piano", "x-x-x-x-x-x-")),
        ("finger",), ("strings", "sax", "clean")),
    "six eight in two": Style(2, ("six eight in two",), (56, 74, 112), (*_MAJOR, *_MINOR, "I IV V IV"), ("R--5--", "R-----",
        "R-R5-n"),
        (("piano", "x.xx.x"), ("steel", "X-xx-u"), ("reed", "..x..x"), ("clean", "123432")), ("finger", "upright"),
        ("fiddle", "flute", "reed"), swing=(0.64, 0.69)),
    "polka": Style(2, ("polka", "march"), (94, 118, 138), ("I I V7 V7", "I V7 V7 I", "I IV V7 I"), ("R-..5-..", "R---5---"),
        (("reed", "..x...x."), ("brass", "..x...x."), ("steel", "..x...xu")), ("tuba", "upright"), ("reed", "flute", "brass")),
    "punk": Style(4, ("punk", "punk", "thrash"), (136, 172, 208), ("I IV V IV", "I V vi IV", "I bVII IV V",
        "i bVI bIII bVII"), ("RRRRRRRR", "R.R.R.R."),
        (("drive", "xxxxxxxx"), ("drive", "X-XX-XX-"), ("drive", "X---X---")), ("pick",), ("drive",), kits=(16, 0, 8)),
    "five four": Style(1, ("five",), (92, 130, 176), _MINOR, ("R-----5-----R---5-n-",), (("piano", "X--x--x-....X---x---"),
        ("clean", "1.3.4.3.1.3.4.3.5.3.")), ("finger",), ("sax", "lead")),
    "seven": Style(1, ("seven",), (120, 160, 210), _MINOR, ("R---5---8-----", "RrR.RrR.RrR.n."), (("drive",
        "X---X---X-X-X-"), ("piano", "X---x---x-x-x-")), ("finger",), ("lead", "fiddle")),
}  # fmt: skip
