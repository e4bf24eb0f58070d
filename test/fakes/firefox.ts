import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectBidi, type Bidi } from './bidi.ts'

/** A stock Firefox, headless, driven over WebDriver BiDi: playwright-core drives only a Firefox of its own. */

const installed = ['/usr/bin/firefox-esr', '/usr/bin/firefox', '/snap/bin/firefox', '/Applications/Firefox.app/Contents/MacOS/firefox', 'C:\\Program Files\\Mozilla Firefox\\firefox.exe']
const START_TIMEOUT_MS = 40_000

/** A microphone that hums at 1 kHz and is allowed; a loudspeaker; no other host, nothing in the background; no sound before a gesture. */
const preferences: Record<string, string | number | boolean> = {
  'media.navigator.streams.fake': true,
  // Firefox's own mock of a sound card, in real time: without any card an audio context never runs.
  'media.cubeb.force_mock_context': true,
  'media.navigator.permission.disabled': true,
  // 1: not before a gesture.
  'media.autoplay.default': 1,
  'media.autoplay.blocking_policy': 0,
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.proxy.no_proxies_on': '127.0.0.1, localhost',
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'app.update.enabled': false,
  'app.normandy.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'datareporting.healthreport.uploadEnabled': false,
  'extensions.update.enabled': false,
  'services.settings.server': 'http://127.0.0.1:9',
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
}

/** `FIREFOX_PATH`, else an installed one; undefined when there is none. */
export function firefoxPath(): string | undefined {
  const named = process.env.FIREFOX_PATH
  if (named && !existsSync(named)) throw new Error(`FIREFOX_PATH is ${named}, but there is no such file.`)
  return named || installed.find(path => existsSync(path))
}

export interface FirefoxPage {
  goto(url: string): Promise<void>
  /** Runs in the page; arguments and result as JSON. The function may be async and knows nothing of this module. */
  evaluate<T, A extends unknown[]>(work: (...args: A) => T | Promise<T>, ...args: A): Promise<T>
  /** A person's click on what assistive technology calls so. @throws when nothing is there */
  click(role: 'button' | 'textbox', name: string): Promise<void>
  /** A person's typing into what has the focus; `\uE007` is Enter, `\uE00C` Escape. */
  type(text: string): Promise<void>
  /** Runs in every page before its own scripts. */
  before(work: () => void): Promise<void>
  /** Errors and warnings of the console, and uncaught errors. */
  complaints: string[]
}

export interface Firefox {
  version: string
  page: FirefoxPage
  close(): Promise<void>
}

/** Close it. @throws Error when there is no Firefox, or it doesn't say within 40 s where it can be driven */
export async function launchFirefox(): Promise<Firefox> {
  const path = firefoxPath()
  if (path === undefined) throw new Error('No Firefox found. Install one (Debian: apt-get install firefox-esr) or set FIREFOX_PATH.')
  const profile = mkdtempSync(join(tmpdir(), 'kaiwa-firefox-'))
  writeFileSync(join(profile, 'user.js'), Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''))
  const child = spawn(path, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, MOZ_HEADLESS_WIDTH: '1280', MOZ_HEADLESS_HEIGHT: '800', HOME: profile },
  })
  const exited = once(child, 'exit')
  let bidi: Bidi | undefined
  const close = async () => {
    await bidi?.ask('browser.close', {}).catch(() => child.kill('SIGKILL'))
    bidi?.close()
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    await exited.finally(() => clearTimeout(timer))
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
  try {
    bidi = await connectBidi(`${await addressOf(child)}/session`)
    const { capabilities } = await bidi.ask<{ capabilities: { browserVersion: string } }>('session.new', { capabilities: {} })
    return { version: capabilities.browserVersion, page: await openPage(bidi), close }
  } catch (error) {
    child.kill('SIGKILL')
    await close()
    throw error
  }
}

/** Firefox prints it. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const timer = setTimeout(() => reject(new Error(`Firefox did not start within ${START_TIMEOUT_MS / 1000} s:\n${printed}`)), START_TIMEOUT_MS)
    child.stderr!.on('data', data => {
      printed += data
      const address = /WebDriver BiDi listening on (ws:\S+)/.exec(printed)?.[1]
      if (address === undefined) return
      clearTimeout(timer)
      resolve(address)
    })
    child.on('exit', () => reject(new Error(`Firefox ended before it could be driven:\n${printed}`)))
  })
}

type Remote = { type: 'success', result: { value?: string } } | { type: 'exception', exceptionDetails: { text: string } }

async function openPage(bidi: Bidi): Promise<FirefoxPage> {
  const { contexts } = await bidi.ask<{ contexts: { context: string }[] }>('browsingContext.getTree', {})
  const { context } = contexts[0]!
  const complaints: string[] = []
  bidi.onEvent(({ method, params }) => {
    if (method === 'log.entryAdded' && (params.level === 'error' || params.level === 'warn')) complaints.push(String(params.text))
  })
  await bidi.ask('session.subscribe', { events: ['log.entryAdded'] })

  async function evaluate<T, A extends unknown[]>(work: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
    const functionDeclaration = `async args => JSON.stringify(await (${String(work)})(...JSON.parse(args)) ?? null)`
    const answer = await bidi.ask<Remote>('script.callFunction', {
      functionDeclaration, awaitPromise: true, target: { context }, arguments: [{ type: 'string', value: JSON.stringify(args) }], userActivation: false,
    })
    if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text)
    return JSON.parse(answer.result.value!) as T
  }
  const act = (actions: object) => bidi.ask('input.performActions', { context, actions: [actions] })

  return {
    complaints,
    evaluate,
    async goto(url) { await bidi.ask('browsingContext.navigate', { context, url, wait: 'complete' }) },
    async click(role, name) {
      const { nodes } = await bidi.ask<{ nodes: { sharedId: string }[] }>('browsingContext.locateNodes', { context, locator: { type: 'accessibility', value: { role, name } } })
      if (!nodes[0]) throw new Error(`No ${role} is called ${name}`)
      const origin = { type: 'element', element: { sharedId: nodes[0].sharedId } }
      await act({ type: 'pointer', id: 'mouse', actions: [{ type: 'pointerMove', x: 0, y: 0, origin }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }] })
    },
    async type(text) {
      await act({ type: 'key', id: 'keys', actions: [...text].flatMap(value => [{ type: 'keyDown', value }, { type: 'keyUp', value }]) })
    },
    async before(work) { await bidi.ask('script.addPreloadScript', { functionDeclaration: String(work) }) },
  }
}
