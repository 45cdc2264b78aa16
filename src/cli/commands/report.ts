export const reportCommand = undefined as never
