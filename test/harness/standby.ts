import { cpSync, chownSync, mkdtempSync, readdirSync, writeFileSync, chmodSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { unprivileged } from './postgres-binaries.ts'
import { createCluster, startCluster, type Cluster, type PostgresServer } from './postgres-server.ts'

/** A primary server and a replica of it. */
export interface Pair {
  readonly primary: PostgresServer
  readonly standby: PostgresServer
  stop(): Promise<void>
}

/** Starts two servers, of which the second follows the first by streaming. */
export async function startPair(): Promise<Pair> {
  const cluster = await createCluster(18)
  // A copy from before the first start has nothing to catch up with but the log, which is kept.
  const copy = copyOf(cluster)
  const primary = await startCluster(cluster, {
    access: [
      'host replication postgres 127.0.0.1/32 trust',
      'host all postgres 127.0.0.1/32 trust',
      'host all all 127.0.0.1/32 scram-sha-256',
    ],
    settings: { wal_keep_size: '256MB', synchronous_commit: 'on' },
  })
  writeFileSync(path.join(copy.directory, 'data', 'standby.signal'), '')
  own(path.join(copy.directory, 'data', 'standby.signal'))
  const standby = await startCluster(copy, {
    settings: {
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres application_name=follower`,
      wal_receiver_status_interval: '1s',
    },
  }).catch(async (error: unknown) => {
    await primary.stop()
    throw error
  })
  return {
    primary,
    standby,
    stop: async () => {
      await standby.stop()
      await primary.stop()
    },
  }
}

function copyOf({ version, directory }: Cluster): Cluster {
  const name = `metastore-postgres-${process.pid}-`
  const copied = mkdtempSync(path.join(realpathSync(tmpdir()), name))
  cpSync(path.join(directory, 'data'), path.join(copied, 'data'), { recursive: true, preserveTimestamps: true })
  chmodSync(copied, 0o755)
  own(copied)
  own(path.join(copied, 'data'))
  for (const file of readdirSync(path.join(copied, 'data'), { recursive: true, encoding: 'utf8' })) {
    own(path.join(copied, 'data', file))
  }
  chmodSync(path.join(copied, 'data'), 0o700)
  return { version, directory: copied }
}

function own(file: string): void {
  const owner = unprivilegedOnce()
  if (owner !== undefined) chownSync(file, owner.uid, owner.gid)
}

let found: { readonly owner: ReturnType<typeof unprivileged> } | undefined

function unprivilegedOnce(): ReturnType<typeof unprivileged> {
  found ??= { owner: unprivileged() }
  return found.owner
}
