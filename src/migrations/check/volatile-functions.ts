import type { Scene } from './scene.ts'

const volatile = new Set([
  'clock_timestamp',
  'gen_random_uuid',
  'nextval',
  'random',
  'random_normal',
  'timeofday',
  'uuid_generate_v1',
  'uuid_generate_v1mc',
  'uuid_generate_v4',
  'uuidv4',
  'uuidv7',
  'gen_random_bytes',
  'txid_current',
  'setval',
])

/** Whether a function may give another value for each row; one of the project's own is only judged with a catalog. */
export function isVolatile(name: string, { catalog }: Pick<Scene, 'catalog'>): boolean {
  if (volatile.has(name)) return true
  return (catalog?.routines ?? []).some(
    (routine) => routine.name === name && 'volatility' in routine && routine.volatility === 'volatile',
  )
}
