// The stage on a canvas, seen from the audience: each fixture where the venue file hangs it (metres, x right, y back, z up),
// in the light that was sent. What never moves (floor, bars, housings) is drawn once into a layer of its own; light is added
// on top with "lighter", as light adds up. A frame is drawn only when something changed.

import { reader } from "./look.js";

const RAD = Math.PI / 180;
const REACH = 9; // m, how far a beam is seen that hits nothing
const GAP = 5; // m between two fixtures that do not hang on the same bar
const CALM = 0.5; // s, how fast light moves for eyes that asked for less motion
const HELD = "#ffb65c", PARKED = "#9cc2ff"; // rings around what is held or parked by hand
const WIDE = { spot: 5, wash: 17, dimmer: 13, bar: 20 }; // half angle of the cone, degrees

// A soft shape in white, and copies of it in the colours that were asked for last. `shape(u, v)` is its alpha, 0..1, for u
// and v of 0..1.
class Sprite {
  constructor(width, height, shape) {
    this.mask = Object.assign(document.createElement("canvas"), { width, height });
    const g = this.mask.getContext("2d"), image = g.createImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      const alpha = shape(((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height);
      image.data.set([255, 255, 255, 255 * alpha], 4 * i);
    }
    g.putImageData(image, 0, 0);
    this.tints = new Map();
  }

  tinted(rgb) {
    const key = rgb.map((part) => Math.min(255, Math.round(part / 12) * 12)).join();
    let copy = this.tints.get(key);
    if (copy) return copy;
    if (this.tints.size >= 200) this.tints.delete(this.tints.keys().next().value);
    copy = Object.assign(document.createElement("canvas"), { width: this.mask.width, height: this.mask.height });
    const g = copy.getContext("2d");
    g.drawImage(this.mask, 0, 0);
    g.globalCompositeOperation = "source-in";
    g.fillStyle = `rgb(${key})`;
    g.fillRect(0, 0, copy.width, copy.height);
    this.tints.set(key, copy);
    return copy;
  }
}

const smooth = (t) => t * t * (3 - 2 * t), clip = (t) => Math.min(1, Math.max(0, t));
const BALL = new Sprite(128, 128, (u, v) => smooth(clip(1 - Math.hypot(2 * u - 1, 2 * v - 1))) ** 1.4);
const CONE = new Sprite(128, 256, (u, v) => {
  const off = Math.abs(2 * u - 1) / (0.06 + 0.94 * v); // 1 at the edge of the cone
  return Math.exp(-2.6 * off * off) * clip(2 - 2 * off) * (0.2 + 0.8 * Math.exp(-4 * v)) * smooth(clip((1 - v) / 0.4));
});

export class Stage {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.back = document.createElement("canvas");
    this.fixtures = [];
    this.slots = null;
    this.held = this.parked = new Set(); // names of fixtures
    this.dirty = true;
    this.less = matchMedia("(prefers-reduced-motion: reduce)");
    new ResizeObserver(() => this.fit()).observe(canvas);
  }

  patch(patch) {
    this.size = 8 + 512 * patch.universes.length;
    this.fixtures = patch.fixtures.map((fixture) => ({ ...fixture, read: reader(fixture), look: null }));
    this.fixtures.sort((a, b) => b.y - a.y); // far ones first
    this.slots = null;
    this.fit();
  }

  // What is held or parked by hand gets a ring.
  mark(held, parked) {
    [this.held, this.parked] = [held, parked];
    this.dirty = true;
  }

  // The bytes of a frame, with their header.
  frame(buffer) {
    if (buffer.byteLength !== this.size) return;
    this.slots = new Uint8Array(buffer, 8);
    this.dirty = true;
  }

  fit() {
    const scale = Math.min(2, devicePixelRatio || 1);
    const box = this.canvas.getBoundingClientRect();
    this.width = Math.max(1, Math.round(box.width * scale));
    this.height = Math.max(1, Math.round(box.height * scale));
    this.scale = scale;
    for (const canvas of [this.canvas, this.back]) {
      canvas.width = this.width;
      canvas.height = this.height;
    }
    this.aim();
    this.scenery(this.back.getContext("2d"));
    this.dirty = true;
  }

  // --- the camera ------------------------------------------------------------------------------------------------------

