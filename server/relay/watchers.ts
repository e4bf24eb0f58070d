import type { RelayObserver } from './observer.ts'

/** All observers as one. A method that none of them has costs a look at an empty list; nothing is allocated for an event. */
export function watchers(observers: readonly RelayObserver[]): Required<RelayObserver> {
  const having = <K extends keyof RelayObserver>(method: K) =>
    observers.filter((observer): observer is RelayObserver & Required<Pick<RelayObserver, K>> => observer[method] !== undefined)
  const opened = having('opened')
  const clientEvent = having('clientEvent')
  const clientAudio = having('clientAudio')
  const arrived = having('arrived')
  const serverEvent = having('serverEvent')
  const passed = having('passed')
  const carried = having('carried')
  const timed = having('timed')
  const dropped = having('dropped')
  const refused = having('refused')
  const cutOff = having('cutOff')
  return {
    flows(flow) { for (const each of having('flows')) each.flows(flow) },
    opened(dialedMs) { for (const each of opened) each.opened(dialedMs) },
    clientEvent(type, bytes) { for (const each of clientEvent) each.clientEvent(type, bytes) },
    clientAudio(text) { for (const each of clientAudio) each.clientAudio(text) },
    arrived() { for (const each of arrived) each.arrived() },
    serverEvent(event) { for (const each of serverEvent) each.serverEvent(event) },
    passed(type, bytes) { for (const each of passed) each.passed(type, bytes) },
    carried(from, type, text) { for (const each of carried) each.carried(from, type, text) },
    timed(from, tookMs) { for (const each of timed) each.timed(from, tookMs) },
    dropped() { for (const each of dropped) each.dropped() },
    refused(code) { for (const each of refused) each.refused(code) },
    cutOff(responseIds) { for (const each of cutOff) each.cutOff(responseIds) },
  }
}
