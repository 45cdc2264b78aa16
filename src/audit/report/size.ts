/** A number of bytes as people say it: `8 kB`, `1.4 MB`. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let amount = bytes / 1024
  let unit = 0
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1024
    unit += 1
  }
  return `${amount < 9.95 ? amount.toFixed(1) : Math.round(amount)} ${units[unit] ?? ''}`
}
