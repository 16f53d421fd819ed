// The page: one WebSocket in, stage and panel out. It reconnects by itself, says so while it is not connected, and draws only
// what changed. The beat light runs on the page's own clock from the last news of the beat.

import { Hands } from "./hands.js";
import { Panel } from "./panel.js";
import { Performers } from "./performers.js";
import { Room } from "./room.js";
import { Stage } from "./stage.js";

const $ = (id) => document.getElementById(id);
const SILENT = 3500; // ms without a word from the server (it speaks every second), after which it is gone
const WAIT = [300, 5000]; // ms before the first and the later attempts to connect

let socket = null, heard = 0, wait = WAIT[0], page = null;
let clock = { show: 0, at: 0 }; // show time (s) and the moment (ms) at which it was told
let beat = null; // {at: ms of a beat, period: ms, bar, beats}

const stage = new Stage($("canvas"));
const send = (control) => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(control));
};
const panel = new Panel(send);
const room = new Room(send);
const performers = new Performers(send);
const hands = new Hands(send, (held, parked) => stage.mark(held, parked));

const TOPICS = {
  hello(value) {
    if (page && page !== value.page) location.reload(); // the daemon was updated: so must this page
    page = value.page;
    panel.hello(value);
  },
  patch(value) { stage.patch(value); panel.takePatch(value); hands.takePatch(value); },
  show(value) { panel.takeShow(value); },
  playback(value) { panel.takePlayback(value); hands.take(value); },
  health(value) { panel.takeHealth(value); },
  room(value) { room.take(value); tellTabs(); },
  level(value) { room.takeLevel(value); },
  performers(value) { performers.take(value); tellTabs(); },
  quarantine(value) { performers.takeQuarantine(value); },
  reply(value) { panel.takeReply(value); },
  clock(value) { tick(value.now); room.tellAlarms(value.now); },
  music(value) {
    const next = value.beat;
    beat = next && { at: performance.now() + 1000 * next.in, period: 1000 * next.period, bar: next.bar, beats: next.beats };
    panel.takeMusic(value);
  },
};

function tick(show) {
  clock = { show, at: performance.now() };
}

function receive(event) {
  heard = performance.now();
  if (typeof event.data !== "string") {
    stage.frame(event.data);
    tick(new DataView(event.data).getFloat64(0, true));
    return;
  }
  for (const [topic, value] of Object.entries(JSON.parse(event.data))) TOPICS[topic]?.(value);
}

function connect() {
  const mine = new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws`);
  mine.binaryType = "arraybuffer";
  heard = performance.now();
  mine.onopen = () => {
    wait = WAIT[0];
    panel.connected(true);
  };
  mine.onmessage = receive;
  mine.onclose = () => lost(mine);
  socket = mine;
}

function lost(mine) {
  if (mine !== socket) return;
  socket = null;
  mine.onmessage = mine.onclose = null;
  mine.close();
  beat = null;
  panel.connected(false);
  setTimeout(connect, wait);
  if (wait >= WAIT[1]) askForToken();
  wait = Math.min(WAIT[1], 2 * wait);
}

// A page whose token no longer holds would try for ever: the server then answers with its login page.
function askForToken() {
  fetch("/api/health").then((answer) => answer.status === 401 && location.reload(), () => {}); // no answer: still away
}

setInterval(() => {
  if (socket && performance.now() - heard > SILENT) lost(socket);
  panel.tellProblem();
}, 1000);

// --- panels: one at a time beside the stage, all at once where the window is wide -------------------------------------------

const tabs = [...document.querySelectorAll("#tabs button")];

function choose(tab) {
  document.body.dataset.tab = tab;
  for (const one of tabs) one.setAttribute("aria-pressed", one.dataset.tab === tab);
  if ($("side").getBoundingClientRect().top < 0) $("side").scrollIntoView();
  if (tab === "show") panel.find();
}

// Tabs only of what this venue has.
function tellTabs() {
  for (const one of tabs) one.hidden = $(one.dataset.tab).hidden;
  $("tabs").hidden = tabs.filter((one) => !one.hidden).length < 2;
  if ($(document.body.dataset.tab).hidden) choose("show");
}

for (const one of tabs) {
  one.addEventListener("click", (event) => {
    choose(one.dataset.tab);
    if (event.detail) one.blur(); // the space bar is GO again
  });
}
$("loud").addEventListener("click", () => choose($("room").hidden ? "show" : "room"));

// --- drawing --------------------------------------------------------------------------------------------------------------

const dots = [];
const less = matchMedia("(prefers-reduced-motion: reduce)");

function showBeat(now) {
  const lamp = $("lamp").style;
  const count = beat?.bar ? beat.beats : 0; // dots only where the ear knows the one
  while (dots.length !== count) {
    if (dots.length > count) dots.pop().remove();
    else dots.push($("bars").appendChild(document.createElement("i")));
  }
  if (!beat) {
    lamp.opacity = 0.12;
    return;
  }
  const since = (now - beat.at) / beat.period, passed = Math.floor(since);
  const position = (((beat.bar - 1 + passed) % beat.beats) + beat.beats) % beat.beats;
  lamp.opacity = less.matches ? 0.5 : 0.12 + 0.88 * Math.exp(-5 * (since - passed));
  dots.forEach((dot, i) => {
    const name = i === position ? "on" : "";
    if (dot.className !== name) dot.className = name;
  });
}

let last = performance.now();

function draw(now) {
  const passed = (now - last) / 1000;
  last = now;
  stage.draw(passed);
  showBeat(now);
  if (panel.live) panel.tellFade(clock.show + (now - clock.at) / 1000);
  requestAnimationFrame(draw);
}

$("stage").addEventListener("pointermove", (event) => point(event));
$("stage").addEventListener("pointerdown", (event) => hands.choose(point(event)));
$("stage").addEventListener("pointerleave", () => ($("caption").textContent = ""));

// Say which fixture is there; -> its name, or "".
function point(event) {
  const box = $("canvas").getBoundingClientRect(), fixture = stage.near(event.clientX - box.left, event.clientY - box.top);
  $("caption").textContent = fixture ? stage.tell(fixture) : "";
  return fixture?.name ?? "";
}

connect();
requestAnimationFrame(draw);
