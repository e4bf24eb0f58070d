/** The part of @echogarden/fvad-wasm that is used here (libfvad, https://github.com/dpirch/libfvad); the package ships no types. */
declare module '@echogarden/fvad-wasm' {
  export interface FvadModule {
    _fvad_new(): number
    _fvad_free(handle: number): void
    _fvad_set_mode(handle: number, mode: number): number
    _fvad_set_sample_rate(handle: number, sampleRate: number): number
    _fvad_process(handle: number, samplesAt: number, count: number): number
    _malloc(bytes: number): number
    _free(at: number): void
    HEAP16: Int16Array
  }
  export default function load(): Promise<FvadModule>
}
