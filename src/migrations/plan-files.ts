export { assertApproved, optionsOfPlan } from './plan-file/approve.ts'
export { makePlanFile } from './plan-file/make-plan-file.ts'
export { readPlanFile, writePlanFile } from './plan-file/store-plan-file.ts'
