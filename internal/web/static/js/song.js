// The card of a generation, from the queue to the song.
import { etaLeft, useNow } from "./clock.js";
import { Cover } from "./cover.js";
import { cancel, isLive, nameOf, refetch, remove, retry } from "./generations.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { clock, explain, useText } from "./i18n.js";
import { Icon } from "./icons.js";
import { downloadLink, pause, play, stopSong, usePlayer } from "./player.js";
import { useStore } from "./store.js";
import { Facts } from "./facts.js";
import { Waveform } from "./waveform.js";

export function Song({ id }) {
  const t = useText();
  const g = useStore((s) => s.byId[id]);
  const [error, setError] = useState(null);
  if (!g) return null;
  const act = (fn) => async () => {
    setError(null);
    try {
      await fn(id);
    } catch (err) {
      setError(err);
    }
    keepFocus(id);
  };
  const isDone = g.status === "completed";
  return html`
    <article class=${"song is-" + g.status} id=${"song-" + id} aria-labelledby=${"title-" + id} tabindex="-1">
      <div class="sleeve"><${Cover} id=${id} />${isDone && g.audioUrl && html`<${PlayButton} g=${g} />`}${g.status === "processing" && g.stage !== "retrying" && html`<${Beat} />`}</div>
      <div class="song-body">
        <h3 id=${"title-" + id}>${nameOf(g)}</h3>
        <p class="song-line"><${StatusWord} g=${g} /><span>${g.style}</span><span>${clock(g.duration)}</span>${g.instrumental && html`<span>${t.instrumental}</span>`}</p>
        ${isDone && g.audioUrl && html`<${Waveform} g=${g} />`}
        ${isLive(g.status) && html`<${Progress} g=${g} />`}
        ${g.status === "failed" && html`<p class="alert">${g.error && explain(t, { code: g.error.code, message: g.error.message })}</p>`}
        ${error && html`<p class="alert" role="alert">${explain(t, error)}</p>`}
        <${Actions} g=${g} act=${act} />
      </div>
    </article>
  `;
}

function StatusWord({ g }) {
  const t = useText();
  const isShown = g.status === "failed" || g.status === "cancelled";
  return isShown && html`<span class=${"badge " + g.status}>${t[g.status]}</span>`;
}

/** Something moves while a worker is at it. It says nothing about how far. */
const Beat = () => html`<span class="beat" aria-hidden="true"><i></i><i></i><i></i><i></i></span>`;

function PlayButton({ g }) {
  const t = useText();
  const mode = usePlayer(g.id);
  const retried = useRef(false);
  // A link is good for a day or so; a page may be open for longer.
  useEffect(() => {
    if (mode === "playing") retried.current = false;
    if (mode !== "failed" || retried.current) return;
    retried.current = true;
    refetch(g.id);
  }, [mode]);
  const isPlaying = mode === "playing";
  return html`
    <button type="button" class="play" aria-label=${isPlaying ? t.pause(nameOf(g)) : t.play(nameOf(g))} onClick=${() => (isPlaying ? pause() : play(g.id, g.audioUrl))}>
      <${Icon} name=${isPlaying ? "pause" : "play"} />
    </button>
    ${mode === "failed" && html`<span class="unseen" role="alert">${t.playFailed}</span>`}
  `;
}

function Progress({ g }) {
  const t = useText();
  const isOnline = useStore((s) => s.link === "online");
  useNow(isOnline);
  const left = isOnline ? etaLeft(g) : null; // what was told may not hold any more
  const isRetrying = g.stage === "retrying";
  const isWaiting = g.status === "pending";
  let stage = t.stages[g.stage] ?? t.working;
  let until = t.leftIn;
  if (isRetrying) [stage, until] = [t.retrying, t.retriesIn];
  else if (isWaiting && g.queue) [stage, until] = [g.queue.position === 1 ? t.nextInLine : t.position(g.queue.position), t.startsIn];
  const rest = left !== null && until(left);
  return html`
    <div class=${"progress" + (isRetrying ? " is-retrying" : "")}>
      <p class="progress-words">
        <span class="stage">${stage}</span>
        <span class="eta">${[g.attempt > 1 && t.attempt(g.attempt), rest].filter(Boolean).join(" · ")}</span>
        ${!isWaiting && html`<span class="percent">${g.progress} %${g.estimated ? " · " + t.estimated : ""}</span>`}
      </p>
      <div class="track" role="progressbar" aria-label=${t.progress + ": " + nameOf(g)} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${g.progress} aria-valuetext=${`${stage}, ${g.progress} %`}>
        <div class="track-fill" style=${{ transform: `scaleX(${g.progress / 100})` }}></div>
      </div>
    </div>
  `;
}

/** The card that takes the keyboard when this one goes; else the heading. */
function neighbour(id) {
  const card = document.getElementById("song-" + id);
  const isSong = (el) => el?.classList.contains("song") && el;
  return isSong(card.nextElementSibling) || isSong(card.previousElementSibling) || document.getElementById("songs-heading");
}

/** Gives the card the keyboard if the button that had it has gone. */
function keepFocus(id) {
  requestAnimationFrame(() => document.activeElement === document.body && document.getElementById("song-" + id)?.focus());
}

const focusNew = (el) => el?.focus();

function Actions({ g, act }) {
  const t = useText();
  const [isSure, setSure] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const spare = () => {
    setSure(false);
    keepFocus(g.id);
  };
  const erase = act(async (id) => {
    const next = neighbour(id);
    await remove(id);
    stopSong(id);
    next?.focus();
  });
  if (isSure) {
    return html`
      <div class="actions" role="group" aria-label=${t.removeSure}>
        <span>${t.removeSure}</span>
        <button type="button" class="quiet danger" onClick=${erase}>${t.removeYes}</button>
        <button type="button" class="quiet" ref=${focusNew} onClick=${spare}>${t.removeNo}</button>
      </div>
    `;
  }
  const button = (name, icon, label, onClick) => html`
    <button type="button" class="quiet" key=${name} onClick=${onClick}><${Icon} name=${icon} />${label}</button>
  `;
  return html`
    <div class="actions">
      ${g.audioUrl && html`<a class="quiet" href=${downloadLink(g.audioUrl)} download><${Icon} name="download" />${t.download}</a>`}
      ${isLive(g.status) && button("cancel", "close", t.cancel, act(cancel))}
      ${(g.status === "failed" || g.status === "cancelled") && button("retry", "retry", t.retry, act(retry))}
      ${!isLive(g.status) && button("remove", "trash", t.remove, () => setSure(true))}
      <button type="button" class="quiet" aria-expanded=${String(isOpen)} onClick=${() => setOpen(!isOpen)}>${t.facts}<${Icon} name="chevron" /></button>
    </div>
    ${isOpen && html`<${Facts} g=${g} />`}
  `;
}
