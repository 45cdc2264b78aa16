import type { Facts } from './facts.ts'

/** A part of a database that gets a document of its own. */
export interface Module {
  readonly name: string
  /** `schema.name`. */
  readonly tables: readonly string[]
}

/** The modules that a project declares or, where it declares none, one for each migration that makes tables. */
export function modulesOf(
  { migrations, schema }: Facts,
  declared: readonly { readonly name: string; readonly tables: readonly string[] }[],
): Module[] {
  if (declared.length > 0) {
    return declared.map(({ name, tables }) => ({
      name,
      tables: tables.map((table) => (table.includes('.') ? table : `${schema}.${table}`)),
    }))
  }
  return migrations.filter(({ tables }) => tables.length > 0).map(({ name, tables }) => ({ name, tables }))
}

/** The name of the file of a module's document. */
export function fileOf({ name }: Module): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
  return `${words === '' ? 'module' : words}.md`
}
