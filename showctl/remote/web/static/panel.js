// Everything on the page that is words and controls. It shows what the server said, never what was asked for: a pressed
// BLACKOUT lights up when the show is black. `send` takes a control as the server's control.py reads it.

const $ = (id) => document.getElementById(id);
const ASK_AGAIN = 4000; // ms that a control which wants a second press waits for it
const HOUSE = "house:"; // a key that no submaster can have
const FADER_PERIOD = 50; // ms between the values that a moving fader sends
const SETTLED = 600; // ms after which the server has told what came of a moved fader
const RATE_STEP = 0.1, FASTEST = 20; // of the rate of a list
const WHOSE = { tap: "tapped", lock: "locked" }; // where a beat that is not the ear's comes from
const DEAF = 2; // s without news from the ear, after which nothing is heard
const RANK = { failed: 0, degraded: 1, starting: 2, running: 3 };

// Write a text only where it differs: the page is quiet while nothing happens.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Words that may be cut short where there is little room: all of them under the pointer.
export function tell(element, text, state) {
  say(element, text);
  if (element.title !== text) element.title = text;
  if (element.className !== state) element.className = state;
}

export function make(tag, parent, text = "", name = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = name;
  parent.append(element);
  return element;
}

export class Panel {
  constructor(send) {
    this.send = send;
    this.list = "main";
    this.show = { cue_lists: [], universes: [], problems: [] };
    this.playback = null;
    this.health = { state: "starting", parts: [] };
    this.music = null;
    this.faders = new Map();
    this.said = null; // what the server answered last, and until when it is shown
    this.live = false; // whether the server is there
    this.may = true; // whether our token may control
    this.wire();
    this.allow();
  }

  wire() {
    const press = (id, act) => $(id).addEventListener("click", (event) => {
      act();
      if (event.detail) event.currentTarget.blur(); // after a finger or mouse the space bar is GO again
    });
    press("go", () => this.go());
    press("back", () => this.send({ type: "back", list: this.list }));
    press("pause", () => this.send({ type: this.state()?.state === "paused" ? "resume" : "pause", list: this.list }));
    press("blackout", () => this.send({ type: "blackout", on: !this.playback?.blackout }));
    press("tap", () => this.send({ type: "tap" }));
    for (const word of ["earlier", "later", "half", "double", "downbeat", "free"]) press(word, () => this.send({ type: "beat", do: word }));
    press("lock", () => this.send({ type: "beat", do: this.music?.beats?.source === "lock" ? "unlock" : "lock" }));
    press("exit", () => this.send({ type: "exit", list: this.list }));
    press("rate", () => this.setRate(1));
    press("slower", () => this.setRate(this.rate() - RATE_STEP));
    press("faster", () => this.setRate(this.rate() + RATE_STEP));
    twice($("release"), () => `Release ${this.list}?`, () => this.send({ type: "release", list: this.list }));
    twice($("stop"), () => "Really stop all?", () => this.send({ type: "stop" }));
    for (const kind of ["keydown", "keyup"]) addEventListener(kind, (event) => this.key(event));
  }

  // Space is GO and T is TAP wherever the focus is; a key that is held down is one press. Enter presses what has the focus.
  key(event) {
    if (event.target instanceof HTMLInputElement) return; // who writes a word presses the space bar for a space
    if (event.ctrlKey || event.altKey || event.metaKey || (event.code !== "Space" && event.code !== "KeyT")) return;
    event.preventDefault();
    if (event.type === "keyup" || event.repeat || !this.live || !this.may) return;
    if (event.code === "Space") this.go();
    else this.send({ type: "tap" });
  }

  go() {
    this.send({ type: "go", list: this.list });
  }

  rate() {
    return this.state()?.rate ?? 1;
  }

  setRate(rate) {
    this.send({ type: "rate", rate: Math.min(FASTEST, Math.max(0, Math.round(100 * rate) / 100)), list: this.list });
  }

