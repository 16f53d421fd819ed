// The room's sound: how loud it is against the venue's limits, what the microphones hear over frequency before and with the
// equaliser, whose its bands are and why it stands still; and what may be asked of it. Everything that is heard at once in the
// hall takes two presses.

import { make, say, tell, twice } from "./panel.js";

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const EDGE = { left: 36, right: 6, top: 24, bottom: 26 }; // px of the picture, round the curves
const HERTZ = [[63, "63"], [250, "250"], [1000, "1k"], [4000, "4k"], [16000, "16k"]];
const STEP = 3, LEAST = 6, MOST = 24; // dB: the scale grows in steps, from so far on both sides to so far
const APART = 22; // px between two lines of the grid, at least
const TRUSTED = 0.5; // from this share of the microphones on a band is drawn full
const USED = 0.25; // dB, a band that does less stands there and does nothing
const COLUMNS = [["laeq_1", "1 min"], ["laeq_15", "15 min"], ["laeq_60", "1 h"], ["lcpeak", "LCpeak"], ["lcpeak_60", "max"]];
const LIMIT_OF = { lcpeak_60: "lcpeak" };
const HOWL_S = 900; // s that the last feedback is told
const KINDS = { peaking: "", low_shelf: "low shelf ", high_shelf: "high shelf " };
const ASKS = {
  apply: "Apply now?", apply_at_once: "Empty hall?", switch_on: "Flat and on?", bypass: "Flat now?", unbypass: "Equaliser on?", undo: "A step back?", restore: "As at start?",
  relearn: "All in place?", off: "Off?", advise: "Advise?", auto: "Auto?",
};

const signed = (gain) => `${gain > 0 ? "+" : gain < 0 ? "\u2212" : ""}${Math.abs(gain)}\u00a0dB`;
const hertz = (freq) => (freq < 1000 ? `${Math.round(freq)}\u00a0Hz` : `${(freq / 1000).toFixed(freq < 10000 ? 2 : 1)}\u00a0kHz`);

// The scale for these values (dB): the last one as long as they fit and it is no more than a step too wide.
function fitting(values, [low, high]) {
  const known = values.filter((one) => one !== null);
  const least = Math.max(-MOST, Math.min(-LEAST, STEP * Math.floor(Math.min(...known) / STEP)));
  const most = Math.min(MOST, Math.max(LEAST, STEP * Math.ceil(Math.max(...known) / STEP)));
  return [low <= least && low >= least - STEP ? low : least, high >= most && high <= most + STEP ? high : most];
}

function draw(parent, tag, set, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(set)) element.setAttribute(name, value);
  element.textContent = text;
  parent.append(element);
  return element;
}

export class Room {
  constructor(send) {
    this.send = send;
    this.room = null;
    this.rows = [];
    this.alarms = []; // what is told of them, its state, and in two words
    this.scale = [0, 0]; // dB, lowest and highest of the picture
    for (const button of document.querySelectorAll("#eq [data-do]")) {
      const what = button.dataset.do;
      twice(button, () => ASKS[what], () => send({ type: "eq", do: what }));
    }
    new ResizeObserver(() => this.draw()).observe($("curve"));
  }

  take(room) {
    this.room = room;
    $("room").hidden = !room;
    document.body.classList.toggle("sound", Boolean(room));
    if (!room) return;
    this.tellTab();
    say($("room-zone"), room.zone ? `PA ${room.zone}: ${room.mode ?? "starts"}` : "Room");
    say($("room-off"), room.error === null ? "" : `${room.error.toFixed(1)} dB RMS off`);
    tell($("room-words"), room.frozen ? `Stands still: ${room.frozen}` : room.words, room.frozen ? "degraded" : "");
    $("heard").classList.toggle("bare", !room.curves);
    $("eq").hidden = !room.bands.length;
    this.tellCommands();
    this.tellBands();
    this.draw();
  }

  // The panel in two words.
  tellTab() {
    const { mode, error, frozen } = this.room, off = error === null ? "" : ` ${error.toFixed(1)} dB`;
    const first = (state) => this.alarms.find((one) => one[1] === state);
    const [, state, brief] = first("failed") ?? first("degraded") ?? ["", frozen && "degraded", frozen && "stands still"];
    say($("room-tab"), brief || (mode ? `${mode}${off}` : "listens"));
    $("room-tab").className = state;
  }

  tellCommands() {
    const { mode, doing, bands, on, graphic, bypassed } = this.room;
    for (const one of document.querySelectorAll("#eq-modes button")) one.setAttribute("aria-pressed", one.dataset.do === mode);
    const proposes = mode === "advise" && !doing && bands.some((band) => band.wanted);
    for (const id of ["eq-apply", "eq-at-once"]) $(id).disabled = !proposes;
    $("eq-on").hidden = on || graphic; // what is graphic is set to PEQ at the console
    $("eq-bypass").hidden = bypassed || !on;
    $("eq-unbypass").hidden = !bypassed;
  }

