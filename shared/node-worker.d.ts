/** Declared here because the page's check follows Nitro's route types into the server, and its configuration leaves `server` out. */
declare module '*?node-worker' {
  /** `file:` address of the worker's own file in the output. */
  const url: string
  export default url
}
