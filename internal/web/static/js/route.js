// Which page is shown: the part of the address after the #.
import { set, state } from "./store.js";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function read() {
  const [page, id] = location.hash.replace(/^#\/?/, "").split("/");
  if (page !== "rooms") return { page: "studio", roomId: null };
  return { page, roomId: uuid.test(id) ? id : null };
}

/** Follows the address, and gives the keyboard to the heading of a new page. */
export function followAddress() {
  set({ route: read() });
  addEventListener("hashchange", () => {
    set({ route: read() });
    scrollTo(0, 0);
    requestAnimationFrame(() => document.querySelector("main:not([hidden]) h1")?.focus({ preventScroll: true }));
  });
}

export const roomHref = (id) => "#/rooms/" + id;

/** @param {string} hash */
export function go(hash) {
  location.hash = hash;
}

/** Whether this room is what people see. */
export const isShown = (roomId) => state.route.roomId === roomId && !document.hidden;
