import type { AdoptionSource } from './history.ts'

/** Every tool that can be adopted from, loaded when it is asked for. */
export const sources: Readonly<Record<string, () => Promise<AdoptionSource>>> = {
  reshape: async () => (await import('./reshape.ts')).reshapeSource,
}
