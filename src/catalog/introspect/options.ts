/** Which schemas are looked at; system and temporary ones never are. */
export interface IntrospectOptions {
  /** Only these; by default all. What belongs to the whole database, such as extensions, is there in any case. */
  readonly schemas?: readonly string[] | undefined
  /**
   * All but these, such as the tool's own `metastore`. SQLite has no schemas: there it leaves out the tables whose names
   * begin with one of these and an underscore.
   */
  readonly excludeSchemas?: readonly string[] | undefined
}
