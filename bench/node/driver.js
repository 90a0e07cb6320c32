// The driver process for systems that run on Node: `node driver.js SYSTEM URL`.
// Same protocol as package driver, which says what each operation does.
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const recordedPoll = 2 // ms
const maxUnderWay = 512

const now = () => Number(process.hrtime.bigint() / 1000n)
const since = began => (now() - began) / 1e6

const [name, url] = process.argv.slice(2)
const { open } = await import(`./systems/${name}.js`)
const system = await open(url)

let next = 0
const take = n => (next += n) - n

let handled = 0
let started = []
let target = Infinity
let reached = () => {}
let skip = 0
let skipped

function handle (number) {
  if (number < started.length) started[number] = now()
  if (++handled >= target) reached()
  if (handled === skip) skipped = now()
}

function wait (n) {
  if (handled >= n) return
  return new Promise(resolve => {
    target = n
    reached = () => { target = Infinity; resolve() }
  })
}

async function work (note = 0) {
  started = new Array(note).fill(0)
  await system.work(handle)
}

const operations = {
  describe: () => ({ ...system.describe(), keyed: Boolean(system.keyed) }),

  setup: () => system.setup(),

  async enqueue ({ count, clients }) {
    const first = take(count)
    const began = now()
    await Promise.all(Array.from({ length: clients }, async (_, c) => {
      for (let i = c; i < count; i += clients) await system.enqueue(first + i)
    }))
    return { seconds: since(began), began }
  },

  async batch ({ count, size, keys = 0 }) {
    const began = now()
    for (let left = count; left > 0; left -= size) {
      const n = Math.min(left, size)
      await system.enqueueMany(take(n), n, keys)
    }
    return { seconds: since(began) }
  },

  async produce ({ count, rate }) {
    const first = take(count)
    const due = new Array(count)
    const returned = new Array(count)
    const all = []
    let underWay = 0
    const began = now() + 1000
    for (let i = 0; i < count; i++) {
      due[i] = began + Math.floor(i / rate * 1e6)
      // A timer of Node's is a millisecond at least, and late rather than early.
      while (due[i] > now() || underWay >= maxUnderWay) await sleep(1)
      underWay++
      all.push(system.enqueue(first + i).then(() => { returned[i] = now(); underWay-- }))
    }
    await Promise.all(all)
    return { due, returned }
  },

  work: ({ count }) => work(count),

  async seen ({ count }) {
    await wait(count)
    return { started, ended: now() }
  },

  handled: () => ({ handled, now: now() }),

  async drain ({ count }) {
    const began = now()
    await work()
    await wait(count)
    while (await system.pending()) await sleep(recordedPoll)
    return { seconds: since(began) }
  },

  async pace ({ skip: pass = 0, count }) {
    skip = pass
    const began = now()
    await work()
    await wait(pass + count)
    return { seconds: since(skipped ?? began) }
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
