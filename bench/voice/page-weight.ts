import { gzipSync } from 'node:zlib'
import type { Stage } from '../../test/e2e/marked-runs.ts'
import { launchChromium } from '../../test/fakes/chromium.ts'
import type { Figure } from './figure.ts'

const MAX_KB = 250

/** All JavaScript that the first page asks for until it is still, compressed; and who else it asks. */
export async function pageFigures({ server }: Stage): Promise<Figure[]> {
  const browser = await launchChromium()
  try {
    const page = await browser.newPage()
    const bodies: Promise<number>[] = []
    const hosts = new Set<string>()
    page.on('request', request => { if (!/^(data|blob):/.test(request.url())) hosts.add(new URL(request.url()).host) })
    page.on('response', response => {
      const isScript = /javascript/.test(response.headers()['content-type'] ?? '')
      if (isScript) bodies.push(response.body().then(body => gzipSync(body).length, () => 0))
    })
    await page.goto(server.address, { waitUntil: 'networkidle' })
    const kilobytes = (await Promise.all(bodies)).reduce((sum, bytes) => sum + bytes, 0) / 1000
    const others = [...hosts].filter(host => host !== new URL(server.address).host)
    return [
      { what: 'page: JavaScript before the first conversation', measured: `${kilobytes.toFixed(0)} kB in ${bodies.length} files (gzip)`, goal: `≤ ${MAX_KB} kB`, met: kilobytes <= MAX_KB },
      { what: 'page: requests to another host', measured: others.join(', ') || 'none', goal: 'none', met: others.length === 0 },
    ]
  } finally {
    await browser.close()
  }
}
