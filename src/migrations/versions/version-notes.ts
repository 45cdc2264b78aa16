import { sql } from '../../database/database.ts'

/**
 * The notes on a version schema, kept in the comment on it: an expression over `version`, its identifier. They tell what was
 * carried into it from the base schema (`exposed`), what was not (`leftOut`), and what that was decided by.
 */
export const versionNotes = sql`substring(pg_catalog.obj_description(version, 'pg_namespace') from '^Made by metastore\\. (\\{.*\\})$')::jsonb`

/** The comment on a version schema that nothing is to be carried into. */
export const exposesNothing = 'Made by metastore. {"exposeViews": false}'
