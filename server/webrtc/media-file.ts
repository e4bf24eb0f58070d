/** Address of the peers' worker in the built server. Only the server's bundle may import this file: plain Node can't read `?node-worker`. */
import mediaUrl from './media.worker.ts?node-worker'

export const mediaWorkerUrl: string = mediaUrl
