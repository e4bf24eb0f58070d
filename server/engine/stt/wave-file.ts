const HEADER_BYTES = 44

/** A WAV file of 16-bit PCM, mono (RIFF WAVE, format 1). Samples beyond −1 to 1 are clipped. */
export function waveFile(pieces: readonly Float32Array[], sampleRate: number): Uint8Array<ArrayBuffer> {
  const dataBytes = pieces.reduce((sum, piece) => sum + piece.length, 0) * 2
  const file = new Uint8Array(HEADER_BYTES + dataBytes)
  const view = new DataView(file.buffer)
  const ascii = (at: number, text: string) => { for (let i = 0; i < text.length; i++) view.setUint8(at + i, text.charCodeAt(i)) }
  ascii(0, 'RIFF')
  view.setUint32(4, 36 + dataBytes, true)
  ascii(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, sampleRate, true)
  view.setUint32(28, sampleRate * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  ascii(36, 'data')
  view.setUint32(40, dataBytes, true)
  let at = HEADER_BYTES
  for (const piece of pieces) {
    for (const sample of piece) {
      view.setInt16(at, Math.round(Math.max(-1, Math.min(1, sample)) * 32_767), true)
      at += 2
    }
  }
  return file
}
