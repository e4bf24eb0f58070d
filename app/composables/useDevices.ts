import { onScopeDispose, shallowRef } from 'vue'
import { noDevices, watchDevices, type DeviceEnvironment, type DeviceList } from '../voice/device-list.ts'

/** The microphones and speakers there are, kept up to date as long as the scope lives. `known`: the browser has answered. */
export function useDevices(environment?: DeviceEnvironment) {
  const devices = shallowRef<DeviceList>(noDevices)
  const known = shallowRef(false)
  let stop = watch()
  function watch() {
    return watchDevices({ onList: list => {
      devices.value = list
      known.value = true
    } }, environment)
  }
  /** Names appear with the permission, which no event tells everywhere. */
  function look(): void {
    stop()
    stop = watch()
  }
  onScopeDispose(() => stop())
  return { devices, known, look }
}