  aim() {
    const xs = this.fixtures.map((f) => f.x), ys = this.fixtures.map((f) => f.y), zs = this.fixtures.map((f) => f.z);
    const low = (all, or) => (all.length ? Math.min(...all) : or), high = (all, or) => (all.length ? Math.max(...all) : or);
    const nearest = Math.min(0, low(ys, 0)); // a bar over the audience, perhaps
    this.room = {
      left: low(xs, -4) - 0.5, right: high(xs, 4) + 0.5, front: Math.max(-1, nearest), back: high(ys, 5) + 0.6, top: Math.max(3, high(zs, 5)),
    };
    const r = this.room, wide = r.right - r.left, deep = r.back - nearest;
    this.eye = { x: (r.left + r.right) / 2, y: nearest - Math.max(wide, deep) * 0.95 - 2, z: 0.3 * r.top + 0.7 };
    this.zoom = 1;
    this.shift = [0, 0];
    const seen = this.fixtures.flatMap((f) => [this.at(f.x - 0.6, f.y, f.z + 0.6), this.at(f.x + 0.6, f.y, f.z)]);
    for (const x of [r.left, r.right]) seen.push(this.at(x, r.front, 0), this.at(x, r.back, 3));
    const [x0, x1] = [Math.min(...seen.map((p) => p.x)), Math.max(...seen.map((p) => p.x))];
    const [y0, y1] = [Math.min(...seen.map((p) => p.y)), Math.max(...seen.map((p) => p.y))];
    this.zoom = Math.min((0.96 * this.width) / (x1 - x0), (0.94 * this.height) / (y1 - y0));
    this.shift = [this.width / 2 - (this.zoom * (x0 + x1)) / 2, this.height / 2 - (this.zoom * (y0 + y1)) / 2];
  }

  // A place in the room -> {x, y} on the canvas and `m`, the pixels of a metre there.
  at(x, y, z) {
    const far = Math.max(0.5, y - this.eye.y);
    return {
      x: this.shift[0] + (this.zoom * (x - this.eye.x)) / far,
      y: this.shift[1] - (this.zoom * (z - this.eye.z)) / far,
      m: this.zoom / far,
    };
  }

  // --- what never moves --------------------------------------------------------------------------------------------------

  scenery(g) {
    const r = this.room, line = (a, b) => { g.beginPath(); g.moveTo(a.x, a.y); g.lineTo(b.x, b.y); g.stroke(); };
    g.fillStyle = "#000";
    g.fillRect(0, 0, this.width, this.height);
    const near = this.at(0, r.front, 0).y, far = this.at(0, r.back, 0).y;
    const floor = g.createLinearGradient(0, far, 0, near);
    floor.addColorStop(0, "#050608");
    floor.addColorStop(1, "#0c0e12");
    g.fillStyle = floor;
    g.beginPath();
    for (const [x, y] of [[r.left, r.front], [r.right, r.front], [r.right, r.back], [r.left, r.back]]) {
      const p = this.at(x, y, 0);
      g.lineTo(p.x, p.y);
    }
    g.fill();
    g.lineWidth = this.scale;
    g.strokeStyle = "#14171d";
    for (let x = Math.ceil(r.left); x <= r.right; x++) line(this.at(x, r.front, 0), this.at(x, r.back, 0));
    for (let y = Math.ceil(r.front); y <= r.back; y++) line(this.at(r.left, y, 0), this.at(r.right, y, 0));
    g.strokeStyle = "#2a2f39";
    line(this.at(r.left, r.front, 0), this.at(r.right, r.front, 0));
    for (const [y, z, left, right] of this.bars()) this.truss(g, y, z, left, right);
    for (const fixture of this.fixtures) this.housing(g, fixture);
  }

  // Fixtures that hang in one line, with no wide gap between them, hang on one bar: [y, z, left, right].
  bars() {
    const height = (f) => [Math.round(f.y * 2), Math.round(f.z * 2)].join();
    const hung = this.fixtures.filter((f) => f.z >= 2).sort((a, b) => b.y - a.y || b.z - a.z || a.x - b.x);
    const bars = [];
    hung.forEach((f, i) => {
      const last = hung[i - 1], bar = bars.at(-1);
      if (last && height(last) === height(f) && f.x - last.x < GAP) bar[3] = f.x;
      else bars.push([f.y, f.z, f.x, f.x]);
    });
    return bars.filter((bar) => bar[3] > bar[2]);
  }

  truss(g, y, z, left, right) {
    const up = z + 0.22, top = up + 0.28, from = left - 0.5, to = right + 0.5;
    g.strokeStyle = "#1d2129";
    g.lineWidth = Math.max(1, 0.035 * this.at(0, y, z).m);
    g.beginPath();
    for (const height of [up, top]) {
      const a = this.at(from, y, height), b = this.at(to, y, height);
      g.moveTo(a.x, a.y);
      g.lineTo(b.x, b.y);
    }
    const steps = Math.max(2, Math.round((to - from) / 0.4));
    for (let i = 0; i <= steps; i++) {
      const p = this.at(from + ((to - from) * i) / steps, y, i % 2 ? up : top);
      if (i) g.lineTo(p.x, p.y);
      else g.moveTo(p.x, p.y);
    }
    g.stroke();
  }

