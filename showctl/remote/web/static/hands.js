// What people hold by hand: a line of words, what is held and parked with a button to let go of each, channel check, identify.
// The words are understood by the server (config/words.py); a fixture that is touched on the stage is put into the line.

import { make, say, twice } from "./panel.js";

const $ = (id) => document.getElementById(id);
const SHOWN = 40; // fixtures that are listed; the others are counted
const TOLD = 3; // values of each that are told
const NAMES = /^\d+\/\d+$/; // a slot

// "bar.2:3/red" -> the fixture, and what of it; a slot is a name of its own.
function parts(key) {
  if (NAMES.test(key)) return [key, ""];
  const [owner, what] = key.split("/"), [fixture, cell] = owner.split(":");
  return [fixture, cell ? `${what} ${cell}` : what];
}

export class Hands {
  constructor(send, mark) {
    this.send = send;
    this.mark = mark; // tells the stage what to mark
    this.fixtures = new Set();
    this.identified = [];
    this.drawn = "";
    const line = () => $("words").value.trim();
    $("hand").addEventListener("submit", (event) => {
      event.preventDefault();
      if (line()) send({ type: "hold", what: line() });
      $("words").blur(); // so that the space bar is GO again
    });
    $("words").addEventListener("keydown", (event) => event.key === "Escape" && $("words").blur());
    $("words").addEventListener("input", () => this.tellIdentify());
    $("park").addEventListener("click", () => line() && send({ type: "park", what: line() }));
    twice($("write"), () => `Into ${line()}?`, () => line() && send({ type: "write", palette: line() }));
    twice($("let-go"), () => "Let go of all?", () => send({ type: "let_go" }));
    $("identify").addEventListener("click", () => {
      const fixture = this.named();
      send({ type: "identify", fixture, on: !this.identified.includes(fixture) });
    });
    for (const [id, step] of [["check-back", -1], ["check-next", 1], ["check-off", 0]]) {
      $(id).addEventListener("click", () => send({ type: "check", step }));
    }
  }

  takePatch(patch) {
    this.fixtures = new Set(patch.fixtures.map((fixture) => fixture.name));
    this.tellIdentify();
  }

  take(playback) {
    if (!playback) return;
    const { held, parked, checked, identified } = playback;
    this.identified = identified;
    say($("checked"), checked || "Check");
    $("check-off").disabled = !checked;
    this.tellIdentify();
    const now = JSON.stringify([held, parked, identified]);
    if (now === this.drawn) return; // the list is left alone while a finger is on it
    this.drawn = now;
    $("held").replaceChildren();
    const marked = { held: this.list(held, "held", "Release", "let_go"), parked: this.list(parked, "parked", "Unpark", "unpark") };
    for (const fixture of identified) {
      this.row("identified", fixture, "blinks", "Stop", () => this.send({ type: "identify", fixture, on: false }));
    }
    this.mark(marked.held, marked.parked);
    const count = (values, word) => (Object.keys(values).length ? `${Object.keys(values).length} ${word}` : "");
    say($("held-count"), [count(held, "held"), count(parked, "parked")].filter(Boolean).join(", "));
    $("held-row").hidden = !$("held").children.length;
    $("let-go").disabled = !Object.keys(held).length;
  }

  // A row for each fixture of these values; -> their names.
  list(values, name, word, type) {
    const owners = new Map();
    for (const [key, value] of Object.entries(values)) {
      const [owner, what] = parts(key);
      if (!owners.has(owner)) owners.set(owner, []);
      owners.get(owner).push(`${what} ${Math.round(100 * value)} %`.trim());
    }
    for (const [owner, told] of [...owners].slice(0, SHOWN)) {
      const more = told.length > TOLD ? ` and ${told.length - TOLD} more` : "";
      this.row(name, owner, told.slice(0, TOLD).join(", ") + more, word, () => this.send({ type, what: owner }));
    }
    if (owners.size > SHOWN) make("li", $("held"), `and ${owners.size - SHOWN} more ${name}`);
    return new Set(owners.keys());
  }

  row(name, owner, told, word, act) {
    const row = make("li", $("held"), "", name), button = make("button", row, word);
    button.setAttribute("aria-label", `${word} ${owner}`);
    button.addEventListener("click", act);
    make("b", row, owner);
    make("span", row, `${name === "parked" ? "parked at " : ""}${told}`);
  }

  // The fixture that the line begins with, or "".
  named() {
    const first = $("words").value.trim().split(/\s/)[0];
    return this.fixtures.has(first) ? first : "";
  }

  tellIdentify() {
    const fixture = this.named();
    $("identify").disabled = !fixture;
    $("identify").setAttribute("aria-pressed", this.identified.includes(fixture));
  }

  // A fixture was touched on the stage.
  choose(name) {
    if (!name) return;
    $("words").value = `${name} `;
    this.tellIdentify();
  }
}