  state() {
    return this.playback?.lists.find((one) => one.name === this.list);
  }

  // --- what the server says --------------------------------------------------------------------------------------------

  hello(hello) {
    this.may = hello.scope === "control";
    this.allow();
  }

  takeShow(show) {
    this.show = show;
    document.title = show.show ? `${show.show} · showctl` : "showctl";
    say($("title"), [show.show, show.venue].filter(Boolean).join(" · ") || "showctl");
    if (!show.cue_lists.some((one) => one.name === this.list)) this.list = show.cue_lists[0]?.name ?? "main";
    this.drawLists();
    this.tellProblem();
    this.tellOutput();
  }

  takePatch(patch) {
    $("faders").replaceChildren();
    this.faders.clear();
    this.addFader("", "Master", (level) => ({ type: "master", level }));
    if (patch.house) this.addFader(HOUSE, "House", (level) => ({ type: "house", level }));
    for (const { name } of patch.submasters) {
      const flash = (on) => this.send({ type: "flash", submaster: name, on });
      this.addFader(name, name, (level) => ({ type: "master", level, submaster: name }), flash);
    }
    if (this.playback) this.takePlayback(this.playback);
  }

  takePlayback(playback) {
    this.playback = playback;
    if (!playback) return;
    this.faders.get("")?.show(playback.grand_master);
    if (playback.house !== null) this.faders.get(HOUSE)?.show(playback.house);
    for (const [name, fader] of this.faders) fader.flashes(playback.flashed.includes(name));
    for (const [name, level] of Object.entries(playback.submasters)) this.faders.get(name)?.show(level);
    document.body.classList.toggle("black", playback.blackout);
    $("blackout").setAttribute("aria-pressed", playback.blackout);
    say($("blackout-word"), playback.blackout ? "on: press to undo" : "off");
    this.tellCover();
    this.tellCues();
  }

  takeHealth(health) {
    this.health = health;
    const parts = [...health.parts].sort((a, b) => RANK[a.state] - RANK[b.state]);
    $("parts").replaceChildren();
    for (const part of parts) {
      const row = make("li", $("parts"), "", part.state);
      make("b", row, part.name);
      make("em", row, part.state);
      make("span", row, part.detail);
    }
    for (const id of ["overall", "show-tab"]) {
      say($(id), health.state);
      $(id).className = health.state;
    }
    this.tellProblem();
    this.tellOutput();
  }

  takeReply(reply) {
    if (reply.ok && !reply.text) return;
    this.said = { ...reply, until: performance.now() + 6000 };
    this.tellProblem();
  }

  // --- the last problem, and whether light leaves the machine -------------------------------------------------------------

  tellProblem() {
    const ill = this.health.parts.filter((part) => part.state === "degraded" || part.state === "failed");
    ill.sort((a, b) => RANK[a.state] - RANK[b.state] || b.since - a.since);
    const answer = this.said && performance.now() < this.said.until ? this.said.text : "";
    const part = ill[0] ? `${ill[0].name} ${ill[0].state}: ${ill[0].detail}` : "";
    const text = answer || part || this.show.problems[0] || "";
    say($("problem"), !this.live ? "Not connected to showctl" : text || "No problem known");
    $("problem").className = !this.live || (answer && !this.said.ok) || ill[0]?.state === "failed" ? "failed" : text ? "degraded" : "";
  }

  tellOutput() {
    const output = this.health.parts.find((part) => part.name === "output");
    const sent = this.show.universes.filter((universe) => universe.to.length).length;
    let [word, state] = ["sACN unknown", ""];
    if (!this.live) state = "";
    else if (output?.detail.startsWith("off") || (!sent && this.show.universes.length)) word = "sACN off";
    else if (output) [word, state] = output.state === "running" ? ["sACN on", "running"] : [`sACN ${output.state}`, output.state];
    say($("sacn"), word);
    $("sacn").className = `chip ${state}`;
    $("sacn").title = output?.detail ?? "";
  }

