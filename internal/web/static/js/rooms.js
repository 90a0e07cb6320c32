// The lists of rooms: ours, those open to all, and where we are invited to.
import * as api from "./api.js";
import { text } from "./i18n.js";
import * as room from "./room.js";
import { say, set, state } from "./store.js";

const pageSize = 20;

let loads = 0;

const empty = { mine: [], open: [], total: 0, q: "", invitations: [], loading: false, loaded: false, error: null };

function put(patch) {
  set({ rooms: { ...state.rooms, ...patch } });
}

/** Forgets everything, for somebody else to sign in. */
export function clear() {
  loads++;
  room.close();
  set({ rooms: empty, outbox: {} });
}

/** Loads all three lists. */
export async function load({ q = state.rooms.q, more = false } = {}) {
  const mine = ++loads;
  const limit = more ? Math.min(100, state.rooms.open.length + pageSize) : pageSize;
  put({ q, loading: true, error: null });
  try {
    const [ours, open, invitations] = await Promise.all([api.rooms(), api.publicRooms({ limit, search: q }), api.invitations()]);
    if (mine !== loads) return;
    put({ mine: ours.rooms, open: open.rooms, total: open.pagination.total, invitations, loading: false, loaded: true });
  } catch (error) {
    if (mine === loads) put({ loading: false, error });
  }
}

export async function loadInvitations() {
  const before = loads;
  const invitations = await api.invitations().catch(() => null); // the next reason will do
  if (invitations && before === loads && state.phase === "ready") put({ invitations });
}

/** @param {import("../son1k.js").Frame} frame */
export function receive({ type, data }) {
  if (type !== "notification" || data.type !== "room_invitation") return;
  say(text().saidInvited(data.invitedBy.username, data.room.name));
  loadInvitations();
}

/** @returns {Promise<string>} the id of the new room */
export async function create(body) {
  const made = await api.createRoom(body);
  put({ mine: [made, ...state.rooms.mine] });
  return made.id;
}

/** Becomes a member. */
export async function join(id) {
  const joined = await api.joinRoom(id);
  const { mine, invitations } = state.rooms;
  put({ mine: [joined, ...mine.filter((r) => r.id !== id)], invitations: invitations.filter((i) => i.room.id !== id) });
}

export async function decline(id) {
  await api.decline(id);
  put({ invitations: state.rooms.invitations.filter((i) => i.room.id !== id) });
}

/** Ends the membership; a room without members is gone. */
export async function quit(id) {
  await api.leaveRoom(id);
  gone(id);
}

export async function remove(id) {
  await api.removeRoom(id);
  gone(id);
}

function gone(id) {
  room.close();
  put({ mine: state.rooms.mine.filter((r) => r.id !== id), open: state.rooms.open.filter((r) => r.id !== id) });
}

/** Whether the tier lets us make rooms and invite people. */
export const mayCollaborate = (profile) => profile.features.includes("collaboration");
