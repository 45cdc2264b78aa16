/** The part of koffi that `rusage.cjs` uses; the package itself is only there where the benchmark was installed. */
export interface Koffi {
  struct(members: Readonly<Record<string, unknown>>): unknown
  array(element: string, length: number): unknown
  pointer(type: unknown): unknown
  out(type: unknown): unknown
  load(library: null): {
    func(name: string, result: string, parameters: readonly unknown[]): (who: number, usage: ResourceUsage) => number
  }
}

/** The beginning of libc's `struct rusage`. */
export interface ResourceUsage {
  readonly user: Duration
  readonly system: Duration
  readonly peak: number
}

interface Duration {
  readonly seconds: number
  readonly microseconds: number
}
