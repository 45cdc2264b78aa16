import { expect, test } from 'vitest'
import { fc } from '../../test/harness/properties.ts'
import { parseTemplate, referencesOf, resolveTemplate, type Template } from './references.ts'

const environment: Readonly<Record<string, string>> = { A: 'one', B: 'two', EMPTY: '', DOLLAR: '${A}$' }
const lookUp = (name: string) => (Object.hasOwn(environment, name) ? environment[name] : undefined)

function template(text: string): Template {
  const parsed = parseTemplate(text)
  if ('fault' in parsed) throw new Error(parsed.fault)
  return parsed.template
}

test.each([
  ['', ''],
  ['plain', 'plain'],
  ['${A}', 'one'],
  ['<${A}${B}>', '<onetwo>'],
  ['${EMPTY}', ''],
  ['${A:-x}', 'one'],
  ['${EMPTY:-x}', 'x'],
  ['${NONE:-}', ''],
  ['${NONE:-x y:-z}', 'x y:-z'],
  ['${NONE:-${B}}', 'two'],
  ['${NONE:-${NONE:-${NONE:-deep}}}!', 'deep!'],
  ['${A:-${NONE}}', 'one'],
  ['${NONE:-pglite:.metastore/assistant}', 'pglite:.metastore/assistant'],
  ['${A:?why}', 'one'],
  ['${DOLLAR}', '${A}$'],
  ['$${A}', '${A}'],
  ['$$${A}', '$${A}'],
  // Inside a default the next brace closes it, also behind `$${`.
  ['${NONE:-$${A}', '${A'],
  ['$A $$ $', '$A $$ $'],
  ['}', '}'],
])('%j becomes %j', (text, expected) => {
  expect(resolveTemplate(template(text), lookUp)).toEqual({ text: expected })
})

test.each([
  ['${NONE}', 'NONE', undefined, false],
  ['${NONE:?set it}', 'NONE', 'set it', false],
  ['${EMPTY:?set it}', 'EMPTY', 'set it', true],
  ['${NONE:?}', 'NONE', '', false],
  ['${EMPTY:-${NONE}}', 'NONE', undefined, false],
  ['${constructor}', 'constructor', undefined, false],
])('%s cannot be resolved', (text, name, complaint, empty) => {
  expect(resolveTemplate(template(text), lookUp)).toMatchObject({ missing: { name, complaint }, empty })
})

const unclosed = {
  fault: 'has a reference ${ without its closing brace',
  remedy: 'Add the }, or write $${ where no reference is meant.',
}
const malformed = {
  fault: 'has a reference that cannot be understood',
  remedy: 'Write ${NAME}, ${NAME:-default} or ${NAME:?message}, or $${ where no reference is meant.',
}

test.each([
  ['${UNCLOSED', unclosed],
  ['${A:-x', unclosed],
  ['${A:?x', unclosed],
  ['${A:-${B}', unclosed],
  ['${', malformed],
  ['${}', malformed],
  ['${1A}', malformed],
  ['${A-x}', malformed],
  ['${A:=x}', malformed],
  ['${A:x}', malformed],
  ['${ A }', malformed],
  ['${A.B}', malformed],
  ['${hunter2@host', malformed],
  [
    '${A:-'.repeat(9) + '}'.repeat(9),
    { fault: 'has references nested too deeply', remedy: 'Nest at most 8 defaults.' },
  ],
])('%s is refused', (text, expected) => {
  expect(parseTemplate(text)).toEqual(expected)
})

test('a hundred thousand open braces are refused like nine', () => {
  expect(parseTemplate('${A:-'.repeat(100_000))).toHaveProperty('fault', 'has references nested too deeply')
})

test('the references of a template are all found, those in defaults too', () => {
  expect(referencesOf(template('${A}${B:-${C:-${D}}}$${E}')).map(({ name }) => name)).toEqual(['A', 'B', 'C', 'D'])
})

test('a text without a dollar sign and a brace stands for itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(!text.includes('${'))
      expect(resolveTemplate(template(text), lookUp)).toEqual({ text })
    }),
  )
})

test('any text can be written so that it stands for itself', () => {
  const piece = fc.constantFrom('$', '{', '}', 'A', ':-', '${A}')
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('')
      expect(resolveTemplate(template(text.replaceAll('${', () => '$${')), lookUp)).toEqual({ text })
    }),
  )
})