  housing(g, f) {
    const p = this.at(f.x, f.y, f.z), size = 0.17 * p.m;
    g.fillStyle = "#101318";
    g.strokeStyle = "#353b47";
    g.lineWidth = this.scale;
    g.beginPath();
    if (f.cells > 1) {
      const a = this.cell(f, 0.5), b = this.cell(f, f.cells + 0.5);
      g.rect(Math.min(a.x, b.x), p.y - size * 0.6, Math.max(2, Math.abs(b.x - a.x)), size * 1.2);
    } else if (f.kind === "spot") {
      g.rect(p.x - size * 0.8, p.y - size * 1.25, size * 1.6, size * 0.7);
      g.moveTo(p.x + size, p.y);
      g.arc(p.x, p.y, size, 0, 2 * Math.PI);
    } else {
      g.arc(p.x, p.y, size * (f.kind === "wash" ? 1 : 0.8), 0, 2 * Math.PI);
    }
    g.fill();
    g.stroke();
  }

  // Where cell 1.. of a fixture is: eight to a metre, in a row across the stage or as it is turned.
  cell(f, number) {
    const along = (number - (f.cells + 1) / 2) / 8;
    return this.at(f.x + along * Math.cos(f.facing * RAD), f.y + along * Math.sin(f.facing * RAD), f.z);
  }

  // --- light ---------------------------------------------------------------------------------------------------------------

  // Draw if anything changed; `passed` is the time (s) since the last call.
  draw(passed) {
    if (!this.dirty) return;
    this.dirty = false;
    const g = this.context;
    g.globalCompositeOperation = "source-over";
    g.drawImage(this.back, 0, 0);
    if (!this.slots) return;
    for (const f of this.fixtures) f.look = this.eased(f.read(this.slots), f.look, passed);
    g.globalCompositeOperation = "lighter";
    for (const f of this.fixtures) if (f.look.level > 0.002) this.light(g, f);
    g.globalCompositeOperation = "source-over";
    for (const f of this.fixtures) {
      if (this.parked.has(f.name)) this.ring(g, f, PARKED, 0.36);
      if (this.held.has(f.name)) this.ring(g, f, HELD, 0.28);
    }
  }

  ring(g, f, colour, radius) {
    const p = this.at(f.x, f.y, f.z);
    g.strokeStyle = colour;
    g.lineWidth = 2 * this.scale;
    g.beginPath();
    g.arc(p.x, p.y, Math.max(radius * p.m, 7 * this.scale), 0, 2 * Math.PI);
    g.stroke();
  }

  // For eyes that asked for less motion levels glide, so that nothing on the page flashes.
  eased(look, last, passed) {
    if (!this.less.matches || !last) return look;
    const share = Math.min(1, passed / CALM);
    const ease = (to, from) => {
      if (Math.abs(to - from) > 0.004) this.dirty = true;
      return from + (to - from) * share;
    };
    look.level = ease(look.level, last.level);
    look.cells?.forEach((cell, i) => (cell.level = ease(cell.level, last.cells[i].level)));
    return look;
  }

  light(g, f) {
    if (f.look.cells) {
      f.look.cells.forEach((cell, i) => {
        if (cell.level > 0.002) this.pixel(g, f, this.cell(f, i + 1), cell);
      });
      return;
    }
    const level = f.look.level ** 0.6, rgb = f.look.rgb; // eyes see low levels brighter
    const way = direction(f), hit = landing(f, way);
    const spread = Math.tan((WIDE[f.kind] ?? 12) * RAD);
    const from = this.at(f.x, f.y, f.z), to = this.at(hit.x, hit.y, hit.z);
    const radius = hit.length * spread;
    const tight = f.kind === "spot";
    this.beam(g, from, to, radius * to.m, rgb, level * (tight ? 0.95 : 0.42));
    if (hit.floor) this.pool(g, hit, radius, way, rgb, level * (tight ? 0.6 : 0.3));
    this.glow(g, from.x, from.y, 0.26 * from.m, rgb, level);
    this.glow(g, from.x, from.y, 0.12 * from.m, [255, 255, 255], 0.7 * level);
    this.glow(g, from.x, from.y, 0.9 * from.m, rgb, 0.35 * level);
  }

