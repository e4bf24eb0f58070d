/** As in `vite/client`, which the page's own types include and the tests' don't. */
declare module '*?worker&url' {
  const address: string
  export default address
}
declare module '*?url' {
  const address: string
  export default address
}
