// A client of the son1k.v1 WebSocket protocol: one file without dependencies.
//
//   const live = new Son1kLive({ ticket, token, onEvent, onOnline, onOffline, onSignedOut });
//   live.start();
//
// It stays connected: it reconnects with exponential backoff and jitter, and
// asks for the events after the last one that it saw, so that none is lost and
// none comes twice. Where that is impossible it says so, and the state has to
// be loaded again.

/**
 * @typedef {object} Frame a message from the server
 * @property {string} type
 * @property {any} data
 * @property {string} [topic]
 * @property {number} [seq] number of a durable event in its topic; ephemeral ones have none
 * @property {string} [ts]
 *
 * @typedef {object} Options
 * @property {() => Promise<string>} ticket gets a one-time ticket; an error with status 401 ends the client
 * @property {() => Promise<string>} token gets a fresh access token, of the same user
 * @property {(frame: Frame) => void} onEvent
 * @property {(recovered: boolean) => void} onOnline all that was missed has been replayed; if not recovered, load the state
 * @property {(retryAt: number) => void} onOffline
 * @property {() => void} onSignedOut
 * @property {string} [url] default: /ws of the page's own server
 */

const subprotocol = "son1k.v1";
const welcomeTime = 10_000; // ms from opening to being authenticated
const silence = 25_000; // ms without a frame after which the server is asked whether it is there
const patience = 10_000; // ms that it has for an answer
const firstDelay = 400; // ms, doubled with each failure
const longestDelay = 20_000; // ms

/** Close codes that mean: come back at once, nothing is wrong. */
const harmless = new Set([1012, 4008, 4401]);

export class Son1kLive {
  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.seq = null; // of the last durable event seen
    this.failures = 0;
    this.running = false;
    this.socket = null;
    this.welcomed = false;
    this.wake = this.wake.bind(this);
  }

  start() {
    this.running = true;
    addEventListener("online", this.wake);
    document.addEventListener("visibilitychange", this.wake);
    this.connect();
  }

  stop() {
    this.running = false;
    removeEventListener("online", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    clearTimeout(this.timer);
    this.drop();
  }

  /** Asks for the current state of a generation; it comes as an event. */
  follow(id) {
    return this.send("subscribe:generation", id);
  }

  /** @returns {boolean} whether there was a connection to send it on */
  send(type, data) {
    if (!this.welcomed) return false;
    this.socket.send(JSON.stringify({ type, data }));
    return true;
  }

  /** Does not wait any longer when the network or the person is back. */
  wake() {
    if (this.running && !this.socket && !this.connecting && !document.hidden) {
      clearTimeout(this.timer);
      this.connect();
    }
  }

  async connect() {
    this.connecting = true;
    try {
      const query = new URLSearchParams({ ticket: await this.options.ticket() });
      if (this.seq !== null) query.set("after", this.seq);
      if (this.running) this.open(query);
    } catch (err) {
      if (err.status === 401) this.signOut();
      else this.lost();
    } finally {
      this.connecting = false;
    }
  }

  open(query) {
    const url = this.options.url ?? location.origin.replace(/^http/, "ws") + "/ws";
    const socket = new WebSocket(url + "?" + query, subprotocol);
    this.socket = socket;
    this.listenFor(welcomeTime, () => this.abandon(socket));
    socket.onmessage = (e) => this.socket === socket && this.receive(JSON.parse(e.data));
    socket.onclose = (e) => this.socket === socket && this.lost(e.code);
  }

  /** @param {Frame} frame */
  receive(frame) {
    if (this.welcomed) this.expectSilence();
    switch (frame.type) {
      case "authenticated":
        // Later ones answer a renewed token and say nothing about events.
        if (!this.welcomed) this.welcome(frame.data);
        return;
      case "token:expiring":
        this.renew();
        return;
      case "gap":
        this.options.onOnline(false);
        return;
      case "ack":
      case "pong":
        return;
    }
    if (frame.seq) {
      if (this.seq !== null && frame.seq <= this.seq) return; // seen already
      this.seq = frame.seq;
    }
    this.options.onEvent(frame);
  }

  welcome({ seq, recovered }) {
    const resumed = this.seq !== null && recovered;
    this.seq = resumed ? Math.max(this.seq, seq) : seq;
    this.failures = 0;
    this.welcomed = true;
    this.expectSilence();
    this.options.onOnline(resumed);
  }

  async renew() {
    try {
      this.send("authenticate", { token: await this.options.token() });
    } catch (err) {
      if (err.status === 401) this.signOut();
      // Otherwise the server closes with 4401 in time, and we come back.
    }
  }

  // A browser does not show the pings of the server, and a connection can die
  // without a word; so ask when it has been quiet.
  expectSilence() {
    this.listenFor(silence, () => {
      const { socket } = this;
      this.send("ping");
      this.listenFor(patience, () => this.abandon(socket));
    });
  }

  listenFor(ms, then) {
    clearTimeout(this.silent);
    this.silent = setTimeout(then, ms);
  }

  abandon(socket) {
    if (this.socket === socket) this.lost();
  }

  /** @param {number} [code] */
  lost(code) {
    this.drop();
    if (!this.running) return;
    const most = Math.min(firstDelay * 2 ** this.failures, longestDelay);
    const delay = harmless.has(code) && this.failures === 0 ? Math.random() * firstDelay : most / 2 + (Math.random() * most) / 2;
    this.failures++;
    this.timer = setTimeout(() => this.connect(), delay);
    this.options.onOffline(Date.now() + delay);
  }

  drop() {
    clearTimeout(this.silent);
    const { socket } = this;
    this.socket = null;
    this.welcomed = false;
    socket?.close();
  }

  signOut() {
    this.stop();
    this.options.onSignedOut();
  }
}
