import { expect } from 'vitest'
import { ident } from '../harness/assistant-store.ts'
import { anna, bert } from '../harness/assistant-store.ts'
import { protocolScenarios } from './world.ts'

protocolScenarios('assistants', [], (it, scenario) => {
  scenario(8, 'what is not there, or is somebody else’s, is a 404 with a body of JSON', async () => {
    const found = await it().client.assistants.get(ident(anna, 'assistant'))
    expect(found).toMatchObject({ graph_id: 'echo', name: 'Untitled', version: 1 })
    await expect(it().client.assistants.get(ident(bert, 'assistant'))).rejects.toMatchObject({ status: 404 })
  })
})
