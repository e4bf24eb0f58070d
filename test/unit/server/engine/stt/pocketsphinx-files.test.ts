import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findPocketsphinx } from '../../../../../server/engine/stt/pocketsphinx-files.ts'

let root: string
beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'kaiwa-root-')) })
afterEach(() => rmSync(root, { recursive: true, force: true }))

const libraries = (architecture: string) => [`usr/lib/${architecture}-linux-gnu/libpocketsphinx.so.3`, `usr/lib/${architecture}-linux-gnu/libsphinxbase.so.3`]
const model = ['cmudict-en-us.dict', 'en-us.lm.bin', ...['mdef', 'means', 'variances', 'transition_matrices', 'sendump'].map(name => `en-us/${name}`)]
  .map(name => `usr/share/pocketsphinx/model/en-us/${name}`)

function put(paths: string[], content = 'x') {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
}

test.each(['x86_64', 'aarch64', 'riscv64'])('the libraries are found on %s', architecture => {
  put([...libraries(architecture), ...model])
  expect(findPocketsphinx(root)).toMatchObject({ found: true, files: { library: join(root, libraries(architecture)[0]!) } })
})

test('without the libraries the sentence names the packages', () => {
  put(model)
  expect(findPocketsphinx(root)).toMatchObject({ found: false, why: expect.stringContaining('apt-get install libpocketsphinx3 pocketsphinx-en-us') })
})

test('a missing or empty model file is named', () => {
  put([...libraries('x86_64'), ...model])
  put([model[1]!], '')
  expect(findPocketsphinx(root)).toMatchObject({ found: false, why: expect.stringContaining('en-us.lm.bin') })
})
