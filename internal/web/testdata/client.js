// Drives son1k.js with a socket of our own; the value is what is wrong, if
// anything. It runs in a page of the studio.
(async () => {
  const { Son1k } = await import("/son1k.js");
  const wrong = [];
  const check = (what, is, want) => JSON.stringify(is) === JSON.stringify(want) || wrong.push(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(want)}`);
  const moment = () => new Promise((done) => real.setTimeout(done));

  // Time stands still but for what a test lets pass, and chance is what it says.
  const real = { WebSocket, setTimeout: setTimeout.bind(globalThis), clearTimeout: clearTimeout.bind(globalThis), now: Date.now, random: Math.random };
  let now = 1_000_000;
  let chance = 0;
  let timers = new Map();
  let last = 0;
  Date.now = () => now;
  Math.random = () => chance;
  globalThis.setTimeout = (fn, ms = 0) => (timers.set(++last, { fn, at: now + ms }), last);
  globalThis.clearTimeout = (id) => timers.delete(id);
  const pass = async (ms) => {
    const until = now + ms;
    for (;;) {
      const due = [...timers].filter(([, t]) => t.at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      timers.delete(due[0]);
      now = Math.max(now, due[1].at);
      due[1].fn();
      await moment();
    }
    now = until;
    await moment();
  };

  const sockets = [];
  globalThis.WebSocket = class {
    constructor(url, protocol) {
      Object.assign(this, { url: new URL(url), protocol, sent: [] });
      sockets.push(this);
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
    close() {}
    say(...frames) {
      for (const frame of frames) this.onmessage({ data: JSON.stringify(frame) });
    }
    answer(type, data) {
      const { id } = this.sent.findLast((f) => f.id);
      this.say({ type, id, data });
    }
    welcome(data) {
      this.say({ type: "authenticated", data: { success: true, userId: "1", topic: "user:1", ...data } });
    }
  };
  const socket = () => sockets.at(-1);
  const lastSent = () => {
    const { id, ...frame } = socket().sent.at(-1);
    return frame;
  };
  const outcome = (promise) => promise.then((v) => v, (err) => err.code);
  const scenes = [];
  const scene = (name, run) => scenes.push([name, run]);

  let before = null;
  const begin = async (options) => {
    before?.close();
    timers = new Map();
    chance = 0;
    sockets.length = 0;
    const log = { events: [], synced: [], states: [], ends: [], lost: [] };
    let tickets = 0;
    const son1k = new Son1k({ getTicket: async () => "t" + tickets++, getToken: async () => "fresh", ...options });
    son1k.on("*", (_, f) => log.events.push(f.seq ?? f.type));
    son1k.on("synced", ({ topic, recovered }) => log.synced.push([topic, recovered]));
    son1k.on("state", ({ state, retryAt }) => log.states.push(retryAt === undefined ? state : [state, retryAt - now]));
    son1k.on("end", (e) => log.ends.push(e.code));
    son1k.on("room_lost", (e) => log.lost.push([e.roomId, e.code]));
    before = son1k;
    son1k.connect();
    await moment();
    return [son1k, log];
  };
  const online = async (options) => {
    const begun = await begin(options);
    socket().welcome({ seq: 7, recovered: true });
    return begun;
  };
  const user = { topic: "user:1" };
  const room = { topic: "room:a" };
  const joined = (seq, recovered) => ({ roomId: "a", topic: "room:a", seq, recovered, members: [], users: [] });

  scene("events come once and in order", async () => {
    const [son1k, log] = await begin();
    check("the subprotocol", socket().protocol, "son1k.v1");
    check("the query", socket().url.search, "?ticket=t0");
    check("a request before the welcome", await outcome(son1k.followGeneration("g")), "OFFLINE");
    socket().welcome({ seq: 7, recovered: true });
    check("the first time, all has to be loaded", log.synced, [["user:1", false]]);
    socket().say({ ...user, type: "generation:progress", data: {} });
    for (const seq of [8, 9, 9, 8, 10]) socket().say({ ...user, type: "x", seq, data: {} });
    socket().say({ ...room, type: "x", seq: 1, data: {} });
    check("no event comes twice, nor one that nobody follows", log.events, ["generation:progress", 8, 9, 10]);
    chance = 1;
    socket().onclose({ code: 1006 });
    check("the loss is told", log.states, ["connecting", "online", ["offline", 500]]);
    await pass(500);
    check("it resumes after the last event", socket().url.search, "?ticket=t1&after=10");
    socket().say({ ...user, type: "x", seq: 11, data: {} });
    socket().welcome({ seq: 11, recovered: true });
    socket().onclose({ code: 4008 });
    await pass(1000);
    check("it resumes when it was slow", socket().url.searchParams.get("after"), "11");
    socket().welcome({ seq: 3, recovered: false });
    socket().say({ ...user, type: "x", seq: 4, data: {} }, { ...user, type: "gap", data: { recovered: false } });
    check("what was recovered and what was not", log.synced.map(([, r]) => r), [false, true, false, false]);
    check("it counts on", log.events.slice(-2), [11, 4]);
    const stale = socket();
    stale.onclose({ code: 1006 });
    await pass(20_000);
    stale.say({ ...user, type: "x", seq: 5, data: {} });
    check("an old socket says nothing", log.events.at(-1), 4);
  });

  scene("requests are answered, fail, or run out of time", async () => {
    const [son1k] = await online();
    const followed = outcome(son1k.followGeneration("g"));
    check("following", lastSent(), { type: "subscribe:generation", data: "g" });
    socket().answer("ack", {});
    check("it is done", await followed, undefined);
    const said = outcome(son1k.say("a", "hi"));
    check("saying", lastSent(), { type: "collaboration_message", data: { roomId: "a", message: "hi" } });
    socket().answer("ack", { id: "m" });
    check("the answer", await said, { id: "m" });
    const refused = outcome(son1k.say("a", ""));
    socket().answer("error", { code: "VALIDATION_ERROR", message: "Say something." });
    check("an error", await refused, "VALIDATION_ERROR");
    const late = outcome(son1k.request("x"));
    await pass(15_000);
    check("no answer", await late, "TIMEOUT");
    const cut = outcome(son1k.request("x"));
    socket().onclose({ code: 1006 });
    check("no connection any more", await cut, "CONNECTION_LOST");
  });

  scene("rooms and topics are followed over all connections", async () => {
    const [son1k, log] = await online();
    const first = outcome(son1k.joinRoom("a"));
    check("joining", lastSent(), { type: "join_room", data: { roomId: "a", after: null } });
    socket().answer("room_joined", joined(5, true));
    check("the answer says to load", (await first).recovered, false);
    const system = outcome(son1k.subscribe("system"));
    check("subscribing", lastSent(), { type: "subscribe", topic: "system", after: null });
    socket().answer("ack", { topic: "system", seq: 2, recovered: true });
    check("subscribed", (await system).seq, 2);
    socket().say({ ...room, type: "m", seq: 6, data: {} });
    socket().onclose({ code: 1006 });
    const other = outcome(son1k.joinRoom("b"));
    await pass(1000);
    socket().welcome({ seq: 7, recovered: true });
    check("all is asked for again", socket().sent.map((f) => [f.type, f.topic ?? f.data.roomId, f.after ?? f.data?.after ?? null]), [["join_room", "a", 6], ["subscribe", "system", 2], ["join_room", "b", null]]);
    const [a, s, b] = socket().sent.map((f) => f.id);
    socket().say({ ...room, type: "m", seq: 6, data: {} }, { ...room, type: "m", seq: 7, data: {} });
    socket().say({ type: "room_joined", id: a, data: joined(7, true) }, { type: "ack", id: s, data: { topic: "system", seq: 9, recovered: false } });
    socket().say({ type: "error", id: b, data: { code: "ROOM_NOT_FOUND", message: "no" } });
    check("once each", log.events, [6, 7]);
    check("what was recovered", log.synced.slice(-3), [["user:1", true], ["room:a", true], ["system", false]]);
    check("who may not", [await other, log.lost], ["ROOM_NOT_FOUND", [["b", "ROOM_NOT_FOUND"]]]);

    const again = outcome(son1k.joinRoom("a"));
    socket().say({ ...room, type: "m", seq: 8, data: {} });
    socket().answer("room_joined", joined(7, true));
    socket().say({ ...room, type: "m", seq: 8, data: {} });
    check("joining once more", [(await again).recovered, log.events], [true, [6, 7, 8]]);

    socket().say({ ...room, type: "room_notification", seq: 9, data: { type: "member_removed", user: { id: "2" } } });
    check("somebody else's going", log.lost.length, 1);
    socket().say({ ...room, type: "room_notification", seq: 10, data: { type: "member_removed", user: { id: "1" } } });
    check("our own", log.lost.at(-1), ["a", "ROOM_NOT_FOUND"]);

    outcome(son1k.joinRoom("c"));
    socket().answer("error", { code: "UNAVAILABLE", message: "later" });
    await pass(2000);
    check("what may pass is tried again", lastSent(), { type: "join_room", data: { roomId: "c", after: null } });
    const sent = socket().sent.length;
    const leaving = outcome(son1k.leaveRoom("c"));
    check("leaving", lastSent(), { type: "leave_room", data: { roomId: "c" } });
    socket().answer("room_left", {});
    await leaving;
    await pass(60_000);
    check("it is left for good", [socket().sent.slice(sent).filter((f) => f.type === "join_room"), log.lost.length], [[], 2]);
  });

  scene("typing ends by itself", async () => {
    const [son1k] = await online();
    const sent = () => socket().sent.filter((f) => f.type.startsWith("typing")).map((f) => f.type);
    for (let i = 0; i < 10; i++) {
      son1k.typing("a");
      await pass(500);
    }
    check("it is told now and then", sent(), ["typing_start", "typing_start", "typing_start"]);
    await pass(5000);
    check("it ends", sent().slice(3), ["typing_stop"]);
    son1k.typing("a");
    outcome(son1k.say("a", "hi"));
    check("it ends when it is said", socket().sent.slice(-3).map((f) => f.type), ["typing_start", "typing_stop", "collaboration_message"]);
    son1k.typing("a", false);
    check("it ends once", sent().length, 6);
  });

  scene("it comes back at the right time", async () => {
    const delays = async (codes, how) => {
      const [son1k, log] = await begin();
      chance = how;
      const out = [];
      for (const code of codes) {
        socket().onclose({ code });
        out.push(log.states.at(-1)[1]);
        await pass(out.at(-1));
      }
      son1k.close();
      return out;
    };
    check("it doubles", await delays([1006, 1006, 1006, 1006, 1006, 1006, 1006], 1), [500, 1000, 2000, 4000, 8000, 16000, 20000]);
    check("with full jitter", await delays([1006, 1006], 0), [0, 0]);
    check("a restart", await delays([1012, 1012], 1), [2000, 1000]);
    check("a flood", await delays([4429], 0), [10000]);

    const [, log] = await online();
    chance = 1;
    socket().onclose({ code: 1006 });
    await pass(500);
    socket().welcome({ seq: 7, recovered: true });
    socket().onclose({ code: 1006 });
    check("lost at once, it is the same trouble", log.states.at(-1)[1], 1000);
    await pass(1000);
    socket().welcome({ seq: 7, recovered: true });
    await pass(15_000);
    socket().onclose({ code: 1006 });
    check("lost after a while, it is another", log.states.at(-1)[1], 500);
    dispatchEvent(new Event("online"));
    await moment();
    check("the network is back: at once", sockets.length, 4);
    socket().onclose({ code: 4429 });
    dispatchEvent(new Event("online"));
    await moment();
    check("but not when it was too much", sockets.length, 4);
  });

  scene("credentials", async () => {
    const [son1k, log] = await online();
    socket().say({ type: "token:expiring", data: {} });
    await moment();
    check("a fresh token", lastSent(), { type: "authenticate", data: { token: "fresh" } });
    socket().answer("authenticated", { success: true });
    check("its answer is no welcome", log.synced.length, 1);
    chance = 1;
    socket().onclose({ code: 4401 });
    await pass(500);
    check("another ticket, once", [sockets.length, socket().url.searchParams.get("ticket")], [2, "t1"]);
    socket().welcome({ seq: 7, recovered: true });
    socket().onclose({ code: 4401 });
    await pass(1000);
    check("once each time", [sockets.length, log.ends], [3, []]);
    socket().onclose({ code: 4401 });
    await pass(60_000);
    check("then it gives up", [sockets.length, log.ends, son1k.state], [3, ["SIGNED_OUT"], "offline"]);

    const refused = () => Promise.reject(Object.assign(new Error("no"), { status: 401 }));
    const [, out] = await begin({ getTicket: refused });
    check("without a session it ends", [sockets.length, out.ends], [0, ["SIGNED_OUT"]]);
    const [, none] = await begin({ getTicket: () => Promise.reject(new Error("away")) });
    check("a server that is away is none", [none.ends, none.states.at(-1)], [[], ["offline", 0]]);
    const [, hung] = await begin({ getTicket: () => new Promise(() => {}) });
    await pass(15_000);
    check("one that hangs neither", hung.states.at(-1)[0], "offline");

    await begin({ getTicket: undefined });
    check("no token in the address", socket().url.search, "");
    socket().onopen({});
    check("it is the first frame", lastSent(), { type: "authenticate", data: { token: "fresh" } });
    socket().answer("authenticated", { userId: "1", topic: "user:1", seq: 7, recovered: true });
    socket().onclose({ code: 1006 });
    await pass(500);
    socket().onopen({});
    check("and resumes", lastSent(), { type: "authenticate", data: { token: "fresh", after: 7 } });

    const [, other] = await online();
    socket().onclose({ code: 1006 });
    await pass(500);
    socket().welcome({ topic: "user:2", userId: "2", seq: 9, recovered: true });
    check("somebody else's events are others", [other.synced, socket().sent], [[["user:1", false], ["user:2", false]], []]);
  });

  scene("a connection that is dead without a word", async () => {
    const [, log] = await online({ heartbeat: 20_000 });
    await pass(15_000);
    socket().say({ ...user, type: "x", data: {} });
    await pass(15_000);
    check("not asked while it talks", socket().sent, []);
    await pass(5000);
    check("asked when quiet", lastSent(), { type: "ping" });
    await pass(5000);
    socket().say({ type: "pong", data: {} });
    await pass(19_000);
    check("it lives", log.states.at(-1), "online");
    await pass(12_000);
    check("it does not answer", sockets.length, 2);
  });

  scene("listeners", async () => {
    const [son1k, log] = await online();
    const report = globalThis.reportError;
    const reported = [];
    globalThis.reportError = (err) => reported.push(err.message);
    const stop = son1k.on("x", () => {
      throw new Error("mine");
    });
    socket().say({ ...user, type: "x", seq: 8, data: {} });
    stop();
    socket().say({ ...user, type: "x", seq: 9, data: {} });
    globalThis.reportError = report;
    check("one's fault is not the others'", [reported, log.events], [["mine"], [8, 9]]);
    const waiting = outcome(son1k.joinRoom("a"));
    son1k.close();
    await pass(60_000);
    check("closed is closed", [await waiting, sockets.length, log.states.at(-1)], ["CLOSED", 1, "offline"]);
  });

  for (const [name, run] of scenes) {
    const known = wrong.length;
    try {
      await run();
    } catch (err) {
      wrong.push(String(err.stack));
    }
    for (let i = known; i < wrong.length; i++) wrong[i] = name + ": " + wrong[i];
  }
  globalThis.WebSocket = real.WebSocket;
  globalThis.setTimeout = real.setTimeout;
  globalThis.clearTimeout = real.clearTimeout;
  Date.now = real.now;
  Math.random = real.random;
  return wrong;
})()