  // --- cues ------------------------------------------------------------------------------------------------------------------

  drawLists() {
    $("lists").replaceChildren();
    for (const one of this.show.cue_lists) {
      const button = make("button", $("lists"), one.name);
      button.setAttribute("aria-pressed", one.name === this.list);
      button.addEventListener("click", () => {
        this.list = one.name;
        this.drawLists();
        $("lists").querySelector("[aria-pressed=true]").focus();
      });
    }
    $("stack").replaceChildren();
    this.rows = new Map();
    for (const cue of this.show.cue_lists.find((one) => one.name === this.list)?.cues ?? []) this.addCue(cue);
    this.shown = "";
    this.allow();
    this.tellCues();
  }

  addCue(cue) {
    const row = make("li", $("stack"));
    const button = make("button", row);
    make("b", button, cue.number);
    make("span", button, cue.name || "no name");
    const note = make("em", button, "");
    const how = cue.when ? `waits for ${cue.when}` : cue.follow && `next ${cue.follow}`;
    this.rows.set(cue.number, { row, note, cue, how });
    twice(button, null, () => this.send({ type: "goto", cue: cue.number, list: this.list }), (armed) => {
      row.classList.toggle("armed", armed);
      say(note, armed ? "press again to go here" : note.dataset.text ?? "");
    });
  }

  // Scroll the list to the cue it stands in: it was out of sight.
  find() {
    this.shown = "";
    this.tellCues();
  }

  title(number) {
    if (number === null || number === undefined) return "end of the list";
    if (number === "0") return "before the first cue";
    const name = this.rows?.get(number)?.cue.name;
    return name ? `${number}  ${name}` : number;
  }

  tellCues() {
    const state = this.state();
    if (!state || !this.rows) return;
    say($("current"), this.title(state.current));
    say($("pending"), this.title(state.pending));
    say($("go-cue"), state.pending ?? "");
    const how = this.rows.get(state.current)?.cue.follow.replace("its", `cue ${state.current}'s`);
    const section = state.waiting.startsWith("section") ? `waits for ${state.waiting}` : "";
    say($("waiting"), state.pending === null ? "" : [section, how].filter(Boolean).join(", or ") || "waits for GO");
    say($("rate"), `rate ${Math.round(100 * state.rate)} %`);
    $("rate").classList.toggle("on", state.rate !== 1);
    say($("pause"), state.state === "paused" ? "Resume" : "Pause");
    $("pause").classList.toggle("on", state.state === "paused");
    for (const [number, { row, note, cue, how: words }] of this.rows) {
      const name = number === state.current ? "current" : number === state.pending ? "pending" : "";
      note.dataset.text = name === "current" ? "now" : name === "pending" ? (cue.when ? `next, ${words}` : "next") : words;
      if (row.classList.contains("armed")) continue;
      row.className = name;
      say(note, note.dataset.text);
    }
    const shown = `${this.list} ${state.current} ${innerWidth}`; // a phone that is turned has another list
    if (this.shown !== shown) {
      this.shown = shown;
      const row = this.rows.get(state.current)?.row, stack = $("stack");
      stack.scrollTop = row ? row.offsetTop - stack.offsetTop - 52 : 0;
    }
  }

  // How far the fade is at show time `now` (s).
  tellFade(now) {
    const state = this.state();
    if (!state) return;
    const long = state.ends - state.started, done = long > 0 ? Math.min(1, Math.max(0, (now - state.started) / long)) : 1;
    const running = state.state === "fading" && done < 1;
    $("progress").style.transform = `scaleX(${state.state === "idle" || state.current === "0" ? 1 : done})`;
    $("now").classList.toggle("fading", running);
    const left = Math.max(0, state.ends - now);
    say($("fade"), running ? `${left.toFixed(1)} s left` : state.state === "paused" || state.state === "released" ? state.state : state.current === "0" ? "" : "complete");
  }

