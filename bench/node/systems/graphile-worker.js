import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'
import { installed } from './version.js'

// What its documentation (Performance) reaches its best figures with, but for the
// size of the local queue, which is 500 there: 2000 is faster here.
const batching = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 2000 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0
}

const logger = new Logger(() => (level, message) => {
  if (level === 'error' || level === 'warning') console.error(message)
})

export async function open (connectionString) {
  const pool = new pg.Pool({ connectionString, max: 16 })
  pool.on('error', err => console.error(err.message))
  pool.on('connect', client => client.on('error', err => console.error(err.message)))
  const utils = await makeWorkerUtils({ pgPool: pool, logger })
  let runner
  return {
    keyed: true,

    describe: () => ({
      version: installed('graphile-worker'),
      config: 'documented batching: concurrentJobs 24, maxPoolSize 25, localQueue.size 2000, completeJobBatchDelay 0, failJobBatchDelay 0; ' +
        'addJob, pool of 16; addJobs; keys: queueName'
    }),

    setup: () => utils.migrate(),

    enqueue: number => utils.addJob('bench', { n: number }),

    enqueueMany: (first, count, keys) => utils.addJobs(Array.from({ length: count }, (_, i) => ({
      identifier: 'bench',
      payload: { n: first + i },
      queueName: keys ? `key${(first + i) % keys}` : undefined
    }))),

    async work (handle) {
      runner = await run({
        preset: { worker: { connectionString, ...batching, logger } },
        noHandleSignals: true,
        taskList: { bench: payload => { handle(payload.n) } }
      })
    },

    async pending () {
      const { rows } = await pool.query('SELECT EXISTS (SELECT FROM graphile_worker._private_jobs) AS pending')
      return rows[0].pending
    }
  }
}
