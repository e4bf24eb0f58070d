import type { KeptVoices } from '../../shared/history.ts'
import type { VoiceLevels } from './replay-strokes.ts'
import { createWavLevels } from './wav-levels.ts'

/** One stroke of the stage is as long. */
const STEP_MS = 120
/** Fetched to draw the voices, all calls together; what comes after is drawn by its times alone. */
const MOST_BYTES = 256 * 1024 * 1024

const browserEnv = { fetch: (...request: Parameters<typeof fetch>) => fetch(...request) }

/** Fetches the voices one after the other and measures them as they come; each time there is more to draw, `onLevels` is told. Never rejects. */
export async function measureVoices({ calls }: KeptVoices, onLevels: (levels: VoiceLevels) => void, cancelled: AbortSignal, env = browserEnv): Promise<void> {
  let left = MOST_BYTES
  for (const { call_id: callId, from_ms: fromMs, voices } of calls) {
    for (const { voice, href } of voices) {
      const wav = createWavLevels(STEP_MS)
      try {
        const response = await env.fetch(href, { credentials: 'same-origin', signal: cancelled })
        if (!response.ok || !response.body) continue
        const reader = response.body.getReader()
        for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
          wav.push(piece.value)
          left -= piece.value.length
          onLevels({ callId, voice, fromMs, stepMs: STEP_MS, levels: wav.levels })
          if (left > 0) continue
          await reader.cancel()
          return
        }
      } catch {
        // Left the page, or this voice can't be read: its times still show where it was.
        if (cancelled.aborted) return
      }
    }
  }
}
