/**
 * The order in which migrations are applied, as a total order on names. A leading stamp of 8, 10, 12 or 14 digits that is a
 * valid date or time compares as that time; any other run of digits compares as an integer, however long; everything else by
 * code point. Names that are equal so far (`1_a` and `01_a`) are told apart by their code points.
 */
export function compareNames(a: string, b: string): number {
  let i = leadingDigits(a).length
  let j = leadingDigits(b).length
  if (i > 0 && j > 0) {
    const byNumber = compareNumbers(normalised(a.slice(0, i)), normalised(b.slice(0, j)))
    if (byNumber !== 0) return byNumber
  } else {
    i = 0
    j = 0
  }
  return compareRest(a, i, b, j) || compareCodePoints(a, b)
}

/** What a migration is ordered by: the name of its file, even where that gives itself another name. */
export function orderName({
  name,
  stem = name,
}: {
  readonly name: string
  readonly stem?: string | undefined
}): string {
  return stem
}

/** The leading number of a name in decimal digits without leading zeros (`3` for `003_add_runs`); null when it has none. */
export function versionOf(name: string): string | null {
  const digits = leadingDigits(name)
  return digits === '' ? null : withoutZeros(digits)
}

/** The time that a leading stamp means, as 14 digits; null when the digits are not a stamp, such as `003` or `20251341`. */
export function stampOf(name: string): string | null {
  const digits = leadingDigits(name)
  if (![8, 10, 12, 14].includes(digits.length)) return null
  const stamp = digits.padEnd(14, '0')
  const [year, month, day] = [Number(stamp.slice(0, 4)), Number(stamp.slice(4, 6)), Number(stamp.slice(6, 8))]
  const [hour, minute, second] = [Number(stamp.slice(8, 10)), Number(stamp.slice(10, 12)), Number(stamp.slice(12))]
  const dateExists = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
  return dateExists && hour <= 23 && minute <= 59 && second <= 59 ? stamp : null
}

/** The leading number of a name as the order sees it: the 14 digits of a stamp, or the number; null when it has none. */
export function positionOf(name: string): string | null {
  const digits = leadingDigits(name)
  return digits === '' ? null : normalised(digits)
}

function compareRest(a: string, start: number, b: string, startB: number): number {
  let i = start
  let j = startB
  while (i < a.length && j < b.length) {
    if (isDigit(a, i) && isDigit(b, j)) {
      const [endA, endB] = [endOfDigits(a, i), endOfDigits(b, j)]
      const byNumber = compareNumbers(withoutZeros(a.slice(i, endA)), withoutZeros(b.slice(j, endB)))
      if (byNumber !== 0) return byNumber
      i = endA
      j = endB
    } else {
      const [pointA, pointB] = [a.codePointAt(i) ?? 0, b.codePointAt(j) ?? 0]
      if (pointA !== pointB) return pointA - pointB
      i += pointA > 0xffff ? 2 : 1
      j += pointB > 0xffff ? 2 : 1
    }
  }
  return Number(i < a.length) - Number(j < b.length)
}

// The built-in comparison of strings goes by UTF-16 unit, which puts astral characters before U+E000 to U+FFFF.
function compareCodePoints(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i += 1) {
    const [pointA, pointB] = [a.codePointAt(i) ?? 0, b.codePointAt(i) ?? 0]
    if (pointA !== pointB) return pointA - pointB
    if (pointA > 0xffff) i += 1
  }
  return a.length - b.length
}

// Both without leading zeros, so a longer one is a larger one, and no digit is lost to floating point.
function compareNumbers(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : Number(a > b)
}

function normalised(digits: string): string {
  return stampOf(digits) ?? withoutZeros(digits)
}

function leadingDigits(name: string): string {
  return name.slice(0, endOfDigits(name, 0))
}

function endOfDigits(text: string, start: number): number {
  let end = start
  while (isDigit(text, end)) end += 1
  return end
}

function isDigit(text: string, index: number): boolean {
  const unit = text.charCodeAt(index)
  return unit >= 0x30 && unit <= 0x39
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '')
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}
