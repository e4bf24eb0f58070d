/** Sources by directive (Content Security Policy Level 3). */
export type Directives = Record<string, string[]>

/**
 * What a page of ours may load and do. Scripts are files of this server, or carry the response's nonce: Nuxt writes its import
 * map into the page, and styles that the first paint needs. `'self'` covers `ws:` and `wss:` to this server (CSP3, "scheme-part match"; all current browsers).
 * Worklets fall under script-src; WebAssembly is compiled in one of them. `blob:` audio and images are made in the page itself.
 */
export function contentDirectives({ nonce, dev = false }: { nonce?: string, dev?: boolean } = {}): Directives {
  const nonced = nonce === undefined ? [] : [`'nonce-${nonce}'`]
  return {
    'default-src': ['\'self\''],
    'script-src': ['\'self\'', ...nonced, '\'wasm-unsafe-eval\''],
    // Vite's client puts styles into the page as it hears of them; a nonce would switch 'unsafe-inline' off.
    'style-src': ['\'self\'', ...dev ? ['\'unsafe-inline\''] : nonced],
    'img-src': ['\'self\'', 'data:', 'blob:'],
    'media-src': ['\'self\'', 'blob:'],
    'font-src': ['\'self\''],
    // Vite's client listens on a port of its own.
    'connect-src': ['\'self\'', ...dev ? ['ws://localhost:*', 'ws://127.0.0.1:*'] : []],
    'worker-src': ['\'self\''],
    'manifest-src': ['\'self\''],
    'object-src': ['\'none\''],
    'frame-src': ['\'none\''],
    'base-uri': ['\'none\''],
    'form-action': ['\'self\''],
    'frame-ancestors': ['\'none\''],
  }
}

const granted = ['microphone', 'camera', 'autoplay', 'screen-wake-lock', 'speaker-selection']
const withheld = [
  'accelerometer', 'browsing-topics', 'display-capture', 'encrypted-media', 'fullscreen', 'gamepad', 'geolocation', 'gyroscope', 'hid',
  'identity-credentials-get', 'idle-detection', 'local-fonts', 'magnetometer', 'midi', 'otp-credentials', 'payment', 'picture-in-picture', 'publickey-credentials-create',
  'publickey-credentials-get', 'serial', 'storage-access', 'usb', 'window-management', 'xr-spatial-tracking',
]

/** What a voice conversation needs, for our own pages only; nothing else, for nobody. */
export const permissionsPolicy = [...granted.map(feature => `${feature}=(self)`), ...withheld.map(feature => `${feature}=()`)].join(', ')
