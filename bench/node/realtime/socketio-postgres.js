import { createAdapter } from '@socket.io/postgres-adapter'
import pg from 'pg'
import { installed } from '../systems/version.js'

export async function open (url) {
  // The adapter's own pool is as the documentation has it; writes of the
  // application have another.
  const pool = new pg.Pool({ connectionString: url })
  const writers = new pg.Pool({ connectionString: url, max: 16 })
  for (const p of [pool, writers]) p.on('error', err => console.error(err.message))
  return {
    version: `@socket.io/postgres-adapter ${installed('@socket.io/postgres-adapter')}`,
    config: `createAdapter with a Pool of pg ${installed('pg')} over a unix socket, default options`,
    adapter: createAdapter(pool),

    setup: () => pool.query(`CREATE TABLE IF NOT EXISTS socket_io_attachments (
      id bigserial UNIQUE, created_at timestamptz DEFAULT NOW(), payload bytea);
      CREATE TABLE bench_write (id bigserial PRIMARY KEY, body text NOT NULL)`).then(() => {}),

    async write (text) {
      const client = await writers.connect()
      try {
        await client.query('BEGIN')
        await client.query({ name: 'write', text: 'INSERT INTO bench_write (body) VALUES ($1)', values: [text] })
        await client.query('COMMIT')
      } finally {
        client.release()
      }
    }
  }
}
