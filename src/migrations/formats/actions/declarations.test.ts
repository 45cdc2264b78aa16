import { expectTypeOf, test } from 'vitest'
import type * as z from 'zod'
import type { Action } from '../../actions/action.ts'
import type { actionFile } from './declarations.ts'

type ParsedAction = z.output<typeof actionFile>['actions'][number]

/** A type written out, with everything in it readonly. */
type Plain<Value> = Value extends object ? { readonly [Key in keyof Value]: Plain<Value[Key]> } : Value

test('what the declarations parse to is what the rest of the program works on, and nothing else', () => {
  expectTypeOf<ParsedAction>().toExtend<Action>()
  expectTypeOf<Plain<ParsedAction>>().toEqualTypeOf<Plain<Action>>()
})
