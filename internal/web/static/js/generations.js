// The generations of whoever is signed in: what is loaded, what events change
// and what people do.
//
// Answers and events race. An event counts at once; an answer of the API counts
// unless a durable event about its generation came after it was asked for, in
// which case it is asked for again.
import * as api from "./api.js";
import { text } from "./i18n.js";
import { say, set, state } from "./store.js";

const pageSize = 20;

/** What to call a song, which has no title before it is made. */
export const nameOf = (g) => g.title || g.prompt;

export const isLive = (status) => status === "pending" || status === "processing";

const versions = new Map(); // durable events seen, by id
const gone = new Set(); // ids that were deleted, lest a late answer bring them back
let loads = 0;

const version = (id) => versions.get(id) ?? 0;
const touch = (id) => versions.set(id, version(id) + 1);

/** Forgets everything, for somebody else to sign in. */
export function clear() {
  versions.clear();
  gone.clear();
  loads++;
  set({ byId: {}, order: [], filter: { status: "", q: "" }, list: { total: 0, loading: false, loaded: false, error: null } });
}

function put(...views) {
  merge(state.byId, views);
}

/** Shows views beside those in base, and changes patch in the same go. */
function merge(base, views, patch) {
  const byId = { ...base };
  for (const view of views) {
    if (!gone.has(view.id)) byId[view.id] = fresher(state.byId[view.id], { ...view, etaAt: Date.now() });
  }
  const order = Object.keys(byId).sort().reverse(); // ids are in the order of creation
  set({ ...patch, byId, order: order.join() === state.order.join() ? state.order : order });
}

// A tick of progress may have overtaken the answer.
function fresher(was, view) {
  if (was?.status !== "processing" || view.status !== "processing" || was.attempt !== view.attempt) return view;
  const { etaSeconds, etaAt } = was; // views have none of a song in the making
  return { ...view, progress: Math.max(was.progress, view.progress), etaSeconds, etaAt };
}

function change(id, patch) {
  if (state.byId[id]) set({ byId: { ...state.byId, [id]: { ...state.byId[id], ...patch } } });
}

function drop(id) {
  gone.add(id);
  if (!state.byId[id]) return;
  const byId = { ...state.byId };
  delete byId[id];
  set({ byId, order: state.order.filter((x) => x !== id), list: { ...state.list, total: Math.max(0, state.list.total - 1) } });
}

// --- loading ---

/** Loads the list anew, as far as it is shown. */
export async function load() {
  const mine = ++loads;
  const limit = Math.min(100, Math.max(pageSize, state.order.length));
  const before = new Map(versions);
  set({ list: { ...state.list, loading: true, error: null } });
  try {
    const page = await api.history({ page: 1, limit, ...state.filter });
    if (mine !== loads) return;
    const overtaken = [...versions.keys()].filter((id) => version(id) !== (before.get(id) ?? 0));
    const kept = Object.fromEntries(overtaken.filter((id) => state.byId[id]).map((id) => [id, state.byId[id]]));
    const views = page.generations.filter((view) => !overtaken.includes(view.id));
    merge(kept, views, { list: { total: page.pagination.total, loading: false, loaded: true, error: null } });
    for (const id of overtaken) refetch(id);
  } catch (error) {
    if (mine === loads) set({ list: { ...state.list, loading: false, error } });
  }
}

export async function loadMore() {
  const mine = ++loads;
  set({ list: { ...state.list, loading: true, error: null } });
  try {
    // Pages shift as songs come and go: ask for the page that the first one
    // missing is on, and skip what is known.
    const page = Math.floor(state.order.length / pageSize) + 1;
    const { generations, pagination } = await api.history({ page, limit: pageSize, ...state.filter });
    if (mine !== loads) return;
    const views = generations.filter((view) => !state.byId[view.id]);
    merge(state.byId, views, { list: { total: pagination.total, loading: false, loaded: true, error: null } });
  } catch (error) {
    if (mine === loads) set({ list: { ...state.list, loading: false, error } });
  }
}

/** @param {{status?: string, q?: string}} change */
export function filter(change) {
  set({ filter: { ...state.filter, ...change }, byId: {}, order: [] });
  return load();
}

function matches(view) {
  const { status, q } = state.filter;
  const words = [view.prompt, view.title, view.style].join("\n").toLowerCase();
  return (!status || view.status === status) && words.includes(q.trim().toLowerCase());
}

/** Reads a generation again. What cannot be read now, the next event or reload brings. */
export async function refetch(id) {
  try {
    for (;;) {
      const before = version(id);
      const view = await api.generation(id);
      if (version(id) !== before) continue;
      if (state.byId[id]) put(view);
      else if (matches(view)) {
        put(view);
        set({ list: { ...state.list, total: state.list.total + 1 } });
      }
      return;
    }
  } catch (err) {
    if (err.status === 404) drop(id);
  }
}

// --- events ---

/** @param {import("../son1k.js").Frame} frame */
export function receive({ type, data, seq }) {
  const id = type.startsWith("generation:") && data.generationId;
  if (!id || gone.has(id)) return;
  if (seq) touch(id);
  if (seq && data.status !== "processing") refreshProfile(); // something began or ended, which the quota counts
  const known = state.byId[id];
  switch (type) {
    case "generation:progress":
      return known ? progress(known, data, seq) : seq && refetch(id);
    case "generation:complete":
      change(id, { status: "completed", progress: 100, title: data.title, error: null });
      refetch(id);
      return say(text().saidReady(data.title));
    case "generation:error":
      change(id, { status: "failed", error: { code: data.code, message: data.error } });
      return say(text().saidFailed);
    case "generation:cancelled":
      change(id, { status: "cancelled" });
      return say(text().saidCancelled);
    case "generation:deleted":
      return drop(id);
  }
}

function progress(known, data, seq) {
  const late = !isLive(known.status) || data.attempt < known.attempt || (data.status === "pending" && known.status === "processing");
  if (!seq && late) return; // overtaken by what it came before
  if (!isLive(data.status) && data.status !== "retrying") return refetch(data.generationId); // a snapshot of something over
  change(data.generationId, {
    status: data.status === "retrying" ? "processing" : data.status,
    stage: data.stage,
    progress: data.progress,
    estimated: data.estimated,
    attempt: data.attempt,
    queue: data.queuePosition === null ? null : { position: data.queuePosition },
    etaSeconds: data.etaSeconds,
    etaAt: Date.now(),
    error: null,
  });
}

// --- what people do ---

/** Makes a song. The card is there as soon as the server has said yes. */
export async function create(body, key) {
  const answer = await api.create(body, key);
  if (state.filter.status || state.filter.q) await filter({ status: "", q: "" });
  say(text().saidQueued);
  await refetch(answer.generationId);
  return answer.generationId;
}

export async function cancel(id) {
  put(await api.cancel(id));
}

export async function retry(id) {
  await api.retry(id);
  await refetch(id);
}

export async function remove(id) {
  await api.remove(id);
  drop(id);
  say(text().saidRemoved);
  refreshProfile();
}

let profileTimer;

/** Reads the quota again, once for a burst of reasons. */
export function refreshProfile() {
  clearTimeout(profileTimer);
  profileTimer = setTimeout(async () => {
    const profile = await api.profile().catch(() => null); // the next reason will do
    if (profile && state.phase === "ready") set({ profile });
  }, 300);
}
