import { openChosenOutput } from './chosen-output.ts'
import type { EchoCheckParts } from './echo-check.ts'
import { openEchoRecorder } from './echo-recorder.ts'

const ASK_TIMEOUT_MS = 3000

/** This browser's audio, and the page's own server, which hears of the check only that it was asked whether it is well. */
export function browserEchoParts(): EchoCheckParts {
  return {
    mediaDevices: navigator.mediaDevices as MediaDevices | undefined,
    createAudioContext: options => new AudioContext({ latencyHint: 'interactive', ...options }),
    openOutput: (context, path) => openChosenOutput(context, path),
    openRecorder: openEchoRecorder,
    async askServer() {
      const answer = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(ASK_TIMEOUT_MS) })
      if (!answer.ok) throw new Error(`The server answered ${answer.status}`)
    },
    transport: 'WebSocket',
    nowMs: () => performance.now(),
  }
}
