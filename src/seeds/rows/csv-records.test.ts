import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { fc } from '../../../test/harness/properties.ts'
import { CsvFault, csvRecords } from './csv-records.ts'

async function read(pieces: readonly string[]): Promise<(string | null)[][]> {
  const records: (string | null)[][] = []
  for await (const some of csvRecords(pieces, { nullText: '' })) records.push(...some.rows.map((fields) => [...fields]))
  return records
}

const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r\n', ' ', 'é', '😀') })

describe('CSV', () => {
  test('is read as csv-parse reads it, in whatever pieces it arrives', async () => {
    const cell = fc.record({ text: field, quoted: fc.boolean() })
    const written = ({ text, quoted }: { readonly text: string; readonly quoted: boolean }) =>
      quoted || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
    const texts = fc.array(fc.array(cell, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(
        texts,
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('\n', '\r\n'),
        async (rows, size, end) => {
          const text = rows.map((row) => row.map(written).join(',') + end).join('')
          const characters = [...text]
          const pieces = characters.flatMap((_, index) =>
            index % size === 0 ? [characters.slice(index, index + size).join('')] : [],
          )
          const found = (await read(pieces)).map((row) => row.map((one) => one ?? ''))
          expect(found).toEqual(parse(text, { relax_column_count: true, record_delimiter: end }))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('tells an empty field from an empty text, and counts lines through line breaks in quotes', async () => {
    const found: unknown[] = []
    for await (const some of csvRecords(['a,""\r\n,"x\ny"\n', '\nlast,z'], { nullText: '' })) {
      found.push(...some.rows.map((fields, index) => ({ fields, line: some.lines[index] })))
    }
    expect(found).toEqual([
      { fields: ['a', ''], line: 1 },
      { fields: [null, 'x\ny'], line: 2 },
      { fields: ['last', 'z'], line: 5 },
    ])
  })

  test.each([
    ['a,"b\nc', 'A field in quotes does not end.', 1],
    ['x\na,b"c,"d"\n', 'A quotation mark stands within a field that has none around it.', 2],
    ['"a"b\n', 'Something stands behind the end of a field in quotes.', 1],
  ])('%j is refused', async (text, message, line) => {
    const failure = await read([text]).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(CsvFault)
    expect(failure).toMatchObject({ message, line })
  })
})
