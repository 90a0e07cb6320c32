// A replica of a Socket.IO server, and the publisher of its events:
// `node realtime.js SYSTEM URL`. Package publisher says what each operation does.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Server } from 'socket.io'
import { installed } from './systems/version.js'

const now = () => Number(process.hrtime.bigint() / 1000n)
const since = began => (now() - began) / 1e6

const [name, url] = process.argv.slice(2)
const { open } = await import(`./realtime/${name}.js`)
const system = await open(url)
const text = 'x'.repeat(100) // with it an event is as long as a progress tick

// authenticate tells whose token it is (a JSON Web Token under HMAC-SHA256).
function authenticate (token) {
  const [head, claims, signature] = token.split('.')
  const expected = createHmac('sha256', process.env.JWT_SECRET).update(`${head}.${claims}`).digest()
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Error('signature')
  const { sub, exp } = JSON.parse(Buffer.from(claims, 'base64url'))
  if (exp * 1000 < Date.now()) throw new Error('expired')
  return sub
}

const http = createServer()
const io = new Server(http, {
  transports: ['websocket'],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
  adapter: system.adapter
})
io.engine.on('connection', raw => { raw.request = null }) // saves memory, as documented
io.use((socket, next) => {
  try {
    socket.data.user = authenticate(socket.handshake.auth.token)
    next()
  } catch {
    next(new Error('unauthorized'))
  }
})
io.on('connection', async socket => {
  socket.on('subscribe', async topic => {
    await socket.join(topic)
    socket.emit('subscribed', topic)
  })
  await socket.join(`user:${socket.data.user}`)
  socket.emit('authenticated', { success: true })
})

const publish = (topic, n) => io.to(topic).emit('bench', { n, text })

const operations = {
  describe: () => ({
    version: `${installed('socket.io')}, adapter ${system.version}`,
    config: `${system.config}; websocket only, no compression, ws ${installed('ws')} with bufferutil and utf-8-validate, request of a session discarded; the token is checked by a middleware; io.to(room).emit`
  }),

  setup: () => system.setup(),

  async listen () {
    await new Promise(resolve => http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve))
    return { port: http.address().port }
  },

  async ready ({ count }) {
    while (await io.of('/').adapter.serverCount() < count) await sleep(10)
  },

  async ephemeral ({ topics, count, rate }) {
    const sent = new Array(count)
    const began = now() + 1000
    for (let i = 0; i < count; i++) {
      // A timer of Node's is a millisecond at least, and late rather than early.
      while (began + Math.floor(i / rate * 1e6) > now()) await sleep(1)
      sent[i] = now()
      publish(topics[i % topics.length], i)
    }
    return { sent }
  },

  async write ({ topics, seconds, clients, events }) {
    let commits = 0
    const began = now()
    await Promise.all(Array.from({ length: clients }, async () => {
      while (since(began) < seconds) {
        const n = ++commits
        await system.write(text)
        if (events) publish(topics[n % topics.length], n)
      }
    }))
    return { commits, seconds: since(began) }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  let reply
  try {
    reply = await operations[request.op](request) ?? {}
  } catch (err) {
    reply = { error: err.stack ?? String(err) }
  }
  process.stdout.write(JSON.stringify(reply) + '\n')
}
process.exit(0) // whatever is under way
