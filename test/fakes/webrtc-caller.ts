import type { CallGrant } from '../../shared/calls.ts'
import { connectWebSocket, type ContractClient } from '../contract/contract-client.ts'
import { OFFER } from './sdp-offers.ts'

/** Whoever begins WebRTC calls at a server, without media: offers, hang-ups and sidebands. */
export interface WebrtcCaller {
  offer(ask?: { sdp?: string | FormData, headers?: Record<string, string>, query?: string, signal?: AbortSignal }): Promise<Response>
  /** As a program, without a key unless `headers` has one. Rejects when it isn't answered. */
  call(headers?: Record<string, string>): Promise<{ rtcId: string, sdp: string }>
  /** As the page: a ticket, then the offer. */
  pageOffer(headers?: Record<string, string>): Promise<Response>
  /** And its own socket. */
  pageCall(headers?: Record<string, string>): Promise<{ rtcId: string, sdp: string, house: ContractClient }>
  house(rtcId: string, ticket: string, headers?: Record<string, string>): Promise<ContractClient>
  /** Another ticket for the page's socket. */
  houseTicket(rtcId: string, headers?: Record<string, string>): Promise<Response>
  sideband(rtcId: string, headers?: Record<string, string>): Promise<ContractClient>
  hangUp(rtcId: string, headers?: Record<string, string>): Promise<Response>
}

export const rtcIdIn = (answer: Response) => answer.headers.get('location')!.replace('/v1/realtime/calls/', '')

export function webrtcCaller(origin: string): WebrtcCaller {
  const calls = `${origin}/v1/realtime/calls`
  const join = (rtcId: string) => `${origin.replace('http', 'ws')}/v1/realtime?call_id=${rtcId}`

  const offer: WebrtcCaller['offer'] = ({ sdp = OFFER, headers = {}, query = '', signal } = {}) => fetch(calls + query, {
    method: 'POST', body: sdp, signal: signal ?? null, headers: { ...(typeof sdp === 'string' && { 'content-type': 'application/sdp' }), ...headers },
  })

  async function pageOffer(headers: Record<string, string> = {}) {
    const granted = await fetch(`${origin}/api/calls`, { method: 'POST', body: '{"transport":"webrtc"}', headers: { 'content-type': 'application/json', origin, ...headers } })
    const { ticket } = await granted.json() as CallGrant
    return await offer({ headers: { authorization: `Bearer ${ticket}`, origin, ...headers } })
  }

  const house = (rtcId: string, ticket: string, headers: Record<string, string> = {}) =>
    connectWebSocket(join(rtcId), { protocols: ['realtime', 'kaiwa.v1', `kaiwa.ticket.${ticket}`], headers: { origin, ...headers } })

  async function begun(answer: Response) {
    if (answer.status !== 201) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`)
    return { rtcId: rtcIdIn(answer), sdp: await answer.text() }
  }

  return {
    offer,
    call: async headers => await begun(await offer({ ...(headers && { headers }) })),
    pageOffer,
    async pageCall(headers) {
      const answer = await pageOffer(headers)
      const ticket = answer.headers.get('kaiwa-ticket')!
      const call = await begun(answer)
      return { ...call, house: await house(call.rtcId, ticket, headers) }
    },
    house,
    houseTicket: (rtcId, headers = {}) => fetch(`${origin}/api/calls/${rtcId}/ticket`, { method: 'POST', headers: { origin, ...headers } }),
    sideband: (rtcId, headers = {}) => connectWebSocket(join(rtcId), { headers }),
    hangUp: (rtcId, headers = {}) => fetch(`${calls}/${rtcId}/hangup`, { method: 'POST', headers }),
  }
}
