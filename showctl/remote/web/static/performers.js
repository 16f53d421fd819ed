// Performers: whether each is armed and by what, what they wear and how it is, what was tried last and why nothing came of it; and
// the operator's word. To arm takes two presses, to disarm one. What is asked for stands over the stage, whichever panel is open:
// there are only seconds for a yes, where a yes is what it waits for. Who sends and is not listened to stands at the end.

import { make, say, tell, twice } from "./panel.js";

const $ = (id) => document.getElementById(id);
const TRIED = 5; // of what was tried, the latest
const LOW = 20; // % of a battery
const WEAK = -80; // dBm
const SEEN = 400; // ms after what is asked for has changed: a press until then was meant for something else

function name(element, className) {
  if (element.className !== className) element.className = className;
}

function length(list, count, add) {
  while (list.children.length > count) list.lastChild.remove();
  while (list.children.length < count) add();
}

export class Performers {
  constructor(send) {
    this.send = send;
    this.rows = new Map();
    this.known = "";
    this.asking = "[]";
  }

  take(value) {
    const { performers, tried, troubles } = value ?? { performers: [], tried: [], troubles: [] };
    $("performers").hidden = !performers.length;
    document.body.classList.toggle("worn", performers.length > 0);
    const known = JSON.stringify(performers.map((one) => [one.name, one.wearables.map((worn) => worn.name)]));
    if (known !== this.known) this.build(performers);
    this.known = known;
    for (const one of performers) this.tell(one);
    this.tellAsks(performers.filter((one) => one.asked));
    this.tellTab(performers);
    this.tellList($("performer-troubles"), troubles);
    this.tellTried(tried.slice(0, TRIED));
  }

  build(performers) {
    $("performer-list").replaceChildren();
    this.rows = new Map(performers.map((one) => [one.name, this.add(one)]));
  }

  add(one) {
    const row = make("li", $("performer-list")), head = make("div", row, "", "who");
    make("b", head, one.name);
    const by = make("span", head), does = make("div", row, "", "does");
    const arm = make("button", does, "Arm"), disarm = this.button(does, "Disarm", one.name, "disarm");
    arm.setAttribute("aria-label", `Arm ${one.name}`);
    twice(arm, () => "Sure?", () => this.ask("arm", one.name));
    this.button(does, "Zero", one.name, "zero").title = "as it is held now, it is in the middle";
    const live = make("p", row, "", "live"), waits = make("p", row, "", "live waits");
    const worn = one.wearables.map((device) => {
      const box = make("div", row, "", "device");
      make("b", box, device.name);
      const how = make("span", box), meter = make("div", box, "", "meter");
      meter.setAttribute("aria-hidden", "true");
      return { box, how, bar: make("i", meter) };
    });
    return { row, by, arm, disarm, live, waits, worn };
  }

  tell(one) {
    const { row, by, arm, disarm, live, waits, worn } = this.rows.get(one.name);
    name(row, one.armed ? "armed" : "");
    say(by, one.armed ? `armed: ${one.by}` : one.by);
    arm.hidden = one.armed;
    disarm.hidden = !one.armed && one.by === "disarmed by the operator";
    say(live, one.live.length ? `live: ${one.live.join(", ")}` : "");
    say(waits, one.waiting ? `waits for the beat: ${one.waiting}` : "");
    one.wearables.forEach((device, i) => this.tellDevice(device, worn[i]));
  }

  // Built anew with each change, and deaf at first: nobody's yes goes to what has just taken the place of something else.
  tellAsks(asking) {
    const now = JSON.stringify(asking.map((one) => [one.name, one.asked, one.yes]));
    if (now === this.asking) return;
    this.asking = now;
    $("asks").replaceChildren();
    for (const one of asking) this.addAsk(one);
    clearTimeout(this.deaf);
    this.deaf = setTimeout(() => {
      for (const yes of $("asks").querySelectorAll("button")) yes.disabled = false;
    }, SEEN);
  }

  addAsk(one) {
    const row = make("li", $("asks"));
    make("span", row, `${one.name} asks for ${one.asked}`);
    if (one.yes) this.button(row, "Yes", one.name, "confirm").disabled = true;
  }

  button(parent, word, who, what) {
    const button = make("button", parent, word);
    button.setAttribute("aria-label", `${word} ${who}`);
    button.addEventListener("click", () => {
      this.ask(what, who);
      button.blur();
    });
    return button;
  }

  ask(what, performer) {
    this.send({ type: "gesture", do: what, performer });
  }

  // The panel in two words.
  tellTab(performers) {
    const armed = performers.filter((one) => one.armed).length, deaf = performers.some((one) => one.wearables.some((worn) => !worn.heard));
    say($("performers-tab"), armed ? `${armed} armed` : deaf ? "not heard" : "not armed");
    name($("performers-tab"), armed ? "lit" : deaf ? "degraded" : "");
  }

  tellDevice(device, { box, how, bar }) {
    const { heard, trouble, battery, signal, loss, rate } = device;
    const figures = [
      battery !== null && `${battery} %${battery < LOW ? " battery low" : ""}`,
      signal !== null && `${signal} dBm`,
      loss > 0.01 && `${Math.round(100 * loss)} % lost`,
      heard && rate > 0 && `${rate} Hz`,
    ].filter(Boolean);
    tell(how, trouble || figures.join(", "), "");
    const poor = trouble || (battery !== null && battery < LOW) || (signal !== null && signal < WEAK);
    name(box, `device ${!heard ? "failed" : poor ? "degraded" : ""}`.trim());
    bar.style.transform = `scaleX(${heard ? device.motion : 0})`;
  }

  tellTried(tried) {
    const list = $("tried");
    length(list, tried.length, () => {
      const row = make("li", list);
      make("b", row);
      make("em", row);
      make("span", row);
    });
    tried.forEach((one, i) => {
      const [what, score, why] = list.children[i].children;
      name(list.children[i], one.done ? "running" : "");
      say(what, `${one.performer}: ${one.gesture}`);
      say(score, one.score === null ? "" : one.score.toFixed(1));
      tell(why, one.done ? `done: ${one.reason}` : one.reason, "");
    });
  }

  // Who sends and is not listened to.
  takeQuarantine(strangers) {
    $("strangers-head").hidden = !strangers.length;
    this.tellList($("strangers"), strangers.map((one) => `${one.name}${one.like ? `: ${one.like}` : ""}`));
  }

  tellList(list, texts) {
    length(list, texts.length, () => make("li", list));
    texts.forEach((text, i) => say(list.children[i], text));
  }
}
