/** A name or key from a file, quoted for a message: never a URL's password, never longer than a line can bear. */
export function shownName(name: string): string {
  const safe = name.replace(/:\/\/.*$/s, '://…')
  const characters = [...safe]
  const short = characters.length > 60 ? `${characters.slice(0, 60).join('')}…` : safe
  // Beside what JSON escapes: control characters and changes of direction, which must not steer the terminal.
  return JSON.stringify(short).replaceAll(
    /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A name as a TOML key: bare where that is allowed. */
export function tomlKey(name: string): string {
  return /^[A-Za-z0-9_-]{1,60}$/.test(name) ? name : shownName(name)
}
