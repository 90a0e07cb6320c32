// What we have said and is not known to have arrived. It is sent in order, one
// after the other, and kept while there is no connection.
//
// When a connection is lost with a message on its way, nobody knows whether it
// got there. Once the room has caught up it either has come back to us or is
// shown as not sent, for a person to say what becomes of it: so nothing is lost
// and nothing said twice.
import * as room from "./room.js";
import { set, state } from "./store.js";

/** @typedef {{key: number, text: string, status: "waiting"|"sending"|"unsure"|"failed", after?: string, error?: Error}} Entry after: the id of the last message before it was sent */

const pause = 1000; // ms until a server that finds us too fast is asked again
const unanswered = new Set(["CONNECTION_LOST", "TIMEOUT"]);

/** @type {import("../son1k.js").Son1k|null} */
let live = null;
let keys = 0;
const drafts = new Map();

export function attach(client) {
  live = client;
  if (!client) drafts.clear();
}

/** What was being written in a room. */
export const draft = (roomId) => drafts.get(roomId) ?? "";
export const keepDraft = (roomId, text) => drafts.set(roomId, text);

const entries = (roomId) => state.outbox[roomId] ?? [];

function put(roomId, list) {
  set({ outbox: { ...state.outbox, [roomId]: list } });
}

function change(roomId, key, patch) {
  put(roomId, entries(roomId).map((e) => (e.key === key ? { ...e, ...patch } : e)));
}

export function drop(roomId, key) {
  put(roomId, entries(roomId).filter((e) => e.key !== key));
}

/** Says something as soon as it can be said. */
export function add(roomId, text) {
  put(roomId, [...entries(roomId), { key: keys++, text, status: "waiting" }]);
  flush(roomId);
}

export function again(roomId, key) {
  change(roomId, key, { status: "waiting", error: undefined });
  flush(roomId);
}

async function flush(roomId) {
  const list = entries(roomId);
  const next = list.find((e) => e.status === "waiting");
  if (!next || !live || live.state !== "online" || state.room?.id !== roomId || state.room.status !== "live") return;
  if (list.some((e) => e.status === "sending" || e.status === "unsure")) return;
  change(roomId, next.key, { status: "sending", after: room.lastMessage() });
  try {
    const message = await live.say(roomId, next.text);
    drop(roomId, next.key);
    if (state.room?.id === roomId) room.received(message);
  } catch (error) {
    refused(roomId, next.key, error);
    return;
  }
  flush(roomId);
}

function refused(roomId, key, error) {
  if (error.code === "OFFLINE") return change(roomId, key, { status: "waiting" });
  if (error.code === "CONNECTION_LOST") return change(roomId, key, { status: "unsure" });
  if (error.code === "RATE_LIMITED") {
    change(roomId, key, { status: "waiting" });
    setTimeout(() => flush(roomId), pause);
    return;
  }
  change(roomId, key, { status: "failed", error });
  flush(roomId);
}

/** A message of ours has come: it is not waiting any longer. */
export function arrived({ id, roomId, userId, message }) {
  if (userId !== state.profile?.id) return;
  const doubtful = (e) => e.status === "sending" || e.status === "unsure" || unanswered.has(e.error?.code);
  const sent = entries(roomId).find((e) => doubtful(e) && e.text === message && id > e.after);
  if (sent) drop(roomId, sent.key);
}

/** The room shows all that was said. */
export function caughtUp(roomId) {
  const error = Object.assign(new Error(), { code: "CONNECTION_LOST" });
  put(roomId, entries(roomId).map((e) => (e.status === "unsure" ? { ...e, status: "failed", error } : e)));
  flush(roomId);
}
