import type { MicrophoneSteps } from '../../i18n/en-troubles.ts'

/** Whose steps for allowing the microphone fit this browser. Every browser on iOS is WebKit; an iPad says it is a Mac with a touch screen. */
export function browserFamily({ userAgent, maxTouchPoints }: { userAgent: string, maxTouchPoints: number }): MicrophoneSteps {
  if (/iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)) return 'ios'
  if (/Firefox\//.test(userAgent)) return 'firefox'
  if (/Edg(e|A)?\//.test(userAgent)) return 'edge'
  if (/Safari\//.test(userAgent) && !/Chrom(e|ium)\//.test(userAgent)) return 'safari'
  return 'chrome'
}
