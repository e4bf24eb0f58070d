// A Chromium for the browser tests: CHROMIUM_PATH, else an installed one, else Debian's, else Playwright's.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { aptInstall, mayInstall } from './debian.mjs'
import { projectEnv } from './install.mjs'
import { runStep, StepFailure } from './step.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'

function installedBrowser() {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = NAMES.flatMap(name => folders.map(folder => join(folder, name))).find(path => existsSync(path))
  return found ?? (existsSync(MAC) ? MAC : undefined)
}

/** @returns {Promise<string>} path of the browser */
export async function ensureBrowser() {
  const named = process.env.CHROMIUM_PATH
  if (named && existsSync(named)) return named
  if (named) throw new StepFailure({ what: 'CHROMIUM_PATH names no file', why: named, remedy: 'Point it at a Chromium or Chrome executable, or unset it.' })
  const installed = installedBrowser()
  if (installed) return installed
  if (mayInstall().may) {
    await aptInstall('Installing Chromium for the browser tests', ['chromium'])
    const fresh = installedBrowser()
    if (fresh) return fresh
  }
  return playwrightBrowser()
}

async function playwrightBrowser() {
  await runStep({
    label: 'Downloading Playwright’s Chromium for the browser tests',
    command: 'node',
    args: ['node_modules/playwright-core/cli.js', 'install', 'chromium'],
    env: projectEnv(),
    timeoutMs: 10 * 60_000,
    remedy: 'Install Chromium or Chrome, or set CHROMIUM_PATH to one, and run npm test again.',
  })
  const { chromium } = await import('playwright-core')
  return chromium.executablePath()
}
