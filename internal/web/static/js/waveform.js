// A song's waveform, drawn from the peaks that the API gives, with a range
// input over it for mouse, touch, keyboard and screen reader.
//
// It is our own because wavesurfer.js puts a style element into its shadow
// root, which the Content-Security-Policy refuses.
import { nameOf } from "./generations.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { clock, useText } from "./i18n.js";
import { play, position, seek, usePlayer } from "./player.js";

const bar = 3; // CSS pixels
const gap = 2;
const contrast = 1.5; // mastered songs are loud throughout; this lets their shape show

/** @param {{g: import("./store.js").Generation}} props */
export function Waveform({ g }) {
  const t = useText();
  const canvas = useRef(null);
  const mode = usePlayer(g.id);
  const [at, setAt] = useState(() => position(g.id));

  useEffect(() => {
    setAt(position(g.id));
    if (mode !== "playing") return undefined;
    let frame = requestAnimationFrame(function follow() {
      setAt(position(g.id));
      frame = requestAnimationFrame(follow);
    });
    return () => cancelAnimationFrame(frame);
  }, [g.id, mode]);

  const share = at / g.duration;
  const latest = useRef(share);
  latest.current = share;
  useEffect(() => draw(canvas.current, g.peaks, share), [g.peaks, share]);
  useEffect(() => {
    const drawn = canvas.current; // the ref is empty when the last call comes
    return redrawing(() => draw(drawn, g.peaks, latest.current), drawn);
  }, [g.peaks]);

  const move = (e) => {
    const to = Number(e.currentTarget.value);
    if (mode === "idle") play(g.id, g.audioUrl, to);
    else seek(to);
    setAt(to);
  };
  return html`
    <div class="wave">
      <canvas ref=${canvas} aria-hidden="true"></canvas>
      <input type="range" min="0" max=${g.duration} step="any" value=${at} aria-label=${t.seek(nameOf(g))}
        aria-valuetext=${t.seekAt(clock(at), clock(g.duration))} onInput=${move} onKeyDown=${(e) => byKey(e, move)} />
    </div>
    <div class="times" aria-hidden="true"><span>${clock(at)}</span><span>${clock(g.duration)}</span></div>
  `;
}

// With step "any" browsers move by a hundredth or a tenth of the range; five
// seconds are what players do.
function byKey(e, move) {
  const by = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5 }[e.key];
  if (!by) return;
  e.preventDefault();
  e.currentTarget.value = Number(e.currentTarget.value) + by;
  move(e);
}

/** Calls fn when the canvas gets another size or the page other colours. */
function redrawing(fn, canvas) {
  const size = new ResizeObserver(fn);
  size.observe(canvas);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", fn);
  return () => {
    size.disconnect();
    scheme.removeEventListener("change", fn);
  };
}

/** Draws peaks from 0 to 255, the share that has been played in colour. */
function draw(canvas, peaks, share) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const style = getComputedStyle(canvas);
  const ctx = canvas.getContext("2d");
  ctx.scale(scale, scale);
  const n = Math.max(1, Math.floor((width + gap) / (bar + gap)));
  const levels = Array.from({ length: n }, (_, i) => level(peaks, i / n, (i + 1) / n));
  const tallest = Math.max(...levels) || 1;
  for (let i = 0; i < n; i++) {
    const tall = Math.max(bar, (levels[i] / tallest) * height);
    ctx.fillStyle = style.getPropertyValue((i + 0.5) / n <= share ? "--wave-played" : "--wave");
    ctx.beginPath();
    ctx.roundRect(i * (bar + gap), (height - tall) / 2, bar, tall, bar / 2);
    ctx.fill();
  }
}

/** How loud a part of the song is, from 0 to 1. */
function level(peaks, from, to) {
  if (!peaks?.length) return 0;
  const first = Math.floor(from * peaks.length);
  const part = peaks.slice(first, Math.max(first + 1, Math.ceil(to * peaks.length)));
  const mean = part.reduce((sum, peak) => sum + peak, 0) / part.length / 255;
  return mean ** contrast;
}
