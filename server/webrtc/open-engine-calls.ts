import type { WebrtcSettings } from '../config/webrtc-settings.ts'
import { createEngineCalls, type EngineCalls } from './engine-call.ts'
import { createMediaHost, mediaWorker } from './media-host.ts'

/** WebRTC for the embedded engine, with its peers in a worker of their own. The worker starts with the first call. */
export async function openEngineCalls(settings: WebrtcSettings): Promise<EngineCalls> {
  const { mediaWorkerUrl } = await import('./media-file.ts')
  return createEngineCalls(settings, createMediaHost(mediaWorker(new URL(mediaWorkerUrl))))
}
