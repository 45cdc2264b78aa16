// Whether the server in this container is ready: exit status 0 where GET /ready answers 200, else 1 and why. The address is the
// first argument, or the server's own default.

const address = process.argv[2] ?? 'http://127.0.0.1:2024/ready'
try {
  const { status } = await fetch(address, { signal: AbortSignal.timeout(4000) })
  if (status !== 200) fail(`${address} answered ${status}.`)
} catch (error) {
  fail(`${address} does not answer: ${error instanceof Error ? error.message : String(error)}.`)
}

/** @param {string} why */
function fail(why) {
  process.stderr.write(`${why}\n`)
  process.exitCode = 1
}
