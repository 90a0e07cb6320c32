// The room where we are: who is there, what is said and what is being made.
//
// We stay in it when another page is shown, so that it sees the songs that we
// make; another room takes its place. What is said comes as events; the history
// is read from the API, first and when events are gone.
import * as api from "./api.js";
import { text } from "./i18n.js";
import * as outbox from "./outbox.js";
import { isShown } from "./route.js";
import { say, set, state } from "./store.js";

const typingShown = 6000; // ms, a bit more than the server's
const songShown = 8000; // ms that a finished one stays
const together = 1500; // ms over which messages are read out as one

/** @type {import("../son1k.js").Son1k|null} */
let live = null;
const timers = new Map();
let loads = 0;
let heard = [];

document.addEventListener("visibilitychange", () => state.room && isShown(state.room.id) && put({ unread: 0 }));

const topicOf = (id) => "room:" + id;

/** @param {import("../son1k.js").Son1k|null} client */
export function attach(client) {
  live = client;
  outbox.attach(client);
  if (!client) return;
  client.on("room_joined", (joined) => here(joined.roomId) && enter(joined));
  client.on("synced", ({ topic, recovered }) => state.room && topic === topicOf(state.room.id) && synced(recovered));
  client.on("room_lost", ({ roomId, message }) => here(roomId) && state.room.status === "live" && put({ status: "lost", problem: message, typing: {}, songs: {} }));
  client.on("collaboration_message", (m) => here(m.roomId) && received(m));
  client.on("room_notification", (n, frame) => here(n.roomId) && noted(n, frame.seq));
  client.on("presence", ({ roomId, users, count }) => here(roomId) && present(users, count));
  client.on("user_joined", ({ roomId, user }) => here(roomId) && arrived(user));
  client.on("user_left", ({ roomId, user }) => here(roomId) && left(user.id));
  client.on("user_typing", ({ roomId, userId, username, isTyping }) => here(roomId) && types(userId, isTyping ? username : null));
  client.on("user_generation_update", (song, frame) => state.room && frame.topic === topicOf(state.room.id) && progress(song));
  client.on("state", ({ state: link }) => link === "offline" && state.room && put({ typing: {} }));
}

const here = (id) => state.room?.id === id;

function put(patch) {
  if (state.room) set({ room: { ...state.room, ...patch } });
}

/** Calls fn later, once for each name. */
function later(name, ms, fn) {
  clearTimeout(timers.get(name));
  timers.set(name, setTimeout(fn, ms));
}

/** Goes into a room, if we are not in it. */
export async function open(id, anew = false) {
  if (!anew && here(id) && state.room.status !== "lost") return put({ unread: 0 });
  close();
  set({
    room: {
      id, status: "joining", problem: null, view: null, members: [], users: [], count: 0, entries: [], older: null,
      loading: true, error: null, typing: {}, songs: {}, unread: 0,
    },
  });
  try {
    await live.joinRoom(id);
  } catch (err) {
    if (here(id) && err.code !== "LEFT") outside(id, err);
  }
}

/** Leaves the room where we are; we stay a member. */
export function close() {
  if (!state.room) return;
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
  heard = [];
  loads++;
  live?.leaveRoom(state.room.id).catch(() => {}); // with the connection the seat is gone too
  set({ room: null });
}

// Not a member: the room may be open to all, or we may be invited.
async function outside(id, err) {
  const view = await api.room(id).catch(() => null);
  const invitation = state.rooms.invitations.find((i) => i.room.id === id);
  if (here(id)) put({ status: view || invitation ? "outside" : "lost", problem: err.message, view: view ?? invitation?.room ?? null, loading: false });
}

function enter({ room: view, members, users }) {
  put({ status: "live", view, members, users, count: users.length, songs: {} }); // what is in the making shows again soon
}

async function synced(recovered) {
  const { id } = state.room;
  if (!recovered && !(await load())) return;
  if (here(id)) outbox.caughtUp(id);
}

// --- what was said ---

