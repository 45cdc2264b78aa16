import { DatabaseError } from '../database/database.ts'

// As the server words what is not there (PostgreSQL manual, appendix A: 3F000, 42703, 42704, 42883, 42P01).
const missingObject =
  /^(?:relation|table|view|type|schema|function|sequence|column|index|trigger|constraint|collation|procedure|aggregate) "?([^"(]+?)"?(?:\(.*\))? (?:of (?:relation|table) "?[^"]+"? )?does not exist/

/** The name, without its schema, of what a failure says does not exist; undefined for another failure. */
export function missingFrom(message: string): string | undefined {
  const name = missingObject.exec(message)?.[1]
  return name?.split('.').at(-1)?.replaceAll('"', '')
}

/** Whether a statement needs what this server cannot have: an extension, a library, a collation provider. */
export function unavailable(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false
  if (/^extension ".*" is not available/.test(error.message)) return true
  return error.engineCode === '58P01' || /could not (open extension control|access) file/.test(error.message)
}
