import { describe, expect, it } from 'vitest'
import { listDevices, noDevices, soundsBuiltIn, soundsWireless, watchDevices, type DeviceList } from '../../../app/voice/device-list.ts'
import { createPageTime } from '../../fakes/page-time.ts'

const device = (kind: MediaDeviceKind, deviceId: string, label = '', groupId = 'g') => ({ kind, deviceId, label, groupId }) as MediaDeviceInfo

function world(found: () => Promise<MediaDeviceInfo[]>) {
  const time = createPageTime()
  const mediaDevices = Object.assign(new EventTarget(), { enumerateDevices: found })
  const status = Object.assign(new EventTarget(), { state: 'granted' as PermissionState })
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' as DocumentVisibilityState })
  const environment = {
    mediaDevices: mediaDevices as unknown as MediaDevices, setTimer: time.setTimer, page: page as unknown as Document,
    permissions: { query: async () => status as unknown as PermissionStatus },
  }
  return { time, mediaDevices, status, page, environment }
}

describe('the list of devices', () => {
  it('has each device once, microphones and speakers apart, without the further names of one', async () => {
    const { environment } = world(async () => [
      device('audioinput', 'default', 'Default - Desk', 'g1'), device('audioinput', 'communications', 'Desk', 'g1'), device('audioinput', 'a', 'Desk', 'g1'),
      device('audioinput', 'a', 'Desk', 'g1'), device('audioinput', 'b', 'Headset', 'g2'), device('videoinput', 'v', 'Camera'), device('audiooutput', 'c', 'Loudspeaker'),
    ])
    expect(await listDevices(environment)).toEqual({
      microphones: [{ id: 'a', label: 'Desk' }, { id: 'b', label: 'Headset' }], speakers: [{ id: 'c', label: 'Loudspeaker' }],
      named: true, systemMicrophone: 'g1 Default - Desk',
    })
  })

  it('says that there are no names before a microphone was allowed', async () => {
    const { environment } = world(async () => [device('audioinput', ''), device('audiooutput', '')])
    expect(await listDevices(environment)).toEqual({ ...noDevices, systemMicrophone: undefined })
  })

  it('is bounded, in number and in length', async () => {
    const many = Array.from({ length: 500 }, (_, i) => device('audioinput', `id${i}`, 'x'.repeat(5000)))
    const { environment } = world(async () => [device('audioinput', 'y'.repeat(300), 'too long'), ...many])
    const { microphones } = await listDevices(environment)
    expect(microphones).toHaveLength(64)
    expect(microphones[0]).toEqual({ id: 'id0', label: 'x'.repeat(120) })
  })

  it('is empty where the browser fails, hangs or has no devices to speak of', async () => {
    expect(await listDevices(world(() => Promise.reject(new Error('no'))).environment)).toEqual(noDevices)
    expect(await listDevices(world(() => { throw new Error('no') }).environment)).toEqual(noDevices)
    expect(await listDevices({ mediaDevices: {} as MediaDevices })).toEqual(noDevices)
    const { time, environment } = world(() => new Promise(() => {}))
    const listing = listDevices(environment)
    await time.advance(3000)
    expect(await listing).toEqual(noDevices)
  })
})

describe('watching devices', () => {
  it('tells the list at once, once for a plug that is many events, and again when the page comes back into view', async () => {
    let found = [device('audioinput', 'a', 'A')]
    const { time, mediaDevices, page, environment } = world(async () => found)
    const lists: DeviceList[] = []
    const stop = watchDevices({ onList: list => lists.push(list) }, environment)
    await time.settle()
    expect(lists).toHaveLength(1)
    found = [...found, device('audioinput', 'b', 'B')]
    for (let i = 0; i < 5; i++) mediaDevices.dispatchEvent(new Event('devicechange'))
    await time.advance(200)
    expect(lists.map(({ microphones }) => microphones.length)).toEqual([1, 2])
    page.dispatchEvent(new Event('visibilitychange'))
    await time.advance(200)
    expect(lists).toHaveLength(3)
    stop()
    mediaDevices.dispatchEvent(new Event('devicechange'))
    page.dispatchEvent(new Event('visibilitychange'))
    await time.advance(5000)
    expect(lists).toHaveLength(3)
    expect(time.pendingTimers).toBe(0)
  })

  it('tells when the permission is taken back, and does without where a browser doesn\'t know the question', async () => {
    const { time, status, environment } = world(async () => [])
    const states: string[] = []
    const stop = watchDevices({ onList: () => {}, onPermission: state => states.push(state) }, environment)
    await time.settle()
    status.state = 'denied'
    status.dispatchEvent(new Event('change'))
    expect(states).toEqual(['denied'])
    stop()
    status.dispatchEvent(new Event('change'))
    expect(states).toEqual(['denied'])
    watchDevices({ onList: () => {} }, { ...environment, permissions: { query: () => Promise.reject(new TypeError('microphone?')) } })()
    await time.settle()
  })
})

it.each([
  ['Sony WH-1000XM5', true, false], ['AirPods Pro', true, false], ['Headset (Jabra Elite 85t Hands-Free AG Audio)', true, false],
  ['MacBook Pro Microphone (Built-in)', false, true], ['Internal Microphone Array', false, true], ['USB PnP Sound Device', false, false],
])('guesses of "%s": wireless %s, built in %s', (label, wireless, builtIn) => {
  expect([soundsWireless(label), soundsBuiltIn(label)]).toEqual([wireless, builtIn])
})
