// The browser client of the WebSocket protocol son1k.v1: one file, no dependencies.
//
//   import { Son1k } from "/son1k.js";
//
//   const son1k = new Son1k({ getTicket: () => askMyServerForATicket() });
//   son1k.on("generation:progress", ({ generationId, progress }) => draw(generationId, progress));
//   son1k.on("synced", ({ topic, recovered }) => recovered || loadTheStateOf(topic));
//   son1k.connect();
//   const { members } = await son1k.joinRoom(roomId);
//
// It stays connected: it comes back when the connection is lost, follows what it
// followed, and asks for the events after the last one that it saw. Each durable
// event is handed over once and in order. Where some are gone, synced says so.

/**
 * A message from the server.
 * @typedef {object} Frame
 * @property {string} type
 * @property {any} data
 * @property {number} [id] of the request that it answers
 * @property {string} [topic]
 * @property {number} [seq] number of a durable event in its topic; events of the moment have none
 * @property {string} [ts]
 *
 * @typedef {object} Options
 * @property {() => Promise<string>} [getTicket] gets a one-time ticket (POST /api/auth/ticket). Without it the token
 *   is sent. An error with status 401, of either, ends the client.
 * @property {() => Promise<string>} [getToken] gets a fresh access token; also used to renew a connection in time
 * @property {string} [url] default: /ws of the page's own server
 * @property {number} [heartbeat] ms of silence after which the server is asked whether it is there: 30,000
 *
 * @typedef {"connecting"|"online"|"offline"} State offline: waiting for the next attempt, or closed
 *
 * @typedef {{id: string, username: string, tier: string}} Person
 * @typedef {Person & {role: "owner"|"member", joinedAt: string}} Member
 * @typedef {{id: string, name: string, description: string, isPublic: boolean, ownerId: string}} Room
 * @typedef {{id: string, userId?: string, username: string, roomId: string, message: string, type: string, timestamp: string}} Message
 * @typedef {{roomId: string, room: Room & {memberCount: number}, members: Member[], users: Person[], topic: string, seq: number, recovered: boolean, timestamp: string}} Joined
 *   users: who is here now
 *
 * @typedef {{message: string, type: string, timestamp: string}} Notice
 * @typedef {{roomId: string, user: Person, timestamp: string}} Arrival
 *
 * The data of each event. The first four are the client's own: synced says that a topic is live; if not recovered, load
 * its state. room_lost: no longer a member, or the room is gone. end:
 * given up; sign in again. room_joined comes after each reconnection, and "*" for every event of the server's.
 * @typedef {{
 *   state: {state: State, retryAt?: number},
 *   synced: {topic: string, recovered: boolean},
 *   room_lost: {roomId: string, code: string, message: string},
 *   end: {code: string, message: string},
 *   room_joined: Joined,
 *   "generation:progress": {generationId: string, progress: number, status: string, stage: string, message: string, queuePosition: number|null, etaSeconds: number|null, attempt: number, estimated?: boolean},
 *   "generation:complete": {generationId: string, audioUrl: string, status: "completed", duration: number, title: string},
 *   "generation:error": {generationId: string, error: string, code: string, status: "failed"},
 *   "generation:cancelled": {generationId: string, status: "cancelled"},
 *   "generation:deleted": {generationId: string},
 *   user_generation_update: {user: Person, generationId: string, status: string, progress: number, timestamp: string},
 *   collaboration_message: Message,
 *   user_typing: {roomId: string, userId: string, username: string, isTyping: boolean},
 *   presence: {roomId: string, users: Person[], count: number},
 *   user_joined: Arrival,
 *   user_left: Arrival,
 *   room_notification: Notice & {roomId: string, user: Person, room: Room},
 *   notification: Notice,
 *   system_notification: Notice,
 *   error: {code: string, message: string},
 *   "*": any,
 * }} Events
 *
 * @typedef {{topic: string, roomId?: string, seq: number|null, waiting: {resolve: Function, reject: Function}[]}} Line
 */

const subprotocol = "son1k.v1";
// All in ms.
const welcomeTime = 15_000; // from an attempt to being authenticated
const requestTime = 15_000; // for an answer; the server takes 10 s at most
const answerTime = 10_000; // for the answer to a ping
const typingTime = 5000; // from the last key to the end of typing
const typingPause = 2000; // between two frames that say so
const firstDelay = 500; // doubled with each failure
const longestDelay = 20_000;
const restartDelay = 2000; // a server that restarts is not stormed
const floodDelay = 10_000;
const steadyTime = 10_000; // online: a later loss is a new one

/** Errors after which the same request may succeed. */
const passing = new Set(["TIMEOUT", "UNAVAILABLE", "INTERNAL_ERROR", "RATE_LIMITED"]);

