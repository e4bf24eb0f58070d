declare module '*?node-worker' {
  /** `file:` address of the worker's own file in the output. */
  const url: string
  export default url
}