  // --- faders --------------------------------------------------------------------------------------------------------------------

  addFader(name, label, body, flash = null) {
    this.faders.set(name, new Fader($("faders"), label, (level) => this.send(body(level)), flash));
  }

  // --- what is heard ----------------------------------------------------------------------------------------------------------------

  takeMusic(music) {
    this.music = music;
    const { beat, heard } = music, deaf = !heard || heard.age > DEAF;
    say($("bpm"), beat ? beat.bpm.toFixed(1) : music.bpm === null ? "--" : music.bpm.toFixed(1));
    const sure = WHOSE[music.beats?.source] ?? (beat && `confidence ${Math.round(100 * beat.confidence)} %`);
    say($("sure"), sure || (deaf ? "no beat" : "no beat found"));
    this.tellBeats(music.beats);
    $("music").classList.toggle("lost", !beat);
    say($("section"), deaf ? "--" : heard.section);
    say($("level"), deaf ? "no sound arrives" : `level ${heard.level <= -100 ? "silent" : `${Math.round(heard.level)} LUFS`}`);
    say($("energy"), deaf ? "energy --" : `energy ${Math.round(100 * heard.energy)} %`);
    $("level-bar").style.transform = `scaleX(${deaf ? 0 : Math.min(1, Math.max(0, (heard.level + 60) / 60))})`;
    $("energy-bar").style.transform = `scaleX(${deaf ? 0 : heard.energy})`;
  }

  // What hands have said of the beat: it stands above what is heard until Auto, or the next song.
  tellBeats(beats) {
    if (!beats) return;
    const { source, nudge_ms: nudge, octaves, folded, tempo, downbeat, early_ms: early } = beats;
    say($("nudged"), `${nudge > 0 ? "+" : ""}${Math.round(nudge)} ms`);
    const turned = octaves + folded, words = tempo ? `, cue says ${tempo.join("-")}` : "";
    say($("half"), turned < 0 ? `Half 1/${2 ** -turned}` : "Half");
    say($("double"), turned > 0 ? `Double x${2 ** turned}` : "Double");
    $("tempo").title = `${2 ** turned} times what is heard${words}; sent ${Math.round(early)} ms early`;
    const on = { nudged: nudge !== 0, half: turned < 0, double: turned > 0, downbeat, lock: source === "lock" };
    for (const [id, is] of Object.entries(on)) $(id).classList.toggle("on", is);
    $("lock").setAttribute("aria-pressed", source === "lock");
    $("free").disabled = !nudge && !octaves && !downbeat && !WHOSE[source];
  }

  // Whether the server is there; without it nothing can be pressed.
  connected(live) {
    this.live = live;
    document.body.classList.toggle("away", !live);
    say($("link"), live ? "connected" : "not connected");
    $("link").className = live ? "chip running" : "chip failed";
    this.allow();
    this.tellCover();
    this.tellProblem();
    this.tellOutput();
  }

  // Nothing can be pressed, by finger or key, while nobody would hear it or the token may only look.
  allow() {
    // Row by row, so that the list itself can still be scrolled.
    for (const one of [$("dock"), $("beats"), $("faders"), $("more"), $("speed"), $("hands"), $("eq"), $("performer-list"), $("asks"), ...$("stack").children]) one.inert = !this.live || !this.may;
  }

  tellCover() {
    say($("cover"), !this.live ? "Not connected, trying again" : this.playback?.blackout ? "Blackout" : "");
  }
}

// A control that acts on the second press; `words` is what it says between, or `armed` is told.
export function twice(button, words, act, armed = null) {
  const quiet = button.textContent;
  let timer = 0;
  const rest = () => {
    clearTimeout(timer);
    timer = 0;
    armed ? armed(false) : say(button, quiet);
  };
  button.addEventListener("click", () => {
    if (timer) {
      rest();
      act();
      button.blur();
      return;
    }
    armed ? armed(true) : say(button, words());
    timer = setTimeout(rest, ASK_AGAIN);
  });
  button.addEventListener("blur", () => timer && rest());
}

