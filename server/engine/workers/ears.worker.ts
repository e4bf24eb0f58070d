import { readFileSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { createEnergyStream } from '../vad/energy.ts'
import { openWebrtcVad } from '../vad/webrtc.ts'
import { createSileroStream, readSileroWeights } from '../vad/silero.ts'
import { loadPocketsphinx } from '../stt/pocketsphinx-utterance.ts'
import { loadSherpa } from '../stt/sherpa.ts'
import type { EarsRole, SttOperations, VadOperations, VadStream } from './ears-operations.ts'
import { serveWorker, type Handlers } from './worker-side.ts'

const role = workerData as EarsRole
if (role.role === 'vad') await serveWorker<VadOperations>(() => listen(role))
else await serveWorker<SttOperations>(() => role.adapter === 'sherpa' ? loadSherpa(role.pack) : loadPocketsphinx(role.files))

async function listen(role: EarsRole & { role: 'vad' }): Promise<Handlers<VadOperations>> {
  const open = await openerFor(role)
  // Forgotten when their session closes; the number of sessions bounds it.
  const streams = new Map<number, VadStream>()
  return {
    process({ listener, frame }) {
      let stream = streams.get(listener)
      if (!stream) streams.set(listener, stream = open())
      return stream.process(frame)
    },
    forget({ listener }) {
      streams.get(listener)?.close?.()
      streams.delete(listener)
      return null
    },
  }
}

function openerFor(role: EarsRole & { role: 'vad' }): (() => VadStream) | Promise<() => VadStream> {
  if (role.adapter === 'energy') return createEnergyStream
  if (role.adapter === 'webrtc') return openWebrtcVad()
  const weights = readSileroWeights(readFileSync(role.modelFile))
  const warm = createSileroStream(weights)
  // The compiler needs some 20 frames to get fast: better now than in the first caller's first second.
  for (let i = 0; i < 40; i++) warm.process(new Float32Array(512))
  return () => createSileroStream(weights)
}
