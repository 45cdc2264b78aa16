import { sql } from '../database/database.ts'
import type { Run } from './run.ts'

/** A piece that was found. A higher score is better. */
export interface Found {
  readonly chunk_id: string
  readonly document_id: string
  readonly reference: string
  readonly title: string
  readonly position: number
  readonly content: string
  readonly score: number
}

/** What the assistants of a tenant look up. */
export interface Knowledge {
  /** The best pieces by their words. */
  search(query: string, limit: number): Promise<Found[]>
}

/** The knowledge that transactions of `run` see. */
export function knowledge(run: Run): Knowledge {
  return {
    search: (query, limit) =>
      run((tx) =>
        tx.query<Found>(sql`
          select c.id as chunk_id, c.document_id, d.reference, d.title, c.position, c.content, s.rank as score
          from public.search_chunks(${query}, ${limit}) s
            join chunks c on c.tenant_id = ${tx.tenantId} and c.id = s.chunk_id
            join documents d on d.tenant_id = c.tenant_id and d.id = c.document_id
          order by s.rank desc, c.id`),
      ),
  }
}
