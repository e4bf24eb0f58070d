import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCaptureKeeper } from '../../../app/voice/capture-keeper.ts'
import type { DeviceList, DeviceWatch, MicrophonePermission } from '../../../app/voice/device-list.ts'
import type { MicrophoneFault } from '../../../app/voice/microphone-fault.ts'
import { createFakeMicrophone } from '../../fakes/fake-microphone.ts'
import { createPageTime } from '../../fakes/page-time.ts'

const gone: MicrophoneFault = { code: 'mic_failed', detail: 'gone' }
const missing: MicrophoneFault = { code: 'mic_missing', detail: 'none' }
const busy: MicrophoneFault = { code: 'mic_busy', detail: 'busy' }
const denied: MicrophoneFault = { code: 'mic_denied', detail: 'no' }
const context = {} as AudioContext
const own = { microphoneId: undefined, noiseFilter: 'browser' } as const

function listOf(ids: readonly string[], systemMicrophone?: string): DeviceList {
  return { microphones: ids.map(id => ({ id, label: id })), speakers: [], named: true, systemMicrophone }
}

function setup() {
  const time = createPageTime()
  const microphone = createFakeMicrophone()
  const told: string[] = []
  const devices: { deviceId: string, instead: boolean, quiet: boolean }[] = []
  const heard: number[] = []
  const fresh: boolean[] = []
  let watch: DeviceWatch | undefined
  let watches = 0
  const keeper = createCaptureKeeper({
    openMicrophone: microphone.open,
    watchDevices(next) {
      watch = next
      watches++
      return () => {
        watch = undefined
        watches--
      }
    },
    nowMs: time.nowMs,
    setTimer: time.setTimer,
  }, {
    onFrame(frame, isFresh) {
      heard.push(frame.samples[0]!)
      fresh.push(isFresh)
    },
    onMutedLevel() {},
    onOpened: () => told.push('opened'),
    onFailed: fault => told.push(fault.code),
    onDevice: ({ deviceId, instead }, quiet) => devices.push({ deviceId, instead, quiet }),
  })
  return {
    keeper, time, microphone, told, devices, heard, fresh,
    get watches() { return watches },
    plug: (ids: readonly string[], system?: string) => watch?.onList(listOf(ids, system)),
    permit: (state: MicrophonePermission) => watch?.onPermission?.(state),
    async talk(wanted: Parameters<typeof keeper.open>[1] = own) {
      keeper.open(context, wanted)
      microphone.allow()
      await time.settle()
    },
  }
}

describe('a microphone that is lost', () => {
  it('is replaced at once, and again after waits, and then it is said', async () => {
    const { time, microphone, told, talk } = setup()
    await talk()
    await time.advance(10_000)
    microphone.unplug(gone)
    await time.settle()
    expect(microphone.prompts).toBe(2)
    for (const waitMs of [0, 200, 400, 800, 1600]) {
      await time.advance(waitMs)
      microphone.deny(missing)
      await time.settle()
    }
    expect(told).toEqual(['opened', 'mic_missing'])
    await time.advance(60_000)
    expect(microphone.prompts).toBe(6)
  })

  it('is not sought for ever when every one that comes dies at once', async () => {
    const { time, microphone, told, talk } = setup()
    await talk()
    for (let i = 0; i < 40; i++) {
      microphone.unplug(gone)
      await time.advance(2000)
      microphone.allow()
      await time.settle()
    }
    expect(microphone.prompts).toBeLessThan(10)
    expect(told.at(-1)).toBe('mic_failed')
  })

  it('comes back by itself when a device is plugged in', async () => {
    const { time, microphone, told, talk, plug } = setup()
    await talk()
    microphone.unplug(gone)
    for (let i = 0; i < 6; i++) {
      microphone.deny(missing)
      await time.advance(2000)
    }
    expect(told.at(-1)).toBe('mic_missing')
    plug(['one'])
    microphone.allow()
    await time.settle()
    expect(told.at(-1)).toBe('opened')
    expect(microphone.openTracks).toBe(1)
  })

  it('never opens by itself in a call in which none was open', async () => {
    const { time, microphone, keeper, told, plug, permit } = setup()
    keeper.open(context, own)
    microphone.deny(denied)
    await time.settle()
    plug(['one'])
    permit('granted')
    await time.settle()
    expect(told).toEqual(['mic_denied'])
    expect(microphone.prompts).toBe(1)
  })

  it('whose permission is taken back is let go and said at once; allowed again, it is heard again', async () => {
    const { time, microphone, told, talk, permit, plug } = setup()
    await talk()
    permit('denied')
    expect(told).toEqual(['opened', 'mic_denied'])
    expect(microphone.openTracks).toBe(0)
    plug(['one', 'two'])
    await time.advance(10_000)
    expect(microphone.prompts).toBe(1)
    permit('granted')
    microphone.allow()
    await time.settle()
    expect(told.at(-1)).toBe('opened')
  })
})

