import { isWebKitOnIos, openElementOutput } from './element-output.ts'
import { openLoopbackOutput } from './loopback-output.ts'
import { openDirectOutput, type Output } from './output.ts'
import type { PageLife } from './page-life.ts'
import type { PlaybackPath } from './voice-settings.ts'

/** What became of the way that was asked for, and why. */
export type ChosenOutput = Output & { readonly path?: PlaybackPath, readonly reason?: string | undefined }

/** The way to the ear: as the settings say, and directly unless this browser sounds better through an element. Call it in a gesture. */
export async function openChosenOutput(context: AudioContext, path: PlaybackPath, page?: PageLife): Promise<ChosenOutput> {
  if (path === 'loopback') return await openLoopbackOutput(context)
  return isWebKitOnIos(navigator) ? await openElementOutput(context, { page }) : openDirectOutput(context)
}
