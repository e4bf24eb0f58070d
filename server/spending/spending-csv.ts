import type { PersonLine } from '../../shared/spending.ts'

type Column = [name: string, of: (line: PersonLine) => string | number | null]
const columns: readonly Column[] = [
  ['day', line => line.day],
  ['person', line => line.person],
  ['name', line => line.name],
  ['model', line => line.model],
  ['prices_of', line => line.prices_of],
  ['responses', line => line.responses],
  ['usd', line => line.usage.usd === null ? null : decimal(line.usage.usd)],
  ...(['text', 'audio', 'image', 'cached_text', 'cached_audio', 'cached_image'] as const).map((kind): Column => [`${kind}_tokens_in`, line => line.usage.input_tokens[kind]]),
  ...(['text', 'audio'] as const).map((kind): Column => [`${kind}_tokens_out`, line => line.usage.output_tokens[kind]]),
  ['transcription_seconds', line => decimal(line.usage.transcription_seconds)],
]

/** Never with an exponent: money is counted to the nano-dollar. */
const decimal = (value: number) => value.toFixed(9).replace(/\.?0+$/, '')

/** A spreadsheet takes a cell that begins like this for a formula, and computes it; the wide signs, where Japanese is written. */
const FORMULA = /^[=+\-@＝＋－＠\t\r\n]/

/** One field (RFC 4180). Names and models are what somebody else made up. */
function field(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The lines as CSV with a header (RFC 4180). */
export const spendingCsv = (lines: readonly PersonLine[]): string =>
  [columns.map(([name]) => name), ...lines.map(line => columns.map(([, of]) => field(of(line))))].map(row => `${row.join(',')}\r\n`).join('')
