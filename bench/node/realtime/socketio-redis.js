import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { installed } from '../systems/version.js'

// The default adapter. The sharded one, which needs Redis 7, was found to take a
// little less for an event here and a little more for a client that joins; the
// client library redis takes more than ioredis.
export async function open (path) {
  const publish = new Redis({ path })
  const subscribe = publish.duplicate()
  for (const client of [publish, subscribe]) client.on('error', err => console.error(err.message))
  return {
    version: `@socket.io/redis-adapter ${installed('@socket.io/redis-adapter')}`,
    config: `createAdapter with ioredis ${installed('ioredis')} over a unix socket`,
    adapter: createAdapter(publish, subscribe),
    setup: async () => {} // it has no schema
  }
}
