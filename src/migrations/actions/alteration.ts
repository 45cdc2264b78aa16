/** What an alteration makes of a column; the enum action alters columns too. */
export interface Alteration {
  readonly up: string | undefined
  readonly down: string | undefined
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  readonly default: string | null
  readonly comment: string | null
  readonly onInsert?: string | undefined
  readonly errors?: 'fail' | 'defer' | undefined
  readonly backfill?: string | undefined
  /** The keys that lead to `up` and `down` in the file; the expressions are ours where there are none. */
  readonly fromFile: boolean
}