  // --- how loud ------------------------------------------------------------------------------------------------------------

  takeLevel(level) {
    this.level = level;
    $("loud").hidden = !level?.microphones.length;
    $("levels").hidden = $("loud").hidden;
    this.tellAlarms(null);
    if ($("loud").hidden) return;
    const { limits, microphones, warnings } = level;
    const limit = (of) => limits[LIMIT_OF[of] ?? of];
    const state = (of, value) => (value > limit(of) ? "failed" : warnings.some((one) => one.of === of) ? "degraded" : "");
    const main = ["laeq_60", "laeq_15", "laeq_1"].find((of) => of in limits) ?? "laeq_1";
    const worst = warnings.some((one) => one.over) ? "failed" : warnings.length ? "degraded" : "";
    say($("loud-chip"), `${Math.max(...microphones.map((one) => one[main])).toFixed(1)} dB(A)`);
    $("loud-chip").className = `chip ${worst}`;
    $("loud").title = COLUMNS.find(([of]) => of === main)[1] + (main in limits ? `, limit ${limits[main]}` : "");
    const rows = [["dB(A)", ...COLUMNS.map(([, words]) => [words, ""])]];
    for (const one of microphones) rows.push([one.name, ...COLUMNS.map(([of]) => [one[of] > 0 ? one[of].toFixed(1) : "\u2013", state(of, one[of])])]); // 0: nothing was measured
    if (Object.keys(limits).length) rows.push(["limit", ...COLUMNS.map(([of]) => [limit(of) ?? "", "soft"])]);
    this.table(rows);
  }

  // The rows into the table: only texts that differ are written, so that a reader of the screen is left in peace.
  table(rows) {
    const table = $("levels");
    while (table.rows.length > rows.length) table.deleteRow(-1);
    rows.forEach(([name, ...values], y) => {
      const row = table.rows[y] ?? table.insertRow();
      if (!row.cells.length) make("th", row);
      say(row.cells[0], name);
      values.forEach(([text, state], x) => {
        const cell = row.cells[x + 1] ?? make(y ? "td" : "th", row);
        say(cell, String(text));
        if (cell.className !== state) cell.className = state;
      });
    });
  }

  // Limits that are near, inputs that are overdriven, and feedback: `now` is show time (s), null where only the rest has changed.
  tellAlarms(now) {
    this.now = now ?? this.now;
    const told = [], howl = this.room?.howl, ago = howl && Math.max(0, this.now - howl.time);
    const fed = howl && ago < HOWL_S && `${ago < 60 ? "just now" : `${Math.floor(ago / 60)} min ago`}: ${howl.text}`;
    if (fed && ago < 60) told.push([fed, "degraded", "feedback"]);
    if (this.level) {
      const { limits, microphones, warnings } = this.level;
      if (Object.keys(limits).length && !microphones.length) told.push(["no level is measured: the limits are not watched", "degraded", "no level"]);
      for (const one of warnings) told.push(one.over ? [one.text, "failed", "too loud"] : [one.text, "degraded", "near limit"]);
      for (const one of microphones) if (one.clipped) told.push([`${one.name} is overdriven: it is louder than this`, "degraded", "overdriven"]);
    }
    if (fed && ago >= 60) told.push([fed, ""]);
    this.alarms = told;
    const list = $("alarms");
    while (list.children.length > told.length) list.lastChild.remove();
    told.forEach(([text, state], i) => {
      tell(list.children[i] ?? make("li", list), text, state);
    });
    if (this.room) this.tellTab();
  }

  // --- bands --------------------------------------------------------------------------------------------------------------

  tellBands() {
    const { bands } = this.room;
    if (this.rows.length !== bands.length) {
      $("eq-bands").replaceChildren();
      this.rows = bands.map((_, i) => this.addBand(i));
    }
    bands.forEach((band, i) => {
      const { row, what, how, button } = this.rows[i], theirs = band.owner === "engineer", { wanted } = band;
      say(what, `${KINDS[band.kind]}${hertz(band.freq)} ${signed(band.gain)}, Q ${band.q}`);
      const moved = wanted && (wanted.freq !== band.freq || wanted.q !== band.q);
      const becomes = wanted && `proposed ${moved ? `${hertz(wanted.freq)} ` : ""}${signed(wanted.gain)}${moved ? `, Q ${wanted.q}` : ""}`;
      say(how, [theirs ? "the engineer's" : band.owner === "notch" ? "for howls" : "showctl's", becomes].filter(Boolean).join(", "));
      row.className = `${theirs ? "theirs" : ""} ${Math.abs(band.gain) < USED ? "idle" : ""}`.trim();
      button.dataset.text = theirs ? "Hand back" : "Take";
      button.setAttribute("aria-label", `${button.dataset.text} band ${band.number}`);
      if (!button.classList.contains("armed")) say(button, button.dataset.text);
    });
  }

