import type { Spent } from '../../voice/call.ts'

/** Dollars and moments as a person reads them. */

/** Small sums keep the digits that say something; the smallest is "under", never a zero that was spent. */
export function dollars(usd: number, locale: string): string {
  const show = (amount: number, digits: number) =>
    new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD', minimumFractionDigits: digits, maximumFractionDigits: digits }).format(amount)
  if (usd > 0 && usd < 0.0001) return `<${show(0.0001, 4)}`
  return show(usd, usd === 0 || usd >= 0.0995 ? 2 : usd >= 0.00995 ? 3 : 4)
}

/** Dollars a minute; too short a call says nothing about a minute. */
export function dollarsPerMinute(usd: number, callMs: number): number | undefined {
  return callMs >= 30_000 ? usd / (callMs / 60_000) : undefined
}

/** The next midnight UTC, when a day's money is there again. */
export function nextDayUtc(nowEpochMs: number): number {
  const now = new Date(nowEpochMs)
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1)
}

/** A moment in this place's time: the hour, with its weekday when that isn't today. */
export function moment(epochMs: number, nowEpochMs: number, locale: string): string {
  const today = new Date(epochMs).toDateString() === new Date(nowEpochMs).toDateString()
  return new Intl.DateTimeFormat(locale, { ...(today ? {} : { weekday: 'long' }), hour: 'numeric', minute: '2-digit' }).format(epochMs)
}

export type UsageKind = 'textIn' | 'audioIn' | 'imageIn' | 'textCached' | 'audioCached' | 'imageCached' | 'textOut' | 'audioOut'

/** Tokens by kind; cached ones stand apart from the rest of the input, so that the kinds add up. */
export function tokensByKind({ inputTokens, cachedTokens, outputTokens }: Spent): Record<UsageKind, number> {
  const fresh = (kind: 'text' | 'audio' | 'image') => Math.max(0, inputTokens[kind] - cachedTokens[kind])
  return {
    audioIn: fresh('audio'), audioCached: cachedTokens.audio, audioOut: outputTokens.audio,
    textIn: fresh('text'), textCached: cachedTokens.text, textOut: outputTokens.text,
    imageIn: fresh('image'), imageCached: cachedTokens.image,
  }
}
