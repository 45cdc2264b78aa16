import * as z from 'zod'
import { actionFile } from './declarations.ts'
import { structures } from './schema.ts'

/** The JSON Schema (draft 2020-12) of files of actions, by which editors complete and check them while they are written. */
export function actionSchema(): string {
  const schema = z.toJSONSchema(actionFile, {
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      const { structure } = structures.get(zodSchema) ?? {}
      if (structure !== undefined && structure !== 'File') jsonSchema.title = structure
    },
  })
  return `${JSON.stringify({ title: 'A migration in actions', ...schema }, null, 2)}\n`
}
