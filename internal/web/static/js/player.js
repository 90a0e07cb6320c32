// The one player of the page: a song that starts stops the one before.
import { useEffect, useState } from "./html.js";

/** @typedef {{id: string|null, playing: boolean, failed: boolean}} Playing */

/** @type {Playing} */
let current = { id: null, playing: false, failed: false };
const listeners = new Set();

const audio = document.createElement("audio");
audio.preload = "auto";
document.body.append(audio);

function update(patch) {
  current = { ...current, ...patch };
  for (const listener of [...listeners]) listener();
}

audio.addEventListener("play", () => update({ playing: true, failed: false }));
audio.addEventListener("pause", () => update({ playing: false }));
audio.addEventListener("ended", () => update({ playing: false }));
audio.addEventListener("error", () => audio.hasAttribute("src") && update({ playing: false, failed: true }));

/**
 * Plays a song, or goes on with it.
 * @param {string} id
 * @param {string} url
 * @param {number} [from] seconds
 */
export function play(id, url, from) {
  if (current.id !== id || current.failed) {
    audio.src = sameOrigin(url);
    update({ id, failed: false });
  }
  if (from !== undefined) audio.currentTime = from;
  audio.play().catch(() => {}); // the error event tells; a pause that follows at once is none
}

export const pause = () => audio.pause();

export function seek(seconds) {
  audio.currentTime = seconds;
}

/** Ends whatever plays, and lets its connection go. */
export function stop() {
  audio.pause();
  audio.removeAttribute("src");
  audio.load();
  update({ id: null, playing: false, failed: false });
}

/** Ends this song, if it is the one. */
export const stopSong = (id) => current.id === id && stop();

/** Where the song with this id is, in seconds. */
export const position = (id) => (current.id === id ? audio.currentTime : 0);

// Links are absolute where PUBLIC_URL is set. The server that sent the page
// serves them as well, and the page may ask no other.
function sameOrigin(url) {
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}

export const downloadLink = (url) => sameOrigin(url) + "&download=1";

/** What the player does with this song. */
export function usePlayer(id) {
  const read = () => (current.id === id ? (current.playing ? "playing" : current.failed ? "failed" : "paused") : "idle");
  const [mode, setMode] = useState(read);
  useEffect(() => {
    const check = () => setMode(read());
    check();
    listeners.add(check);
    return () => listeners.delete(check);
  }, [id]);
  return mode;
}
