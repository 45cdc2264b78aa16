/** What the command line gave, checked by the command-line library against the definition. */
export interface Input {
  /** One entry for each defined argument; a list for one that takes any number. */
  readonly arguments: readonly (string | readonly string[] | undefined)[]
  /** By camel-cased option name; a list for an option that takes several values. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
}

/** One option's text value; undefined when it was not given. */
export function text(input: Input, option: string): string | undefined {
  const value = input.options[option]
  return typeof value === 'string' ? value : undefined
}

/** One option's values; none when it was not given. */
export function list(input: Input, option: string): readonly string[] {
  const value = input.options[option]
  if (Array.isArray(value)) return value as readonly string[]
  return typeof value === 'string' ? [value] : []
}

/** Whether a switch was given. */
export function flag(input: Input, option: string): boolean {
  return input.options[option] === true
}

/** The argument at a place; undefined when it was not given. */
export function argument(input: Input, index: number): string | undefined {
  const value = input.arguments[index]
  return typeof value === 'string' ? value : undefined
}
