import { sql } from 'metastore/database'

/** @typedef {import('metastore/database').Queryable} Queryable */
/** @typedef {{ title: string, content: string, source: string | undefined }} NewDocument */
/** @typedef {{ document_id: string, title: string, position: number, content: string, score: number }} Passage */

/**
 * Keeps a document, in its paragraphs; one with the same title is replaced.
 * @param {Queryable} tx
 * @param {string} tenantId
 * @param {NewDocument} document
 */
export async function putDocument(tx, tenantId, { title, content, source }) {
  /** @type {{ id: string }[]} */
  const [kept] = await tx.query(sql`
    insert into knowledge_documents (tenant_id, title, source) values (${tenantId}::uuid, ${title}, ${source ?? null})
    on conflict (tenant_id, title) do update set source = excluded.source
    returning id, title, source, created_at`)
  const id = kept?.id ?? ''
  await tx.query(sql`delete from knowledge_chunks where document_id = ${id}::uuid`)
  const paragraphs = content.split(/\n\s*\n/).flatMap((paragraph) => paragraph.trim() || [])
  await tx.query(sql`
    insert into knowledge_chunks (tenant_id, document_id, position, content)
    select ${tenantId}::uuid, ${id}::uuid, position, content
    from jsonb_array_elements_text(${JSON.stringify(paragraphs)}::jsonb) with ordinality as chunk (content, position)`)
  return kept
}

/**
 * The newest documents first. One more than `limit` may be there: then there is a next page.
 * @param {Queryable} tx
 * @param {import('./sessions.js').Page} page
 */
export function listDocuments(tx, { limit, after }) {
  const behind =
    after === undefined
      ? sql``
      : sql`where (created_at, id) < (select created_at, id from knowledge_documents where id = ${after}::uuid)`
  return tx.query(sql`
    select id, title, source, created_at from knowledge_documents ${behind}
    order by created_at desc, id desc
    limit ${limit + 1}`)
}

/**
 * The passages that have most of the words of a question, the best first. Short words say too little to be looked for. Row-level
 * security comes before the search, so it reads the chunks of the tenant, not the index of all tenants.
 * @param {Queryable} tx
 * @param {string} question
 * @param {number} limit
 * @returns {Promise<Passage[]>}
 */
export async function searchKnowledge(tx, question, limit) {
  const words = (question.match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => word.length > 3).slice(0, 30)
  if (words.length === 0) return []
  const wanted = words.map((word) => `"${word}"`).join(' or ')
  return tx.query(sql`
    select c.document_id, d.title, c.position, c.content, ts_rank(c.words, wanted)::float8 as score
    from websearch_to_tsquery('simple', ${wanted}) wanted, knowledge_chunks c
      join knowledge_documents d on d.tenant_id = c.tenant_id and d.id = c.document_id
    where c.words @@ wanted
    order by score desc, d.title, c.position
    limit ${limit}`)
}
