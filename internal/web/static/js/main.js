// Starts the studio: signs in, connects, loads, and shows what comes.
import * as api from "./api.js";
import { App } from "./app.js";
import { clear, load } from "./generations.js";
import { html, render } from "./html.js";
import { initLanguage } from "./i18n.js";
import { connect, disconnect, followWaiting } from "./live.js";
import { stop as stopPlayer } from "./player.js";
import * as rooms from "./rooms.js";
import { followAddress } from "./route.js";
import { isLocal, onSignedOut, resume } from "./session.js";
import { set, state, watch } from "./store.js";

const again = 2000; // ms until a server that did not answer is asked again

/** Shows the studio of whoever has just signed in. */
export async function enter() {
  const profile = await api.profile();
  clear();
  rooms.clear();
  set({ phase: "ready", profile, local: isLocal() });
  connect(leave);
  load(); // and again once connected, since events may have come in between
}

/** Shows the sign-in form. */
export function leave() {
  disconnect();
  stopPlayer();
  clear();
  rooms.clear();
  set({ phase: "signin", profile: null });
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
followAddress();
onSignedOut(leave);
setInterval(followWaiting, 4000);
watch(() => document.body.classList.toggle("is-offline", state.link === "offline"));
render(html`<${App} onEnter=${enter} onLeave=${leave} />`, document.getElementById("app"));
start();
