/** Part of `webrtc.ts`: clients in a thread of their own, so that the one that is measured has only the answering side in it. */
import { parentPort } from 'node:worker_threads'
import { rtcPeer, type RtcPeer } from '../test/fakes/rtc-peer.ts'

const peers: RtcPeer[] = []
parentPort!.on('message', async ({ answers, offers }: { answers?: string[], offers?: number }) => {
  for (let at = 0; at < (offers ?? 0); at++) peers.push(await rtcPeer())
  await Promise.all((answers ?? []).map((sdp, at) => peers[at]!.connect(sdp)))
  parentPort!.postMessage({ offers: peers.map(({ offer }) => offer) })
})
