import type { Dialect } from '../database/database.ts'
import type { Problems } from './problem.ts'
import type { Scene } from './target.ts'

/** What encrypts values of seeds; a keyring is one. */
export interface SeedSecrets {
  /** A token of the text; each time another one. */
  encrypt(plaintext: string): string
  /** The text of a token. Throws when it is none, or of another key. */
  decrypt(token: string): string
  /** What tells whether two values are equal, and nothing else of them. */
  fingerprint(value: string): string
}

/** What the cells of a run are worked out with. */
export interface CellWorld {
  readonly dialect: Dialect
  /** The value of an environment variable. */
  readonly variable: (name: string) => string | undefined
  readonly secrets: SeedSecrets | null
  /** The time of the run, for `$now`. */
  readonly now: string
  readonly scene: Scene
  readonly problems: Problems
}

/** What else than its own text decides what a file comes to, for the history. */
export interface SeedInputs {
  /** Paths of files that it reads, from its own directory. */
  readonly files: Set<string>
  /** Names of environment variables that it reads. */
  readonly variables: Set<string>
}
