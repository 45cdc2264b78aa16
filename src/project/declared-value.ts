import { problemAt, shownPath, type ConfigurationFile, type Problem } from './configuration-file.ts'
import { isConstant, parseTemplate, referencesOf, type Template } from './references.ts'
import type { Setting } from './setting.ts'
import type { TomlPath } from '../toml/toml-positions.ts'
import { checkToml, faultMessage, type PlainValue } from './values.ts'

/** A setting as the file gives it: a value that has been checked, or text that waits for environment variables. */
export type DeclaredValue = {
  readonly where: string
  /** `file:line:column` of each variable that it refers to. */
  readonly references: ReadonlyMap<string, string>
} & (
  | { readonly kind: 'value'; readonly value: PlainValue }
  | { readonly kind: 'text'; readonly text: Template }
  | { readonly kind: 'list'; readonly elements: readonly Template[] }
)

/** What reading goes on in, and what has been found wrong so far. */
export interface Reading {
  readonly file: ConfigurationFile
  readonly problems: Problem[]
}

/** One setting of one database in a file that is being read. */
export interface SettingPlace {
  readonly reading: Reading
  readonly setting: Setting
  readonly path: TomlPath
}

/** Reads one setting; undefined when it has problems, which are then among the reading's. */
export function readDeclaredValue(place: SettingPlace, value: unknown): DeclaredValue | undefined {
  const { reading, setting, path } = place
  if (isList(setting) && Array.isArray(value)) return readList(place, value)
  if (typeof value !== 'string') return accept(place, value)
  const template = readTemplate(reading, path, value)
  if (template === undefined) return undefined
  if (isConstant(template)) return accept(place, template.join(''))
  const references = new Map(placesOfReferences(reading, path, template))
  return { kind: 'text', text: template, where: whereOf(place), references }
}

function isList({ kind }: Setting): boolean {
  return kind === 'directories' || kind === 'command' || kind === 'columns' || kind === 'variables'
}

// A value that fits every kind of list.
const standIn = 'a.b'

function readList(place: SettingPlace, value: readonly unknown[]): DeclaredValue | undefined {
  const { reading, path } = place
  const templates = value.map((element, index) =>
    typeof element === 'string' ? readTemplate(reading, [...path, index], element) : undefined,
  )
  if (value.some((element, index) => typeof element === 'string' && templates[index] === undefined)) return undefined
  // Elements with references are filled in for the check: the constant ones beside them have to fit now.
  const constants = templates.map((template, index) =>
    template === undefined ? value[index] : isConstant(template) ? template.join('') : standIn,
  )
  const accepted = accept(place, constants)
  const elements = templates.filter((template) => template !== undefined)
  if (accepted === undefined || elements.every(isConstant)) return accepted
  // Of a variable that is named several times the first place counts, so it is set last.
  const places = elements.flatMap((template, index) => placesOfReferences(reading, [...path, index], template))
  return { kind: 'list', elements, where: whereOf(place), references: new Map(places.reverse()) }
}

function readTemplate({ file, problems }: Reading, path: TomlPath, text: string): Template | undefined {
  const parsed = parseTemplate(text)
  if ('template' in parsed) return parsed.template
  problems.push(problemAt(file, path, { message: `${shownPath(path)} ${parsed.fault}.`, remedy: parsed.remedy }))
  return undefined
}

function accept(place: SettingPlace, value: unknown): DeclaredValue | undefined {
  const { reading, setting, path } = place
  const checked = checkToml(setting, value)
  if ('value' in checked) {
    return { kind: 'value', value: checked.value, where: whereOf(place), references: new Map() }
  }
  const { fault } = checked
  const at = fault.element === undefined ? path : [...path, fault.element]
  const message = faultMessage(shownPath(at), fault)
  reading.problems.push(problemAt(reading.file, at, { message, remedy: fault.remedy }))
  return undefined
}

function whereOf({ reading: { file }, path }: SettingPlace): string {
  return file.place(file.positions.key(path)?.start ?? 0)
}

function placesOfReferences(reading: Reading, path: TomlPath, template: Template): [string, string][] {
  const { file } = reading
  const span = file.positions.value(path) ?? { start: 0, end: 0 }
  const written = file.text.slice(span.start, span.end)
  return referencesOf(template).map(({ name }) => {
    // Written with escapes it is not found; then the value's own place is near enough.
    const found = written.search(new RegExp(`\\$\\{${name}\\b`))
    return [name, file.place(span.start + Math.max(found, 0))]
  })
}
