// Runs one program to its end and prints what it took: `node rusage.cjs KOFFI PROGRAM [ARGUMENT…]`.
//
// Node tells a process what it has used itself, but not what its children have. The operating system does: getrusage(2) with
// RUSAGE_CHILDREN adds up all that have ended and been waited for, and theirs in turn, to the microsecond, from their first
// instruction to their last. That is one call into libc, made through koffi. This process runs one program only, so what it is
// told is that program's. It loads koffi afterwards: a child's peak begins at that of the process it was forked from.
const { spawnSync } = require('node:child_process')
const { performance } = require('node:perf_hooks')

const [koffiPath = '', program = '', ...programArguments] = process.argv.slice(2)
const ownPeak = process.resourceUsage().maxRSS * 1024

const begun = performance.now()
const { status, signal, stdout, stderr, error } = spawnSync(program, programArguments, {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'pipe'],
  maxBuffer: 64 * 1024 * 1024,
})
const wall = performance.now() - begun

const used = koffiPath === '' ? { cpu: null, memory: null } : usageOfChildren()
process.stdout.write(
  JSON.stringify({ status, said: `${stdout}${stderr}${error?.message ?? signal ?? ''}`, wall, ...used, ownPeak }),
)

function usageOfChildren() {
  /** @type {import('./koffi.ts').Koffi} */
  const koffi = require(koffiPath)
  const time = koffi.struct({ seconds: 'long', microseconds: process.platform === 'darwin' ? 'int' : 'long' })
  const usage = koffi.struct({ user: time, system: time, peak: 'long', others: koffi.array('long', 13) })
  const getrusage = koffi.load(null).func('getrusage', 'int', ['int', koffi.out(koffi.pointer(usage))])
  /** @type {import('./koffi.ts').ResourceUsage} */
  const used = { user: { seconds: 0, microseconds: 0 }, system: { seconds: 0, microseconds: 0 }, peak: 0 }
  const ofChildren = -1
  if (getrusage(ofChildren, used) !== 0) throw new Error('getrusage failed.')
  const { user, system, peak } = used
  return {
    cpu: (user.seconds + system.seconds) * 1000 + (user.microseconds + system.microseconds) / 1000,
    // Linux counts in kibibytes, macOS in bytes.
    memory: process.platform === 'darwin' ? peak : peak * 1024,
  }
}
