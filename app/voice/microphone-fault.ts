/** Why there is no microphone. `detail` is for people: what happened and what to do. */
export type MicrophoneFault = { code: 'mic_denied' | 'mic_missing' | 'mic_busy' | 'mic_failed' | 'insecure_page', detail: string }

/** `getUserMedia`'s error as a fault; names from Media Capture and Streams, section 10.2.5. */
export function microphoneFault(error: unknown): MicrophoneFault {
  const name = error instanceof Error || error instanceof DOMException ? error.name : ''
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return { code: 'mic_denied', detail: 'The microphone is not allowed for this page. Allow it in the browser\'s site settings and try again.' }
    case 'NotFoundError':
      return { code: 'mic_missing', detail: 'No microphone was found. Connect one and try again.' }
    case 'NotReadableError':
      return { code: 'mic_busy', detail: 'The microphone can\'t be read; another program may be using it. Close that program and try again.' }
    default:
      return { code: 'mic_failed', detail: `The microphone could not be opened${name && ` (${name})`}. Reload the page and try again.` }
  }
}

export const insecurePage: MicrophoneFault = {
  code: 'insecure_page',
  detail: 'Browsers give pages a microphone only over HTTPS or on localhost. Open this page with an https address.',
}
export const microphoneLost: MicrophoneFault = { code: 'mic_failed', detail: 'The microphone stopped: it was unplugged, or its permission was taken back. Check it and try again.' }
/** Taken back while a call was on. */
export const permissionRevoked: MicrophoneFault = { code: 'mic_denied', detail: 'The permission for the microphone was taken back. Allow it in the browser\'s site settings and try again.' }
export const captureFailed: MicrophoneFault = { code: 'mic_failed', detail: 'The microphone\'s sound could not be processed in this browser. Reload the page and try again.' }
/** Nobody is waiting for the microphone any more. */
export const openingCancelled: MicrophoneFault = { code: 'mic_failed', detail: 'Opening the microphone was cancelled.' }
