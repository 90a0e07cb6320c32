import { bullmq } from './bullmq.js'
import { installed } from './version.js'

export async function open (path) {
  return bullmq({
    config: `ioredis ${installed('ioredis')} over a unix socket`,
    workers: 2,
    concurrency: 100,
    // Blocking workers wait for Redis however long it takes, as the documentation asks for.
    connect: role => ({ path, maxRetriesPerRequest: role === 'worker' ? null : 20 }),
    setup: async () => {} // it has no schema
  })
}