describe('another microphone', () => {
  it('takes the place of one that works only when it is there: nothing that is said meanwhile is lost', async () => {
    const { keeper, time, microphone, heard, fresh, devices, talk } = setup()
    await talk()
    microphone.speak(40, 1)
    keeper.use({ ...own, microphoneId: 'other' })
    microphone.speak(40, 2)
    microphone.allow()
    await time.settle()
    microphone.speak(40, 3)
    expect(heard).toEqual([1, 2, 3])
    expect(fresh).toEqual([true, false, true])
    expect(devices.at(-1)).toEqual({ deviceId: 'other', instead: false, quiet: false })
    expect(microphone.openTracks).toBe(1)
  })

  it('that can\'t be opened leaves the one that works', async () => {
    const { keeper, time, microphone, heard, told, talk } = setup()
    await talk()
    keeper.use({ ...own, microphoneId: 'other' })
    microphone.deny(missing)
    await time.settle()
    microphone.speak(40, 4)
    expect(heard).toEqual([4])
    expect(told).toEqual(['opened'])
  })

  it('that was chosen and fails once is tried again beside the one that works, ever more slowly, and nothing in its place', async () => {
    const { keeper, time, microphone, heard, devices, talk } = setup()
    await talk()
    keeper.use({ ...own, microphoneId: 'other' })
    microphone.deny(busy)
    await time.advance(450)
    expect(microphone.prompts).toBe(2)
    await time.advance(100)
    expect(microphone.prompts).toBe(3)
    microphone.deny(busy)
    microphone.speak(40, 4)
    await time.advance(2100)
    expect(microphone.only).toEqual([false, false, true, true])
    microphone.allow()
    await time.settle()
    microphone.speak(40, 5)
    expect(heard).toEqual([4, 5])
    expect(devices.at(-1)).toMatchObject({ deviceId: 'other', instead: false })
    await time.advance(120_000)
    expect(microphone.prompts).toBe(4)
  })

  it('that feeds in the chosen one’s place gives way to it when it can be opened after all', async () => {
    const { time, microphone, devices, talk } = setup()
    const talking = talk({ ...own, microphoneId: 'mine' })
    microphone.allow({ instead: true })
    await talking
    await time.advance(600)
    microphone.allow()
    await time.settle()
    expect(devices.at(-1)).toEqual({ deviceId: 'mine', instead: false, quiet: false })
    expect(microphone.openTracks).toBe(1)
  })

  it.each([['that stays busy is tried four times more', busy, 6], ['that the person refuses is not asked for again', denied, 2]] as const)('%s', async (_which, fault, prompts) => {
    const { keeper, time, microphone, told, talk } = setup()
    await talk()
    keeper.use({ ...own, microphoneId: 'other' })
    for (let i = 0; i < 10; i++) {
      microphone.deny(fault)
      await time.advance(60_000)
    }
    expect(microphone.prompts).toBe(prompts)
    expect(told).toEqual(['opened'])
    expect(microphone.openTracks).toBe(1)
  })

  it('gives way to the chosen one when that comes back', async () => {
    const { time, microphone, devices, talk, plug } = setup()
    await talk({ ...own, microphoneId: 'mine' })
    microphone.unplug(gone)
    microphone.allow({ instead: true })
    await time.settle()
    expect(devices.at(-1)).toMatchObject({ instead: true })
    plug(['other'])
    expect(microphone.prompts).toBe(2)
    plug(['other', 'mine'])
    microphone.allow()
    await time.settle()
    expect(devices.at(-1)).toEqual({ deviceId: 'mine', instead: false, quiet: false })
    expect(microphone.asked).toEqual(['mine', 'mine', 'mine'])
  })

  it('is followed when it becomes the system\'s own, unless one was chosen', async () => {
    for (const [microphoneId, prompts] of [[undefined, 2], ['mine', 1]] as const) {
      const { microphone, talk, plug } = setup()
      await talk({ ...own, microphoneId })
      plug(['mine', 'other'], 'mine')
      plug(['mine', 'other'], 'other')
      expect(microphone.prompts).toBe(prompts)
    }
  })
})

