/**
 * Commands to the server in the order the user gave them, although some have to wait for the player to say what was heard.
 * A task runs at once when none waits. Bound: 64 waiting (a person makes a handful); full ⇒ the new task is refused.
 */
export interface Outbox {
  /** @returns whether it was taken. */
  run(task: () => void | Promise<void>): boolean
  /** Nothing that waits will run. */
  clear(): void
}

const MAX_WAITING_TASKS = 64

export function createOutbox(): Outbox {
  let waiting: (() => void | Promise<void>)[] = []
  let busy = false

  function next() {
    for (let task = waiting.shift(); task && !busy; task = busy ? undefined : waiting.shift()) start(task)
  }
  function start(task: () => void | Promise<void>) {
    const running = task()
    if (!running) return
    busy = true
    void running.finally(() => {
      busy = false
      next()
    })
  }

  return {
    run(task) {
      if (waiting.length >= MAX_WAITING_TASKS) return false
      waiting.push(task)
      if (!busy) next()
      return true
    },
    clear() { waiting = [] },
  }
}
