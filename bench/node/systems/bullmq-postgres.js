import { createPostgresBackend, runMigrations } from 'bullmq'
import pg from 'pg'
import { bullmq } from './bullmq.js'
import { installed } from './version.js'

// Its documentation measures concurrencies of 8 to 32 and asks for a connection
// for each job at work.
const concurrency = 16

export async function open (connectionString) {
  return bullmq({
    config: `createPostgresBackend, pg ${installed('pg')}, pool of ${concurrency} for the queue and for the worker`,
    workers: 1,
    concurrency,
    connect: () => ({ connectionString, max: concurrency }),
    backend: [createPostgresBackend],
    async setup () {
      const client = new pg.Client({ connectionString })
      await client.connect()
      await runMigrations(client)
      await client.end()
    }
  })
}
