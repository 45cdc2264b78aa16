/** An answer other than success, as an HTTP status, a word for programs and a sentence for people. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {Readonly<Record<string, string>>} headers
   */
  constructor(status, code, message, headers = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/**
 * What there is not, and what is another tenant's: both look the same from outside.
 * @param {string} kind
 * @param {string} name
 */
export function notFound(kind, name) {
  return new Refusal(404, 'not_found', `There is no ${kind} ${name}.`)
}
