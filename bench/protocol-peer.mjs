import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

// The development server of LangGraph.js in a process of its own: `protocol-peer.mjs DIRECTORY` prints its URL. The directory has
// @langchain/langgraph-api and @langchain/langgraph in its node_modules.

const graph = `import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
const State = Annotation.Root({
  text: Annotation,
  items: Annotation({ reducer: (all, more) => [...all, ...more], default: () => [] }),
})
export const graph = new StateGraph(State)
  .addNode('echo', ({ text }) => ({ items: ['echo:' + text] }))
  .addEdge(START, 'echo')
  .addEdge('echo', END)
  .compile()
`
const directory = path.resolve(process.argv[2] ?? '')
const cwd = mkdtempSync(path.join(directory, 'bench-'))
process.once('exit', () => rmSync(cwd, { recursive: true, force: true }))
process.once('SIGTERM', () => process.exit(0))
writeFileSync(path.join(cwd, 'echo.mjs'), graph)
const file = path.join(directory, 'node_modules', '@langchain', 'langgraph-api', 'dist', 'server.mjs')
const { startServer } = await import(pathToFileURL(file).href)
const port = await freePort()
process.chdir(cwd)
await startServer({ host: '127.0.0.1', port, nWorkers: 16, cwd, graphs: { echo: './echo.mjs:graph' } })
process.stdout.write(`listening http://127.0.0.1:${port}\n`)

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address())
      probe.close(() => resolve(port))
    })
  })
}
