/**
 * Where model packs lie, and whether their files are whole, by a look: sherpa-onnx itself says no more than "Please check your config!" when a file is missing,
 * and a cut-off model can take the process down.
 */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

/** The folder itself and those in it. A name with a dot in front is a download under way. */
export function packFolders(modelsDir: string): string[] {
  if (!existsSync(modelsDir)) return []
  const inside = readdirSync(modelsDir, { withFileTypes: true }).filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
  return [modelsDir, ...inside.map(entry => join(modelsDir, entry.name))]
}

/** What is wrong with a file, or nothing. */
export function faultOfFile(path: string): string | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) return `${basename(path)} is missing`
  if (size === 0) return `${basename(path)} is empty`
  return path.endsWith('.onnx') && !isWholeProtobuf(path, size) ? `${basename(path)} is cut off or no model; get it again` : undefined
}

/** Walks the outermost fields of the file, some ten of them, by their lengths: a cut-off file doesn't end where a field does. */
function isWholeProtobuf(path: string, size: number): boolean {
  const file = openSync(path, 'r')
  try {
    const head = new Uint8Array(20)
    let at = 0
    while (at < size) {
      head.fill(0)
      readSync(file, head, 0, head.length, at)
      const next = skipField(head)
      if (next === undefined) return false
      at += next
    }
    return at === size
  } finally {
    closeSync(file)
  }
}

/** Bytes that the field at the head of `bytes` takes; undefined when it is none. */
function skipField(bytes: Uint8Array): number | undefined {
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; at < 19; scale *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    return Number.NaN
  }
  const tag = varint()
  if (!(tag >= 8)) return undefined
  switch (tag % 8) {
    case 0: return Number.isNaN(varint()) ? undefined : at
    case 1: return at + 8
    case 2: {
      const length = varint()
      return Number.isNaN(length) ? undefined : at + length
    }
    case 5: return at + 4
    default: return undefined
  }
}