describe('a microphone without a sound', () => {
  it.each([
    ['whose sound the system took', (microphone: ReturnType<typeof createFakeMicrophone>) => microphone.take(true)],
    ['that gives exact silence', (microphone: ReturnType<typeof createFakeMicrophone>) => microphone.speak(40, 0)],
  ])('%s is opened anew once, and then shown as quiet until it sounds', async (_which, silence) => {
    const { time, microphone, devices, talk } = setup()
    await talk()
    microphone.speak(40, 9)
    silence(microphone)
    await time.advance(4900)
    expect(microphone.prompts).toBe(1)
    await time.advance(200)
    expect(microphone.prompts).toBe(2)
    microphone.allow()
    await time.settle()
    silence(microphone)
    await time.advance(30_000)
    expect(microphone.prompts).toBe(2)
    expect(devices.at(-1)).toMatchObject({ quiet: true })
    microphone.take(false)
    microphone.speak(40, 9)
    expect(devices.at(-1)).toMatchObject({ quiet: false })
  })

  it('is nothing to worry about while muted', async () => {
    const { keeper, time, microphone, talk } = setup()
    await talk()
    microphone.take(true)
    keeper.setMuted(true)
    await time.advance(60_000)
    expect(microphone.prompts).toBe(1)
  })
})

type Act = (world: ReturnType<typeof setup>) => void | Promise<void>
const acts: Record<string, Act> = {
  open: ({ keeper }) => keeper.open(context, own),
  useOther: ({ keeper }) => keeper.use({ ...own, microphoneId: 'other' }),
  useOwn: ({ keeper }) => keeper.use({ ...own, noiseFilter: 'off' }),
  mute: ({ keeper }) => keeper.setMuted(true),
  unmute: ({ keeper }) => keeper.setMuted(false),
  allow: ({ microphone }) => microphone.allow(),
  allowInstead: ({ microphone }) => microphone.allow({ instead: true }),
  deny: ({ microphone }) => microphone.deny(denied),
  missing: ({ microphone }) => microphone.deny(missing),
  unplug: ({ microphone }) => microphone.unplug(gone),
  taken: ({ microphone }) => microphone.take(true),
  given: ({ microphone }) => microphone.take(false),
  silence: ({ microphone }) => microphone.speak(40, 0),
  speech: ({ microphone }) => microphone.speak(40, 5),
  plugged: ({ plug }) => plug(['other', 'default'], 'x'),
  unplugged: ({ plug }) => plug(['third'], 'y'),
  permitted: ({ permit }) => permit('granted'),
  revoked: ({ permit }) => permit('denied'),
  close: ({ keeper }) => keeper.close(),
  settle: ({ time }) => time.settle(),
  wait: ({ time }) => time.advance(450),
  waitLong: ({ time }) => time.advance(6000),
}

describe('whatever happens in whatever order', () => {
  it('never two microphones feed, none is unmuted while muted, none is left when it is over', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom(...Object.keys(acts)), { minLength: 6, maxLength: 40 }), async names => {
      const world = setup()
      let muted = false
      for (const name of names) {
        const before = world.heard.length
        await acts[name]!(world)
        if (name === 'mute' || name === 'unmute') muted = name === 'mute'
        // One that was let in this moment waits for its turn until promises have gone on.
        if (muted) expect(world.microphone.unmutedTracks, names.join(' ')).toBe(0)
        if (name === 'speech') expect(world.heard.length - before, names.join(' ')).toBeLessThanOrEqual(muted ? 0 : 1)
        await world.time.settle()
        expect(world.microphone.openTracks, names.join(' ')).toBeLessThanOrEqual(1)
      }
      world.keeper.close()
      world.microphone.allow()
      await world.time.settle()
      expect([world.microphone.openTracks, world.time.pendingTimers, world.watches], names.join(' ')).toEqual([0, 0, 0])
    }), { numRuns: 2000 })
  })
})
