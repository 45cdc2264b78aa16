/** What a file says of itself before it is understood. */
export interface Identity {
  /** The name that it gives its migration instead of its own. */
  readonly name?: string
  /** SHA-256 over what it says, however it is written. */
  readonly checksum: string
}

/** Finds out name and checksum of a text, by its file's extension; undefined when they are those of any file. */
export type Identify = (text: string, extension: string) => Promise<Identity | undefined>
