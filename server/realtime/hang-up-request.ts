import type { Identity } from '../auth/identify.ts'
import { isSamePerson, type Person } from '../auth/person.ts'
import { credentialIn, noSuchCall, programOf, refusal, refuseForHost, refuseForOrigin, type House, type Knock, type Refusal } from './admission.ts'
import type { Instance } from './instance.ts'

export interface HangUpAsk {
  headers: Knock['headers']
  identity: Pick<Identity, 'visitor' | 'program' | 'caller' | 'overPlainHttp'>
  rtcId: string
}

/** `POST /v1/realtime/calls/{id}/hangup`: ends a WebRTC call of the asker's own. Undefined: it is done. */
export function hangUpCall({ headers, identity, rtcId }: HangUpAsk, { house, webrtcCalls }: Pick<Instance, 'house' | 'webrtcCalls'>): Refusal | undefined {
  const asker = askerOf(headers, identity, house)
  if ('code' in asker) return asker
  const owner = house.ownerOf(rtcId)
  if (!owner || !asker.persons.some(person => isSamePerson(person, owner))) return noSuchCall
  webrtcCalls.hangUp(rtcId)
  return undefined
}

/** A page shows its sign-in, a program its token, and whoever began a call with a secret the same secret. */
function askerOf(headers: Knock['headers'], identity: HangUpAsk['identity'], house: House): { persons: Person[] } | Refusal {
  if (identity.overPlainHttp) return refusal(426, 'https_required', 'This server is reached by https (wss) only.')
  const credential = credentialIn({ headers }, [], house)
  const anywhere = credential.kind === 'secret' && credential.claim.person.by === 'token'
  const misplaced = anywhere ? refuseForHost(headers, house.settings) : refuseForOrigin(headers, house.settings)
  if (misplaced) return misplaced
  // A cookie speaks for the page that it belongs to, which names its origin.
  const visitor = headers.origin !== undefined && credential.kind === 'none' ? identity.visitor : undefined
  if (visitor) return { persons: [visitor] }
  const known = programOf(credential, identity, house.settings)
  return 'code' in known ? known : { persons: [known.person] }
}
