import { expect, test } from 'vitest'
import { createWasiProgram, ProgramExit } from '../../../../../server/engine/tts/wasi-shim.ts'

type Call = (...args: (number | bigint)[]) => number

function started(args: string[]) {
  const program = createWasiProgram(args)
  const memory = new WebAssembly.Memory({ initial: 1 })
  program.attach(memory)
  const view = new DataView(memory.buffer)
  const call = (name: string, ...values: (number | bigint)[]) => (program.calls[name] as Call)(...values)
  const put = (at: number, text: string) => new Uint8Array(memory.buffer).set(new TextEncoder().encode(text), at)
  /** Writes text to a descriptor as one vector at 512. */
  const write = (descriptor: number, text: string) => {
    put(1_024, text)
    view.setUint32(512, 1_024, true)
    view.setUint32(516, text.length, true)
    return call('fd_write', descriptor, 512, 1, 520)
  }
  return { program, memory, view, call, write }
}

test('arguments arrive as C strings', () => {
  const { call, view, memory } = started(['flite', '-t', 'hi'])
  expect(call('args_sizes_get', 0, 4)).toBe(0)
  expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([3, 12])
  call('args_get', 16, 64)
  expect(new TextDecoder().decode(new Uint8Array(memory.buffer, view.getUint32(24, true), 3))).toBe('hi\0')
})

test('what is written to the file can be overwritten after a seek, as a wave header is', () => {
  const { program, call, write } = started([])
  expect(call('path_open', 3, 0, 0, 0, 1, 0n, 0n, 0, 0)).toBe(0)
  write(4, '????data')
  call('fd_seek', 4, 0n, 0, 0)
  write(4, 'RIFF')
  expect(new TextDecoder().decode(program.output())).toBe('RIFFdata')
})

test('no other file can be opened, and standard error is kept short', () => {
  const { program, call, write } = started([])
  expect(call('path_open', 3, 0, 0, 0, 0, 0n, 0n, 0, 0)).not.toBe(0)
  for (let i = 0; i < 300; i++) write(2, 'complaint ')
  expect(program.complaint().length).toBeLessThanOrEqual(2_048)
})

test('a program that writes without end is stopped', () => {
  const { call, view } = started([])
  view.setUint32(512, 0, true)
  view.setUint32(516, 60_000, true)
  expect(() => { for (let i = 0; i < 40; i++) call('fd_write', 4, 512, 1, 520) }).toThrow(/60 s/)
})

test('its exit comes out as an exception with the code', () => {
  const { call } = started([])
  expect(() => call('proc_exit', 3)).toThrow(ProgramExit)
})
