import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Project } from './project.ts'

/** What one run of a program took, its child processes included. */
export interface Usage {
  /** Milliseconds from its start to its end. */
  readonly wall: number
  /** Milliseconds of processor time, in the program and in the kernel for it; null where koffi is not installed. */
  readonly cpu: number | null
  /**
   * Bytes of memory at the peak of its largest process; null where koffi is not installed, and for a program that is smaller
   * than the process that starts it, because its peak begins at that of its parent.
   */
  readonly memory: number | null
}

interface Answer extends Usage {
  readonly status: number | null
  readonly said: string
  readonly ownPeak: number
}

/** Runs a program to its end in a project's directory and measures it. A program that fails ends the benchmark. */
export async function measure({ command, directory, environment }: Project): Promise<Usage> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, koffi(), ...command], {
    cwd: directory,
    env: environment,
    maxBuffer: 256 * 1024 * 1024,
  })
  const { status, said, ownPeak, wall, cpu, memory } = JSON.parse(stdout) as Answer
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${said}`)
  return { wall, cpu, memory: memory !== null && memory > ownPeak ? memory : null }
}

const here = path.dirname(fileURLToPath(import.meta.url))
const program = path.join(here, 'rusage.cjs')

function koffi(): string {
  const installed = path.join(here, 'node_modules', 'koffi')
  return existsSync(installed) ? installed : ''
}