/** Reads the newest messages; answers whether it could. */
export async function load() {
  const mine = ++loads;
  const { id } = state.room;
  put({ loading: true, error: null });
  try {
    const page = await api.messages(id);
    if (mine !== loads || !here(id)) return false;
    const read = page.messages.reverse();
    const last = read.at(-1);
    const since = last ? state.room.entries.filter((e) => (e.note ? Date.parse(e.timestamp) > Date.parse(last.timestamp) : e.id > last.id)) : state.room.entries;
    for (const m of read) outbox.arrived(m);
    put({ entries: [...read, ...since], older: page.nextBefore, loading: false });
    return true;
  } catch (error) {
    if (mine === loads && here(id)) put({ loading: false, error });
    return false;
  }
}

/** Reads the messages before those shown. */
export async function loadOlder() {
  const mine = ++loads;
  const { id, older } = state.room;
  put({ loading: true, error: null });
  try {
    const page = await api.messages(id, older);
    if (mine !== loads || !here(id)) return;
    put({ entries: [...page.messages.reverse(), ...state.room.entries], older: page.nextBefore, loading: false });
  } catch (error) {
    if (mine === loads && here(id)) put({ loading: false, error });
  }
}

/** Shows a message, once, whether its event comes first or its answer. */
export function received(message) {
  const { entries, unread } = state.room;
  if (entries.some((e) => e.id === message.id)) return;
  outbox.arrived(message);
  const isOwn = message.userId === state.profile.id;
  put({ entries: [...entries, message], unread: isOwn || isShown(message.roomId) ? 0 : unread + 1 });
  types(message.userId, null);
  if (!isOwn && isShown(message.roomId)) readOut(message);
}

/** The id of the newest message; ids are in the order of what was said. */
export const lastMessage = () => state.room.entries.findLast((e) => !e.note)?.id ?? "";

// A screen reader is told of a burst in one go.
function readOut(message) {
  heard.push(message);
  later("heard", together, () => {
    const t = text();
    say(heard.length > 2 ? t.saidMessages(heard.length) : heard.map((m) => t.saidMessage(m.username, m.message)).join(" "));
    heard = [];
  });
}

function noted(note, seq) {
  put({ entries: [...state.room.entries, { ...note, id: "note-" + seq, note: true }], view: { ...state.room.view, ...note.room } });
  later("members", 200, refresh);
}

async function refresh() {
  const { id } = state.room;
  const view = await api.room(id).catch(() => null); // the next change will do
  if (view && here(id)) put({ view, members: view.members });
}

// --- who is there, and what they do ---

// Of those who have gone nothing is told any more.
function present(users, count) {
  const { songs } = state.room;
  const kept = Object.entries(songs).filter(([, s]) => count > users.length || users.some((u) => u.id === s.user.id));
  put({ users, count, songs: Object.fromEntries(kept) });
}

function arrived(user) {
  const { users, count } = state.room;
  if (!users.some((u) => u.id === user.id)) put({ users: [...users, user], count: count + 1 });
}

function left(id) {
  const { users, count } = state.room;
  types(id, null);
  if (users.some((u) => u.id === id)) put({ users: users.filter((u) => u.id !== id), count: Math.max(0, count - 1) });
}

/** Tells the others that we are typing. */
export const typing = (id, on) => live?.typing(id, on);

/** @param {string|null} username null: no longer typing */
function types(id, username) {
  const rest = { ...state.room.typing };
  delete rest[id];
  clearTimeout(timers.get("typing " + id));
  if (!username && !state.room.typing[id]) return;
  put({ typing: username ? { ...rest, [id]: username } : rest });
  if (username) later("typing " + id, typingShown, () => types(id, null));
}

function progress(song) {
  const id = song.generationId;
  put({ songs: { ...state.room.songs, [id]: song } });
  clearTimeout(timers.get("song " + id));
  if (["completed", "failed", "cancelled"].includes(song.status)) later("song " + id, songShown, () => forget(id));
}

function forget(id) {
  const songs = { ...state.room.songs };
  delete songs[id];
  put({ songs });
}
