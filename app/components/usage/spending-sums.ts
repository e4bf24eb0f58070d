import type { SpendingLine } from '../../../shared/spending.ts'

/** What lines come to. */
export interface Sum { usd: number | undefined, responses: number, tokensIn: number, cached: number, tokensOut: number, transcribedSeconds: number }

const nothing: Sum = { usd: undefined, responses: 0, tokensIn: 0, cached: 0, tokensOut: 0, transcribedSeconds: 0 }

function add(sum: Sum, { responses, usage: { usd, input_tokens: input, output_tokens: output, transcription_seconds: seconds } }: SpendingLine): Sum {
  return {
    // What has no price adds tokens and no money.
    usd: usd === null ? sum.usd : (sum.usd ?? 0) + usd,
    responses: sum.responses + responses,
    tokensIn: sum.tokensIn + input.text + input.audio + input.image,
    cached: sum.cached + input.cached_text + input.cached_audio + input.cached_image,
    tokensOut: sum.tokensOut + output.text + output.audio,
    transcribedSeconds: sum.transcribedSeconds + seconds,
  }
}

export const sumOf = (lines: readonly SpendingLine[]): Sum => lines.reduce(add, nothing)

function grouped<L>(lines: readonly L[], keyOf: (line: L) => string): Map<string, L[]> {
  const groups = new Map<string, L[]>()
  for (const line of lines) {
    const group = groups.get(keyOf(line))
    if (group) group.push(line)
    else groups.set(keyOf(line), [line])
  }
  return groups
}

/** Sums by something of the lines, dearest first, then by tokens. */
export function sumsBy<L extends SpendingLine>(lines: readonly L[], keyOf: (line: L) => string): { key: string, sum: Sum, lines: L[] }[] {
  return [...grouped(lines, keyOf)].map(([key, of]) => ({ key, sum: sumOf(of), lines: of }))
    .sort((one, other) => (other.sum.usd ?? 0) - (one.sum.usd ?? 0) || other.sum.tokensOut - one.sum.tokensOut)
}

/** Every day from the first to the last, `YYYY-MM-DD`, with what was spent; days without anything too. At most 400. */
export function sumsByDay(lines: readonly SpendingLine[], from: string, to: string): { day: string, usd: number }[] {
  const byDay = grouped(lines, ({ day }) => day)
  const days: { day: string, usd: number }[] = []
  for (let at = Date.parse(from); at <= Date.parse(to) && days.length < 400; at += 86_400_000) {
    const day = new Date(at).toISOString().slice(0, 10)
    days.push({ day, usd: sumOf(byDay.get(day) ?? []).usd ?? 0 })
  }
  return days
}
