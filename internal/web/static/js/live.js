// The connection of the page, and who gets what it brings.
import { Son1k } from "/son1k.js";
import * as api from "./api.js";
import { load, receive } from "./generations.js";
import * as room from "./room.js";
import * as rooms from "./rooms.js";
import { token } from "./session.js";
import { set, state } from "./store.js";

const shownFor = 5000; // ms that the page says how it came back

/** @type {Son1k|null} */
let live = null;
let wasLost = false;
let backTimer = 0;

/** @param {() => void} onEnd the session is over */
export function connect(onEnd) {
  wasLost = false;
  set({ link: "connecting", retryAt: null, back: "" });
  live = new Son1k({ getTicket: api.ticket, getToken: token });
  live.on("state", turn);
  live.on("synced", synced);
  live.on("*", (_, frame) => {
    receive(frame);
    rooms.receive(frame);
  });
  live.on("end", onEnd);
  room.attach(live);
  live.connect();
}

export function disconnect() {
  clearTimeout(backTimer);
  room.attach(null);
  live?.close();
  live = null;
}

function turn({ state: link, retryAt }) {
  if (link === "offline") wasLost = true;
  set({ link, retryAt: retryAt ?? null });
}

function synced({ topic, recovered }) {
  const isOwn = topic.startsWith("user:");
  if (wasLost && isOwn) came(recovered ? "caughtUp" : "reloaded");
  else if (!recovered && state.back) came("reloaded");
  if (!isOwn) return;
  wasLost = false;
  rooms.loadInvitations();
  if (recovered) followWaiting();
  else load();
}

/** @param {"caughtUp"|"reloaded"} back */
function came(back) {
  clearTimeout(backTimer);
  set({ back });
  backTimer = setTimeout(() => set({ back: "" }), shownFor);
}

// Nothing is sent when the line moves up, so ask where those that wait stand.
export function followWaiting() {
  if (state.link !== "online" || document.hidden) return;
  const waiting = state.order.filter((id) => state.byId[id].status === "pending");
  for (const id of waiting.slice(0, 10)) live?.followGeneration(id).catch(() => {}); // the next time will do
}
