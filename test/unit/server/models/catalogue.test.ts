import { expect, test } from 'vitest'
import { archiveUrl, catalogue, PUBLISHER } from '../../../../server/models/catalogue.ts'

test('every model has a name of its own that is one folder, and a licence; a checksum is whole or absent', () => {
  expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length)
  for (const { name, licence, sha256, languages } of catalogue) {
    expect(name).toMatch(/^[\w-][\w.-]*$/)
    expect(licence).not.toBe('')
    expect(languages.length).toBeGreaterThan(0)
    expect(sha256 ?? 'ab'.repeat(32)).toMatch(/^[0-9a-f]{64}$/)
  }
  expect(catalogue.some(({ stage, languages }) => stage === 'stt' && languages.includes('ja'))).toBe(true)
})

test('archives lie below the publisher\'s address or a mirror\'s, by the same paths', () => {
  expect(archiveUrl({ name: 'kokoro-en-v0_19', stage: 'tts' }, PUBLISHER)).toBe('https://github.com/k2-fsa/sherpa-onnx/releases/download/tts-models/kokoro-en-v0_19.tar.bz2')
  expect(archiveUrl({ name: 'x', stage: 'stt' }, 'http://mirror.example/models/')).toBe('http://mirror.example/models/asr-models/x.tar.bz2')
})
