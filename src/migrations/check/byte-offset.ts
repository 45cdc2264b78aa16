/** For a text, what turns an offset in bytes of UTF-8, in which the parser counts, into one in UTF-16 code units. */
export function byteOffsets(text: string): (bytes: number) => number {
  let encoded: Buffer | undefined
  return (bytes) => {
    encoded ??= Buffer.from(text)
    return encoded.length === text.length ? bytes : encoded.subarray(0, bytes).toString().length
  }
}
