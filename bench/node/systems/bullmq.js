// What the two backends of BullMQ have in common.
import { Queue, Worker } from 'bullmq'
import { installed } from './version.js'

export function bullmq ({ config, connect, setup, workers, concurrency, backend = [] }) {
  const queue = new Queue('bench', { connection: connect('queue') }, ...backend)
  queue.on('error', err => console.error(err.message))
  const running = []
  const options = { removeOnComplete: true }
  return {
    describe: () => ({
      version: installed('bullmq'),
      config: `${config}; add; addBulk; ${workers} Worker in the process with concurrency ${concurrency}; removeOnComplete`
    }),

    setup,

    enqueue: number => queue.add('bench', { n: number }, options),

    enqueueMany: (first, count) => queue.addBulk(Array.from({ length: count }, (_, i) => (
      { name: 'bench', data: { n: first + i }, opts: options }))),

    async work (handle) {
      for (let i = 0; i < workers; i++) {
        const worker = new Worker('bench', async job => handle(job.data.n), { connection: connect('worker'), concurrency }, ...backend)
        worker.on('error', err => console.error(err.message))
        running.push(worker)
      }
      await Promise.all(running.map(w => w.waitUntilReady()))
    },

    async pending () {
      const counts = await queue.getJobCounts('wait', 'active', 'delayed', 'prioritized', 'paused')
      return Object.values(counts).some(n => n > 0)
    }
  }
}
