export { actionSchema } from './formats/actions/json-schema.ts'
export { keyReferences, type KeyReference } from './formats/actions/reference.ts'
