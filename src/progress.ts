/** One thing that long work says about itself while it goes on. */
export type ProgressEvent =
  /** Work of `total` units begins; null when nobody can know how many. `unit` names them where they are many and alike (`rows`). */
  | {
      readonly kind: 'begin'
      readonly task: string
      readonly total: number | null
      readonly unit?: string | undefined
    }
  /** `done` units of the task are finished; `label` is the one that begins now. `total` corrects an estimate. */
  | {
      readonly kind: 'advance'
      readonly task: string
      readonly done: number
      readonly total?: number | undefined
      readonly label?: string | undefined
    }
  /** The task is over, whether it succeeded or not. */
  | { readonly kind: 'end'; readonly task: string }
  /** A line for a person, such as what is being waited for. */
  | { readonly kind: 'notice'; readonly message: string }

/** Whoever listens to long work. The engine never prints: it calls this. */
export type Progress = (event: ProgressEvent) => void

/** Listens to nothing. */
export const silent: Progress = () => {}