  // A cone of light in haze, from its lens to where it ends; `wide` is its radius there (px).
  beam(g, from, to, wide, rgb, alpha) {
    const dx = to.x - from.x, dy = to.y - from.y, long = Math.hypot(dx, dy);
    if (long < 2) return;
    g.save();
    g.globalAlpha = Math.min(1, alpha);
    g.transform(dy / long, -dx / long, dx / long, dy / long, from.x, from.y); // y runs along the beam
    g.drawImage(CONE.tinted(rgb), -wide, 0, 2 * wide, long);
    g.restore();
  }

  // Where a beam meets the floor: a circle seen in perspective, longer the flatter the beam comes in.
  pool(g, hit, radius, way, rgb, alpha) {
    const p = this.at(hit.x, hit.y, 0), near = this.at(hit.x, hit.y - radius, 0), far = this.at(hit.x, hit.y + radius, 0);
    const wide = radius * p.m * (1 + 0.6 * Math.abs(way.x)), tall = ((near.y - far.y) / 2) * (1 + 0.6 * Math.abs(way.y));
    if (!(wide > 1) || !(tall > 0.3)) return;
    g.save();
    g.translate(p.x, p.y);
    g.scale(1, tall / wide);
    this.glow(g, 0, 0, wide * 1.25, rgb, alpha);
    g.restore();
  }

  glow(g, x, y, radius, rgb, alpha) {
    g.globalAlpha = Math.min(1, alpha);
    g.drawImage(BALL.tinted(rgb), x - radius, y - radius, 2 * radius, 2 * radius);
    g.globalAlpha = 1;
  }

  // One cell of a bar: a bright face, and a veil above (or below where it hangs high).
  pixel(g, f, p, cell) {
    const level = cell.level ** 0.6, half = 0.052 * p.m, veil = (f.z > 2 ? 1 : -1) * 2.2 * p.m;
    this.beam(g, p, { x: p.x, y: p.y + veil }, half * 6, cell.rgb, level * 0.25);
    g.fillStyle = `rgba(${cell.rgb.map(Math.round)},${level})`;
    g.fillRect(p.x - half, p.y - half, 2 * half, 2 * half);
    this.glow(g, p.x, p.y, 0.45 * p.m, cell.rgb, 0.5 * level);
  }

  // --- asking ----------------------------------------------------------------------------------------------------------------

  // The fixture nearest to a point of the element (CSS pixels), null if none is near.
  near(x, y) {
    let best = null, least = 26 * this.scale;
    for (const f of this.fixtures) {
      const p = this.at(f.x, f.y, f.z), away = Math.hypot(p.x - x * this.scale, p.y - y * this.scale);
      if (away < least) [best, least] = [f, away];
    }
    return best;
  }

  // Words about a fixture.
  tell(fixture) {
    const look = fixture.look, turned = look && look.pan !== null;
    const words = [fixture.name, fixture.type, look ? `${Math.round(100 * look.level)} %` : "dark"];
    if (turned) words.push(`pan ${Math.round(look.pan)}°, tilt ${Math.round(look.tilt)}°`);
    if (this.held.has(fixture.name)) words.push("held");
    if (this.parked.has(fixture.name)) words.push("parked");
    return words.join(" · ");
  }
}

// Which way a fixture shines, a unit vector. `facing` 0 looks at the audience, 90 to the right. A head hangs, stands or is on a
// wall; showctl/config/points.py draws what pan and tilt mean there. Others shine steeply down to where they face, upwards from
// the floor, and straight out of a wall.
function direction(f) {
  const turn = f.facing * RAD, faces = [Math.sin(turn), -Math.cos(turn), 0];
  const [along, towards] = f.mount === "wall" ? [faces, [0, 0, 1]] : [[0, 0, f.mount === "standing" ? 1 : -1], faces];
  const [ax, ay, az] = along, [bx, by, bz] = towards;
  const aside = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
  const still = { hung: Math.atan(0.5 + 2 / Math.max(1, f.z)), standing: 0.25, wall: 0 }[f.mount];
  const head = f.look.tilt !== null, tilt = head ? f.look.tilt * RAD : still, pan = head ? (f.look.pan ?? 0) * RAD : 0;
  const way = [0, 1, 2].map(
    (i) => Math.cos(tilt) * along[i] + Math.sin(tilt) * (Math.cos(pan) * towards[i] + Math.sin(pan) * aside[i]),
  );
  return { x: way[0], y: way[1], z: way[2] };
}

// Where the light of a fixture ends: on the floor, or in the air.
function landing(f, way) {
  const down = way.z < -0.05 ? f.z / -way.z : Infinity;
  const length = Math.min(down, REACH * (f.z < 1.2 ? 0.45 : 1));
  return { x: f.x + way.x * length, y: f.y + way.y * length, z: f.z + way.z * length, length, floor: length === down };
}