/** What the server, or the way to it, answered to a request. */
export class Son1kError extends Error {
  /** @param {{code: string, message: string}} data code: the server's, OFFLINE, CONNECTION_LOST, TIMEOUT, LEFT or CLOSED */
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

export class Son1k {
  /** @type {State} */
  state = "offline";
  /** @type {string|null} */
  userId = null;

  /** @type {Options & {url: string, heartbeat: number}} */
  #options;
  /** @type {Map<string, Set<Function>>} */
  #listeners = new Map();
  /** @type {Map<string, Line>} */
  #lines = new Map();
  /** @type {Line|null} */
  #own = null; // the line of the user's own topic
  /** @type {Map<number, (reply: Frame) => void>} */
  #calls = new Map();
  /** @type {Map<string, {sent: number, timer: number}>} */
  #typing = new Map();
  /** @type {WebSocket|null} */
  #socket = null;
  #running = false;
  #attempt = 0; // tells a late answer of an earlier one
  #trying = false;
  #failures = 0;
  #refusals = 0;
  #ids = 0;
  #since = 0; // when it came online
  #notBefore = 0;
  #retry = 0;
  #silence = 0;

  /** @param {Options} options */
  constructor(options) {
    this.#options = { url: location.origin.replace(/^http/, "ws") + "/ws", heartbeat: 30_000, ...options };
  }

  /**
   * Calls fn for each event of a type; returns how to stop that.
   * @template {keyof Events} K
   * @param {K} type
   * @param {(data: Events[K], frame: Frame) => void} fn
   */
  on(type, fn) {
    const fns = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, fns.add(fn));
    return () => fns.delete(fn);
  }

