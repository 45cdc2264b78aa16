export { actionSchema } from './formats/actions/json-schema.ts'
export { planJsonSchema } from './plan-file/plan-file.ts'
export { keyReferences, type KeyReference } from './formats/actions/reference.ts'
