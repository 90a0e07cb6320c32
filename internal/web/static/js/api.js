// The requests of the studio.
import { authorized } from "./session.js";

const at = (id) => "/generation/" + encodeURIComponent(id);

export const profile = () => authorized("GET", "/auth/profile");
export const ticket = async () => (await authorized("POST", "/auth/ticket")).ticket;

/** @param {string} key makes a repetition of the same request harmless */
export const create = (body, key) => authorized("POST", "/generation/create", { body, headers: { "Idempotency-Key": key } });
export const generation = (id) => authorized("GET", at(id));
export const cancel = (id) => authorized("POST", at(id) + "/cancel");
export const retry = (id) => authorized("POST", at(id) + "/retry");
export const remove = (id) => authorized("DELETE", at(id));

const roomAt = (id, rest = "") => "/collaboration/rooms/" + encodeURIComponent(id) + rest;

/** @param {{name: string, description: string, isPublic: boolean}} body */
export const createRoom = (body) => authorized("POST", "/collaboration/rooms", { body });
export const rooms = () => authorized("GET", "/collaboration/rooms?limit=100");
export const publicRooms = (params) => authorized("GET", "/collaboration/rooms/public?" + new URLSearchParams(params));
export const room = (id) => authorized("GET", roomAt(id));
export const removeRoom = (id) => authorized("DELETE", roomAt(id));
export const joinRoom = (id) => authorized("POST", roomAt(id, "/join"));
export const leaveRoom = (id) => authorized("POST", roomAt(id, "/leave"));
export const invite = (id, username) => authorized("POST", roomAt(id, "/invite"), { body: { username } });
export const handOver = (id, userId) => authorized("POST", roomAt(id, "/owner"), { body: { userId } });
export const removeMember = (id, userId) => authorized("DELETE", roomAt(id, "/members/" + encodeURIComponent(userId)));
export const messages = (id, before) => authorized("GET", roomAt(id, "/messages") + (before ? "?before=" + encodeURIComponent(before) : ""));
export const invitations = async () => (await authorized("GET", "/collaboration/invitations")).invitations;
export const decline = (roomId) => authorized("DELETE", "/collaboration/invitations/" + encodeURIComponent(roomId));

/** @param {{page: number, limit: number, status: string, q: string}} params */
export const history = (params) => authorized("GET", "/generation/history?" + new URLSearchParams(params));