  /** Connects, and stays connected until close. */
  connect() {
    if (this.#running) return;
    this.#running = true;
    addEventListener("online", this.#wake);
    addEventListener("offline", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
    this.#set("connecting");
    this.#open();
  }

  /** Ends the connection and forgets what was followed. */
  close() {
    this.#running = false;
    removeEventListener("online", this.#wake);
    removeEventListener("offline", this.#wake);
    document.removeEventListener("visibilitychange", this.#wake);
    this.#drop();
    for (const line of [...this.#lines.values()]) this.#forget(line, { code: "CLOSED", message: "The client was closed." });
    this.#own = null;
    this.#failures = this.#refusals = 0;
    this.#set("offline");
  }

  /**
   * Sends a request; the answer is the data of its reply.
   * @param {string} type
   * @param {any} [data]
   * @param {{topic?: string, after?: number|null}} [more]
   * @returns {Promise<any>}
   */
  request(type, data, more) {
    return new Promise((resolve, reject) => {
      if (this.state !== "online") return reject(new Son1kError({ code: "OFFLINE", message: "There is no connection." }));
      this.#call({ type, data, ...more }, (reply) => (reply.type === "error" ? reject(new Son1kError(reply.data)) : resolve(reply.data)));
    });
  }

  /**
   * Follows a topic from now on, over all connections.
   * @param {string} topic
   * @returns {Promise<{topic: string, seq: number, recovered: boolean}>} once it is live, which may be after a reconnection
   */
  subscribe(topic) {
    return this.#follow(topic);
  }

  /** @param {string} topic */
  async unsubscribe(topic) {
    this.#leave(topic);
    if (this.state === "online") await this.request("unsubscribe", undefined, { topic });
  }

  /**
   * Takes a seat in a room that the user is a member of, and follows it.
   * @param {string} roomId
   * @returns {Promise<Joined>}
   */
  joinRoom(roomId) {
    return this.#follow("room:" + roomId, roomId);
  }

  /** Gives the seat up; the user stays a member. @param {string} roomId */
  async leaveRoom(roomId) {
    this.typing(roomId, false);
    this.#leave("room:" + roomId);
    if (this.state === "online") await this.request("leave_room", { roomId });
  }

  /**
   * Says something to everybody in a room; the message comes as an event too.
   * @param {string} roomId
   * @param {string} message
   * @param {string} [type]
   * @returns {Promise<Message>} as it is kept
   */
  say(roomId, message, type) {
    this.typing(roomId, false);
    return this.request("collaboration_message", { roomId, message, type });
  }

  /**
   * Call it for every key: it tells the others now and then, and ends by itself.
   * @param {string} roomId
   */
  typing(roomId, on = true) {
    const was = this.#typing.get(roomId);
    clearTimeout(was?.timer);
    this.#typing.delete(roomId);
    if (this.state !== "online" || (!on && !was)) return;
    if (!on) return this.#send({ type: "typing_stop", data: { roomId } });
    const now = Date.now();
    const sent = was && now - was.sent < typingPause ? was.sent : now;
    if (sent === now) this.#send({ type: "typing_start", data: { roomId } });
    this.#typing.set(roomId, { sent, timer: setTimeout(() => this.typing(roomId, false), typingTime) });
  }

  /** Asks where an own generation stands; that comes as an event. @param {string} id */
  async followGeneration(id) {
    await this.request("subscribe:generation", id);
  }

  // --- what is followed ---

  /**
   * @param {string} topic
   * @param {string} [roomId]
   * @returns {Promise<any>}
   */
  #follow(topic, roomId) {
    const line = this.#lines.get(topic) ?? { topic, seq: null, waiting: [] };
    this.#lines.set(topic, line);
    if (roomId) line.roomId = roomId;
    return new Promise((resolve, reject) => {
      line.waiting.push({ resolve, reject });
      if (this.state === "online") this.#ask(line, 0);
    });
  }

  /** @param {Line} line @param {number} failures */
  #ask(line, failures) {
    const { topic, roomId, seq: after } = line;
    const socket = this.#socket;
    const current = () => this.#socket === socket && this.#lines.get(topic) === line;
    const frame = roomId ? { type: "join_room", data: { roomId, after } } : { type: "subscribe", topic, after };
    this.#call(frame, ({ type, data }) => {
      if (!current()) return;
      if (type !== "error") this.#live(line, data);
      else if (!passing.has(data.code)) this.#forget(line, data);
      else setTimeout(() => current() && this.#ask(line, failures + 1), backoff(failures + 1));
    });
  }

  /** @param {Line} line @param {any} answer */
  #live(line, answer) {
    const recovered = line.seq !== null && answer.recovered;
    line.seq = recovered ? Math.max(Number(line.seq), answer.seq) : answer.seq;
    const told = { ...answer, recovered };
    for (const { resolve } of line.waiting.splice(0)) resolve(told);
    if (line.roomId) this.#emit("room_joined", told);
    this.#emit("synced", { topic: line.topic, recovered });
  }

  /** @param {string} topic */
  #leave(topic) {
    const line = this.#lines.get(topic);
    if (line) this.#forget({ ...line, roomId: undefined }, { code: "LEFT", message: "It was left." });
  }

  /** @param {Line} line @param {{code: string, message: string}} why */
  #forget({ topic, roomId, waiting }, why) {
    this.#lines.delete(topic);
    for (const { reject } of waiting.splice(0)) reject(new Son1kError(why));
    if (roomId && why.code !== "CLOSED") this.#emit("room_lost", { roomId, ...why });
  }

  // --- frames ---

  /** @param {object} frame */
  #send(frame) {
    this.#socket?.send(JSON.stringify(frame));
  }

  /** @param {object} frame @param {(reply: Frame) => void} done is called before the next frame is read */
  #call(frame, done) {
    const id = ++this.#ids;
    const timer = setTimeout(() => finish(failure("TIMEOUT", "The server did not answer.")), requestTime);
    /** @param {Frame} reply */
    const finish = (reply) => {
      clearTimeout(timer);
      this.#calls.delete(id);
      done(reply);
    };
    this.#calls.set(id, finish);
    this.#send({ ...frame, id });
  }

  /** @param {Frame} frame */
  #receive(frame) {
    const { type, id, topic, seq, data } = frame;
    if (this.state === "online") this.#expect();
    const call = id !== undefined && this.#calls.get(id);
    if (call) return call(frame);
    if (type === "authenticated" && this.state !== "online") return this.#welcome(data);
    if (type === "token:expiring") return void this.#renew();
    if (["authenticated", "pong", "ack"].includes(type)) return;
    const line = topic ? this.#lines.get(topic) : null;
    if (topic && !line) return; // was on its way when the line was given up
    if (type === "gap") return this.#emit("synced", { topic, recovered: false });
    if (seq && line) {
      if (line.seq !== null && seq <= line.seq) return; // seen already
      line.seq = seq;
    }
    this.#emit(type, data, frame);
    this.#emit("*", data, frame);
    if (type === "room_notification" && line && this.#expels(data)) this.#forget(line, { code: "ROOM_NOT_FOUND", message: data.message });
  }

