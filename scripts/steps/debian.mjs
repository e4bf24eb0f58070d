// Debian packages, where the user may install them: root on Debian or Ubuntu, unless KAIWA_APT=false.
import { existsSync } from 'node:fs'
import { runStep } from './step.mjs'

// Without these an unreachable mirror keeps the start waiting for minutes.
const IMPATIENT = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=15', '-o', 'Dpkg::Lock::Timeout=60']

/** @returns {{ may: true } | { may: false, why: string }} */
export function mayInstall() {
  if (!existsSync('/usr/bin/apt-get')) return { may: false, why: 'this system has no apt' }
  if (process.env.KAIWA_APT === 'false') return { may: false, why: 'KAIWA_APT is false' }
  if (process.getuid?.() !== 0) return { may: false, why: 'only root may install packages' }
  return { may: true }
}

/** @param {string} label @param {string[]} packages */
export async function aptInstall(label, packages) {
  const run = (step, args) => runStep({
    label: step,
    command: 'apt-get',
    args: [...IMPATIENT, ...args],
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    timeoutMs: 5 * 60_000,
    remedy: `Install by hand: apt-get install ${packages.join(' ')}`,
  })
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...packages]
  try {
    await run(label, install)
  } catch {
    // A fresh image has no package lists, or old ones.
    await run('Updating the package lists', ['update', '-qq'])
    await run(label, install)
  }
}
