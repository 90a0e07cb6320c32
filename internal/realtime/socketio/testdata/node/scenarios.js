// The tests of internal/realtime/socketio run this with the names of scenarios,
// the address of their server and the transports to use. It exits with 0 if the
// client sees what it should.
import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [names, url, transports] = process.argv.slice(2);
const options = transports === "default" ? {} : { transports: transports.split(",") };

const once = (emitter, event) => new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));

function open(path = "/", extra = {}) {
  return io(url + path, { ...options, forceNew: true, ...extra });
}

async function opened(path, extra) {
  const socket = open(path, extra);
  await once(socket, "connect");
  return socket;
}

// settled waits until the transport is the one that the options lead to.
async function settled(socket) {
  const engine = socket.io.engine;
  if (transports === "default" && engine.transport.name === "polling") {
    await once(engine, "upgrade");
  }
  assert.equal(engine.transport.name, transports === "polling" ? "polling" : "websocket");
}

// line waits for the test.
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
async function tell(text) {
  console.log(text);
  await lines.next();
}

const scenarios = {
  async events() {
    const socket = open("/", { auth: { token: "ana" } });
    const greeting = once(socket, "auth");
    await once(socket, "connect");
    assert.match(socket.id, /^[\w-]{20}$/);
    assert.notEqual(socket.id, socket.io.engine.id);
    assert.deepEqual(await greeting, [{ token: "ana" }]);
    await settled(socket);
    const back = once(socket, "message-back");
    socket.emit("message", 1, "zwölf ☃ 😀", { a: [true, null, 1.5] });
    assert.deepEqual(await back, [1, "zwölf ☃ 😀", { a: [true, null, 1.5] }]);
    // A volatile event is dropped while the transport is busy.
    const timer = setInterval(() => socket.volatile.emit("message", "volatile"), 20);
    assert.deepEqual(await once(socket, "message-back"), ["volatile"]);
    clearInterval(timer);
  },

  // Nothing is lost or changes places while the transport changes.
  async order() {
    const socket = open();
    const seen = [];
    const all = new Promise((resolve) => {
      socket.on("message-back", (n) => {
        seen.push(n);
        if (seen.length === 500) resolve();
      });
    });
    await once(socket, "connect");
    for (let n = 0; n < 500; n++) {
      socket.emit("message", n);
      if (n % 25 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await all;
    assert.deepEqual(seen, Array.from({ length: 500 }, (_, n) => n));
    await settled(socket);
  },

  async acks() {
    const socket = await opened();
    assert.deepEqual(await socket.timeout(5000).emitWithAck("echo", "x"), "x");
    await assert.rejects(socket.timeout(50).emitWithAck("silent"), /timed out/);
    socket.on("question", (a, b, answer) => answer(a + b, Buffer.from([7])));
    const [sum, bytes] = await socket.timeout(5000).emitWithAck("ask", "question", 2, 3);
    assert.equal(sum, 5);
    assert.deepEqual(Buffer.from(bytes), Buffer.from([7]));
    assert.equal(await socket.timeout(5000).emitWithAck("ask", "unanswered"), "no answer");
  },

  async binary() {
    const socket = await opened();
    const sent = { deep: [{ data: Buffer.from([1, 2, 3]) }], empty: Buffer.alloc(0), text: '{"_placeholder":true}' };
    for (let i = 0; i < 2; i++) {
      const got = await socket.timeout(5000).emitWithAck("echo", sent);
      assert.deepEqual(Buffer.from(got.deep[0].data), sent.deep[0].data);
      assert.equal(Buffer.from(got.empty).length, 0);
      assert.equal(got.text, sent.text);
      await settled(socket);
    }
    const [sizes] = await Promise.all([once(socket, "sizes"), socket.emit("sizes", Buffer.alloc(3), Buffer.alloc(40000))]);
    assert.deepEqual(sizes, [3, 40000]);
  },

  async refused() {
    const socket = open("/", { auth: { token: "wrong" } });
    const [error] = await once(socket, "connect_error");
    assert.equal(error.message, "not authorized");
    assert.deepEqual(error.data, { code: "TOKEN" });
    socket.auth = { token: "right" };
    socket.connect();
    await once(socket, "connect");
    const [unknown] = await once(open("/nowhere"), "connect_error");
    assert.equal(unknown.message, "Invalid namespace");
  },

  async namespaces() {
    const main = open();
    const custom = main.io.socket("/custom", { auth: { token: "c" } });
    custom.connect();
    const greeting = once(custom, "auth");
    await Promise.all([once(main, "connect"), once(custom, "connect")]);
    assert.equal(main.io, custom.io);
    assert.notEqual(main.id, custom.id);
    assert.deepEqual(await greeting, [{ token: "c" }]);
    custom.disconnect();
    assert.equal(await main.timeout(5000).emitWithAck("echo", "still here"), "still here");
    custom.connect();
    await once(custom, "connect");
  },

  async rooms() {
    const [a, b, c] = await Promise.all([opened(), opened(), opened()]);
    for (const socket of [a, b]) await socket.timeout(5000).emitWithAck("join", "r");
    c.on("said", () => assert.fail("c is not in the room"));
    a.on("said", () => assert.fail("a is left out"));
    const said = once(b, "said");
    a.emit("say", "r", "hello");
    assert.deepEqual(await said, ["hello"]);
    for (const socket of [a, c]) await socket.timeout(5000).emitWithAck("echo", 1); // would come after it
  },

  async large() {
    const socket = await opened();
    const text = "x".repeat(transports === "websocket" ? 990_000 : 900_000);
    assert.equal(await socket.timeout(20000).emitWithAck("echo", text), text);
    const gone = once(socket, "disconnect");
    socket.emit("echo", "x".repeat(1_100_000));
    assert.match((await gone)[0], /transport (close|error)/);
    await once(socket, "connect");
  },

  async reasons() {
    const socket = await opened();
    let gone = once(socket, "disconnect");
    socket.emit("throw me out");
    assert.equal((await gone)[0], "io server disconnect");
    assert.equal(socket.active, false);
    socket.connect();
    await once(socket, "connect");
    gone = once(socket, "disconnect");
    socket.emit("close my connection");
    assert.equal((await gone)[0], "io server disconnect");
    socket.connect();
    await once(socket, "connect");
    gone = once(socket, "disconnect");
    socket.emit("panic");
    assert.equal((await gone)[0], "io server disconnect");
    socket.connect();
    await once(socket, "connect");
    gone = once(socket, "disconnect");
    socket.disconnect();
    assert.equal((await gone)[0], "io client disconnect");
  },

  async heartbeat() {
    const socket = await opened();
    await settled(socket);
    let pings = 0;
    const three = new Promise((resolve) => socket.io.on("ping", () => ++pings === 3 && resolve()));
    socket.on("disconnect", (reason) => assert.fail(reason));
    await three;
    assert.equal(await socket.timeout(5000).emitWithAck("echo", "alive"), "alive");
    socket.off("disconnect");
  },

  async restart() {
    const socket = await opened("/", { reconnectionDelay: 20, reconnectionDelayMax: 100 });
    await settled(socket);
    const before = socket.id;
    const gone = once(socket, "disconnect");
    const again = gone.then(() => once(socket, "connect"));
    await tell("restart");
    assert.match((await gone)[0], /transport (close|error)/);
    await again;
    assert.notEqual(socket.id, before);
    assert.equal(await socket.timeout(5000).emitWithAck("echo", "back"), "back");
  },

  async crowd() {
    const sockets = await Promise.all(Array.from({ length: 100 }, () => opened()));
    await Promise.all(sockets.map((s) => s.timeout(20000).emitWithAck("join", "crowd")));
    const heard = sockets.slice(1).map((s) => once(s, "said"));
    sockets[0].emit("say", "crowd", "hello");
    for (const args of await Promise.all(heard)) assert.deepEqual(args, ["hello"]);
    for (const s of sockets) s.disconnect();
  },
};

for (const name of names.split(",")) {
  process.stderr.write(`scenario ${name}\n`);
  await scenarios[name]();
}
process.exit(0);