  /** @param {Events["room_notification"]} notification */
  #expels({ type, user }) {
    return type === "room_deleted" || (["member_left", "member_removed"].includes(type) && user.id === this.userId);
  }

  /** @param {string} type @param {any} data @param {Frame} [frame] */
  #emit(type, data, frame) {
    for (const fn of [...(this.#listeners.get(type) ?? [])]) {
      try {
        fn(data, frame ?? { type, data });
      } catch (err) {
        reportError(err); // one listener's fault is not the others'
      }
    }
  }

  /** @param {State} state @param {number} [retryAt] */
  #set(state, retryAt) {
    this.state = state;
    this.#emit("state", { state, retryAt });
  }

  // --- the connection ---

  async #open() {
    const { getTicket, getToken, url } = this.#options;
    const attempt = ++this.#attempt;
    const after = this.#own?.seq ?? undefined;
    this.#trying = true;
    this.#await(welcomeTime, () => this.#lost());
    try {
      const secret = await (getTicket ?? getToken)?.();
      if (attempt !== this.#attempt) return;
      const query = new URLSearchParams(getTicket && { ticket: secret ?? "", ...(after !== undefined && { after: String(after) }) });
      const socket = new WebSocket(url + "?" + query, subprotocol);
      this.#socket = socket;
      /** @param {(e: any) => void} fn */
      const current = (fn) => (/** @type {any} */ e) => this.#socket === socket && fn(e);
      socket.onmessage = current((e) => this.#receive(JSON.parse(e.data)));
      socket.onclose = current((e) => this.#lost(e.code));
      if (getTicket) return;
      socket.onopen = current(() => {
        this.#call({ type: "authenticate", data: { token: secret, after } }, ({ type, data }) => type === "authenticated" && this.#welcome(data));
      });
    } catch (/** @type {any} */ err) {
      if (attempt !== this.#attempt) return;
      if (err.status === 401) this.#end(err.message);
      else this.#lost();
    }
  }

  /** @param {{topic: string, userId: string, seq: number, recovered: boolean}} answer */
  #welcome(answer) {
    if (this.#own?.topic !== answer.topic) this.#lines.delete(this.#own?.topic ?? ""); // somebody else's ticket
    const line = this.#lines.get(answer.topic) ?? { topic: answer.topic, seq: null, waiting: [] };
    this.#lines.set(answer.topic, line);
    this.#own = line;
    this.userId = answer.userId;
    this.#since = Date.now();
    this.#refusals = 0;
    this.#trying = false;
    this.#expect();
    this.#set("online");
    this.#live(line, answer);
    for (const other of [...this.#lines.values()]) if (other !== line) this.#ask(other, 0);
  }

  // Without getToken the server closes with 4401 when the token expires, and we
  // come back with a new ticket.
  async #renew() {
    const socket = this.#socket;
    try {
      const token = await this.#options.getToken?.();
      if (token && this.#socket === socket) await this.request("authenticate", { token });
    } catch (/** @type {any} */ err) {
      if (err.status === 401 && this.#socket === socket) this.#end(err.message);
    }
  }

  // A browser does not show the server's pings, and a connection can die
  // without a word; so ask when it has been quiet.
  #expect() {
    this.#await(this.#options.heartbeat, () => this.#probe());
  }

  #probe() {
    this.#send({ type: "ping" });
    this.#await(answerTime, () => this.#lost());
  }

  /** @param {number} ms @param {() => void} then */
  #await(ms, then) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(then, ms);
  }

  // The network has changed, by what the browser thinks, or the person is back.
  #wake = () => {
    if (document.hidden || Date.now() < this.#notBefore) return;
    if (this.state === "online") this.#probe();
    else if (!this.#trying) {
      clearTimeout(this.#retry);
      this.#open();
    }
  };

  /** @param {number} [code] */
  #lost(code) {
    if (this.state === "online" && Date.now() - this.#since > steadyTime) this.#failures = 0;
    this.#drop();
    if (code === 4401 && ++this.#refusals > 1) return this.#end("The server refuses the ticket or token.");
    const delay = code === 1012 && !this.#failures ? Math.random() * restartDelay : backoff(this.#failures) + (code === 4429 ? floodDelay : 0);
    const at = Date.now() + delay;
    this.#notBefore = code === 4429 ? at : 0;
    this.#failures++;
    this.#retry = setTimeout(() => this.#open(), delay);
    this.#set("offline", at);
  }

  #drop() {
    this.state = "offline";
    this.#trying = false;
    this.#attempt++;
    clearTimeout(this.#silence);
    clearTimeout(this.#retry);
    for (const { timer } of this.#typing.values()) clearTimeout(timer);
    this.#typing.clear();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    for (const done of [...this.#calls.values()]) done(failure("CONNECTION_LOST", "The connection was lost."));
  }

  /** @param {string} message */
  #end(message) {
    this.close();
    this.#emit("end", { code: "SIGNED_OUT", message });
  }
}

/** @param {string} code @param {string} message @returns {Frame} */
const failure = (code, message) => ({ type: "error", data: { code, message } });

/** Random, so that clients do not come back in step. @param {number} failures */
const backoff = (failures) => Math.random() * Math.min(firstDelay * 2 ** failures, longestDelay);
