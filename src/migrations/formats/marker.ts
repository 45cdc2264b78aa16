import type { Priority } from '../migration.ts'

/** What a header line says of the whole file. */
export interface Header {
  readonly kind: 'header'
  readonly priority?: Priority
  readonly requires?: readonly string[]
  readonly replaces?: readonly string[]
  readonly extensions?: readonly string[]
  readonly description?: string
  readonly noTransaction?: boolean
}

/** The line that begins a direction. */
export interface SectionStart {
  readonly kind: 'section'
  readonly direction: 'up' | 'down'
  readonly noTransaction: boolean
}

/** What a comment tells metastore; `nothing` for another tool's marker that needs no care here. */
export type Marker = Header | SectionStart | { readonly kind: 'nothing' }
