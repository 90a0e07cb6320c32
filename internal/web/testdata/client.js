// Drives son1k.js with a socket of our own; the value is what is wrong, if
// anything. It runs in a page of the studio.
(async () => {
  const { Son1kLive } = await import("/static/js/son1k.js");
  const wrong = [];
  const check = (what, is, want) => JSON.stringify(is) === JSON.stringify(want) || wrong.push(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(want)}`);

  const sockets = [];
  const real = globalThis.WebSocket;
  const opened = [];
  globalThis.WebSocket = class {
    constructor(url, protocol) {
      Object.assign(this, { url: new URL(url), protocol, sent: [] });
      sockets.push(this);
      opened.shift()?.(this);
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
    close() {}
    say(frame) {
      this.onmessage({ data: JSON.stringify(frame) });
    }
  };
  const next = () => new Promise((done) => opened.push(done));

  let refuse = false;
  const log = { events: [], online: [], offline: 0, signedOut: 0 };
  const live = new Son1kLive({
    ticket: async () => {
      if (refuse) throw Object.assign(new Error("no"), { status: 401 });
      return "t" + sockets.length;
    },
    token: async () => "fresh",
    onEvent: (f) => log.events.push(f.seq ?? f.type),
    onOnline: (recovered) => log.online.push(recovered),
    onOffline: () => log.offline++,
    onSignedOut: () => log.signedOut++,
  });
  const user = { topic: "user:1" };

  let opening = next();
  live.start();
  let s = await opening;
  check("the subprotocol", s.protocol, "son1k.v1");
  check("the first query", s.url.search, "?ticket=t0");
  check("sending before the welcome", live.follow("a"), false);
  s.say({ type: "authenticated", data: { seq: 7, recovered: true } });
  check("the first time, all has to be loaded", log.online, [false]);
  s.say({ ...user, type: "generation:progress", data: {} });
  for (const seq of [8, 9, 9, 8, 10]) s.say({ ...user, type: "x", seq, data: {} });
  check("no event comes twice", log.events, ["generation:progress", 8, 9, 10]);
  check("following", live.follow("a") && s.sent.at(-1), { type: "subscribe:generation", data: "a" });

  s.say({ type: "token:expiring", data: {} });
  await Promise.resolve();
  await Promise.resolve();
  check("a fresh token", s.sent.at(-1), { type: "authenticate", data: { token: "fresh" } });
  s.say({ type: "authenticated", data: { seq: 0, recovered: false } });
  check("its answer is no welcome", log.online, [false]);

  opening = next();
  s.onclose({ code: 1012 });
  check("the loss is told", log.offline, 1);
  s = await opening;
  check("it resumes after the last event", s.url.searchParams.get("after"), "10");
  s.say({ ...user, type: "x", seq: 11, data: {} });
  s.say({ type: "authenticated", data: { seq: 11, recovered: true } });
  check("recovered", log.online, [false, true]);

  opening = next();
  s.onclose({ code: 4008 });
  s = await opening;
  check("it resumes when it was slow", s.url.searchParams.get("after"), "11");
  s.say({ type: "authenticated", data: { seq: 3, recovered: false } });
  check("not recovered", log.online, [false, true, false]);
  s.say({ ...user, type: "x", seq: 4, data: {} });
  check("it counts on from there", log.events.at(-1), 4);
  s.say({ ...user, type: "gap", data: { recovered: false } });
  check("a gap", log.online, [false, true, false, false]);

  const before = log.events.length;
  const stale = s;
  opening = next();
  s.onclose({ code: 1006 });
  s = await opening;
  stale.say({ ...user, type: "x", seq: 5, data: {} });
  check("an old socket says nothing", log.events.length, before);
  s.say({ type: "authenticated", data: { seq: 4, recovered: true } });
  refuse = true;
  s.onclose({ code: 4401 });
  const end = Date.now() + 5000;
  while (!log.signedOut && Date.now() < end) await new Promise((done) => setTimeout(done, 5));
  check("without a session it ends", [log.signedOut, live.running], [1, false]);

  globalThis.WebSocket = real;
  return wrong;
})()
