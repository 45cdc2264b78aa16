/** What a command works on, and so which of the common options it takes. */
export type Scope =
  /** Nothing: it reads no project. */
  | 'nothing'
  /** The project's files; no database is opened. */
  | 'project'
  /** One database or all of them. */
  | 'databases'
  /** One database, named by its server part by part, as Reshape does it. */
  | 'server'
