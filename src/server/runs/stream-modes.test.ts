import { expect, test } from 'vitest'
import { isRequested } from './stream-modes.ts'

test('an event is of the mode that its name begins with, in a subgraph too', () => {
  const of = (mode: string) =>
    ['values', 'updates|sub:1', 'messages', 'messages/partial', 'metadata', 'error'].filter((event) =>
      isRequested(event, [mode]),
    )
  expect(of('values')).toEqual(['values', 'metadata', 'error'])
  expect(of('updates')).toEqual(['updates|sub:1', 'metadata', 'error'])
  expect(of('messages')).toEqual(['messages/partial', 'metadata', 'error'])
  expect(of('messages-tuple')).toEqual(['messages', 'metadata', 'error'])
})
