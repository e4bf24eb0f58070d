import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createLog } from '../../../../server/log.ts'
import type { BrainChoice } from '../../../../server/brains/brains.ts'
import { createPersonas, type PersonaBounds, type Personas } from '../../../../server/personas/personas.ts'
import { MAX_FILE_BYTES, MAX_FILES } from '../../../../server/personas/persona-folder.ts'
import { watchFolder } from '../../../../server/personas/persona-watch.ts'
import type { Brain } from '../../../../server/realtime/brain.ts'

const brain = { kind: 'openai', model: 'm', voice: 'marin' } as Brain
const of = ({ kind }: BrainChoice) => kind === 'azure'
  ? { able: false as const, missing: { kind, why: 'Not set up.', remedy: 'set AZURE_KEY' } }
  : { able: true as const, brain }

const folders: string[] = []
const started: Personas[] = []
afterEach(() => {
  for (const personas of started.splice(0)) personas.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function folderWith(files: Record<string, string | Buffer> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'kaiwa-personas-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

const named = (name: string, more = '') => `name: ${name}\ninstructions: Be ${name}.\n${more}`

function scene(files: Record<string, string | Buffer> = {}, shipped: Record<string, string> = { 'default.yaml': named('Kaiwa') }, bounds: PersonaBounds = { maxCallMinutes: 60, budgetUsd: 1, isSpendingBounded: true }) {
  const ownDir = folderWith(files)
  let log = ''
  const personas = createPersonas({
    shippedDir: folderWith(shipped), ownDir, brains: { of }, bounds, isPriced: model => model === 'm',
    log: createLog({ level: 'info', secrets: [], write: line => { log += line } }),
    watchFolder: (dir, changed) => watchFolder(dir, changed, { settleMs: 20 }),
  })
  started.push(personas)
  return {
    personas,
    ownDir,
    log: () => log,
    write: (name: string, text: string) => { writeFileSync(join(ownDir, name), text) },
    names: () => personas.list().map(({ persona }) => `${persona.id}: ${persona.name.en}`),
  }
}

describe('the personas', () => {
  it('are the built-in ones and the operator\'s, who win; the default comes first', () => {
    const { names } = scene({ 'zoo.yaml': named('Zoo'), 'art.yml': named('Art'), 'guide.yaml': named('My guide') }, { 'default.yaml': named('Kaiwa'), 'guide.yaml': named('Guide') })
    expect(names()).toEqual(['default: Kaiwa', 'art: Art', 'guide: My guide', 'zoo: Zoo'])
  })

  it('are never nobody: without any file there is still someone to talk to', () => {
    const { names, log } = scene({}, {})
    expect(names()).toEqual(['default: Kaiwa'])
    const lost = createPersonas({ shippedDir: '/nowhere', ownDir: '/nowhere/else', brains: { of }, bounds: { maxCallMinutes: 60, budgetUsd: 1, isSpendingBounded: true }, isPriced: () => true, log: createLog({ level: 'error', secrets: [], write: () => undefined }) })
    expect(lost.find('default')?.able).toBe(true)
    expect(log()).toBe('')
  })

  it('leave out a file that is wrong, say so with file, line and remedy, and keep the built-in one', () => {
    const { names, log } = scene({ 'default.yaml': 'name: Mine\n', 'good.yaml': named('Good') })
    expect(names()).toEqual(['default: Kaiwa', 'good: Good'])
    expect(log()).toContain('default.yaml, line 1, column 1: `instructions` is missing; it takes a text of at most 32000 characters.')
  })

  it('keep the last good version when a file breaks while they talk, and take the repaired one', async () => {
    const { personas, names, write, log } = scene({ 'tutor.yaml': named('Tutor') })
    write('tutor.yaml', 'name: [')
    await personas.reload()
    expect(names()).toContain('tutor: Tutor')
    expect(log()).toContain('Its last good version stays in use.')
    write('tutor.yaml', named('Better tutor'))
    await personas.reload()
    expect(names()).toContain('tutor: Better tutor')
  })

  it('complain about a broken file once, not at every look', async () => {
    const { personas, log } = scene({ 'tutor.yaml': 'name: [' })
    const said = log()
    for (let look = 0; look < 3; look++) await personas.reload()
    expect(log()).toBe(said)
  })

  it('are gone with their file; the built-in one comes back', async () => {
    const { personas, names, ownDir } = scene({ 'default.yaml': named('Mine'), 'tutor.yaml': named('Tutor') })
    for (const file of ['default.yaml', 'tutor.yaml']) rmSync(join(ownDir, file))
    await personas.reload()
    expect(names()).toEqual(['default: Kaiwa'])
  })

  it('take the second of two files of one name when the first is gone', async () => {
    const { personas, names, ownDir, log } = scene({ 'a.yaml': named('First'), 'a.yml': named('Second') })
    expect(names()).toContain('a: First')
    expect(log()).toContain('a.yml is left out: a.yaml has the same name.')
    rmSync(join(ownDir, 'a.yaml'))
    await personas.reload()
    await personas.reload()
    expect(names()).toContain('a: Second')
  })

  it('are recalled as they were when a ticket was given, and else as they are now', async () => {
    const { personas, write, ownDir } = scene({ 'tutor.yaml': named('Tutor') })
    const { persona: { id, version } } = personas.find('tutor')!
    write('tutor.yaml', named('Other tutor'))
    await personas.reload()
    expect(personas.recall({ id, version })!.persona.name.en).toBe('Tutor')
    write('tutor.yaml', named('Third tutor'))
    await personas.reload()
    expect(personas.recall({ id, version })!.persona.name.en).toBe('Third tutor')
    rmSync(join(ownDir, 'tutor.yaml'))
    await personas.reload()
    await personas.reload()
    expect(personas.recall({ id: 'nobody', version })).toBeUndefined()
  })

  it('of whom nobody can answer are there, with the reason for the talker and the remedy for the operator', () => {
    const { personas, log } = scene({ 'far.yaml': named('Far', 'brain: azure\n') })
    expect(personas.find('far')).toMatchObject({ able: false, kind: 'azure', why: 'Not set up.' })
    expect(log()).toContain('Nobody can talk with the persona far: set AZURE_KEY.')
  })

  it('cannot be talked to when money is bounded and their model has no price', () => {
    const files = { 'dear.yaml': named('Dear', 'model: unpriced\nlimits: { budget_usd: 0.5 }\n'), 'free.yaml': named('Free', 'model: unpriced\n'), 'known.yaml': named('Known', 'limits: { budget_usd: 0.5 }\n') }
    const { personas, log } = scene(files, undefined, { maxCallMinutes: 60, budgetUsd: undefined, isSpendingBounded: false })
    expect(personas.find('dear')).toMatchObject({ able: false, kind: 'openai', why: expect.stringMatching(/has no price here/) })
    expect(personas.find('dear')).not.toHaveProperty('why', expect.stringContaining('KAIWA_'))
    expect(log()).toMatch(/Nobody can talk with the persona dear: its model unpriced has no price.*KAIWA_PRICES/)
    expect([personas.find('free')!.able, personas.find('known')!.able]).toEqual([true, true])
    expect(scene(files, undefined, { maxCallMinutes: 60, budgetUsd: undefined, isSpendingBounded: true }).personas.find('free')!.able).toBe(false)
  })

  it('are warned of limits beyond the server\'s', () => {
    const { log } = scene({ 'long.yaml': named('Long', 'limits: { max_call_minutes: 90, budget_usd: 5 }\n') })
    expect(log()).toContain('limits.max_call_minutes has no effect')
    expect(log()).toContain('limits.budget_usd has no effect')
  })

  it.each([
    ['Tutor.yaml', named('x'), 'its name has to be small letters'], ['long.yaml', `# ${'x'.repeat(MAX_FILE_BYTES)}`, `a persona has at most ${MAX_FILE_BYTES}`],
    ['latin.yaml', Buffer.from([0x6e, 0xe9]), 'it is not UTF-8 text'],
  ])('refuse %s', (name, text, why) => {
    const { personas, log } = scene({ [name]: text })
    expect(personas.list()).toHaveLength(1)
    expect(log()).toContain(why)
  })

  it('never open what is no file: a device or a pipe may have no end', async () => {
    const { personas, ownDir, log } = scene()
    symlinkSync('/dev/null', join(ownDir, 'device.yaml'))
    await personas.reload()
    expect(log()).toContain('device.yaml is no persona: it is no file.')
  })

  it('are bounded', () => {
    const { personas, log } = scene(Object.fromEntries(Array.from({ length: MAX_FILES + 5 }, (_, n) => [`p${1000 + n}.yaml`, named('x')])))
    expect(personas.list()).toHaveLength(MAX_FILES + 1)
    expect(log()).toContain(`holds more than ${MAX_FILES} personas`)
  })

  it('notice by themselves that a file was written, or moved in place', async () => {
    const { personas, ownDir, names, write } = scene()
    personas.watch()
    write('new.yaml', named('New'))
    await expect.poll(names, { timeout: 5000 }).toContain('new: New')
    write('.draft', named('Newer'))
    renameSync(join(ownDir, '.draft'), join(ownDir, 'new.yaml'))
    await expect.poll(names, { timeout: 5000 }).toContain('new: Newer')
  })

  it('look now and then where nobody tells of changes', async () => {
    const dir = join(folderWith(), 'later')
    let looks = 0
    const watch = watchFolder(dir, async () => { looks++ }, { lookMs: 10 })
    await expect.poll(() => looks, { timeout: 5000 }).toBeGreaterThan(1)
    watch.close()
  })
})
