import type { Usage } from './measure.ts'

/**
 * Measures everybody in turn, again and again, and every other round in the opposite order: a machine that grows slower or
 * faster meanwhile does so for all alike. The first round only warms the file cache and does not count.
 */
export async function inRounds<Who>(
  everybody: readonly Who[],
  rounds: number,
  once: (who: Who) => Promise<Usage>,
): Promise<Map<Who, Usage[]>> {
  const usages = new Map<Who, Usage[]>(everybody.map((who) => [who, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const who of round % 2 === 0 ? everybody : everybody.toReversed()) {
      const usage = await once(who)
      if (round > 0) usages.get(who)?.push(usage)
    }
  }
  return usages
}
