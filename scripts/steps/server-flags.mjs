/**
 * How Node is started for the server. What passes through a relay lives for microseconds in buffers outside of V8's heap, but V8 counts
 * them, and to be rid of them it marks the whole heap, on several threads: eleven times in half a minute at 200 calls. With a young space that
 * is small, so that it is emptied often and takes its buffers along, and an old space that isn't looked through before it has grown, that
 * hardly happens, and a call holds less memory. `npm run bench -- relay` starts its server with them, too.
 */
export const serverFlags = ['--max-semi-space-size=8', '--initial-old-space-size=256']