// An upright fader. Only its handle takes hold, and it moves by as much as the finger does: brushing over it does nothing.
class Fader {
  constructor(parent, label, send, flash) {
    this.send = send;
    this.level = this.told = 0;
    this.held = null;
    this.box = make("div", parent, "", "fader");
    make("span", this.box, label, "name");
    this.track = make("div", this.box, "", "track");
    this.fill = make("i", this.track);
    this.handle = make("div", this.track, "", "handle");
    this.words = make("span", this.box, "", "value");
    const set = { role: "slider", tabindex: 0, "aria-label": label, "aria-orientation": "vertical", "aria-valuemin": 0, "aria-valuemax": 100 };
    for (const [name, value] of Object.entries(set)) this.handle.setAttribute(name, value);
    this.handle.addEventListener("pointerdown", (event) => this.take(event));
    this.handle.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) this.handle.addEventListener(end, () => this.leave());
    this.handle.addEventListener("keydown", (event) => this.key(event));
    if (flash) this.addFlash(label, flash);
    this.draw();
  }

  // A flash button is down as long as a finger, the mouse or Enter is on it. Whatever takes that away (another window, a call,
  // a button that is gone) lets it up; if the page itself is gone, the server does.
  addFlash(label, flash) {
    const button = (this.flash = make("button", this.box, "Flash", "flash"));
    button.setAttribute("aria-label", `Flash ${label}`);
    let down = false;
    const turn = (on) => {
      if (on === down) return;
      down = on;
      flash(on);
    };
    button.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      button.setPointerCapture(event.pointerId);
      turn(true);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) button.addEventListener(end, () => turn(false));
    button.addEventListener("keydown", (event) => event.key === "Enter" && turn(true));
    button.addEventListener("keyup", (event) => event.key === "Enter" && turn(false));
    button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press is what it is for
    addEventListener("blur", () => turn(false));
    document.addEventListener("visibilitychange", () => document.hidden && turn(false));
  }

  // Whether the server knows the flash button down.
  flashes(on) {
    this.flash?.setAttribute("aria-pressed", on);
  }

  // The level that the server knows. While the hand moves the hand is right; a while after it, the server is.
  show(level) {
    this.told = level;
    if (this.held || this.timer || this.settling) return;
    this.level = level;
    this.draw();
  }

  draw() {
    const percent = Math.round(100 * this.level);
    say(this.words, `${percent} %`);
    this.fill.style.transform = `scaleY(${this.level})`;
    this.handle.style.bottom = `calc(${this.level} * (100% - 44px))`;
    this.handle.setAttribute("aria-valuenow", percent);
  }

  take(event) {
    if (event.button) return;
    this.handle.setPointerCapture(event.pointerId);
    this.held = { y: event.clientY, level: this.level, height: this.track.clientHeight - 44 };
  }

  drag(event) {
    if (this.held) this.move(this.held.level + (this.held.y - event.clientY) / this.held.height);
  }

  leave() {
    this.held = null;
  }

  key(event) {
    const step = { ArrowUp: 0.01, ArrowRight: 0.01, ArrowDown: -0.01, ArrowLeft: -0.01, PageUp: 0.1, PageDown: -0.1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.move(this.level + step);
  }

  move(level) {
    this.level = Math.round(1000 * Math.min(1, Math.max(0, level))) / 1000;
    this.draw();
    this.late = true;
    if (!this.timer) this.flush();
  }

  // Send the latest value now, and the one after it no sooner than FADER_PERIOD later; the last one always goes.
  flush() {
    this.timer = 0;
    if (!this.late) return this.settle();
    this.late = false;
    this.send(this.level);
    this.timer = setTimeout(() => this.flush(), FADER_PERIOD);
  }

  // What was sent may have been refused: show what came of it.
  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.settling = 0;
      this.show(this.told);
    }, SETTLED);
  }
}
