// Starts the studio: signs in, connects, loads, and shows what comes.
import * as api from "./api.js";
import { App } from "./app.js";
import { clear, load, receive } from "./generations.js";
import { html, render } from "./html.js";
import { initLanguage, text } from "./i18n.js";
import { stop as stopPlayer } from "./player.js";
import { isLocal, onSignedOut, resume, token } from "./session.js";
import { Son1kLive } from "./son1k.js";
import { say, set, state, watch } from "./store.js";

const again = 2000; // ms until a server that did not answer is asked again

/** @type {Son1kLive|null} */
let live = null;

/** Shows the studio of whoever has just signed in. */
export async function enter() {
  const profile = await api.profile();
  clear();
  set({ phase: "ready", profile, local: isLocal(), link: "connecting", retryAt: null });
  live = new Son1kLive({
    ticket: api.ticket,
    token,
    onEvent: receive,
    onOnline: online,
    onOffline: (retryAt) => set({ link: "offline", retryAt }),
    onSignedOut: leave,
  });
  live.start();
  load(); // and again once connected, since events may have come in between
}

function online(recovered) {
  if (state.link === "offline") say(text().backOnline);
  set({ link: "online", retryAt: null });
  if (!recovered) load();
  else followWaiting();
}

/** Shows the sign-in form. */
export function leave() {
  live?.stop();
  live = null;
  stopPlayer();
  clear();
  set({ phase: "signin", profile: null });
}

// Nothing is sent when the line moves up, so ask where those that wait stand.
function followWaiting() {
  if (state.link !== "online" || document.hidden) return;
  const waiting = state.order.filter((id) => state.byId[id].status === "pending");
  for (const id of waiting.slice(0, 10)) live.follow(id);
}

async function start() {
  try {
    if (await resume()) await enter();
    else set({ phase: "signin" });
  } catch (err) {
    if (err.status === 401) return; // leave has been called
    set({ phase: "unreachable" });
    setTimeout(start, again);
  }
}

initLanguage();
onSignedOut(leave);
setInterval(followWaiting, 4000);
watch(() => document.body.classList.toggle("is-offline", state.link === "offline"));
render(html`<${App} onEnter=${enter} onLeave=${leave} />`, document.getElementById("app"));
start();
