/** Resident memory of a process that holds nothing but the engine's stages; prints one line of JSON. Bundled and started by engine.ts. */
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { createNodeStages } from '../server/engine/stages.ts'

const CALLERS = 10
const [assetsDir, ears, voice, recording] = process.argv.slice(2) as [string, string, string, string]
const residentMb = () => Math.round(process.memoryUsage.rss() / 1e6)

const emptyMb = residentMb()
const { stages, close } = await createNodeStages({
  modelsDir: 'data/models', assetsDir, responder: { async* respond() {} }, workerUrls: { ears: pathToFileURL(ears), voice: pathToFileURL(voice) },
})
const readyMb = residentMb()
const bytes = readFileSync(recording)
const samples = Float32Array.from({ length: (bytes.length - 44) >> 1 }, (_, i) => bytes.readInt16LE(44 + i * 2) / 32_768)

async function takeTurn(): Promise<void> {
  const vad = await stages.openVad()
  for (let at = 0; at + vad.frameSamples <= samples.length; at += vad.frameSamples) await vad.process(samples.subarray(at, at + vad.frameSamples))
  const stream = stages.transcriber?.open({})
  stream?.write(samples)
  await stream?.finish()
  for await (const _ of stages.synthesizer.synthesize({ text: 'I heard you say something.', voice: 'marin', speed: 1, signal: new AbortController().signal }));
}

await takeTurn()
const firstCallerMb = residentMb()
for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: CALLERS }, takeTurn))
const furtherCallerMb = Math.round((residentMb() - firstCallerMb) / (CALLERS - 1))
await close()
console.log(JSON.stringify({ emptyMb, readyMb, firstCallerMb, furtherCallerMb }))
