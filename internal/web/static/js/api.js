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

/** @param {{page: number, limit: number, status: string, q: string}} params */
export const history = (params) => authorized("GET", "/generation/history?" + new URLSearchParams(params));
