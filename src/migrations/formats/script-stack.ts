import { SourceMap, type SourceMapping } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bundle, ScriptFile } from './script-bundle.ts'

/** Rewrites the stack of what a script threw, so that its frames name the files and lines as they were written. Returns it. */
export function mapStack(error: unknown, { url, name, map }: Bundle): unknown {
  if (!(error instanceof Error) || error.stack === undefined) return error
  const sourceMap = new SourceMap(map)
  // Whoever has set Error.prepareStackTrace may show the URL that was imported, instead of the name that the bundle gives itself.
  const [message = '', ...frames] = error.stack.replaceAll(url, name).split(name)
  const mapped = frames.map((frame) => {
    const [place, line, column] = /^:(\d+):(\d+)/.exec(frame) ?? []
    if (place === undefined) return name + frame
    const entry: Partial<SourceMapping> = sourceMap.findEntry(Number(line) - 1, Number(column) - 1)
    const { originalSource, originalLine = 0, originalColumn = 0 } = entry
    if (originalSource === undefined) return name + frame
    return `${fileURLToPath(originalSource)}:${originalLine + 1}:${originalColumn + 1}${frame.slice(place.length)}`
  })
  // A frozen error keeps the stack that it has.
  Reflect.set(error, 'stack', [message, ...mapped].join(''))
  return error
}

/** `path:line:column` of the topmost frame of an error that is in a script or beside it; the script's path if there is none. */
export function placeOfError(
  error: unknown,
  { path, absolutePath }: Pick<ScriptFile, 'path' | 'absolutePath'>,
): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const directory = dirname(absolutePath)
  for (const line of stack.split('\n')) {
    const start = line.indexOf(directory)
    const place = start === -1 ? null : /^(.*?\.[cm]?[jt]s):(\d+):(\d+)\)?$/i.exec(line.slice(start))
    if (place !== null) return `${join(dirname(path), relative(directory, place[1] ?? ''))}:${place[2]}:${place[3]}`
  }
  return path
}
