/** The format of saved plans that this version writes and reads. It is raised when an older reader would misunderstand a plan. */
export const planFormat = 1
