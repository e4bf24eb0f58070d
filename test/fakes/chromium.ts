import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const installed = [
  '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable', '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** No screen, no sound card, no other host; the permission for the microphone is given, and it plays a file. */
const flags = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--autoplay-policy=user-gesture-required',
]

/** `CHROMIUM_PATH`, else an installed Chromium or Chrome, else Playwright's own. @throws Error with what to do when there is none */
export function chromiumPath(): string {
  const named = process.env.CHROMIUM_PATH
  if (named && !existsSync(named)) throw new Error(`CHROMIUM_PATH is ${named}, but there is no such file.`)
  const path = named || [...installed, chromium.executablePath()].find(candidate => existsSync(candidate))
  if (!path) throw new Error('No Chromium found. Install one (Debian: apt-get install chromium) or set CHROMIUM_PATH.')
  return path
}

export interface ChromiumOptions {
  /** Absolute path of a recording that the fake microphone plays once, from the moment it is opened; silence after it. */
  microphoneWav?: string
  extraArgs?: string[]
  /** What starts it in a place of its own. */
  wrap?: ((program: string) => string) | undefined
}

/** A real Chromium, headless. Close it. A click is needed before sound may start, as for a person. */
export function launchChromium(options: ChromiumOptions = {}): Promise<Browser> {
  const { microphoneWav, extraArgs = [], wrap = program => program } = options
  const microphone = microphoneWav ? [`--use-file-for-fake-audio-capture=${microphoneWav}%noloop`] : []
  return chromium.launch({ executablePath: wrap(chromiumPath()), args: [...flags, ...microphone, ...extraArgs] })
}