  addBand(i) {
    const row = make("li", $("eq-bands"));
    make("b", row, String(i + 1));
    const what = make("span", row), how = make("em", row), button = make("button", row);
    const act = () => this.send({ type: "eq", do: this.room.bands[i].owner === "engineer" ? "yours" : "mine", band: i + 1 });
    twice(button, null, act, (armed) => {
      button.classList.toggle("armed", armed);
      say(button, armed ? "Sure?" : button.dataset.text);
    });
    return { row, what, how, button };
  }

  // --- the picture ------------------------------------------------------------------------------------------------------------

  draw() {
    const svg = $("curve"), width = svg.clientWidth, height = svg.clientHeight, curves = this.room?.curves;
    if (!curves || width < 100 || height < 80) return;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren();
    const { freq, target, before, now, proposed, trust } = curves;
    const [bottom, top] = (this.scale = fitting([target, before, now, proposed ?? []].flat(), this.scale));
    const low = Math.log2(freq[0]), octaves = Math.log2(freq.at(-1)) - low;
    const inner = { width: width - EDGE.left - EDGE.right, height: height - EDGE.top - EDGE.bottom };
    const x = (f) => EDGE.left + (inner.width * (Math.log2(f) - low)) / octaves;
    const y = (db) => EDGE.top + (inner.height * (top - Math.max(bottom, Math.min(top, db)))) / (top - bottom);
    this.grid(svg, x, y, width, height);
    const step = inner.width / (freq.length - 1);
    freq.forEach((f, i) => draw(svg, "rect", { class: "trust", x: x(f) - step / 2, y: height - EDGE.bottom - 5, width: step + 0.5, height: 5, opacity: trust[i] }));
    const line = (values, name) => this.line(svg, name, freq.map((f, i) => values[i] !== null && [x(f), y(values[i]), trust[i]]));
    line(target, "target");
    line(before, "before");
    if (proposed) line(proposed, "proposed");
    line(now, "now");
    this.marks(svg, x, height);
    $("curve-key").classList.toggle("proposes", Boolean(proposed));
    const off = this.room.error === null ? "" : `, ${this.room.error} dB RMS off the target`;
    svg.setAttribute("aria-label", `The room over frequency, without and with the equaliser${off}`);
  }

  grid(svg, x, y, width, height) {
    for (const [f, words] of HERTZ) {
      draw(svg, "line", { class: "grid", x1: x(f), x2: x(f), y1: EDGE.top, y2: height - EDGE.bottom });
      draw(svg, "text", { x: Math.min(x(f), width - 14), y: height - 6, "text-anchor": "middle" }, words);
    }
    const [bottom, top] = this.scale;
    let every = STEP;
    while ((every * (height - EDGE.top - EDGE.bottom)) / (top - bottom) < APART) every *= 2;
    for (let db = Math.ceil(bottom / every) * every; db <= top; db += every) {
      draw(svg, "line", { class: db ? "grid" : "grid zero", x1: EDGE.left, x2: width - EDGE.right, y1: y(db), y2: y(db) });
      if (db !== bottom) draw(svg, "text", { x: EDGE.left - 5, y: y(db) + 5, "text-anchor": "end" }, db < 0 ? `\u2212${-db}` : String(db));
    }
  }

  // A curve, faint where few microphones trust it and open where none does.
  line(svg, name, points) {
    const paths = { "": "", faint: "" };
    let drawn = null; // which of the two the last stretch went into
    points.forEach((point, i) => {
      const last = points[i - 1], sure = name === "target" || (point && last && Math.min(point[2], last[2]) >= TRUSTED);
      const into = point && last ? (sure ? "" : "faint") : null;
      if (into !== null) {
        const begin = into === drawn ? "" : `M${last[0].toFixed(1)} ${last[1].toFixed(1)}`;
        paths[into] += `${begin}L${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
      }
      drawn = into;
    });
    for (const [faint, d] of Object.entries(paths)) if (d) draw(svg, "path", { class: `${name} ${faint}`.trim(), d });
  }

  // Where the bands stand that do something, by their numbers.
  marks(svg, x, height) {
    for (const band of this.room.bands) {
      if (Math.abs(band.gain) < USED) continue;
      const at = Math.max(EDGE.left, Math.min(svg.clientWidth - EDGE.right, x(band.freq))), name = band.owner === "engineer" ? "theirs" : "ours";
      draw(svg, "line", { class: `mark ${name}`, x1: at, x2: at, y1: EDGE.top, y2: height - EDGE.bottom });
      draw(svg, "text", { class: name, x: at, y: 16, "text-anchor": "middle" }, band.number);
    }
  }
}
