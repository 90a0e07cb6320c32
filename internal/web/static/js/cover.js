// The cover of a song: an arrangement of simple shapes that its id decides, so
// that it is the same wherever it is drawn.
import { html, useMemo } from "./html.js";

const palettes = [
  ["#3a1620", "#ff6b4a", "#ffb454", "#fff0db", "#a8324a"],
  ["#2a1430", "#f25f8b", "#ffb37a", "#fde7d8", "#7d3c86"],
  ["#16312f", "#f7a531", "#e4572e", "#fff3d6", "#2f7d73"],
  ["#1b2444", "#f4a261", "#e76f51", "#fdf0d5", "#4b6cb7"],
  ["#3d2430", "#d64550", "#f6bd60", "#f7ede2", "#84a59d"],
];

// Each draws in a square of 20 by 20.
const shapes = [
  "M0 0h20A20 20 0 0 1 0 20z", // quarters
  "M20 0v20A20 20 0 0 1 0 0z",
  "M20 20H0A20 20 0 0 1 20 0z",
  "M0 20V0a20 20 0 0 1 20 20z",
  "M0 10a10 10 0 0 1 20 0z", // halves
  "M10 0a10 10 0 0 1 0 20z",
  "M10 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16z", // a dot
  "M0 0h20L0 20z", // a corner
  "M0 3h20v4H0zm0 10h20v4H0z", // lines
  "M3 0h4v20H3zm10 0h4v20h-4z",
];

/** Numbers from 0 up to 1 that text decides (FNV-1a, then mulberry32). */
function dice(text) {
  let a = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function tiles(id) {
  const roll = dice(id);
  const pick = (list) => list[Math.floor(roll() * list.length)];
  const [ground, ...colours] = pick(palettes);
  const out = [];
  for (let i = 0; i < 9; i++) {
    const back = roll() < 0.45 ? pick(colours) : ground;
    const front = pick(colours.concat(ground).filter((c) => c !== back));
    out.push({ x: (i % 3) * 20, y: Math.floor(i / 3) * 20, back, front, d: pick(shapes) });
  }
  return out;
}

export function Cover({ id }) {
  const drawn = useMemo(
    () => tiles(id).map(({ x, y, back, front, d }) => html`
      <g transform=${`translate(${x} ${y})`}><rect width="20.2" height="20.2" fill=${back} /><path d=${d} fill=${front} /></g>
    `),
    [id],
  );
  return html`<svg class="cover" viewBox="0 0 60 60" aria-hidden="true">${drawn}</svg>`;
}
