export { actionDeclarations } from './formats/actions/declarations.ts'
export { interviewAction, type Answers } from './formats/actions/interview.ts'
export { actionsText } from './formats/actions/template.ts'
