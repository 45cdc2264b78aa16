// A reporter for knip, which does not say how much it looked at: check.mjs must know that it looked at something.

/** @param {{ counters: { processed: number } }} report */
export default function reportCount({ counters }) {
  process.stdout.write(`files processed: ${counters.processed}\n`)
}
