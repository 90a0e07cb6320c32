// What the page knows. State is replaced, never changed in place, so that a
// component can tell by identity whether its part has changed.
import { useEffect, useState } from "./html.js";

/**
 * @typedef {object} Generation a view of the API, plus etaAt, when its etaSeconds was told
 *
 * @typedef {object} State
 * @property {"starting"|"unreachable"|"signin"|"ready"} phase
 * @property {object|null} profile
 * @property {boolean} local signed in without an account, by sitting at the machine
 * @property {"en"|"es"} lang
 * @property {"connecting"|"online"|"offline"} link
 * @property {number|null} retryAt when the next connection is tried
 * @property {""|"caughtUp"|"reloaded"} back how it went to come back just now
 * @property {{page: "studio"|"rooms", roomId: string|null}} route
 * @property {object} rooms the lists; see rooms.js
 * @property {object|null} room the one where we are; see room.js
 * @property {Record<string, object[]>} outbox by room, what has been said but not yet arrived; see outbox.js
 * @property {Record<string, Generation>} byId
 * @property {string[]} order ids, newest first
 * @property {{status: string, q: string}} filter
 * @property {{total: number, loading: boolean, loaded: boolean, error: Error|null}} list
 * @property {{text: string, n: number}} said for screen readers
 */

/** @type {State} */
export let state = {
  phase: "starting",
  profile: null,
  local: false,
  lang: "en",
  link: "connecting",
  retryAt: null,
  back: "",
  route: { page: "studio", roomId: null },
  rooms: { mine: [], open: [], total: 0, q: "", invitations: [], loading: false, loaded: false, error: null },
  room: null,
  outbox: {},
  byId: {},
  order: [],
  filter: { status: "", q: "" },
  list: { total: 0, loading: false, loaded: false, error: null },
  said: { text: "", n: 0 },
};

const listeners = new Set();

/** @param {Partial<State>} patch */
export function set(patch) {
  state = { ...state, ...patch };
  for (const listener of [...listeners]) listener();
}

/** Calls fn after every change; returns how to stop that. */
export function watch(fn) {
  listeners.add(fn);
  return () => listeners.delete(fn);
}

/**
 * Renders the component again when what select returns is another object.
 * @template T
 * @param {(s: State) => T} select
 * @returns {T}
 */
export function useStore(select) {
  const value = select(state);
  const [, rerender] = useState(0);
  useEffect(() => {
    let shown = value;
    const check = () => {
      const now = select(state);
      if (!Object.is(now, shown)) {
        shown = now;
        rerender((n) => n + 1);
      }
    };
    check(); // it may have changed since the render
    return watch(check);
  }, [value]);
  return value;
}

/** Has a screen reader say text, also if it is the same as before. */
export function say(text) {
  set({ said: { text, n: state.said.n + 1 } });
}
