import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A network of its own for a browser, with one wire to this machine. Linux and root only. */
export interface NetNamespace {
  /** This machine, as seen from there. */
  readonly address: string
  /** Starts a program in it, with the arguments that it is given. */
  wrap(program: string): string
  /** No datagram leaves it from now on. */
  blockUdp(): void
  close(): void
}

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })

/** Or why there can be none here. */
export function openNetNamespace(): NetNamespace | { why: string } {
  const number = process.pid % 60_000
  const [name, here, there] = [`kaiwa${number}`, `kwh${number}`, `kwt${number}`]
  // Of 198.18.0.0/15, which RFC 2544 keeps for tests of networks.
  const net = `198.18.${number >> 8}.${(number & 0x3f) << 2}`.split('.').map(Number)
  const host = (n: number) => [...net.slice(0, 3), net[3]! + n].join('.')
  const folder = mkdtempSync(join(tmpdir(), 'kaiwa-net-'))
  const close = () => {
    rmSync(folder, { recursive: true, force: true })
    try {
      // The wire goes with it.
      ip('netns', 'del', name)
    } catch { /* there is none */ }
  }
  try {
    ip('netns', 'add', name)
    ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name)
    ip('addr', 'add', `${host(1)}/30`, 'dev', here)
    ip('link', 'set', here, 'up')
    ip('-n', name, 'addr', 'add', `${host(2)}/30`, 'dev', there)
    for (const link of ['lo', there]) ip('-n', name, 'link', 'set', link, 'up')
    ip('-n', name, 'route', 'add', 'default', 'via', host(1))
  } catch (error) {
    close()
    return { why: error instanceof Error ? error.message.split('\n')[0]! : 'unknown' }
  }
  return {
    address: host(1),
    wrap(program) {
      const path = join(folder, 'run')
      writeFileSync(path, `#!/bin/sh\nexec ip netns exec ${name} '${program}' "$@"\n`, { mode: 0o755 })
      return path
    },
    blockUdp: () => { ip('-n', name, 'rule', 'add', 'pref', '1', 'ipproto', 'udp', 'blackhole') },
    close,
  }
}
