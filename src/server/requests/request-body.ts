import type { MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { invalid } from '../../store/store.ts'

/** What is too much for one request. */
export interface BodyLimits {
  /** Bytes of a body. */
  readonly bytes: number
  /** How deep lists and objects may stand in each other. */
  readonly depth: number
}

/**
 * Reads what stands in a request as JSON, whatever it says that it is: clients leave the content type out. No body is an empty
 * object. What is too large or too deep is refused with statuses that no client answers by sending it again.
 */
export function requestBody({ bytes, depth }: BodyLimits): MiddlewareHandler {
  return async (c, next) => {
    refuseZeroBytes(c.req.path, c.req.query())
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      const text = await readText(c.req.raw, bytes)
      if (isDeeper(text, depth)) throw invalid('', `Lists and objects stand more than ${depth} deep in each other.`)
      const cache = c.req.bodyCache as unknown as { text?: Promise<string> }
      cache.text = Promise.resolve(text.trim() === '' ? '{}' : text)
      c.req.raw.headers.set('content-type', 'application/json')
    }
    await next()
  }
}

async function readText(request: Request, most: number): Promise<string> {
  const bytes = await readBytes(request, most)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new HTTPException(400, { message: 'The body is not UTF-8.' })
  }
}

async function readBytes(request: Request, most: number): Promise<Uint8Array> {
  const announced = request.headers.get('content-length')
  if (Number(announced ?? 0) > most) throw tooLarge(most)
  // HTTP holds it to the length that it has announced; piece by piece costs several times as much.
  if (announced !== null) return new Uint8Array(await request.arrayBuffer())
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > most) throw tooLarge(most)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

// 413 would make SDKs send it four more times.
function tooLarge(most: number): HTTPException {
  return new HTTPException(400, { message: `The body is larger than ${most} bytes, which is the most.` })
}

// By the text, before anything is built of it.
function isDeeper(text: string, most: number): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === backslash) at++
      else if (code === quote) inString = false
    } else if (code === quote) inString = true
    else if (code === openBracket || code === openBrace) {
      if (++depth > most) return true
    } else if (code === closeBracket || code === closeBrace) depth--
  }
  return false
}

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [34, 92, 91, 93, 123, 125]

function refuseZeroBytes(path: string, query: Readonly<Record<string, string>>): void {
  if (path.includes('\0') || path.includes('%00')) throw invalid('', 'The path holds the character U+0000.')
  for (const [name, value] of Object.entries(query)) {
    if (name.includes('\0') || value.includes('\0')) throw invalid('', 'The query holds the character U+0000.')
  }
}
