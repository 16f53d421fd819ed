// From the slots that were sent to what each fixture looks like. No drawing here, and no state.
//
// A look is {level 0..1, rgb [3 x 0..255], pan and tilt (degrees from the centre) or null, cells [{level, rgb}] or null}.
// A head whose file does not say how far it turns is drawn with 540 degrees of pan and 270 of tilt. The value of a virtual
// dimmer has no slot of its own: it is already in the colours that it scales.

const PAN = [-270, 270], TILT = [-135, 135];

// What each emitter adds, as a screen shows it (0..1).
const EMITTERS = {
  red: [1, 0.03, 0.02], green: [0.05, 1, 0.1], blue: [0.1, 0.14, 1], white: [1, 0.93, 0.82], amber: [1, 0.58, 0.05],
  uv: [0.36, 0.05, 0.95], lime: [0.68, 1, 0.15],
};
const FILTERS = { cyan: 0, magenta: 1, yellow: 2 }; // which of red, green, blue each takes away

// Make a function (slots) -> look for one fixture of the patch.
export function reader(fixture) {
  const named = (name, cell) => fixture.parameters.find((p) => p.name === name && p.cell === cell && p.at.length);
  const whole = source(fixture, 0);
  const cells = [];
  for (let cell = 1; cell <= fixture.cells && fixture.cells > 1; cell++) cells.push(source(fixture, cell));
  const dimmer = named("intensity", 0), shutter = named("shutter", 0);
  const pan = named("pan", 0), tilt = named("tilt", 0);

  return (slots) => {
    let master = dimmer ? value(slots, dimmer) : 1;
    if (shutter && shut(value(slots, shutter), shutter)) master = 0;
    const look = {
      ...mix(slots, whole, master, Boolean(dimmer)),
      pan: pan ? angle(slots, pan, PAN) : null,
      tilt: tilt ? angle(slots, tilt, TILT) : null,
      cells: null,
    };
    if (cells.length) {
      look.cells = cells.map((cell) => mix(slots, cell, master * (cell.dimmer ? value(slots, cell.dimmer) : 1), false));
      look.level = Math.max(...look.cells.map((cell) => cell.level));
    }
    return look;
  };
}

// 0..1 of a parameter, of however many slots.
export function value(slots, parameter) {
  let raw = 0, full = 0;
  for (const at of parameter.at) {
    raw = raw * 256 + slots[at];
    full = full * 256 + 255;
  }
  const [start, end] = parameter.span;
  const share = Math.min(1, Math.max(0, (raw / full - start) / (end - start)));
  return parameter.invert ? 1 - share : share;
}

function angle(slots, parameter, usual) {
  const [low, high] = parameter.degrees ?? usual;
  return low + value(slots, parameter) * (high - low);
}

function shut(level, parameter) {
  return parameter.closed.some(([first, last]) => level >= first && level <= last);
}

function source(fixture, cell) {
  const mine = fixture.parameters.filter((p) => p.cell === cell && p.at.length);
  return {
    emitters: mine.filter((p) => p.name in EMITTERS),
    filters: mine.filter((p) => p.name in FILTERS),
    dimmer: cell ? mine.find((p) => p.name === "intensity") : null,
  };
}

// Level and colour of one source of light. Without emitters it is a filament, which gets redder as it is dimmed.
function mix(slots, from, master, dimmed) {
  if (from.filters.length) {
    const light = [1, 1, 1];
    for (const p of from.filters) light[FILTERS[p.name]] -= value(slots, p);
    return bright(light, master);
  }
  if (from.emitters.length) {
    const light = [0, 0, 0];
    for (const p of from.emitters) {
      const amount = value(slots, p);
      EMITTERS[p.name].forEach((part, i) => (light[i] += part * amount));
    }
    return bright(light, master);
  }
  const level = dimmed ? master : 0;
  return { level, rgb: [255, 128 + 84 * level, 44 + 108 * level] };
}

function bright(light, master) {
  const most = Math.max(...light);
  if (most <= 0) return { level: 0, rgb: [0, 0, 0] };
  return { level: Math.min(1, most) * master, rgb: light.map((part) => (255 * part) / most) };
}
