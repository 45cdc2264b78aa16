// What the demo's knowledge has an answer to.
const question = 'How do I book a transport?'

/** What to try first on a server that answers with the demo's rows, as lines; without a key where none is needed. */
export function firstCalls(url: string, key: string | undefined): string[] {
  const [header, apiKey] = key === undefined ? ['', ''] : [` -H 'x-api-key: ${key}'`, `, apiKey: '${key}'`]
  return [
    `curl -s ${url}/runs/wait${header} \\`,
    `  -d '${JSON.stringify({ assistant_id: 'assistant', input: { messages: [question] } })}'`,
    '',
    "import { Client } from '@langchain/langgraph-sdk'",
    `const client = new Client({ apiUrl: '${url}'${apiKey} })`,
    'const thread = await client.threads.create()',
    `const state = await client.runs.wait(thread.thread_id, 'assistant', { input: { messages: ['${question}'] } })`,
  ]
}
