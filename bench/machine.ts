import { availableParallelism, totalmem } from 'node:os'
import type { Server } from './server.ts'

/** Where figures were measured. */
export interface Machine {
  readonly cores: number
  readonly memory: number
  readonly node: string
  readonly system: string
}

/** This machine. */
export function thisMachine(): Machine {
  return { cores: availableParallelism(), memory: totalmem(), node: process.version, system: process.platform }
}

/** A sentence on where figures were measured. */
export function describeMachine({ cores, memory, node, system }: Machine, server: ServerFacts): string {
  const gibibytes = Math.round(memory / 2 ** 30)
  return `${cores} cores, ${gibibytes} GiB of memory, ${system}; Node ${node.slice(1)}; PostgreSQL ${server.version} on the same machine, by TCP, with ${server.settings.join(', ')}.`
}

/** What is told of a server. */
export type ServerFacts = Pick<Server, 'version' | 'settings'>
