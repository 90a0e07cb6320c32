import PgBoss from 'pg-boss'
import pg from 'pg'
import { installed } from './version.js'

const batchSize = 5000

export async function open (connectionString) {
  const pool = new pg.Pool({ connectionString, max: 1 })
  const boss = new PgBoss({ connectionString, max: 16, schedule: false })
  boss.on('error', err => console.error(err.message))
  let begun
  const start = () => (begun ??= boss.start())
  return {
    describe: () => ({
      version: installed('pg-boss'),
      config: `pool of 16; send; insert; work with batchSize ${batchSize}, priority false, pollingIntervalSeconds 0.5 (the least), ` +
        'and a look at once (notifyWorker) after a batch that was not empty'
    }),

    async setup () {
      await start()
      await boss.createQueue('bench')
    },

    async enqueue (number) {
      await start()
      await boss.send('bench', { n: number })
    },

    async enqueueMany (first, count) {
      await start()
      await boss.insert(Array.from({ length: count }, (_, i) => ({ name: 'bench', data: { n: first + i } })))
    },

    async work (handle) {
      await start()
      const id = await boss.work('bench', { batchSize, priority: false, pollingIntervalSeconds: 0.5 }, async jobs => {
        for (const job of jobs) handle(job.data.n)
        boss.notifyWorker(id)
      })
    },

    async pending () {
      const { rows } = await pool.query("SELECT EXISTS (SELECT FROM pgboss.job WHERE name = 'bench' AND state < 'completed') AS pending")
      return rows[0].pending
    }
  }
}
